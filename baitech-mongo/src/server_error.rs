//! Interprets the server's errors.

use baitech_core::store::StoreError;
use mongodb::error::{Error, ErrorKind, WriteFailure};

pub(crate) const DUPLICATE_KEY: i32 = 11000;
/// Error codes for a document that the server can never store: bad coordinates (16755), failed validation
/// (121), too large (10334, 17419, 17420).
const UNACCEPTABLE: [i32; 5] = [16755, 121, 10334, 17419, 17420];

/// The server's error code of a command or a write; `None` for other kinds of errors.
pub(crate) fn server_code(error: &Error) -> Option<i32> {
    match error.kind.as_ref() {
        ErrorKind::Command(refusal) => Some(refusal.code),
        ErrorKind::Write(WriteFailure::WriteError(refusal)) => Some(refusal.code),
        ErrorKind::InsertMany(refusal) => Some(refusal.write_errors.as_ref()?.first()?.code),
        _ => None,
    }
}

/// A duplicate value of a unique index.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DuplicateKey {
    /// The index's name.
    pub(crate) index: String,
    /// The index of the sent document, from 0.
    pub(crate) position: usize,
}

/// The unique index that refused a write. Its name is only in the server's message.
pub(crate) fn duplicate_key(error: &Error) -> Option<DuplicateKey> {
    if server_code(error) != Some(DUPLICATE_KEY) {
        return None;
    }
    let (message, position) = match error.kind.as_ref() {
        ErrorKind::Command(refusal) => (&refusal.message, 0),
        ErrorKind::Write(WriteFailure::WriteError(refusal)) => (&refusal.message, 0),
        ErrorKind::InsertMany(refusal) => {
            let first = refusal.write_errors.as_ref()?.first()?;
            (&first.message, first.index)
        }
        _ => return None,
    };
    let name = message.split_once("index: ").and_then(|(_, rest)| rest.split_whitespace().next());
    Some(DuplicateKey { index: name.unwrap_or_default().to_owned(), position })
}

/// An error that the domain does not handle.
pub(crate) fn unavailable(error: Error) -> StoreError {
    if let ErrorKind::BsonDeserialization(reason) = error.kind.as_ref() {
        return StoreError::Corrupt {
            collection: "the database",
            id: "a document".to_owned(),
            reason: reason.to_string(),
        };
    }
    match server_code(&error) {
        Some(code) if UNACCEPTABLE.contains(&code) => StoreError::Malformed(error.to_string().into()),
        _ => StoreError::Unavailable(error.to_string()),
    }
}

/// The indexes of inserted documents that already existed; any other failure of an insert stays an error.
pub(crate) fn only_duplicates(error: Error) -> Result<Vec<usize>, Error> {
    match error.kind.as_ref() {
        ErrorKind::InsertMany(refused)
            if duplicate_key(&error).is_some() && refused.write_concern_error.is_none() =>
        {
            Ok(refused.write_errors.iter().flatten().map(|refusal| refusal.index).collect())
        }
        _ => Err(error),
    }
}
