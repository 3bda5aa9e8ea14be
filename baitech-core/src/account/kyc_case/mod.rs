//! Identity checks, each from the submission of documents to the decision of staff.
//!
//! ```text
//! submit_kyc ──► open ──► verified
//!                 │ └───► rejected
//!                 └ submit_kyc replaces the documents; staff are reminded after the policy's
//!                   `kyc_reminder_after`, then after twice that time, and so on
//! ```
//!
//! A user has one open case at most: the case holds a claim on its user until it is closed. The user's own
//! [`Kyc`](super::Kyc) is the result that matching and guards read; it changes in the same commit.

mod case;
mod event;
mod repository;
#[cfg(any(feature = "testing", feature = "simulation"))]
mod sample;
#[cfg(test)]
mod tests;
mod view;

pub use case::{KycCase, KycCaseRecord, KycCaseStatus};
pub use event::KycCaseEvent;
pub use repository::{KycCaseFilter, KycCaseRepository};
pub use view::KycCaseView;
