use baitech_core::transaction::GatewayError;
use reqwest::{RequestBuilder, StatusCode};
use secrecy::ExposeSecret;
use serde::{Deserialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

use super::{Stripe, object::Problem};
use crate::http::{self, Reply};

/// The fields of a request.
pub(super) type Form = Vec<(&'static str, String)>;

/// Stripe's answer: an object, or a refusal, which had no effect.
pub(super) type Answer<T> = Result<T, Box<Problem>>;

impl Stripe {
    /// Sends an order under its idempotency key.
    pub(super) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        form: &Form,
        idempotency_key: &str,
    ) -> Result<Answer<T>, GatewayError> {
        let request = self.http.post(self.url(path)).header("Idempotency-Key", header_key(idempotency_key));
        self.send(request.form(form)).await
    }

    /// Fetches an object.
    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<Answer<T>, GatewayError> {
        self.send(self.http.get(self.url(path))).await
    }

    fn url(&self, path: &str) -> String {
        format!("{}/{path}", self.config.base_url.trim_end_matches('/'))
    }

    async fn send<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<Answer<T>, GatewayError> {
        let request = request
            .bearer_auth(self.config.secret_key.expose_secret())
            .header("Stripe-Version", &self.config.api_version);
        read(&http::send(request).await?)
    }
}

/// The status and error type with which Stripe rejects an order or declines a card, by its documentation.
const REFUSED: [(StatusCode, &str); 4] = [
    (StatusCode::BAD_REQUEST, "invalid_request_error"),
    (StatusCode::BAD_REQUEST, "card_error"),
    (StatusCode::PAYMENT_REQUIRED, "card_error"),
    (StatusCode::NOT_FOUND, "invalid_request_error"),
];

/// Reads an answer. A refusal counts only if it is certain that the order was not carried out, now or when it
/// was sent before.
fn read<T: DeserializeOwned>(reply: &Reply) -> Result<Answer<T>, GatewayError> {
    #[derive(Deserialize)]
    struct Refused {
        error: Problem,
    }
    if reply.status.is_success() {
        let object = serde_json::from_slice(&reply.body);
        return object.map(Ok).map_err(|_| GatewayError::new("the answer is unreadable"));
    }
    let problem = serde_json::from_slice::<Refused>(&reply.body).map(|refused| refused.error);
    let is_definite = |problem: &Problem| REFUSED.contains(&(reply.status, problem.kind.as_str()));
    match problem {
        Ok(problem) if is_definite(&problem) && !is_about_the_key(&problem) => Ok(Err(Box::new(problem))),
        Ok(problem) => Err(GatewayError::new(format!(
            "the answer is {} {}",
            reply.status,
            problem.code.as_deref().unwrap_or(&problem.kind)
        ))),
        Err(_) => Err(GatewayError::new(format!("the answer is {}", reply.status))),
    }
}

/// The key belongs to another order, or the object is locked: the first order may have been carried out.
fn is_about_the_key(problem: &Problem) -> bool {
    problem.kind == "idempotency_error"
        || matches!(problem.code.as_deref(), Some("lock_timeout" | "rate_limit"))
}

/// A key in a form that is valid in a header.
fn header_key(key: &str) -> String {
    if (1..=255).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic()) {
        return key.to_owned();
    }
    Sha256::digest(key.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A checked id as a segment of a path.
pub(super) fn segment(id: &str) -> Result<&str, GatewayError> {
    let is_id =
        (1..=255).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if is_id { Ok(id) } else { Err(GatewayError::new("the reference is not an id of Stripe")) }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn answer(status: u16, body: &str) -> Result<Answer<Value>, GatewayError> {
        read(&Reply { status: StatusCode::from_u16(status).unwrap(), body: body.as_bytes().to_vec() })
    }

    #[test]
    fn only_a_certain_failure_is_a_refusal() {
        let declined =
            r#"{"error":{"type":"card_error","code":"card_declined","message":"Your card was declined."}}"#;
        let problem = answer(402, declined).unwrap().err().unwrap().declined();
        assert_eq!(
            (problem.code.as_str(), problem.reason.as_str()),
            ("card_declined", "Your card was declined.")
        );
        let invalid = concat!(
            r#"{"error":{"type":"invalid_request_error","code":"amount_too_small","#,
            r#""message":"pi_1 of x@y.z"}}"#,
        );
        let problem = answer(400, invalid).unwrap().err().unwrap().declined();
        assert_eq!(
            (problem.code.as_str(), problem.reason.as_str()),
            ("amount_too_small", "The payment could not be made.")
        );
        let key = concat!(
            r#"{"error":{"type":"idempotency_error","#,
            r#""message":"Keys can only be used with the same parameters"}}"#,
        );
        let error = r#"{"error":{"type":"api_error"}}"#;
        for (status, body) in [
            (400, key),
            (400, r#"{"error":{"type":"invalid_request_error","code":"lock_timeout"}}"#),
            (401, error),
            (403, error),
            (409, error),
            (400, error),
            (402, r#"{"error":{"type":"something_new","code":"card_declined"}}"#),
            (429, error),
            (500, error),
            (503, "<html>"),
            (400, "<html>"),
            (302, ""),
            (200, "{"),
        ] {
            assert!(answer(status, body).is_err(), "{status} {body}");
        }
    }

    #[test]
    fn invalid_ids_are_refused_in_paths() {
        assert!(segment("pi_3Nabc").is_ok());
        for wrong in ["", "../charges", "pi_1?x=1", "pi 1", "pi_1/cancel"] {
            assert!(segment(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn any_key_becomes_a_valid_header() {
        assert_eq!(header_key("charge-1"), "charge-1");
        assert_eq!(header_key("mit Umlaut ü").len(), 64);
        assert_ne!(header_key("a b"), header_key("a  b"));
    }
}
