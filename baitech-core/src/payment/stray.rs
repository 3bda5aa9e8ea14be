//! Calls under unknown tokens.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use chrono::{DateTime, Utc};

/// Counts such calls, and logs them at most once a minute.
#[derive(Debug, Default)]
pub(crate) struct StrayCalls {
    count: AtomicU64,
    /// The minute in which they were last logged.
    logged: AtomicI64,
}

impl StrayCalls {
    pub(crate) fn count(&self) -> u64 {
        self.count.load(Ordering::Relaxed)
    }

    pub(crate) fn note(&self, now: DateTime<Utc>) {
        let count = self.count.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        if self.may_log(now) {
            tracing::warn!(count, "calls arrived under unknown webhook tokens");
        }
    }

    /// Whether nothing was logged in this minute.
    fn may_log(&self, now: DateTime<Utc>) -> bool {
        let minute = now.timestamp().div_euclid(60);
        self.logged.swap(minute, Ordering::Relaxed) != minute
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn stray_calls_are_all_counted_and_logged_once_a_minute() {
        let calls = StrayCalls::default();
        let start: DateTime<Utc> = "2026-03-02T05:00:00Z".parse().unwrap();
        let at = |seconds| start + TimeDelta::seconds(seconds);
        let logged = [0, 1, 59, 60, 61, 600].map(|seconds| calls.may_log(at(seconds)));
        assert_eq!(logged, [true, false, false, true, false, true]);
        for _ in 0..1_000 {
            calls.note(start);
        }
        assert_eq!(calls.count(), 1_000);
    }
}
