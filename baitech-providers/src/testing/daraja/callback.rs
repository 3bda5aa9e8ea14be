use baitech_core::payment::WebhookCall;
use chrono::{DateTime, Utc};
use serde_json::Value;

/// A callback from Daraja, which the test delivers: late, twice, out of order, or never.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callback {
    /// The URL.
    pub url: String,
    /// The body.
    pub body: Vec<u8>,
}

impl Callback {
    pub(super) fn new(url: &str, body: &Value) -> Self {
        Self { url: url.to_owned(), body: body.to_string().into_bytes() }
    }

    /// The last segment of its path.
    #[must_use]
    pub fn token(&self) -> &str {
        self.url.rsplit('/').next().unwrap_or_default()
    }

    /// The webhook call as received at a time.
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
    /// If the body does not contain the text.
    #[must_use]
    pub fn replacing(&self, from: &str, to: &str) -> Self {
        let body = String::from_utf8(self.body.clone()).expect("text");
        assert!(body.contains(from), "the body has no {from}: {body}");
        Self { url: self.url.clone(), body: body.replace(from, to).into_bytes() }
    }
}
