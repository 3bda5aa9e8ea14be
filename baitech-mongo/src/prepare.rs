//! Derives the data that a database of the earlier application lacks.

mod batch;
mod derive;
mod differences;
mod finding;
mod identity;
mod jobs;
mod opening;
mod places;
mod progress;
mod search;
mod time;

use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use baitech_core::account::User;
use baitech_core::booking::Booking;
use baitech_core::kernel::Money;
use baitech_core::opening::OpeningDifference;
use baitech_core::store::{Claim, StoreError};
use baitech_core::transaction::Transaction;
use bson::{DateTime, Document, doc};
use mongodb::Database;
use mongodb::error::Error;

pub use self::finding::{DoubleBooking, Finding, OddField, Unclaimed};
pub use self::identity::Twins;
pub use self::progress::PrepareProgress;
use self::progress::Watch;
use crate::codec::Aggregate;
use crate::{MongoStore, server_error};

/// The collection of completed preparation steps.
const COLLECTION: &str = "migrations";
const MARKER: &str = "prepare";
/// The step that derives the data for matching: public places and job counts. Databases that an earlier
/// version prepared lack it.
const MATCHING: &str = "prepareMatching";
/// The step that builds the search entries of stored documents. A database that an earlier version prepared
/// lacks it; everything but the search works without it.
const SEARCH: &str = "prepareSearch";

/// The derived data, and findings for a person to check.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PrepareReport {
    /// Whether the database was already prepared. Then nothing was done, and the other fields are empty.
    pub already: bool,
    /// Users read.
    pub users: u64,
    /// Bookings read.
    pub bookings: u64,
    /// Transactions read.
    pub transactions: u64,
    /// Number series that now continue above the stored numbers, with the last number used.
    pub series: Vec<(String, i64)>,
    /// The number of created claims of active bookings, and of users on their e-mail addresses and phone
    /// numbers.
    pub claims: u64,
    /// Pairs of users with the same e-mail address or phone number.
    pub twins: Vec<Twins>,
    /// Claims that another holder already had, for example overlapping bookings of one technician.
    pub overlaps: Vec<Overlap>,
    /// Pairs of bookings of one technician at the same time.
    pub double_bookings: Vec<DoubleBooking>,
    /// Active bookings without a claim on their technician's time.
    pub unclaimed: Vec<Unclaimed>,
    /// Unreadable documents, each with the reason. They are not changed.
    pub unreadable: Vec<String>,
    /// Fields that cannot be understood. They read as missing, and are not changed.
    pub odd_fields: Vec<OddField>,
    /// The number of entries of the opening ledger; those of an interrupted run are not counted again.
    pub opened: u64,
    /// The opening balances, by name of the account (`escrow`, `wallet`, `payable`, …) and currency. Those of
    /// each currency sum to zero.
    pub opening: Vec<(String, Money)>,
    /// The number of transactions that were corrected, because the engine could not continue from them.
    pub corrected: u64,
    /// The number of technicians whose public place was drawn.
    pub public_places: u64,
    /// The number of recent and future jobs that were counted.
    pub jobs: u64,
    /// The number of documents whose search entry was built.
    pub searchable: u64,
    /// The number of bookings that were linked to their payment.
    pub linked: u64,
    /// Contradictions in transactions and how they were read: the first thousand, including those of
    /// interrupted runs. All are kept in `openingDifferences`.
    pub differences: Vec<OpeningDifference>,
    /// The total number of differences.
    pub difference_count: u64,
    watch: Watch,
}

/// Two holders of one claim.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Overlap {
    /// The claim that could not be created.
    pub wanted: Claim,
    /// The existing claim.
    pub held: Claim,
}

/// Why preparing stopped. Running it again continues it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PrepareError {
    /// The server refused or was not reached.
    #[error("preparing the database: {0}")]
    Server(#[from] Error),
    /// A read or write of the store failed.
    #[error("preparing the database: {0}")]
    Store(#[from] StoreError),
    /// The report could not be stored. The database is not marked as prepared.
    #[error("preparing the database: the report could not be stored: {0}")]
    Details(#[source] io::Error),
}

/// The state of a database's preparation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// It is marked as prepared, for good.
    Prepared,
    /// It is empty. A database of the earlier application may still be restored into it, so it is marked only
    /// with the first commit.
    Empty,
    /// An earlier application wrote it, or an earlier version that derived less.
    Unprepared,
}

/// Whether a step is marked as done.
pub(crate) async fn is_marked(database: &Database, step: &str) -> Result<bool, Error> {
    let migrations = database.collection::<Document>(COLLECTION);
    Ok(migrations.find_one(doc! { "_id": step }).await?.is_some())
}

pub(crate) async fn state(database: &Database) -> Result<State, Error> {
    if is_marked(database, MARKER).await? {
        let whole = is_marked(database, MATCHING).await?;
        return Ok(if whole { State::Prepared } else { State::Unprepared });
    }
    for collection in [User::COLLECTION, Booking::COLLECTION, Transaction::COLLECTION] {
        if database.collection::<Document>(collection).find_one(doc! {}).await?.is_some() {
            return Ok(State::Unprepared);
        }
    }
    Ok(State::Empty)
}

/// Every step derives data from stored documents and is idempotent, so that it can be repeated after an
/// interruption. Nothing is committed before the mark is set, and nothing is derived after it, so that no
/// claim is created for a booking that a commit has just moved.
pub(crate) async fn prepare(
    store: &MongoStore,
    progress: Arc<PrepareProgress>,
    keep: impl FnOnce(&PrepareReport) -> io::Result<()> + Send,
) -> Result<PrepareReport, PrepareError> {
    let database = store.database();
    let is_derived = state(database).await? == State::Prepared;
    if is_derived && is_marked(database, SEARCH).await? {
        return Ok(PrepareReport { already: true, ..PrepareReport::default() });
    }
    let mut report = PrepareReport { watch: Watch(progress), ..PrepareReport::default() };
    report.watch.expect(database, search::READ).await?;
    if !is_derived {
        derive_all(store, &mut report).await?;
    }
    report.searchable = search::build(database, &report.watch).await?;
    // After the database is marked, the findings cannot be reported again.
    keep(&report).map_err(PrepareError::Details)?;
    mark_prepared(database).await?;
    Ok(report)
}

/// Derives everything that commits rely on.
async fn derive_all(store: &MongoStore, report: &mut PrepareReport) -> Result<(), PrepareError> {
    let database = store.database();
    let first = !is_marked(database, MARKER).await?;
    report.watch.expect(database, Watch::read_by_steps(first)).await?;
    if first {
        derive::booking_numbers(database, report).await?;
        derive::transaction_numbers(database, report).await?;
    }
    // Also for a database that an earlier version prepared: it claimed phone numbers, but no e-mail
    // addresses.
    identity::claims(database, report).await?;
    if first {
        time::claims(database, report).await?;
        opening::open(store, report).await?;
    }
    places::draw(database, report).await?;
    jobs::count(database, report).await?;
    Ok(())
}

/// Builds the search entries of all stored documents again, and returns their number.
pub(crate) async fn rebuild_search(
    database: &Database,
    progress: Arc<PrepareProgress>,
) -> Result<u64, PrepareError> {
    let watch = Watch(progress);
    watch.expect(database, search::READ).await?;
    let built = search::build(database, &watch).await?;
    // Into an empty database, a database of the earlier application may still be restored.
    if state(database).await? != State::Empty {
        mark(database, SEARCH).await?;
    }
    Ok(built)
}

pub(crate) async fn mark_prepared(database: &Database) -> Result<(), Error> {
    // In this order: only the last two marks together mean that everything is derived.
    mark(database, SEARCH).await?;
    mark(database, MATCHING).await?;
    mark(database, MARKER).await
}

/// Marks a step as done.
pub(crate) async fn mark(database: &Database, step: &str) -> Result<(), Error> {
    let migrations = database.collection::<Document>(COLLECTION);
    let update = doc! { "$setOnInsert": { "finishedAt": DateTime::now() } };
    match migrations.update_one(doc! { "_id": step }, update).upsert(true).await {
        // Another process marked it concurrently.
        Err(error) if server_error::duplicate_key(&error).is_some() => Ok(()),
        outcome => outcome.map(drop),
    }
}

impl MongoStore {
    /// Fails if a new number might already be in use.
    pub(crate) async fn require_prepared(&self) -> Result<(), StoreError> {
        match self.state().await.map_err(server_error::unavailable)? {
            State::Prepared | State::Empty => Ok(()),
            State::Unprepared => Err(not_prepared()),
        }
    }

    /// Fails if a search would not find the documents that are stored.
    pub(crate) async fn require_search_entries(&self) -> Result<(), StoreError> {
        if self.searchable.load(Ordering::Acquire) {
            return Ok(());
        }
        let is_built = is_marked(self.database(), SEARCH).await.map_err(server_error::unavailable)?;
        if is_built || self.state().await.map_err(server_error::unavailable)? == State::Empty {
            self.searchable.store(is_built, Ordering::Release);
            return Ok(());
        }
        // The first commit may have marked it between the two reads.
        if is_marked(self.database(), SEARCH).await.map_err(server_error::unavailable)? {
            return Ok(());
        }
        let instruction = "the texts of stored documents are not indexed yet: run `baitech prepare` \
                           (`MongoStore::prepare`)";
        Err(StoreError::NotPrepared(instruction.into()))
    }

    /// Fails if the commit would rely on data that is not derived yet, or change data during the preparation.
    /// The first commit into an empty database marks it as prepared.
    pub(crate) async fn prepared_for_commit(&self) -> Result<(), StoreError> {
        match self.state().await.map_err(server_error::unavailable)? {
            State::Prepared => Ok(()),
            State::Empty => self.mark_prepared().await.map_err(server_error::unavailable),
            State::Unprepared => Err(not_prepared()),
        }
    }
}

fn not_prepared() -> StoreError {
    let instruction = "this database was written by an earlier application or an earlier version. Stop it, then \
                   run `baitech prepare` (`MongoStore::prepare`) once";
    StoreError::NotPrepared(instruction.into())
}
