//! Decide, then commit: how every command of the engine changes data.
//!
//! A command loads an [`Aggregate`], calls a pure function that decides on it, and commits the [`Decision`]
//! as one [`ChangeSet`](crate::store::ChangeSet). If another commit changed the aggregate first, the command
//! loads and decides again, as long as the aggregate is in the stage that the first attempt saw.

mod aggregate;
mod command;
mod commit;
mod context;
mod drive;
mod effects;
mod fingerprint;
mod numbers;
mod record;
mod runtime;
mod search;
#[cfg(test)]
mod tests;
mod topics;

pub use aggregate::{Aggregate, Decision};
pub(crate) use command::{Answers, Authority, Command, answered, require_max_price};
pub(crate) use commit::breach_of;
pub use context::Context;
pub(crate) use drive::{Step, change, change_looking, create, drive};
pub use effects::{Attached, Created, EdgeEffect, Effects};
pub use numbers::SerialNumber;
pub(crate) use numbers::serial_number;
pub(crate) use record::{boxed_record, fields_of_record};
pub use runtime::Policy;
pub(crate) use runtime::{PolicyOf, Runtime};
pub(crate) use search::search_change;
use topics::topics_of;
