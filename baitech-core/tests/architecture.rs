//! Checks which modules of the crate may name which others.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// The modules that `kernel`, `decide` and `store` must not name: the features and everything built on them.
const UPPER_ROOMS: [&str; 16] = [
    "account",
    "booking",
    "engine",
    "ledger",
    "matching",
    "memory",
    "mock",
    "operations",
    "payment",
    "policy",
    "ports",
    "pricing",
    "refusals",
    "relay",
    "testing",
    "worker",
];

const LOWER_ROOMS: [&str; 3] = ["kernel", "decide", "store"];

/// The closed enums of the catalog. The lower modules use only these items of the catalog.
const CLOSED_ENUMS: [&str; 9] =
    ["Account", "Actor", "AggregateRef", "Current", "EventKind", "Guard", "Kind", "Tally", "Write"];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.is_dir() && name != "tests" {
            found.extend(sources(&path));
        } else if name.ends_with(".rs") && name != "tests.rs" {
            found.push(path);
        }
    }
    found
}

/// Returns the code without its comments.
fn code_of(text: &str) -> String {
    text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

/// Returns the upper modules that the code names, as `crate::module` or inside `use crate::{…}`.
fn named(text: &str) -> BTreeSet<&'static str> {
    let code = code_of(text);
    let grouped: Vec<&str> =
        code.split("use crate::{").skip(1).map(|rest| rest.split("};").next().unwrap()).collect();
    let is_named = |room: &&str| {
        let path = format!("{room}::");
        code.contains(&format!("crate::{path}"))
            || grouped.iter().any(|group| {
                group.match_indices(&path).any(|(at, _)| {
                    !group[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':')
                })
            })
    };
    UPPER_ROOMS.into_iter().filter(|room| is_named(room)).collect()
}

/// Returns the names that the code imports from the catalog.
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

/// Returns the files of the lower modules with their content.
fn lower_files() -> Vec<(PathBuf, String)> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let paths = LOWER_ROOMS.iter().flat_map(|room| sources(&src.join(room)));
    let files: Vec<_> = paths.map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect();
    assert!(files.len() > 30, "{} files", files.len());
    files
}

#[test]
fn lower_modules_name_no_upper_module() {
    for (path, text) in lower_files() {
        assert_eq!(named(&text), BTreeSet::new(), "{}", path.display());
    }
}

#[test]
fn lower_modules_use_only_closed_enums_of_the_catalog() {
    let mut used = BTreeSet::new();
    for (path, text) in lower_files() {
        let taken = taken_from_catalog(&text);
        assert!(taken.iter().all(|name| CLOSED_ENUMS.contains(&&**name)), "{}: {taken:?}", path.display());
        used.extend(taken);
    }
    assert_eq!(used, CLOSED_ENUMS.map(str::to_owned).into());
}

#[test]
fn upper_modules_are_found_in_code_and_not_in_comments() {
    let cases: [(&str, &[&str]); 6] = [
        ("use crate::engine::Engine;", &["engine"]),
        ("use crate::account::User;", &["account"]),
        (
            "use crate::{\n    booking::{Booking, Context},\n    kernel::Id,\n    ledger::Account,\n};",
            &["booking", "ledger"],
        ),
        ("let claim = crate::payment::NEWS_CLAIMS;", &["payment"]),
        ("/// See [`Booking`](crate::booking::Booking).\n// crate::payment::Transaction", &[]),
        ("use crate::kernel::Id; use super::account::User;", &[]),
    ];
    for (code, rooms) in cases {
        assert_eq!(named(code).into_iter().collect::<Vec<_>>(), rooms, "{code}");
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
