use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use super::User;
use crate::{
    decide::{Aggregate, Decision},
    kernel::{Id, Money},
    store::Tally,
};

/// Counts of a user's bookings. The commits that change the bookings also raise the counts
/// ([`Tally`](crate::store::Tally)).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UserStats {
    /// Bookings that were accepted.
    pub total_bookings: u32,
    /// The completed ones among them.
    pub completed_bookings: u32,
    /// The ones among them that this user cancelled or failed to attend.
    pub cancelled_bookings: u32,
    /// Total earnings.
    pub total_earnings: Option<Money>,
    /// Total spending.
    pub total_spent: Option<Money>,
    /// Average number of minutes until an offer is answered, as the earlier application computed it.
    pub response_minutes: Option<Decimal>,
    /// Arrivals at jobs.
    #[serde(default)]
    pub arrivals: u32,
    /// The late ones among them.
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

    /// The share of arrivals that were on time, 0 to 1; `None` without history.
    #[must_use]
    pub fn punctuality(&self) -> Option<f64> {
        let in_time = self.arrivals.saturating_sub(self.late_arrivals);
        (self.arrivals > 0).then(|| f64::from(in_time) / f64::from(self.arrivals))
    }

    /// Adds counts. A sum keeps its currency: money in another currency is ignored.
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

/// Amounts to add to a user's counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StatsDelta {
    /// Added to [`UserStats::total_bookings`].
    pub total: u32,
    /// Added to [`UserStats::completed_bookings`].
    pub completed: u32,
    /// Added to [`UserStats::cancelled_bookings`].
    pub cancelled: u32,
    /// Added to [`UserStats::arrivals`].
    pub arrivals: u32,
    /// Added to [`UserStats::late_arrivals`].
    pub late_arrivals: u32,
    /// Added to [`UserStats::total_earnings`]; negative for refunds.
    pub earned: Option<Money>,
    /// Added to [`UserStats::total_spent`]; negative for refunds.
    pub spent: Option<Money>,
}

impl StatsDelta {
    /// Adds another delta to this one. Money in another currency is ignored, like in [`UserStats::add`].
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

impl<A: Aggregate> Decision<A> {
    /// Adds a count on a user; nothing for `None`.
    pub(crate) fn count(mut self, user: Option<Id<User>>, add: StatsDelta) -> Self {
        self.effects.tallies.extend(user.map(|id| Tally::User { id, add }));
        self
    }
}
