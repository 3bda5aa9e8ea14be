//! Every kind of aggregate, listed once.
//!
//! [`for_each_aggregate!`](crate::for_each_aggregate) is the list. This file generates the closed enums
//! ([`Kind`], [`AggregateRef`], [`Write`] and [`Current`]) from it, with one variant for each aggregate.
//! Stores generate their uniform code from it as well.
//!
//! The other closed enums that name aggregates by their ids are in files of their own: [`Account`],
//! [`Actor`], [`Guard`] and [`Tally`]. [`SearchIndex`] names what can be searched. `kernel`, `store` and `decide` use only the closed enums of the
//! catalog.

mod actor;
mod guard;
mod ledger_account;
mod search_index;
mod tally;

use std::{fmt, str::FromStr};

use async_trait::async_trait;
use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, Error as _},
};

use crate::{
    account::{AccountEvent, KycCaseEvent},
    booking::BookingEvent,
    decide::search_change,
    kernel::{Code, Id, Violation},
    store::{Expected, Listed, Load, Put, SearchChange, StoreError, Stored, Version, Versions},
    transaction::PaymentEvent,
};

pub use actor::Actor;
pub use guard::Guard;
pub use ledger_account::Account;
pub use search_index::SearchIndex;
pub use tally::Tally;

/// The id of a booking, for the features that bookings are built on.
pub type BookingId = Id<crate::booking::Booking>;

/// Calls a macro with the list of all aggregates. Tokens after the macro's name are passed before the list.
///
/// Each line describes one aggregate: its variant in the closed enums, its name on the wire, the name of its
/// collection in an engine and in the embedded store, its description, and its type.
///
/// ```
/// use baitech_core::{for_each_aggregate, kernel::Kind};
///
/// macro_rules! names {
///     ($($Arm:ident($name:literal, $list:ident, $what:literal): $Type:ty;)+) => {
///         [$((Kind::$Arm, $name)),+]
///     };
/// }
///
/// let names = for_each_aggregate!(names);
/// assert_eq!(names[0], (Kind::User, "user"));
/// ```
#[macro_export]
macro_rules! for_each_aggregate {
    ($callback:ident $($context:tt)*) => {
        $callback! {
            $($context)*
            User("user", users, "A user."): $crate::account::User;
            Booking("booking", bookings, "A booking."): $crate::booking::Booking;
            Transaction("transaction", transactions, "A transaction."): $crate::transaction::Transaction;
            Webhook("webhook", webhooks, "A call of a payment provider."): $crate::payment::Webhook;
            Reconciliation(
                "reconciliation",
                reconciliations,
                "A statement of a payment provider that is compared with what is stored."
            ): $crate::payment::Reconciliation;
            KycCase("kyc_case", kyc_cases, "An identity check of a user."): $crate::account::KycCase;
        }
    };
}

macro_rules! closed_enums {
    ($($Arm:ident($name:literal, $list:ident, $what:literal): $Type:ty;)+) => {
        /// A kind of aggregate.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        #[non_exhaustive]
        pub enum Kind {
            $(#[doc = $what] $Arm,)+
        }

        impl Kind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$Arm),+];

            /// The name on the wire.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$Arm => $name,)+ }
            }
        }

        /// A reference to an aggregate of any kind.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(tag = "kind", content = "id", rename_all = "snake_case")]
        pub enum AggregateRef {
            $(#[doc = $what] $Arm(Id<$Type>),)+
        }

        impl AggregateRef {
            /// Creates a reference from a kind and an id.
            #[must_use]
            pub const fn new(kind: Kind, id: [u8; 12]) -> Self {
                match kind { $(Kind::$Arm => Self::$Arm(Id::from_bytes(id)),)+ }
            }

            /// The kind of the aggregate.
            #[must_use]
            pub const fn kind(self) -> Kind {
                match self { $(Self::$Arm(_) => Kind::$Arm,)+ }
            }

            /// The bytes of its id.
            #[must_use]
            pub const fn id_bytes(self) -> [u8; 12] {
                match self { $(Self::$Arm(id) => id.to_bytes(),)+ }
            }

            /// Its id as text.
            #[must_use]
            pub fn id_text(self) -> String {
                match self { $(Self::$Arm(id) => id.to_string(),)+ }
            }
        }

        /// The write of one aggregate: one variant for each kind, matched without wildcards.
        #[derive(Debug, Clone)]
        pub enum Write {
            $(#[doc = $what] $Arm(Box<Put<$Type>>),)+
        }

        impl Write {
            /// The aggregate that is written.
            #[must_use]
            pub fn target(&self) -> AggregateRef {
                match self { $(Self::$Arm(put) => AggregateRef::$Arm(put.value.id),)+ }
            }

            /// The change that puts the search entry of a new aggregate.
            pub(crate) fn new_search_entry(&self) -> Option<SearchChange> {
                match self { $(Self::$Arm(put) => search_change(None, &put.value, Version::FIRST),)+ }
            }

            /// The expected state of the stored aggregate.
            #[must_use]
            pub const fn expected(&self) -> Expected {
                match self { $(Self::$Arm(put) => put.expected,)+ }
            }
        }

        /// Current state of the conflicting aggregate.
        #[derive(Debug, Clone)]
        #[non_exhaustive]
        pub enum Current {
            $(#[doc = $what] $Arm(Box<Stored<$Type>>),)+
        }

        impl Current {
            /// The kind of the aggregate.
            #[must_use]
            pub const fn kind(&self) -> Kind {
                match self { $(Self::$Arm(_) => Kind::$Arm,)+ }
            }
        }

        $(
            impl From<Id<$Type>> for AggregateRef {
                fn from(id: Id<$Type>) -> Self {
                    Self::$Arm(id)
                }
            }

            impl From<Put<$Type>> for Write {
                fn from(put: Put<$Type>) -> Self {
                    Self::$Arm(Box::new(put))
                }
            }

            impl From<Stored<$Type>> for Current {
                fn from(stored: Stored<$Type>) -> Self {
                    Self::$Arm(Box::new(stored))
                }
            }

            impl Listed for $Type {
                const KIND: Kind = Kind::$Arm;

                fn reference(id: Id<Self>) -> AggregateRef {
                    AggregateRef::$Arm(id)
                }

                fn write(put: Put<Self>) -> Write {
                    put.into()
                }

                fn current(stored: Stored<Self>) -> Current {
                    stored.into()
                }
            }
        )+

        #[async_trait]
        impl<S: $(Load<$Type> +)+> Versions for S {
            async fn version(&self, target: AggregateRef) -> Result<Option<Version>, StoreError> {
                Ok(match target {
                    $(AggregateRef::$Arm(id) => {
                        Load::<$Type>::load(self, id).await?.map(|stored| stored.version)
                    })+
                })
            }
        }
    };
}

for_each_aggregate!(closed_enums);

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for AggregateRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind(), self.id_text())
    }
}

/// Parses `booking/65f0…`: a kind and an id, separated by a slash.
impl FromStr for AggregateRef {
    type Err = Violation;

    fn from_str(text: &str) -> Result<Self, Violation> {
        let parsed = text.split_once('/').and_then(|(name, id)| {
            let kind = Kind::ALL.iter().find(|kind| kind.as_str() == name)?;
            let id: Id<()> = id.parse().ok()?;
            Some(Self::new(*kind, id.to_bytes()))
        });
        parsed.ok_or_else(|| {
            let forms: Vec<String> = Kind::ALL.iter().map(|kind| format!("{kind}/ID")).collect();
            let message = format!("must be a kind and an id: {}", forms.join(", "));
            Violation::new("target", Code::Malformed, message)
        })
    }
}

macro_rules! event_kinds {
    ($($(#[$doc:meta])+ $Arm:ident($Event:ty);)+) => {
        /// An event of any feature: one variant for each.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize)]
        #[serde(untagged)]
        #[non_exhaustive]
        pub enum EventKind {
            $($(#[$doc])+ $Arm($Event),)+
        }

        impl EventKind {
            /// All events: their names, and the number of the format that this program writes.
            pub const FORMATS: &'static [&'static [(&'static str, u16)]] = &[$(<$Event>::FORMATS),+];

            /// The event's name: `booking.status_changed`.
            #[must_use]
            pub const fn name(&self) -> &'static str {
                match self { $(Self::$Arm(event) => event.name(),)+ }
            }

            /// Reads an event from its name, the number of its format, and its data.
            ///
            /// # Errors
            /// For a name or a format that this program does not know, which a newer one may have written,
            /// and for data that do not belong to the name.
            pub fn read<'de, D: Deserializer<'de>>(
                name: &str,
                format: u16,
                data: D,
            ) -> Result<Self, D::Error> {
                $(
                    let format_of = |(known, format): &(&str, u16)| (*known == name).then_some(*format);
                    if let Some(known) = <$Event>::FORMATS.iter().find_map(format_of) {
                        require_known_format(name, format, known)?;
                        let event = <$Event>::deserialize(data)?;
                        require_name(name, event.name())?;
                        return Ok(Self::$Arm(event));
                    }
                )+
                Err(D::Error::custom(format_args!("this program knows no event `{name}`")))
            }
        }

        $(
            impl From<$Event> for EventKind {
                fn from(event: $Event) -> Self {
                    Self::$Arm(event)
                }
            }
        )+
    };
}

event_kinds! {
    /// An event of a booking.
    Booking(BookingEvent);
    /// An event of an account.
    Account(AccountEvent);
    /// An event of a transaction, or of a provider's call.
    Payment(PaymentEvent);
    /// An event of an identity check.
    KycCase(KycCaseEvent);
}

fn require_known_format<E: de::Error>(name: &str, format: u16, known: u16) -> Result<(), E> {
    if format <= known {
        return Ok(());
    }
    Err(E::custom(format_args!(
        "format {format} of `{name}` is newer than {known}, which this program knows"
    )))
}

fn require_name<E: de::Error>(name: &str, of_data: &str) -> Result<(), E> {
    if of_data == name {
        return Ok(());
    }
    Err(E::custom(format_args!("the data of `{name}` are those of `{of_data}`")))
}

impl EventKind {
    /// The number of the format of the event's data.
    #[must_use]
    pub fn format(&self) -> u16 {
        let mut all = Self::FORMATS.iter().copied().flatten();
        all.find(|(name, _)| *name == self.name()).map_or(1, |(_, format)| *format)
    }

    /// The name of an event whose data have this tag: the name with underscores.
    pub(crate) fn name_of_tag(tag: &str) -> Option<&'static str> {
        let is_it = |name: &str| {
            let letters = name.bytes().map(|letter| if letter == b'.' { b'_' } else { letter });
            letters.eq(tag.bytes())
        };
        Self::FORMATS.iter().copied().flatten().map(|(name, _)| *name).find(|name| is_it(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kind_names_match_the_wire() {
        for kind in Kind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
            let target = AggregateRef::new(*kind, [7; 12]);
            let wire = serde_json::json!({ "kind": kind.as_str(), "id": target.id_text() });
            assert_eq!(serde_json::to_value(target).unwrap(), wire);
            assert_eq!((target.kind(), target.id_bytes()), (*kind, [7; 12]));
            assert_eq!(format!("{kind}/{}", target.id_text()).parse(), Ok(target));
        }
    }

    #[test]
    fn invalid_reference_lists_the_kinds() {
        for text in ["", "booking", "post/000000000000000000000000", "booking/1", "booking 07"] {
            let refused = text.parse::<AggregateRef>().unwrap_err();
            assert_eq!((&*refused.field, refused.code), ("target", Code::Malformed), "{text}");
            assert!(refused.message.contains("webhook/ID"), "{}", refused.message);
        }
    }
}
