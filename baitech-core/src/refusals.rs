//! Translates store errors into the engine's errors.

use crate::{
    booking::OPEN_REQUEST_CLAIMS,
    kernel::{Code, Error, Rule, Unique, Violation},
    ledger::Account,
    schedule::SLOT_CLAIMS,
    store::{Breach, Limit, StoreError},
    transaction::{NEWS_CLAIMS, RECEIPT_CLAIMS},
};

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Duplicate { field } => taken(field),
            StoreError::Claimed(claim) if claim.key.space() == SLOT_CLAIMS => {
                Self::refused(Rule::TIME_SLOT_TAKEN, "the technician has another booking at that time")
            }
            StoreError::Claimed(claim) if claim.key.space() == OPEN_REQUEST_CLAIMS => {
                let message = "you have the maximum number of open requests; wait until a technician accepts one, or cancel one";
                Self::refused(Rule::TOO_MANY_REQUESTS, message)
            }
            StoreError::Claimed(claim) => taken(claim.key.space()),
            StoreError::Corrupt { collection, id, reason } => Self::Corrupt { collection, id, reason },
            StoreError::OutOfBounds(breach) => beyond(breach),
            StoreError::KeyReused => Self::refused(
                Rule::IDEMPOTENCY_KEY_REUSED,
                "the idempotency key was used for another request",
            ),
            StoreError::Cursor(violation) => violation.into(),
            StoreError::NotPrepared(instruction) => Self::refused(Rule::NOT_PREPARED, instruction),
            bug @ StoreError::Malformed(_) => Self::Internal { reason: bug.to_string() },
            lost @ StoreError::HistoryLost => Self::refused(Rule::HISTORY_LOST, lost.to_string()),
            failed @ (StoreError::Conflict(_)
            | StoreError::EdgeConflict(_)
            | StoreError::CursorConflict(_)
            | StoreError::Unavailable(_)) => Self::Unavailable { reason: failed.to_string() },
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
            return Violation::new(field.to_owned(), Code::Duplicate, "is already used by another user")
                .into();
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
            let message = format!("the wallet, including pending top-ups, can hold at most {max}");
            Violation::new("amount", Code::OutOfRange, message).into()
        }
        (Account::Receivable(_), Limit::Max(_)) => {
            let message = "the amount exceeds the debt that remains after pending payments";
            Error::refused(Rule::EXCEEDS_CAPTURE, message)
        }
        (Account::Receivable(_), Limit::Min(min)) => {
            let message = format!("the company can owe at most {}", min.negated());
            Error::refused(Rule::DEBT_LIMIT, message)
        }
        (Account::OpenCashJobs(_), Limit::Min(min)) => {
            let most = min.negated();
            let message = format!(
                "the debt to the platform, including accepted cash jobs, would exceed {most}: pay the debt \
                 first"
            );
            Error::refused(Rule::DEBT_LIMIT, message)
        }
        (_, Limit::Min(_)) => Error::refused(Rule::INSUFFICIENT_FUNDS, shortage(account)),
        (_, Limit::Max(max)) => {
            Violation::new("amount", Code::OutOfRange, format!("{account} can hold at most {max}")).into()
        }
    }
}

/// Message for an account with insufficient funds.
const fn shortage(account: Account) -> &'static str {
    match account {
        Account::Wallet(_) => "the wallet has too little money",
        Account::Payable(_) => "the earnings are too low for the payout",
        Account::Escrow(_) => "too little money is held for the booking",
        _ => "the account has too little money",
    }
}
