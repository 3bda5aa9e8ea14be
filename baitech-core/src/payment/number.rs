use std::{fmt, str::FromStr};

use chrono::{DateTime, Datelike, Utc};
use serde::{Deserialize, Serialize};

use crate::kernel::{Code, Violation};

/// The number by which people speak of a transaction: `TXN`, six digits of the day (`yymmdd`, UTC), and of a series six, or more after
/// the first 999,999 of the day.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TransactionNumber(String);

impl TransactionNumber {
    /// The number of the `sequence`-th transaction of a day. Past 999,999 it has more than six digits of the series.
    #[must_use]
    pub fn new(at: DateTime<Utc>, sequence: u64) -> Self {
        Self(format!("TXN{}{sequence:06}", day(at)))
    }

    /// The place of a number that is assigned when its transaction is first committed.
    #[must_use]
    pub const fn pending() -> Self {
        Self(String::new())
    }

    /// Whether no number has been assigned yet.
    #[must_use]
    pub const fn is_pending(&self) -> bool {
        self.0.is_empty()
    }

    /// The series that numbers of this day are drawn from: `transaction.251124`.
    #[must_use]
    pub fn series(at: DateTime<Utc>) -> String {
        format!("transaction.{}", day(at))
    }

    /// The number as a store holds it.
    #[must_use]
    pub fn from_stored(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The number.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Whether the text is the digits of a period and those of a series in it: six, or more without a leading zero.
pub(crate) fn is_numbered(text: &str, period: usize) -> bool {
    let series = text.get(period..).unwrap_or_default();
    let widened = series.len() > 6 && series.len() <= 19 && !series.starts_with('0');
    (series.len() == 6 || widened) && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn day(at: DateTime<Utc>) -> String {
    format!("{:02}{:02}{:02}", at.year().rem_euclid(100), at.month(), at.day())
}

impl fmt::Display for TransactionNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for TransactionNumber {
    type Err = Violation;

    fn from_str(text: &str) -> Result<Self, Violation> {
        let text = text.trim().to_uppercase();
        let digits = text.strip_prefix("TXN").unwrap_or_default();
        if is_numbered(digits, 6) {
            Ok(Self(text))
        } else {
            let message = "a transaction number is TXN and twelve digits, or a few more on a busy day";
            Err(Violation::new("transactionNumber", Code::Malformed, message))
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;

    use super::*;

    #[test]
    fn a_number_tells_its_day_and_its_place_in_it() {
        let day = Utc.with_ymd_and_hms(2026, 3, 2, 23, 59, 59).unwrap();
        assert_eq!(TransactionNumber::new(day, 1).as_str(), "TXN260302000001");
        assert_eq!(TransactionNumber::new(day, 999_999).as_str(), "TXN260302999999");
        assert_eq!(TransactionNumber::new(day, 1_000_000).as_str(), "TXN2603021000000");
        assert_eq!(TransactionNumber::series(day), "transaction.260302");
    }

    #[test]
    fn a_number_is_read_as_people_type_it() {
        let number: TransactionNumber = " txn260302000001 ".parse().unwrap();
        assert_eq!(number.as_str(), "TXN260302000001");
        let widened: TransactionNumber = "TXN2603021000000".parse().unwrap();
        assert_eq!(widened.as_str(), "TXN2603021000000");
        for wrong in ["", "TXN26030200000", "TXN2603020000001", "BK2603000001", "TXN26030200000x", "TXNé"] {
            assert!(wrong.parse::<TransactionNumber>().is_err(), "{wrong}");
        }
    }
}
