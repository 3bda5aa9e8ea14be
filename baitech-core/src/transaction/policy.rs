use chrono::{DateTime, Datelike, Days, TimeDelta, TimeZone, Utc, Weekday};
use chrono_tz::Tz;

use super::{Addressee, WebhookPolicy};
use crate::{
    account::{TimeOfDay, User},
    kernel::{Code, Currency, Id, Money, PolicyCheck, Rate, after},
    ledger::Account,
    store::Bound,
    transaction::PaymentMethod,
};

/// The rules and limits of payments. The defaults are the platform's; an embedder replaces what differs.
#[derive(Debug, Clone, PartialEq)]
pub struct PaymentPolicy {
    /// How long after `paid` held money is released.
    pub release_after: TimeDelta,
    /// The delays, after sending, of the first queries about an unanswered operation.
    pub query_after: Vec<TimeDelta>,
    /// The interval of further queries …
    pub query_every: TimeDelta,
    /// … until this long after sending. A payment then counts as expired, and a payout or a refund needs
    /// manual review.
    pub query_for: TimeDelta,
    /// The amount above which a payment claimed by an unsigned call has to be confirmed by a query.
    pub confirm_above: Money,
    /// The maximum number of times that an operation is sent if it was not carried out (because the
    /// subscriber was busy).
    pub max_attempts: u32,
    /// How long an authorization at a provider lasts.
    pub authorization_lifetime: TimeDelta,
    /// The method of batch payouts.
    pub payout_method: PaymentMethod,
    /// The minimum amount of a batch payout.
    pub payout_minimum: Money,
    /// The fee of an instant payout, as a share of the amount.
    pub instant_fee: Rate,
    /// The day of the week of batch payouts …
    pub settlement_day: Weekday,
    /// … and the local time from which they run.
    pub settlement_time: TimeOfDay,
    /// The zone of settlement days, and of the dates on receipts, invoices and statements.
    pub time_zone: Tz,
    /// The highest debt to the platform with which a technician may take cash jobs.
    pub debt_limit: Money,
    /// The highest debt of a company for purchases on credit.
    pub credit_limit: Money,
    /// The highest debt (cancellation fees) with which a customer may book again. Companies have the credit
    /// limit instead.
    pub unpaid_fees_limit: Money,
    /// The maximum balance of a wallet.
    pub wallet_limit: Money,
    /// The maximum tip.
    pub tip_limit: Money,
    /// How long the lines and findings of a provider's statement are kept. The counts of its reconciliation
    /// are kept forever.
    pub keep_statements_for: TimeDelta,
    /// How providers' calls are retried and kept.
    pub webhooks: WebhookPolicy,
    /// What happens to money that a provider moved back without our order.
    pub on_provider_move: OnProviderMove,
    /// What happens to a second receipt of a payment.
    pub on_second_receipt: OnSecondReceipt,
    /// The issuer of documents.
    pub issuer: Addressee,
}

/// What happens to money that a provider moved back without our order: a refund made or a payout reversed on
/// the provider's own page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum OnProviderMove {
    /// It is booked as a refund or a returned payout, by the same rules as our own. What cannot be booked
    /// exactly, and what an unsigned call reports, awaits a decision of staff.
    #[default]
    Book,
    /// Every case awaits a decision of staff. Until then nothing of the transaction is released.
    AskPerson,
}

/// What happens when a provider reports a second receipt for one payment.
///
/// An operation has one receipt. A second one means that the payer paid twice, or that the call is forged:
/// mobile money providers do not sign their calls. The default pays nothing out on such a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum OnSecondReceipt {
    /// The money is held apart as a payment of its own, until staff credit it to its payer's wallet or refund
    /// it.
    #[default]
    Hold,
    /// The money is refunded at once, through the provider.
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
            time_zone: Tz::Africa__Nairobi,
            debt_limit: kes(10_000),
            credit_limit: kes(200_000),
            unpaid_fees_limit: kes(0),
            wallet_limit: kes(500_000),
            tip_limit: kes(50_000),
            keep_statements_for: TimeDelta::days(90),
            webhooks: WebhookPolicy::default(),
            on_provider_move: OnProviderMove::Book,
            on_second_receipt: OnSecondReceipt::Hold,
            issuer: Addressee { name: "BaiTech".to_owned(), ..Addressee::default() },
        }
    }
}

impl PaymentPolicy {
    /// When the `n`-th query (from 0) of an operation sent at `sent_at` is due; `None` after the last query.
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

    /// The limit on a technician's debt to the platform, including the commission of accepted cash jobs.
    pub(crate) fn debt_bound(&self, technician: Id<User>) -> Bound {
        let least = self.debt_limit.negated();
        Bound::at_least(Account::OpenCashJobs(technician), least).counting(Account::Payable(technician))
    }

    /// Every amount of the policy. A new field has to be handled here, so that no limit stays in another
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
            time_zone: _,
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
        let message = "must have at least one delay";
        check.require(!self.query_after.is_empty(), "payment.queryAfter", Code::Required, message);
        let mut before = TimeDelta::zero();
        for (index, delay) in self.query_after.iter().enumerate() {
            let message = "the delays must be above zero, each longer than the previous one";
            check.require(*delay > before, format!("payment.queryAfter[{index}]"), Code::Order, message);
            before = *delay;
        }
        let message = "must be at least one second";
        check.require(
            self.query_every >= TimeDelta::seconds(1),
            "payment.queryEvery",
            Code::OutOfRange,
            message,
        );
        check.require(self.max_attempts > 0, "payment.maxAttempts", Code::OutOfRange, "must be at least 1");
        check.rate("payment.instantFee", self.instant_fee, Rate::percent(100));
        self.webhooks.check(check);
    }

    /// The next batch after a moment.
    #[must_use]
    pub fn next_settlement(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let zone = self.time_zone;
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
    fn an_operation_is_queried_soon_then_hourly_for_a_day() {
        let policy = PaymentPolicy::default();
        let sent = Utc.with_ymd_and_hms(2026, 3, 2, 8, 0, 0).unwrap();
        let waits: Vec<i64> =
            (0..).map_while(|n| policy.query_at(sent, n)).map(|at| (at - sent).num_seconds()).collect();
        assert_eq!(waits[..6], [75, 120, 300, 900, 4_500, 8_100]);
        assert_eq!(waits.len(), 4 + 23, "the last query within the day");
    }

    #[test]
    fn batches_are_paid_on_mondays_from_local_midnight() {
        let policy = PaymentPolicy::default();
        let monday = Utc.with_ymd_and_hms(2026, 3, 8, 21, 0, 0).unwrap();
        for (days, hours) in [(2, 5), (3, 0), (8, 20)] {
            let now = Utc.with_ymd_and_hms(2026, 3, days, hours, 59, 59).unwrap();
            assert_eq!(policy.next_settlement(now), monday, "{now}");
        }
        assert_eq!(policy.next_settlement(monday), monday + TimeDelta::days(7));
    }

    proptest! {
        #[test]
        fn queries_are_in_ascending_order_and_end(first in 1..1_000_i64, every in 1..10_000_i64, within in 0..100_000_i64) {
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
