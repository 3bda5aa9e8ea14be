use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::kernel::Money;

/// Counts over a user's bookings. They are raised by the commits that they count
/// ([`Tally`](crate::store::Tally)).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserStats {
    /// Bookings that came to be accepted.
    pub total_bookings: u32,
    /// Of these, done.
    pub completed_bookings: u32,
    /// Of these, given up by this user, or for want of this user.
    pub cancelled_bookings: u32,
    /// Earned, all in all.
    pub total_earnings: Option<Money>,
    /// Spent, all in all.
    pub total_spent: Option<Money>,
    /// Minutes until an offer is answered, on average; as the earlier application left it.
    pub response_minutes: Option<Decimal>,
    /// Arrivals at a job.
    #[serde(default)]
    pub arrivals: u32,
    /// Of these, late.
    #[serde(default)]
    pub late_arrivals: u32,
}

impl UserStats {
    /// The share of finished bookings that were completed, 0 to 1; `None` without history.
    #[must_use]
    pub fn completion_rate(&self) -> Option<f64> {
        let finished = self.completed_bookings.saturating_add(self.cancelled_bookings);
        (finished > 0).then(|| f64::from(self.completed_bookings) / f64::from(finished))
    }

    /// The share of arrivals that were in time, 0 to 1; `None` without history.
    #[must_use]
    pub fn punctuality(&self) -> Option<f64> {
        let in_time = self.arrivals.saturating_sub(self.late_arrivals);
        (self.arrivals > 0).then(|| f64::from(in_time) / f64::from(self.arrivals))
    }

    /// Counts more. A sum stays in the currency that it was begun in: money of another is not counted.
    pub fn add(&mut self, delta: &StatsDelta) {
        let StatsDelta { total, completed, cancelled, arrivals, late_arrivals, earned, spent } = *delta;
        for (count, more) in [
            (&mut self.total_bookings, total),
            (&mut self.completed_bookings, completed),
            (&mut self.cancelled_bookings, cancelled),
            (&mut self.arrivals, arrivals),
            (&mut self.late_arrivals, late_arrivals),
        ] {
            *count = count.saturating_add(more);
        }
        add_money(&mut self.total_earnings, earned);
        add_money(&mut self.total_spent, spent);
    }
}

fn add_money(sum: &mut Option<Money>, more: Option<Money>) {
    let Some(more) = more else {
        return;
    };
    let before = sum.filter(|sum| !sum.is_zero()).unwrap_or(Money::zero(more.currency()));
    if let Ok(after) = before.checked_add(more) {
        *sum = Some(after);
    }
}

/// What is to be added to a user's counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StatsDelta {
    /// To [`UserStats::total_bookings`].
    pub total: u32,
    /// To [`UserStats::completed_bookings`].
    pub completed: u32,
    /// To [`UserStats::cancelled_bookings`].
    pub cancelled: u32,
    /// To [`UserStats::arrivals`].
    pub arrivals: u32,
    /// To [`UserStats::late_arrivals`].
    pub late_arrivals: u32,
    /// To [`UserStats::total_earnings`]; below zero for what is given back.
    pub earned: Option<Money>,
    /// To [`UserStats::total_spent`]; below zero for what is given back.
    pub spent: Option<Money>,
}

impl StatsDelta {
    /// Adds another's counts to these. Money of another currency than these have is left out, as it would be
    /// on the user.
    pub fn merge(&mut self, other: &Self) {
        let Self { total, completed, cancelled, arrivals, late_arrivals, earned, spent } = *other;
        for (count, more) in [
            (&mut self.total, total),
            (&mut self.completed, completed),
            (&mut self.cancelled, cancelled),
            (&mut self.arrivals, arrivals),
            (&mut self.late_arrivals, late_arrivals),
        ] {
            *count = count.saturating_add(more);
        }
        add_money(&mut self.earned, earned);
        add_money(&mut self.spent, spent);
    }
}
