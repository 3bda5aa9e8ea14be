//! Comparison of a statement with the books, and marks on the transactions that both have.

use std::collections::HashMap;

use chrono::TimeDelta;

use super::{
    Payments,
    reconciling::{corrupt, misplaced, place_in_part},
    reversals::reversals_in,
};
use crate::{
    decide::{Decision, Step, drive},
    kernel::{Actor, Error, Id, PageRequest, Result, after, before},
    ledger::Account,
    payment::{
        Compared, PendingMark, Reconciliation, ReconciliationContent, ReconciliationPhase as Phase,
        bounded_findings, marks_of,
        reconcile::{BookedMovement, StatementPeriod, reconcile},
    },
    store::Stored,
    transaction::{
        Context, PaymentEvent, PaymentMethod, ReconciliationStamp, Transaction, TransactionFilter,
        TransactionStatus,
    },
};

/// How long before or after its booking a payment may be stated.
const SLACK: TimeDelta = TimeDelta::days(2);

impl Payments {
    /// Compares lines and books. Where the provider reports reversals nowhere else, finds the lines that may
    /// be reversals first.
    pub(super) async fn compare(
        &self,
        job: &Stored<Reconciliation>,
        hold: TimeDelta,
    ) -> Result<Stored<Reconciliation>> {
        let mut lines = Vec::with_capacity(usize::try_from(job.rows.lines).unwrap_or_default());
        for id in &job.parts.statement {
            match self.part(*id).await? {
                ReconciliationContent::Lines(more) => lines.extend(more),
                other => return Err(misplaced(*id, &other)),
            }
        }
        let booked = self.booked(job.method, job.period).await?;
        let expires_at = after(job.submitted_at, self.engine.policy.payment.keep_statements_for);
        if job.progress.phase == Phase::Reversals {
            let found = reversals_in(&lines, &booked);
            if !found.is_empty() {
                let total = found.len() as u64;
                let parts = found.chunks(Reconciliation::ITEMS_PER_PART);
                let parts = parts.map(|part| ReconciliationContent::Reversals(part.to_vec()));
                let parts = self.put_parts(expires_at, parts).await?;
                return self
                    .commit_job(job, hold, |job, pace| job.found_reversals(parts.clone(), total, pace))
                    .await;
            }
        }
        let report = reconcile(&lines, &booked, job.period)?;
        let marks = marks_of(&report)?;
        let (findings, counts) = bounded_findings(report);
        let parts = marks.chunks(Reconciliation::ITEMS_PER_PART);
        let parts = parts.map(|part| ReconciliationContent::Marks(part.to_vec()));
        let parts = parts.chain([ReconciliationContent::Findings(Box::new(findings))]);
        let mut parts = self.put_parts(expires_at, parts).await?;
        let Some(findings) = parts.pop() else {
            return Err(Error::Internal { reason: "the findings have no id".to_owned() });
        };
        let compared = Compared { counts, findings, marks: parts, to_mark: marks.len() as u64 };
        self.commit_job(job, hold, |job, pace| job.compared(compared.clone(), pace)).await
    }

    /// Marks transactions as found in the statement, and books the provider's fees. Transactions already
    /// marked stay unchanged.
    pub(super) async fn mark(
        &self,
        job: &Stored<Reconciliation>,
        hold: TimeDelta,
    ) -> Result<Stored<Reconciliation>> {
        let marks = match self.part_at(job).await? {
            ReconciliationContent::Marks(marks) => marks,
            other => return Err(misplaced(job.id, &other)),
        };
        let first = place_in_part(job.progress.done);
        let marks = marks.into_iter().skip(first).take(Reconciliation::MARKS_AT_ONCE);
        let (mut ids, mut by_id) = (Vec::new(), HashMap::new());
        for mark in marks {
            ids.push(mark.transaction);
            by_id.insert(mark.transaction, mark);
        }
        if ids.is_empty() {
            return Err(corrupt(job.id, "the part has no mark at the job's position".to_owned()));
        }
        let command = self.plain_command()?;
        let step = |_| self.marks_step(job, &ids, &by_id, hold);
        drive(&self.engine, &*self.engine.reconciliations, &command, step).await
    }

    async fn marks_step(
        &self,
        seen: &Stored<Reconciliation>,
        ids: &[Id<Transaction>],
        marks: &HashMap<Id<Transaction>, PendingMark>,
        hold: TimeDelta,
    ) -> Result<Step<Reconciliation>> {
        let job = self.job(seen.id).await?;
        if job.version != seen.version {
            return Ok(Step::Unchanged(job));
        }
        let stored = self.engine.transactions.load_many(ids).await?;
        let latest = stored.iter().fold(job.updated_at, |latest, found| latest.max(found.updated_at));
        let pace = self.pace(latest, hold);
        let context = self.engine.transaction_context(&Actor::System, pace.now);
        let unmarked = stored.iter().filter(|found| found.reconciliation.is_none());
        let unmarked: Vec<_> = unmarked.filter_map(|found| Some((found, marks.get(&found.id)?))).collect();
        let done = job.progress.done.saturating_add(ids.len() as u64);
        let mut next = job.value.clone().marked(done, unmarked.len() as u64, pace);
        for (found, mark) in unmarked {
            let decision = marked(found.value.clone(), job.method, mark, &context)?;
            next = next.with(Some(found), decision, &context);
        }
        Ok(Step::change(job, pace.now, next))
    }

    /// The booked movements at a provider around a period.
    async fn booked(
        &self,
        method: PaymentMethod,
        period: Option<StatementPeriod>,
    ) -> Result<Vec<BookedMovement>> {
        let filter = TransactionFilter {
            statuses: vec![
                TransactionStatus::Completed,
                TransactionStatus::PartiallyRefunded,
                TransactionStatus::Refunded,
            ],
            // Money can move days after it was requested; no provider takes as long as a month.
            from: period.map(|period| before(period.from, TimeDelta::days(31))),
            until: period.map(|period| after(period.until, SLACK)),
            ..TransactionFilter::default()
        };
        let mut booked = Vec::new();
        let mut cursor = None;
        loop {
            let page = PageRequest::new(PageRequest::MAX_LIMIT, cursor)?;
            let page = self.engine.transactions.list_transactions(&filter, &page).await?;
            let of_provider =
                page.items.iter().filter(|transaction| transaction.gateway.provider == Some(method));
            booked.extend(of_provider.map(movement_of));
            cursor = page.next_cursor;
            if cursor.is_none() {
                return Ok(booked);
            }
        }
    }
}

/// Marks a transaction that a statement has too.
fn marked(
    mut transaction: Transaction,
    method: PaymentMethod,
    mark: &PendingMark,
    context: &Context<'_>,
) -> Result<Decision<Transaction>> {
    let PendingMark { transaction: _, reference, discrepancy, fee } = mark;
    transaction.mark_reconciled(ReconciliationStamp {
        reconciled_at: context.now,
        reference: reference.clone(),
        discrepancy: Some(*discrepancy).filter(|discrepancy| !discrepancy.is_zero()),
    });
    Decision::new(transaction).event(PaymentEvent::TransactionUpdated).post(
        "provider's charge",
        context,
        [(Account::GatewayCharges, fee.negated()), (Account::Clearing(method), *fee)],
    )
}

fn movement_of(transaction: &Stored<Transaction>) -> BookedMovement {
    let amount = if transaction.kind.is_incoming() {
        transaction.amount.gross
    } else {
        transaction.amount.net.negated()
    };
    let link = &transaction.gateway;
    BookedMovement {
        transaction: transaction.id,
        number: transaction.number.clone(),
        references: link.receipt.iter().chain(&link.reference).cloned().collect(),
        amount,
        at: transaction.completed_at.unwrap_or(transaction.initiated_at),
    }
}
