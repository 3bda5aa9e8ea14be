//! Faults injected into the server.

use bson::{Document, doc};
use mongodb::Client;
use mongodb::error::Result;

/// The server's `failCommand` failpoint: the next commands of the given names fail as described.
///
/// Restricted to clients of one application name, so that tests on a shared server do not hit each other.
#[derive(Debug, Clone)]
pub struct FailCommand {
    data: Document,
}

impl FailCommand {
    /// Commands `names`, sent by clients whose application name is `app_name`.
    #[must_use]
    pub fn of(names: &[&str], app_name: &str) -> Self {
        Self { data: doc! { "failCommands": names, "appName": app_name } }
    }

    /// The server answers with this error code and does not run the command.
    #[must_use]
    pub fn with_code(mut self, code: i32, labels: &[&str]) -> Self {
        self.data.insert("errorCode", code);
        if !labels.is_empty() {
            self.data.insert("errorLabels", labels);
        }
        self
    }

    /// The server runs the command and then reports that the write concern failed.
    #[must_use]
    pub fn with_write_concern_error(mut self, code: i32, labels: &[&str]) -> Self {
        let error = doc! { "code": code, "errmsg": "injected" };
        self.data.insert("writeConcernError", error);
        if !labels.is_empty() {
            self.data.insert("errorLabels", labels);
        }
        self
    }

    /// The server closes the connection and does not run the command.
    #[must_use]
    pub fn closing_connection(mut self) -> Self {
        self.data.insert("closeConnection", true);
        self
    }

    /// The server waits before it runs the command.
    #[must_use]
    pub fn blocking_ms(mut self, milliseconds: i32) -> Self {
        self.data.insert("blockConnection", true);
        self.data.insert("blockTimeMS", milliseconds);
        self
    }

    /// Arms the failpoint for the next `times` matching commands.
    ///
    /// # Errors
    ///
    /// The server's answer, if it was started without `enableTestCommands=1`.
    pub async fn arm(&self, client: &Client, times: i32) -> Result<()> {
        self.configure(client, doc! { "times": times }.into()).await
    }

    /// Arms the failpoint for every matching command after the next `spared` ones, until it is disarmed.
    ///
    /// # Errors
    ///
    /// The server's answer, if it was started without `enableTestCommands=1`.
    pub async fn arm_after(&self, client: &Client, spared: i32) -> Result<()> {
        self.configure(client, doc! { "skip": spared }.into()).await
    }

    /// Disarms the server's failpoint.
    ///
    /// # Errors
    ///
    /// The server's answer.
    pub async fn disarm(client: &Client) -> Result<()> {
        let command = doc! { "configureFailPoint": "failCommand", "mode": "off" };
        client.database("admin").run_command(command).await.map(drop)
    }

    async fn configure(&self, client: &Client, mode: bson::Bson) -> Result<()> {
        let command = doc! { "configureFailPoint": "failCommand", "mode": mode, "data": self.data.clone() };
        client.database("admin").run_command(command).await.map(drop)
    }
}
