use axum::http::StatusCode;

/// The kinds of problems. The `type` of each points to its paragraph in `docs/api/problems.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Malformed,
    Unauthenticated,
    Forbidden,
    NotFound,
    MethodNotAllowed,
    Conflict,
    Refused,
    PreconditionFailed,
    PreconditionRequired,
    RequestTimeout,
    TooLarge,
    UnsupportedMediaType,
    Invalid,
    TooManyRequests,
    Internal,
    Unavailable,
}

impl Kind {
    #[cfg(test)]
    const ALL: [Self; 16] = [
        Self::Malformed,
        Self::Unauthenticated,
        Self::Forbidden,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::Conflict,
        Self::Refused,
        Self::PreconditionFailed,
        Self::PreconditionRequired,
        Self::RequestTimeout,
        Self::TooLarge,
        Self::UnsupportedMediaType,
        Self::Invalid,
        Self::TooManyRequests,
        Self::Internal,
        Self::Unavailable,
    ];

    /// The kind of an error response that the router or a layer made, not a handler.
    pub(super) fn of_status(status: StatusCode) -> Self {
        match status {
            StatusCode::UNAUTHORIZED => Self::Unauthenticated,
            StatusCode::FORBIDDEN => Self::Forbidden,
            StatusCode::NOT_FOUND => Self::NotFound,
            StatusCode::METHOD_NOT_ALLOWED => Self::MethodNotAllowed,
            StatusCode::REQUEST_TIMEOUT => Self::RequestTimeout,
            StatusCode::PAYLOAD_TOO_LARGE => Self::TooLarge,
            StatusCode::UNSUPPORTED_MEDIA_TYPE => Self::UnsupportedMediaType,
            StatusCode::TOO_MANY_REQUESTS => Self::TooManyRequests,
            StatusCode::SERVICE_UNAVAILABLE => Self::Unavailable,
            status if status.is_client_error() => Self::Malformed,
            _ => Self::Internal,
        }
    }

    /// The status of the response.
    pub(super) const fn status(self) -> StatusCode {
        self.describe().0
    }

    /// The last part of the `type`, which clients compare.
    pub(super) const fn slug(self) -> &'static str {
        self.describe().1
    }

    /// The title, the same for every problem of the kind.
    pub(super) const fn title(self) -> &'static str {
        self.describe().2
    }

    const fn describe(self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::Malformed => (StatusCode::BAD_REQUEST, "malformed", "The request cannot be parsed"),
            Self::Unauthenticated => {
                (StatusCode::UNAUTHORIZED, "unauthenticated", "Authentication is required")
            }
            Self::Forbidden => (StatusCode::FORBIDDEN, "forbidden", "The operation is not permitted"),
            Self::NotFound => (StatusCode::NOT_FOUND, "not-found", "The resource does not exist"),
            Self::MethodNotAllowed => {
                (StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "The method is not allowed")
            }
            Self::Conflict => (StatusCode::CONFLICT, "conflict", "The resource was changed concurrently"),
            Self::Refused => {
                (StatusCode::CONFLICT, "refused", "A rule forbids the operation in the current state")
            }
            Self::PreconditionFailed => (
                StatusCode::PRECONDITION_FAILED,
                "precondition-failed",
                "The resource is no longer at the given version",
            ),
            Self::PreconditionRequired => (
                StatusCode::PRECONDITION_REQUIRED,
                "precondition-required",
                "The request must name a version",
            ),
            Self::RequestTimeout => {
                (StatusCode::REQUEST_TIMEOUT, "request-timeout", "The request did not arrive in time")
            }
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too-large", "The body is too large"),
            Self::UnsupportedMediaType => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "unsupported-media-type",
                "The media type of the body is not supported",
            ),
            Self::Invalid => (StatusCode::UNPROCESSABLE_ENTITY, "invalid", "Some values are invalid"),
            Self::TooManyRequests => {
                (StatusCode::TOO_MANY_REQUESTS, "too-many-requests", "There are too many requests")
            }
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "internal", "An internal error occurred"),
            Self::Unavailable => {
                (StatusCode::SERVICE_UNAVAILABLE, "unavailable", "The service is unavailable")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use baitech_core::kernel::Rule;

    use super::*;

    #[test]
    fn every_client_facing_rule_is_documented() {
        let docs = include_str!("../../../docs/api/problems.md");
        // `NotPrepared` is for the operator: clients only learn that the service is not available.
        for rule in [
            Rule::TRANSITION,
            Rule::TIME_SLOT_TAKEN,
            Rule::NOT_ELIGIBLE,
            Rule::INACTIVE_USER,
            Rule::APPROVAL_REQUIRED,
            Rule::PAYMENT_REQUIRED,
            Rule::PAYMENT_METHOD,
            Rule::PAYMENT_DECLINED,
            Rule::INSUFFICIENT_FUNDS,
            Rule::EXCEEDS_CAPTURE,
            Rule::UNDER_REVIEW,
            Rule::DEBT_LIMIT,
            Rule::UNPAID_FEES,
            Rule::TOO_MANY_REQUESTS,
            Rule::COSTS_MORE,
            Rule::TOO_EARLY,
            Rule::TOO_LATE,
            Rule::ALREADY_DECIDED,
            Rule::UNDECIDED,
            Rule::IDEMPOTENCY_KEY_REUSED,
        ] {
            let name = serde_json::to_value(rule).unwrap();
            let name = name.as_str().unwrap();
            assert!(docs.contains(&format!("\n| `{name}` | ")), "no line about {name}");
        }
    }

    #[test]
    fn every_kind_is_documented_and_has_a_unique_slug() {
        let docs = include_str!("../../../docs/api/problems.md");
        let mut slugs: Vec<_> = Kind::ALL.iter().map(|kind| kind.slug()).collect();
        for slug in &slugs {
            assert!(docs.contains(&format!("\n## {slug}\n")), "no paragraph about {slug}");
        }
        slugs.sort_unstable();
        slugs.dedup();
        assert_eq!(slugs.len(), Kind::ALL.len());
    }
}
