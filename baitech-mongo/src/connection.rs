//! Connecting: client options, and the checks that a server must pass before the store uses it.

use std::time::Duration;

use bson::{Document, doc};
use mongodb::error::ErrorKind;
use mongodb::options::{
    Acknowledgment, ClientOptions, DatabaseOptions, ReadConcern, ReadPreference, SelectionCriteria,
    TransactionOptions, WriteConcern,
};
use mongodb::{Client, Database};

/// The default database, if the connection string names none.
const DEFAULT_DATABASE: &str = "baitech";
const DEFAULT_APP_NAME: &str = "baitech";
const OLDEST_VERSION: [i32; 2] = [4, 4];
/// Shorter than the driver's default of 30 s, so that a mistyped address fails quickly.
const DEFAULT_SELECTION_TIMEOUT: Duration = Duration::from_secs(10);

/// Replaces the driver's message for a connection string with an `@`.
const ENCODE: &str = "in a user name, a password and an option, percent-encode the characters \
                      : / ? # [ ] @ % (an @ is %40), and check the hosts and options";

/// Why connecting failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// The connection string is invalid. The text never repeats it, since it may contain a password.
    #[error("the MongoDB connection string is not valid: {0}")]
    InvalidUri(String),
    /// The server is not a member of a replica set, without which there are no transactions.
    #[error(
        "MongoDB at {address} is a standalone server, which has no transactions. Turn it into a one-member \
         replica set; the data stays: (1) stop mongod; (2) start it again with `--replSet rs0`, or put \
         `replication: {{ replSetName: rs0 }}` into mongod.conf; (3) once, run \
         `mongosh --eval 'rs.initiate()'`; (4) connect again"
    )]
    Standalone {
        /// Host and port.
        address: String,
    },
    /// The server was started as a member of a replica set that is not initiated.
    #[error(
        "MongoDB at {address} was started with --replSet, but its replica set is not initiated. Run \
         `mongosh --eval 'rs.initiate()'` once, then connect again"
    )]
    NotInitiated {
        /// Host and port.
        address: String,
    },
    /// The server is older than 4.4.
    #[error("MongoDB {found} is too old; BaiTech needs 4.4 or later")]
    TooOld {
        /// The server's version.
        found: String,
    },
    /// No server answered, or it refused a command.
    #[error("MongoDB cannot be reached: {0}")]
    Unreachable(#[source] mongodb::error::Error),
}

/// Connects to the replica set of a connection string and checks that it can do what the store needs.
///
/// Reads from the primary with majority read concern and writes with majority write concern (journaled),
/// regardless of the string, so that decisions use current data. Writes are retried, and the application name
/// is `baitech` if the string names none. The database is the string's, or else `baitech`.
///
/// # Errors
///
/// [`ConnectError`], with a message that says how to fix it.
pub async fn connect(uri: &str) -> Result<Database, ConnectError> {
    let invalid = |error| invalid(uri, error);
    let mut options = ClientOptions::parse(uri).await.map_err(invalid)?;
    let has_user = options.credential.as_ref().is_some_and(|credential| credential.username.is_some());
    if uri.contains('@') && !has_user {
        // A part of a password was parsed as something else, and error messages would reveal it.
        return Err(ConnectError::InvalidUri(ENCODE.to_owned()));
    }
    let selection_timeout = options.server_selection_timeout.unwrap_or(DEFAULT_SELECTION_TIMEOUT);
    options.server_selection_timeout = Some(selection_timeout);
    options.app_name.get_or_insert_with(|| DEFAULT_APP_NAME.to_owned());
    options.retry_writes = Some(true);
    options.read_concern = Some(ReadConcern::majority());
    options.selection_criteria = Some(primary());
    options.write_concern = Some(majority(options.write_concern.take()));
    let name = options.default_database.clone().unwrap_or_else(|| DEFAULT_DATABASE.to_owned());

    let client = Client::with_options(options.clone()).map_err(invalid)?;
    let admin = client.database("admin");
    let hello = match admin.run_command(doc! { "hello": 1 }).await {
        Ok(answer) => answer,
        // A standalone server never matches a connection string with a replica set, and the driver only times
        // out. A direct query shows the reason.
        Err(error) => {
            diagnose(options).await?;
            return Err(ConnectError::Unreachable(error));
        }
    };
    check_topology(&hello, &address_of(&options))?;
    let build = admin.run_command(doc! { "buildInfo": 1 }).await.map_err(ConnectError::Unreachable)?;
    check_version(&build)?;
    Ok(client.database(&name))
}

/// An acknowledged write on a minority can be rolled back, so a majority is required; the string's time-out
/// is kept.
fn majority(given: Option<WriteConcern>) -> WriteConcern {
    let mut concern = given.unwrap_or_default();
    concern.w = Some(Acknowledgment::Majority);
    concern.journal = Some(true);
    concern
}

pub(crate) fn primary() -> SelectionCriteria {
    SelectionCriteria::ReadPreference(ReadPreference::Primary)
}

/// The database with the store's options, regardless of those of its connection.
pub(crate) fn at_majority(database: &Database) -> Database {
    let options = DatabaseOptions::builder()
        .read_concern(ReadConcern::majority())
        .selection_criteria(primary())
        .write_concern(majority(database.write_concern().cloned()))
        .build();
    database.client().database_with_options(database.name(), options)
}

/// The options of the store's transactions, which would otherwise be those of the client.
pub(crate) fn transaction_options(database: &Database) -> TransactionOptions {
    TransactionOptions::builder()
        .read_concern(ReadConcern::majority())
        .selection_criteria(primary())
        .write_concern(majority(database.write_concern().cloned()))
        .build()
}

async fn diagnose(mut options: ClientOptions) -> Result<(), ConnectError> {
    options.direct_connection = Some(true);
    options.repl_set_name = None;
    options.hosts.truncate(1);
    options.server_selection_timeout = Some(Duration::from_secs(2));
    let address = address_of(&options);
    let Ok(client) = Client::with_options(options) else { return Ok(()) };
    match client.database("admin").run_command(doc! { "hello": 1 }).await {
        Ok(hello) => check_topology(&hello, &address),
        Err(_) => Ok(()),
    }
}

fn check_topology(hello: &Document, address: &str) -> Result<(), ConnectError> {
    let in_set = hello.contains_key("setName");
    let through_mongos = hello.get_str("msg").is_ok_and(|message| message == "isdbgrid");
    if in_set || through_mongos {
        Ok(())
    } else if hello.get_bool("isreplicaset").unwrap_or(false) {
        Err(ConnectError::NotInitiated { address: address.to_owned() })
    } else {
        Err(ConnectError::Standalone { address: address.to_owned() })
    }
}

fn check_version(build: &Document) -> Result<(), ConnectError> {
    let numbers = build.get_array("versionArray").map(Vec::as_slice).unwrap_or_default();
    let found: Vec<i32> = numbers.iter().filter_map(bson::Bson::as_i32).take(2).collect();
    if found.as_slice() >= OLDEST_VERSION.as_slice() {
        return Ok(());
    }
    Err(ConnectError::TooOld { found: build.get_str("version").unwrap_or("of unknown version").to_owned() })
}

fn address_of(options: &ClientOptions) -> String {
    options.hosts.first().map(ToString::to_string).unwrap_or_default()
}

/// The driver's message may repeat a part of the string, which may be a password if there is an `@`.
fn invalid(uri: &str, error: mongodb::error::Error) -> ConnectError {
    match *error.kind {
        ErrorKind::InvalidArgument { .. } if uri.contains('@') => ConnectError::InvalidUri(ENCODE.to_owned()),
        ErrorKind::InvalidArgument { message, .. } => ConnectError::InvalidUri(message),
        _ => ConnectError::Unreachable(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_versions_from_4_4_pass() {
        let build =
            |numbers: [i32; 3]| doc! { "version": format!("{numbers:?}"), "versionArray": numbers.to_vec() };
        for old in [[3, 6, 23], [4, 2, 24], [4, 3, 9]] {
            assert!(matches!(check_version(&build(old)), Err(ConnectError::TooOld { .. })), "{old:?}");
        }
        for new in [[4, 4, 0], [5, 0, 1], [6, 0, 5], [8, 0, 0]] {
            assert!(check_version(&build(new)).is_ok(), "{new:?}");
        }
        assert!(check_version(&doc! {}).is_err());
    }

    #[test]
    fn a_weaker_write_concern_is_raised_to_the_majority() {
        let weak =
            WriteConcern::builder().w(Acknowledgment::Nodes(1)).w_timeout(Duration::from_secs(3)).build();
        let raised = majority(Some(weak));
        assert_eq!(raised.w, Some(Acknowledgment::Majority));
        assert_eq!(raised.journal, Some(true));
        assert_eq!(raised.w_timeout, Some(Duration::from_secs(3)));
    }
}
