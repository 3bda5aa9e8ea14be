//! Every method of every service that takes an actor, and the actors for whom it succeeds.

/// A row whose call needs nothing from the scene, or only what one method of the scene prepares:
/// `row!(service.method(prepare(…), argument, …), "actors")`.
macro_rules! row {
    ($service:ident.$method:ident($prepare:ident($($given:expr)?) $(, $argument:expr)*), $may:literal) => {
        Row(concat!(stringify!($service), ".", stringify!($method)), $may, |scene, actor| {
            let prepared = scene.$prepare($($given)?);
            run(scene.$service().$method(actor, prepared $(, $argument)*)).map(drop)
        })
    };
    ($service:ident.$method:ident($($argument:expr),*), $may:literal) => {
        Row(concat!(stringify!($service), ".", stringify!($method)), $may, |scene, actor| {
            run(scene.$service().$method(actor $(, $argument)*)).map(drop)
        })
    };
}

mod accounts;
mod bookings;
mod payments;
mod scene;

use std::{collections::BTreeSet, fs, path::Path};

use crate::support::run;
use baitech_core::kernel::{Actor, Currency, Error, PageRequest, Result};
use baitech_core::search::{SearchIndex, SearchRequest};
use baitech_core::store::Seq;

use self::scene::{ACTORS, Scene};

/// A call of a method: it prepares the setting with permitted actors, and then calls as the given actor.
type Call = fn(&Scene, &Actor) -> Result<()>;

/// One method and the actors for whom it succeeds. The booking, payment or account in question belongs to
/// the scene's customer, technician or company; other actors act on data that is not theirs.
struct Row(&'static str, &'static str, Call);

const LEDGER: &[Row] = &[
    row!(ledger.balance(wallet(), Currency::KES), "customer support admin system"),
    row!(ledger.trial_balance(), "support admin system"),
    row!(ledger.audit(), "support admin system"),
];

const OPERATIONS: &[Row] = &[
    row!(operations.list_set_aside(&PageRequest::default()), "admin system"),
    row!(operations.retry_set_aside(booked()), "admin system"),
    row!(operations.list_consumers(), "admin system"),
    row!(operations.remove_consumer(parked()), "admin system"),
    row!(operations.list_parked(&PageRequest::default()), "admin system"),
    row!(operations.retry_parked(parked(), Seq::new(1)), "admin system"),
    row!(operations.restart_log(), "admin system"),
];

const SEARCH: &[Row] = &[row!(
    search.find(&SearchRequest::new(SearchIndex::Bookings, "tap"), &PageRequest::default()),
    "stranger other_technician customer technician company employee support admin system"
)];

fn rows() -> impl Iterator<Item = &'static Row> {
    [accounts::ACCOUNTS, bookings::BOOKINGS, payments::PAYMENTS, LEDGER, SEARCH, OPERATIONS]
        .into_iter()
        .flatten()
}

#[test]
fn every_method_allows_exactly_its_listed_actors() {
    let mut wrong = Vec::new();
    for Row(method, may, call) in rows() {
        let mut open = Vec::new();
        for name in ACTORS {
            let scene = Scene::new();
            let actor = scene.actor(name);
            match call(&scene, &actor) {
                Ok(()) => open.push(name),
                // Strangers must not learn from an error what exists.
                Err(Error::Forbidden { .. } | Error::NotFound { .. }) => {}
                Err(error) if name == "anonymous" => wrong.push(format!("{method}: {error:?} for {name}")),
                Err(_) => {}
            }
        }
        let open = open.join(" ");
        if open != *may {
            wrong.push(format!("{method} is open to {open:?}, not to {may:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Returns the public methods of the services that take an actor, as found in the source files.
fn methods() -> BTreeSet<String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let rooms = [
        ("accounts", "account/service"),
        ("bookings", "booking/service"),
        ("payments", "payment/service"),
        ("ledger", "ledger"),
        ("search", "search"),
        ("operations", "operations"),
    ];
    let mut methods = BTreeSet::new();
    for (service, folder) in rooms {
        for file in fs::read_dir(source.join(folder)).unwrap() {
            let path = file.unwrap().path();
            if path.extension().is_none_or(|extension| extension != "rs") {
                continue;
            }
            for function in fs::read_to_string(&path).unwrap().split("pub async fn ").skip(1) {
                let (name, rest) = function.split_once('(').unwrap();
                let signature = rest.split_once('{').unwrap().0;
                if signature.contains("&Actor") {
                    methods.insert(format!("{service}.{name}"));
                }
            }
        }
    }
    methods
}

#[test]
fn no_method_is_missing_from_the_table() {
    let listed: BTreeSet<String> = rows().map(|Row(method, ..)| (*method).to_owned()).collect();
    assert_eq!(listed, methods(), "the table must list every method with the actors for whom it succeeds");
}
