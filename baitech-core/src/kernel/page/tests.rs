use proptest::prelude::*;

use super::*;
use crate::{account::User, kernel::Id};

#[test]
fn pages_are_bounded() {
    assert_eq!(PageRequest::default().limit(), 20);
    assert_eq!(PageRequest::new(100, None).unwrap().limit(), 100);
    for limit in [0, 101, u32::MAX] {
        assert_eq!(PageRequest::new(limit, None).unwrap_err().code, Code::OutOfRange);
    }
}

#[test]
fn malformed_cursors_are_refused() {
    for text in ["", "~", "5", "five~6b02a8c0ffb68dbb1a224c14", "5~", "5~6b02", "5~6b02a8c0ffb68dbb1a224c14~"]
    {
        let parts = Cursor::from_text(text).parts::<i64, Id<User>>();
        assert_eq!(parts.unwrap_err().code, Code::Malformed, "{text:?}");
    }
}

#[test]
fn cursors_are_refused_by_other_lists() {
    let page = Page { items: vec![1], next_cursor: Some(Cursor::new(5, "x")) }.of_list("bookings");
    let cursor = page.next_cursor.unwrap();
    let request = PageRequest::new(7, Some(cursor)).unwrap();
    let inner = request.of_list("bookings").unwrap();
    assert_eq!((inner.limit(), inner.cursor()), (7, Some(&Cursor::new(5, "x"))));
    for other in ["transactions", "booking", "bookings.5", ""] {
        assert_eq!(request.of_list(other).unwrap_err().field, "cursor", "{other}");
    }
    let unnamed = PageRequest::new(7, Some(Cursor::new(5, "x"))).unwrap();
    assert!(unnamed.of_list("bookings").is_err());
    assert_eq!(PageRequest::default().of_list("bookings"), Ok(PageRequest::default()));
}

proptest! {
    #[test]
    fn cursor_parts_round_trip(key in any::<i64>(), bytes in any::<[u8; 12]>()) {
        let id: Id<User> = Id::from_bytes(bytes);
        let cursor = Cursor::from_text(Cursor::new(key, id).as_str());
        prop_assert_eq!(cursor.parts(), Ok((key, id)));
    }

    #[test]
    fn pages_concatenate_to_the_list(length in 0_usize..50, limit in 1_u32..20) {
        let list: Vec<usize> = (0..length).collect();
        let limit = PageRequest::new(limit, None).unwrap().limit();
        let (mut seen, mut start) = (Vec::new(), 0);
        loop {
            let overfull: Vec<_> = list[start..].iter().take(limit + 1).copied().collect();
            let page = Page::from_overfull(overfull, limit, |item| Cursor::new(item, "x")).map(|item| item);
            prop_assert!(page.items.len() <= limit);
            seen.extend(page.items);
            let Some(cursor) = page.next_cursor else { break };
            let (last, _): (usize, String) = cursor.parts().unwrap();
            prop_assert_eq!(seen.last(), Some(&last));
            start = last + 1;
        }
        prop_assert_eq!(seen, list);
    }
}
