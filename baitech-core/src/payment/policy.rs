use chrono::{DateTime, Datelike, Days, TimeDelta, TimeZone, Utc, Weekday};
use chrono_tz::Tz;

use crate::{
    account::TimeOfDay,
    booking::PaymentMethod,
    kernel::{Code, Currency, Money, Rate, after},
    policy::PolicyCheck,
};

/// Every number that payments go by. The defaults are the platform's; an embedder replaces what differs.
#[derive(Debug, Clone, PartialEq)]
pub struct PaymentPolicy {
    /// Held money is released so long after the booking is `paid`.
    pub release_after: TimeDelta,
    /// When, after it was sent, an operation without an answer is asked about.
    pub query_after: Vec<TimeDelta>,
    /// From then on it is asked about this often …
    pub query_every: TimeDelta,
    /// … until so long after it was sent. Then a payment counts as expired, and a payout or a refund is a
    /// person's to look into.
    pub query_for: TimeDelta,
    /// Above this, a payment that an unsigned call claims is confirmed by a query before it counts.
    pub confirm_above: Money,
    /// How often an operation that was not carried out (the subscriber was busy) is sent, all in all.
    pub max_attempts: u32,
    /// How long money that a provider has only set aside stays set aside.
    pub authorization_lifetime: TimeDelta,
    /// By which method batches pay.
    pub payout_method: PaymentMethod,
    /// Less than this is not paid out by a batch.
    pub payout_minimum: Money,
    /// What an instant payout costs, of the amount.
    pub instant_fee: Rate,
    /// On which day of the week batches are paid …
    pub settlement_day: Weekday,
    /// … and from which local time on, in the policy's zone.
    pub settlement_time: TimeOfDay,
    /// A technician who owes the platform more than this takes no more jobs that are paid in cash.
    pub debt_limit: Money,
    /// A company owes this at most for what it buys on credit.
    pub credit_limit: Money,
    /// A customer who owes more than this (cancellation fees) pays it before booking again. Companies
    /// have the credit limit instead.
    pub unpaid_fees_limit: Money,
    /// The most that a wallet holds.
    pub wallet_limit: Money,
    /// The most of a tip.
    pub tip_limit: Money,
    /// How long the lines and the findings of a provider's statement are kept. The counts of its
    /// reconciliation are kept for good.
    pub keep_statements_for: TimeDelta,
    /// How calls of providers are retried and kept.
    pub webhooks: super::WebhookPolicy,
    /// What is done with money that a provider moved back without our order.
    pub on_provider_move: OnProviderMove,
    /// What is done with a second receipt of one payment.
    pub on_second_receipt: OnSecondReceipt,
    /// Whom documents name as their issuer.
    pub issuer: super::Addressee,
}

/// What is done with money that a provider moved back without our order: a refund made on its own
/// page, a payout reversed there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum OnProviderMove {
    /// It is booked as a refund or as a payout that came back, by the rules of our own. What cannot
    /// be booked exactly, and what an unsigned call tells, waits for a person.
    #[default]
    Book,
    /// All of it waits for a person. Nothing of the transaction is released meanwhile.
    AskPerson,
}

/// What is done when a provider tells of a second receipt under the name of one payment.
///
/// One operation has one receipt. A second one is either a payer who has paid twice, or a call that
/// is not the provider's: mobile money does not sign its calls. The default lets no money out on
/// such a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum OnSecondReceipt {
    /// The money is kept apart as a payment of its own, until a person lets it into its payer's
    /// wallet or sends it back.
    #[default]
    Hold,
    /// The money goes back at once, through the provider.
    Refund,
}

impl Default for PaymentPolicy {
    fn default() -> Self {
        let kes = |shillings| Money::from_major(shillings, Currency::KES);
        Self {
            release_after: TimeDelta::hours(24),
            query_after: [75, 120, 300, 900].map(TimeDelta::seconds).to_vec(),
            query_every: TimeDelta::hours(1),
            query_for: TimeDelta::hours(24),
            confirm_above: kes(10_000),
            max_attempts: 3,
            authorization_lifetime: TimeDelta::days(7),
            payout_method: PaymentMethod::Mpesa,
            payout_minimum: kes(500),
            instant_fee: Rate::percent(1),
            settlement_day: Weekday::Mon,
            settlement_time: TimeOfDay::MIDNIGHT,
            debt_limit: kes(10_000),
            credit_limit: kes(200_000),
            unpaid_fees_limit: kes(0),
            wallet_limit: kes(500_000),
            tip_limit: kes(50_000),
            keep_statements_for: TimeDelta::days(90),
            webhooks: super::WebhookPolicy::default(),
            on_provider_move: OnProviderMove::Book,
            on_second_receipt: OnSecondReceipt::Hold,
            issuer: super::Addressee { name: "BaiTech".to_owned(), ..super::Addressee::default() },
        }
    }
}

impl PaymentPolicy {
    /// When an operation is asked about for the `n`-th time (from 0), if it was sent then; `None` where
    /// nobody asks any more.
    #[must_use]
    pub fn query_at(&self, sent_at: DateTime<Utc>, n: u32) -> Option<DateTime<Utc>> {
        let index = usize::try_from(n).unwrap_or(usize::MAX);
        if self.query_every <= TimeDelta::zero() && index >= self.query_after.len() {
            return None;
        }
        let wait = self.query_after.get(index).copied().or_else(|| {
            let later = i32::try_from(index.checked_sub(self.query_after.len())?).ok()?.checked_add(1)?;
            let last = self.query_after.last().copied().unwrap_or_default();
            last.checked_add(&self.query_every.checked_mul(later)?)
        })?;
        (wait <= self.query_for).then(|| after(sent_at, wait))
    }

    /// Every amount of the policy. A new field has to be placed here, so that no limit is left in another
    /// currency.
    pub(crate) fn limits_mut(&mut self) -> [(&'static str, &mut Money); 7] {
        let Self {
            confirm_above,
            payout_minimum,
            debt_limit,
            credit_limit,
            unpaid_fees_limit,
            wallet_limit,
            tip_limit,
            release_after: _,
            query_after: _,
            query_every: _,
            query_for: _,
            max_attempts: _,
            authorization_lifetime: _,
            payout_method: _,
            instant_fee: _,
            settlement_day: _,
            settlement_time: _,
            webhooks: _,
            on_provider_move: _,
            on_second_receipt: _,
            keep_statements_for: _,
            issuer: _,
        } = self;
        [
            ("payment.confirmAbove", confirm_above),
            ("payment.payoutMinimum", payout_minimum),
            ("payment.debtLimit", debt_limit),
            ("payment.creditLimit", credit_limit),
            ("payment.unpaidFeesLimit", unpaid_fees_limit),
            ("payment.walletLimit", wallet_limit),
            ("payment.tipLimit", tip_limit),
        ]
    }

    pub(crate) fn check(&self, check: &mut PolicyCheck) {
        check.time("payment.releaseAfter", self.release_after);
        check.time("payment.authorizationLifetime", self.authorization_lifetime);
        check.time("payment.queryFor", self.query_for);
        check.time("payment.keepStatementsFor", self.keep_statements_for);
        let message = "there is one delay at least";
        check.require(!self.query_after.is_empty(), "payment.queryAfter", Code::Required, message);
        let mut before = TimeDelta::zero();
        for (index, delay) in self.query_after.iter().enumerate() {
            let message = "the delays are above zero, each longer than the one before";
            check.require(*delay > before, format!("payment.queryAfter[{index}]"), Code::Order, message);
            before = *delay;
        }
        let message = "this is a second at least";
        check.require(
            self.query_every >= TimeDelta::seconds(1),
            "payment.queryEvery",
            Code::OutOfRange,
            message,
        );
        check.require(self.max_attempts > 0, "payment.maxAttempts", Code::OutOfRange, "this is 1 at least");
        check.rate("payment.instantFee", self.instant_fee, Rate::percent(100));
        self.webhooks.check(check);
    }

    /// The first batch after a moment.
    #[must_use]
    pub fn next_settlement(&self, now: DateTime<Utc>, zone: Tz) -> DateTime<Utc> {
        let today = zone.from_utc_datetime(&now.naive_utc()).date_naive();
        (0..=7)
            .filter_map(|ahead| today.checked_add_days(Days::new(ahead)))
            .filter(|day| day.weekday() == self.settlement_day)
            .map(|day| self.settlement_time.on(day, zone))
            .find(|at| *at > now)
            .unwrap_or_else(|| after(now, TimeDelta::days(7)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_operation_is_asked_about_soon_then_hourly_for_a_day() {
        let policy = PaymentPolicy::default();
        let sent = Utc.with_ymd_and_hms(2026, 3, 2, 8, 0, 0).unwrap();
        let waits: Vec<i64> =
            (0..).map_while(|n| policy.query_at(sent, n)).map(|at| (at - sent).num_seconds()).collect();
        assert_eq!(waits[..6], [75, 120, 300, 900, 4_500, 8_100]);
        assert_eq!(waits.len(), 4 + 23, "the last one within the day");
    }

    #[test]
    fn batches_are_paid_on_mondays_from_local_midnight() {
        let policy = PaymentPolicy::default();
        let zone = Tz::Africa__Nairobi;
        let monday = Utc.with_ymd_and_hms(2026, 3, 8, 21, 0, 0).unwrap();
        for (days, hours) in [(2, 5), (3, 0), (8, 20)] {
            let now = Utc.with_ymd_and_hms(2026, 3, days, hours, 59, 59).unwrap();
            assert_eq!(policy.next_settlement(now, zone), monday, "{now}");
        }
        assert_eq!(policy.next_settlement(monday, zone), monday + TimeDelta::days(7));
    }

    proptest! {
        #[test]
        fn queries_come_ever_later_and_end(first in 1..1_000_i64, every in 1..10_000_i64, within in 0..100_000_i64) {
            let policy = PaymentPolicy {
                query_after: vec![TimeDelta::seconds(first)],
                query_every: TimeDelta::seconds(every),
                query_for: TimeDelta::seconds(within),
                ..PaymentPolicy::default()
            };
            let sent = DateTime::UNIX_EPOCH;
            let times: Vec<_> = (0..).map_while(|n| policy.query_at(sent, n)).collect();
            prop_assert!(times.windows(2).all(|pair| pair[0] < pair[1]));
            prop_assert!(times.iter().all(|at| *at <= sent + TimeDelta::seconds(within)));
        }
    }
}
