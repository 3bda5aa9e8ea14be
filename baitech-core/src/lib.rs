//! The pure domain of the BaiTech marketplace: no I/O, no database, no async runtime of its own.
//!
//! [`Marketplace`] is the one handle that an embedder holds. It is put together over a [`store`] and gives
//! out the services: [`account::Accounts`], [`booking::Bookings`], [`ledger::Ledger`], [`Operations`], and
//! the [`Worker`] that does what is due by itself.
//!
//! # How a command works
//!
//! A service checks who asks, loads what the command needs through read ports, calls a pure function of the
//! domain with the present moment and new ids, and commits the [`decide::Decision`] as one
//! [`store::ChangeSet`]: all or nothing. Where somebody else was quicker it loads and decides again, as long
//! as what its caller first met still holds; otherwise it fails with [`kernel::Error::Conflict`] and the
//! thing as it is now.
//!
//! # Where things are
//!
//! | module | what |
//! |---|---|
//! | [`kernel`] | ids, money, clock, entropy, places, pages, text, actors, errors |
//! | [`account`] | users of all roles, technician profiles, availability, identity checks |
//! | [`booking`] | the state machine, and everything that happens between request and paid |
//! | [`matching`] | who can do a job, how well, and why not |
//! | [`pricing`] | what a job costs, line by line, and who gets which part |
//! | [`payment`] | the port of payment providers, and cash |
//! | [`ledger`] | balanced entries and balances |
//! | [`decide`] | aggregates and decisions |
//! | [`store`] | what the domain asks of a store |
//! | [`memory`] | the embedded store |
//! | `testing` | feature `testing`: the contract suite for stores, builders, strategies, and the simulation (alone: feature `simulation`) |
//! | `mock` | feature `mock`: mocks of every port |

pub mod account;
pub mod booking;
mod catalog;
pub mod decide;
mod engine;
pub mod kernel;
pub mod ledger;
pub mod matching;
pub mod memory;
#[cfg(feature = "mock")]
pub mod mock;
mod operations;
pub mod payment;
mod policy;
pub mod pricing;
mod refusals;
mod relay;
pub mod store;
#[cfg(any(feature = "testing", feature = "simulation"))]
pub mod testing;
mod worker;

pub use engine::{Builder, Marketplace};
pub use operations::Operations;
pub use policy::PolicyError;
pub use relay::{EventSink, LogSink, SinkError};
pub use worker::{BlockedItem, WorkDone, Worker};
