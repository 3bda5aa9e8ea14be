use std::str::FromStr;

use chrono::{DateTime, Datelike, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    decide::serial_number,
    kernel::{Code, Violation, visible},
};

/// The public number of a transaction: `TXN`, six digits of the day (`yymmdd`, UTC), and a sequence number of
/// six digits, or more after the first 999,999 of the day.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TransactionNumber(String);

impl TransactionNumber {
    /// The number of the `sequence`-th transaction of a day. A sequence above 999,999 takes more than six
    /// digits.
    #[must_use]
    pub fn new(at: DateTime<Utc>, sequence: u64) -> Self {
        Self(format!("TXN{}{sequence:06}", day(at)))
    }

    /// The sequence that numbers of this day are drawn from: `transaction.251124`.
    #[must_use]
    pub fn series(at: DateTime<Utc>) -> String {
        format!("transaction.{}", day(at))
    }

    /// Parses a number as people type it: in any case, with spaces and separators anywhere.
    ///
    /// ```
    /// use baitech_core::transaction::TransactionNumber;
    ///
    /// for typed in ["TXN260302000001", "txn-260302-000001", " Txn 260302/000001 "] {
    ///     assert_eq!(TransactionNumber::typed(typed).unwrap().as_str(), "TXN260302000001");
    /// }
    /// assert!(TransactionNumber::typed("TXN 1").is_none());
    /// ```
    #[must_use]
    pub fn typed(text: &str) -> Option<Self> {
        without_separators(text).parse().ok()
    }

    /// The first number in a longer text, such as a bank's narration: `PAYMENT TXN-260302-000001 JANE`.
    #[must_use]
    pub fn find_in(text: &str) -> Option<Self> {
        let upper = text.to_ascii_uppercase();
        upper.match_indices("TXN").find_map(|(at, _)| {
            let (before, from) = (upper.get(..at)?, upper.get(at..)?);
            let begins_word = !before.ends_with(|c: char| c.is_alphanumeric());
            let digits = from.char_indices().filter(|(_, c)| c.is_ascii_digit());
            let end = digits.map(|(index, _)| index).nth(11)?.checked_add(1)?;
            // Numbers of a busy day have more digits.
            let more = from.get(end..)?.bytes().take_while(u8::is_ascii_digit).count();
            let end = end.checked_add(more)?;
            let ends_word = !from.get(end..)?.starts_with(|c: char| c.is_alphanumeric());
            let typed = from.get(..end).filter(|_| begins_word && ends_word)?;
            let is_one = typed.chars().skip(3).all(|c| c.is_ascii_digit() || is_separator(c));
            Self::typed(typed).filter(|_| is_one)
        })
    }
}

/// Whether the text consists of the digits of a period and of a sequence number: six digits, or more without
/// a leading zero.
pub(crate) fn is_numbered(text: &str, period: usize) -> bool {
    let series = text.get(period..).unwrap_or_default();
    let widened = series.len() > 6 && series.len() <= 19 && !series.starts_with('0');
    (series.len() == 6 || widened) && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether people put this character between the parts of a number.
pub(crate) fn is_separator(c: char) -> bool {
    c.is_whitespace() || matches!(c, '-' | '–' | '—' | '_' | '/' | '.' | ':' | '#' | ',')
}

/// The text without the separators between the parts of a number.
pub(crate) fn without_separators(text: &str) -> String {
    text.chars().filter(|c| !is_separator(*c)).collect()
}

fn day(at: DateTime<Utc>) -> String {
    format!("{:02}{:02}{:02}", at.year().rem_euclid(100), at.month(), at.day())
}

serial_number!(TransactionNumber);

impl FromStr for TransactionNumber {
    type Err = Violation;

    fn from_str(text: &str) -> Result<Self, Violation> {
        let text = visible(text).trim().to_uppercase();
        let digits = text.strip_prefix("TXN").unwrap_or_default();
        if is_numbered(digits, 6) {
            Ok(Self(text))
        } else {
            let message = "a transaction number must be TXN and twelve digits, or more on a busy day";
            Err(Violation::new("transactionNumber", Code::Malformed, message))
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;

    use super::*;

    #[test]
    fn a_number_contains_its_day_and_sequence() {
        let day = Utc.with_ymd_and_hms(2026, 3, 2, 23, 59, 59).unwrap();
        assert_eq!(TransactionNumber::new(day, 1).as_str(), "TXN260302000001");
        assert_eq!(TransactionNumber::new(day, 999_999).as_str(), "TXN260302999999");
        assert_eq!(TransactionNumber::new(day, 1_000_000).as_str(), "TXN2603021000000");
        assert_eq!(TransactionNumber::series(day), "transaction.260302");
    }

    #[test]
    fn a_number_with_separators_is_found_in_a_longer_text() {
        let find = |text| TransactionNumber::find_in(text).map(|number| number.to_string());
        let expected = Some("TXN260302000001".to_owned());
        for text in [
            "TXN260302000001",
            "Payment TXN-260302-000001 JANE WANJIKU",
            "ref: txn 260302 000001/2",
            "TXN X TXN260302000001.",
            "MPESA*TXN_260302_000001",
        ] {
            assert_eq!(find(text), expected, "{text}");
        }
        assert_eq!(find("for txn-260302-1000000 x").as_deref(), Some("TXN2603021000000"));
        for text in [
            "",
            "TXN",
            "TXN26030200000",
            "TXN2603020000012",
            "ATXN260302000001",
            "TXN a260302000001",
            "TXN ü",
        ] {
            assert_eq!(find(text), None, "{text}");
        }
    }

    #[test]
    fn typed_numbers_are_parsed() {
        let number: TransactionNumber = " txn260302000001 ".parse().unwrap();
        assert_eq!(number.as_str(), "TXN260302000001");
        let widened: TransactionNumber = "TXN2603021000000".parse().unwrap();
        assert_eq!(widened.as_str(), "TXN2603021000000");
        for wrong in ["", "TXN26030200000", "TXN2603020000001", "BK2603000001", "TXN26030200000x", "TXNé"] {
            assert!(wrong.parse::<TransactionNumber>().is_err(), "{wrong}");
        }
    }
}
