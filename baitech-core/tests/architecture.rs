//! Which rooms of the crate may name which others.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// The rooms that know what the marketplace does.
const FEATURES: [&str; 7] = ["account", "booking", "ledger", "matching", "operations", "payment", "pricing"];

/// The rooms below the features, each with its files that still name a feature. Entries are only ever removed.
const LOWER_ROOMS: [(&str, &[(&str, &str)]); 3] = [
    ("kernel", &[("actor.rs", "account")]),
    (
        "decide",
        &[
            ("aggregate.rs", "account"),
            ("aggregate.rs", "ledger"),
            ("commit.rs", "ledger"),
            ("effects.rs", "ledger"),
        ],
    ),
    (
        "store",
        &[
            ("bound.rs", "ledger"),
            ("changes.rs", "ledger"),
            ("guard.rs", "account"),
            ("guard.rs", "ledger"),
            ("ports.rs", "ledger"),
            ("tally.rs", "account"),
        ],
    ),
];

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

/// The features that a text of code names: as `crate::feature`, or inside of `use crate::{…}`.
fn named(code: &str) -> BTreeSet<&'static str> {
    let code: String =
        code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let grouped: Vec<&str> =
        code.split("use crate::{").skip(1).map(|rest| rest.split("};").next().unwrap()).collect();
    let is_named = |feature: &&str| {
        let path = format!("{feature}::");
        code.contains(&format!("crate::{path}"))
            || grouped.iter().any(|group| {
                group.match_indices(&path).any(|(at, _)| {
                    !group[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':')
                })
            })
    };
    FEATURES.into_iter().filter(|feature| is_named(feature)).collect()
}

#[test]
fn lower_rooms_name_no_feature_but_those_on_the_list() {
    for (room, known) in LOWER_ROOMS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(room);
        let mut found = BTreeSet::new();
        for path in sources(&folder) {
            let file = path.strip_prefix(&folder).unwrap().to_str().unwrap().to_owned();
            let features = named(&fs::read_to_string(&path).unwrap());
            found.extend(features.into_iter().map(|feature| (file.clone(), feature)));
        }
        let known: BTreeSet<_> = known.iter().map(|(file, feature)| ((*file).to_owned(), *feature)).collect();
        assert_eq!(found, known, "{room}: left is what there is");
    }
}

#[test]
fn features_are_found_in_code_and_not_in_comments() {
    let cases: [(&str, &[&str]); 5] = [
        ("use crate::account::User;", &["account"]),
        (
            "use crate::{\n    booking::{Booking, Context},\n    kernel::Id,\n    ledger::Account,\n};",
            &["booking", "ledger"],
        ),
        ("let claim = crate::payment::NEWS_CLAIMS;", &["payment"]),
        ("/// See [`Booking`](crate::booking::Booking).\n// crate::payment::Transaction", &[]),
        ("use crate::kernel::Id; use super::account::User;", &[]),
    ];
    for (code, features) in cases {
        assert_eq!(named(code).into_iter().collect::<Vec<_>>(), features, "{code}");
    }
}
