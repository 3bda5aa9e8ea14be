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
    read: Read<A>,
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
    let (raw, new) = (only(raw, &changed)?, only(new, &changed)?);
    Ok(Update::between(&raw, &only(&understood, &changed)?, &new))
}

fn changed_fields<'a>(old: &'a RawDocument, new: &'a RawDocument) -> Result<BTreeSet<&'a str>, Error> {
    let (old, new) = (fields(old)?, fields(new)?);
    let differs = |key: &&str| old.get(key) != new.get(key);
    Ok(old.keys().chain(new.keys()).copied().filter(differs).collect())
}

fn fields(document: &RawDocument) -> Result<BTreeMap<&str, RawBsonRef<'_>>, Error> {
    document.iter().map(|field| field.map(|(key, value)| (key.as_str(), value))).collect()
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
