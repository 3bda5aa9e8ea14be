//! New values laid over raw ones.

use bson::{Bson, Document};

use super::array::merge_arrays;

/// Null means missing.
pub(super) fn is_present(value: &Bson) -> bool {
    !matches!(value, Bson::Null | Bson::Undefined)
}

/// `new` with everything that only `raw` has; `raw` itself where nothing changed.
pub(super) fn merge(raw: &Bson, understood: Option<&Bson>, new: &Bson) -> Bson {
    if understood == Some(new) {
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

/// What stays of a document that was removed: the fields that are not ours.
pub(super) fn remove(raw: &Document, understood: &Document) -> Document {
    let mut rest = Document::new();
    for (key, raw_value) in raw.iter().filter(|(_, value)| is_present(value)) {
        let kept = match understood.get(key).filter(|value| is_present(value)) {
            Some(before) => rest_of(raw_value, before),
            None => Some(raw_value.clone()),
        };
        if let Some(value) = kept {
            rest.insert(key, value);
        }
    }
    rest
}

fn rest_of(raw: &Bson, understood: &Bson) -> Option<Bson> {
    match (raw, understood) {
        (Bson::Document(raw), Bson::Document(understood)) => {
            Some(remove(raw, understood)).filter(|rest| !rest.is_empty()).map(Bson::Document)
        }
        _ => None,
    }
}

/// A value as it may be stored: fields that are null are left out. Nulls in arrays hold a place and stay.
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
