//! Proptest strategies for values, records and change sets.
//!
//! The values have a valid form but no realistic content: a record may be cancelled and paid at the same
//! time, like some records of an earlier application. Times have whole milliseconds. The amounts of one
//! record have one currency and no fraction of its smallest unit.

/// The strategy of a struct, or of a variant of an enum, from the strategies of its fields.
macro_rules! strategy {
    ($($Value:ident)::+ { $($field:ident: $strategy:expr),+ $(,)? }) => {
        strategy!(@pairs $($strategy),+)
            .prop_map(|strategy!(@names $($field),+)| $($Value)::+ { $($field),+ })
            .boxed()
    };
    // Pairs within pairs, since a tuple of strategies has at most twelve parts. Boxes keep them small.
    (@pairs $last:expr) => { $last.boxed() };
    (@pairs $first:expr, $($rest:expr),+) => { ($first.boxed(), strategy!(@pairs $($rest),+)) };
    (@names $last:ident) => { $last };
    (@names $first:ident, $($rest:ident),+) => { ($first, strategy!(@names $($rest),+)) };
}

mod account;
mod booking;
mod changes;
mod kernel;
mod payment;
mod reconciliation;

pub(crate) use account::id_type;
pub use account::{address, availability, kyc, technician_profile, user_record};
pub use booking::{booking_record, pricing, time_slot};
pub use changes::{account_event, booking_event, change_set};
pub use kernel::{
    actor, currency, date, email, geo_point, id, image, moment, money, percent, phone_number, rate, text,
    time_of_day, username, words, zone,
};
pub use payment::{payment_event, transaction_record, webhook_record};
pub use reconciliation::{reconciliation_part, reconciliation_record};

pub(crate) use strategy;
