//! Converts between values of the domain and their documents.

use std::fmt;

use bson::{Document, RawDocument, RawDocumentBuf};
use mongodb::IndexModel;

use crate::commit::plan::Derived;
use crate::lenient::{Fields, Read};

/// An aggregate with its own collection.
pub(crate) trait Aggregate: baitech_core::decide::Aggregate {
    /// The collection's name.
    const COLLECTION: &'static str;

    /// The format of its documents, and how their fields are read.
    const FIELDS: Fields;

    /// The indexes that its queries need, besides those of due work.
    fn indexes() -> Vec<IndexModel>;

    /// The value as a document, without the version, the due date and the store's markers.
    fn encode_raw(&self) -> Result<RawDocumentBuf, bson::error::Error>;

    /// As [`encode_raw`](Self::encode_raw), to be changed.
    fn encode(&self) -> Result<Document, bson::error::Error> {
        Document::try_from(self.encode_raw()?.as_ref())
    }

    /// The value of a document, with the parts that could not be understood.
    fn read(document: &RawDocument) -> Result<Read<Self>, Unreadable>;

    /// Fields that every document should have, although it can be read without them.
    const EXPECTED: &'static [&'static str] = &[];

    /// The value of a document.
    fn decode(document: &RawDocument) -> Result<Self, Unreadable> {
        Ok(Self::read(document)?.value)
    }

    /// The fields whose changes [`forget_derived`](Self::forget_derived) depends on.
    const DERIVES: &'static [&'static str] = &[];

    /// Removes from `understood` (the decoded form of `raw`) the fields that were derived from something that
    /// `new` changes, so that they are written too.
    fn forget_derived(_raw: &Document, _understood: &mut Document, _new: &Document) {}

    /// Adds the other changes that the commit of a value causes. `before` is the value that it replaces, if
    /// any.
    fn derive(&self, _before: Option<&Self>, _derived: &mut Derived) {}
}

/// Why a stored document cannot be read.
#[derive(Debug)]
pub(crate) struct Unreadable(String);

impl Unreadable {
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }

    /// The reason, prefixed with its field.
    pub(crate) fn in_field(self, field: &str) -> Self {
        Self(format!("{field}: {}", self.0))
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<bson::error::Error> for Unreadable {
    fn from(error: bson::error::Error) -> Self {
        Self(error.to_string())
    }
}
