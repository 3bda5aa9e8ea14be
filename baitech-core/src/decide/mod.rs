//! Decide, then commit: the way in which every command of the engine changes something.
//!
//! A command loads an [`Aggregate`], lets a pure function decide on it, and commits the [`Decision`] as one
//! [`ChangeSet`](crate::store::ChangeSet). Where somebody else was quicker it loads and decides again, as
//! long as what the caller first met still holds.

mod aggregate;
mod command;
mod commit;
mod drive;
mod effects;
mod fingerprint;
mod numbers;
#[cfg(test)]
mod tests;

pub use aggregate::{Aggregate, Decision};
pub(crate) use command::{Answers, Caller, Command, answered, require_agreed};
pub(crate) use commit::breach_of;
pub(crate) use drive::{Situation, Step, change, change_looking, create, drive, load_payments};
pub use effects::{Attached, Created, Effects};
pub use numbers::SerialNumber;
