//! Rate limits.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use baitech_core::payment::WebhookSource;
use tokio::time::Instant;

/// Allows a burst of calls per key, and then one call per interval. Counts in this process only, in bounded
/// memory.
#[derive(Debug)]
struct Limiter {
    burst: u32,
    interval: Duration,
    /// When each key has its full burst again. Keys beyond [`Self::MOST_KEYS`] share one entry.
    free_at: Mutex<HashMap<String, Instant>>,
}

impl Limiter {
    const MOST_KEYS: usize = 100_000;

    fn new(burst: u32, interval: Duration) -> Self {
        Self { burst, interval, free_at: Mutex::default() }
    }

    /// Counts a call, or returns how long to wait for the next one.
    fn take(&self, key: &str, now: Instant) -> Result<(), Duration> {
        let mut free_at = self.free_at.lock().unwrap_or_else(PoisonError::into_inner);
        if !free_at.contains_key(key) && free_at.len() >= Self::MOST_KEYS {
            free_at.retain(|_, at| *at > now);
            if free_at.len() >= Self::MOST_KEYS {
                // All entries are in use: further keys share one limit, so that memory stays bounded.
                return Self::take_of(free_at.entry(String::new()).or_insert(now), self, now);
            }
        }
        Self::take_of(free_at.entry(key.to_owned()).or_insert(now), self, now)
    }

    fn take_of(free_at: &mut Instant, limits: &Self, now: Instant) -> Result<(), Duration> {
        let next = (*free_at).max(now) + limits.interval;
        let most = limits.interval * limits.burst;
        match next.duration_since(now).checked_sub(most) {
            Some(beyond) if !beyond.is_zero() => Err(beyond),
            _ => {
                *free_at = next;
                Ok(())
            }
        }
    }
}

/// The rate limits of webhook tokens.
#[derive(Debug)]
pub(crate) struct WebhookLimits {
    of_transaction: Limiter,
    of_provider: Limiter,
}

impl Default for WebhookLimits {
    fn default() -> Self {
        Self {
            of_transaction: Limiter::new(30, Duration::from_secs(2)),
            of_provider: Limiter::new(1_000, Duration::from_millis(10)),
        }
    }
}

impl WebhookLimits {
    /// Counts a call under a token, or returns how long to wait for the next one.
    pub(crate) fn take(&self, source: WebhookSource, token: &str) -> Result<(), Duration> {
        let limiter = match source {
            WebhookSource::Transaction => &self.of_transaction,
            WebhookSource::Provider => &self.of_provider,
        };
        limiter.take(token, Instant::now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn each_key_has_a_burst_then_one_call_per_interval() {
        let (limiter, start) = (Limiter::new(3, SECOND), Instant::now());
        for key in ["a", "b"] {
            for _ in 0..3 {
                assert_eq!(limiter.take(key, start), Ok(()));
            }
            assert_eq!(limiter.take(key, start), Err(SECOND));
            assert_eq!(limiter.take(key, start + SECOND / 2), Err(SECOND / 2), "a refusal costs nothing");
            assert_eq!(limiter.take(key, start + SECOND), Ok(()));
            assert_eq!(limiter.take(key, start + SECOND), Err(SECOND));
        }
        for _ in 0..3 {
            assert_eq!(
                limiter.take("a", start + SECOND * 60),
                Ok(()),
                "a pause fills no more than the burst"
            );
        }
        assert_eq!(limiter.take("a", start + SECOND * 60), Err(SECOND));
    }

    #[test]
    fn memory_is_bounded_for_any_number_of_keys() {
        let (limiter, start) = (Limiter::new(1, SECOND), Instant::now());
        for key in 0..Limiter::MOST_KEYS {
            assert_eq!(limiter.take(&key.to_string(), start), Ok(()));
        }
        assert_eq!(limiter.take("one more", start), Ok(()));
        assert_eq!(limiter.take("another", start), Err(SECOND), "these share a limit");
        let known = |limiter: &Limiter| limiter.free_at.lock().unwrap().len();
        assert_eq!(known(&limiter), Limiter::MOST_KEYS + 1);
        assert_eq!(limiter.take("later", start + SECOND), Ok(()));
        assert_eq!(known(&limiter), 1, "keys with a full burst are removed");
    }
}
