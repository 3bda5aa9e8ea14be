//! The vocabulary that all features share.
//!
//! This module contains no rule of any feature. Values are parsed once, at the boundary, and cannot be
//! invalid afterwards. Time and randomness come in through ports, so that decisions are reproducible.

mod back_off;
mod clock;
mod debug_only;
pub(crate) mod decimal;
mod entropy;
mod error;
mod geo;
mod id;
mod link;
mod moment;
mod money;
mod named;
mod page;
mod pause;
mod policy;
mod role;
mod rule;
mod text;
mod violation;
mod zone;

pub use crate::catalog::{Actor, Current, Kind};
pub(crate) use back_off::back_off;
pub use clock::{Clock, ManualClock, SystemClock};
pub(crate) use debug_only::debug_only;
pub use entropy::{Entropy, SeededEntropy, SystemEntropy};
pub use error::{Error, Refusal, Result, Unique};
pub use geo::{Distance, GeoPoint};
pub use id::{Element, ElementId, Id, ParseIdError};
pub(crate) use link::{document_name, web_address};
pub use moment::{after, before, unless_never};
pub use money::{Currency, Money, MoneyError, Rate, Rounding};
pub(crate) use named::named;
pub use page::{Cursor, Page, PageRequest};
pub use pause::Pause;
pub use policy::PolicyError;
pub(crate) use policy::{PolicyCheck, check_exchange, convert_limit};
pub use role::Role;
pub use rule::Rule;
pub use text::{Email, Percent, PhoneNumber, Text, Username};
pub(crate) use text::{query_words, visible, words};
pub use violation::{Code, Violation, Violations};
pub use zone::Zone;
