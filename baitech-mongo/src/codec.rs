//! Between a value of the domain and its document.

use std::fmt;

use baitech_core::store::StoreError;
use bson::{Document, RawDocument, RawDocumentBuf};

use crate::commit::plan::Derived;
use crate::lenient::Read;

/// A value that has a document in a collection of its own.
pub(crate) trait Aggregate: baitech_core::decide::Aggregate {
    /// The collection's name.
    const COLLECTION: &'static str;

    /// The value as a document. The version, the due date and markers of the store are not part of it.
    fn encode(&self) -> Result<Document, bson::error::Error>;

    /// The value that a document holds, with what in it could not be understood.
    fn read(document: &RawDocument) -> Result<Read<Self>, Unreadable>;

    /// The fields without which a value can be read, but ought not to be.
    const EXPECTED: &'static [&'static str] = &[];

    /// The value that a document holds.
    fn decode(document: &RawDocument) -> Result<Self, Unreadable> {
        Ok(Self::read(document)?.value)
    }

    /// Takes out of what was `understood` of a `raw` document what was derived from something that the `new`
    /// value changes, so that it is written with it.
    fn forget_derived(_raw: &Document, _understood: &mut Document, _new: &Document) {}

    /// Adds what the commit of a value changes beside its document. `before` is the document that it
    /// replaces, if it is not new.
    fn derive(&self, _before: Option<&RawDocumentBuf>, _derived: &mut Derived) -> Result<(), StoreError> {
        Ok(())
    }
}

/// Why a stored document is not a value of the domain.
#[derive(Debug)]
pub(crate) struct Unreadable(String);

impl Unreadable {
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }

    /// The reason, with the field that it is about.
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
