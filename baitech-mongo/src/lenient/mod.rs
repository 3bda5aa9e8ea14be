//! Lenient reading: a field that cannot be understood reads as missing.
//!
//! An earlier application left fields of every type: a text for a date, NaN for a number, nulls for
//! coordinates. One of them must not make a whole document unreadable. [`read`] decodes a document; if that
//! fails, it removes the value in question from a copy and tries again, until the rest can be read:
//!
//! - A removed value is an [`Oddity`], which `prepare` reports.
//! - A save keeps the raw value, unless it writes a new value there. The comparison of arrays needs the
//!   positions of removed elements: see [`Gaps`].
//! - A field that identifies the document or carries its money is never removed: without it, the document is
//!   unreadable. Each collection lists these ([`Fields`]).
//!
//! A null, a missing field, and a blank text in place of a number, a date or an enum name all count as
//! missing.

mod gaps;
mod path;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use baitech_core::store::Version;
use bson::raw::RawElement;
use bson::{Bson, Document, RawBsonRef, RawDeserializer, RawDocument, RawDocumentBuf};
use serde::de::DeserializeOwned;

pub(crate) use self::gaps::Gaps;
use self::path::Here;
pub(crate) use self::path::Path;
use crate::codec::Unreadable;
use crate::version;

/// After this many unreadable elements of one array, the rest of the array is skipped.
const TRIED: usize = 64;

/// A field of a document that could not be understood, and read as missing.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Odd {
    /// Its path, with array indexes: `skills.0.category`.
    pub(crate) path: Path,
    /// Its value; null for an expected field that is missing.
    pub(crate) value: Bson,
}

/// The value that was read, and the omitted parts.
#[derive(Debug, Clone)]
pub(crate) struct Read<T> {
    pub(crate) value: T,
    /// The version of the document.
    pub(crate) version: Version,
    /// The format of the document; 0 for one that the earlier application wrote.
    pub(crate) format: i32,
    /// Omitted array elements.
    pub(crate) gaps: Gaps,
    pub(crate) odd: Vec<Odd>,
}

impl<T> Read<T> {
    pub(crate) fn try_map<U>(
        self,
        map: impl FnOnce(T) -> Result<U, Unreadable>,
    ) -> Result<Read<U>, Unreadable> {
        let Self { value, version, format, gaps, odd } = self;
        Ok(Read { value: map(value)?, version, format, gaps, odd })
    }
}

/// The properties of a collection's fields that reading needs. Paths have no array indexes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields {
    /// The format in which this program writes the documents. A new optional field keeps the format; for
    /// every other change it is raised, so that programs which do not know the change refuse the document.
    pub(crate) format: i32,
    /// The fields that identify a document or carry its money. A path that ends in `.**` means the field and
    /// everything in it, any other the field alone; `**` means every field.
    pub(crate) vital: &'static [&'static str],
    /// Nested documents whose fields are all optional, and arrays of such (`splits.[]`). serde sees a date or
    /// an id as a document with one unknown field, and an array as a document without names: they would be
    /// read as such a document.
    pub(crate) parts: &'static [&'static str],
    /// The hashes of the first keys of the parts.
    first_keys: u64,
}

impl Fields {
    /// Fields with the documents' format, their vital fields and their nested documents.
    pub(crate) const fn new(
        format: i32,
        vital: &'static [&'static str],
        parts: &'static [&'static str],
    ) -> Self {
        Self { format, vital, parts, first_keys: first_keys(parts) }
    }

    /// The fields of a collection that only the engine writes. Its documents are read strictly.
    pub(crate) const fn strict(format: i32) -> Self {
        Self::new(format, &["**"], &[])
    }
}

/// The field with the format of a document.
pub(crate) const FORMAT: &str = "formatVersion";

/// Reads a document without the values that cannot be understood.
///
/// # Errors
/// The reason, if a vital field cannot be understood, if a required field is missing, or if a newer program
/// has written the document in another format.
pub(crate) fn read<T: DeserializeOwned>(raw: &RawDocument, fields: Fields) -> Result<Read<T>, Unreadable> {
    let Scan { version, format, no_documents } = Scan::of(raw, fields);
    if format > fields.format {
        let known = fields.format;
        let reason = format!("{format} is newer than {known}, which this program knows; it needs an upgrade");
        return Err(Unreadable::new(reason).in_field(FORMAT));
    }
    if no_documents.is_empty()
        && let Ok(value) = bson::deserialize_from_slice(raw.as_bytes())
    {
        return Ok(Read { value, version, format, gaps: Gaps::default(), odd: Vec::new() });
    }
    let mut salvage = Salvage {
        rest: Document::try_from(raw)?,
        vital: fields.vital,
        gaps: Gaps::default(),
        odd: Vec::new(),
        tried: BTreeMap::new(),
    };
    // From the last one, so that earlier indexes stay valid.
    for path in no_documents.iter().rev() {
        salvage.take_out(path, "the value is not a document")?;
    }
    loop {
        let bytes = RawDocumentBuf::try_from(&salvage.rest)?;
        match serde_path_to_error::deserialize(RawDeserializer::new(bytes.as_bytes())?) {
            Ok(value) => return Ok(Read { value, version, format, gaps: salvage.gaps, odd: salvage.odd }),
            Err(error) => {
                let path = Path::of(error.path(), &salvage.rest);
                salvage.take_out(&path, &error.inner().to_string())?;
            }
        }
    }
}

/// A document from which values are removed, one after the other.
#[derive(Debug)]
struct Salvage {
    rest: Document,
    vital: &'static [&'static str],
    gaps: Gaps,
    odd: Vec<Odd>,
    /// The number of removed elements by array.
    tried: BTreeMap<Path, usize>,
}

impl Salvage {
    /// Removes the value to which an error belongs. Every call makes the document smaller, so that the loop
    /// ends.
    fn take_out(&mut self, path: &Path, reason: &str) -> Result<(), Unreadable> {
        let original = self.gaps.original(path);
        let Some(value) = path.get(&self.rest) else {
            // A field of the document itself is missing.
            return Err(Unreadable::new(reason));
        };
        if !is_missing(value) && original.is_in(self.vital) {
            return Err(Unreadable::new(reason).in_field(&original.to_string()));
        }
        let value = path.remove(&mut self.rest).unwrap_or(Bson::Null);
        // If a required part was removed before, that part is the one to report.
        let is_told = self.odd.iter().any(|odd| odd.path.starts_with(&original));
        if !is_told && !matches!(value, Bson::Null | Bson::Undefined) {
            self.odd.push(Odd { path: original.clone(), value });
        }
        if let Some((array, _)) = original.element() {
            self.gaps.add(&original);
            let tried = self.tried.entry(array.clone()).or_default();
            *tried = tried.saturating_add(1);
            if *tried >= TRIED {
                self.give_up(path, &array);
            }
        }
        Ok(())
    }

    /// Removes the rest of an array with many unreadable elements.
    fn give_up(&mut self, element: &Path, original: &Path) {
        let Some((array, _)) = element.element() else { return };
        let left = array.get(&self.rest).and_then(Bson::as_array).map_or(0, Vec::len);
        for _ in 0..left {
            let first = array.clone().at(0);
            self.gaps.add(&self.gaps.original(&first));
            array.clone().at(0).remove(&mut self.rest);
        }
        if left > 0 {
            let value = Bson::String(format!("{left} more elements, skipped after too many unreadable ones"));
            self.odd.push(Odd { path: original.clone(), value });
        }
    }
}

/// What one pass over the fields of a document shows. It runs for every document that is read.
struct Scan {
    version: Version,
    format: i32,
    /// The values that serde would read as documents, at paths where documents are expected.
    no_documents: Vec<Path>,
}

impl Scan {
    fn of(raw: &RawDocument, fields: Fields) -> Self {
        let Fields { parts, first_keys, .. } = fields;
        let mut scan = Self { version: Version::FIRST, format: 0, no_documents: Vec::new() };
        for element in raw.iter_elements().filter_map(Result::ok) {
            match element.key().as_str() {
                version::FIELD => scan.version = element.value().map_or(Version::FIRST, version::from_bson),
                FORMAT => scan.format = element.value().ok().and_then(|value| value.as_i32()).unwrap_or(0),
                _ => {
                    misplaced_in_field(element, (parts, first_keys), &Here::Document, &mut scan.no_documents)
                }
            }
        }
        scan
    }
}

/// Finds misplaced values in one nested document. It looks only at the keys of the paths, and allocates only
/// for its findings.
fn misplaced(raw: &RawDocument, parts: &[&str], here: Here<'_>, found: &mut Vec<Path>) {
    let parts = (parts, first_keys(parts));
    for element in raw.iter_elements().filter_map(Result::ok) {
        misplaced_in_field(element, parts, &here, found);
    }
}

/// As [`misplaced`], for one field, with the hashes of the parts' first keys.
fn misplaced_in_field(
    element: RawElement<'_>,
    (parts, first_keys): (&[&str], u64),
    here: &Here<'_>,
    found: &mut Vec<Path>,
) {
    let key = element.key().as_str();
    if hash(key.as_bytes(), key.len()) & first_keys == 0 {
        return;
    }
    for part in parts.iter().filter_map(|part| below(part, key)) {
        if let Ok(value) = element.value() {
            misplaced_in(value, part, Here::Key(here, key), found);
        }
    }
}

/// The hashes of the first keys of paths.
#[expect(
    clippy::indexing_slicing,
    reason = "a constant function has no iterators; the loops end at the lengths"
)]
#[expect(clippy::arithmetic_side_effects, reason = "indexes below the lengths")]
const fn first_keys(parts: &[&str]) -> u64 {
    let (mut hashes, mut part) = (0, 0);
    while part < parts.len() {
        let bytes = parts[part].as_bytes();
        let mut length = 0;
        while length < bytes.len() && bytes[length] != b'.' {
            length += 1;
        }
        hashes |= hash(bytes, length);
        part += 1;
    }
    hashes
}

/// The misplaced values within one value. The part is a path relative to it; an empty path is the value
/// itself.
fn misplaced_in(value: RawBsonRef<'_>, part: &str, here: Here<'_>, found: &mut Vec<Path>) {
    match value {
        RawBsonRef::Document(inner) if !part.is_empty() => misplaced(inner, &[part], here, found),
        RawBsonRef::Array(elements) if !part.is_empty() => {
            let Some(part) = below(part, "[]") else { return };
            for (index, element) in elements.into_iter().enumerate() {
                if let Ok(element) = element {
                    misplaced_in(element, part, Here::Index(&here, index), found);
                }
            }
        }
        RawBsonRef::Array(_) => found.push(here.to_path()),
        other if part.is_empty() && looks_like_a_document(other) => found.push(here.to_path()),
        _ => {}
    }
}

/// One of 64 bits for the first `length` bytes of a key, so that most keys of a document need not be compared
/// with any part.
const fn hash(key: &[u8], length: usize) -> u64 {
    let first = match key {
        [first, ..] => *first as usize,
        [] => 0,
    };
    1 << ((first ^ (length << 3)) & 63)
}

/// The rest of a path after its first key.
fn below<'a>(part: &'a str, key: &str) -> Option<&'a str> {
    // The byte after the key rules out most parts without a comparison of texts.
    match part.as_bytes().get(key.len()) {
        None => (part == key).then_some(""),
        Some(b'.') => part.strip_prefix(key)?.strip_prefix('.'),
        Some(_) => None,
    }
}

/// Whether serde would read another value as a document.
fn looks_like_a_document(value: RawBsonRef<'_>) -> bool {
    matches!(
        value,
        RawBsonRef::DateTime(_)
            | RawBsonRef::ObjectId(_)
            | RawBsonRef::Decimal128(_)
            | RawBsonRef::Timestamp(_)
            | RawBsonRef::Binary(_)
            | RawBsonRef::RegularExpression(_)
            | RawBsonRef::JavaScriptCode(_)
            | RawBsonRef::JavaScriptCodeWithScope(_)
            | RawBsonRef::Symbol(_)
            | RawBsonRef::DbPointer(_)
            | RawBsonRef::MaxKey
            | RawBsonRef::MinKey
    )
}

/// Whether Mongoose treats the value as missing for a number or a date.
fn is_missing(value: &Bson) -> bool {
    match value {
        Bson::Null | Bson::Undefined => true,
        Bson::String(text) => text.trim().is_empty(),
        _ => false,
    }
}

/// Adds a finding for each expected field that is missing.
pub(crate) fn report_missing(raw: &RawDocument, expected: &[&str], odd: &mut Vec<Odd>) {
    let Ok(document) = Document::try_from(raw) else { return };
    for field in expected {
        let path = Path::from_keys(field);
        let is_there =
            path.get(&document).is_some_and(|value| !matches!(value, Bson::Null | Bson::Undefined));
        if !is_there && !odd.iter().any(|odd| path.starts_with(&odd.path)) {
            odd.push(Odd { path, value: Bson::Null });
        }
    }
}
