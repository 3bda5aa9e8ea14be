//! Deriving what a database of the earlier application lacks.

mod batch;
mod derive;

use baitech_core::account::User;
use baitech_core::booking::Booking;
use baitech_core::store::{Claim, StoreError};
use bson::{DateTime, Document, doc};
use mongodb::Database;
use mongodb::error::Error;

use crate::codec::Aggregate;
use crate::{MongoStore, server_error};

/// Where it is written down that a database was prepared.
const COLLECTION: &str = "migrations";
const MARKER: &str = "prepare";

/// What was derived, and what a person has to look at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PrepareReport {
    /// Users read.
    pub users: u64,
    /// Bookings read.
    pub bookings: u64,
    /// Number series that now go on above the stored numbers, with the last number used.
    pub series: Vec<(String, i64)>,
    /// Claims of active bookings and of phone numbers that were made.
    pub claims: u64,
    /// Claims that were somebody else's already: bookings of one technician that overlap, users of one phone number. Each
    /// with who wanted it and who has it.
    pub overlaps: Vec<Overlap>,
    /// Documents that cannot be read, each with the reason. They are left as they are.
    pub unreadable: Vec<String>,
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
}

/// Whether a database was prepared. An empty one is, at once.
pub(crate) async fn is_prepared(database: &Database) -> Result<bool, Error> {
    let migrations = database.collection::<Document>(COLLECTION);
    if migrations.find_one(doc! { "_id": MARKER }).await?.is_some() {
        return Ok(true);
    }
    for collection in [User::COLLECTION, Booking::COLLECTION] {
        if database.collection::<Document>(collection).find_one(doc! {}).await?.is_some() {
            return Ok(false);
        }
    }
    mark(database).await.map(|()| true)
}

/// Every step derives from what is stored and changes nothing that is right already, so that it can be repeated at any time.
pub(crate) async fn prepare(database: &Database) -> Result<PrepareReport, PrepareError> {
    let mut report = PrepareReport::default();
    derive::series(database, &mut report).await?;
    derive::phone_claims(database, &mut report).await?;
    derive::booking_claims(database, &mut report).await?;
    mark(database).await?;
    Ok(report)
}

async fn mark(database: &Database) -> Result<(), Error> {
    let migrations = database.collection::<Document>(COLLECTION);
    let update = doc! { "$setOnInsert": { "finishedAt": DateTime::now() } };
    match migrations.update_one(doc! { "_id": MARKER }, update).upsert(true).await {
        // Somebody else marked it at the same moment.
        Err(error) if server_error::duplicate_key(&error).is_some() => Ok(()),
        outcome => outcome.map(drop),
    }
}

impl MongoStore {
    /// Fails before anything is created or claimed on top of what is not known yet.
    pub(crate) async fn require_prepared(&self) -> Result<(), StoreError> {
        if self.is_prepared().await.map_err(server_error::unavailable)? {
            return Ok(());
        }
        let way_out = "this database was written by an earlier application. Stop that application, then run \
                       `baitech prepare` (`MongoStore::prepare`) once";
        Err(StoreError::NotPrepared(way_out.into()))
    }
}
