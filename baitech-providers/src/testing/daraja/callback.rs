use baitech_core::payment::WebhookCall;
use chrono::{DateTime, Utc};
use serde_json::Value;

/// A call that Daraja makes. The test delivers it: late, twice, before another, or never.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callback {
    /// Where to.
    pub url: String,
    /// What it says.
    pub body: Vec<u8>,
}

impl Callback {
    pub(super) fn new(url: &str, body: &Value) -> Self {
        Self { url: url.to_owned(), body: body.to_string().into_bytes() }
    }

    /// The last part of its path.
    #[must_use]
    pub fn token(&self) -> &str {
        self.url.rsplit('/').next().unwrap_or_default()
    }

    /// The call as it comes at a moment.
    #[must_use]
    pub fn arriving_at(&self, received_at: DateTime<Utc>) -> WebhookCall {
        WebhookCall {
            token: self.token().to_owned(),
            headers: vec![("content-type".to_owned(), "application/json".to_owned())],
            body: self.body.clone(),
            received_at,
        }
    }

    /// The same call with a text in its body replaced: a wrong amount, a masked number.
    ///
    /// # Panics
    /// Where the body has no such text.
    #[must_use]
    pub fn replacing(&self, from: &str, to: &str) -> Self {
        let body = String::from_utf8(self.body.clone()).expect("text");
        assert!(body.contains(from), "the body has no {from}: {body}");
        Self { url: self.url.clone(), body: body.replace(from, to).into_bytes() }
    }
}
