//! The commission that a technician will owe for a cash job. It counts towards the technician's debt limit
//! from acceptance on.

use super::{ApprovalStatus, Booking, BookingPolicy, BookingStatus, Context, PaymentStatus};
use crate::transaction::PaymentMethod;
use crate::{
    decide::Decision,
    kernel::{Money, Result},
    ledger::Account,
    pricing::Pricing,
};

impl BookingStatus {
    /// Whether a technician has accepted and the payment may still arrive.
    pub(super) const fn can_be_paid(self) -> bool {
        self.holds_time()
            || matches!(self, Self::Completed | Self::Verified | Self::PaymentPending | Self::Disputed)
    }
}

impl Booking {
    /// The commission that the technician would owe for this job at a price; zero unless it is paid in cash.
    pub(super) fn cash_commission(&self, pricing: &Pricing, policy: &BookingPolicy) -> Result<Money> {
        if self.payment.method != Some(PaymentMethod::Cash) {
            return Ok(Money::zero(pricing.currency()));
        }
        let commission = policy.pricing.fees.shares(pricing)?.commission()?;
        // Stored prices of the earlier application may have negative lines.
        Ok(if commission.is_negative() { Money::zero(commission.currency()) } else { commission })
    }

    /// The commission to reserve now; `None` once no commission can become due. A proposed higher price
    /// counts already, so that its approval cannot exceed the limit.
    fn commission_to_reserve(&self, policy: &BookingPolicy) -> Result<Option<Money>> {
        let is_unpaid = matches!(self.payment.status, PaymentStatus::Pending | PaymentStatus::Failed);
        let in_cash = self.payment.method == Some(PaymentMethod::Cash);
        if !(in_cash && is_unpaid && self.status.can_be_paid()) {
            return Ok(None);
        }
        let mut most = self.cash_commission(&self.pricing, policy)?;
        let proposed = self.price_change.as_ref().filter(|change| change.status == ApprovalStatus::Pending);
        if let Some(change) = proposed {
            let commission = self.cash_commission(&change.pricing, policy)?;
            if commission.exceeds(most)? {
                most = commission;
            }
        }
        Ok(Some(most))
    }
}

impl Decision<Booking> {
    /// Reserves the commission of an accepted cash job. The commit is refused with
    /// [`Rule::DEBT_LIMIT`](crate::kernel::Rule::DEBT_LIMIT) if the technician's debt would exceed the
    /// limit.
    pub(super) fn reserve_commission(mut self, context: &Context<'_>) -> Result<Self> {
        if self.next.payment.method == Some(PaymentMethod::Cash) {
            self.next.0.payment.reserved_commission = Some(Money::zero(self.next.pricing.currency()));
        }
        self.adjust_commission(context)
    }

    /// Adjusts the reserved commission after a change of status, payment or price. An increase is checked
    /// against the debt limit. Where nothing was reserved at acceptance, nothing is reserved later.
    pub(super) fn adjust_commission(mut self, context: &Context<'_>) -> Result<Self> {
        let Some(reserved) = self.next.payment.reserved_commission else {
            return Ok(self);
        };
        let technician = self.next.payee(context)?;
        let due = self.next.commission_to_reserve(context.policy)?;
        let rise = due.unwrap_or(Money::zero(reserved.currency())).checked_sub(reserved)?;
        self.next.0.payment.reserved_commission = due;
        if !rise.is_zero() && !rise.is_negative() {
            self.effects.bounds.push(context.policy.payment.debt_bound(technician));
        }
        let description = if due.is_some() { "commission reserved" } else { "commission no longer reserved" };
        let postings = [(Account::OpenCashJobs(technician), rise.negated()), (Account::OpenAmounts, rise)];
        self.post(description, context, postings)
    }
}
