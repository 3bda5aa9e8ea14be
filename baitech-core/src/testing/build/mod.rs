//! Plain records for tests. The same arguments give the same record. Records of different numbers `n` share
//! no id, number or unique field.

mod bookings;
mod changes;
mod people;
mod transactions;

use chrono::{DateTime, Utc};

pub use bookings::{booking, corporate_details, slot};
pub use changes::{entry, event, idempotency};
pub use people::{admin, company, customer, technician, technician_record, user};
pub use transactions::{reconciliation, statement_line, transaction, webhook};

use crate::kernel::{Currency, GeoPoint, Id, Money};

/// The creation time of all records of this module: Monday, 2 March 2026, 8:00 in Nairobi.
#[must_use]
pub fn start() -> DateTime<Utc> {
    "2026-03-02T05:00:00Z".parse().expect("a moment")
}

/// The `n`-th id; ids sort in the order of their numbers.
#[must_use]
pub fn id<T>(n: u64) -> Id<T> {
    let mut bytes = [0; 12];
    let (time, number) = bytes.split_at_mut(4);
    time.copy_from_slice(&u32::try_from(start().timestamp()).expect("before 2106").to_be_bytes());
    number.copy_from_slice(&n.to_be_bytes());
    Id::from_bytes(bytes)
}

/// A place by longitude and latitude.
#[must_use]
pub fn point(longitude: f64, latitude: f64) -> GeoPoint {
    GeoPoint::new(longitude, latitude).expect("a place on the Earth")
}

/// The centre of Nairobi.
#[must_use]
pub fn nairobi() -> GeoPoint {
    point(36.8219, -1.2921)
}

/// An amount in whole Kenyan shillings.
#[must_use]
pub fn kes(shillings: i64) -> Money {
    Money::from_major(shillings, Currency::KES)
}
