//! Checks the dependencies between the crates of the workspace, as `cargo metadata` lists them.
#![allow(clippy::expect_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

use serde_json::Value;

/// The permitted dependencies: program → http → core ← mongo, providers. All others are forbidden.
const ARROWS: [(&str, &[&str]); 5] = [
    ("baitech", &["baitech-core", "baitech-mongo", "baitech-http", "baitech-providers"]),
    ("baitech-http", &["baitech-core"]),
    ("baitech-mongo", &["baitech-core"]),
    ("baitech-providers", &["baitech-core"]),
    ("baitech-core", &[]),
];

/// Databases, protocols and runtimes, on which the core must not depend.
const IO_CRATES: [&str; 12] = [
    "mongodb",
    "bson",
    "redis",
    "sqlx",
    "axum",
    "hyper",
    "reqwest",
    "tokio",
    "async-std",
    "smol",
    "rustls",
    "socket2",
];

fn metadata() -> Value {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--all-features", "--manifest-path"])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

/// The ids of the normal dependencies of each package, without those of build scripts and tests.
fn normal_dependencies(metadata: &Value) -> BTreeMap<&str, BTreeSet<&str>> {
    let nodes = metadata["resolve"]["nodes"].as_array().expect("nodes");
    let is_normal = |dependency: &&Value| {
        dependency["dep_kinds"]
            .as_array()
            .is_some_and(|kinds| kinds.iter().any(|kind| kind["kind"].is_null()))
    };
    nodes
        .iter()
        .map(|node| {
            let dependencies = node["deps"].as_array().expect("deps");
            (text(node, "id"), dependencies.iter().filter(is_normal).map(|dep| text(dep, "pkg")).collect())
        })
        .collect()
}

#[test]
fn only_permitted_dependencies_exist() {
    let metadata = metadata();
    let packages = metadata["packages"].as_array().expect("packages");
    let allowed: BTreeMap<_, _> = ARROWS.into_iter().collect();
    for package in packages.iter().filter(|package| allowed.contains_key(text(package, "name"))) {
        let name = text(package, "name");
        for dependency in package["dependencies"].as_array().expect("dependencies") {
            let target = text(dependency, "name");
            if dependency["kind"].is_null() && allowed.contains_key(target) {
                assert!(allowed[name].contains(&target), "{name} must not depend on {target}");
            }
        }
    }
}

#[test]
fn core_depends_on_no_database_protocol_or_runtime() {
    let metadata = metadata();
    let packages = metadata["packages"].as_array().expect("packages");
    let names: BTreeMap<_, _> =
        packages.iter().map(|package| (text(package, "id"), text(package, "name"))).collect();
    let dependencies = normal_dependencies(&metadata);
    let core = *names.iter().find(|(_, name)| **name == "baitech-core").expect("the core").0;
    let (mut seen, mut queue) = (BTreeSet::from([core]), vec![core]);
    while let Some(id) = queue.pop() {
        assert!(!IO_CRATES.contains(&names[id]), "the core depends on {}", names[id]);
        queue.extend(dependencies[id].iter().filter(|next| seen.insert(**next)));
    }
    assert!(seen.len() > 20, "the dependencies of the core were read");
}
