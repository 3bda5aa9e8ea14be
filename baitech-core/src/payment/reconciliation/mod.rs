//! Reconciliation of a provider's statement, as a job that workers run in batches.
//!
//! The job itself ([`Reconciliation`]) is small: its progress, and counts. Large data (the lines of the
//! statement, the transactions to mark, the findings) is kept in [`ReconciliationPart`]s, which are written
//! once, before the job refers to them.

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
