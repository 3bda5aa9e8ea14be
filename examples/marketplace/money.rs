//! Amounts in a readable form.

use baitech::kernel::Money;

/// `2,738 KES`; cents only if they are not zero.
pub(crate) fn text(money: Money) -> String {
    format!("{} {}", number(money), money.currency().code())
}

/// `2,738`, or `-166.40`.
pub(crate) fn number(money: Money) -> String {
    let amount = money.amount().normalize();
    let digits = if amount.fract().is_zero() { 0 } else { 2 };
    let plain = format!("{:.digits$}", amount.abs());
    let (whole, cents) = plain.split_once('.').map_or((plain.as_str(), None), |(w, c)| (w, Some(c)));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let sign = if amount.is_sign_negative() && !amount.is_zero() { "-" } else { "" };
    match cents {
        Some(cents) => format!("{sign}{grouped}.{cents}"),
        None => format!("{sign}{grouped}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use baitech::kernel::Currency;

    #[test]
    fn amounts_have_thousands_separators_and_non_zero_cents() {
        let cents = |cents| text(Money::from_minor(cents, Currency::KES));
        assert_eq!(cents(273_800), "2,738 KES");
        assert_eq!(cents(100_000_000), "1,000,000 KES");
        assert_eq!(cents(-16_640), "-166.40 KES");
        assert_eq!(cents(99_900), "999 KES");
        assert_eq!(cents(0), "0 KES");
    }
}
