//! Translates store errors into the engine's errors.

use crate::{
    booking::{OPEN_REQUEST_CLAIMS, SLOT_CLAIMS},
    kernel::{Code, Error, Rule, Unique, Violation},
    ledger::Account,
    payment::{NEWS_CLAIMS, RECEIPT_CLAIMS},
    store::{Breach, Limit, StoreError},
};

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Duplicate { field } => taken(field),
            StoreError::Claimed(claim) if claim.key.space() == SLOT_CLAIMS => {
                Self::refused(Rule::TIME_SLOT_TAKEN, "the technician holds another booking at that time")
            }
            StoreError::Claimed(claim) if claim.key.space() == OPEN_REQUEST_CLAIMS => {
                let message =
                    "other requests took the last places; wait until a technician accepts one, or cancel one";
                Self::refused(Rule::TOO_MANY_REQUESTS, message)
            }
            StoreError::Claimed(claim) => taken(claim.key.space()),
            StoreError::Corrupt { collection, id, reason } => Self::Corrupt { collection, id, reason },
            StoreError::OutOfBounds(breach) => beyond(breach),
            StoreError::KeyReused => Self::refused(
                Rule::IDEMPOTENCY_KEY_REUSED,
                "this idempotency key was used for another request",
            ),
            StoreError::Cursor(violation) => violation.into(),
            StoreError::NotPrepared(way_out) => Self::refused(Rule::NOT_PREPARED, way_out),
            bug @ StoreError::Malformed(_) => Self::Internal { reason: bug.to_string() },
            failed @ (StoreError::Conflict(_) | StoreError::Unavailable(_)) => {
                Self::Unavailable { reason: failed.to_string() }
            }
        }
    }
}

/// Error for a unique field, or for a claim, that is already taken.
fn taken(field: &str) -> Error {
    let what = match field {
        "bookingNumber" => Unique::BookingNumber,
        "transactionNumber" => Unique::TransactionNumber,
        "gatewayReference" => Unique::ProviderReference,
        NEWS_CLAIMS => Unique::ProviderNews,
        RECEIPT_CLAIMS => Unique::Receipt,
        "email" | "phoneNumber" | "username" => {
            return Violation::new(field.to_owned(), Code::Duplicate, "another user has this already").into();
        }
        other => match other.strip_prefix("user.") {
            Some(field) => return taken(field),
            None => Unique::Claim,
        },
    };
    Error::Duplicate(what)
}

/// Error for a commit that would break a bound.
fn beyond(Breach { account, limit }: Breach) -> Error {
    match (account, limit) {
        (Account::Wallet(_), Limit::Max(max)) => {
            let message = format!("a wallet holds {max} at most, with the top-ups that are on their way");
            Violation::new("amount", Code::OutOfRange, message).into()
        }
        (Account::Receivable(_), Limit::Max(_)) => {
            let message = "this is more than is owed, with the payments that are on their way";
            Error::refused(Rule::EXCEEDS_CAPTURE, message)
        }
        (Account::Receivable(_), Limit::Min(min)) => {
            let message = format!("a company owes {} at most", min.negated());
            Error::refused(Rule::DEBT_LIMIT, message)
        }
        (Account::OpenCashJobs(_), Limit::Min(min)) => {
            let most = min.negated();
            let message = format!(
                "more than {most} would be owed to the platform, with accepted jobs in cash: pay the debt \
                 first"
            );
            Error::refused(Rule::DEBT_LIMIT, message)
        }
        (_, Limit::Min(_)) => Error::refused(Rule::INSUFFICIENT_FUNDS, shortage(account)),
        (_, Limit::Max(max)) => {
            Violation::new("amount", Code::OutOfRange, format!("{account} holds {max} at most")).into()
        }
    }
}

/// Message for an account with insufficient funds.
const fn shortage(account: Account) -> &'static str {
    match account {
        Account::Wallet(_) => "there is not that much in the wallet",
        Account::Payable(_) => "there is not that much to be paid out",
        Account::Escrow(_) => "there is not that much held for the booking",
        _ => "there is not that much on the account",
    }
}
