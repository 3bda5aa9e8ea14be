//! Providers' statements: submission, and the state of their reconciliations.

use serde::{Deserialize, Serialize};

use super::Payments;
use crate::{
    decide::{answered, create},
    engine::Access::{Continue, Read},
    kernel::{Actor, Code, Error, Id, Kind, Page, PageRequest, Result, Violation, after, named},
    payment::{
        NewReconciliation, Reconciliation, ReconciliationContent, ReconciliationFindings, ReconciliationPart,
        ReconciliationView,
        reconcile::{ParsedStatement, StatementFormat, StatementPeriod, parse_statement},
    },
    store::{AggregateRef, Fingerprint, SetAsideItem, Stored},
    transaction::PaymentMethod,
};

/// The name of the list in cursors.
const LIST: &str = "reconciliations";

/// The provider and format of a statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReconcileRequest {
    /// The provider's method: `mpesa`, `stripe`, `bank_transfer`.
    pub method: PaymentMethod,
    /// The format of the statement; defaults to the provider's usual one.
    #[serde(default)]
    pub format: Option<StatementPreset>,
    /// The period that the statement covers; defaults to the period from its first line to its last.
    #[serde(default)]
    pub period: Option<StatementPeriod>,
}

named! {
    /// A well-known statement format.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
    #[expect(missing_docs, reason = "the names are self-explanatory")]
    pub enum StatementPreset {
        Mpesa = "mpesa",
        Stripe = "stripe",
        Bank = "bank",
        Generic = "generic",
    }
}

impl StatementPreset {
    /// The usual statement format of a provider.
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
    /// Submits a provider's statement (CSV), which workers then compare with the books, batch by batch.
    /// Transactions that both have are marked as reconciled, once, and the provider's fees are booked;
    /// awaited bank transfers that the statement shows are completed; reversals that the provider made
    /// without our order, and reports nowhere else, are booked or left to staff. Submitting the same
    /// statement again has no further effect.
    ///
    /// The file is parsed completely, or refused, before the job is accepted.
    /// [`reconciliation`](Self::reconciliation) returns its state;
    /// [`advance_reconciliation`](Self::advance_reconciliation) runs it without a worker.
    ///
    /// # Errors
    /// [`Error::Forbidden`] unless the actor is staff; violations of `method`, `period`, `statement` and
    /// `statement.{row}.{column}`; [`Rule::PAYMENT_METHOD`](crate::kernel::Rule::PAYMENT_METHOD) for a
    /// provider that is not configured; [`Error::Unavailable`].
    pub async fn reconcile(
        &self,
        actor: &Actor,
        request: &ReconcileRequest,
        statement: &[u8],
    ) -> Result<Stored<Reconciliation>> {
        let user = self.require_staff(actor, Continue).await?;
        if statement.len() > Reconciliation::MAX_STATEMENT_BYTES {
            let message = format!("must have at most {} bytes", Reconciliation::MAX_STATEMENT_BYTES);
            return Err(Violation::new("statement", Code::TooLong, message).into());
        }
        if request.period.is_some_and(|period| period.from >= period.until) {
            return Err(Violation::new("period", Code::Order, "the period must end after it begins").into());
        }
        let gateway = match request.method {
            PaymentMethod::Cash | PaymentMethod::Wallet => {
                let message = "the payment method has no provider, and therefore no statement";
                return Err(Violation::new("method", Code::Unknown, message).into());
            }
            method => self.engine.gateway(method)?,
        };
        let format = request.format.unwrap_or(StatementPreset::of(request.method));
        let parsed = parse_statement(statement, &format.format(), self.engine.policy.currency);
        let ParsedStatement { lines, period, rows } = parsed.map_err(Error::Invalid)?;

        let arguments = (request, format!("{:?}", Fingerprint::of(statement)));
        let command = self.command(actor, "reconcile", &arguments)?.by(user);
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
            // A provider that signs its calls reports reversals in calls.
            takes_reversals: !gateway.capabilities().signs_webhooks,
            statement,
        };
        create(&self.engine, jobs, &command, now, Reconciliation::submit(new, now)).await
    }

    /// The state and findings of a statement's reconciliation.
    ///
    /// # Errors
    /// [`Error::Forbidden`] unless the actor is staff; [`Error::NotFound`]; [`Error::Unavailable`].
    pub async fn reconciliation(&self, actor: &Actor, id: Id<Reconciliation>) -> Result<ReconciliationView> {
        self.require_staff(actor, Read).await?;
        let job = self.job(id).await?;
        let aside = self.engine.store.find_set_aside(&[id.into()]).await?;
        let findings = self.findings(&job).await?;
        let aside = aside.into_iter().next();
        Ok(ReconciliationView::new(job, aside, actor.is_admin(), findings))
    }

    /// The reconciliations of statements, latest submitted first, without their findings.
    ///
    /// # Errors
    /// [`Error::Forbidden`] unless the actor is staff; a violation of `cursor`; [`Error::Unavailable`].
    pub async fn list_reconciliations(
        &self,
        actor: &Actor,
        page: &PageRequest,
    ) -> Result<Page<ReconciliationView>> {
        self.require_staff(actor, Read).await?;
        let jobs = self.engine.reconciliations.list_reconciliations(&page.of_list(LIST)?).await?;
        let targets: Vec<AggregateRef> = jobs.items.iter().map(|job| job.id.into()).collect();
        let mut aside = self.engine.store.find_set_aside(&targets).await?;
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

    /// Runs the next batches of a reconciliation at once, as a worker would, and returns its new state. Call
    /// it until the job is done. It is safe to run alongside workers, and has no effect on a finished job.
    ///
    /// # Errors
    /// [`Error::Forbidden`] unless the actor is staff; [`Error::NotFound`]; [`Error::Conflict`] if others
    /// keep changing the same transactions; [`Error::Unavailable`]. Batches committed before the error stay.
    pub async fn advance_reconciliation(
        &self,
        actor: &Actor,
        id: Id<Reconciliation>,
    ) -> Result<Stored<Reconciliation>> {
        self.require_staff(actor, Continue).await?;
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

    /// Stores contents as parts, and returns their ids in the same order.
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
