//! Text search beside MongoDB's own text index, over the same texts.

use std::time::{Duration, Instant};

use baitech::{
    account::User,
    chrono::{DateTime, TimeDelta},
    kernel::{Id, PageRequest},
    store::{
        ChangeSet, Commit, Readers, SearchChange, SearchIndex, SearchKey, SearchQuery, SearchReader,
        SearchScope, Searchable, Version,
    },
};
use baitech_mongo::MongoStore;
use bson::{Document, doc};
use criterion::Criterion;
use futures::TryStreamExt;
use mongodb::IndexModel;
use tokio::runtime::Runtime;

use crate::{Result, balance::fresh};

/// The number of technicians.
const PEOPLE: usize = 50_000;
const IN_ONE_COMMIT: usize = 1_000;

const FIRST: [&str; 12] = [
    "Wanjikũ", "Otieno", "Akinyi", "Kamau", "Njeri", "Mwangi", "Achieng", "Kiprop", "Amina", "Hassan",
    "Zawadi", "Baraka",
];
const LAST: [&str; 10] =
    ["Ng'ang'a", "Odhiambo", "Kariuki", "Wafula", "Mutua", "Chebet", "Abdi", "Njoroge", "Omondi", "Kilonzo"];
const WORK: [&str; 14] = [
    "mabomba",
    "mifereji",
    "plumbing",
    "pipes",
    "drains",
    "wiring",
    "sockets",
    "umeme",
    "painting",
    "carpentry",
    "roofing",
    "geysers",
    "tiles",
    "locks",
];

fn one<'a>(of: &[&'a str]) -> &'a str {
    of.get(fastrand::usize(..of.len())).copied().unwrap_or_default()
}

/// Measures three queries in both ways.
#[expect(clippy::expect_used, reason = "only a panic stops criterion")]
pub(crate) fn measure(criterion: &mut Criterion, runtime: &Runtime, store: &MongoStore) {
    let mut is_filled = false;
    let mut group = criterion.benchmark_group("search of 50,000 technicians");
    group.sample_size(20).measurement_time(Duration::from_secs(8));
    for (name, text, with_index) in [
        ("a full name", "wanjiku kariuki", true),
        ("a rare word", "otieno1207", true),
        ("beginnings of two words", "wanj mab", false),
    ] {
        let fill = |is_filled: &mut bool| {
            if !std::mem::replace(is_filled, true) {
                runtime.block_on(fill(store)).expect("the texts are stored");
            }
        };
        group.bench_function(format!("{name}, the store"), |bencher| {
            fill(&mut is_filled);
            bencher.iter_custom(|rounds| {
                runtime.block_on(timed(rounds, async || ours(store, text).await)).expect("found")
            });
        });
        // MongoDB's text index has no beginnings of words.
        if with_index {
            group.bench_function(format!("{name}, a text index"), |bencher| {
                fill(&mut is_filled);
                bencher.iter_custom(|rounds| {
                    runtime.block_on(timed(rounds, async || theirs(store, text).await)).expect("found")
                });
            });
        }
    }
    group.finish();
}

#[expect(clippy::disallowed_methods, reason = "a stopwatch")]
async fn timed(rounds: u64, search: impl AsyncFn() -> Result<usize>) -> Result<Duration> {
    let start = Instant::now();
    for _ in 0..rounds {
        if search().await? == 0 {
            return Err("nothing was found".into());
        }
    }
    Ok(start.elapsed())
}

async fn ours(store: &MongoStore, text: &str) -> Result<usize> {
    let anyone: Id<User> = fresh();
    let query = SearchQuery::new(SearchIndex::Users, SearchScope::Of(anyone.cast()), text)?;
    Ok(store.search(&query, &PageRequest::default()).await?.items.len())
}

async fn theirs(store: &MongoStore, text: &str) -> Result<usize> {
    let all_words: Vec<String> = text.split(' ').map(|word| format!("\"{word}\"")).collect();
    let found = store.database().collection::<Document>("people");
    let found = found.find(doc! { "$text": { "$search": all_words.join(" ") } });
    let found = found.projection(doc! { "title": 1, "at": 1, "score": { "$meta": "textScore" } });
    let found = found.sort(doc! { "score": { "$meta": "textScore" }, "at": -1, "_id": 1 }).limit(20);
    Ok(found.await?.try_collect::<Vec<_>>().await?.len())
}

/// The same texts for both.
async fn fill(store: &MongoStore) -> Result<()> {
    let people = store.database().collection::<Document>("people");
    let keys = doc! { "firstName": "text", "lastName": "text", "skills": "text", "bio": "text" };
    people.create_index(IndexModel::builder().keys(keys).build()).await?;
    let (mut changes, mut documents) = (Vec::new(), Vec::new());
    for n in 0..PEOPLE {
        let first = if n % 40 == 7 { format!("Otieno{n}") } else { one(&FIRST).to_owned() };
        let (last, skills) = (one(&LAST), format!("{} {}", one(&WORK), one(&WORK)));
        let bio = (0..20).map(|_| one(&WORK)).collect::<Vec<_>>().join(" ");
        let at = DateTime::UNIX_EPOCH + TimeDelta::seconds(i64::try_from(n)?);
        let title = format!("{first} {last}");
        let texts = Searchable {
            index: SearchIndex::Users,
            readers: Readers::Everyone,
            within: None,
            at,
            title: (&title).into(),
            texts: vec![
                ("firstName", (&first).into()),
                ("lastName", last.into()),
                ("skills.name", (&skills).into()),
                ("bio", (&bio).into()),
            ],
        };
        let key = SearchKey { index: SearchIndex::Users, id: fresh() };
        changes.push(SearchChange { key, version: Version::FIRST, entry: Some(texts.entry()) });
        documents.push(doc! {
            "firstName": &first, "lastName": last, "skills": &skills, "bio": &bio, "title": &title,
            "at": bson::DateTime::from_chrono(at),
        });
    }
    for part in changes.chunks(IN_ONE_COMMIT) {
        let _ = store.commit(ChangeSet { search: part.to_vec(), ..ChangeSet::new() }).await?;
    }
    people.insert_many(documents).await?;
    Ok(())
}
