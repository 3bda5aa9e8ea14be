use baitech_core::kernel::Money;

/// The minus sign, which is as wide as a plus sign; a hyphen is easily overlooked.
const MINUS: char = '\u{2212}';

/// `KES 2,738.00`: the currency's code, thousands apart, all digits of the smallest unit. A finer amount
/// keeps its digits: a document never shows a rounded value.
pub(super) fn money(money: Money) -> String {
    let places = money.currency().exponent().map_or(2, usize::from);
    let digits = money.amount().normalize().abs().to_string();
    let (whole, fraction) = digits.split_once('.').unwrap_or((&digits, ""));

    let mut shown = format!("{} ", money.currency().code());
    if money.is_negative() {
        shown.push(MINUS);
    }
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    if places > 0 || !fraction.is_empty() {
        shown.push_str(&format!(".{fraction:0<places$}"));
    }
    shown
}
