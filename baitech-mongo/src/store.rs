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

use crate::connection::{ConnectError, at_majority, connect};
use crate::index::{EnsureIndexesError, IndexDifference, IndexReport, ensure_indexes, index_report};
use crate::ledger::Before;
use crate::prepare::{self, PrepareError, PrepareProgress, PrepareReport, State};

/// Every port of the engine on a MongoDB database. Cheap to clone; clones share the connection pool.
#[derive(Clone)]
pub struct MongoStore {
    database: Database,
    prepared: Arc<AtomicBool>,
    /// Whether balances are known to run with the postings.
    pub(crate) balances_run: Arc<AtomicBool>,
    /// Indexes that could not be built when the database was opened.
    refused: Arc<[IndexDifference]>,
}

/// Why a store could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// No usable server.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The indexes could not be looked at or created.
    #[error(transparent)]
    Indexes(#[from] EnsureIndexesError),
    /// The server failed while it was asked what is in the database.
    #[error("reading the state of the database: {0}")]
    State(#[source] Error),
}

impl MongoStore {
    /// Connects to the replica set of a connection string, creates what indexes are missing, and finds out
    /// whether the database was [prepared](Self::prepare). An empty database needs no preparing.
    ///
    /// A ledger of an earlier version, which kept no balances beside it, is summed up once; that version is
    /// stopped first.
    ///
    /// Connections are majority-written and retried, whatever the string says. The database is the string's,
    /// else `baitech`. Indexes that are in the way of wanted ones are logged, and told by
    /// [`index_report`](Self::index_report).
    ///
    /// # Errors
    /// [`OpenError`], each with the way out.
    pub async fn connect(uri: &str) -> Result<Self, OpenError> {
        Self::open(connect(uri).await?).await
    }

    /// As [`connect`](Self::connect), on a connection that the caller has made and checked. The store reads
    /// from the primary and writes to the majority, whatever the options of the connection are.
    ///
    /// # Errors
    /// [`OpenError::Indexes`] and [`OpenError::State`].
    pub async fn open(database: Database) -> Result<Self, OpenError> {
        let database = at_majority(&database);
        let mut refused = Vec::new();
        for difference in ensure_indexes(&database).await? {
            match difference {
                IndexDifference::Refused { .. } => {
                    tracing::error!(%difference, "an index cannot be built");
                    refused.push(difference);
                }
                _ => tracing::warn!(%difference, "an index is not as the store would have it"),
            }
        }
        let state = prepare::state(&database).await.map_err(OpenError::State)?;
        if state == State::Unprepared {
            tracing::warn!("this database of an earlier application is not prepared: nothing can be written");
        }
        let store = Self {
            database,
            prepared: Arc::new(AtomicBool::new(state == State::Prepared)),
            balances_run: Arc::default(),
            refused: refused.into(),
        };
        store.start_balances(Before::Reading).await.map_err(OpenError::State)?;
        Ok(store)
    }

    /// Derives what the engine needs from a database of the earlier application: claims of active bookings,
    /// number series above the stored numbers, claims on phone numbers in their normal form, and the ledger
    /// that its transactions leave ([`opening`](baitech_core::ledger::opening)). Stop the earlier application
    /// first. Until this has run, nothing is committed, so that nothing changes meanwhile; run it in one
    /// process at a time.
    ///
    /// Quick, and where it was interrupted, to be run again. On a database that is prepared it does nothing
    /// and says so.
    ///
    /// # Errors
    /// [`PrepareError`]; what was derived until then stays.
    pub async fn prepare(&self) -> Result<PrepareReport, PrepareError> {
        self.prepare_with(Arc::default(), |_| Ok(())).await
    }

    /// As [`prepare`](Self::prepare), for somebody who waits for it: `progress` tells how far it is, and
    /// `keep` is called with the report before the database is marked as prepared. Where `keep` fails, as on
    /// a full disk, the database is not marked, and preparing it again tells everything again.
    ///
    /// # Errors
    /// As [`prepare`](Self::prepare); [`PrepareError::Details`] where `keep` failed.
    pub async fn prepare_with(
        &self,
        progress: Arc<PrepareProgress>,
        keep: impl FnOnce(&PrepareReport) -> std::io::Result<()> + Send,
    ) -> Result<PrepareReport, PrepareError> {
        let report = prepare::prepare(self, progress, keep).await?;
        self.prepared.store(true, Ordering::Release);
        Ok(report)
    }

    /// Compares the database's indexes with those that the store wants, and names unused ones. Of one that is
    /// missing because it could not be built when the database was opened, it tells why. Changes nothing.
    ///
    /// # Errors
    /// Whatever the server answers.
    pub async fn index_report(&self) -> Result<IndexReport, Error> {
        let mut report = index_report(&self.database).await?;
        for difference in &mut report.differences {
            if let Some(refused) = self.refused.iter().find(|refused| refused.explains(difference)) {
                *difference = refused.clone();
            }
        }
        Ok(report)
    }

    /// The database, for what the ports do not offer.
    #[must_use]
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// Whether no index was refused when the database was opened: only then may queries name the one they
    /// want.
    pub(crate) fn builds_every_index(&self) -> bool {
        self.refused.is_empty()
    }

    pub(crate) fn raw(&self, collection: &str) -> Collection<RawDocumentBuf> {
        self.database.collection(collection)
    }

    /// How far the database is. Another process may have prepared it since we last looked.
    pub(crate) async fn state(&self) -> Result<State, Error> {
        if self.prepared.load(Ordering::Acquire) {
            return Ok(State::Prepared);
        }
        let state = prepare::state(&self.database).await?;
        self.prepared.store(state == State::Prepared, Ordering::Release);
        Ok(state)
    }

    /// Remembers an empty database as prepared: what comes to be in it from now on is the engine's.
    pub(crate) async fn mark_prepared(&self) -> Result<(), Error> {
        prepare::mark_prepared(&self.database).await?;
        self.prepared.store(true, Ordering::Release);
        Ok(())
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
