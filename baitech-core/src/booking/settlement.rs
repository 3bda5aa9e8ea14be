//! The money of a booking: what is posted when it is paid, given up or given back.

use super::{
    Booking, BookingEvent, BookingStatus, Context, DisputeOutcome, Party, PaymentMethod, PaymentStatus,
};
use crate::{
    account::{StatsDelta, User},
    decide::Decision,
    kernel::{Id, Money, Result, Rule},
    ledger::Account,
    pricing::Shares,
};

impl Booking {
    /// The technician confirms that the customer has paid in cash. The technician has the whole sum in hand, so the others' shares of
    /// it become the technician's debt.
    ///
    /// # Errors
    /// [`Rule::Transition`] unless the payment is awaited; [`Rule::PaymentMethod`] unless it is paid in cash;
    /// [`Error::Forbidden`](crate::kernel::Error::Forbidden) for others than the technician and the staff.
    pub fn cash_received(mut self, context: &Context<'_>) -> Result<Decision<Self>> {
        let actor = &context.actor;
        self.require_party(&[Party::Technician, Party::Admin, Party::Support], actor)?;
        self.require_status(&[BookingStatus::PaymentPending], "payment", actor)?;
        if self.payment.method.is_some_and(|method| method != PaymentMethod::Cash) {
            return Err(self.refuse(Rule::PaymentMethod, "this booking is not paid in cash", actor));
        }
        let total = self.pricing.total;
        let shares = context.policy.pricing.fees.shares(&self.pricing)?;
        let technician = self.payee(context)?;
        self.0.payment.method = Some(PaymentMethod::Cash);
        self.0.payment.status = PaymentStatus::Completed;
        self.0.payment.paid_at = Some(context.now);
        let Shares { payout, platform, processing, withholding } = shares;
        self.0.payment.withholding = Some(withholding);
        let debt = payout.checked_sub(total)?;
        let customer = self.customer;
        Decision::new(self)
            .count(Some(customer), StatsDelta { spent: Some(total), ..StatsDelta::default() })
            .count(Some(technician), StatsDelta { earned: Some(payout), ..StatsDelta::default() })
            .event(BookingEvent::BookingPaymentReceived { amount: total })
            .post(
                "cash payment",
                context,
                [
                    (Account::Payable(technician), debt),
                    (Account::PlatformRevenue, platform),
                    (Account::ProcessingRevenue, processing),
                    (Account::WithholdingPayable, withholding),
                ],
            )?
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
    pub(super) fn payer(&self) -> Id<User> {
        self.corporate.as_ref().map_or(self.customer, |corporate| corporate.company)
    }
}

impl Decision<Booking> {
    /// Posts a cancellation fee that stands as the customer's debt: the platform keeps its share, the technician has the rest.
    pub(super) fn post_cancellation_fee(self, fee: Money, context: &Context<'_>) -> Result<Self> {
        let Some(technician) = self.next.technician else {
            return Ok(self);
        };
        let share = self.next.cancellation_policy.platform_share;
        let platform =
            fee.checked_mul(share.factor())?.round_price(crate::kernel::Rounding::HalfAwayFromZero);
        let postings = [
            (Account::Receivable(self.next.payer()), fee.negated()),
            (Account::PlatformRevenue, platform),
            (Account::Payable(technician), fee.checked_sub(platform)?),
        ];
        self.post("cancellation fee", context, postings)
    }

    /// Posts the return of a cash payment, or of a part of it, into the wallet of who pays: the company's, where there is one. Every
    /// party gives back its part.
    pub(super) fn post_cash_refund(self, amount: Money, context: &Context<'_>) -> Result<Self> {
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
