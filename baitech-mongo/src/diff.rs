//! Computes the update of a save from three forms of one document.
//!
//! - `raw`: the stored document, possibly with fields of other programs;
//! - `understood`: `raw` decoded into our types and encoded again;
//! - `new`: the changed value, encoded.
//!
//! Fields that are equal in `understood` and `new` did not change and are not written, even if `raw` has them
//! in another form (a double that we read as a decimal stays a double). Fields that only `raw` has are not
//! ours and are never touched, at any depth. A null and a missing field are equal, and no null is ever
//! written.
//!
//! An array to which elements were only added gets these elements. Any other changed array is set as a whole.
//! It is rebuilt from the new elements, each with the unknown fields of the raw element that it is paired
//! with: by `_id` if both have one, else by equality, else, if the length is the same, by position.
//! `understood` must have one element for each element of `raw`, with [`Bson::Undefined`] for one that could
//! not be understood. Such a raw element is kept, after the element that it followed.

use bson::{Bson, Document};

mod array;
mod merge;

use merge::{has_understood_value, is_present, kept_elements, merge, same, without_nulls};

/// Field paths to set and to remove; empty if none of our fields changed.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Update {
    set: Document,
    /// The elements to add to arrays.
    push: Document,
    unset: Vec<String>,
}

impl Update {
    /// The update that turns `raw` into a document that reads as `new`.
    pub(crate) fn between(raw: &Document, understood: &Document, new: &Document) -> Self {
        let mut update = Self::default();
        update.fields("", raw, understood, new);
        update
    }

    #[cfg(test)]
    fn is_empty(&self) -> bool {
        self.set.is_empty() && self.push.is_empty() && self.unset.is_empty()
    }

    /// Also sets a field outside of the value, such as `updatedAt`.
    pub(crate) fn set(&mut self, path: impl Into<String>, value: impl Into<Bson>) {
        self.set.insert(path, value);
    }

    /// Adds elements to an array. No null is ever written.
    pub(crate) fn push(&mut self, path: impl Into<String>, elements: &[Bson]) {
        let elements: Vec<_> = elements.iter().map(without_nulls).collect();
        self.push.insert(path, bson::doc! { "$each": elements });
    }

    /// Also removes a field outside of the value.
    pub(crate) fn unset(&mut self, path: impl Into<String>) {
        self.unset.push(path.into());
    }

    /// The operators as `update_one` takes them.
    pub(crate) fn into_operators(self) -> Document {
        let mut operators = Document::new();
        if !self.set.is_empty() {
            operators.insert("$set", self.set);
        }
        if !self.push.is_empty() {
            operators.insert("$push", self.push);
        }
        if !self.unset.is_empty() {
            let paths: Document = self.unset.into_iter().map(|path| (path, Bson::from(""))).collect();
            operators.insert("$unset", paths);
        }
        operators
    }

    fn fields(&mut self, prefix: &str, raw: &Document, understood: &Document, new: &Document) {
        for (key, value) in new.iter().filter(|(_, value)| is_present(value)) {
            let before = understood.get(key).filter(|before| is_present(before));
            if !before.is_some_and(|before| same(before, value)) {
                self.field(format!("{prefix}{key}"), raw.get(key), before, value);
            }
        }
        for (key, before) in understood.iter().filter(|(_, before)| has_understood_value(before)) {
            if !new.get(key).is_some_and(is_present) {
                self.remove(format!("{prefix}{key}"), raw.get(key), before);
            }
        }
    }

    fn field(&mut self, path: String, raw: Option<&Bson>, understood: Option<&Bson>, new: &Bson) {
        if let (Some(Bson::Document(raw)), Bson::Document(new)) = (raw, new) {
            let empty = Document::new();
            let understood = understood.and_then(Bson::as_document).unwrap_or(&empty);
            if can_be_addressed(understood) && can_be_addressed(new) {
                return self.fields(&format!("{path}."), raw, understood, new);
            }
        }
        if let (Some(Bson::Array(raw)), Some(Bson::Array(before)), Bson::Array(new)) = (raw, understood, new)
            && let Some(added) = array::added(raw, before, new)
        {
            return self.push(path, added);
        }
        let value = match raw {
            Some(raw) => merge(raw, understood, new),
            None => without_nulls(new),
        };
        self.set.insert(path, value);
    }

    fn remove(&mut self, path: String, raw: Option<&Bson>, understood: &Bson) {
        let Some(raw) = raw else { return };
        if let (Bson::Array(raw), Bson::Array(understood)) = (raw, understood) {
            let kept = kept_elements(raw, understood);
            if !kept.is_empty() {
                self.set.insert(path, kept);
                return;
            }
        }
        let rest = match (raw, understood) {
            (Bson::Document(raw), Bson::Document(understood)) => merge::remove(raw, understood),
            _ => Document::new(),
        };
        match rest.is_empty() {
            true => self.unset.push(path),
            false => self.set.insert(path, rest).map_or((), drop),
        }
    }
}

/// Whether all keys are valid in a dotted path. User-defined keys of a map may not be; then the whole map is
/// set.
fn can_be_addressed(fields: &Document) -> bool {
    fields.keys().all(|key| !key.is_empty() && !key.contains('.') && !key.starts_with('$'))
}

/// Applies the update to a document like the server, for tests and for the value that a commit returns.
#[cfg(test)]
pub(crate) fn apply(raw: &Document, update: &Update) -> Document {
    let mut result = raw.clone();
    for (path, value) in &update.set {
        set_path(&mut result, path, value);
    }
    for (path, elements) in &update.push {
        let added = elements.as_document().and_then(|each| each.get_array("$each").ok()).expect("elements");
        let whole = Bson::from(result.clone());
        let before = path.split('.').try_fold(&whole, |value, key| value.as_document()?.get(key));
        let mut array = before.and_then(Bson::as_array).expect("an array").clone();
        array.extend(added.iter().cloned());
        set_path(&mut result, path, &array.into());
    }
    for path in &update.unset {
        unset_path(&mut result, path);
    }
    result
}

#[cfg(test)]
fn set_path(document: &mut Document, path: &str, value: &Bson) {
    match path.split_once('.') {
        None => drop(document.insert(path, value.clone())),
        Some((first, rest)) => {
            let inner = document.entry(first.to_owned()).or_insert_with(|| Bson::Document(Document::new()));
            set_path(inner.as_document_mut().expect("a path leads through documents"), rest, value);
        }
    }
}

#[cfg(test)]
fn unset_path(document: &mut Document, path: &str) {
    match path.split_once('.') {
        None => drop(document.remove(path)),
        Some((first, rest)) => {
            if let Some(Bson::Document(inner)) = document.get_mut(first) {
                unset_path(inner, rest);
            }
        }
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
