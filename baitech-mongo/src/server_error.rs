//! Reading the server's refusals.

use mongodb::error::{Error, ErrorKind};

/// The code with which the server refused a command; `None` where the error is of another kind.
pub(crate) fn server_code(error: &Error) -> Option<i32> {
    match error.kind.as_ref() {
        ErrorKind::Command(refusal) => Some(refusal.code),
        _ => None,
    }
}
