use chrono::{DateTime, Utc};

use super::{
    ReconciliationCounts, ReconciliationPart, ReconciliationParts, ReconciliationPhase as Phase,
    ReconciliationProgress as Progress, ReconciliationRecord, ReconciliationRows,
    ReconciliationStatus as Status, RefusedLine,
};
use crate::{
    decide::{Aggregate, Decision, boxed_record, fields_of_record},
    kernel::{Actor, Id},
    payment::{
        StatementPreset,
        reconcile::{RowAccount, StatementPeriod, SummaryRow},
    },
    transaction::{PaymentEvent, PaymentMethod, PaymentPolicy},
};

/// A job that compares one statement with the books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reconciliation(Box<ReconciliationRecord>);

boxed_record!(Reconciliation(ReconciliationRecord));

/// A completely parsed statement to reconcile.
#[derive(Debug)]
pub(crate) struct NewReconciliation {
    pub(crate) id: Id<Reconciliation>,
    pub(crate) submitted_by: Actor,
    pub(crate) method: PaymentMethod,
    pub(crate) format: StatementPreset,
    pub(crate) period: Option<StatementPeriod>,
    pub(crate) rows: RowAccount,
    pub(crate) takes_reversals: bool,
    pub(crate) statement: Vec<Id<ReconciliationPart>>,
}

/// The time of a batch's commit, and the due time of the next batch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    pub(crate) now: DateTime<Utc>,
    pub(crate) next_at: DateTime<Utc>,
}

/// The result of comparing a statement with the books.
#[derive(Debug, Clone)]
pub(crate) struct Compared {
    /// Counts of the comparison only.
    pub(crate) counts: ReconciliationCounts,
    pub(crate) findings: Id<ReconciliationPart>,
    pub(crate) marks: Vec<Id<ReconciliationPart>>,
    pub(crate) to_mark: u64,
}

impl Reconciliation {
    /// The maximum size of a statement, in bytes.
    pub const MAX_STATEMENT_BYTES: usize = 10 * 1024 * 1024;
    /// The number of lines, reversals or marks in each part except the last, and so the maximum in one batch.
    /// Stored jobs rely on it.
    pub const ITEMS_PER_PART: usize = 500;
    /// The number of transactions marked in one commit.
    pub const MARKS_AT_ONCE: usize = 50;
    /// The maximum number of findings kept of each kind; all are counted.
    pub const MAX_FINDINGS: usize = 1_000;
    /// The maximum number of refused lines kept; all are counted.
    pub const MAX_REFUSED: usize = 100;
    /// The maximum number of contradicting totals kept; all are counted.
    pub const MAX_CONTRADICTIONS: usize = 100;
    /// The maximum number of characters in a reason, and in the label of a total.
    const MAX_TEXT: usize = 200;

    /// Whether every batch is committed.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.status == Status::Done
    }

    /// Whether statement and books agree, and no total of the file contradicts its rows. Meaningful once the
    /// job is done.
    #[must_use]
    pub fn agrees(&self) -> bool {
        let ReconciliationCounts { amount_differs, missing_here, missing_there, .. } = self.counts;
        amount_differs == 0 && missing_here == 0 && missing_there == 0 && self.rows.contradictions == 0
    }

    /// A new job whose parts are stored.
    pub(crate) fn submit(new: NewReconciliation, now: DateTime<Utc>) -> Decision<Self> {
        let NewReconciliation { id, submitted_by, method, format, period, rows, takes_reversals, statement } =
            new;
        let counted = ReconciliationRows::from(&rows);
        let summaries = rows.summaries.into_iter().filter(SummaryRow::differs);
        let shortened = |row: SummaryRow| SummaryRow { label: shortened(&row.label), ..row };
        let contradictions = summaries.take(Self::MAX_CONTRADICTIONS).map(shortened).collect();
        let lines = counted.lines;
        let mut job = Self::from_record(ReconciliationRecord {
            id,
            submitted_by,
            method,
            format,
            period,
            rows: counted,
            contradictions,
            takes_reversals,
            status: Status::Queued,
            progress: Progress { phase: Phase::Transfers, done: 0, total: lines },
            counts: ReconciliationCounts::default(),
            refused: Vec::new(),
            parts: ReconciliationParts { statement, ..ReconciliationParts::default() },
            next_at: Some(now),
            submitted_at: now,
            started_at: None,
            finished_at: None,
            updated_at: now,
        });
        if method != PaymentMethod::BankTransfer || lines == 0 {
            job.enter_search();
        }
        Decision::new(job).event(PaymentEvent::ReconciliationSubmitted { method })
    }

    /// Records that the items up to `done` are handled, without any effect.
    pub(crate) fn passed(mut self, done: u64, pace: Pace) -> Decision<Self> {
        self.advance(done, pace);
        Decision::new(self)
    }

    /// Records that the items up to `done` are handled, of which the last one completed a transfer or took a
    /// reversal.
    pub(crate) fn took_effect(mut self, done: u64, pace: Pace) -> Decision<Self> {
        let counts = &mut self.0.counts;
        let count = match self.0.progress.phase {
            Phase::Transfers => &mut counts.transfers_completed,
            Phase::Reversals => &mut counts.reversals_taken,
            Phase::Comparison | Phase::Marks => return self.passed(done, pace),
        };
        *count = count.saturating_add(1);
        self.passed(done, pace)
    }

    /// Records that the items up to `done` are handled, of which a rule refused the last one.
    pub(crate) fn was_refused(mut self, done: u64, refused: RefusedLine, pace: Pace) -> Decision<Self> {
        self.0.counts.refused = self.counts.refused.saturating_add(1);
        if self.refused.len() < Self::MAX_REFUSED {
            self.0.refused.push(RefusedLine { reason: shortened(&refused.reason), ..refused });
        }
        self.passed(done, pace)
    }

    /// Records that possible reversals were found and stored in these parts.
    pub(crate) fn found_reversals(
        mut self,
        parts: Vec<Id<ReconciliationPart>>,
        total: u64,
        pace: Pace,
    ) -> Decision<Self> {
        self.0.parts.reversals = Some(parts);
        self.0.progress = Progress { phase: Phase::Reversals, done: 0, total };
        self.passed(0, pace)
    }

    /// Records that lines and books were compared.
    pub(crate) fn compared(mut self, compared: Compared, pace: Pace) -> Decision<Self> {
        let Compared { counts, findings, marks, to_mark } = compared;
        let ReconciliationCounts { transfers_completed, reversals_taken, refused, .. } = self.counts;
        self.0.counts =
            ReconciliationCounts { transfers_completed, reversals_taken, refused, marked: 0, ..counts };
        self.0.parts.findings = Some(findings);
        self.0.parts.marks = marks;
        self.0.progress = Progress { phase: Phase::Marks, done: 0, total: to_mark };
        self.advance(0, pace);
        self.done_if_marked(pace)
    }

    /// Records that the transactions up to `done` are marked, `newly` of them by this job.
    pub(crate) fn marked(mut self, done: u64, newly: u64, pace: Pace) -> Decision<Self> {
        self.0.counts.marked = self.counts.marked.saturating_add(newly);
        self.advance(done, pace);
        self.done_if_marked(pace)
    }

    fn advance(&mut self, done: u64, pace: Pace) {
        self.0.status = Status::Running;
        self.0.started_at.get_or_insert(pace.now);
        self.0.next_at = Some(pace.next_at);
        self.0.progress.done = done.min(self.progress.total);
        let Progress { phase, done, total } = self.progress;
        match phase {
            Phase::Transfers if done >= total => self.enter_search(),
            Phase::Reversals if done >= total => self.enter(Phase::Comparison),
            Phase::Transfers | Phase::Reversals | Phase::Comparison | Phase::Marks => {}
        }
    }

    /// Enters the phases that need all lines at once.
    fn enter_search(&mut self) {
        self.enter(if self.takes_reversals { Phase::Reversals } else { Phase::Comparison });
    }

    fn enter(&mut self, phase: Phase) {
        self.0.progress = Progress { phase, done: 0, total: self.rows.lines };
    }

    fn done_if_marked(mut self, pace: Pace) -> Decision<Self> {
        if self.progress.done < self.progress.total {
            return Decision::new(self);
        }
        self.0.status = Status::Done;
        self.0.finished_at = Some(pace.now);
        self.0.next_at = None;
        let agrees = self.agrees();
        Decision::new(self).event(PaymentEvent::ReconciliationCompleted { agrees })
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(Reconciliation::MAX_TEXT).collect()
}

impl Aggregate for Reconciliation {
    type Event = PaymentEvent;
    type Stage = Status;
    type Policy = PaymentPolicy;

    fields_of_record!();

    fn due_at(&self, _: &PaymentPolicy) -> Option<DateTime<Utc>> {
        self.next_at
    }
}
