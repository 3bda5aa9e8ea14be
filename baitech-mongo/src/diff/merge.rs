//! Merges new values into raw (stored) values.

use bson::{Bson, Document};

use super::array::merge_arrays;

/// Whether a value is present. Null and undefined count as missing.
pub(super) fn is_present(value: &Bson) -> bool {
    !matches!(value, Bson::Null | Bson::Undefined)
}

/// Whether the engine understood at least a part of a value. An array counts if it is empty or if it has an
/// element that was understood.
pub(super) fn has_understood_value(understood: &Bson) -> bool {
    match understood {
        Bson::Array(elements) => elements.is_empty() || elements.iter().any(is_present),
        other => is_present(other),
    }
}

/// Whether a value is unchanged, apart from elements that were not understood.
pub(super) fn same(understood: &Bson, new: &Bson) -> bool {
    match (understood, new) {
        (Bson::Document(before), Bson::Document(after)) => {
            let mut kept = before.iter().filter(|(_, value)| has_understood_value(value));
            let written = after.iter().filter(|(_, value)| is_present(value)).count();
            before.values().filter(|value| has_understood_value(value)).count() == written
                && kept.all(|(key, value)| after.get(key).is_some_and(|new| same(value, new)))
        }
        (Bson::Array(before), Bson::Array(after)) => {
            let before = before.iter().filter(|element| !is_gap(element));
            before.clone().count() == after.len()
                && before.zip(after).all(|(before, after)| same(before, after))
        }
        (before, after) => before == after,
    }
}

/// Whether an array element is a gap: the placeholder for a raw element that was not understood.
pub(super) fn is_gap(element: &Bson) -> bool {
    matches!(element, Bson::Undefined)
}

/// The raw elements that are kept because they were not understood.
pub(super) fn kept_elements(raw: &[Bson], understood: &[Bson]) -> Vec<Bson> {
    raw.iter()
        .zip(understood)
        .filter(|(_, understood)| is_gap(understood))
        .map(|(raw, _)| raw.clone())
        .collect()
}

/// Returns `raw` if nothing changed. Otherwise returns `new`, with the fields that only `raw` has.
pub(super) fn merge(raw: &Bson, understood: Option<&Bson>, new: &Bson) -> Bson {
    if understood.is_some_and(|understood| same(understood, new)) {
        return raw.clone();
    }
    match (raw, new) {
        (Bson::Document(raw), Bson::Document(new)) => {
            let empty = Document::new();
            let understood = understood.and_then(Bson::as_document).unwrap_or(&empty);
            Bson::Document(merge_documents(raw, understood, new))
        }
        (Bson::Array(raw), Bson::Array(new)) => {
            let understood = understood.and_then(Bson::as_array).map(Vec::as_slice).unwrap_or_default();
            Bson::Array(merge_arrays(raw, understood, new))
        }
        _ => without_nulls(new),
    }
}

fn merge_documents(raw: &Document, understood: &Document, new: &Document) -> Document {
    let mut merged = Document::new();
    for (key, raw_value) in raw {
        let kept =
            match (understood.get(key).filter(|v| is_present(v)), new.get(key).filter(|v| is_present(v))) {
                (before, Some(value)) => Some(merge(raw_value, before, value)),
                (Some(before), None) if !has_understood_value(before) => Some(raw_value.clone()),
                (Some(before), None) => rest_of(raw_value, before),
                (None, None) => Some(raw_value.clone()),
            };
        if let Some(value) = kept {
            merged.insert(key, value);
        }
    }
    for (key, value) in new.iter().filter(|(key, value)| is_present(value) && !raw.contains_key(*key)) {
        merged.insert(key, without_nulls(value));
    }
    merged
}

/// Removes our fields from a document. Returns the rest: unknown fields, and values that were not understood.
pub(super) fn remove(raw: &Document, understood: &Document) -> Document {
    let mut rest = Document::new();
    for (key, raw_value) in raw.iter().filter(|(_, value)| is_present(value)) {
        let kept = match understood.get(key).filter(|value| has_understood_value(value)) {
            Some(before) => rest_of(raw_value, before),
            None => Some(raw_value.clone()),
        };
        if let Some(value) = kept {
            rest.insert(key, value);
        }
    }
    rest
}

/// As [`remove`], for any value; `None` if nothing is left.
fn rest_of(raw: &Bson, understood: &Bson) -> Option<Bson> {
    match (raw, understood) {
        (Bson::Document(raw), Bson::Document(understood)) => {
            Some(remove(raw, understood)).filter(|rest| !rest.is_empty()).map(Bson::Document)
        }
        (Bson::Array(raw), Bson::Array(understood)) => {
            Some(kept_elements(raw, understood)).filter(|kept| !kept.is_empty()).map(Bson::Array)
        }
        _ => None,
    }
}

/// Removes null fields at any depth, because they are never stored. Nulls in arrays stay in their positions.
pub(super) fn without_nulls(value: &Bson) -> Bson {
    match value {
        Bson::Document(fields) => {
            let present = fields.iter().filter(|(_, value)| is_present(value));
            Bson::Document(present.map(|(key, value)| (key.clone(), without_nulls(value))).collect())
        }
        Bson::Array(elements) => Bson::Array(elements.iter().map(without_nulls).collect()),
        other => other.clone(),
    }
}
