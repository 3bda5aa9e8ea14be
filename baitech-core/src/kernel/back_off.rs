use chrono::TimeDelta;

use super::Entropy;

/// How long to wait after `attempts` attempts: `first` after the first one, doubled after each further one,
/// at most `longest`. A random part of up to a quarter is subtracted, so that items which failed together are
/// not retried together.
pub(crate) fn back_off(
    (first, longest): (TimeDelta, TimeDelta),
    attempts: u32,
    entropy: &dyn Entropy,
) -> TimeDelta {
    let doubled = first.checked_mul(2_i32.saturating_pow(attempts.saturating_sub(1)));
    let wait = doubled.map_or(longest, |wait| wait.min(longest));
    let mut random = [0; 4];
    entropy.fill(&mut random);
    let quarter = wait.num_milliseconds().max(0) / 4;
    let less = i64::from(u32::from_le_bytes(random)).checked_rem(quarter).unwrap_or_default();
    wait - TimeDelta::milliseconds(less)
}
