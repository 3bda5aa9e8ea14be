use std::{fmt, str::FromStr};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::Version;
use crate::{
    account::{AccountEvent, User},
    booking::{Booking, BookingEvent},
    kernel::{Actor, Code, Id, Kind, Violation},
    payment::{PaymentEvent, Reconciliation, Transaction, Webhook},
};

/// One aggregate of any kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum AggregateRef {
    /// A user.
    User(Id<User>),
    /// A booking.
    Booking(Id<Booking>),
    /// A transaction.
    Transaction(Id<Transaction>),
    /// A call of a payment provider.
    Webhook(Id<Webhook>),
    /// The reconciliation of a provider's statement.
    Reconciliation(Id<Reconciliation>),
}

impl AggregateRef {
    /// What kind of aggregate it is.
    #[must_use]
    pub const fn kind(self) -> Kind {
        match self {
            Self::User(_) => Kind::User,
            Self::Booking(_) => Kind::Booking,
            Self::Transaction(_) => Kind::Transaction,
            Self::Webhook(_) => Kind::Webhook,
            Self::Reconciliation(_) => Kind::Reconciliation,
        }
    }

    /// The bytes of its id.
    #[must_use]
    pub const fn id_bytes(self) -> [u8; 12] {
        match self {
            Self::User(id) => id.to_bytes(),
            Self::Booking(id) => id.to_bytes(),
            Self::Transaction(id) => id.to_bytes(),
            Self::Webhook(id) => id.to_bytes(),
            Self::Reconciliation(id) => id.to_bytes(),
        }
    }

    /// Its id as text.
    #[must_use]
    pub fn id_text(self) -> String {
        match self {
            Self::User(id) => id.to_string(),
            Self::Booking(id) => id.to_string(),
            Self::Transaction(id) => id.to_string(),
            Self::Webhook(id) => id.to_string(),
            Self::Reconciliation(id) => id.to_string(),
        }
    }
}

/// `booking/65f0…`: a kind and an id, with a slash between them.
impl FromStr for AggregateRef {
    type Err = Violation;

    fn from_str(text: &str) -> Result<Self, Violation> {
        let message =
            "this is a kind and an id: user/ID, booking/ID, transaction/ID, webhook/ID or reconciliation/ID";
        let malformed = || Violation::new("target", Code::Malformed, message);
        let (kind, id) = text.split_once('/').ok_or_else(malformed)?;
        let parsed = match kind {
            "user" => id.parse().ok().map(Self::User),
            "booking" => id.parse().ok().map(Self::Booking),
            "transaction" => id.parse().ok().map(Self::Transaction),
            "webhook" => id.parse().ok().map(Self::Webhook),
            "reconciliation" => id.parse().ok().map(Self::Reconciliation),
            _ => None,
        };
        parsed.ok_or_else(malformed)
    }
}

impl From<Id<User>> for AggregateRef {
    fn from(id: Id<User>) -> Self {
        Self::User(id)
    }
}

impl From<Id<Booking>> for AggregateRef {
    fn from(id: Id<Booking>) -> Self {
        Self::Booking(id)
    }
}

impl From<Id<Transaction>> for AggregateRef {
    fn from(id: Id<Transaction>) -> Self {
        Self::Transaction(id)
    }
}

impl From<Id<Webhook>> for AggregateRef {
    fn from(id: Id<Webhook>) -> Self {
        Self::Webhook(id)
    }
}

impl From<Id<Reconciliation>> for AggregateRef {
    fn from(id: Id<Reconciliation>) -> Self {
        Self::Reconciliation(id)
    }
}

impl fmt::Display for AggregateRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(id) => write!(f, "user {id}"),
            Self::Booking(id) => write!(f, "booking {id}"),
            Self::Transaction(id) => write!(f, "transaction {id}"),
            Self::Webhook(id) => write!(f, "webhook {id}"),
            Self::Reconciliation(id) => write!(f, "reconciliation {id}"),
        }
    }
}

/// Something that happened, told to whoever listens. It carries ids, never personal data.
///
/// Events of an aggregate are ordered by (`version`, `n`), their times never go back, and each is delivered at least
/// once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// Its own id: a consumer that has seen it ignores it.
    pub id: Id<Event>,
    /// What it happened to.
    pub aggregate: AggregateRef,
    /// The version that the aggregate has since.
    pub version: Version,
    /// The place among the events of the same commit.
    pub n: u32,
    /// Who did it.
    pub actor: Actor,
    /// When.
    pub at: DateTime<Utc>,
    /// What happened.
    pub kind: EventKind,
}

/// What happened: one arm a feature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum EventKind {
    /// To a booking.
    Booking(BookingEvent),
    /// To an account.
    Account(AccountEvent),
    /// To a transaction, or by a call of a provider.
    Payment(PaymentEvent),
}

impl EventKind {
    /// The event's name: `booking.status_changed`.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Booking(event) => event.name(),
            Self::Account(event) => event.name(),
            Self::Payment(event) => event.name(),
        }
    }
}

impl From<BookingEvent> for EventKind {
    fn from(event: BookingEvent) -> Self {
        Self::Booking(event)
    }
}

impl From<AccountEvent> for EventKind {
    fn from(event: AccountEvent) -> Self {
        Self::Account(event)
    }
}

impl From<PaymentEvent> for EventKind {
    fn from(event: PaymentEvent) -> Self {
        Self::Payment(event)
    }
}
