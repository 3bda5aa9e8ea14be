//! Mocks of every port, for unit tests of code that uses the engine. They need feature `mock`, and are built
//! with [mockall].
//!
//! If a test only needs *a* store, use [`MemoryStore`](crate::memory::MemoryStore). Use a mock for behaviour
//! that is rare in a good store: an outage, a late answer, a lost race.
//!
//! ```
//! use std::sync::Arc;
//! use baitech_core::{Marketplace, kernel::{Actor, Error, Id}, mock::MockStore, store::StoreError};
//!
//! let mut store = MockStore::new();
//! store.users.expect_load().returning(|_| Err(StoreError::Unavailable("the network is down".into())));
//!
//! let market = Marketplace::builder(Arc::new(store)).build();
//! let accounts = market.accounts();
//! let user = futures::executor::block_on(accounts.get(&Actor::System, Id::from_bytes([1; 12])));
//! assert!(matches!(user, Err(Error::Unavailable { .. })));
//! ```
//!
//! [mockall]: https://docs.rs/mockall

mod kernel;
mod matching;
mod payment;
mod store;

pub use kernel::{MockClock, MockEntropy, MockPause};
pub use matching::{MockMatchScorer, MockPriceList};
pub use payment::MockPaymentGateway;
pub use store::names::*;
