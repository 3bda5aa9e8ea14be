use baitech_core::kernel::{Error, Rule};

use super::{Details, Kind, Problem, Refusal, Shown};

impl Problem {
    /// Translates an error of the engine for a client. `pinned` states whether the request named a version
    /// (`If-Match`): then a conflict is a failed precondition (RFC 9110, section 13.1.1), otherwise a
    /// concurrent change. `current` is the visible part of the conflicting aggregate.
    pub(crate) fn from_error(error: Error, current: Option<Shown>, pinned: bool) -> Self {
        match error {
            Error::NotFound { .. } => Self::new(Kind::NotFound, error.to_string()),
            Error::Forbidden { .. } => Self::new(Kind::Forbidden, error.to_string()),
            // Over HTTP, the version of a command is a precondition (RFC 6585, section 3).
            Error::Invalid(violations) if violations.iter().any(|violation| violation.field == "version") => {
                let detail = "name in If-Match the entity tag of the booking as it was shown (a payment may \
                              name its price in Agreed-Total instead)";
                Self::new(Kind::PreconditionRequired, detail)
            }
            Error::Invalid(violations) => Self::violations(Kind::Invalid, violations.iter().cloned()),
            // Only the operator can fix it; a client can only retry later.
            Error::Refused(refusal) if refusal.rule == Rule::NOT_PREPARED => {
                Self::unavailable(refusal.message)
            }
            Error::Refused(refusal) => Self::with(
                Kind::Refused,
                Details {
                    detail: Some(refusal.message),
                    refusal: Some(Refusal {
                        rule: refusal.rule,
                        state: refusal.state,
                        requested: refusal.requested,
                        allowed: refusal.allowed,
                    }),
                    ..Details::default()
                },
            ),
            Error::Conflict(conflicting) => {
                let kind = if pinned { Kind::PreconditionFailed } else { Kind::Conflict };
                let detail = format!(
                    "the {} was changed; fetch its current state and decide again",
                    conflicting.kind()
                );
                Self::with(kind, Details { detail: Some(detail), current, ..Details::default() })
            }
            // The client must not learn which operation has it.
            Error::Duplicate(what) => Self::new(Kind::Conflict, format!("{what} belongs to another record")),
            // The reason goes to the log, since it may show stored data.
            Error::Corrupt { .. } | Error::Internal { .. } => Self::internal(error.to_string()),
            Error::Unavailable { reason } => Self::unavailable(reason),
            unknown => Self::internal(unknown.to_string()),
        }
    }
}
