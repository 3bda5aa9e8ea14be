//! The commands that a store sends, and the server's plans for them.

use std::sync::{Arc, Mutex};

use baitech_mongo::MongoStore;
use baitech_mongo::testing::TestServer;
use bson::{Bson, Document, doc};
use mongodb::event::EventHandler;
use mongodb::event::command::CommandEvent;
use mongodb::options::ClientOptions;

/// The commands that a client has sent.
pub(crate) type Sent = Arc<Mutex<Vec<Document>>>;

/// A store on an empty database, whose commands are recorded.
pub(crate) async fn recorded() -> (MongoStore, Sent) {
    let server = TestServer::shared().await.unwrap();
    let mut options = ClientOptions::parse(server.uri()).await.unwrap();
    let sent = Sent::default();
    let record = Arc::clone(&sent);
    options.command_event_handler = Some(EventHandler::callback(move |event| {
        if let CommandEvent::Started(started) = event {
            record.lock().unwrap().push(started.command);
        }
    }));
    let client = mongodb::Client::with_options(options).unwrap();
    (MongoStore::open(client.database(&server.database_name())).await.unwrap(), sent)
}

/// The recorded commands that have a query plan, in the form that `explain` takes.
pub(crate) fn explainable(command: &Document) -> Vec<Document> {
    let name = command.keys().next().unwrap().as_str();
    if !["find", "aggregate", "count", "update", "delete", "findAndModify"].contains(&name) {
        return Vec::new();
    }
    let mut plain: Document = command.clone();
    // The server explains one update at a time.
    if let Ok(updates) = command.get_array("updates")
        && updates.len() > 1
    {
        let alone = |update: &Bson| {
            let mut alone = command.clone();
            alone.insert("updates", vec![update.clone()]);
            alone
        };
        return updates.iter().map(alone).flat_map(|update| explainable(&update)).collect();
    }
    for sent_only in ["lsid", "txnNumber", "startTransaction", "autocommit", "stmtId", "$db", "$clusterTime"]
    {
        plain.remove(sent_only);
    }
    for option in ["writeConcern", "readConcern", "$readPreference", "ordered", "cursor"] {
        plain.remove(option);
    }
    if name == "aggregate" {
        plain.insert("cursor", doc! {});
    }
    vec![plain]
}

fn stages(plan: &Bson, found: &mut Vec<String>) {
    match plan {
        Bson::Document(plan) => {
            found.extend(plan.get_str("stage").ok().map(str::to_owned));
            plan.iter()
                .filter(|(key, _)| *key != "rejectedPlans")
                .for_each(|(_, inner)| stages(inner, found));
        }
        Bson::Array(plans) => plans.iter().for_each(|inner| stages(inner, found)),
        _ => {}
    }
}

/// The recorded commands that scan a collection or sort in memory, each with its plan. Searches sort what
/// matches.
pub(crate) async fn without_index(store: &MongoStore, sent: &Sent) -> Vec<String> {
    let commands: Vec<Document> = sent.lock().unwrap().iter().flat_map(explainable).collect();
    let mut bad = Vec::new();
    for command in &commands {
        let explain = doc! { "explain": command.clone(), "verbosity": "queryPlanner" };
        let answer = store.database().run_command(explain).await;
        let plan = answer.unwrap_or_else(|error| panic!("{command}: {error}"));
        let mut found = Vec::new();
        stages(&Bson::Document(plan), &mut found);
        assert!(!found.is_empty(), "the answer contains no plan for {command}");
        // No index has the relevance, which depends on the query.
        let is_search = command.get_str("aggregate").is_ok_and(|of| of == "searchEntries");
        if found.iter().any(|stage| stage == "COLLSCAN" || (stage == "SORT" && !is_search)) {
            bad.push(format!("{found:?}: {command}"));
        }
    }
    bad
}
