use baitech_core::{
    booking::BookingView,
    kernel::{Actor, Current, Error, Rule},
};

use super::{Details, Kind, Problem, Refusal};

impl Problem {
    /// What an error of the engine is to this actor. `pinned` tells whether the request named a version (`If-Match`): then a
    /// conflict is a precondition that failed (RFC 9110, section 13.1.1), otherwise somebody was quicker.
    pub(crate) fn from_error(error: Error, actor: &Actor, pinned: bool) -> Self {
        match error {
            Error::NotFound { .. } => Self::new(Kind::NotFound, error.to_string()),
            Error::Forbidden { .. } => Self::new(Kind::Forbidden, error.to_string()),
            // Over HTTP, the version of a command is a precondition (RFC 6585, section 3).
            Error::Invalid(violations) if violations.iter().any(|violation| violation.field == "version") => {
                let detail = "an approval names in If-Match the entity tag of the booking as it was shown";
                Self::new(Kind::PreconditionRequired, detail)
            }
            Error::Invalid(violations) => Self::violations(Kind::Invalid, violations.iter().cloned()),
            // What to do about it is the operator's business; a client can only come back.
            Error::Refused(refusal) if refusal.rule == Rule::NotPrepared => {
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
            Error::Conflict(current) => {
                let kind = if pinned { Kind::PreconditionFailed } else { Kind::Conflict };
                let detail = format!("the {} is not as it was any more; look again", current.kind());
                let current = match current {
                    Current::Booking(booking) => Some(Box::new(BookingView::new(&booking, actor, None))),
                    _ => None,
                };
                Self::with(kind, Details { detail: Some(detail), current, ..Details::default() })
            }
            Error::Unavailable { reason } => Self::unavailable(reason),
            unknown => Self::internal(unknown.to_string()),
        }
    }
}
