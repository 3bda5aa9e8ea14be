//! The store handle.

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
use crate::log;
use crate::prepare::{self, PrepareError, PrepareProgress, PrepareReport, State};

/// Every port of the engine on a MongoDB database. Cheap to clone; clones share the connection pool.
#[derive(Clone)]
pub struct MongoStore {
    database: Database,
    prepared: Arc<AtomicBool>,
    /// Whether the search entries of stored documents are known to be built.
    pub(crate) searchable: Arc<AtomicBool>,
    /// Whether running balances are known to be started.
    pub(crate) balances_run: Arc<AtomicBool>,
    /// Notices commits of other processes.
    pub(crate) watch: Arc<log::Watch>,
    /// Indexes that could not be built when the database was opened.
    refused: Arc<[IndexDifference]>,
}

/// Why a store could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// There is no usable server.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The indexes could not be checked or created.
    #[error(transparent)]
    Indexes(#[from] EnsureIndexesError),
    /// The state of the database could not be read.
    #[error("reading the state of the database: {0}")]
    State(#[source] Error),
}

impl MongoStore {
    /// Connects to the replica set of a connection string, creates missing indexes, and checks whether the
    /// database is [prepared](Self::prepare). An empty database needs no preparation.
    ///
    /// A ledger from an earlier version without running balances is summed once; stop that version first.
    ///
    /// Writes use majority write concern and are retried, regardless of the string. The database is the
    /// string's, or else `baitech`. Conflicting indexes are logged, and returned by
    /// [`index_report`](Self::index_report).
    ///
    /// # Errors
    /// [`OpenError`], with a message that says how to fix it.
    pub async fn connect(uri: &str) -> Result<Self, OpenError> {
        Self::open(connect(uri).await?).await
    }

    /// Like [`connect`](Self::connect), on a connection that the caller has made and checked. The store reads
    /// from the primary and writes to the majority, regardless of the options of the connection.
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
                _ => tracing::warn!(%difference, "an index differs from its definition"),
            }
        }
        let state = prepare::state(&database).await.map_err(OpenError::State)?;
        if state == State::Unprepared {
            tracing::warn!("the database of an earlier application is not prepared, so writes are refused");
        }
        let store = Self {
            database,
            prepared: Arc::new(AtomicBool::new(state == State::Prepared)),
            searchable: Arc::default(),
            balances_run: Arc::default(),
            watch: Arc::default(),
            refused: refused.into(),
        };
        store.start_balances(Before::Reading).await.map_err(OpenError::State)?;
        Ok(store)
    }

    /// Derives the data that the engine needs from a database of the earlier application: claims of active
    /// bookings, number series above the stored numbers, claims on phone numbers in their normal form, and
    /// the opening ledger of its transactions ([`opening`](baitech_core::opening)). Stop the earlier
    /// application first. Until this has run, commits are refused, so that nothing changes meanwhile; run it
    /// in one process at a time.
    ///
    /// It is fast, and can be repeated after an interruption. On a prepared database it only reports that it
    /// is prepared.
    ///
    /// # Errors
    /// [`PrepareError`]; the data derived so far stays.
    pub async fn prepare(&self) -> Result<PrepareReport, PrepareError> {
        self.prepare_with(Arc::default(), |_| Ok(())).await
    }

    /// Like [`prepare`](Self::prepare), with progress and a callback: `progress` is updated during the work,
    /// and `keep` is called with the report before the database is marked as prepared. If `keep` fails, for
    /// example on a full disk, the database is not marked, and preparing it again reports all findings again.
    ///
    /// # Errors
    /// As [`prepare`](Self::prepare); [`PrepareError::Details`] if `keep` failed.
    pub async fn prepare_with(
        &self,
        progress: Arc<PrepareProgress>,
        keep: impl FnOnce(&PrepareReport) -> std::io::Result<()> + Send,
    ) -> Result<PrepareReport, PrepareError> {
        let report = prepare::prepare(self, progress, keep).await?;
        self.prepared.store(true, Ordering::Release);
        Ok(report)
    }

    /// Builds the search entries of all stored documents again, and returns their number. Only needed after
    /// documents were changed by another program, or by an earlier version during an upgrade. Commits may run
    /// meanwhile. Entries of newer versions are kept, also after a collection alone was restored from a
    /// backup: empty `searchEntries` before.
    ///
    /// # Errors
    /// [`PrepareError`]; the entries built so far stay.
    pub async fn rebuild_search(&self, progress: Arc<PrepareProgress>) -> Result<u64, PrepareError> {
        prepare::rebuild_search(&self.database, progress).await
    }

    /// Compares the database's indexes with those that the store needs, and lists unused ones. For an index
    /// that could not be built when the database was opened, it includes the reason. Changes nothing.
    ///
    /// # Errors
    /// The server's error.
    pub async fn index_report(&self) -> Result<IndexReport, Error> {
        let mut report = index_report(&self.database).await?;
        for difference in &mut report.differences {
            if let Some(refused) = self.refused.iter().find(|refused| refused.explains(difference)) {
                *difference = refused.clone();
            }
        }
        Ok(report)
    }

    /// The database, for operations that the ports do not offer.
    #[must_use]
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// Whether no index was refused when the database was opened: only then may queries use index hints.
    pub(crate) fn builds_every_index(&self) -> bool {
        self.refused.is_empty()
    }

    pub(crate) fn raw(&self, collection: &str) -> Collection<RawDocumentBuf> {
        self.database.collection(collection)
    }

    /// The state of the preparation. Another process may have prepared the database since the last check.
    pub(crate) async fn state(&self) -> Result<State, Error> {
        if self.prepared.load(Ordering::Acquire) {
            return Ok(State::Prepared);
        }
        let state = prepare::state(&self.database).await?;
        self.prepared.store(state == State::Prepared, Ordering::Release);
        Ok(state)
    }

    /// Marks an empty database as prepared: from now on only the engine writes to it.
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
    /// Omits the client's options, which may contain a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MongoStore").field("database", &self.database.name()).finish_non_exhaustive()
    }
}
