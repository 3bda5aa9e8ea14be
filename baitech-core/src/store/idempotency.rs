use std::fmt;

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use crate::kernel::{Code, Violation};

/// A client's name for one request: the same key again is the same request, sent again.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// A key of 1 to 255 visible ASCII characters.
    ///
    /// # Errors
    /// A [`Violation`] of `Idempotency-Key` for anything else.
    pub fn new(text: &str) -> Result<Self, Violation> {
        if (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(Self(text.to_owned()))
        } else {
            let message = "an idempotency key has 1 to 255 visible ASCII characters";
            Err(Violation::new("Idempotency-Key", Code::Malformed, message))
        }
    }

    /// The key.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The SHA-256 of a request: the same key with another body is refused.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// The fingerprint of what the request says, in any stable form.
    #[must_use]
    pub fn of(request: &[u8]) -> Self {
        Self(Sha256::digest(request).into())
    }

    /// The fingerprint with these bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 32] {
        self.0
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The record of an answered request, stored with what it changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    /// Whose key, for which command: keys of two users, or of two commands, never meet.
    pub scope: String,
    /// The client's key.
    pub key: IdempotencyKey,
    /// The request.
    pub fingerprint: Fingerprint,
    /// The answer: opaque, at most [`MAX_ANSWER_BYTES`](Self::MAX_ANSWER_BYTES).
    pub answer: Vec<u8>,
    /// When the record may be forgotten; `None` for never, where money moved.
    pub expires_at: Option<DateTime<Utc>>,
}

impl Idempotency {
    /// The largest answer that a store keeps.
    pub const MAX_ANSWER_BYTES: usize = 16 * 1024;
}
