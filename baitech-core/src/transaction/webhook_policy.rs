use chrono::TimeDelta;

use crate::kernel::{Code, Entropy, PolicyCheck, back_off};

/// How providers' calls are retried and kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WebhookPolicy {
    /// The maximum number of attempts to handle a call that fails, or that arrives before what it is about.
    /// The call then becomes a dead letter.
    pub max_attempts: u32,
    /// The maximum wait after the first attempt; doubled after each further one …
    pub first_wait: TimeDelta,
    /// … up to this limit.
    pub longest_wait: TimeDelta,
    /// How long a handled call is kept. Waiting calls and dead letters are kept forever.
    pub keep_for: TimeDelta,
}

impl Default for WebhookPolicy {
    /// 24 attempts, 5 seconds to 6 hours apart: about three days, as long as providers repeat a call. Handled
    /// calls are kept for 90 days.
    fn default() -> Self {
        Self {
            max_attempts: 24,
            first_wait: TimeDelta::seconds(5),
            longest_wait: TimeDelta::hours(6),
            keep_for: TimeDelta::days(90),
        }
    }
}

impl WebhookPolicy {
    pub(crate) fn check(&self, check: &mut PolicyCheck) {
        let field = |name: &str| format!("payment.webhooks.{name}");
        let message = "must be at least 1";
        check.require(self.max_attempts > 0, field("maxAttempts"), Code::OutOfRange, message);
        let message = "must be at least one second";
        let second = TimeDelta::seconds(1);
        check.require(self.first_wait >= second, field("firstWait"), Code::OutOfRange, message);
        let message = "must not be shorter than the first wait";
        check.require(self.longest_wait >= self.first_wait, field("longestWait"), Code::Order, message);
        check.time(field("keepFor"), self.keep_for);
    }

    /// The wait after a number of attempts, reduced by a random part of up to a quarter, so that calls that
    /// arrived together are not retried together.
    #[must_use]
    pub fn wait(&self, attempts: u32, entropy: &dyn Entropy) -> TimeDelta {
        back_off((self.first_wait, self.longest_wait), attempts, entropy)
    }
}
