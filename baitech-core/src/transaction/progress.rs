//! The exchange of a transaction with its provider before money has moved.

use chrono::{DateTime, Utc};

use super::Context;
use super::{
    Cause, Declined, Failure, FraudCheck, MismatchKind, Outcome, PaymentEvent, Transaction, TransactionKind,
    TransactionStatus,
};
use crate::{
    decide::Decision,
    kernel::{Result, Rule, after},
    ledger::Account,
    transaction::PaymentMethod,
};

impl Transaction {
    /// The idempotency key of the current attempt. Each attempt has its own, since the provider answers the
    /// same key with the same answer.
    #[must_use]
    pub fn idempotency_key(&self) -> String {
        format!("{}-{}", self.id, self.gateway.attempts)
    }

    /// Whether it is to be sent (again), rather than queried.
    #[must_use]
    pub fn wants_sending(&self) -> bool {
        self.status.is_open() && self.gateway.provider.is_some() && self.gateway.sent_at.is_none()
    }

    /// Records that it is being sent. Only the worker that has committed this sends it; from then on its
    /// outcome is unknown.
    ///
    /// # Errors
    /// [`Rule::TRANSITION`] if it was sent before.
    pub fn send(mut self, context: &Context<'_>) -> Result<Decision<Self>> {
        if !self.wants_sending() {
            return Err(self.refuse(Rule::TRANSITION, "the transaction was already sent"));
        }
        if self.status == TransactionStatus::Initiated {
            self.transition_to(TransactionStatus::Pending, Cause::Sent)?;
        }
        let link = &mut self.0.gateway;
        link.attempts = link.attempts.saturating_add(1);
        link.sent_at = Some(context.now);
        link.queries = 0;
        link.next_at = context.policy.query_at(context.now, 0);
        Ok(Decision::new(self))
    }

    /// Applies a provider's outcome that does not prove a movement of money.
    ///
    /// # Errors
    /// Errors of the ledger, where reserved money cannot be returned.
    pub fn answered(self, outcome: &Outcome, context: &Context<'_>) -> Result<Decision<Self>> {
        if !self.status.is_open() {
            return Ok(self.answered_late(outcome));
        }
        if self.wants_sending() {
            // The outcome belongs to an earlier attempt, which is known to have failed.
            return Ok(Decision::new(self));
        }
        match outcome {
            Outcome::Accepted { reference, .. } => self.taken(reference, false, context),
            Outcome::Authorized { reference } => self.taken(reference, true, context),
            Outcome::Declined(declined) => self.declined(declined, context),
            Outcome::Settled(_) | Outcome::Pending => Ok(Decision::new(self)),
        }
    }

    /// Whether a report is about an earlier attempt, so that it does not apply to the current one.
    pub(crate) fn is_of_earlier_attempt(&self, reference: &str) -> bool {
        self.gateway.attempts > 1 && self.gateway.reference.as_deref().is_some_and(|known| known != reference)
    }

    /// Handles a failure reported for an unknown one of several attempts: the provider is queried about the
    /// current one.
    pub(crate) fn query_current_attempt(mut self, context: &Context<'_>) -> Decision<Self> {
        if self.status.is_open() && !self.wants_sending() && !self.is_mismatched() {
            self.0.gateway.next_at = Some(context.now);
        }
        Decision::new(self)
    }

    /// Handles an outcome reported after the end. It changes nothing, with two exceptions: outgoing money
    /// that did not arrive after all needs manual review, and a failed payment that an unsigned call had
    /// claimed as paid stays failed.
    fn answered_late(mut self, outcome: &Outcome) -> Decision<Self> {
        if !matches!(outcome, Outcome::Declined(_)) {
            return Decision::new(self);
        }
        let left = [TransactionStatus::Completed, TransactionStatus::PartiallyRefunded];
        let went_out = left.contains(&self.status) && !self.kind.is_incoming();
        if went_out && !self.gateway.needs_person {
            self.0.gateway.needs_person = true;
            return Decision::new(self).event(PaymentEvent::PaymentNeedsPerson);
        }
        if self.gateway.awaits_confirmation {
            let link = &mut self.0.gateway;
            link.awaits_confirmation = false;
            link.needs_person = false;
            link.next_at = None;
        }
        Decision::new(self)
    }

    fn taken(mut self, reference: &str, authorized: bool, context: &Context<'_>) -> Result<Decision<Self>> {
        let known = self.gateway.reference.as_deref();
        if known.is_some_and(|known| known != reference) {
            return self.mismatched(MismatchKind::Reference, None, None, context);
        }
        let first = self.status == TransactionStatus::Pending;
        if first {
            self.transition_to(TransactionStatus::Processing, Cause::Taken)?;
        }
        self.0.gateway.reference = Some(reference.to_owned());
        if authorized && self.gateway.authorized_at.is_none() {
            self.0.gateway.authorized_at = Some(context.now);
            let waits = self.fraud.as_ref().is_some_and(FraudCheck::is_open);
            let lapses_at = after(context.now, context.policy.authorization_lifetime);
            self.0.gateway.next_at = Some(if waits { lapses_at } else { context.now });
        }
        let kind = self.kind;
        let decision = Decision::new(self);
        Ok(if first { decision.event(PaymentEvent::TransactionProcessing { kind }) } else { decision })
    }

    fn declined(mut self, declined: &Declined, context: &Context<'_>) -> Result<Decision<Self>> {
        let again = declined.retry_after.filter(|_| {
            self.gateway.sent_at.is_some() && self.gateway.attempts < context.policy.max_attempts
        });
        if let Some(wait) = again {
            let link = &mut self.0.gateway;
            link.sent_at = None;
            link.reference = None;
            link.next_at = Some(after(context.now, wait));
            return Ok(Decision::new(self));
        }
        if !self.kind.is_incoming() && self.set_aside_from().is_none() {
            // The recipient of the money is unknown, so it stays reserved until staff decide.
            self.0.gateway.next_at = None;
            if self.gateway.needs_person {
                return Ok(Decision::new(self));
            }
            self.0.gateway.needs_person = true;
            return Ok(Decision::new(self).event(PaymentEvent::PaymentNeedsPerson));
        }
        self.fail(&declined.code, &declined.reason, (TransactionStatus::Failed, Cause::Declined), context)
    }

    /// Records an unanswered query. It is repeated later and finally given up: an incoming payment then
    /// counts as expired, and the outcome of an outgoing one needs manual review.
    ///
    /// # Errors
    /// Errors of the ledger.
    pub fn unanswered(mut self, context: &Context<'_>) -> Result<Decision<Self>> {
        let policy = context.policy;
        let link = &mut self.0.gateway;
        link.queries = link.queries.saturating_add(1);
        let next = link.sent_at.and_then(|sent_at| policy.query_at(sent_at, link.queries));
        // After downtime of our own, missed queries are not all sent at once.
        link.next_at =
            next.map(|at| if at > context.now { at } else { after(context.now, policy.query_every) });
        if next.is_some() {
            return Ok(Decision::new(self));
        }
        if self.kind.is_incoming() && !self.gateway.awaits_confirmation {
            let (code, reason) = ("expired", "no answer in time");
            return self.fail(code, reason, (TransactionStatus::Expired, Cause::TimedOut), context);
        }
        self.0.gateway.needs_person = true;
        Ok(Decision::new(self).event(PaymentEvent::PaymentNeedsPerson))
    }

    /// Ends a manual review without a change.
    pub(crate) fn confirm_unchanged(mut self) -> Decision<Self> {
        if !self.status.is_settled() {
            self.0.gateway.next_at = None;
        }
        self.0.gateway.needs_person = false;
        self.0.gateway.awaits_confirmation = false;
        Decision::new(self).event(PaymentEvent::TransactionUpdated)
    }

    /// Whether it only waits for its payer: a bank transfer without a provider. If its money arrives after it
    /// was withdrawn, the money is booked anyway.
    #[must_use]
    pub fn waits_for_payer(&self) -> bool {
        self.status.is_open()
            && self.kind.is_incoming()
            && self.method == PaymentMethod::BankTransfer
            && self.mismatch.is_none()
    }

    /// Whether it can be withdrawn: it was not sent yet, or it only waits for its payer.
    #[must_use]
    pub fn is_withdrawable(&self) -> bool {
        let unsent = self.gateway.sent_at.is_none() && self.gateway.attempts == 0;
        self.status.is_open() && (unsent || self.waits_for_payer())
    }

    /// Withdraws a transaction that was not sent yet, or that only waits for its payer.
    ///
    /// # Errors
    /// [`Rule::TRANSITION`] once it was sent to a provider, or once it has ended.
    pub fn withdraw(self, reason: &str, context: &Context<'_>) -> Result<Decision<Self>> {
        if !self.is_withdrawable() {
            let message = "the payment was already sent to its provider; wait for its outcome";
            let ended = "the payment has ended; only an open payment can be withdrawn";
            let message = if self.status.is_open() { message } else { ended };
            return Err(self.refuse(Rule::TRANSITION, message));
        }
        self.fail("withdrawn", reason, (TransactionStatus::Cancelled, Cause::Withdrawn), context)
    }

    /// Ends it without the money. Money reserved for it is returned; a payer who was to get it gets it in the
    /// wallet.
    pub(crate) fn fail(
        mut self,
        code: &str,
        reason: &str,
        (to, cause): (TransactionStatus, Cause),
        context: &Context<'_>,
    ) -> Result<Decision<Self>> {
        self.transition_to(to, cause)?;
        self.0.gateway.next_at = None;
        self.0.gateway.needs_person = false;
        self.0.gateway.awaits_confirmation = false;
        let failure = Failure { code: code.to_owned(), reason: reason.to_owned(), at: context.now };
        self.0.failure = Some(failure);
        if self.kind == TransactionKind::TechnicianPayout {
            // The next batch pays what was not paid.
            self.schedule_settlement(context);
        }
        let (id, gross) = (self.id, self.amount.gross);
        // If the recipient of a refund is unknown, only staff can end it as not paid out. The platform keeps
        // the money until its owner claims it.
        let unknown = (self.kind == TransactionKind::Refund).then_some(Account::Losses);
        let back_to = self.set_aside_from().or(unknown);
        let event = match self.kind {
            TransactionKind::Refund => {
                PaymentEvent::RefundProcessed { original: self.original, amount: gross, to_wallet: true }
            }
            kind => PaymentEvent::PaymentFailed { kind, code: code.to_owned() },
        };
        let decision = Decision::new(self).event(event);
        match back_to {
            Some(account) => {
                let postings = [(Account::Reserved(id), gross.negated()), (account, gross)];
                decision.post("reservation voided", context, postings)
            }
            None => Ok(decision),
        }
    }

    /// Records that outgoing money did arrive, despite later reports to the contrary.
    pub(crate) fn arrived(mut self) -> Decision<Self> {
        self.0.gateway.needs_person = false;
        Decision::new(self).event(PaymentEvent::TransactionUpdated)
    }

    /// Takes back outgoing money that did not arrive: returns it to the account from which it was reserved.
    ///
    /// # Errors
    /// [`Rule::TRANSITION`] if no money went out; errors of the ledger.
    pub(crate) fn reclaim_outgoing(mut self, context: &Context<'_>) -> Result<Decision<Self>> {
        let (Some(account), Some(provider)) = (self.set_aside_from(), self.gateway.provider) else {
            return Err(
                self.refuse(Rule::TRANSITION, "the transaction has no outgoing money that could be returned")
            );
        };
        self.transition_to(TransactionStatus::Refunded, Cause::GivenBack)?;
        self.0.gateway.needs_person = false;
        if self.kind == TransactionKind::TechnicianPayout {
            self.schedule_settlement(context);
        }
        let kind = self.kind;
        let super::Amount { gross, net, platform_fee, .. } = self.amount;
        let postings = [
            (Account::Clearing(provider), net.negated()),
            (Account::PlatformRevenue, platform_fee.negated()),
            (account, gross),
        ];
        let failed = PaymentEvent::PaymentFailed { kind, code: "came_back".to_owned() };
        Decision::new(self).event(failed).post("money that came back", context, postings)
    }

    /// Records that the receipt is requested, so that it is requested only once.
    pub(crate) fn receipt_requested(mut self) -> Decision<Self> {
        self.0.gateway.next_at = None;
        Decision::new(self)
    }

    /// Postpones the query about its outcome by the first delay of the policy.
    pub(crate) fn query_later(mut self, context: &Context<'_>) -> Decision<Self> {
        let delay = context.policy.query_after.first().copied().unwrap_or_default();
        self.0.gateway.next_at = Some(after(context.now, delay));
        Decision::new(self)
    }

    /// Records when its provider carried it out, for a payment that was not requested.
    pub(crate) fn mark_sent(&mut self, now: DateTime<Utc>) {
        self.0.gateway.sent_at = Some(now);
    }

    /// Captures the money with the charge, for a provider that does not authorise first.
    pub(crate) fn capture_at_once(&mut self) {
        self.0.gateway.manual_capture = false;
    }

    /// The account to which the money reserved for an outgoing transaction returns if it is not paid out.
    pub(super) const fn set_aside_from(&self) -> Option<Account> {
        let record = &self.0;
        match (record.kind, record.payee) {
            (TransactionKind::TechnicianPayout, Some(technician)) => Some(Account::Payable(technician)),
            (TransactionKind::WalletWithdrawal | TransactionKind::Refund, Some(owner)) => {
                Some(Account::Wallet(owner))
            }
            _ => None,
        }
    }
}
