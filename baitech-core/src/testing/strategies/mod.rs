//! Proptest strategies for values, records and change sets.
//!
//! The values are of right form, not of likely content: a record may be cancelled and paid at once, as one
//! that an earlier application stored may be. Times have whole milliseconds; the amounts of one record are of
//! one currency and have no fraction of its smallest unit.

mod account;
mod booking;
mod changes;
mod kernel;
mod payment;
mod reconciliation;

pub use account::{address, availability, kyc, technician_profile, user_record};
pub use booking::{booking_record, pricing, time_slot};
pub use changes::{account_event, booking_event, change_set};
pub use kernel::{
    actor, currency, date, email, geo_point, id, image, moment, money, percent, phone_number, rate, text,
    time_of_day, username, words, zone,
};
pub use payment::{payment_event, transaction_record, webhook_record};
pub use reconciliation::{reconciliation_part, reconciliation_record};
