use proptest::prelude::*;

use super::*;

mod clean;
mod email;
mod phone;

fn code<T: std::fmt::Debug>(result: Result<T, Violation>) -> Code {
    result.unwrap_err().code
}

#[test]
fn text_is_trimmed_and_bounded() {
    let text = |text| Text::<5>::new("name", text);
    assert_eq!(text("  Asha ").unwrap().as_str(), "Asha");
    assert_eq!(text("Wanjĩ").unwrap().as_str(), "Wanjĩ", "characters are counted, not bytes");
    assert_eq!(text("a\nb\tc").unwrap().as_str(), "a\nb\tc");
    assert_eq!(code(text("")), Code::Required);
    assert_eq!(code(text(" \n ")), Code::Required);
    assert_eq!(code(text("Wanjiru")), Code::TooLong);
    assert_eq!(code(text("a\0b")), Code::Malformed);
    assert_eq!(code(text("a\u{1b}b")), Code::Malformed);
    assert_eq!(text("").unwrap_err().field, "name");
}

#[test]
fn blank_is_none_where_text_is_optional() {
    assert_eq!(Text::<5>::optional("name", None), Ok(None));
    assert_eq!(Text::<5>::optional("name", Some("  ")), Ok(None));
    assert_eq!(Text::<5>::optional("name", Some("a")).unwrap().unwrap().as_str(), "a");
    assert_eq!(code(Text::<5>::optional("name", Some("abcdef"))), Code::TooLong);
}

#[test]
fn addresses_have_a_domain_with_a_dot() {
    assert_eq!(
        Email::new(" Asha.Otieno+jobs@Example.CO.KE ").unwrap().as_str(),
        "asha.otieno+jobs@example.co.ke"
    );
    let wrong = [
        "",
        "asha",
        "asha@",
        "@example.com",
        "asha@localhost",
        "asha@example.com.",
        "asha@.com",
        "asha@example..com",
        "asha otieno@example.com",
        "asha@exa mple.com",
        "asha@@example.com",
        "Asha <asha@example.com>",
        "asha@[127.0.0.1]",
        "asha@example.com\r\nBcc: all@example.com",
    ];
    for text in wrong {
        assert!(Email::new(text).is_err(), "{text:?}");
    }
}

#[test]
fn usernames_are_plain() {
    assert_eq!(Username::new("@Fundi_Asha").unwrap().as_str(), "fundi_asha");
    for text in ["ab", "", "@", "fundi asha", "fundi-asha", "fündi", "a".repeat(31).as_str()] {
        assert_eq!(code(Username::new(text)), Code::Malformed, "{text:?}");
    }
}

#[test]
fn percent_above_a_hundred_is_refused() {
    assert_eq!(Percent::new(100).unwrap().get(), 100);
    assert_eq!(code(Percent::new(101)), Code::OutOfRange);
    assert!(serde_json::from_str::<Percent>("101").is_err());
}

proptest! {
    #[test]
    fn accepted_text_is_in_normal_form(text in "\\PC{0,40}|[a-z0-9.@+ ]{0,30}|[aé\u{301}\u{200B}\u{202E}\u{FEFF}ß @.]{0,12}") {
        if let Ok(email) = Email::new(&text) {
            prop_assert_eq!(Email::new(email.as_str()), Ok(email.clone()));
        }
        if let Ok(username) = Username::new(&text) {
            prop_assert_eq!(Username::new(username.as_str()), Ok(username.clone()));
        }
        if let Ok(text) = Text::<30>::new("text", &text) {
            prop_assert!((1..=30).contains(&text.as_str().chars().count()));
            prop_assert_eq!(Text::<30>::new("text", text.as_str()), Ok(text.clone()));
            let json = serde_json::to_string(&text).unwrap();
            prop_assert_eq!(serde_json::from_str::<Text<30>>(&json).unwrap(), text);
        }
    }
}
