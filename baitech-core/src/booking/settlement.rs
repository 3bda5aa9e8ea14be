//! The money of a booking: how it comes in, and where it goes when the booking ends.

use super::{
    Booking, BookingEvent, BookingStatus, Context, DisputeOutcome, Party, PaymentMethod, PaymentStatus,
};
use crate::{
    account::{StatsDelta, User},
    decide::Decision,
    kernel::{Id, Money, Result, Rounding, Rule},
    ledger::Account,
    payment::{Transaction, TransactionStatus},
    pricing::Shares,
    store::Stored,
};

impl Booking {
    /// Whether a payment that arrives now is the one that this booking waits for.
    #[must_use]
    pub fn awaits_payment(&self, transaction: Id<Transaction>) -> bool {
        self.payment.transaction == Some(transaction) && self.could_be_paid()
    }

    /// Whether the booking is at a point at which money for it is held.
    fn could_be_paid(&self) -> bool {
        let runs = self.status.holds_time()
            || matches!(
                self.status,
                BookingStatus::Completed
                    | BookingStatus::Verified
                    | BookingStatus::PaymentPending
                    | BookingStatus::Disputed
            );
        let unpaid = matches!(self.payment.status, PaymentStatus::Pending | PaymentStatus::Failed);
        runs && unpaid && !self.pricing.total.is_zero()
    }

    /// Fails unless somebody could pay this booking now.
    ///
    /// # Errors
    /// [`Rule::Transition`] before a technician has accepted, or once it has ended; [`Rule::AlreadyDecided`] where it is paid;
    /// [`Rule::Undecided`] while a payment is on its way; [`Error::Forbidden`](crate::kernel::Error::Forbidden) for others than the
    /// customer, the company and staff.
    pub fn require_payable(&self, context: &Context<'_>) -> Result<()> {
        let actor = &context.actor;
        self.require_party(&[Party::Customer, Party::Admin, Party::Support], actor)?;
        if self.payment.status.is_settled() {
            return Err(self.refuse(Rule::AlreadyDecided, "this booking is paid", actor));
        }
        if !self.could_be_paid() {
            let message = format!("there is nothing to pay while a booking is {}", self.status);
            return Err(self.refuse(Rule::Transition, message, actor));
        }
        if context.payment.is_some_and(|payment| payment.status.is_open()) {
            return Err(self.refuse(Rule::Undecided, "a payment is on its way", actor));
        }
        Ok(())
    }

    /// Notes that a payment was begun.
    pub(crate) fn payment_begun(mut self, payment: &Transaction) -> Decision<Self> {
        let booking = &mut self.0.payment;
        booking.status = PaymentStatus::Pending;
        booking.transaction = Some(payment.id);
        booking.method = Some(payment.method);
        booking.on_hold = payment.is_under_review();
        Decision::new(self).event(BookingEvent::BookingUpdated)
    }

    /// Notes that the money is held. A booking that waited for it goes on to `paid`.
    pub(crate) fn payment_held(
        mut self,
        payment: &Transaction,
        context: &Context<'_>,
    ) -> Result<Decision<Self>> {
        let amount = payment.amount.gross;
        let booking = &mut self.0.payment;
        booking.status = PaymentStatus::Held;
        booking.transaction = Some(payment.id);
        booking.method = Some(payment.method);
        booking.held = true;
        booking.on_hold = payment.is_under_review();
        booking.paid_at = Some(context.now);
        booking.withholding = Some(payment.amount.tax);
        let customer = self.customer;
        Decision::new(self)
            .count(Some(customer), StatsDelta { spent: Some(amount), ..StatsDelta::default() })
            .event(BookingEvent::BookingPaymentReceived { amount })
            .walk_on(context)
    }

    /// Notes that a payment did not come.
    pub(crate) fn payment_failed(mut self, payment: Id<Transaction>) -> Decision<Self> {
        if self.awaits_payment(payment) {
            self.0.payment.status = PaymentStatus::Failed;
            return Decision::new(self).event(BookingEvent::BookingUpdated);
        }
        Decision::new(self)
    }

    /// Notes what became of its payment: what was given back, what is held, what a person has to look at.
    pub(crate) fn payment_changed(mut self, payment: &Transaction) -> Result<Decision<Self>> {
        let booking = &mut self.0.payment;
        let before = (booking.status, booking.held, booking.on_hold);
        booking.held = payment.escrow.held;
        booking.on_hold = payment.is_under_review();
        booking.status = match payment.status {
            TransactionStatus::Refunded => PaymentStatus::Refunded,
            TransactionStatus::PartiallyRefunded if !payment.refunded()?.is_zero() => {
                PaymentStatus::PartiallyRefunded
            }
            TransactionStatus::Completed | TransactionStatus::PartiallyRefunded if payment.escrow.held => {
                PaymentStatus::Held
            }
            TransactionStatus::Completed | TransactionStatus::PartiallyRefunded => PaymentStatus::Completed,
            _ => booking.status,
        };
        let changed = before != (booking.status, booking.held, booking.on_hold);
        let decision = Decision::new(self);
        Ok(if changed { decision.event(BookingEvent::BookingUpdated) } else { decision })
    }

    /// Gives the held money to its receivers: the system once the time for a dispute by right has passed, an admin earlier.
    ///
    /// # Errors
    /// [`Rule::TooEarly`] for the system; [`Rule::Transition`] while the booking is disputed, or before the work is done;
    /// [`Rule::AlreadyDecided`] where nothing is held; [`Rule::UnderReview`];
    /// [`Error::Forbidden`](crate::kernel::Error::Forbidden) for others than an admin.
    pub fn release_escrow(self, context: &Context<'_>) -> Result<Decision<Self>> {
        let actor = &context.actor;
        self.require_party(&[Party::System, Party::Admin], actor)?;
        self.require_status(
            &[
                BookingStatus::Completed,
                BookingStatus::Verified,
                BookingStatus::PaymentPending,
                BookingStatus::Paid,
            ],
            "a release",
            actor,
        )?;
        if context.actor.id().is_none() && self.release_due(context.policy).is_none_or(|at| context.now < at)
        {
            return Err(self.refuse(Rule::TooEarly, "the money is held for a while yet", actor));
        }
        match context.payment.filter(|payment| payment.escrow.held) {
            Some(payment) => {
                let released = payment.value.clone().release(context)?;
                Decision::new(self).with_payment(payment, released, context)
            }
            None => Err(self.refuse(Rule::AlreadyDecided, "nothing is held for this booking", actor)),
        }
    }

    /// The technician confirms that the customer has paid in cash. The technician has the whole sum in hand, so the others' shares of
    /// it become the technician's debt.
    ///
    /// # Errors
    /// [`Rule::Transition`] unless the payment is awaited; [`Rule::PaymentMethod`] unless it is paid in cash; [`Rule::Undecided`] while
    /// another payment is on its way; [`Error::Forbidden`](crate::kernel::Error::Forbidden) for others than the technician and the staff.
    pub fn cash_received(mut self, context: &Context<'_>) -> Result<Decision<Self>> {
        let actor = &context.actor;
        self.require_party(&[Party::Technician, Party::Admin, Party::Support], actor)?;
        self.require_status(&[BookingStatus::PaymentPending], "payment", actor)?;
        if self.payment.method.is_some_and(|method| method != PaymentMethod::Cash) {
            return Err(self.refuse(Rule::PaymentMethod, "this booking is not paid in cash", actor));
        }
        if context.payment.is_some_and(|payment| payment.status.is_open()) {
            return Err(self.refuse(Rule::Undecided, "another payment is on its way", actor));
        }
        let technician = self.payee(context)?;
        let shares = context.policy.pricing.fees.shares(&self.pricing)?;
        let parties = (self.id, self.payer(), technician);
        let paid = Transaction::paid_in_cash(parties, shares, context)?;
        let total = self.pricing.total;
        self.0.payment.method = Some(PaymentMethod::Cash);
        self.0.payment.status = PaymentStatus::Completed;
        self.0.payment.transaction = Some(paid.next.id);
        self.0.payment.paid_at = Some(context.now);
        self.0.payment.withholding = Some(shares.withholding);
        let customer = self.customer;
        Decision::new(self)
            .count(Some(customer), StatsDelta { spent: Some(total), ..StatsDelta::default() })
            .event(BookingEvent::BookingPaymentReceived { amount: total })
            .with(None, paid, context)
            .walk_on(context)
    }

    /// What of a payment has come in and was not given back.
    #[must_use]
    pub fn captured(&self) -> Money {
        if !self.payment.status.is_settled() {
            return Money::zero(self.pricing.currency());
        }
        let resolution = self.dispute.as_ref().and_then(|dispute| dispute.resolution.as_ref());
        match resolution.map(|resolution| resolution.outcome) {
            Some(DisputeOutcome::PartialRefund(back)) => {
                self.pricing.total.checked_sub(back).unwrap_or(self.pricing.total)
            }
            Some(DisputeOutcome::FullRefund | DisputeOutcome::Release) | None => self.pricing.total,
        }
    }

    pub(super) fn payee(&self, context: &Context<'_>) -> Result<Id<User>> {
        let missing = || self.refuse(Rule::NotEligible, "no technician did this work", &context.actor);
        self.technician.ok_or_else(missing)
    }

    /// Who owes what the customer owes: the company, where there is one.
    #[must_use]
    pub fn payer(&self) -> Id<User> {
        self.corporate.as_ref().map_or(self.customer, |corporate| corporate.company)
    }
}

impl Decision<Booking> {
    /// Puts what happens to the booking's payment into the same commit, and notes it on the booking.
    pub(super) fn with_payment(
        self,
        over: &Stored<Transaction>,
        payment: Decision<Transaction>,
        context: &Context<'_>,
    ) -> Result<Self> {
        let next = payment.next.clone();
        self.and_then(|booking| booking.payment_changed(&next))
            .map(|decision| decision.with(Some(over), payment, context))
    }

    /// Ends the money of a cancelled booking: the fee is taken from what is held, and stands as the customer's debt where nothing is; all
    /// else goes back.
    pub(super) fn end_payment(self, fee: Money, context: &Context<'_>) -> Result<Self> {
        let platform = self.platform_share_of(fee)?;
        let Some(payment) = context.payment else {
            return self.post_cancellation_fee(fee, platform, context);
        };
        if payment.wants_sending() && payment.gateway.attempts == 0 && payment.status.is_open() {
            let withdrawn = payment.value.clone().withdraw("the booking was cancelled", context)?;
            let decision = self.with(Some(payment), withdrawn, context);
            return decision.post_cancellation_fee(fee, platform, context);
        }
        let captured = payment.captured()?;
        if !payment.escrow.held {
            return self.post_cancellation_fee(fee, platform, context);
        }
        if captured.amount() < fee.amount() {
            let rest = fee.checked_sub(captured)?;
            let (held_share, rest_share) = (self.platform_share_of(captured)?, self.platform_share_of(rest)?);
            let ended = payment.value.clone().cancel_held(captured, held_share, context)?;
            return self
                .with_payment(payment, ended, context)?
                .post_cancellation_fee(rest, rest_share, context);
        }
        let ended = payment.value.clone().cancel_held(fee, platform, context)?;
        let (customer, after) = (self.next.customer, ended.next.clone());
        let ended = ended.count_returned(Some(customer), (payment, &after))?;
        self.with_payment(payment, ended, context)
    }

    /// What of a cancellation fee the platform keeps.
    fn platform_share_of(&self, fee: Money) -> Result<Money> {
        let share = self.next.cancellation_policy.platform_share;
        Ok(fee.checked_mul(share.factor())?.round_price(Rounding::HalfAwayFromZero))
    }

    /// Posts a cancellation fee that stands as the customer's debt: the platform keeps its share, the technician has the rest.
    fn post_cancellation_fee(self, fee: Money, platform: Money, context: &Context<'_>) -> Result<Self> {
        let Some(technician) = self.next.technician else {
            return Ok(self);
        };
        let postings = [
            (Account::Receivable(self.next.payer()), fee.negated()),
            (Account::PlatformRevenue, platform),
            (Account::Payable(technician), fee.checked_sub(platform)?),
        ];
        self.post("cancellation fee", context, postings)
    }

    /// Moves the money of a decided dispute: so much goes back to who paid, all else to its receivers. A payment of the earlier
    /// application that no transaction tells of was paid in cash.
    pub(super) fn resolve_payment(self, back: Money, context: &Context<'_>) -> Result<Self> {
        let Some(payment) = context.payment.filter(|payment| payment.status.is_settled()) else {
            return if back.is_zero() { Ok(self) } else { self.post_cash_refund(back, context) };
        };
        let resolved = payment.value.clone().resolve(back, context)?;
        let customer = self.next.customer;
        let after = resolved.next.clone();
        let resolved = resolved.count_returned(Some(customer), (payment, &after))?;
        self.with_payment(payment, resolved, context)
    }

    /// Posts the return of a cash payment that has no transaction, or of a part of it, into the wallet of who pays: the company's, where
    /// there is one. Every party gives back its part.
    fn post_cash_refund(self, amount: Money, context: &Context<'_>) -> Result<Self> {
        if self.next.payment.method != Some(PaymentMethod::Cash) {
            let message = "no transaction tells how this booking was paid, and what to give back";
            return Err(self.next.refuse(Rule::PaymentMethod, message, &context.actor));
        }
        let technician = self.next.payee(context)?;
        let (customer, payer) = (self.next.customer, self.next.payer());
        let pricing = &self.next.pricing;
        // The rates may have changed since; what is given back is what was taken.
        let shares = match self.next.payment.withholding {
            Some(withholding) => Shares::withholding(withholding, pricing)?,
            None => context.policy.pricing.fees.shares(pricing)?,
        };
        let [payout, platform, processing, withholding] = shares.portions_of(amount)?;
        self.count(Some(customer), StatsDelta { spent: Some(amount.negated()), ..StatsDelta::default() })
            .count(Some(technician), StatsDelta { earned: Some(payout.negated()), ..StatsDelta::default() })
            .post(
                "cash refund",
                context,
                [
                    (Account::Wallet(payer), amount),
                    (Account::Payable(technician), payout.negated()),
                    (Account::PlatformRevenue, platform.negated()),
                    (Account::ProcessingRevenue, processing.negated()),
                    (Account::WithholdingPayable, withholding.negated()),
                ],
            )
    }
}
