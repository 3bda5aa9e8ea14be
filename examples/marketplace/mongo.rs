//! The same story on MongoDB.

use std::{
    io::Write,
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use baitech::mongo::{MongoStore, connect};

use crate::{Result, tell};

/// Tells the story in the database of a connection string, or in a new one if it names none.
pub(crate) fn tell_on(uri: &str, out: &mut dyn Write) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let mut database = connect(uri).await?;
        if !names_database(uri) {
            database = database.client().database(&unique_name()?);
        }
        if !database.list_collection_names().await?.is_empty() {
            let name = database.name();
            return Err(format!(
                "the database {name} is not empty, and the story begins with an empty one; name another in \
                 the address, or none for a new one"
            )
            .into());
        }
        tell(Arc::new(MongoStore::open(database).await?), out).await
    })
}

/// Whether a connection string names a database after its hosts: `mongodb://hosts/database?options`.
fn names_database(uri: &str) -> bool {
    let after_scheme = uri.split_once("://").map_or(uri, |(_, rest)| rest);
    let before_options = after_scheme.split_once('?').map_or(after_scheme, |(path, _)| path);
    before_options.split_once('/').is_some_and(|(_, database)| !database.is_empty())
}

#[expect(
    clippy::disallowed_methods,
    reason = "the name has to differ from run to run; nothing in the story depends on it"
)]
fn unique_name() -> Result<String> {
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH)?;
    Ok(format!("baitech_story_{:x}_{:x}", since_1970.as_nanos(), std::process::id()))
}

#[cfg(test)]
mod tests {
    use super::names_database;

    #[test]
    fn database_name_is_between_hosts_and_options() {
        assert!(names_database("mongodb://localhost:27017/story?replicaSet=rs0"));
        assert!(names_database("mongodb://a,b/story"));
        assert!(!names_database("mongodb://localhost:27017/?replicaSet=rs0"));
        assert!(!names_database("mongodb://localhost:27017"));
        assert!(!names_database("mongodb://user:secret@localhost?replicaSet=rs0"));
    }
}
