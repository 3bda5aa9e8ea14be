//! A handwritten transaction with the bare driver: one command per collection.

use baitech::{
    chrono::Days,
    kernel::Actor,
    store::{AggregateRef, ChangeSet, Claim, Event, Expected, Idempotency, Subject, Write},
};
use baitech_mongo::testing::BookingDocument;
use bson::{Binary, Bson, DateTime, Document, doc, oid::ObjectId, spec::BinarySubtype};
use mongodb::Database;

use crate::Result;

/// A booking's change of status with its related documents.
#[derive(Debug)]
pub(crate) struct Transaction {
    filter: Document,
    /// Encoded in advance, because a handwritten program knows which fields change.
    update: Document,
    holder: Document,
    takes: Vec<Claim>,
    request: Option<Idempotency>,
    technician: ObjectId,
    /// Counts the job on the day of the booking, and drops old days and days without jobs, as the store does.
    jobs: Vec<Document>,
    events: Vec<Event>,
}

impl Transaction {
    /// The documents that the store writes for this change set.
    pub(crate) fn of(changes: ChangeSet) -> Result<Self> {
        let ChangeSet { writes, take, events, idempotency, .. } = changes;
        let Some(Write::Booking(put)) = writes.into_iter().next() else { return Err("no booking".into()) };
        let Expected::At(before) = put.expected else { return Err("a new booking".into()) };
        let holder = reference(put.value.id.into());
        let id = object_id(put.value.id.to_bytes());
        let (before, after) = (i32::try_from(before.get())?, i32::try_from(put.expected.written().get())?);
        let due_at = put.due_at.ok_or("nothing is due")?;
        let (technician, day) = put.value.job().ok_or("the booking is no job")?;
        let oldest_day = put.value.updated_at.date_naive() - Days::new(60);
        let mut next = bson::serialize_to_document(&BookingDocument::from(put.value))?;
        let mut written = |field| next.remove(field).ok_or("an unwritten field");
        let last_change = match written("statusHistory")? {
            Bson::Array(mut history) => history.pop(),
            _ => None,
        };
        let update = doc! {
            "$set": {
                "status": written("status")?,
                "reminders": written("reminders")?,
                "updatedAt": written("updatedAt")?,
                "dueAt": DateTime::from_chrono(due_at),
                "__v": after,
                "formatVersion": 1,
            },
            "$push": { "statusHistory": last_change },
            "$unset": { "leasedUntil": "" },
        };
        Ok(Self {
            filter: doc! { "_id": id, "__v": before },
            update,
            holder,
            takes: take,
            request: idempotency,
            technician: object_id(technician.to_bytes()),
            jobs: jobs(&day.to_string(), &oldest_day.to_string()),
            events,
        })
    }

    /// Encodes the rest and runs the transaction: a program without the store has to encode its values too.
    pub(crate) async fn run(self, database: &Database) -> Result<()> {
        let claim = |claim: Claim| doc! { "_id": claim.key.as_str(), "holder": self.holder.clone() };
        let claims: Vec<_> =
            self.request.into_iter().map(record).chain(self.takes.into_iter().map(claim)).collect();
        let commit = ObjectId::new();
        let events = self.events.into_iter().map(|told| event(told, commit)).collect::<Result<Vec<_>>>()?;
        let mut session = database.client().start_session().await?;
        session.start_transaction().await?;
        let bookings = database.collection::<Document>("bookings");
        let updated = bookings.update_one(self.filter, self.update).session(&mut session).await?;
        if updated.matched_count != 1 {
            return Err("the booking was changed concurrently".into());
        }
        let collection = database.collection::<Document>("claims");
        collection.insert_many(claims).session(&mut session).await?;
        let users = database.collection::<Document>("users");
        users.update_one(doc! { "_id": self.technician }, self.jobs).session(&mut session).await?;
        let collection = database.collection::<Document>("events");
        collection.insert_many(events).session(&mut session).await?;
        session.commit_transaction().await?;
        Ok(())
    }
}

fn jobs(day: &str, oldest_day: &str) -> Vec<Document> {
    let changed = doc! { day: { "$add": [{ "$ifNull": [format!("$jobsByDay.{day}"), 0] }, 1] } };
    let all = doc! { "$objectToArray": { "$mergeObjects": ["$jobsByDay", changed] } };
    let wanted = doc! { "$and": [{ "$gt": ["$$day.v", 0] }, { "$gte": ["$$day.k", oldest_day] }] };
    let kept = doc! { "$arrayToObject": { "$filter": { "input": all, "as": "day", "cond": wanted } } };
    vec![doc! { "$set": { "jobsByDay": kept } }]
}

fn event(event: Event, commit: ObjectId) -> Result<Document> {
    let Event { id, subject, n, actor, at, topics, kind } = event;
    let Subject::Aggregate { aggregate, version } = subject else {
        return Err("the event has no aggregate".into());
    };
    let Actor::User { id: actor, role } = actor else { return Err("the event has no user".into()) };
    Ok(doc! {
        "_id": object_id(id.to_bytes()),
        "aggregate": reference(aggregate),
        "version": i32::try_from(version.get())?,
        "n": i32::try_from(n)?,
        "actor": { "id": object_id(actor.to_bytes()), "role": role.as_str() },
        "at": DateTime::from_chrono(at),
        "topics": topics.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "name": kind.name(),
        "formatVersion": i32::from(kind.format()),
        "payload": bson::serialize_to_bson(&kind)?,
        "commit": commit,
        "pending": true,
    })
}

fn record(record: Idempotency) -> Document {
    let Idempotency { scope, key, fingerprint, answer, expires_at } = record;
    let binary = |bytes| Binary { subtype: BinarySubtype::Generic, bytes };
    doc! {
        "_id": { "scope": scope, "key": key.as_str() },
        "fingerprint": binary(fingerprint.to_bytes().to_vec()),
        "answer": binary(answer),
        "expiresAt": expires_at.map(DateTime::from_chrono),
    }
}

fn reference(reference: AggregateRef) -> Document {
    doc! { "kind": reference.kind().as_str(), "id": object_id(reference.id_bytes()) }
}

fn object_id(bytes: [u8; 12]) -> ObjectId {
    ObjectId::from_bytes(bytes)
}
