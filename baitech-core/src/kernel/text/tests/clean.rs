use super::*;

#[test]
fn text_without_a_visible_character_is_refused() {
    for blank in [
        "\u{200B}",
        "\u{FEFF}",
        "\u{3164}",
        "\u{2800}",
        "\u{00AD}",
        "\u{200E}",
        "\u{2060}",
        "\u{200D}",
        "\u{200C}",
        "\u{FE0F}",
        "\u{115F}",
        "\u{1160}",
        "\u{FFA0}",
        "\u{034F}",
        "\u{061C}",
        "\u{180E}",
        "\u{17B4}",
        "\u{E0020}",
        "\u{FFFC}",
        "\u{1D159}",
        "\u{A0}",
        "\u{3000}",
        "\u{200B} \u{2060}\n\u{3164}",
    ] {
        assert_eq!(code(Text::<50>::new("firstName", blank)), Code::Required, "{}", blank.escape_unicode());
        assert_eq!(code(Text::<50>::new("firstName", &blank.repeat(60))), Code::Required);
    }
}

#[test]
fn characters_that_reorder_text_are_refused() {
    for c in [
        '\u{202A}', '\u{202B}', '\u{202C}', '\u{202D}', '\u{202E}', '\u{2066}', '\u{2067}', '\u{2068}',
        '\u{2069}',
    ] {
        let violation = Text::<50>::new("firstName", &format!("As{c}ha")).unwrap_err();
        assert_eq!((violation.field.as_ref(), violation.code), ("firstName", Code::Malformed));
        assert!(violation.message.contains(&format!("U+{:04X}", u32::from(c))), "{violation}");
    }
}

#[test]
fn text_is_kept_in_the_composed_form() {
    let text = Text::<5>::new("name", "Wanji\u{303}").unwrap();
    assert_eq!(text.as_str(), "Wanj\u{129}", "six code points as typed, five as stored");
    let hangul = Text::<5>::new("name", "\u{1112}\u{1161}\u{11AB}").unwrap();
    assert_eq!(hangul.as_str(), "\u{D55C}");
}

#[test]
fn joiners_and_variation_selectors_stay_where_scripts_need_them() {
    for text in
        ["👩\u{200D}🔧", "❤\u{FE0F}", "می\u{200C}خواهم", "🏴\u{E0067}\u{E0062}\u{E007F}", "ශ්\u{200D}රී"]
    {
        assert_eq!(Text::<50>::new("name", text).unwrap().as_str(), text);
    }
}

#[test]
fn invisible_characters_around_a_text_are_trimmed() {
    let text = Text::<50>::new("name", "\u{FEFF}\u{200B} Asha \u{2060}\u{3164}").unwrap();
    assert_eq!(text.as_str(), "Asha");
}

#[test]
fn references_compare_without_invisible_characters() {
    assert_eq!(visible("QK\u{200B}12\u{FEFF}3\u{202E}"), "QK123");
    assert_eq!(visible("QK123 "), "QK123 ");
}
