//! The store that an embedder holds.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use baitech_core::kernel::Pause;
use bson::RawDocumentBuf;
use mongodb::error::Error;
use mongodb::{Collection, Database};

use crate::connection::{ConnectError, connect};
use crate::index::{EnsureIndexesError, IndexReport, ensure_indexes, index_report};
use crate::prepare::{self, PrepareError, PrepareReport};

/// Every port of the engine on a MongoDB database. Cheap to clone; clones share the connection pool.
#[derive(Clone)]
pub struct MongoStore {
    database: Database,
    prepared: Arc<AtomicBool>,
}

/// Why a store could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// No usable server.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The stored data does not allow an index.
    #[error(transparent)]
    Indexes(#[from] EnsureIndexesError),
    /// The server failed while it was asked what is in the database.
    #[error("reading the state of the database: {0}")]
    State(#[source] Error),
}

impl MongoStore {
    /// Connects to the replica set of a connection string, creates what indexes are missing, and finds out whether the
    /// database was [prepared](Self::prepare). An empty database is prepared at once.
    ///
    /// Connections are majority-written and retried, whatever the string says. The database is the string's, else
    /// `baitech`. Indexes that are in the way of wanted ones are logged, and told by [`index_report`](Self::index_report).
    ///
    /// # Errors
    /// [`OpenError`], each with the way out.
    pub async fn connect(uri: &str) -> Result<Self, OpenError> {
        Self::open(connect(uri).await?).await
    }

    /// As [`connect`](Self::connect), on a connection that the caller has made and checked.
    ///
    /// # Errors
    /// [`OpenError::Indexes`] and [`OpenError::State`].
    pub async fn open(database: Database) -> Result<Self, OpenError> {
        for difference in ensure_indexes(&database).await? {
            tracing::warn!(%difference, "an index is not as the store would have it");
        }
        let prepared = prepare::is_prepared(&database).await.map_err(OpenError::State)?;
        if !prepared {
            tracing::warn!(
                "this database of an earlier application is not prepared: bookings cannot be accepted"
            );
        }
        Ok(Self { database, prepared: Arc::new(AtomicBool::new(prepared)) })
    }

    /// Derives what the engine needs from a database of the earlier application: claims of active bookings, number series
    /// above the stored numbers, claims on phone numbers in their normal form. Stop the earlier application first. Until
    /// this has run, nothing can be created or accepted.
    ///
    /// Quick, safe to run twice, and where it was interrupted, to run again.
    ///
    /// # Errors
    /// [`PrepareError`]; what was derived until then stays.
    pub async fn prepare(&self) -> Result<PrepareReport, PrepareError> {
        let report = prepare::prepare(&self.database).await?;
        self.prepared.store(true, Ordering::Release);
        Ok(report)
    }

    /// Compares the database's indexes with those that the store wants, and names unused ones. Changes nothing.
    ///
    /// # Errors
    /// Whatever the server answers.
    pub async fn index_report(&self) -> Result<IndexReport, Error> {
        index_report(&self.database).await
    }

    /// The database, for what the ports do not offer.
    #[must_use]
    pub fn database(&self) -> &Database {
        &self.database
    }

    pub(crate) fn raw(&self, collection: &str) -> Collection<RawDocumentBuf> {
        self.database.collection(collection)
    }

    /// Whether things may be created and claimed. Another process may have prepared the database since we last looked.
    pub(crate) async fn is_prepared(&self) -> Result<bool, Error> {
        if self.prepared.load(Ordering::Acquire) {
            return Ok(true);
        }
        let prepared = prepare::is_prepared(&self.database).await?;
        self.prepared.store(prepared, Ordering::Release);
        Ok(prepared)
    }
}

#[async_trait]
impl Pause for MongoStore {
    /// Sleeps on the runtime that the driver runs on.
    async fn pause(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

impl fmt::Debug for MongoStore {
    /// Without the client's options: they may hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MongoStore").field("database", &self.database.name()).finish_non_exhaustive()
    }
}
