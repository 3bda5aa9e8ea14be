use chrono::{DateTime, TimeDelta, Utc};

/// The moment so much later. Where no such moment exists, the last whole millisecond that does (or the first,
/// by a negative step): a policy may say "never" by the longest time there is.
#[must_use]
pub fn after(at: DateTime<Utc>, by: TimeDelta) -> DateTime<Utc> {
    let end = if by < TimeDelta::zero() { DateTime::<Utc>::MIN_UTC } else { last() };
    at.checked_add_signed(by).unwrap_or(end).min(last())
}

/// The moment so much earlier; where no such moment exists, as [`after`].
#[must_use]
pub fn before(at: DateTime<Utc>, by: TimeDelta) -> DateTime<Utc> {
    let end = if by < TimeDelta::zero() { last() } else { DateTime::<Utc>::MIN_UTC };
    at.checked_sub_signed(by).unwrap_or(end).min(last())
}

/// A moment to wait for; `None` for the last one that exists, which never comes.
#[must_use]
pub fn unless_never(at: DateTime<Utc>) -> Option<DateTime<Utc>> {
    (at < last()).then_some(at)
}

/// The last moment of whole milliseconds, which is what stores keep.
fn last() -> DateTime<Utc> {
    let last = DateTime::<Utc>::MAX_UTC;
    DateTime::from_timestamp_millis(last.timestamp_millis()).unwrap_or(last)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_lies_beyond_all_moments_never_comes() {
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
        fn within_what_exists_it_is_a_sum(now in -1_000_000_000_000_i64..1_000_000_000_000, by in any::<i32>()) {
            let (now, by) = (DateTime::from_timestamp_millis(now).unwrap(), TimeDelta::seconds(by.into()));
            prop_assert_eq!(after(now, by), now + by);
            prop_assert_eq!(before(now, by), now - by);
        }
    }
}
