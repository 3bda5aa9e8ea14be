//! Errors as clients see them: RFC 9457 problem details.

mod from_error;
mod kind;
mod render;

use std::time::Duration;

use axum::{
    body::Body,
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use baitech_core::{
    booking::BookingView,
    kernel::{Rule, Violation},
    transaction::TransactionView,
};
use serde::Serialize;

pub(crate) use kind::Kind;
pub(crate) use render::render;

/// The result of a handler.
pub(crate) type Answer<T = Response> = Result<T, Problem>;

/// Why a request failed.
///
/// As a response it is a status with headers only; [`render`] writes the body, which names the request's id.
#[derive(Debug, Clone)]
pub(crate) struct Problem(Box<Content>);

#[derive(Debug, Clone)]
struct Content {
    kind: Kind,
    details: Details,
    /// For the operator's log, never for the client.
    internal: Option<String>,
    /// The scheme of credentials that a 401 requires.
    challenge: Option<HeaderValue>,
    /// Seconds after which a client may retry after a 429.
    retry_after: Option<u64>,
}

/// Members of the body beyond its kind. Those that do not apply are omitted.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
struct Details {
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<Violation>,
    #[serde(skip_serializing_if = "Option::is_none", flatten)]
    refusal: Option<Refusal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    current: Option<Shown>,
}

/// The current state of the aggregate, as the caller may see it.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub(crate) enum Shown {
    Booking(Box<BookingView>),
    Transaction(Box<TransactionView>),
}

impl From<BookingView> for Shown {
    fn from(view: BookingView) -> Self {
        Self::Booking(Box::new(view))
    }
}

impl From<TransactionView> for Shown {
    fn from(view: TransactionView) -> Self {
        Self::Transaction(Box::new(view))
    }
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct Refusal {
    rule: Rule,
    #[serde(skip_serializing_if = "Option::is_none")]
    state: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    requested: Option<&'static str>,
    allowed: Vec<&'static str>,
}

/// Seconds after which a client may retry if the service was not available.
const RETRY_AFTER_SECONDS: u32 = 2;

impl Problem {
    /// A problem of a kind with its detail.
    pub(crate) fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self::with(kind, Details { detail: Some(detail.into()), ..Details::default() })
    }

    /// A request whose query, path or headers cannot be parsed.
    pub(crate) fn malformed(violations: impl IntoIterator<Item = Violation>) -> Self {
        Self::violations(Kind::Malformed, violations)
    }

    /// The outcome is unknown. The reason goes to the log.
    pub(crate) fn unavailable(reason: impl Into<String>) -> Self {
        let mut problem = Self::new(Kind::Unavailable, "try again with the same Idempotency-Key");
        problem.0.internal = Some(reason.into());
        problem
    }

    /// The rate limit is exceeded; after `wait` another request is accepted.
    pub(crate) fn too_many(wait: Duration) -> Self {
        let seconds = wait.as_secs().saturating_add(1);
        let detail = format!("the rate limit is exceeded: try again in {seconds} s");
        let mut problem = Self::new(Kind::TooManyRequests, detail);
        problem.0.retry_after = Some(seconds);
        problem
    }

    /// A fault of the server. The reason goes to the log.
    pub(crate) fn internal(reason: impl Into<String>) -> Self {
        let mut problem = Self::with(Kind::Internal, Details::default());
        problem.0.internal = Some(reason.into());
        problem
    }

    /// Credentials are missing or invalid; this scheme is required.
    pub(crate) fn unauthenticated(challenge: &str) -> Self {
        let mut problem = Self::new(Kind::Unauthenticated, "valid credentials are required");
        problem.0.challenge = HeaderValue::from_str(challenge).ok();
        problem
    }

    fn with(kind: Kind, details: Details) -> Self {
        Self(Box::new(Content { kind, details, internal: None, challenge: None, retry_after: None }))
    }

    pub(crate) fn violations(kind: Kind, violations: impl IntoIterator<Item = Violation>) -> Self {
        let errors: Vec<_> = violations.into_iter().collect();
        let detail = errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        Self::with(kind, Details { detail: Some(detail), errors, ..Details::default() })
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.0.kind.status();
        let headers = response.headers_mut();
        if self.0.kind == Kind::Unavailable {
            headers.insert(header::RETRY_AFTER, RETRY_AFTER_SECONDS.into());
        }
        if let Some(seconds) = self.0.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if let Some(challenge) = &self.0.challenge {
            headers.insert(header::WWW_AUTHENTICATE, challenge.clone());
        }
        response.extensions_mut().insert(self);
        response
    }
}
