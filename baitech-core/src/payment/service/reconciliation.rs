//! Statements of providers: handing them in, and how far their reconciliations are.

use serde::{Deserialize, Serialize};

use super::Payments;
use crate::{
    booking::PaymentMethod,
    decide::{answered, create},
    engine::Effort::{GoesOn, Reads},
    kernel::{Actor, Code, Error, Id, Kind, Page, PageRequest, Result, Violation, after},
    payment::{
        NewReconciliation, Reconciliation, ReconciliationContent, ReconciliationFindings, ReconciliationPart,
        ReconciliationView,
        reconcile::{ParsedStatement, StatementFormat, StatementPeriod, parse_statement},
    },
    store::{AggregateRef, Fingerprint, SetAsideItem, Stored},
};

/// The name of the list in cursors.
const LIST: &str = "reconciliations";

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
    /// Every preset.
    pub const ALL: [Self; 4] = [Self::Mpesa, Self::Stripe, Self::Bank, Self::Generic];

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

impl Payments {
    /// Hands in a provider's statement (CSV), which is then set against the books by a worker, batch by
    /// batch. What both have is marked as reconciled, once, and what the provider took for it is booked; bank
    /// transfers that we wait for, and that the statement shows, are completed; reversals that the provider
    /// made without our order, and tells of nowhere else, are booked or put before a person. The same
    /// statement handed in again does nothing a second time.
    ///
    /// The file is read whole, or refused, before the job is accepted.
    /// [`reconciliation`](Self::reconciliation) tells how far it is;
    /// [`advance_reconciliation`](Self::advance_reconciliation) does it without a worker.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for others than staff; violations of `method`, `period`, `statement` and
    /// `statement.{row}.{column}`; [`Rule::PAYMENT_METHOD`](crate::kernel::Rule::PAYMENT_METHOD) for a
    /// provider that is not configured; [`Error::Unavailable`].
    pub async fn reconcile(
        &self,
        actor: &Actor,
        request: &ReconcileRequest,
        statement: &[u8],
    ) -> Result<Stored<Reconciliation>> {
        let user = self.require_staff(actor, GoesOn).await?;
        if statement.len() > Reconciliation::MAX_STATEMENT_BYTES {
            let message = format!("a statement has at most {} bytes", Reconciliation::MAX_STATEMENT_BYTES);
            return Err(Violation::new("statement", Code::TooLong, message).into());
        }
        if request.period.is_some_and(|period| period.from >= period.until) {
            return Err(Violation::new("period", Code::Order, "the period ends after it begins").into());
        }
        let gateway = match request.method {
            PaymentMethod::Cash | PaymentMethod::Wallet => {
                let message = "this method moves in our own books alone, and has no statement";
                return Err(Violation::new("method", Code::Unknown, message).into());
            }
            method => self.engine.gateway(method)?,
        };
        let format = request.format.unwrap_or(StatementPreset::of(request.method));
        let parsed = parse_statement(statement, &format.format(), self.engine.policy.currency);
        let ParsedStatement { lines, period, rows } = parsed.map_err(Error::Invalid)?;

        let arguments = (request, format!("{:?}", Fingerprint::of(statement)));
        let command = self.command(actor, "reconcile", &arguments)?.by(user, GoesOn);
        let jobs = &*self.engine.reconciliations;
        if let Some(job) = answered(&self.engine, jobs, &command).await? {
            return Ok(job);
        }
        let now = self.engine.clock.now();
        let expires_at = after(now, self.engine.policy.payment.keep_statements_for);
        let parts = lines.chunks(Reconciliation::ITEMS_PER_PART);
        let statement = self
            .put_parts(expires_at, parts.map(|lines| ReconciliationContent::Lines(lines.to_vec())))
            .await?;
        let new = NewReconciliation {
            id: Id::generate(now, &*self.engine.entropy),
            submitted_by: *actor,
            method: gateway.method(),
            format,
            period: request.period.or(period),
            rows,
            // Who signs calls has told of a reversal by one.
            takes_reversals: !gateway.capabilities().signs_webhooks,
            statement,
        };
        create(&self.engine, jobs, &command, now, Reconciliation::submit(new, now)).await
    }

    /// How far the reconciliation of a statement is, and what it has found.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for others than staff; [`Error::NotFound`]; [`Error::Unavailable`].
    pub async fn reconciliation(&self, actor: &Actor, id: Id<Reconciliation>) -> Result<ReconciliationView> {
        self.require_staff(actor, Reads).await?;
        let job = self.job(id).await?;
        let aside = self.engine.due_work.find_set_aside(&[id.into()]).await?;
        let findings = self.findings(&job).await?;
        let aside = aside.into_iter().next();
        Ok(ReconciliationView::new(job, aside, actor.is_admin(), findings))
    }

    /// The reconciliations of statements, the last submitted first, without their findings.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for others than staff; a violation of `cursor`; [`Error::Unavailable`].
    pub async fn list_reconciliations(
        &self,
        actor: &Actor,
        page: &PageRequest,
    ) -> Result<Page<ReconciliationView>> {
        self.require_staff(actor, Reads).await?;
        let jobs = self.engine.reconciliations.list_reconciliations(&page.of_list(LIST)?).await?;
        let targets: Vec<AggregateRef> = jobs.items.iter().map(|job| job.id.into()).collect();
        let mut aside = self.engine.due_work.find_set_aside(&targets).await?;
        let mut aside_of = |id: Id<Reconciliation>| -> Option<SetAsideItem> {
            let place = aside.iter().position(|item| item.target == id.into())?;
            Some(aside.swap_remove(place))
        };
        let view = |job: Stored<Reconciliation>| {
            let aside = aside_of(job.id);
            ReconciliationView::new(job, aside, actor.is_admin(), None).in_list()
        };
        Ok(jobs.map(view).of_list(LIST))
    }

    /// Does the next batches of a reconciliation at once, as a worker would, and answers how far it is then.
    /// Call it until it is done. It is safe beside workers; one that is done is left as it is.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for others than staff; [`Error::NotFound`]; [`Error::Conflict`] where others keep
    /// changing the same transactions; [`Error::Unavailable`]. What was committed until then stays.
    pub async fn advance_reconciliation(
        &self,
        actor: &Actor,
        id: Id<Reconciliation>,
    ) -> Result<Stored<Reconciliation>> {
        self.require_staff(actor, GoesOn).await?;
        self.run_batches(self.job(id).await?).await
    }

    pub(super) async fn job(&self, id: Id<Reconciliation>) -> Result<Stored<Reconciliation>> {
        let job = self.engine.reconciliations.load(id).await?;
        job.ok_or_else(|| Error::not_found(Kind::Reconciliation, id))
    }

    async fn findings(&self, job: &Reconciliation) -> Result<Option<ReconciliationFindings>> {
        let Some(id) = job.parts.findings else { return Ok(None) };
        let part = self.engine.reconciliations.load_part(id).await?;
        Ok(match part.map(|part| part.content) {
            Some(ReconciliationContent::Findings(findings)) => Some(*findings),
            _ => None,
        })
    }

    /// Stores contents as parts, and answers their ids in the same order.
    pub(super) async fn put_parts(
        &self,
        expires_at: chrono::DateTime<chrono::Utc>,
        contents: impl Iterator<Item = ReconciliationContent> + Send,
    ) -> Result<Vec<Id<ReconciliationPart>>> {
        let now = self.engine.clock.now();
        let part = |content| {
            let id = Id::generate(now, &*self.engine.entropy);
            ReconciliationPart { id, expires_at, content }
        };
        let parts: Vec<_> = contents.map(part).collect();
        let ids = parts.iter().map(|part| part.id).collect();
        if !parts.is_empty() {
            self.engine.reconciliations.put_parts(parts).await?;
        }
        Ok(ids)
    }
}
