//! What other releases of this crate have written, and what they write at the same time on the same database.
//!
//! `fixtures/` has one database for each release, written by [`scenario`], with the values that the release
//! itself read from it. Before a release, add its own:
//! `BAITECH_FIXTURE=0.1.0 cargo test --workspace --all-features --test releases its_own_database`.

#![cfg(feature = "testing")]
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod fixture;
mod newer;
mod scenario;
#[path = "../support/mod.rs"]
mod support;

use std::path::Path;

use baitech_core::booking::BookingStatus;
use baitech_core::kernel::Rule;
use baitech_core::store::Seq;
use baitech_core::testing::read_whole_log;
use baitech_mongo::MongoStore;

use fixture::Fixture;
use scenario::Story;

/// Checks that a value has everything that an earlier release read, and possibly new fields.
fn assert_contains(now: &serde_json::Value, then: &serde_json::Value, path: &str) {
    use serde_json::Value;
    match (now, then) {
        (Value::Object(now), Value::Object(then)) => {
            for (key, then) in then {
                let now = now.get(key).unwrap_or_else(|| panic!("{path}.{key} is gone"));
                assert_contains(now, then, &format!("{path}.{key}"));
            }
        }
        (Value::Array(now), Value::Array(then)) => {
            assert_eq!(now.len(), then.len(), "{path}");
            for (n, (now, then)) in now.iter().zip(then).enumerate() {
                assert_contains(now, then, &format!("{path}.{n}"));
            }
        }
        (Value::Number(now), Value::Number(then)) if then.is_f64() => {
            // A fraction in JSON may lose its last digit.
            let (now, then) = (now.as_f64().unwrap(), then.as_f64().unwrap());
            assert!((now - then).abs() <= then.abs() * 1e-15, "{path}: {now} and {then}");
        }
        _ => assert_eq!(now, then, "{path}"),
    }
}

#[tokio::test]
async fn the_databases_of_all_releases_are_read_with_the_same_values() {
    let releases = Fixture::all();
    assert!(!releases.is_empty());
    for release in releases {
        let database = support::database().await;
        release.restore(&database).await;
        let store = MongoStore::open(database).await.unwrap();
        let now = fixture::values(&store).await;
        assert_contains(&now, &release.values, &release.name);
    }
}

#[tokio::test]
async fn work_on_the_database_of_every_release_goes_on() {
    for release in Fixture::all() {
        let database = support::database().await;
        release.restore(&database).await;
        let store = MongoStore::open(database).await.unwrap();
        let story = Story::on(&store);

        // The answer to a request is still there.
        let first = story.top_up(100).await.unwrap();
        assert!(release.values["transactions"].get(first.to_string()).is_some(), "the first transaction");
        let other = story.top_up(200).await.unwrap_err();
        assert_eq!(other.rule(), Some(Rule::IDEMPOTENCY_KEY_REUSED));

        // The consumer goes on after its cursor, and the event that was parked can be retried.
        let before = read_whole_log(&store).await.len();
        let run = story.consume().await;
        assert_eq!(run.handled, before - scenario::CONSUMED, "{run:?}");
        story.retry_parked().await;
        assert_eq!(story.consume().await.recovered, 1);

        // An accepted job of the earlier release is cancelled, and a new one is booked.
        let cancelled = story.cancel_open().await.unwrap();
        assert_eq!(cancelled.status, BookingStatus::Cancelled);
        story.book().await.unwrap();
        let log = read_whole_log(&store).await;
        let numbers = log.iter().map(|entry| entry.seq);
        assert!(numbers.eq((1..).map(Seq::new).take(log.len())), "without a gap");
        assert!(log.len() > before);
        assert!(log.iter().all(|entry| entry.event.is_ok()));

        // The like of the earlier release is counted once, and can be taken back.
        assert_eq!(story.toggle_like().await, 0);
    }
}

/// The database of the current release, written as a fixture and read again. Set
/// `BAITECH_FIXTURE` to the name of a folder in `fixtures` to keep it.
#[tokio::test]
async fn the_current_release_reads_its_own_database() {
    let folder = match std::env::var("BAITECH_FIXTURE") {
        Ok(name) => fixture::folder().join(name),
        Err(_) => Path::new(env!("CARGO_TARGET_TMPDIR")).join("current-release"),
    };
    let store = support::store().await;
    scenario::fill(&store).await;
    Fixture::write(&store, &folder).await;
    let written = Fixture::read(&folder);
    let copy = support::database().await;
    written.restore(&copy).await;
    let values = fixture::values(&MongoStore::open(copy).await.unwrap()).await;
    assert_contains(&values, &written.values, "the current release");
    assert_contains(&written.values, &values, "the current release");
}
