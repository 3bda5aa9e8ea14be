//! Consumers of the log: one document for each, with its cursor.

use async_trait::async_trait;
use baitech_core::kernel::{Page, PageRequest};
use baitech_core::store::{
    Consumed, ConsumedStep, ConsumerCursor, ConsumerName, Consumers, ConsumingEnd, Lease, LogStart, LogState,
    ParkedEvent, Seq, StoreError,
};
use bson::{Bson, DateTime, Document, doc};
use chrono::Utc;
use futures::TryStreamExt;
use mongodb::error::Error;
use mongodb::options::ReturnDocument;
use mongodb::{ClientSession, Collection};
use serde::Deserialize;
use serde_with::{DisplayFromStr, serde_as};

use super::head::number;
use super::parked;
use crate::MongoStore;
use crate::connection::transaction_options;
use crate::server_error::{duplicate_key, unavailable};
use crate::value::{Millis, Whole, whole_to_bson};

pub(crate) const COLLECTION: &str = "consumers";

const LEASED_UNTIL: &str = "leasedUntil";

#[serde_as]
#[derive(Debug, Deserialize)]
struct CursorDocument {
    #[serde_as(as = "DisplayFromStr")]
    #[serde(rename = "_id")]
    consumer: ConsumerName,
    #[serde_as(as = "Whole")]
    seq: u64,
    #[serde_as(as = "Whole")]
    #[serde(default)]
    attempts: u32,
    #[serde_as(as = "Option<Millis>")]
    #[serde(default, rename = "leasedUntil")]
    leased_until: Option<chrono::DateTime<Utc>>,
}

impl From<CursorDocument> for ConsumerCursor {
    fn from(document: CursorDocument) -> Self {
        let CursorDocument { consumer, seq, attempts, leased_until } = document;
        Self { consumer, seq: Seq::new(seq), attempts, leased_until }
    }
}

/// The place of a cursor, which a step expects.
fn at(consumer: ConsumerName, seq: Seq) -> Document {
    doc! { "_id": consumer.as_str(), "seq": whole_to_bson(number(seq)) }
}

/// The update that moves a cursor.
fn moved(to: Seq, next: Option<Lease>) -> Document {
    let seq = whole_to_bson(number(to));
    match next {
        Some(lease) => doc! {
            "$set": { "seq": seq, "attempts": 1, LEASED_UNTIL: DateTime::from_chrono(lease.until()) },
        },
        None => doc! { "$set": { "seq": seq, "attempts": 0 }, "$unset": { LEASED_UNTIL: "" } },
    }
}

/// Applies a step inside a transaction. `false` if it does not apply to the current state.
pub(crate) async fn apply(
    store: &MongoStore,
    Consumed { consumer, step }: &Consumed,
    session: &mut ClientSession,
) -> Result<bool, Error> {
    let consumers = store.cursors();
    let advance = async |from: Seq, update: Document, session: &mut ClientSession| {
        let moved = consumers.update_one(at(*consumer, from), update).session(session).await?;
        Ok::<bool, Error>(moved.matched_count == 1)
    };
    match step {
        ConsumedStep::Handled { from, to, next } => advance(*from, moved(*to, *next), session).await,
        ConsumedStep::Parked { from, reason, at } => {
            let seq = from.next();
            Ok(advance(*from, moved(seq, None), session).await?
                && parked::park(store, (*consumer, seq), (reason, *at), session).await?)
        }
        ConsumedStep::Recovered { seq } => parked::remove(store, (*consumer, *seq), session).await,
    }
}

/// Whether a step applies to the current state.
pub(crate) async fn applies(store: &MongoStore, consumed: &Consumed) -> Result<bool, StoreError> {
    let Consumed { consumer, step } = consumed;
    match step {
        ConsumedStep::Handled { from, .. } | ConsumedStep::Parked { from, .. } => {
            let found = store.cursors().find_one(at(*consumer, *from)).await;
            Ok(found.map_err(unavailable)?.is_some())
        }
        ConsumedStep::Recovered { seq } => parked::is_parked(store, (*consumer, *seq)).await,
    }
}

impl MongoStore {
    fn cursors(&self) -> Collection<CursorDocument> {
        self.database().collection(COLLECTION)
    }

    async fn find_cursor(&self, consumer: ConsumerName) -> Result<Option<ConsumerCursor>, StoreError> {
        let found = self.cursors().find_one(doc! { "_id": consumer.as_str() }).await.map_err(unavailable)?;
        Ok(found.map(Into::into))
    }

    /// The place of the slowest consumer.
    pub(super) async fn slowest_cursor(&self, session: &mut ClientSession) -> Result<Option<i64>, Error> {
        let slowest = self.cursors().find_one(doc! {}).sort(doc! { "seq": 1 }).session(session).await?;
        Ok(slowest.map(|cursor| number(Seq::new(cursor.seq))))
    }

    /// Inserts a cursor. It locks the head, so that no event after the cursor is deleted at the same time.
    async fn add_cursor(
        &self,
        consumer: ConsumerName,
        start: LogStart,
        session: &mut ClientSession,
    ) -> Result<(), Error> {
        let head = LogState::from(self.lock_head(session).await?);
        let seq = match start {
            LogStart::First => head.start().seq,
            LogStart::End => head.last,
        };
        let new = doc! { "_id": consumer.as_str(), "seq": whole_to_bson(number(seq)), "attempts": 0 };
        let consumers = self.database().collection::<Document>(COLLECTION);
        consumers.insert_one(new).session(session).await.map(drop)
    }
}

#[async_trait]
impl Consumers for MongoStore {
    async fn open_consumer(
        &self,
        consumer: ConsumerName,
        start: LogStart,
    ) -> Result<ConsumerCursor, StoreError> {
        if let Some(known) = self.find_cursor(consumer).await? {
            return Ok(known);
        }
        self.head().await?;
        let store = self.clone();
        let mut session = self.database().client().start_session().await.map_err(unavailable)?;
        let transaction = session.start_transaction().with_options(transaction_options(self.database()));
        let added =
            transaction.and_run2(async move |session| store.add_cursor(consumer, start, session).await).await;
        match added {
            Ok(()) => {}
            // Another process has opened it at the same time.
            Err(error) if duplicate_key(&error).is_some() => {}
            Err(error) => return Err(unavailable(error)),
        }
        let gone = || StoreError::Unavailable(format!("the consumer {consumer} was removed"));
        self.find_cursor(consumer).await?.ok_or_else(gone)
    }

    async fn begin_consuming(
        &self,
        consumer: ConsumerName,
        lease: Lease,
    ) -> Result<Option<ConsumerCursor>, StoreError> {
        let now = DateTime::from_chrono(lease.now);
        let free = doc! {
            "_id": consumer.as_str(),
            "$or": [{ LEASED_UNTIL: Bson::Null }, { LEASED_UNTIL: { "$lte": now } }],
        };
        let until = DateTime::from_chrono(lease.until());
        let begin = doc! { "$inc": { "attempts": 1 }, "$set": { LEASED_UNTIL: until } };
        let cursors = self.cursors();
        let begun = cursors.find_one_and_update(free, begin).return_document(ReturnDocument::After);
        Ok(begun.await.map_err(unavailable)?.map(Into::into))
    }

    async fn end_consuming(&self, cursor: &ConsumerCursor, end: ConsumingEnd) -> Result<bool, StoreError> {
        let ConsumerCursor { consumer, seq, attempts, leased_until } = *cursor;
        let mut lease = at(consumer, seq);
        lease.insert("attempts", i64::from(attempts));
        lease.insert(LEASED_UNTIL, leased_until.map(DateTime::from_chrono));
        let update = match end {
            ConsumingEnd::Released => doc! { "$set": { "attempts": 0 }, "$unset": { LEASED_UNTIL: "" } },
            ConsumingEnd::Retry { at } => doc! { "$set": { LEASED_UNTIL: DateTime::from_chrono(at) } },
        };
        let ended = self.cursors().update_one(lease, update).await.map_err(unavailable)?;
        Ok(ended.modified_count == 1)
    }

    async fn list_consumers(&self) -> Result<Vec<ConsumerCursor>, StoreError> {
        let found = self.cursors().find(doc! {}).sort(doc! { "_id": 1 }).await.map_err(unavailable)?;
        found.map_ok(ConsumerCursor::from).try_collect().await.map_err(unavailable)
    }

    async fn remove_consumer(&self, consumer: ConsumerName) -> Result<bool, StoreError> {
        let store = self.clone();
        let mut session = self.database().client().start_session().await.map_err(unavailable)?;
        let transaction = session.start_transaction().with_options(transaction_options(self.database()));
        let removed = transaction.and_run2(async move |session| {
            let removed =
                store.cursors().delete_one(doc! { "_id": consumer.as_str() }).session(&mut *session).await?;
            parked::remove_all(&store, consumer, session).await?;
            Ok(removed.deleted_count == 1)
        });
        removed.await.map_err(unavailable)
    }

    async fn list_parked(&self, page: &PageRequest) -> Result<Page<ParkedEvent>, StoreError> {
        parked::list(self, page).await
    }

    async fn retry_parked(&self, consumer: ConsumerName, seq: Seq) -> Result<bool, StoreError> {
        parked::request_retry(self, (consumer, seq)).await
    }

    async fn take_parked(&self, consumer: ConsumerName) -> Result<Option<ParkedEvent>, StoreError> {
        parked::take(self, consumer).await
    }
}
