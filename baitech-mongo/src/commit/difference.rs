//! The update that saves a new value over a stored document.

use std::collections::{BTreeMap, BTreeSet};

use bson::error::Error;
use bson::raw::RawBsonRef;
use bson::{Bson, Document, RawDocument};

use crate::codec::Aggregate;
use crate::diff::Update;
use crate::lenient::Read;

/// The update that turns `raw` into a document that reads as `new`.
///
/// Most writes change few fields, so only fields whose old and new bytes differ are decoded and compared.
pub(crate) fn difference<A: Aggregate>(
    raw: &RawDocument,
    read: &Read<A>,
    new: &RawDocument,
) -> Result<Update, Error> {
    let understood = read.value.encode_raw()?;
    let changed = changed_fields(&understood, new)?;
    // These adapt fields that are the same in both.
    let derives = A::DERIVES.iter().any(|field| changed.contains(field));
    if derives || !read.gaps.is_empty() {
        let (raw, new) = (Document::try_from(raw)?, Document::try_from(new)?);
        let mut understood = Document::try_from(understood.as_ref())?;
        A::forget_derived(&raw, &mut understood, &new);
        read.gaps.mark(&mut understood);
        return Ok(Update::between(&raw, &understood, &new));
    }
    let mut rest = BTreeSet::new();
    let mut grown = Vec::new();
    for field in changed {
        match added(raw, &understood, new, field)? {
            Some(elements) => grown.push((field, elements)),
            None => drop(rest.insert(field)),
        }
    }
    let (raw, new) = (only(raw, &rest)?, only(new, &rest)?);
    let mut update = Update::between(&raw, &only(&understood, &rest)?, &new);
    for (field, elements) in grown {
        update.push(field, &elements);
    }
    Ok(update)
}

/// The fields that differ between two encoded values. Both have most fields at the same place.
fn changed_fields<'a>(old: &'a RawDocument, new: &'a RawDocument) -> Result<BTreeSet<&'a str>, Error> {
    let (mut old, mut new) = (old.iter(), new.iter());
    let mut elsewhere: BTreeMap<&str, (Option<RawBsonRef<'_>>, Option<RawBsonRef<'_>>)> = BTreeMap::new();
    loop {
        let (before, after) = (old.next().transpose()?, new.next().transpose()?);
        if before.is_none() && after.is_none() {
            break;
        }
        if before == after {
            continue;
        }
        if let Some((key, value)) = before {
            elsewhere.entry(key.as_str()).or_default().0 = Some(value);
        }
        if let Some((key, value)) = after {
            elsewhere.entry(key.as_str()).or_default().1 = Some(value);
        }
    }
    Ok(elsewhere.into_iter().filter(|(_, (before, after))| before != after).map(|(key, _)| key).collect())
}

/// The elements that were added to an array, if all others are the same in the stored document, byte by byte.
fn added(
    raw: &RawDocument,
    understood: &RawDocument,
    new: &RawDocument,
    field: &str,
) -> Result<Option<Vec<Bson>>, Error> {
    let (Ok(raw), Ok(understood), Ok(new)) =
        (raw.get_array(field), understood.get_array(field), new.get_array(field))
    else {
        return Ok(None);
    };
    if raw.as_bytes() != understood.as_bytes() {
        return Ok(None);
    }
    let mut new = new.into_iter();
    for before in raw {
        if new.next().transpose()? != Some(before?) {
            return Ok(None);
        }
    }
    let added = new.map(|element| element?.try_into()).collect::<Result<Vec<Bson>, Error>>()?;
    Ok(Some(added).filter(|added| !added.is_empty()))
}

/// The document with these fields only.
fn only(document: &RawDocument, keys: &BTreeSet<&str>) -> Result<Document, Error> {
    let mut kept = Document::new();
    for element in document.iter_elements() {
        let element = element?;
        let key = element.key().as_str();
        if keys.contains(key) {
            kept.insert(key, Bson::try_from(element)?);
        }
    }
    Ok(kept)
}
