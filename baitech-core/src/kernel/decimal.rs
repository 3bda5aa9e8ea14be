//! Decimal numbers in requests: digits and at most one point.

use std::fmt;

use rust_decimal::Decimal;
use serde::{Deserializer, de};

/// Maximum number of digits before the point.
const MAX_WHOLE_DIGITS: usize = 15;

const MESSAGE: &str = "must be a decimal number with at most 15 digits before the point, such as \"1250.00\"";

/// Parses a number. `None` for separators, exponents, any sign but a leading `-`, and too many digits.
pub(crate) fn parse(text: &str) -> Option<Decimal> {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    let are_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !are_digits(whole) || !are_digits(fraction) || whole.trim_start_matches('0').len() > MAX_WHOLE_DIGITS {
        return None;
    }
    Decimal::from_str_exact(text).ok()
}

/// For `#[serde(deserialize_with = …)]`: a JSON string or number.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Decimal, D::Error> {
    struct Visitor;

    impl de::Visitor<'_> for Visitor {
        type Value = Decimal;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a decimal number, such as \"1250.00\"")
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<Decimal, E> {
            parse(text).ok_or_else(|| E::custom(MESSAGE))
        }

        fn visit_i64<E: de::Error>(self, number: i64) -> Result<Decimal, E> {
            self.visit_str(&number.to_string())
        }

        fn visit_u64<E: de::Error>(self, number: u64) -> Result<Decimal, E> {
            self.visit_str(&number.to_string())
        }

        fn visit_f64<E: de::Error>(self, number: f64) -> Result<Decimal, E> {
            self.visit_str(&number.to_string())
        }
    }

    deserializer.deserialize_any(Visitor)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_digits_and_a_point_are_accepted() {
        for (text, shown) in [
            ("1250.00", "1250.00"),
            ("-5", "-5"),
            ("0", "0"),
            ("007", "7"),
            ("999999999999999", "999999999999999"),
        ] {
            assert_eq!(parse(text).map(|number| number.to_string()).as_deref(), Some(shown), "{text}");
        }
        for text in [
            "",
            "-",
            ".",
            "1.",
            ".5",
            "1_000",
            "1,000",
            "+5",
            " 5",
            "5 ",
            "1e3",
            "--5",
            "0x10",
            "NaN",
            "inf",
            "٥",
            "1.2.3",
            "1000000000000000",
            "0.00000000000000000000000000001",
        ] {
            assert_eq!(parse(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn written_numbers_are_parsed_exactly(whole in 0_u64..=999_999_999_999_999, fraction in "[0-9]{1,10}") {
            let text = format!("{whole}.{fraction}");
            prop_assert_eq!(parse(&text).unwrap().to_string(), text);
        }

        #[test]
        fn accepted_texts_have_only_digits(text in "[-+0-9._,e ]{0,12}") {
            if parse(&text).is_some() {
                prop_assert!(text.chars().all(|c| c.is_ascii_digit() || c == '.' || c == '-'));
            }
        }
    }
}
