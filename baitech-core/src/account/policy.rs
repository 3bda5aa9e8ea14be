use chrono::TimeDelta;

use crate::{
    decide,
    kernel::{Code, PolicyCheck},
};

/// What a decision on a user or an identity check depends on besides the aggregate itself.
pub type Context<'a> = decide::Context<'a, AccountPolicy, ()>;

/// The rules of accounts. The defaults are the platform's; an embedder replaces what differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountPolicy {
    /// How long an identity check can stay open before staff are reminded. The pause doubles with each
    /// reminder ([`KycCase::next_reminder`](super::KycCase::next_reminder)).
    pub kyc_reminder_after: TimeDelta,
}

impl Default for AccountPolicy {
    fn default() -> Self {
        Self { kyc_reminder_after: TimeDelta::hours(24) }
    }
}

impl AccountPolicy {
    pub(crate) fn check(&self, check: &mut PolicyCheck) {
        // Without a pause, a worker would remind staff again and again at once.
        let pauses = self.kyc_reminder_after > TimeDelta::zero();
        check.require(pauses, "account.kycReminderAfter", Code::OutOfRange, "must be above zero");
    }
}
