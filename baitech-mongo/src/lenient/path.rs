//! Paths into documents.

use std::fmt;

use bson::{Bson, Document};
use serde_path_to_error::Segment;

/// A path from a document to one of its values.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Path(Vec<Step>);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    Key(String),
    Index(usize),
}

/// A borrowed path, which is built without allocation while a document is searched.
#[derive(Debug, Clone, Copy)]
pub(super) enum Here<'a> {
    /// The document itself.
    Document,
    Key(&'a Self, &'a str),
    Index(&'a Self, usize),
}

impl Here<'_> {
    pub(super) fn to_path(self) -> Path {
        match self {
            Self::Document => Path::default(),
            Self::Key(parent, key) => parent.to_path().key(key),
            Self::Index(parent, index) => parent.to_path().at(index),
        }
    }
}

impl Path {
    /// The longest part of an error's path that leads to a value. The rest is inside a value that only serde
    /// sees as a document, such as an `ObjectId`.
    pub(super) fn of(path: &serde_path_to_error::Path, document: &Document) -> Self {
        let mut found = Self::default();
        for segment in path {
            let step = match segment {
                Segment::Map { key } => Step::Key(key.clone()),
                Segment::Seq { index } => Step::Index(*index),
                Segment::Enum { .. } | Segment::Unknown => break,
            };
            found.0.push(step);
            if found.get(document).is_none() {
                found.0.pop();
                break;
            }
        }
        found
    }

    /// A path of dot-separated keys.
    pub(super) fn from_keys(dotted: &str) -> Self {
        Self(dotted.split('.').map(|key| Step::Key(key.to_owned())).collect())
    }

    pub(super) fn steps(&self) -> &[Step] {
        &self.0
    }

    pub(super) fn from_steps(steps: &[Step]) -> Self {
        Self(steps.to_vec())
    }

    /// The path of a field.
    pub(super) fn key(mut self, key: &str) -> Self {
        self.0.push(Step::Key(key.to_owned()));
        self
    }

    /// The path of an element.
    pub(super) fn at(mut self, index: usize) -> Self {
        self.0.push(Step::Index(index));
        self
    }

    /// The array and the index, if the path ends at an element.
    pub(super) fn element(&self) -> Option<(Self, usize)> {
        match self.0.split_last()? {
            (Step::Index(index), array) => Some((Self(array.to_vec()), *index)),
            (Step::Key(_), _) => None,
        }
    }

    pub(super) fn starts_with(&self, other: &Self) -> bool {
        self.0.starts_with(&other.0)
    }

    /// Whether a list of vital fields contains it.
    pub(super) fn is_in(&self, fields: &[&str]) -> bool {
        let keys = self.0.iter().filter_map(|step| match step {
            Step::Key(key) => Some(key.as_str()),
            Step::Index(_) => None,
        });
        let keys: Vec<&str> = keys.collect();
        fields.iter().any(|field| match field.strip_suffix(".**") {
            Some(whole) => whole.split('.').eq(keys.iter().copied().take(whole.split('.').count())),
            None => *field == "**" || field.split('.').eq(keys.iter().copied()),
        })
    }

    pub(super) fn get<'a>(&self, document: &'a Document) -> Option<&'a Bson> {
        let (first, rest) = self.0.split_first()?;
        let Step::Key(key) = first else { return None };
        rest.iter().try_fold(document.get(key)?, |value, step| match step {
            Step::Key(key) => value.as_document()?.get(key),
            Step::Index(index) => value.as_array()?.get(*index),
        })
    }

    pub(super) fn remove(&self, document: &mut Document) -> Option<Bson> {
        let (last, parents) = self.0.split_last()?;
        let Some((Step::Key(first), parents)) = parents.split_first() else {
            let Step::Key(key) = last else { return None };
            return document.remove(key);
        };
        let parent = parents.iter().try_fold(document.get_mut(first)?, |value, step| match step {
            Step::Key(key) => value.as_document_mut()?.get_mut(key),
            Step::Index(index) => value.as_array_mut()?.get_mut(*index),
        })?;
        match last {
            Step::Key(key) => parent.as_document_mut()?.remove(key),
            Step::Index(index) => {
                let elements = parent.as_array_mut()?;
                (*index < elements.len()).then(|| elements.remove(*index))
            }
        }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, step) in self.0.iter().enumerate() {
            let dot = if place == 0 { "" } else { "." };
            match step {
                Step::Key(key) => write!(f, "{dot}{key}")?,
                Step::Index(index) => write!(f, "{dot}{index}")?,
            }
        }
        Ok(())
    }
}
