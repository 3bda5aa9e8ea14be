//! The reconciliation of a provider's statement as a job that a worker does in batches.
//!
//! The job itself ([`Reconciliation`]) is small: how far it is, and counts. What is large (the lines of the
//! statement, the transactions to mark, the findings) lies beside it in [`ReconciliationPart`]s that are
//! written once and before the job names them.

mod job;
mod part;
mod record;
mod view;

pub use job::Reconciliation;
pub(crate) use job::{Compared, NewReconciliation, Pace};
pub use part::{
    AmountDifference, PendingMark, PendingReversal, ReconciliationContent, ReconciliationFindings,
    ReconciliationPart,
};
pub(crate) use part::{bounded_findings, marks_of};
pub use record::{
    ReconciliationCounts, ReconciliationParts, ReconciliationPhase, ReconciliationProgress,
    ReconciliationRecord, ReconciliationRows, ReconciliationStatus, RefusedLine,
};
pub use view::{ReconciliationFailure, ReconciliationState, ReconciliationView};

#[cfg(test)]
mod tests;
