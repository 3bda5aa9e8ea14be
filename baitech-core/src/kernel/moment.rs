use chrono::{DateTime, TimeDelta, Utc};

/// The time `by` later, saturating at the last whole millisecond that can be represented (or the first, for a
/// negative duration). A policy can therefore express "never" with the longest duration.
#[must_use]
pub fn after(at: DateTime<Utc>, by: TimeDelta) -> DateTime<Utc> {
    let end = if by < TimeDelta::zero() { DateTime::<Utc>::MIN_UTC } else { last() };
    at.checked_add_signed(by).unwrap_or(end).min(last())
}

/// The time `by` earlier, saturating as in [`after`].
#[must_use]
pub fn before(at: DateTime<Utc>, by: TimeDelta) -> DateTime<Utc> {
    let end = if by < TimeDelta::zero() { last() } else { DateTime::<Utc>::MIN_UTC };
    at.checked_sub_signed(by).unwrap_or(end).min(last())
}

/// A time to wait for; `None` for the last one that can be represented, which never comes.
#[must_use]
pub fn unless_never(at: DateTime<Utc>) -> Option<DateTime<Utc>> {
    (at < last()).then_some(at)
}

/// The last time in whole milliseconds, the precision of stores.
fn last() -> DateTime<Utc> {
    let last = DateTime::<Utc>::MAX_UTC;
    DateTime::from_timestamp_millis(last.timestamp_millis()).unwrap_or(last)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn times_out_of_range_saturate() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        assert_eq!(unless_never(now), Some(now));
        assert_eq!(unless_never(after(now, TimeDelta::MAX)), None);
        assert_eq!(unless_never(before(now, TimeDelta::MIN)), None);
        assert_eq!(before(now, TimeDelta::MAX), DateTime::<Utc>::MIN_UTC);
        assert_eq!(after(now, TimeDelta::MIN), DateTime::<Utc>::MIN_UTC);
        assert_eq!(after(after(now, TimeDelta::MAX), TimeDelta::MAX), after(now, TimeDelta::MAX));
    }

    proptest! {
        #[test]
        fn times_in_range_are_exact_sums(now in -1_000_000_000_000_i64..1_000_000_000_000, by in any::<i32>()) {
            let (now, by) = (DateTime::from_timestamp_millis(now).unwrap(), TimeDelta::seconds(by.into()));
            prop_assert_eq!(after(now, by), now + by);
            prop_assert_eq!(before(now, by), now - by);
        }
    }
}
