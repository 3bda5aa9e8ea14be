use std::fmt;

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use crate::kernel::{Code, Violation};

/// A client's key for one request: a request with the same key is a repetition.
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
            let message = "must have 1 to 255 visible ASCII characters";
            Err(Violation::new("Idempotency-Key", Code::Malformed, message))
        }
    }

    /// The key.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The SHA-256 of a request, which detects an idempotency key that is reused for another request.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// Computes the fingerprint of a request from any stable serialisation.
    #[must_use]
    pub fn of(request: &[u8]) -> Self {
        Self(Sha256::digest(request).into())
    }

    /// Creates a fingerprint from its bytes.
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

/// The record of an answered request, stored in the same commit as its changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    /// The user and the command: keys of two users, or of two commands, never collide.
    pub scope: String,
    /// The client's key.
    pub key: IdempotencyKey,
    /// The fingerprint of the request.
    pub fingerprint: Fingerprint,
    /// The stored answer: opaque, at most [`MAX_ANSWER_BYTES`](Self::MAX_ANSWER_BYTES).
    pub answer: Vec<u8>,
    /// When the record may be deleted; `None` for never, if money moved.
    pub expires_at: Option<DateTime<Utc>>,
}

impl Idempotency {
    /// Maximum size of a stored answer.
    pub const MAX_ANSWER_BYTES: usize = 16 * 1024;
}
