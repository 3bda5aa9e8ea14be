//! Functions for reading calls of any provider.

use baitech_core::payment::WebhookError;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use subtle::ConstantTimeEq;

/// Reads JSON. An error names only the position, since the text could be personal data.
pub(crate) fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, WebhookError> {
    serde_json::from_slice(body).map_err(|error| {
        let place = format!("line {}, column {}", error.line(), error.column());
        WebhookError::Malformed(format!("{:?} error at {place}", error.classify()))
    })
}

/// Whether a call came under this token, compared in constant time.
pub(crate) fn is_under(token: &SecretString, given: &str) -> bool {
    token.expose_secret().as_bytes().ct_eq(given.as_bytes()).into()
}
