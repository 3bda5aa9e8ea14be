//! The postings of an account, in pages.

use baitech_core::kernel::{Code, Cursor, Id, Page, PageRequest, Violation};
use baitech_core::ledger::{Account, AccountLine, Entry};
use baitech_core::store::StoreError;
use bson::{DateTime, Document, RawDocument, RawDocumentBuf, doc};
use futures::TryStreamExt;

use super::COLLECTION;
use super::document::EntryDocument;
use crate::MongoStore;
use crate::codec::Unreadable;
use crate::load::{corrupt, readable};
use crate::page::{id_of, newest_first};
use crate::server_error::unavailable;
use crate::value::oid;

/// The sort key of lists of entries.
const AT: &str = "at";

/// The position of a line: that of its entry, and its index in the entry.
#[derive(Debug, Clone, Copy)]
struct Place {
    at: DateTime,
    entry: Id<Entry>,
    line: usize,
}

impl Place {
    fn cursor(self) -> Cursor {
        Cursor::new(format!("{}.{}", self.at.timestamp_millis(), self.line), self.entry)
    }

    fn parse(cursor: &Cursor) -> Result<Self, Violation> {
        let (key, entry) = cursor.parts::<String, Id<Entry>>()?;
        let parsed = key.split_once('.').and_then(|(at, line)| Some((at.parse().ok()?, line.parse().ok()?)));
        let (millis, line) = parsed
            .ok_or_else(|| Violation::new("cursor", Code::Malformed, "the cursor belongs to another list"))?;
        Ok(Self { at: DateTime::from_millis(millis), entry, line })
    }

    /// The end of an entry.
    fn after(raw: &RawDocument) -> Option<Self> {
        Some(Self { at: raw.get_datetime(AT).ok()?, entry: id_of(raw), line: usize::MAX })
    }
}

impl MongoStore {
    /// An unreadable entry is skipped and logged; the list continues after it.
    pub(super) async fn lines_of(
        &self,
        account: Account,
        page: &PageRequest,
    ) -> Result<Page<AccountLine>, StoreError> {
        let after = page.cursor().map(Place::parse).transpose().map_err(StoreError::Cursor)?;
        // The entry in which the last page ended, and one more, which shows that there is another page.
        let asked = page.limit().saturating_add(2);
        let ledger = self.raw(COLLECTION);
        let found = ledger.find(of_account(account, after)).sort(newest_first(AT));
        let found = found.limit(i64::try_from(asked).unwrap_or(i64::MAX)).await.map_err(unavailable)?;
        let entries: Vec<RawDocumentBuf> = found.try_collect().await.map_err(unavailable)?;
        let mut lines = Vec::new();
        for entry in entries.iter().filter_map(|raw| readable(read(raw))) {
            let at = DateTime::from_chrono(entry.at);
            for (line, item) in entry.lines_of(account).enumerate() {
                let seen = after.is_some_and(|after| after.entry == entry.id && line <= after.line);
                if !seen {
                    lines.push((Place { at, entry: entry.id, line }, item));
                }
            }
        }
        let more_lines = lines.len() > page.limit();
        lines.truncate(page.limit());
        let more_entries = entries.last().filter(|_| entries.len() == asked);
        let next = if more_lines {
            lines.last().map(|(place, _)| *place)
        } else {
            more_entries.and_then(|last| Place::after(last))
        };
        let items = lines.into_iter().map(|(_, line)| line).collect();
        Ok(Page { items, next_cursor: next.map(Place::cursor) })
    }
}

fn of_account(account: Account, after: Option<Place>) -> Document {
    let mut query = doc! { "postings.account": account.to_string() };
    if let Some(Place { at, entry, line: _ }) = after {
        // Implied by what follows, this bounds the index scan.
        query.insert(AT, doc! { "$lte": at });
        let older = doc! { AT: { "$lt": at } };
        query.insert("$or", [older, doc! { AT: at, "_id": { "$gte": oid(entry) } }]);
    }
    query
}

fn read(raw: &RawDocumentBuf) -> Result<Entry, StoreError> {
    let document = bson::deserialize_from_slice::<EntryDocument>(raw.as_bytes()).map_err(Unreadable::from);
    document.and_then(EntryDocument::into_entry).map_err(|reason| corrupt(COLLECTION, raw, &reason))
}
