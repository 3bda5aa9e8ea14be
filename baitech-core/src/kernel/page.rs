use serde::{Deserialize, Serialize};

use super::{Code, Violation};

/// Where the next page of a list begins: opaque to callers, only good for the list that gave it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cursor(String);

impl Cursor {
    /// A cursor at the item with this sort key and id. Both must not contain `~`.
    #[must_use]
    pub fn new(key: impl std::fmt::Display, id: impl std::fmt::Display) -> Self {
        Self(format!("{key}~{id}"))
    }

    /// A cursor as a client sent it back; [`parts`](Self::parts) finds out whether it is one.
    #[must_use]
    pub fn from_text(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text to hand to a client.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The sort key and the id that [`new`](Self::new) was given.
    ///
    /// # Errors
    /// A [`Violation`] of `cursor` where the text was not made by `new` from such a key and id.
    pub fn parts<K: std::str::FromStr, I: std::str::FromStr>(&self) -> Result<(K, I), Violation> {
        let parsed = self.0.split_once('~').and_then(|(key, id)| Some((key.parse().ok()?, id.parse().ok()?)));
        parsed.ok_or_else(|| Violation::new("cursor", Code::Malformed, "this is not a cursor of this list"))
    }
}

/// Which page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest {
    limit: u32,
    cursor: Option<Cursor>,
}

impl PageRequest {
    /// Items on a page where nobody says how many.
    pub const DEFAULT_LIMIT: u32 = 20;
    /// The most items on a page.
    pub const MAX_LIMIT: u32 = 100;

    /// A page of `limit` items from `cursor` on, or from the start.
    ///
    /// # Errors
    /// A [`Violation`] of `limit` for 0 or more than [`MAX_LIMIT`](Self::MAX_LIMIT).
    pub fn new(limit: u32, cursor: Option<Cursor>) -> Result<Self, Violation> {
        if (1..=Self::MAX_LIMIT).contains(&limit) {
            Ok(Self { limit, cursor })
        } else {
            let message = format!("a page has 1 to {} items", Self::MAX_LIMIT);
            Err(Violation::new("limit", Code::OutOfRange, message))
        }
    }

    /// How many items at the most.
    #[must_use]
    pub const fn limit(&self) -> usize {
        self.limit as usize
    }

    /// Where the page begins.
    #[must_use]
    pub const fn cursor(&self) -> Option<&Cursor> {
        self.cursor.as_ref()
    }

    /// The page as a store reads it, whose cursors do not name their list.
    ///
    /// # Errors
    /// A [`Violation`] of `cursor` for one that another list gave.
    pub(crate) fn of_list(&self, list: &str) -> Result<Self, Violation> {
        let Some(Cursor(text)) = &self.cursor else { return Ok(self.clone()) };
        match text.split_once('.').filter(|(name, _)| *name == list) {
            Some((_, inner)) => Ok(Self { cursor: Some(Cursor::from_text(inner)), ..*self }),
            None => {
                let message = "this is not a cursor of this list; take nextCursor of one of its pages";
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

/// One page of a list. The list is keyed, not numbered: items that come or go meanwhile shift nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Page<T> {
    /// The items, in the list's order.
    pub items: Vec<T>,
    /// Where the next page begins; `None` on the last page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<Cursor>,
}

impl<T> Page<T> {
    /// The page made of up to `limit + 1` items: the extra one only tells that there is more.
    #[must_use]
    pub fn from_overfull(mut items: Vec<T>, limit: usize, cursor_of: impl Fn(&T) -> Cursor) -> Self {
        let more = items.len() > limit;
        items.truncate(limit);
        let next_cursor = if more { items.last().map(cursor_of) } else { None };
        Self { items, next_cursor }
    }

    /// The page with a cursor that names the list, so that no other takes it.
    pub(crate) fn of_list(self, list: &str) -> Self {
        let next_cursor = self.next_cursor.map(|Cursor(inner)| Cursor(format!("{list}.{inner}")));
        Self { next_cursor, ..self }
    }

    /// The same page with every item turned into something else.
    #[must_use]
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(f).collect(), next_cursor: self.next_cursor }
    }
}

#[cfg(test)]
mod tests;
