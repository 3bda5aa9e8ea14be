//! Times of the day, including the forms that the earlier application accepted.

use baitech_core::account::TimeOfDay;
use bson::Bson;
use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::Serializer;
use serde_with::{DeserializeAs, SerializeAs};

/// A time of the day, stored as `HH:MM`. Also read are `9:00 AM`, `09.00`, `09:00:00` and `9 pm`.
#[derive(Debug)]
pub(crate) struct Clock;

impl SerializeAs<TimeOfDay> for Clock {
    fn serialize_as<S: Serializer>(value: &TimeOfDay, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }
}

impl<'de> DeserializeAs<'de, TimeOfDay> for Clock {
    fn deserialize_as<D: Deserializer<'de>>(deserializer: D) -> Result<TimeOfDay, D::Error> {
        let value = Bson::deserialize(deserializer)?;
        let time = value.as_str().and_then(time);
        time.ok_or_else(|| D::Error::custom(format!("{value} is not a time of day")))
    }
}

fn time(text: &str) -> Option<TimeOfDay> {
    let text = text.trim().to_ascii_lowercase();
    let (digits, half) = match (text.strip_suffix("am"), text.strip_suffix("pm")) {
        (Some(morning), _) => (morning.trim_end(), Some(0)),
        (None, Some(evening)) => (evening.trim_end(), Some(12)),
        (None, None) => (text.as_str(), None),
    };
    let mut parts = digits.split([':', '.']);
    let hour = number(parts.next()?)?;
    let minute = match (parts.next(), half) {
        (Some(minute), _) if minute.len() == 2 => number(minute)?,
        (None, Some(_)) => 0,
        _ => return None,
    };
    // Seconds are cut off.
    let seconds = parts.next().map_or(Some(0), number)?;
    if seconds > 59 || parts.next().is_some() {
        return None;
    }
    match half {
        None => TimeOfDay::new(hour, minute),
        Some(half) if (1..=12).contains(&hour) => TimeOfDay::new(hour % 12 + half, minute),
        Some(_) => None,
    }
}

fn number(digits: &str) -> Option<u8> {
    let is_short = (1..=2).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| is_short)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_time_formats_are_read() {
        let cases = [
            ("09:00", "09:00"),
            ("9:00", "09:00"),
            ("24:00", "24:00"),
            ("9:00 AM", "09:00"),
            ("9:30PM", "21:30"),
            ("12:15 am", "00:15"),
            ("12 pm", "12:00"),
            ("09.45", "09:45"),
            ("23:59:59", "23:59"),
        ];
        for (text, read) in cases {
            assert_eq!(time(text).map(|time| time.to_string()).as_deref(), Some(read), "{text}");
        }
        for text in
            ["", "9", "25:00", "13:00 pm", "0:10 am", "09:5", "009:00", "09:00:00:00", "noon", "-1:00"]
        {
            assert_eq!(time(text), None, "{text}");
        }
    }
}
