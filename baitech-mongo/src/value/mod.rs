//! Conversions between values of the domain and BSON, for use with `serde_with`:
//! `#[serde_as(as = "Option<Number128>")]`, `#[serde_as(as = "Vec<Oid>")]`.

mod clock;
mod currency;
mod date;
mod form;
mod id;
mod lenient;
mod number;
mod place;
mod text;

pub(crate) use clock::Clock;
pub(crate) use currency::{Iso4217, currency_named};
pub(crate) use date::{Millis, StoredDay, day_of};
pub(crate) use form::stored_form;
pub(crate) use id::{Oid, oid};
pub(crate) use lenient::Lenient;
pub(crate) use number::{Number128, Real, Whole, decimal_from_bson, decimal_to_bson, whole_to_bson};
pub(crate) use place::{Coordinates, Finite};
pub(crate) use text::AsText;
