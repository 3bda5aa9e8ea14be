use serde::{Deserialize, Serialize};

use super::{Code, Violation};

/// The start of the next page of a list: opaque to callers, and valid only for the list that returned it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cursor(String);

impl Cursor {
    /// Creates a cursor at the item with this sort key and id. Neither may contain `~`.
    #[must_use]
    pub fn new(key: impl std::fmt::Display, id: impl std::fmt::Display) -> Self {
        Self(format!("{key}~{id}"))
    }

    /// Wraps a cursor that a client sent back; [`parts`](Self::parts) validates it.
    #[must_use]
    pub fn from_text(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text for the client.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The sort key and the id that were passed to [`new`](Self::new).
    ///
    /// # Errors
    /// A [`Violation`] of `cursor` if `new` did not create the text from such a key and id.
    pub fn parts<K: std::str::FromStr, I: std::str::FromStr>(&self) -> Result<(K, I), Violation> {
        let parsed = self.0.split_once('~').and_then(|(key, id)| Some((key.parse().ok()?, id.parse().ok()?)));
        parsed.ok_or_else(|| Violation::new("cursor", Code::Malformed, "the cursor belongs to another list"))
    }
}

/// A request for one page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest {
    limit: u32,
    cursor: Option<Cursor>,
}

impl PageRequest {
    /// Default number of items on a page.
    pub const DEFAULT_LIMIT: u32 = 20;
    /// Maximum number of items on a page.
    pub const MAX_LIMIT: u32 = 100;

    /// A page of `limit` items from `cursor` on, or from the start.
    ///
    /// # Errors
    /// A [`Violation`] of `limit` for 0 or more than [`MAX_LIMIT`](Self::MAX_LIMIT).
    pub fn new(limit: u32, cursor: Option<Cursor>) -> Result<Self, Violation> {
        if (1..=Self::MAX_LIMIT).contains(&limit) {
            Ok(Self { limit, cursor })
        } else {
            let message = format!("must be between 1 and {}", Self::MAX_LIMIT);
            Err(Violation::new("limit", Code::OutOfRange, message))
        }
    }

    /// Maximum number of items.
    #[must_use]
    pub const fn limit(&self) -> usize {
        self.limit as usize
    }

    /// The start of the page; `None` for the first page.
    #[must_use]
    pub const fn cursor(&self) -> Option<&Cursor> {
        self.cursor.as_ref()
    }

    /// The request as a store reads it: store cursors do not name their list.
    ///
    /// # Errors
    /// A [`Violation`] of `cursor` for the cursor of another list.
    pub(crate) fn of_list(&self, list: &str) -> Result<Self, Violation> {
        let Some(Cursor(text)) = &self.cursor else { return Ok(self.clone()) };
        match text.split_once('.').filter(|(name, _)| *name == list) {
            Some((_, inner)) => Ok(Self { cursor: Some(Cursor::from_text(inner)), ..*self }),
            None => {
                let message = "the cursor belongs to another list; use the nextCursor of a page of this list";
                Err(Violation::new("cursor", Code::Malformed, message))
            }
        }
    }
}

impl Default for PageRequest {
    fn default() -> Self {
        Self { limit: Self::DEFAULT_LIMIT, cursor: None }
    }
}

/// One page of a list. Pages are keyed, not numbered: concurrent inserts and deletes shift no items.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Page<T> {
    /// The items, in the list's order.
    pub items: Vec<T>,
    /// The start of the next page; `None` on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<Cursor>,
}

impl<T> Page<T> {
    /// Builds a page from up to `limit + 1` items: the extra one only shows that there are more.
    #[must_use]
    pub fn from_overfull(mut items: Vec<T>, limit: usize, cursor_of: impl Fn(&T) -> Cursor) -> Self {
        let more = items.len() > limit;
        items.truncate(limit);
        let next_cursor = if more { items.last().map(cursor_of) } else { None };
        Self { items, next_cursor }
    }

    /// Adds the list's name to the cursor, so that no other list accepts it.
    pub(crate) fn of_list(self, list: &str) -> Self {
        let next_cursor = self.next_cursor.map(|Cursor(inner)| Cursor(format!("{list}.{inner}")));
        Self { next_cursor, ..self }
    }

    /// Converts every item.
    #[must_use]
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(f).collect(), next_cursor: self.next_cursor }
    }
}

#[cfg(test)]
mod tests;
