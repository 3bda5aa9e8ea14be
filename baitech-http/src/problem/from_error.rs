use baitech_core::{
    booking::BookingView,
    kernel::{self, Actor, Current, Error, Rule},
    payment::TransactionView,
};

use super::{Details, Kind, Problem, Refusal, Shown};

impl Problem {
    /// What an error of the engine is to this actor. `pinned` tells whether the request named a version (`If-Match`): then a
    /// conflict is a precondition that failed (RFC 9110, section 13.1.1), otherwise somebody was quicker.
    pub(crate) fn from_error(error: Error, actor: &Actor, pinned: bool) -> Self {
        match error {
            Error::NotFound { .. } => Self::new(Kind::NotFound, error.to_string()),
            Error::Forbidden { .. } => Self::new(Kind::Forbidden, error.to_string()),
            // Over HTTP, the version of a command is a precondition (RFC 6585, section 3).
            Error::Invalid(violations) if violations.iter().any(|violation| violation.field == "version") => {
                let detail = "name in If-Match the entity tag of the booking as it was shown (a payment may name its price in \
                              Agreed-Total instead)";
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
                    Current::Booking(booking) => {
                        Some(Shown::Booking(Box::new(BookingView::new(&booking, actor, None))))
                    }
                    Current::Transaction(transaction) => {
                        let Some(view) = TransactionView::new(&transaction, actor) else {
                            let hidden = Error::not_found(kernel::Kind::Transaction, transaction.id);
                            return Self::new(Kind::NotFound, hidden.to_string());
                        };
                        Some(Shown::Transaction(Box::new(view)))
                    }
                    _ => None,
                };
                Self::with(kind, Details { detail: Some(detail), current, ..Details::default() })
            }
            // Which operation has it is nobody else's to know.
            Error::Duplicate(what) => Self::new(Kind::Conflict, format!("{what} belongs to another record")),
            // Why goes to the log: it may show what is stored.
            Error::Corrupt { .. } | Error::Internal { .. } => Self::internal(error.to_string()),
            Error::Unavailable { reason } => Self::unavailable(reason),
            unknown => Self::internal(unknown.to_string()),
        }
    }
}
