//! The pure domain of the BaiTech marketplace: no I/O, no database, no async runtime of its own.
//!
//! [`Marketplace`] is the one handle that an embedder uses. It is built over a [`store`] and provides the
//! services: [`account::Accounts`], [`booking::Bookings`], [`ledger::Ledger`], [`Operations`], and the
//! [`Worker`] that runs due tasks.
//!
//! # How a command works
//!
//! A service checks the caller's permissions, loads what the command needs through read ports, calls a pure
//! function of the domain with the current time and new ids, and commits the [`decide::Decision`] atomically
//! as one [`store::ChangeSet`]. If another commit changed the aggregate first, the service loads and decides
//! again while the aggregate is still in the stage that the command first saw. Otherwise it fails with
//! [`kernel::Error::Conflict`] and the current state of the aggregate.
//!
//! # Modules
//!
//! | module | contents |
//! |---|---|
//! | [`kernel`] | ids, money, clock, entropy, places, pages, text, actors, errors |
//! | [`account`] | users of all roles, technician profiles, availability, identity checks |
//! | [`booking`] | the state machine, and everything that happens between request and paid |
//! | [`matching`] | which technicians can do a job, how well they fit, and why others do not |
//! | [`schedule`] | when a job takes place, and how urgent it is |
//! | [`pricing`] | the itemised price of a job, and how it is divided |
//! | [`transaction`] | one movement of money: held, released, refunded, disputed |
//! | [`payment`] | commands on money, the port for payment providers, webhooks, reconciliation |
//! | [`ledger`] | balanced entries and balances |
//! | [`search`] | people, bookings, posts, reviews and messages by their texts |
//! | [`opening`] | the opening entries for the database of an earlier application |
//! | [`decide`] | aggregates and decisions |
//! | [`store`] | the ports that a store implements |
//! | [`ports`] | all ports with their methods in one list, for stores that wrap another store |
//! | [`memory`] | the embedded store |
//! | `testing` | feature `testing`: the contract suite for stores, builders, strategies, and the simulation (feature `simulation` for the simulation alone) |
//! | `mock` | feature `mock`: mocks of every port |

pub mod account;
pub mod booking;
mod catalog;
mod consumer;
pub mod decide;
mod engine;
pub mod kernel;
pub mod ledger;
pub mod matching;
pub mod memory;
#[cfg(feature = "mock")]
pub mod mock;
pub mod opening;
mod operations;
pub mod payment;
pub mod ports;
pub mod pricing;
mod refusals;
pub mod schedule;
pub mod search;
pub mod store;
#[cfg(any(feature = "testing", feature = "simulation"))]
pub mod testing;
pub mod transaction;
mod worker;

pub use consumer::{Consumer, ConsumerError, ConsumerRun, LoggedEvent};
pub use engine::{Builder, Marketplace};
pub use kernel::PolicyError;
pub use operations::{ConsumerState, Operations};
pub use worker::{BlockedItem, WorkDone, Worker};
