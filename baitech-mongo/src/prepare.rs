//! Deriving what a database of the earlier application lacks.

mod batch;
mod derive;
mod differences;
mod finding;
mod identity;
mod jobs;
mod opening;
mod places;
mod progress;
mod time;

use std::io;
use std::sync::Arc;

use baitech_core::account::User;
use baitech_core::booking::Booking;
use baitech_core::kernel::Money;
use baitech_core::ledger::opening::OpeningDifference;
use baitech_core::payment::Transaction;
use baitech_core::store::{Claim, StoreError};
use bson::{DateTime, Document, doc};
use mongodb::Database;
use mongodb::error::Error;

pub use self::finding::{DoubleBooking, Finding, OddField, Unclaimed};
pub use self::identity::Twins;
pub use self::progress::PrepareProgress;
use self::progress::Watch;
use crate::codec::Aggregate;
use crate::{MongoStore, server_error};

/// Where it is written down that a database was prepared.
const COLLECTION: &str = "migrations";
const MARKER: &str = "prepare";
/// What matching reads was derived: public places and counts of jobs. Databases that an earlier version
/// prepared lack it.
const MATCHING: &str = "prepareMatching";

/// What was derived, and what a person has to look at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PrepareReport {
    /// Whether the database was prepared before. Then nothing was done, and the rest is empty: what is stored
    /// now is in use.
    pub already: bool,
    /// Users read.
    pub users: u64,
    /// Bookings read.
    pub bookings: u64,
    /// Transactions read.
    pub transactions: u64,
    /// Number series that now go on above the stored numbers, with the last number used.
    pub series: Vec<(String, i64)>,
    /// Claims of active bookings, and of users on their addresses and phone numbers, that were made.
    pub claims: u64,
    /// Users who have the same e-mail address or phone number, one line for each two.
    pub twins: Vec<Twins>,
    /// Claims that were somebody else's already: bookings of one technician that overlap. Each with who
    /// wanted it and who has it.
    pub overlaps: Vec<Overlap>,
    /// Bookings of one technician at one time.
    pub double_bookings: Vec<DoubleBooking>,
    /// Bookings that should hold time of a technician, and do not.
    pub unclaimed: Vec<Unclaimed>,
    /// Documents that cannot be read, each with the reason. They are left as they are.
    pub unreadable: Vec<String>,
    /// Fields that cannot be understood. They read as missing, and are left as they are.
    pub odd_fields: Vec<OddField>,
    /// Entries that were made to open the books; those of an interrupted run are not counted again.
    pub opened: u64,
    /// What the books open with, by name of the account (`escrow`, `wallet`, `payable`, …) and currency. Each
    /// currency's sum to zero.
    pub opening: Vec<(String, Money)>,
    /// Transactions that were corrected, because the engine could not have gone on from them.
    pub corrected: u64,
    /// Technicians whose public place was drawn.
    pub public_places: u64,
    /// Jobs of recent days and later that were counted for their technicians.
    pub jobs: u64,
    /// Bookings that learned by which transaction they are paid.
    pub linked: u64,
    /// Where transactions contradict themselves or the books, and how that was read: the first thousand, with
    /// those of interrupted runs. All are kept in `openingDifferences`.
    pub differences: Vec<OpeningDifference>,
    /// All of these.
    pub difference_count: u64,
    watch: Watch,
}

/// Two who hold one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Overlap {
    /// The claim that was to be made.
    pub wanted: Claim,
    /// The claim that was there.
    pub held: Claim,
}

/// Why preparing stopped. Run it again: it goes on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PrepareError {
    /// The server refused or was not reached.
    #[error("preparing the database: {0}")]
    Server(#[from] Error),
    /// A read or write of the store failed.
    #[error("preparing the database: {0}")]
    Store(#[from] StoreError),
    /// The details could not be kept. The database is not marked as prepared.
    #[error("preparing the database: the details could not be kept: {0}")]
    Details(#[source] io::Error),
}

/// How far a database is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// It is marked as prepared, for good.
    Prepared,
    /// There is nothing to derive from. Somebody may still restore a database of the earlier application into
    /// it, and so it is marked only with the first commit.
    Empty,
    /// An earlier application wrote it, or an earlier version that derived less.
    Unprepared,
}

/// Whether a step is written down as done.
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

/// Every step derives from what is stored and changes nothing that is right already, so that it can be
/// repeated where it was interrupted. Nothing is committed before the mark is set, and nothing derived after
/// it: so that no claim is made of a booking that a commit has just moved.
pub(crate) async fn prepare(
    store: &MongoStore,
    progress: Arc<PrepareProgress>,
    keep: impl FnOnce(&PrepareReport) -> io::Result<()> + Send,
) -> Result<PrepareReport, PrepareError> {
    let database = store.database();
    if state(database).await? == State::Prepared {
        return Ok(PrepareReport { already: true, ..PrepareReport::default() });
    }
    let mut report = PrepareReport { watch: Watch(progress), ..PrepareReport::default() };
    let first = !is_marked(database, MARKER).await?;
    report.watch.expect(database, first).await?;
    if first {
        derive::booking_numbers(database, &mut report).await?;
        derive::transaction_numbers(database, &mut report).await?;
    }
    // Of a database that an earlier version prepared too: it claimed numbers, and no addresses.
    identity::claims(database, &mut report).await?;
    if first {
        time::claims(database, &mut report).await?;
        opening::open(store, &mut report).await?;
    }
    places::draw(database, &mut report).await?;
    jobs::count(database, &mut report).await?;
    // Once the database is marked, nothing tells the findings again.
    keep(&report).map_err(PrepareError::Details)?;
    mark_prepared(database).await?;
    Ok(report)
}

pub(crate) async fn mark_prepared(database: &Database) -> Result<(), Error> {
    // In this order: only both together say that everything is derived.
    mark(database, MATCHING).await?;
    mark(database, MARKER).await
}

/// Writes down that a step is done.
pub(crate) async fn mark(database: &Database, step: &str) -> Result<(), Error> {
    let migrations = database.collection::<Document>(COLLECTION);
    let update = doc! { "$setOnInsert": { "finishedAt": DateTime::now() } };
    match migrations.update_one(doc! { "_id": step }, update).upsert(true).await {
        // Somebody else marked it at the same moment.
        Err(error) if server_error::duplicate_key(&error).is_some() => Ok(()),
        outcome => outcome.map(drop),
    }
}

impl MongoStore {
    /// Fails where a number would be given that may be in use.
    pub(crate) async fn require_prepared(&self) -> Result<(), StoreError> {
        match self.state().await.map_err(server_error::unavailable)? {
            State::Prepared | State::Empty => Ok(()),
            State::Unprepared => Err(not_prepared()),
        }
    }

    /// Fails where a commit would stand on what is not derived yet, or change what is just being derived
    /// from. The first commit into an empty database marks it.
    pub(crate) async fn prepared_for_commit(&self) -> Result<(), StoreError> {
        match self.state().await.map_err(server_error::unavailable)? {
            State::Prepared => Ok(()),
            State::Empty => self.mark_prepared().await.map_err(server_error::unavailable),
            State::Unprepared => Err(not_prepared()),
        }
    }
}

fn not_prepared() -> StoreError {
    let way_out = "this database was written by an earlier application or an earlier version. Stop it, then \
                   run `baitech prepare` (`MongoStore::prepare`) once";
    StoreError::NotPrepared(way_out.into())
}
