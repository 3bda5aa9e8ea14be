//! What lists promise about their pages.

use std::{collections::BTreeSet, fmt::Debug, future::Future};

use crate::{
    kernel::{Cursor, Page, PageRequest},
    store::StoreError,
};

/// Reads a whole list, in pages of `limit` items.
pub(super) async fn walk<T, P>(limit: u32, list: impl Fn(PageRequest) -> P + Send) -> Vec<T>
where
    T: Clone + Send,
    P: Future<Output = Result<Page<T>, StoreError>> + Send,
{
    walk_while_changing(limit, list, |_, _| std::future::ready(())).await
}

/// Reads a whole list, in pages of `limit` items, and changes it after each page. `change` gets the number of
/// the page and its first item.
pub(super) async fn walk_while_changing<T, P, C>(
    limit: u32,
    list: impl Fn(PageRequest) -> P + Send,
    change: impl Fn(u64, Option<T>) -> C + Send,
) -> Vec<T>
where
    T: Clone + Send,
    P: Future<Output = Result<Page<T>, StoreError>> + Send,
    C: Future<Output = ()> + Send,
{
    let (mut found, mut cursor) = (Vec::new(), None);
    for number in 0..200 {
        let page = list(PageRequest::new(limit, cursor).unwrap()).await.unwrap();
        assert!(page.items.len() <= limit as usize);
        change(number, page.items.first().cloned()).await;
        found.extend(page.items);
        cursor = page.next_cursor;
        if cursor.is_none() {
            return found;
        }
    }
    panic!("the list does not end");
}

/// Requires that a list which changed while it was read showed everything that was there all the time, once
/// and in order. `seen` are sort keys and ids.
pub(super) fn assert_complete<K: Ord, I: Ord>(seen: Vec<(K, I)>, there: impl IntoIterator<Item = I>) {
    assert!(seen.is_sorted());
    let count = seen.len();
    let distinct: BTreeSet<I> = seen.into_iter().map(|(_, id)| id).collect();
    assert_eq!(distinct.len(), count, "none twice");
    assert!(there.into_iter().all(|id| distinct.contains(&id)), "none left out");
}

/// Requires that a list refuses cursors of other lists, and text that is no cursor.
pub(super) async fn assert_refuses_foreign_cursors<T, P>(list: impl Fn(PageRequest) -> P + Send)
where
    T: Debug + Send,
    P: Future<Output = Result<Page<T>, StoreError>> + Send,
{
    const ID: &str = "6b02a8c0ffb68dbb1a224c14";
    let of_other_lists = ["x", "1.x", "\u{1f600}"].map(|key| format!("{key}~{ID}"));
    let no_cursors = ["", "~", "nonsense", "1~2", "1~2~3"].map(str::to_owned);
    for text in of_other_lists.into_iter().chain(no_cursors) {
        let refused = list(PageRequest::new(5, Some(Cursor::from_text(&text))).unwrap()).await;
        let Err(StoreError::Cursor(violation)) = refused else { panic!("{text:?}: {refused:?}") };
        assert_eq!(violation.field, "cursor");
    }
}
