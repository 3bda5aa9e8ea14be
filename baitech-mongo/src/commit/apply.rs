//! Sending a plan.

use baitech_core::account::User;
use baitech_core::kernel::Role;
use baitech_core::store::{AggregateRef, EdgeKey, Guard, StoreError};
use bson::oid::ObjectId;
use bson::{RawDocumentBuf, doc};
use mongodb::ClientSession;
use mongodb::error::Error;

use super::balances;
use super::plan::{self, Action, Plan, PlannedWrite};
use crate::MongoStore;
use crate::aggregate_ref::{StoredRef, collection_of};
use crate::codec::Aggregate;
use crate::server_error::{DuplicateKey, duplicate_key};
use crate::user::TallyUpdate;
use crate::value::oid;
use crate::{claims, counts, edges, ledger, load, log, search, update};

/// A marker field: writing it makes two commits conflict if each writes a document that the other guards.
const GUARD: &str = "guard";

/// Why a plan was not applied.
#[derive(Debug)]
pub(super) enum Failure {
    /// A refusal that the domain handles.
    Refused(StoreError),
    /// One of the claims to take, or the record of the request, already exists. Its holder is determined
    /// afterwards.
    ClaimHeld,
    /// An account would exceed its bound. Which one is determined afterwards.
    OutOfBounds,
    /// An edge has another state than expected, or another commit has inserted the same document. Which one
    /// is determined afterwards.
    Raced,
    /// An error of the server or the network.
    Driver(Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Driver(error)
    }
}

/// Sends a whole plan inside a transaction, and stops at the first failure.
pub(super) async fn whole(
    store: &MongoStore,
    plan: &Plan,
    session: &mut ClientSession,
) -> Result<(), Failure> {
    for target in &plan.guards {
        guard(store, target, session).await?;
    }
    for planned in &plan.writes {
        write(store, planned, Some(session)).await?;
    }
    for (holder, keys) in &plan.frees {
        let held = claims::held_by(*holder, keys);
        store.raw(claims::COLLECTION).delete_many(held).session(&mut *session).await?;
    }
    take(store, plan, session).await?;
    unless_raced(update::all(store, edges::COLLECTION, &plan.edge_updates, session).await?)?;
    if let Some(consumed) = &plan.consumed {
        unless_raced(log::apply(store, consumed, session).await?)?;
    }
    for tally in &plan.tallies {
        count(store, tally, session).await?;
    }
    for jobs in &plan.jobs {
        let users = store.raw(User::COLLECTION);
        users.update_one(jobs.filter.clone(), jobs.update.clone()).session(&mut *session).await?;
    }
    balances::run(store, plan, session).await?;
    insert(store, ledger::COLLECTION, &plan.entries, session).await?;
    insert(store, log::COLLECTION, &plan.events, session).await?;
    unless_raced(update::all(store, search::COLLECTION, &plan.search, session).await?)?;
    // Last, because other commits that move the same counters conflict from here to the end of the
    // transaction.
    let counts: Vec<_> = plan.counters.iter().map(counts::update).collect();
    unless_raced(update::all(store, counts::COLLECTION, &counts, session).await?)
}

const fn unless_raced(all_matched: bool) -> Result<(), Failure> {
    if all_matched { Ok(()) } else { Err(Failure::Raced) }
}

/// Adds a tally to an existing user. Its money is added only to sums in the same currency.
async fn count(store: &MongoStore, tally: &TallyUpdate, session: &mut ClientSession) -> Result<(), Failure> {
    let users = store.raw(User::COLLECTION);
    let counted =
        users.update_one(tally.with_money.clone(), tally.all.clone()).session(&mut *session).await?;
    if counted.matched_count == 0 {
        users.update_one(tally.without_money.clone(), tally.counts.clone()).session(session).await?;
    }
    Ok(())
}

/// Marks a guarded document, so that a concurrent write of it conflicts. Commits that only mark the same
/// document, or add tallies to the same user, conflict too, and are retried here.
async fn guard(store: &MongoStore, guard: &Guard, session: &mut ClientSession) -> Result<(), Failure> {
    let mark = doc! { "$set": { GUARD: ObjectId::new() } };
    match guard {
        Guard::Version { target, version } => {
            let filter = plan::at_version(*target, *version);
            let documents = store.raw(collection_of(*target));
            let marked = documents.update_one(filter, mark).session(session).await?;
            at_version(marked.matched_count, *target)
        }
        Guard::Balance { account, min } => balances::guard(store, (*account, *min), session).await,
        Guard::NoEdge { kind, from, to } => {
            let mark = edges::mark_absent(EdgeKey { kind: *kind, from: *from, to: *to });
            unless_raced(update::all(store, edges::COLLECTION, &[mark], session).await?)
        }
        Guard::User { id, stamps } => {
            let documents = store.raw(User::COLLECTION);
            let by_id = doc! { "_id": oid(*id) };
            // Staff may commit many decisions concurrently: a marker in their document would serialise these
            // commits. Instead the transaction compares their stamps, so that none begins after a stored
            // suspension.
            let stamped = doc! { "role": 1, "status": 1, "kyc": 1 };
            let found = if stamps.role.is_some_and(Role::is_staff) {
                documents.find_one(by_id).projection(stamped).session(session).await?
            } else {
                documents.find_one_and_update(by_id, mark).projection(stamped).session(session).await?
            };
            let user = found.map(|raw| load::read::<User>(&raw)).transpose().map_err(Failure::Refused)?;
            if user.is_some_and(|user| stamps.hold_for(&user.value)) {
                return Ok(());
            }
            Err(Failure::Refused(StoreError::Conflict(AggregateRef::User(*id))))
        }
    }
}

/// Writes one aggregate, inside a transaction or alone.
pub(super) async fn write(
    store: &MongoStore,
    planned: &PlannedWrite,
    session: Option<&mut ClientSession>,
) -> Result<(), Failure> {
    let PlannedWrite { target, before: _, collection, action } = planned;
    let collection = store.raw(collection);
    let written = match action {
        Action::Insert(document) => match session {
            Some(session) => collection.insert_one(document).session(session).await.map(|_| 1),
            None => collection.insert_one(document).await.map(|_| 1),
        },
        Action::Update { filter, operators } => {
            let update = collection.update_one(filter.clone(), operators.clone());
            let updated = match session {
                Some(session) => update.session(session).await,
                None => update.await,
            };
            updated.map(|updated| updated.matched_count)
        }
    };
    match written {
        Ok(count) => at_version(count, *target),
        Err(error) => Err(match duplicate_key(&error) {
            Some(duplicate) => Failure::Refused(duplicate_field(&duplicate, *target)),
            None => Failure::Driver(error),
        }),
    }
}

fn at_version(matched: u64, target: AggregateRef) -> Result<(), Failure> {
    if matched == 1 { Ok(()) } else { Err(Failure::Refused(StoreError::Conflict(target))) }
}

/// The unique field of an index, by the index's name.
fn duplicate_field(duplicate: &DuplicateKey, target: AggregateRef) -> StoreError {
    match duplicate.index.as_str() {
        "email_1" => StoreError::Duplicate { field: "email" },
        "phoneNumber_1" => StoreError::Duplicate { field: "phoneNumber" },
        "username_1" => StoreError::Duplicate { field: "username" },
        "bookingNumber_1" => StoreError::Duplicate { field: "bookingNumber" },
        "transactionNumber_1" => StoreError::Duplicate { field: "transactionNumber" },
        "gateway.reference_1" => StoreError::Duplicate { field: "gatewayReference" },
        _ => StoreError::Conflict(target),
    }
}

/// Inserts the record of the request and the claims in one command, the record first. Claims that the holder
/// already has are marked instead, so that no concurrent commit frees them.
async fn take(store: &MongoStore, plan: &Plan, session: &mut ClientSession) -> Result<(), Failure> {
    let (held, missing): (Vec<_>, Vec<_>) = plan.takes.iter().partition(|take| take.held);
    for take in held {
        let key = std::slice::from_ref(&take.claim.key);
        let filter = claims::held_by(StoredRef::from(take.claim.holder), key);
        let mark = doc! { "$set": { GUARD: ObjectId::new() } };
        let touched = store.raw(claims::COLLECTION).update_one(filter, mark).session(&mut *session).await?;
        if touched.matched_count != 1 {
            return Err(Failure::ClaimHeld);
        }
    }
    let documents = plan.record.iter().chain(missing.into_iter().map(|take| &take.document));
    match insert(store, claims::COLLECTION, documents, session).await {
        Err(Failure::Driver(error)) if duplicate_key(&error).is_some() => Err(Failure::ClaimHeld),
        outcome => outcome,
    }
}

async fn insert<'a>(
    store: &MongoStore,
    collection: &str,
    documents: impl IntoIterator<Item = &'a RawDocumentBuf>,
    session: &mut ClientSession,
) -> Result<(), Failure> {
    let documents: Vec<&RawDocumentBuf> = documents.into_iter().collect();
    // The driver refuses an empty insert.
    if documents.is_empty() {
        return Ok(());
    }
    store.raw(collection).insert_many(documents).session(session).await?;
    Ok(())
}
