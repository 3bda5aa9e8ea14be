use super::*;

#[test]
fn equivalent_addresses_have_one_normal_form() {
    for (one, form) in [
        ("Jo.Doe@Example.COM", "jo.doe@example.com"),
        (" jo.doe@EXAMPLE.com\n", "jo.doe@example.com"),
        ("Info@Bücher.Example", "info@xn--bcher-kva.example"),
        ("info@bu\u{308}cher.example", "info@xn--bcher-kva.example"),
        ("info@XN--BCHER-KVA.example", "info@xn--bcher-kva.example"),
        ("jo@ｅｘａｍｐｌｅ.com", "jo@example.com"),
        ("JOSÉ@example.com", "josé@example.com"),
        ("jose\u{301}@example.com", "josé@example.com"),
    ] {
        assert_eq!(Email::new(one).unwrap().as_str(), form, "{one:?}");
        assert_eq!(Email::normalized(one).as_str(), form, "{one:?}, stored");
        assert_eq!(Email::from_stored(one).claim().as_deref(), Some(form), "{one:?}");
    }
}

#[test]
fn addresses_with_invisible_characters_or_no_domain_are_refused() {
    for wrong in [
        "jo\u{200B}@example.com",
        "jo@exam\u{AD}ple.com",
        "\u{202E}jo@example.com",
        "jo@xn--a.com",
        "jo@-example.com",
        "jo@exa_mple.com",
        "jo@example",
    ] {
        assert_eq!(code(Email::new(wrong)), Code::Malformed, "{}", wrong.escape_unicode());
    }
}

#[test]
fn invalid_stored_addresses_stay_unchanged() {
    let stored = Email::normalized("Nobody (at) example");
    assert_eq!(stored.as_str(), "Nobody (at) example");
    assert_eq!(stored.claim().as_deref(), Some("nobody (at) example"));
    assert_eq!(Email::normalized(" ").claim(), None);
    assert_eq!(Email::normalized("").claim(), None);
}
