use super::*;

#[test]
fn numbers_are_kept_in_one_form() {
    for text in [
        "0712 345 678",
        "0712345678",
        "712345678",
        "+254712345678",
        "+254 712-345-678",
        "254712345678",
        "00254712345678",
        "00 254 712 345 678",
        "000254712345678",
        "(+254) 712.345.678",
        "+254 (0)712 345 678",
        "+254 0712 345 678",
        "0712/345678",
        "０７１２３４５６７８",
        "＋２５４７１２３４５６７８",
        "\u{A0}0712\u{2011}345\u{2011}678",
    ] {
        assert_eq!(PhoneNumber::new(text).unwrap().as_str(), "+254712345678", "{text:?}");
    }
    for (text, form) in [
        ("+44 20 7946 0018", "+442079460018"),
        ("+44 (0)20 7946 0018", "+442079460018"),
        ("0044 20 7946 0018", "+442079460018"),
        ("+39 06 6982 0000", "+390669820000"),
        ("0110 123 456", "+254110123456"),
        ("020 222 2181", "+254202222181"),
    ] {
        assert_eq!(PhoneNumber::new(text).unwrap().as_str(), form, "{text:?}");
    }
    for text in [
        "",
        "12",
        "0712 345",
        "+254 712 345 678 901",
        "+999 712345678",
        "+",
        "00",
        "0000",
        "9".repeat(400).as_str(),
    ] {
        assert_eq!(code(PhoneNumber::new(text)), Code::Malformed, "{text:?}");
    }
}

#[test]
fn letters_are_not_converted_to_keypad_digits() {
    for (text, named) in [
        ("0722 11223S", "\"S\""),
        ("+2547l1223344", "\"l\""),
        ("0722 I12233", "\"I\""),
        ("0722 O12233", "\"O\""),
        ("call me", "\"c\""),
        ("tel:+254712345678", "\"t\""),
        ("0712345678 ext 5", "\"e\""),
        ("0712345678;0722000000", "\";\""),
        ("0712345678,", "\",\""),
        ("٠٧١٢٣٤٥٦٧٨", "\"٠\""),
        ("0712\u{202C}345678", "U+202C"),
        ("0712+345678", "\"+\""),
        ("++254712345678", "\"+\""),
        ("2547 ***** 126", "\"*\""),
    ] {
        let violation = PhoneNumber::new(text).unwrap_err();
        assert_eq!((violation.field.as_ref(), violation.code), ("phoneNumber", Code::Malformed));
        assert!(violation.message.contains(named), "{text:?}: {violation}");
        let stored = PhoneNumber::normalized(text);
        assert_eq!((stored.as_str(), stored.claim()), (text, None), "stays as it is stored");
    }
}

#[test]
fn stored_numbers_are_normalised_and_blank_ones_have_no_claim() {
    assert_eq!(PhoneNumber::normalized("0712 345 678").as_str(), "+254712345678");
    assert_eq!(PhoneNumber::normalized("+2540712345678").as_str(), "+254712345678");
    assert_eq!(PhoneNumber::from_stored("0712345678").claim().as_deref(), Some("+254712345678"));
    for blank in ["", " ", "-", "n/a"] {
        assert_eq!(PhoneNumber::normalized(blank).claim(), None, "{blank:?}");
    }
}

/// The digits of a text without the prefixes of a number: `00`, the country code, and the `0` that is dialled
/// only within a country.
fn significant(text: &str) -> String {
    let digits: String = text
        .chars()
        .filter_map(|c| c.to_digit(10).or_else(|| full_width(c)))
        .map(|n| n.to_string())
        .collect();
    let text = digits.trim_start_matches('0');
    let text = text.strip_prefix("254").unwrap_or(text);
    text.trim_start_matches('0').to_owned()
}

fn full_width(c: char) -> Option<u32> {
    ('０'..='９').contains(&c).then(|| u32::from(c) - 0xFF10)
}

proptest! {
    /// A normalised number has exactly the digits that were written, and normalising it again changes
    /// nothing.
    #[test]
    fn parsed_numbers_keep_exactly_the_written_digits(
        text in "[+]?(00)?(254)?0?[17][0-9]{8}|[+]?[0-9 ()./-]{0,20}|[+]?[0-9A-Za-z*#,;٠-٩０-９ \\u{202C}]{6,16}|\\PC{0,20}"
    ) {
        if let Ok(number) = PhoneNumber::new(&text) {
            prop_assert_eq!(significant(&text), significant(number.as_str()));
            prop_assert!(text.chars().all(|c| !c.is_alphabetic()), "{}", text);
            prop_assert_eq!(PhoneNumber::new(number.as_str()), Ok(number.clone()));
            let claim = number.claim();
            prop_assert_eq!(claim.as_deref(), Some(number.as_str()), "recognised without parsing");
            prop_assert_eq!(PhoneNumber::normalized(number.as_str()), number);
        }
    }
}
