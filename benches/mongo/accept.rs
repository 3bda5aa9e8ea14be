//! A technician accepts a booking: the engine's commit, compared with a handwritten transaction over the same
//! documents.

use std::{
    collections::HashSet,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use baitech::{
    account::User,
    booking::{Booking, BookingEvent, BookingPolicy, Context, Inputs},
    chrono::TimeDelta,
    decide::{Aggregate, Decision, Effects},
    kernel::{Actor, Clock, Id, Role, SeededEntropy, SystemClock},
    store::{
        AggregateRef, ChangeSet, Commit, Committed, Event, Fingerprint, Idempotency, IdempotencyKey, Load,
        Put, Stored, Subject, Topic,
    },
};
use bson::{Document, doc, oid::ObjectId};
use futures::TryStreamExt;

use crate::{Result, by_hand::Transaction, history::History, rivals::Rivals};

/// The number of claims: a job of two hours and half an hour of travel, in quarters of an hour.
const CLAIMS: usize = 10;

#[derive(Debug)]
pub(crate) struct Accept {
    history: Arc<History>,
    assigned: Document,
    policy: BookingPolicy,
    entropy: SeededEntropy,
    requests: AtomicU64,
}

impl Accept {
    pub(crate) async fn new(history: &Arc<History>) -> Result<Self> {
        let accept = Self {
            history: Arc::clone(history),
            assigned: history.real_booking("assigned")?.clone(),
            policy: BookingPolicy::default(),
            entropy: SeededEntropy::new(2_500),
            requests: AtomicU64::new(0),
        };
        accept.both_write_the_same().await?;
        Ok(accept)
    }

    /// The engine's decision on the acceptance of a booking by its technician.
    fn decide(&self, offered: &Stored<Booking>) -> Result<ChangeSet> {
        let technician = offered.technician.ok_or("the booking has no technician")?;
        let now = offered.slot.starts_at() - TimeDelta::days(2);
        let actor = Actor::user(technician, Role::Technician);
        let context =
            Context { actor, now, policy: &self.policy, entropy: &self.entropy, inputs: Inputs::default() };
        let decision = offered.value.clone().accept(&context)?.event(BookingEvent::BookingUpdated);
        let Decision { mut next, effects: Effects { take, events, .. } } = decision;
        if take.len() != CLAIMS || events.len() != 2 {
            return Err(format!("{} claims and {} events", take.len(), events.len()).into());
        }
        next.touch(now);
        let holder = AggregateRef::Booking(next.id);
        let due_at = next.due_at(&self.policy);
        let topics: Vec<Topic> = next.participants().into_iter().chain([holder]).map(Topic).collect();
        let put = Put::over(offered, next).due_at(due_at);
        let version = put.expected.written();
        let stamped = events.into_iter().zip(0..).map(|(kind, n)| Event {
            id: Id::generate(now, &self.entropy),
            subject: Subject::Aggregate { aggregate: holder, version },
            n,
            actor,
            at: now,
            topics: topics.clone(),
            kind: kind.into(),
        });
        Ok(ChangeSet {
            take,
            events: stamped.collect(),
            idempotency: Some(self.request(technician)?),
            ..ChangeSet::new().write(put)
        })
    }

    fn request(&self, technician: Id<User>) -> Result<Idempotency> {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        Ok(Idempotency {
            scope: format!("{technician}/accept"),
            key: IdempotencyKey::new(&format!("request-{number}"))?,
            fingerprint: Fingerprint::of(b"a booking"),
            answer: format!("{{\"id\":\"{technician}\"}}").into_bytes(),
            expires_at: Some(SystemClock.now() + self.policy.idempotency_lifetime),
        })
    }

    /// New bookings, each offered to a new technician.
    async fn offer(&self, how_many: usize) -> Result<Vec<Document>> {
        let (mut offers, mut technicians) = (Vec::new(), Vec::new());
        for _ in 0..how_many {
            let id = ObjectId::new();
            technicians.push(technician(id));
            let mut booking = self.history.copy(&self.assigned);
            booking.insert("technician", id);
            offers.push(booking);
        }
        self.history.store.database().collection("users").insert_many(technicians).await?;
        self.history.documents().insert_many(&offers).await?;
        Ok(offers)
    }

    async fn decide_on(&self, offer: &Document) -> Result<ChangeSet> {
        let id = Id::<Booking>::from_bytes(offer.get_object_id("_id")?.bytes());
        let offered = self.history.store.load(id).await?.ok_or("no such booking")?;
        self.decide(&offered)
    }

    /// Checks that both sides store the same documents, since the comparison is only fair then.
    async fn both_write_the_same(&self) -> Result<()> {
        let offers = self.offer(1).await?;
        let offer = offers.first().ok_or("no offer")?;
        let changes = self.decide_on(offer).await?;
        self.by_store(changes.clone()).await?;
        let by_store = self.take_back(offer).await?;
        self.history.documents().insert_one(offer).await?;
        let users = self.history.store.database().collection("users");
        users.insert_one(technician(offer.get_object_id("technician")?)).await?;
        self.by_driver(Transaction::of(changes)?).await?;
        let by_driver = self.take_back(offer).await?;
        if by_store == by_driver {
            Ok(())
        } else {
            Err(format!("the store writes {by_store:#?}\nand the handwritten transaction {by_driver:#?}")
                .into())
        }
    }

    /// Removes all documents about a booking, and its technician, and returns them.
    async fn take_back(&self, offer: &Document) -> Result<Vec<Document>> {
        let id = offer.get_object_id("_id")?;
        let technician = offer.get_object_id("technician")?;
        let scope = format!("{technician}/accept");
        let mut taken = Vec::new();
        for (collection, filter) in [
            ("bookings", doc! { "_id": id }),
            ("claims", doc! { "$or": [{ "holder.id": id }, { "_id.scope": scope }] }),
            ("users", doc! { "_id": technician }),
            ("events", doc! { "aggregate.id": id }),
        ] {
            let collection = self.history.store.database().collection::<Document>(collection);
            let found = collection.find(filter.clone()).sort(doc! { "_id": 1 }).await?;
            let mut found: Vec<Document> = found.try_collect().await?;
            if collection.name() == "events" {
                // The id of the commit is new in each run, and the same in its events.
                let commit = |event: &mut Document| event.remove("commit").and_then(|id| id.as_object_id());
                let commits: HashSet<_> = found.iter_mut().map(commit).collect();
                if commits.len() != 1 || commits.contains(&None) {
                    return Err("the events of a commit carry its id".into());
                }
            }
            taken.extend(found);
            collection.delete_many(filter).await?;
        }
        Ok(taken)
    }
}

/// A technician with old jobs, which the commit drops. The address and the number must be unique.
fn technician(id: ObjectId) -> Document {
    let unique = id.to_hex();
    doc! {
        "_id": id,
        "role": "technician",
        "email": format!("{unique}@example.com"),
        "phoneNumber": unique,
        "jobsByDay": { "2020-01-06": 2 },
    }
}

impl Rivals for Accept {
    const NAME: &'static str = "commit";
    const GOAL: Option<f64> = Some(1.10);
    const LONGEST_PAUSE: Duration = Duration::from_millis(4);
    type ForStore = ChangeSet;
    type ForDriver = Transaction;

    async fn prepare(&self, rounds: u64) -> Result<Vec<(ChangeSet, Transaction)>> {
        let rounds = usize::try_from(rounds)?;
        let (for_store, for_driver) = (self.offer(rounds).await?, self.offer(rounds).await?);
        let mut prepared = Vec::new();
        for (for_store, for_driver) in for_store.iter().zip(&for_driver) {
            let by_hand = Transaction::of(self.decide_on(for_driver).await?)?;
            prepared.push((self.decide_on(for_store).await?, by_hand));
        }
        Ok(prepared)
    }

    async fn by_store(&self, changes: ChangeSet) -> Result<()> {
        match self.history.store.commit(changes).await? {
            Committed::Applied => Ok(()),
            Committed::Replayed(_) => Err("the request is not new".into()),
        }
    }

    async fn by_driver(&self, transaction: Transaction) -> Result<()> {
        transaction.run(self.history.store.database()).await
    }
}
