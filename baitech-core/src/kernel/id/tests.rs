use proptest::prelude::*;

use super::*;
use crate::{account::User, kernel::SeededEntropy};

#[test]
fn only_24_hexadecimal_digits_are_an_id() {
    let texts = ["", "6b02a8c0ffb68dbb1a224c1", "6b02a8c0ffb68dbb1a224c144", "6b02a8c0ffb68dbb1a224c1g"];
    let odd = ["+b02a8c0ffb68dbb1a224c14", " b02a8c0ffb68dbb1a224c14", "éb02a8c0ffb68dbb1a224c1"];
    for text in texts.into_iter().chain(odd) {
        assert_eq!(text.parse::<Id<User>>(), Err(ParseIdError), "{text:?}");
    }
    let upper: Id<User> = "6B02A8C0FFB68DBB1A224C14".parse().unwrap();
    assert_eq!(upper.to_string(), "6b02a8c0ffb68dbb1a224c14");
}

#[test]
fn new_ids_begin_with_their_time() {
    let entropy = SeededEntropy::new(1);
    let now = DateTime::from_timestamp(0x6b02_a8c0, 0).unwrap();
    let first: Id<User> = Id::generate(now, &entropy);
    let second: Id<User> = Id::generate(now + chrono::TimeDelta::seconds(1), &entropy);
    assert!(first.to_string().starts_with("6b02a8c0"));
    assert!(first < second);
    assert_ne!(first.to_bytes()[4..], second.to_bytes()[4..]);
    assert_eq!(first, Id::generate(now, &SeededEntropy::new(1)));
}

proptest! {
    #[test]
    fn ids_round_trip_through_text_and_json(bytes in any::<[u8; 12]>()) {
        let id: Id<User> = Id::from_bytes(bytes);
        prop_assert_eq!(id.to_bytes(), bytes);
        prop_assert_eq!(id.to_string().parse(), Ok(id));
        let json = serde_json::to_string(&id).unwrap();
        prop_assert_eq!(&json, &format!("\"{id}\""));
        prop_assert_eq!(serde_json::from_str::<Id<User>>(&json).unwrap(), id);
    }

    #[test]
    fn ids_order_as_their_text(a in any::<[u8; 12]>(), b in any::<[u8; 12]>()) {
        let (a, b): (Id<User>, Id<User>) = (Id::from_bytes(a), Id::from_bytes(b));
        prop_assert_eq!(a.cmp(&b), a.to_string().cmp(&b.to_string()));
    }

    #[test]
    fn parsed_ids_print_as_their_text(text in "\\PC*|[0-9a-f+ ]{24}") {
        if let Ok(id) = text.parse::<Id<User>>() {
            prop_assert_eq!(id.to_string(), text.to_lowercase());
        }
    }
}
