//! The way of a transaction to its provider and back, as long as no money has moved.

use super::{
    Cause, Declined, Failure, FraudCheck, MismatchKind, Outcome, PaymentEvent, Transaction, TransactionKind,
    TransactionStatus,
};
use crate::{
    booking::{Context, PaymentMethod},
    decide::Decision,
    kernel::{Result, Rule, after},
    ledger::Account,
};

impl Transaction {
    /// The key under which it is sent: another one for each attempt, since the provider answers the same key
    /// with the same answer.
    #[must_use]
    pub fn idempotency_key(&self) -> String {
        format!("{}-{}", self.id, self.gateway.attempts)
    }

    /// Whether it is to be sent (anew), and not asked about.
    #[must_use]
    pub fn wants_sending(&self) -> bool {
        self.status.is_open() && self.gateway.provider.is_some() && self.gateway.sent_at.is_none()
    }

    /// Notes that it is being sent. Only who has committed this sends it: from now on its outcome is unknown.
    ///
    /// # Errors
    /// [`Rule::TRANSITION`] where it was sent before.
    pub fn send(mut self, context: &Context<'_>) -> Result<Decision<Self>> {
        if !self.wants_sending() {
            return Err(self.refuse(Rule::TRANSITION, "this was sent before"));
        }
        if self.status == TransactionStatus::Initiated {
            self.go(TransactionStatus::Pending, Cause::Sent)?;
        }
        let link = &mut self.0.gateway;
        link.attempts = link.attempts.saturating_add(1);
        link.sent_at = Some(context.now);
        link.queries = 0;
        link.next_at = context.policy.payment.query_at(context.now, 0);
        Ok(Decision::new(self))
    }

    /// Takes in what the provider says, other than that the money has moved.
    ///
    /// # Errors
    /// Those of the ledger, where money that was set aside cannot go back.
    pub fn answered(self, outcome: &Outcome, context: &Context<'_>) -> Result<Decision<Self>> {
        if !self.status.is_open() {
            return Ok(self.answered_late(outcome));
        }
        if self.wants_sending() {
            // It is about an earlier attempt, which is known to have come to nothing.
            return Ok(Decision::new(self));
        }
        match outcome {
            Outcome::Accepted { reference, .. } => self.taken(reference, false, context),
            Outcome::Authorized { reference } => self.taken(reference, true, context),
            Outcome::Declined(declined) => self.declined(declined, context),
            Outcome::Settled(_) | Outcome::Pending => Ok(Decision::new(self)),
        }
    }

    /// Whether what is told of an operation is of an earlier attempt than the present one, and says nothing
    /// of that.
    pub(super) fn is_of_earlier_attempt(&self, told: &str) -> bool {
        self.gateway.attempts > 1 && self.gateway.reference.as_deref().is_some_and(|known| known != told)
    }

    /// Of several attempts one is told to have failed, and nobody knows which: the provider is asked about
    /// the present one.
    pub(super) fn asked_which(mut self, context: &Context<'_>) -> Decision<Self> {
        if self.status.is_open() && !self.wants_sending() && !self.is_mismatched() {
            self.0.gateway.next_at = Some(context.now);
        }
        Decision::new(self)
    }

    /// What is said after the end changes nothing; but money that has gone out and did not arrive after all
    /// is for a person to look into, and a payment that had failed stays failed where an unsigned call
    /// claimed that it came.
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
            self.go(TransactionStatus::Processing, Cause::Taken)?;
        }
        self.0.gateway.reference = Some(reference.to_owned());
        if authorized && self.gateway.authorized_at.is_none() {
            self.0.gateway.authorized_at = Some(context.now);
            let waits = self.fraud.as_ref().is_some_and(FraudCheck::is_open);
            let lapses_at = after(context.now, context.policy.payment.authorization_lifetime);
            self.0.gateway.next_at = Some(if waits { lapses_at } else { context.now });
        }
        let kind = self.kind;
        let decision = Decision::new(self);
        Ok(if first { decision.event(PaymentEvent::TransactionProcessing { kind }) } else { decision })
    }

    fn declined(mut self, declined: &Declined, context: &Context<'_>) -> Result<Decision<Self>> {
        let again = declined.retry_after.filter(|_| {
            self.gateway.sent_at.is_some() && self.gateway.attempts < context.policy.payment.max_attempts
        });
        if let Some(wait) = again {
            let link = &mut self.0.gateway;
            link.sent_at = None;
            link.reference = None;
            link.next_at = Some(after(context.now, wait));
            return Ok(Decision::new(self));
        }
        if !self.kind.is_incoming() && self.set_aside_from().is_none() {
            // Nobody is known who could have it: it stays set aside until a person has found a way.
            self.0.gateway.next_at = None;
            if self.gateway.needs_person {
                return Ok(Decision::new(self));
            }
            self.0.gateway.needs_person = true;
            return Ok(Decision::new(self).event(PaymentEvent::PaymentNeedsPerson));
        }
        self.fail(&declined.code, &declined.reason, (TransactionStatus::Failed, Cause::Declined), context)
    }

    /// Notes that a question had no answer: it is asked again later, and at last given up. Money that was to
    /// come in then counts as not come; what became of money that was to go out, a person finds out.
    ///
    /// # Errors
    /// Those of the ledger.
    pub fn unanswered(mut self, context: &Context<'_>) -> Result<Decision<Self>> {
        let policy = &context.policy.payment;
        let link = &mut self.0.gateway;
        link.queries = link.queries.saturating_add(1);
        let next = link.sent_at.and_then(|sent_at| policy.query_at(sent_at, link.queries));
        // After a long silence of our own, the questions that were missed are not all asked at once.
        link.next_at =
            next.map(|at| if at > context.now { at } else { after(context.now, policy.query_every) });
        if next.is_some() {
            return Ok(Decision::new(self));
        }
        if self.kind.is_incoming() && !self.gateway.awaits_confirmation {
            let (code, reason) = ("expired", "nobody answered in time");
            return self.fail(code, reason, (TransactionStatus::Expired, Cause::TimedOut), context);
        }
        self.0.gateway.needs_person = true;
        Ok(Decision::new(self).event(PaymentEvent::PaymentNeedsPerson))
    }

    /// A person has looked into it: it is as it stands.
    pub(super) fn found_as_it_stands(mut self) -> Decision<Self> {
        if !self.status.is_settled() {
            self.0.gateway.next_at = None;
        }
        self.0.gateway.needs_person = false;
        self.0.gateway.awaits_confirmation = false;
        Decision::new(self).event(PaymentEvent::TransactionUpdated)
    }

    /// Whether it waits for its payer alone: a bank transfer that no provider carries out. Should its
    /// money come after it was withdrawn, it is booked all the same.
    #[must_use]
    pub fn waits_for_payer(&self) -> bool {
        self.status.is_open()
            && self.kind.is_incoming()
            && self.method == PaymentMethod::BankTransfer
            && self.mismatch.is_none()
    }

    /// Whether it can be given up: nobody has been asked for it yet, or it waits for its payer.
    #[must_use]
    pub fn is_withdrawable(&self) -> bool {
        let unsent = self.gateway.sent_at.is_none() && self.gateway.attempts == 0;
        self.status.is_open() && (unsent || self.waits_for_payer())
    }

    /// Gives up what nobody has been asked for yet, or what waits for its payer alone.
    ///
    /// # Errors
    /// [`Rule::TRANSITION`] once a provider was asked, or once it has ended.
    pub fn withdraw(self, reason: &str, context: &Context<'_>) -> Result<Decision<Self>> {
        if !self.is_withdrawable() {
            let message = "a provider was asked for this payment already; its outcome has to be awaited";
            let ended = "this has ended; only an open payment is withdrawn";
            let message = if self.status.is_open() { message } else { ended };
            return Err(self.refuse(Rule::TRANSITION, message));
        }
        self.fail("withdrawn", reason, (TransactionStatus::Cancelled, Cause::Withdrawn), context)
    }

    /// Ends it without the money. What was set aside for it goes back: into the wallet of its payer where the
    /// payer was to have it.
    pub(super) fn fail(
        mut self,
        code: &str,
        reason: &str,
        (to, cause): (TransactionStatus, Cause),
        context: &Context<'_>,
    ) -> Result<Decision<Self>> {
        self.go(to, cause)?;
        self.0.gateway.next_at = None;
        self.0.gateway.needs_person = false;
        self.0.gateway.awaits_confirmation = false;
        let failure = Failure { code: code.to_owned(), reason: reason.to_owned(), at: context.now };
        self.0.failure = Some(failure);
        if self.kind == TransactionKind::TechnicianPayout {
            // What was not paid is paid by the next batch.
            self.schedule_settlement(context);
        }
        let (id, gross) = (self.id, self.amount.gross);
        // Of a refund to nobody known only a person says that it has not gone out: the platform has it, until
        // somebody asks for it.
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

    /// Notes that money which has gone out did arrive, whatever was said since.
    pub(super) fn arrived(mut self) -> Decision<Self> {
        self.0.gateway.needs_person = false;
        Decision::new(self).event(PaymentEvent::TransactionUpdated)
    }

    /// Takes money back that has gone out and did not arrive: it lies where it was set aside from, as if it
    /// had not gone out.
    ///
    /// # Errors
    /// [`Rule::TRANSITION`] where none has gone out; those of the ledger.
    pub(super) fn came_back(mut self, context: &Context<'_>) -> Result<Decision<Self>> {
        let (Some(account), Some(provider)) = (self.set_aside_from(), self.gateway.provider) else {
            return Err(self.refuse(Rule::TRANSITION, "nothing could come back of this"));
        };
        self.go(TransactionStatus::Refunded, Cause::GivenBack)?;
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

    /// Where the money that is set aside for an outgoing transaction goes when it does not go out.
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
