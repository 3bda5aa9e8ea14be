//! Decide, then commit: the way in which every command of the engine changes something.
//!
//! A command loads an [`Aggregate`], lets a pure function decide on it, and commits the [`Decision`] as one
//! [`ChangeSet`](crate::store::ChangeSet). Where somebody else was quicker it loads and decides again, as long as what the caller
//! first met still holds.

mod aggregate;
mod command;

pub use aggregate::{Aggregate, Attached, Decision};
pub(crate) use command::{
    Attempts, Command, Numbering, Situation, answered, change, create, draw_transaction_number, load_payments,
};
