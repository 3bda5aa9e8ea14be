//! A provider's statement against our own books.

use std::collections::HashMap;

use chrono::TimeDelta;
use serde::{Deserialize, Serialize};

use super::Payments;
use crate::{
    booking::{Context, PaymentMethod},
    decide::{Decision, Step, drive},
    engine::Effort::GoesOn,
    kernel::{Actor, Code, Error, Id, Kind, Money, PageRequest, Result, Violation, after, before},
    ledger::Account,
    payment::{
        Proof, ReconciliationStamp, Transaction, TransactionFilter, TransactionNumber, TransactionStatus,
        reconcile::{
            BookedMovement, ComparedMovement, ReconciliationReport, StatementFormat, StatementLine,
            StatementPeriod, parse_statement, reconcile,
        },
    },
    store::Stored,
};

/// Whose statement it is, and how it is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReconcileRequest {
    /// The provider, as the books name it: `mpesa`, `stripe`, `bank_transfer`.
    pub method: PaymentMethod,
    /// How the statement is written; as the provider usually does where it is not given.
    #[serde(default)]
    pub format: Option<StatementPreset>,
    /// The time that the statement covers, where that is known; else from its first line to its last.
    #[serde(default)]
    pub period: Option<StatementPeriod>,
}

/// A well-known way to write a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum StatementPreset {
    Mpesa,
    Stripe,
    Bank,
    Generic,
}

impl StatementPreset {
    /// How a provider usually writes its statements.
    #[must_use]
    pub const fn of(method: PaymentMethod) -> Self {
        match method {
            PaymentMethod::Mpesa => Self::Mpesa,
            PaymentMethod::Card | PaymentMethod::Stripe => Self::Stripe,
            PaymentMethod::BankTransfer => Self::Bank,
            PaymentMethod::Wallet | PaymentMethod::Cash => Self::Generic,
        }
    }

    /// The format itself.
    #[must_use]
    pub fn format(self) -> StatementFormat {
        match self {
            Self::Mpesa => StatementFormat::mpesa(),
            Self::Stripe => StatementFormat::stripe(),
            Self::Bank => StatementFormat::bank(),
            Self::Generic => StatementFormat::generic(),
        }
    }
}

/// How far a reconciliation is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReconcileProgress {
    /// What is being done.
    pub step: ReconcileStep,
    /// How much of it is done.
    pub done: usize,
    /// How much there is to do.
    pub total: usize,
}

/// What a reconciliation does, in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ReconcileStep {
    /// Bank transfers that the statement shows are completed, line by line.
    Transfers,
    /// Transactions that both have are marked, batch by batch.
    Marks,
}

/// How many transactions are marked in one commit.
const MARKED_AT_ONCE: usize = 50;

/// A payment may be stated a little before or after it was booked.
const SLACK: TimeDelta = TimeDelta::days(2);

impl Payments {
    /// Sets a provider's statement (CSV) against the books. What both have is marked as reconciled, once, and what the provider took for
    /// it is booked; bank transfers that we wait for, and that the statement shows, are completed;
    /// reversals that the provider made without our order, and tells of nowhere else, are booked or
    /// put before a person. Repeating it changes nothing.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for others than staff; violations of `period` and `statement.{row}.{column}`; [`Error::Unavailable`] (what was marked
    /// until then stays, and repeating it goes on).
    pub async fn reconcile(
        &self,
        actor: &Actor,
        request: &ReconcileRequest,
        statement: &[u8],
    ) -> Result<ReconciliationReport> {
        self.reconcile_with(actor, request, statement, &|_| {}).await
    }

    /// As [`reconcile`](Self::reconcile), and tells how far it is: after each line that may be a transfer, and after each batch of marks.
    ///
    /// # Errors
    /// As [`reconcile`](Self::reconcile).
    pub async fn reconcile_with(
        &self,
        actor: &Actor,
        request: &ReconcileRequest,
        statement: &[u8],
        progress: &(dyn Fn(ReconcileProgress) + Send + Sync),
    ) -> Result<ReconciliationReport> {
        self.require_staff(actor, GoesOn).await?;
        if request.period.is_some_and(|period| period.from >= period.until) {
            return Err(Violation::new("period", Code::Order, "the period ends after it begins").into());
        }
        let method = match request.method {
            PaymentMethod::Cash | PaymentMethod::Wallet => {
                let message = "this method moves in our own books alone, and has no statement";
                return Err(Violation::new("method", Code::Unknown, message).into());
            }
            method => self.engine.gateway(method)?.method(),
        };
        let format = request.format.unwrap_or(StatementPreset::of(request.method)).format();
        let parsed =
            parse_statement(statement, &format, self.engine.policy.currency).map_err(Error::Invalid)?;
        let period = request.period.or(parsed.period);
        if method == PaymentMethod::BankTransfer {
            let total = parsed.lines.len();
            for (line, done) in parsed.lines.iter().zip(1..) {
                self.complete_transfer(actor, line).await?;
                progress(ReconcileProgress { step: ReconcileStep::Transfers, done, total });
            }
        }
        let mut booked = self.booked(method, period).await?;
        // Who signs calls has told of it by one.
        let tells_otherwise = self.engine.gateway(method)?.capabilities().signs_webhooks;
        if !tells_otherwise && self.take_reversals(actor, &parsed.lines, &booked).await? {
            booked = self.booked(method, period).await?;
        }
        let mut report = reconcile(&parsed.lines, &booked, period)?;
        report.rows = parsed.rows;
        let compared: Vec<_> = report.matched.iter().chain(&report.amount_differs).collect();
        let (mut done, total) = (0, compared.len());
        for batch in compared.chunks(MARKED_AT_ONCE) {
            self.mark(method, batch).await?;
            done += batch.len();
            progress(ReconcileProgress { step: ReconcileStep::Marks, done, total });
        }
        Ok(report)
    }

    /// Completes the bank transfer that a line names, if one is awaited. Whose own transfer it is leaves it to somebody else.
    async fn complete_transfer(&self, actor: &Actor, line: &StatementLine) -> Result<()> {
        if line.amount.is_negative() {
            return Ok(());
        }
        let Some(number) = number_in(&line.reference).or_else(|| number_in(&line.description)) else {
            return Ok(());
        };
        let Some(found) = self.engine.transactions.find_transaction_by_number(&number).await? else {
            return Ok(());
        };
        let awaited = found.method == PaymentMethod::BankTransfer
            && found.kind.is_incoming()
            && found.status.cause(TransactionStatus::Completed).is_some();
        if !awaited {
            return Ok(());
        }
        let booking = self.load_booking(found.booking).await?;
        if found.require_disinterested(actor, booking.as_deref()).is_err() {
            return Ok(());
        }
        let proof =
            Proof { receipt: Some(line.reference.clone()), amount: Some(line.amount), ..Proof::default() };
        let command = self.plain_command()?;
        self.decide(&command, found.id, |transaction, beside| {
            transaction.settled(&proof, beside.booking, &beside.context)
        })
        .await
        .map(drop)
    }

    /// What our books say that a provider moved around a period.
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
            // Money can move days after it was asked for; a month is more than any provider takes.
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

    /// Marks transactions as found in a statement, and books what the provider took for them, in one commit. What is marked already
    /// stays as it is, so that the same batch does nothing the second time.
    async fn mark(&self, method: PaymentMethod, batch: &[&ComparedMovement]) -> Result<()> {
        let compared: HashMap<_, _> =
            batch.iter().map(|found| (found.movement.transaction, *found)).collect();
        let ids: Vec<_> = batch.iter().map(|found| found.movement.transaction).collect();
        let (command, transactions) = (self.plain_command()?, &*self.engine.transactions);
        let step = |_| self.mark_once(method, &compared, &ids);
        drive(&self.engine, transactions, &command, step).await.map(drop)
    }

    async fn mark_once(
        &self,
        method: PaymentMethod,
        compared: &HashMap<Id<Transaction>, &ComparedMovement>,
        ids: &[Id<Transaction>],
    ) -> Result<Step<Transaction>> {
        let stored = self.engine.transactions.load_many(ids).await?;
        let now = stored.iter().fold(self.engine.clock.now(), |now, found| now.max(found.updated_at));
        let context = self.engine.context(&Actor::System, now);
        let mut whole: Option<(&Stored<Transaction>, Decision<Transaction>)> = None;
        for found in stored.iter().filter(|found| found.reconciliation.is_none()) {
            let Some(compared) = compared.get(&found.id) else { continue };
            let decision = marked(found.value.clone(), method, compared, &context)?;
            whole = Some(match whole {
                Some((first, decisions)) => (first, decisions.with(Some(found), decision, &context)),
                None => (found, decision),
            });
        }
        match (whole, stored.first()) {
            (Some((first, decision)), _) => Ok(Step::change(first.clone(), now, decision)),
            (None, Some(first)) => Ok(Step::Unchanged(first.clone())),
            (None, None) => Err(Error::not_found(Kind::Transaction, "of this statement")),
        }
    }
}

/// A transaction that a statement has, too.
fn marked(
    mut transaction: Transaction,
    method: PaymentMethod,
    compared: &ComparedMovement,
    context: &Context<'_>,
) -> Result<Decision<Transaction>> {
    let Some(line) = compared.lines.first() else {
        return Ok(Decision::new(transaction));
    };
    let currency = compared.booked.currency();
    let fees = compared.lines.iter().filter_map(|line| line.fee).filter(|fee| fee.currency() == currency);
    let fee = Money::sum(currency, fees)?;
    transaction.0.reconciliation = Some(ReconciliationStamp {
        reconciled_at: context.now,
        reference: line.reference.clone(),
        discrepancy: Some(compared.discrepancy).filter(|discrepancy| !discrepancy.is_zero()),
    });
    Decision::new(transaction).event(crate::payment::PaymentEvent::TransactionUpdated).post(
        "provider's charge",
        context,
        [(Account::GatewayCharges, fee.negated()), (Account::Clearing(method), fee)],
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

/// A transaction number somewhere in a text.
fn number_in(text: &str) -> Option<TransactionNumber> {
    TransactionNumber::find_in(text)
}
