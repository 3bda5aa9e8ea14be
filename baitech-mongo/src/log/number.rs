//! Numbering the events of new commits.

use std::collections::{BTreeMap, BTreeSet};

use baitech_core::store::StoreError;
use bson::oid::ObjectId;
use bson::{Document, doc};
use futures::TryStreamExt;
use mongodb::ClientSession;
use mongodb::error::Error;

use super::order::{Waiting, in_order};
use super::{COLLECTION, PENDING, SEQ};
use crate::MongoStore;
use crate::connection::transaction_options;
use crate::server_error::unavailable;
use crate::update;
use crate::value::whole_to_bson;

impl MongoStore {
    pub(super) async fn number(&self, limit: usize) -> Result<usize, StoreError> {
        if limit == 0 || !self.has_waiting().await? {
            return Ok(0);
        }
        self.head().await?;
        let store = self.clone();
        let mut session = self.database().client().start_session().await.map_err(unavailable)?;
        let transaction = session.start_transaction().with_options(transaction_options(self.database()));
        let numbered = transaction.and_run2(async move |session| store.number_in(limit, session).await).await;
        numbered.map_err(unavailable)
    }

    /// Whether an event without a number is visible.
    pub(super) async fn has_waiting(&self) -> Result<bool, StoreError> {
        let events = self.raw(COLLECTION);
        let found = events.find_one(doc! { PENDING: true }).sort(usual_order()).projection(doc! { "_id": 1 });
        Ok(found.await.map_err(unavailable)?.is_some())
    }

    /// The head is locked first: the transaction reads a state that contains everything that an earlier one
    /// has numbered, and a concurrent one fails early.
    async fn number_in(&self, limit: usize, session: &mut ClientSession) -> Result<usize, Error> {
        let head = self.lock_head(session).await?;
        let waiting = self.waiting(limit, session).await?;
        let mut updates = Vec::with_capacity(waiting.len());
        let mut last = head.last;
        for Waiting { id, .. } in in_order(waiting) {
            last = last.saturating_add(1);
            let update = doc! { "$set": { SEQ: whole_to_bson(last) }, "$unset": { PENDING: "" } };
            updates.push(doc! { "q": { "_id": id }, "u": update });
        }
        if updates.is_empty() {
            return Ok(0);
        }
        update::all(self, COLLECTION, &updates, session).await?;
        self.set_end("last", last, session).await?;
        Ok(updates.len())
    }

    /// Waiting events: whole commits, and for each subject no event without those before it.
    async fn waiting(&self, limit: usize, session: &mut ClientSession) -> Result<Vec<Waiting>, Error> {
        let first = self.find_waiting(doc! { PENDING: true }, Some(limit), session).await?;
        let mut found: BTreeMap<String, Waiting> = BTreeMap::new();
        let mut new: Vec<Waiting> = first;
        if new.len() < limit {
            // These are all.
            return Ok(new);
        }
        while !new.is_empty() {
            let added: Vec<Waiting> = std::mem::take(&mut new)
                .into_iter()
                .filter(|event| found.insert(event.id.to_string(), event.clone()).is_none())
                .collect();
            if added.is_empty() {
                break;
            }
            let commits: BTreeSet<ObjectId> = added.iter().filter_map(|event| event.commit).collect();
            let commits: Vec<ObjectId> = commits.into_iter().collect();
            new = self
                .find_waiting(doc! { PENDING: true, "commit": { "$in": commits } }, None, session)
                .await?;
            let mut newest: BTreeMap<String, &Waiting> = BTreeMap::new();
            for event in &added {
                let known = newest.entry(event.subject()).or_insert(event);
                if event.version > known.version {
                    *known = event;
                }
            }
            let before: Vec<Document> = newest.into_values().map(up_to).collect();
            for some in before.chunks(100) {
                new.extend(self.find_waiting(doc! { "$or": some.to_vec() }, None, session).await?);
            }
        }
        Ok(found.into_values().collect())
    }

    async fn find_waiting(
        &self,
        filter: Document,
        limit: Option<usize>,
        session: &mut ClientSession,
    ) -> Result<Vec<Waiting>, Error> {
        let events = self.database().collection::<Document>(COLLECTION);
        let place = doc! { "commit": 1, "aggregate": 1, "version": 1, "n": 1 };
        let mut query = events.find(filter).projection(place);
        if let Some(limit) = limit {
            query = query.sort(usual_order());
            query = query.limit(i64::try_from(limit).unwrap_or(i64::MAX));
        }
        let mut found = query.session(&mut *session).await?;
        found.stream(session).map_ok(Waiting::from).try_collect().await
    }
}

/// Usually the order of the commits, so that few events have to be added. Clocks may differ, so nothing
/// relies on it.
fn usual_order() -> Document {
    doc! { "at": 1, "version": 1, "n": 1 }
}

/// The waiting events of the event's subject up to its version.
fn up_to(event: &Waiting) -> Document {
    let version = whole_to_bson(i64::try_from(event.version).unwrap_or(i64::MAX));
    doc! { PENDING: true, "aggregate.id": event.subject.clone(), "version": { "$lte": version } }
}
