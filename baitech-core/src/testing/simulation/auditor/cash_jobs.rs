//! Commission of jobs in cash: reserved from acceptance until the job is paid or ends, and within the limit
//! of the debt.

use std::collections::BTreeSet;

use super::{super::world::DEBT_LIMIT, Auditor, Finding, Verdict, books::add};
use crate::{
    account::User,
    booking::{ApprovalStatus, Booking, BookingPolicy, BookingStatus, PaymentMethod, PaymentStatus},
    kernel::{Currency, Id, Money},
    ledger::Account,
    testing::build,
};

impl Auditor {
    /// The technicians of these bookings have as much reserved as their open jobs in cash will make them owe,
    /// to the cent: nothing without such a job. `before` are the bookings as they were.
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
                    "{reserved} are reserved for open cash jobs of {technician}, {due} are due"
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

    /// All commission that is due for open jobs in cash.
    pub(super) fn reserved_for_cash_jobs(&self) -> Result<Money, Finding> {
        self.bookings()
            .try_fold(Money::zero(Currency::KES), |sum, booking| add(sum, commission_due(booking)?))
    }

    /// A technician owes no more than the limit, open jobs in cash included.
    fn check_debt(&self, technician: Id<User>) -> Verdict {
        let balance = |account| self.books.balance(account, Currency::KES);
        let sum = add(balance(Account::Payable(technician)), balance(Account::OpenCashJobs(technician)))?;
        if sum.negated().amount() > build::kes(DEBT_LIMIT).amount() {
            return Err(format!("{technician} may come to owe {}, and took another cash job", sum.negated()));
        }
        Ok(())
    }
}

/// What the technician of a booking will owe for it, by the document and the default fees.
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
