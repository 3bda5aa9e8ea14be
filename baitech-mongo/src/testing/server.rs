//! The test server.

use std::env;
use std::time::Duration;

use bson::oid::ObjectId;
use bson::{Document, doc};
use mongodb::Client;
use mongodb::options::ClientOptions;
use tokio::sync::OnceCell;

use super::process::Process;
use super::{TestServerError, binary};

const REPLICA_SET: &str = "rs0";
const URI_VARIABLE: &str = "BAITECH_TEST_MONGODB_URI";

/// A one-member replica set (or, for tests of refusal, a standalone server) with failpoints enabled.
///
/// It contains no client, since a client belongs to the runtime that created it, and every `#[tokio::test]`
/// has its own.
#[derive(Debug)]
pub struct TestServer {
    uri: String,
    process: Option<Process>,
}

impl TestServer {
    /// The server that all tests of this process share, started by the first that asks.
    ///
    /// # Errors
    ///
    /// [`TestServerError`] if no server can be found, fetched or started.
    pub async fn shared() -> Result<&'static Self, TestServerError> {
        static SHARED: OnceCell<TestServer> = OnceCell::const_new();
        SHARED
            .get_or_try_init(async || match env::var(URI_VARIABLE) {
                Ok(uri) => Ok(Self { uri, process: None }),
                Err(_) => Self::start().await,
            })
            .await
    }

    /// A private replica set, which the test may [`kill`](Self::kill) and [`restart`](Self::restart).
    ///
    /// # Errors
    ///
    /// [`TestServerError`] if no server can be found, fetched or started.
    pub async fn start() -> Result<Self, TestServerError> {
        let process = spawn(Some(REPLICA_SET)).await?;
        let server = Self {
            uri: format!("mongodb://127.0.0.1:{}/?replicaSet={REPLICA_SET}", process.port()),
            process: Some(process),
        };
        let member = doc! { "_id": 0, "host": server.address() };
        let set = doc! { "_id": REPLICA_SET, "members": [member] };
        let client = server.direct_client().await?;
        client.database("admin").run_command(doc! { "replSetInitiate": set }).await?;
        wait_for_primary(&client).await?;
        Ok(server)
    }

    /// A private server that is not a member of a replica set.
    ///
    /// # Errors
    ///
    /// [`TestServerError`] if no server can be found, fetched or started.
    pub async fn start_standalone() -> Result<Self, TestServerError> {
        let process = spawn(None).await?;
        Ok(Self { uri: format!("mongodb://127.0.0.1:{}/", process.port()), process: Some(process) })
    }

    /// A private server started with `--replSet`, whose set is not initiated.
    ///
    /// # Errors
    ///
    /// [`TestServerError`] if no server can be found, fetched or started.
    pub async fn start_uninitiated() -> Result<Self, TestServerError> {
        let process = spawn(Some(REPLICA_SET)).await?;
        Ok(Self { uri: format!("mongodb://127.0.0.1:{}/", process.port()), process: Some(process) })
    }

    /// The connection string, without a database.
    #[must_use]
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// A database name that no other test uses.
    #[must_use]
    pub fn database_name(&self) -> String {
        format!("baitech_test_{}", ObjectId::new().to_hex())
    }

    /// The connection string of a database on this server.
    #[must_use]
    pub fn uri_of(&self, database: &str) -> String {
        let (scheme, rest) = self.uri.split_once("://").unwrap_or(("mongodb", &self.uri));
        let (before_options, options) = rest.split_once('?').unwrap_or((rest, ""));
        let hosts = before_options.split('/').next().unwrap_or(before_options);
        let mark = if options.is_empty() { "" } else { "?" };
        format!("{scheme}://{hosts}/{database}{mark}{options}")
    }

    /// Kills the server as a crash would (SIGKILL) and keeps its data. Returns when it is gone. Does nothing
    /// to a server that was started elsewhere.
    pub fn kill(&mut self) {
        if let Some(process) = &mut self.process {
            process.kill();
        }
    }

    /// Starts a killed server again on the same data and port, and waits until it takes writes.
    ///
    /// # Errors
    ///
    /// [`TestServerError`] if it does not come up.
    pub async fn restart(&mut self) -> Result<(), TestServerError> {
        if let Some(mut process) = self.process.take() {
            let (process, launched) = blocking(move || {
                let launched = process.launch();
                (process, launched)
            })
            .await?;
            self.process = Some(process);
            launched?;
        }
        wait_for_primary(&self.direct_client().await?).await
    }

    fn address(&self) -> String {
        self.process.as_ref().map_or_else(String::new, |process| format!("127.0.0.1:{}", process.port()))
    }

    async fn direct_client(&self) -> Result<Client, TestServerError> {
        let mut options = ClientOptions::parse(&self.uri).await?;
        options.direct_connection = Some(true);
        options.repl_set_name = None;
        Ok(Client::with_options(options)?)
    }
}

async fn spawn(replica_set: Option<&'static str>) -> Result<Process, TestServerError> {
    blocking(move || Process::start(binary::mongod()?, replica_set)).await?
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, TestServerError> {
    let joined = tokio::task::spawn_blocking(work).await;
    joined.map_err(|error| TestServerError::NotReady { reason: error.to_string() })
}

async fn wait_for_primary(client: &Client) -> Result<(), TestServerError> {
    let admin = client.database("admin");
    let elected = async {
        loop {
            let answer: Document = admin.run_command(doc! { "hello": 1 }).await?;
            if answer.get_bool("isWritablePrimary").unwrap_or(false) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let late = |_| TestServerError::NotReady { reason: "it did not become primary within 60 s".to_owned() };
    tokio::time::timeout(Duration::from_secs(60), elected).await.map_err(late)?
}
