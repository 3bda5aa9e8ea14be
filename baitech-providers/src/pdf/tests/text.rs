//! Tests of amounts and of line breaking.

use std::str::FromStr;

use baitech_core::kernel::{Currency, Money};
use proptest::prelude::*;
use rust_decimal::Decimal;

use super::{
    super::{
        amount::money,
        fonts::{Fonts, Weight},
        theme::{BODY, HEADING, SMALL, TITLE, TOTAL, WIDTH},
        wrap::wrap,
    },
    amount, text,
};

#[test]
fn amounts_show_currency_and_thousands_separators() {
    let shown = |amount: &str, currency| money(Money::new(Decimal::from_str(amount).unwrap(), currency));
    assert_eq!(shown("2738", Currency::KES), "KES 2,738.00");
    assert_eq!(shown("0", Currency::KES), "KES 0.00");
    assert_eq!(shown("-0.00", Currency::KES), "KES 0.00");
    assert_eq!(shown("-0.5", Currency::KES), "KES −0.50");
    assert_eq!(shown("999.9", Currency::USD), "USD 999.90");
    assert_eq!(shown("-123456789.01", Currency::USD), "USD −123,456,789.01");
    assert_eq!(shown("25000.00", Currency::UGX), "UGX 25,000");
    assert_eq!(shown("1.005", Currency::KES), "KES 1.005");
    let largest = Money::new(Decimal::MAX, Currency::KES);
    assert_eq!(money(largest), "KES 79,228,162,514,264,337,593,543,950,335.00");
}

#[test]
fn unprintable_characters_are_replaced_and_invisible_marks_omitted() {
    let fonts = Fonts::load().unwrap();
    let shown = |text| fonts.printable(Weight::Bold, text);
    assert_eq!(shown("Wanjikũ – 5 € −"), "Wanjikũ – 5 € −");
    assert_eq!(shown("好 🔧 \u{0} \u{e000}"), "� � � �");
    assert_eq!(shown("a\u{200b}\u{202e}\u{ad}\u{feff}b"), "ab");
    assert_eq!(shown("a\r\nb\rc\u{2028}d\te\u{a0}f"), "a\nb\nc\nd e\u{a0}f");
}

#[test]
fn words_are_kept_whole_and_long_ones_are_split() {
    let ems = |text: &str| text.chars().count() as f32;
    assert_eq!(wrap("one two  three\n\n four", 9.0, ems), ["one two", "three", "four"]);
    assert_eq!(wrap("no SJK4H7L2QW yes", 6.0, ems), ["no", "SJK4H7", "L2QW", "yes"]);
    assert_eq!(wrap("abc", 0.5, ems), ["a", "b", "c"]);
    assert!(wrap(" \n ", 9.0, ems).is_empty());
    let accented = "e\u{301}".repeat(3);
    assert_eq!(wrap(&accented, 3.0, ems), ["e\u{301}", "e\u{301}", "e\u{301}"]);
}

#[test]
fn word_longer_than_a_page_is_wrapped() {
    let fonts = Fonts::load().unwrap();
    let lines = wrap(&"W".repeat(1 << 13), WIDTH, |text| fonts.width(BODY, text));
    assert_eq!(lines.concat().len(), 1 << 13);
    assert!(lines.iter().all(|line| fonts.width(BODY, line) <= WIDTH));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn no_line_is_wider_than_its_column_and_nothing_is_lost(text in text(), width in 80.0_f32..WIDTH) {
        let fonts = Fonts::load().unwrap();
        for style in [TITLE, TOTAL, HEADING, BODY, SMALL] {
            let shown = fonts.printable(style.weight, &text);
            let lines = wrap(&shown, width, |text| fonts.width(style, text));
            for line in &lines {
                prop_assert!(fonts.width(style, line) <= width, "{line:?}");
                prop_assert!(!line.trim_matches(' ').is_empty() && line.trim_matches(' ') == line);
            }
            let letters = |text: &str| text.replace([' ', '\n'], "");
            prop_assert_eq!(letters(&lines.concat()), letters(&shown));
        }
    }

    #[test]
    fn words_that_fit_are_never_broken(words in proptest::collection::vec("[a-z]{1,12}", 1..60)) {
        let fonts = Fonts::load().unwrap();
        let lines = wrap(&words.join(" "), 150.0, |text| fonts.width(BODY, text));
        prop_assert_eq!(lines.join(" "), words.join(" "));
    }

    #[test]
    fn every_glyph_stands_for_the_text_it_was_made_of(text in text()) {
        let fonts = Fonts::load().unwrap();
        let shown = fonts.printable(Weight::Regular, &text).replace('\n', " ");
        for glyph in fonts.shape(Weight::Regular, &shown) {
            prop_assert!(
                shown.get(glyph.text_range.clone()).is_some_and(|part| !part.is_empty()),
                "{glyph:?}"
            );
            prop_assert!(glyph.glyph_id.to_u32() != 0, "{glyph:?}");
        }
    }

    #[test]
    fn an_amount_shows_every_digit_it_has(amount in amount()) {
        let shown = money(amount);
        let (code, number) = shown.split_once(' ').unwrap();
        prop_assert_eq!(code, amount.currency().code());
        let plain = number.replace('−', "-");
        let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
        let groups: Vec<_> = whole.trim_start_matches('-').split(',').collect();
        prop_assert!((1..=3).contains(&groups[0].len()));
        prop_assert!(groups[1..].iter().all(|group| group.len() == 3));
        prop_assert!(fraction.len() >= usize::from(amount.currency().exponent().unwrap()));
        // Zeros that only fill up to the smallest unit may exceed what a `Decimal` holds.
        let digits = plain.replace(',', "");
        let digits =
            if fraction.is_empty() { &digits } else { digits.trim_end_matches('0').trim_end_matches('.') };
        prop_assert_eq!(Decimal::from_str(digits).unwrap(), amount.amount());
    }
}
