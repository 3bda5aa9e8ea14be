//! Documents, their paths, and ways to corrupt values.

use std::collections::BTreeMap;
use std::fmt;

use bson::{Bson, DateTime, Document, bson, doc};
use proptest::strategy::{Strategy, ValueTree as _};
use proptest::test_runner::TestRunner;

use crate::codec::Aggregate;

/// The documents that the earlier application wrote.
pub(super) fn legacy(collection: &str) -> Vec<Document> {
    let file = format!("{}/../examples/data/{collection}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{file}: {error}"));
    let parse = |line| match Bson::try_from(serde_json::from_str::<serde_json::Value>(line).unwrap()).unwrap()
    {
        Bson::Document(document) => document,
        other => panic!("{other} is not a document"),
    };
    text.lines().map(parse).collect()
}

/// Documents that the engine writes: the same in every run, and enough for each field to occur.
pub(super) fn generated<A: Aggregate + std::fmt::Debug>(values: impl Strategy<Value = A>) -> Vec<Document> {
    let mut runner = TestRunner::deterministic();
    let mut one = || values.new_tree(&mut runner).unwrap().current().encode().unwrap();
    let mut documents: Vec<Document> = (0..200).map(|_| one()).collect();
    // Each field is then corrupted in the smallest of them, which is read fastest.
    documents.sort_by_key(|document| bson::serialize_to_vec(document).unwrap().len());
    documents
}

/// How a value is corrupted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    Missing,
    Null,
    Text,
    Blank,
    Number,
    Nan,
    Array,
    Object,
    Date,
}

impl Way {
    pub(super) const ALL: [Self; 9] = [
        Self::Missing,
        Self::Null,
        Self::Text,
        Self::Blank,
        Self::Number,
        Self::Nan,
        Self::Array,
        Self::Object,
        Self::Date,
    ];

    fn value(self) -> Option<Bson> {
        match self {
            Self::Missing => None,
            Self::Null => Some(Bson::Null),
            Self::Text => Some("spoilt".into()),
            Self::Blank => Some("".into()),
            Self::Number => Some(5.into()),
            Self::Nan => Some(f64::NAN.into()),
            Self::Array => Some(bson!([5, "x"])),
            Self::Object => Some(doc! {}.into()),
            Self::Date => Some(DateTime::from_millis(1_700_000_000_000).into()),
        }
    }
}

/// Dot-separated keys and indexes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place(pub(super) Vec<String>);

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("."))
    }
}

impl Place {
    /// The path without indexes: `skills.[].name`.
    pub(super) fn shape(&self) -> String {
        let name = |part: &String| if part.parse::<usize>().is_ok() { "[]".to_owned() } else { part.clone() };
        self.0.iter().map(name).collect::<Vec<_>>().join(".")
    }

    pub(super) fn value<'a>(&self, document: &'a Document) -> Option<&'a Bson> {
        let (first, rest) = self.0.split_first()?;
        rest.iter().try_fold(document.get(first)?, |value, part| match value {
            Bson::Document(inner) => inner.get(part),
            Bson::Array(elements) => elements.get(part.parse::<usize>().ok()?),
            _ => None,
        })
    }

    pub(super) fn corrupt(&self, document: &Document, way: Way) -> Option<Document> {
        let mut corrupted = document.clone();
        let (last, parents) = self.0.split_last()?;
        let mut parent = Bson::Document(std::mem::take(&mut corrupted));
        {
            let mut inner = &mut parent;
            for part in parents {
                inner = match inner {
                    Bson::Document(fields) => fields.get_mut(part)?,
                    Bson::Array(elements) => elements.get_mut(part.parse::<usize>().ok()?)?,
                    _ => return None,
                };
            }
            match (inner, way.value()) {
                (Bson::Document(fields), Some(value)) => drop(fields.insert(last, value)),
                (Bson::Document(fields), None) => drop(fields.remove(last)),
                (Bson::Array(elements), Some(value)) => {
                    *elements.get_mut(last.parse::<usize>().ok()?)? = value
                }
                // An array without an element is a valid other array, not a corrupted one.
                _ => return None,
            }
        }
        parent.as_document().cloned()
    }

    /// Whether the decoded value at this path is the meaning of the corrupted value.
    pub(super) fn holds(&self, understood: &Document, way: Way) -> bool {
        let number = |value: &Bson| crate::value::decimal_from_bson(value);
        match (self.value(understood), way.value()) {
            // Parts may be empty, and days keep only the date.
            (Some(Bson::Document(_)), Some(Bson::Document(_)))
            | (Some(Bson::DateTime(_)), Some(Bson::DateTime(_))) => true,
            (Some(found), Some(corrupted)) => {
                *found == corrupted || number(found).is_some_and(|found| number(&corrupted) == Some(found))
            }
            _ => false,
        }
    }
}

/// Every path of the documents, each with the first documents that have it.
pub(super) fn places(documents: &[Document], at_most: usize) -> Vec<(&Document, Place)> {
    let mut found = Vec::new();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for document in documents {
        let mut all = Vec::new();
        document.iter().for_each(|(key, value)| walk(vec![key.clone()], value, &mut all));
        for place in all {
            let seen = seen.entry(place.shape()).or_default();
            *seen += 1;
            if *seen <= at_most {
                found.push((document, place));
            }
        }
    }
    found
}

fn walk(path: Vec<String>, value: &Bson, found: &mut Vec<Place>) {
    let next = |part: String| [path.clone(), vec![part]].concat();
    match value {
        Bson::Document(inner) => inner.iter().for_each(|(key, value)| walk(next(key.clone()), value, found)),
        Bson::Array(elements) => {
            elements.iter().enumerate().for_each(|(n, value)| walk(next(n.to_string()), value, found));
        }
        _ => {}
    }
    found.push(Place(path));
}
