//! Commission of cash jobs: reserved from acceptance until the job is paid or ends, and within the debt
//! limit.

use std::collections::BTreeSet;

use super::{super::world::DEBT_LIMIT, Auditor, Finding, Verdict, books::add};
use crate::{
    account::User,
    booking::{ApprovalStatus, Booking, BookingPolicy, BookingStatus, PaymentStatus},
    kernel::{Currency, Id, Money},
    ledger::Account,
    testing::build,
    transaction::PaymentMethod,
};

impl Auditor {
    /// Checks that the reservation of each technician equals the commission of the open cash jobs exactly.
    /// `before` holds the previous values of the bookings.
    pub(super) fn check_cash_jobs(&self, before: &[Option<Booking>], after: &[Booking]) -> Verdict {
        let technicians: BTreeSet<_> = after.iter().filter_map(|booking| booking.technician).collect();
        for technician in technicians {
            let mut due = Money::zero(Currency::KES);
            for booking in self.bookings().filter(|booking| booking.technician == Some(technician)) {
                due = add(due, commission_due(booking)?)?;
            }
            let reserved = self.books.balance(Account::OpenCashJobs(technician), Currency::KES).negated();
            if reserved != due {
                return Err(format!(
                    "{reserved} is reserved for open cash jobs of {technician}, {due} is due"
                ));
            }
        }
        for (before, after) in before.iter().zip(after) {
            let rises = commission_due(after)?.amount()
                > before.as_ref().map_or(Ok(Money::zero(Currency::KES)), commission_due)?.amount();
            if let Some(technician) = after.technician.filter(|_| rises) {
                self.check_debt(technician)?;
            }
        }
        Ok(())
    }

    /// The total commission of all open cash jobs.
    pub(super) fn reserved_for_cash_jobs(&self) -> Result<Money, Finding> {
        self.bookings()
            .try_fold(Money::zero(Currency::KES), |sum, booking| add(sum, commission_due(booking)?))
    }

    /// Checks that a technician's debt, including open cash jobs, is within the limit.
    fn check_debt(&self, technician: Id<User>) -> Verdict {
        let balance = |account| self.books.balance(account, Currency::KES);
        let sum = add(balance(Account::Payable(technician)), balance(Account::OpenCashJobs(technician)))?;
        if sum.negated().amount() > build::kes(DEBT_LIMIT).amount() {
            return Err(format!(
                "{technician} took another cash job with a possible debt of {}",
                sum.negated()
            ));
        }
        Ok(())
    }
}

/// The technician's commission for a booking, by the document and the default fees.
fn commission_due(booking: &Booking) -> Result<Money, Finding> {
    use BookingStatus::{
        Accepted, Arrived, Completed, Disputed, EnRoute, InProgress, Paused, PaymentPending, Verified,
    };
    let runs =
        [Accepted, EnRoute, Arrived, InProgress, Paused, Completed, Verified, PaymentPending, Disputed];
    let unpaid = matches!(booking.payment.status, PaymentStatus::Pending | PaymentStatus::Failed);
    let in_cash = booking.payment.method == Some(PaymentMethod::Cash);
    if !(in_cash && unpaid && runs.contains(&booking.status)) {
        return Ok(Money::zero(Currency::KES));
    }
    let proposed = booking.price_change.iter().filter(|change| change.status == ApprovalStatus::Pending);
    let mut most = Money::zero(Currency::KES);
    for pricing in proposed.map(|change| &change.pricing).chain([&booking.pricing]) {
        let fees = BookingPolicy::default().pricing.fees;
        let shares = fees.shares(pricing).map_err(|error| error.to_string())?;
        let kept = add(add(shares.platform, shares.processing)?, shares.withholding)?;
        if kept.amount() > most.amount() {
            most = kept;
        }
    }
    Ok(most)
}
