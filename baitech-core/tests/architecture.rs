//! Which modules of the crate may name which others.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// The modules that must not name a feature.
const LOWER: [&str; 3] = ["kernel", "decide", "store"];

/// The features, from the lowest to the highest. A feature names only features before it.
const FEATURES: [&str; 11] = [
    "account",
    "ledger",
    "schedule",
    "pricing",
    "matching",
    "transaction",
    "booking",
    "payment",
    "opening",
    "search",
    "operations",
];

/// The runtime of the services: the shared state, and the loop that runs due tasks. Only services name these
/// modules; values, decisions and ports do not.
const RUNTIME: [&str; 2] = ["engine", "worker"];

/// The modules that are built on all features.
const UPPER: [&str; 6] = ["consumer", "memory", "mock", "ports", "refusals", "testing"];

/// The closed enums of the catalog. The lower modules use nothing else of the catalog.
const CLOSED_ENUMS: [&str; 10] = [
    "Account",
    "Actor",
    "AggregateRef",
    "Current",
    "EventKind",
    "Guard",
    "Kind",
    "SearchIndex",
    "Tally",
    "Write",
];

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

/// The source files of a module, without tests and the samples of the feature `testing`.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() && name != "tests" {
            found.extend(sources(&path));
        } else if name.ends_with(".rs") && !["tests.rs", "sample.rs"].contains(&&*name) {
            found.push(path);
        }
    }
    found
}

/// The files of a module with their text.
fn files(module: &str) -> Vec<(PathBuf, String)> {
    let read = |path: PathBuf| (path.clone(), fs::read_to_string(path).unwrap());
    let files: Vec<_> = sources(&src().join(module)).into_iter().map(read).collect();
    assert!(!files.is_empty(), "{module}");
    files
}

/// The code without comments and unit tests.
fn code_of(text: &str) -> String {
    let is_code = |line: &&str| !line.trim_start().starts_with("//");
    let of_tests = |line: &&str| line.starts_with("#[cfg(test)]");
    text.lines().take_while(|line| !of_tests(line)).filter(is_code).collect::<Vec<_>>().join("\n")
}

/// The modules of the crate that a text of code names: as `crate::module`, or inside of `use crate::{…}`.
fn named(text: &str) -> BTreeSet<&'static str> {
    let code = code_of(text);
    let grouped: Vec<&str> =
        code.split("use crate::{").skip(1).map(|rest| rest.split("};").next().unwrap()).collect();
    let is_named = |module: &&str| {
        let path = format!("crate::{module}");
        let direct = code
            .match_indices(&path)
            .any(|(at, _)| !code[at + path.len()..].starts_with(|c: char| c.is_alphanumeric() || c == '_'));
        direct
            || grouped.iter().any(|group| {
                group.match_indices(*module).any(|(at, _)| {
                    let before = group[..at].trim_end();
                    let top = before.is_empty() || before.ends_with(',');
                    // A comma inside of braces belongs to the list of another module.
                    let is_nested = before.matches('{').count() != before.matches('}').count();
                    let rest = &group[at + module.len()..];
                    top && !is_nested && !rest.starts_with(|c: char| c.is_alphanumeric() || c == '_')
                })
            })
    };
    let all = LOWER.into_iter().chain(FEATURES).chain(RUNTIME).chain(UPPER);
    all.filter(is_named).collect()
}

/// The names that a text of code takes from the catalog.
fn taken_from_catalog(text: &str) -> BTreeSet<String> {
    let code = code_of(text);
    let lists = code.split("catalog::").skip(1).map(|rest| match rest.strip_prefix('{') {
        Some(list) => list.split('}').next().unwrap(),
        None => rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap(),
    });
    lists
        .flat_map(|list| list.split(','))
        .map(|name| name.trim().to_owned())
        .filter(|n| !n.is_empty())
        .collect()
}

/// Whether a file belongs to the service of a feature: `service.rs`, or a file in `service/`.
fn is_of_service(path: &Path) -> bool {
    path.iter().any(|part| part == "service" || part == "service.rs")
}

#[test]
fn every_module_of_the_crate_has_a_place_in_the_order() {
    let listed: BTreeSet<&str> =
        LOWER.into_iter().chain(FEATURES).chain(RUNTIME).chain(UPPER).chain(["catalog", "lib"]).collect();
    let entries = fs::read_dir(src()).unwrap();
    let found: BTreeSet<String> = entries
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    assert_eq!(found.iter().map(String::as_str).collect::<BTreeSet<_>>(), listed);
}

#[test]
fn lower_modules_name_no_other_module() {
    for (path, text) in LOWER.into_iter().flat_map(files) {
        let others: Vec<_> = named(&text).into_iter().filter(|module| !LOWER.contains(module)).collect();
        assert!(others.is_empty(), "{}: {others:?}", path.display());
    }
}

#[test]
fn lower_modules_use_only_closed_enums_of_the_catalog() {
    let mut used = BTreeSet::new();
    for (path, text) in LOWER.into_iter().flat_map(files) {
        let taken = taken_from_catalog(&text);
        assert!(taken.iter().all(|name| CLOSED_ENUMS.contains(&&**name)), "{}: {taken:?}", path.display());
        used.extend(taken);
    }
    assert_eq!(used, CLOSED_ENUMS.map(str::to_owned).into());
}

#[test]
fn features_name_only_features_before_them() {
    for (place, feature) in FEATURES.into_iter().enumerate() {
        for (path, text) in files(feature) {
            for module in named(&text) {
                let is_service = is_of_service(&path);
                let allowed = LOWER.contains(&module)
                    || FEATURES[..=place].contains(&module)
                    || (is_service && RUNTIME.contains(&module));
                assert!(allowed, "{} names {module}", path.display());
            }
        }
    }
}

/// A feature that bookings are built on names a booking by its id, which the catalog gives.
#[test]
fn features_use_only_ids_and_closed_enums_of_the_catalog() {
    for (path, text) in FEATURES.into_iter().flat_map(files) {
        let taken = taken_from_catalog(&text);
        let allowed = |name: &String| CLOSED_ENUMS.contains(&&**name) || name == "BookingId";
        assert!(taken.iter().all(allowed), "{}: {taken:?}", path.display());
    }
}

#[test]
fn modules_are_found_in_code_and_not_in_comments_or_tests() {
    let cases: [(&str, &[&str]); 9] = [
        ("use crate::engine::Engine;", &["engine"]),
        ("use crate::account::User;", &["account"]),
        ("use crate::transaction;", &["transaction"]),
        (
            "use crate::{\n    booking::{Booking, Context},\n    kernel::Id,\n    ledger::Account,\n};",
            &["booking", "kernel", "ledger"],
        ),
        (
            "use crate::{\n    kernel::{Id, account},\n    transaction::{self, Amount},\n};",
            &["kernel", "transaction"],
        ),
        ("let claim = crate::transaction::NEWS_CLAIMS;", &["transaction"]),
        ("/// See [`Booking`](crate::booking::Booking).\n// crate::transaction::Transaction", &[]),
        ("use crate::kernel::Id; use super::account::User;", &["kernel"]),
        ("use crate::kernel::Id;\n#[cfg(test)]\nmod tests { use crate::booking::Booking; }", &["kernel"]),
    ];
    for (code, modules) in cases {
        assert_eq!(named(code), modules.iter().copied().collect(), "{code}");
    }
}

#[test]
fn names_from_the_catalog_are_found_in_all_forms() {
    let cases: [(&str, &[&str]); 4] = [
        ("use crate::catalog::Account;", &["Account"]),
        ("pub use crate::catalog::{Kind, Write};", &["Kind", "Write"]),
        (
            "use crate::{\n    catalog::{\n        Account,\n        Guard,\n    },\n    kernel::Id,\n};",
            &["Account", "Guard"],
        ),
        ("/// See `crate::catalog::Kind`.", &[]),
    ];
    for (code, names) in cases {
        assert_eq!(taken_from_catalog(code).into_iter().collect::<Vec<_>>(), names, "{code}");
    }
}
