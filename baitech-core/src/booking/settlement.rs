//! The money of a booking: how it is paid, and where the money goes when the booking ends.

use super::{Booking, BookingEvent, BookingStatus, Context, DisputeOutcome, Party, PaymentStatus};
use crate::{
    account::{StatsDelta, User},
    decide::Decision,
    kernel::{Actor, Id, Money, Rate, Result, Rounding, Rule},
    ledger::Account,
    pricing::Shares,
    store::Stored,
    transaction::{PaidBooking, PaymentMethod, Transaction},
};

impl Booking {
    /// The amount still to pay; negative if more was paid than the booking costs.
    #[must_use]
    pub fn owed(&self) -> Money {
        let total = self.pricing.total;
        // The earlier application recorded only that a booking is paid, not how much.
        let came_in = self.payment.paid.filter(|paid| paid.currency() == total.currency()).unwrap_or(total);
        let came_in = if self.payment.status.is_settled() { came_in } else { Money::zero(total.currency()) };
        total.checked_sub(came_in).unwrap_or(total)
    }

    /// Whether the booking awaits this payment now.
    #[must_use]
    pub fn awaits_payment(&self, transaction: Id<Transaction>) -> bool {
        self.awaited_payment() == Some(transaction)
    }

    fn awaited_payment(&self) -> Option<Id<Transaction>> {
        let expected = if self.payment.status.is_settled() {
            self.payment.supplements.last().copied()
        } else {
            self.payment.transaction
        };
        expected.filter(|_| self.could_be_paid())
    }

    /// The state of the booking, as far as decisions on its transactions depend on it.
    #[must_use]
    pub fn as_paid(&self) -> PaidBooking {
        PaidBooking {
            awaits: self.awaited_payment(),
            stakeholders: [Some(self.customer), self.technician, self.company()],
            is_disputed: self.status == BookingStatus::Disputed,
            has_ended: matches!(self.status, BookingStatus::Cancelled | BookingStatus::Refunded),
        }
    }

    /// Whether the booking's status allows payment and an amount is owed.
    fn could_be_paid(&self) -> bool {
        self.status.can_be_paid() && !self.is_paid_up() && self.payment.status != PaymentStatus::Refunded
    }

    /// Fails unless this actor can pay the booking now.
    ///
    /// # Errors
    /// [`Rule::TRANSITION`] before a technician has accepted, or once the booking has ended;
    /// [`Rule::ALREADY_DECIDED`] if it is paid; [`Rule::UNDECIDED`] while a payment is in progress;
    /// [`Error::Forbidden`](crate::kernel::Error::Forbidden) unless the actor is the customer, the company or
    /// staff.
    pub fn require_payable(&self, context: &Context<'_>) -> Result<()> {
        let actor = &context.actor;
        self.require_party(&[Party::Customer, Party::Admin, Party::Support], actor)?;
        if self.payment.status.is_settled() && self.is_paid_up() {
            return Err(self.refuse(Rule::ALREADY_DECIDED, "the booking is already paid", actor));
        }
        if !self.could_be_paid() {
            let message = format!("no payment is due while the booking is {}", self.status);
            return Err(self.refuse(Rule::TRANSITION, message, actor));
        }
        if context.inputs.has_open_payment() {
            let message = "a payment is in progress; wait for its outcome, or withdraw it if it awaits you";
            return Err(self.refuse(Rule::UNDECIDED, message, actor));
        }
        Ok(())
    }

    /// The shares of the amount still to pay: the shares of the price, less what earlier payments have
    /// brought to each.
    ///
    /// # Errors
    /// Errors of money arithmetic.
    pub(crate) fn owed_shares(&self, context: &Context<'_>) -> Result<Shares> {
        let shares = context.policy.pricing.fees.shares(&self.pricing)?;
        let settled = context.inputs.payments.iter().filter(|payment| payment.status.is_settled());
        let brought = settled.map(|payment| payment.amount.shares());
        Ok(brought.into_iter().try_fold(shares, Shares::checked_sub)?)
    }

    /// Records that a payment was begun.
    pub(crate) fn payment_begun(mut self, payment: &Transaction) -> Decision<Self> {
        let booking = &mut self.0.payment;
        if booking.status.is_settled() {
            booking.supplements.push(payment.id);
            booking.on_hold |= payment.is_under_review();
        } else {
            booking.status = PaymentStatus::Pending;
            booking.transaction = Some(payment.id);
            // A review of an earlier attempt does not hold this one.
            booking.on_hold = payment.is_under_review();
        }
        Decision::new(self).event(BookingEvent::BookingUpdated)
    }

    /// Records that the payment is held. A booking that awaited it advances to `paid`.
    pub(crate) fn payment_held(
        mut self,
        payment: &Transaction,
        context: &Context<'_>,
    ) -> Result<Decision<Self>> {
        let amount = payment.amount.gross;
        let booking = &mut self.0.payment;
        if booking.status.is_settled() {
            let before = booking.paid.unwrap_or(Money::zero(amount.currency()));
            booking.paid = Some(before.checked_add(amount)?);
            let withheld = booking.withholding.unwrap_or(Money::zero(amount.currency()));
            booking.withholding = Some(withheld.checked_add(payment.amount.tax)?);
            booking.on_hold |= payment.is_under_review();
        } else {
            booking.status = PaymentStatus::Held;
            booking.transaction = Some(payment.id);
            booking.method = Some(payment.method);
            booking.paid = Some(amount);
            booking.withholding = Some(payment.amount.tax);
            booking.on_hold = payment.is_under_review();
        }
        booking.held = true;
        booking.paid_at = Some(context.now);
        let customer = self.customer;
        Decision::new(self)
            .count(Some(customer), StatsDelta { spent: Some(amount), ..StatsDelta::default() })
            .event(BookingEvent::BookingPaymentReceived { amount })
            .adjust_commission(context)?
            .follow_automatic_steps(context)
    }

    /// Records that a payment failed.
    pub(crate) fn payment_failed(mut self, payment: Id<Transaction>) -> Decision<Self> {
        if !self.awaits_payment(payment) {
            return Decision::new(self);
        }
        if self.payment.status.is_settled() {
            self.0.payment.supplements.retain(|supplement| *supplement != payment);
        } else {
            self.0.payment.status = PaymentStatus::Failed;
        }
        Decision::new(self).event(BookingEvent::BookingUpdated)
    }

    /// Records the state of the booking's payments: what was refunded, what is held, what needs manual
    /// review.
    pub(crate) fn payments_changed<'a>(
        mut self,
        payments: impl IntoIterator<Item = &'a Transaction>,
    ) -> Result<Decision<Self>> {
        let currency = self.pricing.currency();
        let (mut captured, mut refunded) = (Money::zero(currency), Money::zero(currency));
        let (mut settled, mut held, mut on_hold) = (false, false, false);
        for payment in payments {
            let counts = payment.status.is_open() || payment.status.is_settled();
            on_hold |= counts && payment.is_under_review();
            if payment.status.is_settled() && payment.amount.currency() == currency {
                settled = true;
                held |= payment.escrow.held;
                captured = captured.checked_add(payment.captured()?)?;
                refunded = refunded.checked_add(payment.refunded()?)?;
            }
        }
        let booking = &mut self.0.payment;
        let before = (booking.status, booking.held, booking.on_hold);
        (booking.held, booking.on_hold) = (held, on_hold);
        let is_unpaid = matches!(booking.status, PaymentStatus::Pending | PaymentStatus::Failed);
        if settled && is_unpaid && captured.is_zero() {
            // A payment that was returned before it was held, such as one that staff refused, never paid the
            // booking, which still awaits a payment.
            booking.status = PaymentStatus::Failed;
        } else if settled {
            booking.status = match (captured.is_zero(), refunded.is_zero(), held) {
                (true, _, _) => PaymentStatus::Refunded,
                (false, false, _) => PaymentStatus::PartiallyRefunded,
                (false, true, true) => PaymentStatus::Held,
                (false, true, false) => PaymentStatus::Completed,
            };
        }
        let changed = before != (booking.status, booking.held, booking.on_hold);
        let decision = Decision::new(self);
        Ok(if changed { decision.event(BookingEvent::BookingUpdated) } else { decision })
    }

    /// Releases the escrowed money to its recipients. The system may do so once the dispute window has
    /// passed, an admin earlier.
    ///
    /// # Errors
    /// [`Rule::TOO_EARLY`] for the system; [`Rule::TRANSITION`] while the booking is disputed, or before the
    /// work is done; [`Rule::ALREADY_DECIDED`] if nothing is held; [`Rule::UNDER_REVIEW`];
    /// [`Error::Forbidden`](crate::kernel::Error::Forbidden) unless the actor is an admin.
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
            "releasing the money",
            actor,
        )?;
        let by_itself = *actor == Actor::System;
        if by_itself && self.release_due(context.policy).is_none_or(|at| context.now < at) {
            return Err(self.refuse(Rule::TOO_EARLY, "the time for disputes is not over", actor));
        }
        if !context.inputs.payments.iter().any(|payment| payment.escrow.held) {
            return Err(self.refuse(Rule::ALREADY_DECIDED, "no money is held for the booking", actor));
        }
        Decision::new(self).with_payments(context, |payment, _| {
            if payment.escrow.held {
                payment.release(&context.for_transactions()).map(Some)
            } else {
                Ok(None)
            }
        })
    }

    /// The technician confirms that the customer has paid in cash. The technician has the whole sum, so the
    /// shares of the others become the technician's debt. A payment not yet sent to a provider, or still
    /// waiting for its payer, is withdrawn.
    ///
    /// # Errors
    /// [`Rule::TRANSITION`] unless the payment is awaited; [`Rule::PAYMENT_METHOD`] unless it is paid in
    /// cash; [`Rule::UNDECIDED`] while another payment is in progress;
    /// [`Error::Forbidden`](crate::kernel::Error::Forbidden) unless the actor is the technician or staff.
    pub fn cash_received(self, context: &Context<'_>) -> Result<Decision<Self>> {
        let actor = &context.actor;
        self.require_party(&[Party::Technician, Party::Admin, Party::Support], actor)?;
        self.require_status(&[BookingStatus::PaymentPending], "confirming a cash payment", actor)?;
        if self.payment.method.is_some_and(|method| method != PaymentMethod::Cash) {
            return Err(self.refuse(Rule::PAYMENT_METHOD, "the booking is not paid in cash", actor));
        }
        let pending = |payment: &Stored<Transaction>| payment.status.is_open() && !payment.is_withdrawable();
        if context.inputs.payments.iter().any(pending) {
            return Err(self.refuse(Rule::UNDECIDED, "another payment is in progress", actor));
        }
        let withdrawn = Decision::new(self).with_payments(context, |payment, _| {
            if !payment.status.is_open() {
                return Ok(None);
            }
            payment.withdraw("the booking was paid in cash", &context.for_transactions()).map(Some)
        })?;
        withdrawn.and_then(|booking| booking.paid_in_cash(context))
    }

    fn paid_in_cash(mut self, context: &Context<'_>) -> Result<Decision<Self>> {
        let technician = self.payee(context)?;
        let shares = context.policy.pricing.fees.shares(&self.pricing)?;
        let parties = (self.id, self.payer(), technician);
        let paid = Transaction::paid_in_cash(parties, shares, &context.for_transactions())?;
        let total = self.pricing.total;
        self.0.payment.method = Some(PaymentMethod::Cash);
        self.0.payment.status = PaymentStatus::Completed;
        self.0.payment.transaction = Some(paid.next.id);
        self.0.payment.paid = Some(total);
        self.0.payment.paid_at = Some(context.now);
        self.0.payment.withholding = Some(shares.withholding);
        let customer = self.customer;
        Decision::new(self)
            .count(Some(customer), StatsDelta { spent: Some(total), ..StatsDelta::default() })
            .event(BookingEvent::BookingPaymentReceived { amount: total })
            .with(None, paid, &context.for_transactions())
            .adjust_commission(context)?
            .follow_automatic_steps(context)
    }

    /// The amount received and not refunded.
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

    /// The amount received and not refunded: by the transactions, or by the booking itself if it has none.
    pub(super) fn captured_of(&self, context: &Context<'_>) -> Result<Money> {
        if context.inputs.payments.is_empty() {
            return Ok(self.captured());
        }
        let captured = context.inputs.payments.iter().map(|payment| payment.captured());
        captured
            .into_iter()
            .try_fold(Money::zero(self.pricing.currency()), |sum, captured| Ok(sum.checked_add(captured?)?))
    }

    pub(super) fn payee(&self, context: &Context<'_>) -> Result<Id<User>> {
        let missing = || self.refuse(Rule::NOT_ELIGIBLE, "the booking has no technician", &context.actor);
        self.technician.ok_or_else(missing)
    }

    /// The debtor of the booking: the company, if there is one, otherwise the customer.
    #[must_use]
    pub fn payer(&self) -> Id<User> {
        self.corporate.as_ref().map_or(self.customer, |corporate| corporate.company)
    }
}

impl Decision<Booking> {
    /// Decides on each of the booking's payments in the same commit, and records the result on the booking.
    /// `decide` gets a payment and its index; `None` leaves the payment unchanged.
    pub(super) fn with_payments(
        self,
        context: &Context<'_>,
        mut decide: impl FnMut(Transaction, usize) -> Result<Option<Decision<Transaction>>>,
    ) -> Result<Self> {
        let mut decided = Vec::with_capacity(context.inputs.payments.len());
        for (place, payment) in context.inputs.payments.iter().enumerate() {
            let of_booking = payment.value.clone().for_work_of(self.next.technician);
            decided.push((payment, decide(of_booking, place)?));
        }
        let next: Vec<Transaction> = decided
            .iter()
            .map(|(payment, decision)| {
                decision.as_ref().map_or_else(|| payment.value.clone(), |decision| decision.next.clone())
            })
            .collect();
        let recorded = self.and_then(|booking| booking.payments_changed(&next))?;
        Ok(decided.into_iter().fold(recorded, |decision, (payment, decided)| match decided {
            Some(decided) => decision.with(Some(payment), decided, &context.for_transactions()),
            None => decision,
        }))
    }

    /// Settles the payments of a cancelled booking. The fee is taken from the held money, and becomes the
    /// customer's debt if nothing is held; the rest is refunded. A booking whose payment is contested with
    /// the bank cannot be cancelled before the bank has decided.
    pub(super) fn end_payment(self, fee: Money, context: &Context<'_>) -> Result<Self> {
        let share = self.next.cancellation_policy.platform_share;
        let customer = self.next.customer;
        let mut left = fee;
        let decision = self.with_payments(context, |payment, _| {
            if payment.is_withdrawable() {
                return payment.withdraw("the booking was cancelled", &context.for_transactions()).map(Some);
            }
            if !payment.escrow.held {
                return Ok(None);
            }
            let captured = payment.captured()?;
            let taken = captured.try_min(left)?;
            left = left.checked_sub(taken)?;
            let before = payment.clone();
            let ended = payment.cancel_held(taken, share_of(taken, share)?, &context.for_transactions())?;
            let after = ended.next.clone();
            ended.count_returned(Some(customer), (&before, &after)).map(Some)
        })?;
        decision.post_cancellation_fee(left, share_of(left, share)?, context)
    }

    /// Posts a cancellation fee as the customer's debt: the platform keeps its share, and the technician gets
    /// the rest.
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

    /// Moves the money of a resolved dispute: `back` is refunded to the payer, the rest is released to its
    /// recipients. A payment of the earlier application without a transaction was paid in cash.
    pub(super) fn resolve_payment(self, back: Money, context: &Context<'_>) -> Result<Self> {
        if !context.inputs.payments.iter().any(|payment| payment.status.is_settled()) {
            return if back.is_zero() { Ok(self) } else { self.post_cash_refund(back, context) };
        }
        // The last payment is refunded first.
        let mut shares = Vec::with_capacity(context.inputs.payments.len());
        let mut left = back;
        for payment in context.inputs.payments.iter().rev() {
            let captured = payment.captured()?;
            let part = captured.try_min(left)?;
            left = left.checked_sub(part)?;
            shares.push(part);
        }
        shares.reverse();
        let customer = self.next.customer;
        self.with_payments(context, |payment, place| {
            let part = shares.get(place).copied().filter(|_| payment.status.is_settled());
            let Some(part) = part else { return Ok(None) };
            let before = payment.clone();
            let resolved = payment.resolve(part, &context.for_transactions())?;
            let after = resolved.next.clone();
            resolved.count_returned(Some(customer), (&before, &after)).map(Some)
        })
    }

    /// Posts a full or partial refund of a cash payment without a transaction into the payer's wallet: the
    /// company's, if there is one. Every party returns its part.
    fn post_cash_refund(self, amount: Money, context: &Context<'_>) -> Result<Self> {
        if self.next.payment.method != Some(PaymentMethod::Cash) {
            let message = "the booking has no transaction that shows how it was paid";
            return Err(self.next.refuse(Rule::PAYMENT_METHOD, message, &context.actor));
        }
        let technician = self.next.payee(context)?;
        let (customer, payer) = (self.next.customer, self.next.payer());
        let pricing = &self.next.pricing;
        // The rates may have changed since; the refund uses the amount that was withheld.
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

/// The platform's share of a cancellation fee.
fn share_of(fee: Money, share: Rate) -> Result<Money> {
    Ok(fee.checked_mul(share.factor())?.round_price(Rounding::HalfAwayFromZero))
}
