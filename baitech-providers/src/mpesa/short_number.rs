//! Transaction numbers in twelve characters, the maximum length of an account reference at Daraja.
//!
//! A usual number has twelve digits after `TXN`. A number after the first 999,999 of its day is longer: its
//! place in the series is written in base 36 after an `X`, so that references stay unique.

/// How many digits in base 36 follow the `X`.
const PLACES: usize = 5;

/// The reference of a transaction number.
pub(super) fn shorten(number: &str) -> String {
    let digits = number.strip_prefix("TXN").unwrap_or(number);
    widened(digits).unwrap_or_else(|| digits.to_owned())
}

fn widened(digits: &str) -> Option<String> {
    let (day, series) = digits.split_at_checked(6)?;
    if series.len() <= 6 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let mut left: u64 = series.parse().ok()?;
    let mut places = Vec::with_capacity(PLACES);
    for _ in 0..PLACES {
        let digit = u32::try_from(left % 36).ok()?;
        places.push(char::from_digit(digit, 36)?.to_ascii_uppercase());
        left /= 36;
    }
    (left == 0).then(|| format!("{day}X{}", places.iter().rev().collect::<String>()))
}

/// The transaction number of a reference with an `X`.
pub(super) fn complete(reference: &str) -> Option<String> {
    let (day, series) = reference.split_at_checked(6)?;
    let places = series.strip_prefix(['X', 'x'])?;
    let is_short = places.len() == PLACES && places.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if !is_short || !day.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let place = u64::from_str_radix(places, 36).ok()?;
    (place > 999_999).then(|| format!("TXN{day}{place}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn every_number_has_a_unique_reference(day in 0..999_999_u32, series in 1..60_000_000_u64) {
            let number = format!("TXN{day:06}{series:06}");
            let reference = shorten(&number);
            prop_assert_eq!(reference.len(), 12);
            let completed = complete(&reference).unwrap_or_else(|| format!("TXN{reference}"));
            prop_assert_eq!(completed, number);
        }
    }

    #[test]
    fn other_texts_are_not_short_numbers() {
        for other in ["260302X00001", "260302Y0LFLS", "260302X0LFL", "260302X0LFL-", "", "26030é"] {
            assert_eq!(complete(other), None, "{other}");
        }
    }
}
