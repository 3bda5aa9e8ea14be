//! A change set, checked and encoded.

use std::borrow::Cow;

use baitech_core::account::{User, UserStamps};
use baitech_core::for_each_aggregate;
use baitech_core::kernel::{Id, Money};
use baitech_core::ledger::Account;
use baitech_core::store::{
    AggregateRef, ChangeSet, Claim, ClaimKey, Consumed, CounterDelta, Edge, Expected, Fingerprint, Guard,
    Idempotency, IdempotencyKey, Put, StoreError, Version, Write,
};
use bson::oid::ObjectId;
use bson::{DateTime, Document, RawDocument, RawDocumentBuf, doc};
use chrono::{DateTime as Instant, Utc};

use super::difference::difference;
use crate::aggregate_ref::StoredRef;
use crate::codec::Aggregate;
use crate::diff::Update;
use crate::lenient::{FORMAT, Read};
use crate::load::{self, Original};
use crate::server_error::unavailable;
use crate::value::oid;
use crate::{
    MongoStore, claims, due, edges as stored_edges, idempotency, ledger, log, search as stored_search, user,
    version,
};

/// The commands of a transaction, in the order in which they are sent.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) guards: Vec<Guard>,
    pub(super) writes: Vec<PlannedWrite>,
    /// By holder, because a claim is freed only if its holder matches.
    pub(super) frees: Vec<(StoredRef, Vec<ClaimKey>)>,
    /// Sorted, so that two commits cannot deadlock on claims.
    pub(super) takes: Vec<PlannedClaim>,
    pub(super) record: Option<RawDocumentBuf>,
    pub(super) request: Option<Request>,
    pub(super) tallies: Vec<user::TallyUpdate>,
    /// Counts of technicians' jobs, by technician.
    pub(super) jobs: Vec<user::JobsUpdate>,
    /// The expected states of the changed edges.
    pub(super) edges: Vec<Edge>,
    /// The updates of edges, as they are sent.
    pub(super) edge_updates: Vec<Document>,
    pub(super) counters: Vec<CounterDelta>,
    /// The updates of search entries, as they are sent.
    pub(super) search: Vec<Document>,
    pub(super) movements: ledger::Movements,
    /// The updates of balances, as they are sent.
    pub(super) balances: Vec<Document>,
    pub(super) entries: Vec<RawDocumentBuf>,
    pub(super) events: Vec<RawDocumentBuf>,
    pub(super) consumed: Option<Consumed>,
}

/// Changes of a commit besides the documents of its aggregates.
#[derive(Debug)]
pub(crate) struct Derived {
    pub(crate) free: Vec<Claim>,
    pub(crate) take: Vec<Claim>,
    /// Counts of technicians' jobs.
    pub(crate) jobs: user::JobMoves,
}

#[derive(Debug)]
pub(super) struct PlannedWrite {
    pub(super) target: AggregateRef,
    /// `None` for a new one.
    pub(super) before: Option<Version>,
    pub(super) collection: &'static str,
    pub(super) action: Action,
}

#[derive(Debug)]
pub(super) enum Action {
    Insert(RawDocumentBuf),
    Update { filter: Document, operators: Document },
}

#[derive(Debug)]
pub(super) struct PlannedClaim {
    pub(super) claim: Claim,
    pub(super) document: RawDocumentBuf,
    /// Whether the holder already has it; known only after a failed attempt.
    pub(super) held: bool,
}

/// The identity of a request, by which a repeated one is recognised.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) scope: String,
    pub(super) key: IdempotencyKey,
    pub(super) fingerprint: Fingerprint,
}

impl Plan {
    /// Checks the set and the state of the database, and encodes the set.
    pub(super) async fn of(store: &MongoStore, changes: ChangeSet) -> Result<Self, StoreError> {
        changes.check()?;
        store.prepared_for_commit().await?;
        Self::encoded(store, changes).await
    }

    /// Encodes a set. Reads only documents that the caller did not provide.
    pub(super) async fn encoded(store: &MongoStore, changes: ChangeSet) -> Result<Self, StoreError> {
        let ChangeSet {
            writes,
            guards,
            free,
            take,
            tallies,
            edges,
            counters,
            search,
            entries,
            bounds,
            events,
            consumed,
            idempotency,
        } = changes;
        let mut derived = Derived { free, take, jobs: user::JobMoves::default() };
        let mut plan = Self { guards, counters, consumed, ..Self::default() };
        plan.search = search.iter().map(stored_search::update).collect();
        plan.edge_updates = edges.iter().map(stored_edges::update).collect();
        plan.edges = edges.into_iter().map(|change| change.before).collect();
        for write in writes {
            macro_rules! plan {
                ($($Arm:ident($name:literal, $list:ident, $what:literal): $Type:ty;)+) => {
                    match write { $(Write::$Arm(put) => planned(store, *put, &mut derived).await?,)+ }
                };
            }
            plan.writes.push(for_each_aggregate!(plan));
        }
        let Derived { free, take, jobs } = derived;
        plan.jobs = jobs.updates();
        plan.guards.sort_by_key(Guard::target);
        plan.writes.sort_by_key(|write| write.target);
        plan.frees = by_holder(free);
        plan.takes = plan_takes(take)?;
        plan.tallies = tallies.iter().map(user::TallyUpdate::of).collect();
        plan.tallies.sort_by_key(|tally| tally.user);
        if !entries.is_empty() || plan.balances_held().next().is_some() {
            store.start_balances(ledger::Before::Booking).await.map_err(unavailable)?;
        }
        plan.movements =
            ledger::Movements::of(&entries, &bounds).map_err(|error| terms(error.to_string()))?;
        plan.balances = plan.movements.updates().map_err(|error| terms(error.to_string()))?;
        plan.entries = encode_all(entries, ledger::encode)?;
        let commit = ObjectId::new();
        plan.events = encode_all(events, |event| log::encode(event, commit))?;
        if let Some(record) = idempotency {
            let Idempotency { scope, key, fingerprint, .. } = &record;
            let (scope, key, fingerprint) = (scope.clone(), key.clone(), *fingerprint);
            plan.request = Some(Request { scope, key, fingerprint });
            plan.record = Some(idempotency::encode(record).map_err(malformed)?);
        }
        Ok(plan)
    }

    /// The write, if it is the only content of the plan.
    pub(super) fn single_write(&self) -> Option<&PlannedWrite> {
        let Self {
            guards,
            writes,
            frees,
            takes,
            record,
            request: _,
            tallies,
            jobs,
            edges: _,
            edge_updates,
            counters,
            search,
            movements: _,
            balances,
            entries,
            events,
            consumed,
        } = self;
        let alone = guards.is_empty()
            && frees.is_empty()
            && takes.is_empty()
            && tallies.is_empty()
            && jobs.is_empty()
            && edge_updates.is_empty()
            && counters.is_empty()
            && search.is_empty()
            && record.is_none()
            && balances.is_empty()
            && entries.is_empty()
            && events.is_empty()
            && consumed.is_none();
        writes.first().filter(|_| alone && writes.len() == 1)
    }

    /// The expected versions, in the order in which conflicts are reported.
    pub(super) fn expected(&self) -> impl Iterator<Item = (AggregateRef, Option<Version>)> {
        let writes = self.writes.iter().map(|write| (write.target, write.before));
        let guards = self.guards.iter().filter_map(|guard| match guard {
            Guard::Version { target, version } => Some((*target, Some(*version))),
            Guard::User { .. } | Guard::Balance { .. } | Guard::NoEdge { .. } => None,
        });
        writes.chain(guards)
    }

    /// The users and their expected stamps.
    pub(super) fn stamps(&self) -> impl Iterator<Item = (Id<User>, UserStamps)> {
        self.guards.iter().filter_map(|guard| match guard {
            Guard::User { id, stamps } => Some((*id, *stamps)),
            Guard::Version { .. } | Guard::Balance { .. } | Guard::NoEdge { .. } => None,
        })
    }

    /// The accounts and their guarded balances.
    pub(super) fn balances_held(&self) -> impl Iterator<Item = (Account, Money)> {
        self.guards.iter().filter_map(|guard| match guard {
            Guard::Balance { account, min } => Some((*account, *min)),
            Guard::Version { .. } | Guard::User { .. } | Guard::NoEdge { .. } => None,
        })
    }

    pub(super) fn take_keys(&self) -> Vec<ClaimKey> {
        self.takes.iter().map(|take| take.claim.key.clone()).collect()
    }

    /// Whether a claim blocks the set: another holder has it, and this set does not free it.
    pub(super) fn is_stopped_by(&self, held: &Claim) -> bool {
        !is_freed(&self.frees, held) && self.takes.iter().all(|take| take.claim != *held)
    }

    /// Marks the claims that need not be inserted. A claim that this set frees first has to be inserted
    /// again.
    pub(super) fn holds_already(&mut self, held: &[Claim]) {
        for take in &mut self.takes {
            take.held = held.contains(&take.claim) && !is_freed(&self.frees, &take.claim);
        }
    }
}

fn is_freed(frees: &[(StoredRef, Vec<ClaimKey>)], claim: &Claim) -> bool {
    let holder = StoredRef::from(claim.holder);
    frees.iter().any(|(freed, keys)| *freed == holder && keys.contains(&claim.key))
}

pub(super) fn at_version(target: AggregateRef, expected: Version) -> Document {
    doc! { "_id": ObjectId::from_bytes(target.id_bytes()), version::FIELD: version::matching(expected) }
}

fn terms(reason: String) -> StoreError {
    StoreError::Malformed(Cow::Owned(reason))
}

#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn malformed(error: bson::error::Error) -> StoreError {
    terms(format!("BSON cannot represent a value: {error}"))
}

/// The document that a value replaces, and what was read from it.
struct Replaced<'a, A: Clone> {
    raw: Cow<'a, RawDocument>,
    read: Cow<'a, Read<A>>,
}

/// The document that the new value replaces: the loaded one, or else the stored one. `None` for a new
/// aggregate, or if the document is gone.
async fn replaced<'a, A: Aggregate>(
    store: &MongoStore,
    put: &'a Put<A>,
) -> Result<Option<Replaced<'a, A>>, StoreError> {
    if put.expected == Expected::Absent {
        return Ok(None);
    }
    if let Some(Original { raw, read }) = put.origin.get() {
        return Ok(Some(Replaced { raw: Cow::Borrowed(raw), read: Cow::Borrowed(read) }));
    }
    let found = store.raw(A::COLLECTION).find_one(doc! { "_id": oid(put.value.id()) }).await;
    let Some(raw) = found.map_err(unavailable)? else { return Ok(None) };
    let read = Cow::Owned(load::read(&raw)?);
    Ok(Some(Replaced { raw: Cow::Owned(raw), read }))
}

async fn planned<A: Aggregate>(
    store: &MongoStore,
    put: Put<A>,
    derived: &mut Derived,
) -> Result<PlannedWrite, StoreError> {
    let replaced = replaced(store, &put).await?;
    put.value.derive(replaced.as_ref().map(|replaced| &replaced.read.value), derived);
    plan_put(&put, replaced)
}

fn plan_put<A: Aggregate>(
    put: &Put<A>,
    replaced: Option<Replaced<'_, A>>,
) -> Result<PlannedWrite, StoreError> {
    let Put { value, expected, origin: _, due_at } = put;
    let target = A::reference(value.id());
    let (before, action) = match expected {
        Expected::Absent => {
            (None, insert::<A>(value.encode().map_err(malformed)?, expected.written(), *due_at)?)
        }
        Expected::At(before) => {
            let before = *before;
            let difference = match replaced {
                Some(Replaced { raw, read }) => {
                    let new = value.encode_raw().map_err(malformed)?;
                    let mut update = difference(&raw, &read, &new).map_err(malformed)?;
                    if read.format != A::FIELDS.format {
                        update.set(FORMAT, A::FIELDS.format);
                    }
                    update
                }
                // The document is gone: the filter will not match any update.
                None => Update::default(),
            };
            (Some(before), update(at_version(target, before), difference, expected.written(), *due_at))
        }
    };
    Ok(PlannedWrite { target, before, collection: A::COLLECTION, action })
}

fn insert<A: Aggregate>(
    mut new: Document,
    first: Version,
    due_at: Option<Instant<Utc>>,
) -> Result<Action, StoreError> {
    new.insert(FORMAT, A::FIELDS.format);
    new.insert(version::FIELD, version::to_bson(first));
    if let Some(at) = due_at {
        new.insert(due::DUE_AT, DateTime::from_chrono(at));
    }
    Ok(Action::Insert(RawDocumentBuf::try_from(&new).map_err(malformed)?))
}

fn update(filter: Document, mut update: Update, version: Version, due_at: Option<Instant<Utc>>) -> Action {
    update.set(version::FIELD, version::to_bson(version));
    match due_at {
        Some(at) => update.set(due::DUE_AT, DateTime::from_chrono(at)),
        None => update.unset(due::DUE_AT),
    }
    for field in [due::LEASED_UNTIL, due::ATTEMPTS, due::SET_ASIDE] {
        update.unset(field);
    }
    Action::Update { filter, operators: update.into_operators() }
}

fn by_holder(mut free: Vec<Claim>) -> Vec<(StoredRef, Vec<ClaimKey>)> {
    free.sort_by(|a, b| (a.holder, &a.key).cmp(&(b.holder, &b.key)));
    let mut grouped: Vec<(StoredRef, Vec<ClaimKey>)> = Vec::new();
    for Claim { key, holder } in free {
        let holder = StoredRef::from(holder);
        match grouped.last_mut() {
            Some((last, keys)) if *last == holder => keys.push(key),
            _ => grouped.push((holder, vec![key])),
        }
    }
    grouped
}

fn plan_takes(mut take: Vec<Claim>) -> Result<Vec<PlannedClaim>, StoreError> {
    take.sort();
    take.dedup();
    let planned = take.into_iter().map(|claim| {
        let document = claims::encode(&claim).map_err(malformed)?;
        Ok(PlannedClaim { claim, document, held: false })
    });
    planned.collect()
}

fn encode_all<T>(
    values: Vec<T>,
    encode: impl Fn(T) -> Result<RawDocumentBuf, bson::error::Error>,
) -> Result<Vec<RawDocumentBuf>, StoreError> {
    values.into_iter().map(|value| encode(value).map_err(malformed)).collect()
}
