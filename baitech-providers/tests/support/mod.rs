//! Sample orders.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    reason = "each test uses some of it, and fails by panicking"
)]

use std::sync::Arc;

use baitech_core::{
    account::User,
    kernel::{Currency, Email, Id, ManualClock, Money, PhoneNumber},
    payment::{Capture, Charge, Contact, Notice, Operation, Original, PayOut, Query, RefundOrder},
    transaction::{Declined, Outcome, Proof, Transaction, TransactionNumber},
};
use chrono::{DateTime, TimeZone, Utc};

pub(crate) const PHONE: &str = "+254712345678";

pub(crate) fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 3, 2, 21, 30, 15).unwrap()
}

pub(crate) fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(now()))
}

pub(crate) fn kes(amount: &str) -> Money {
    Money::new(amount.parse().unwrap(), Currency::KES)
}

/// The n-th transaction of a test.
pub(crate) fn transaction(n: u8) -> Id<Transaction> {
    Id::from_bytes([n; 12])
}

pub(crate) fn token(n: u8) -> String {
    format!("{n:02x}").repeat(16)
}

pub(crate) fn contact() -> Contact {
    Contact {
        user: Id::<User>::from_bytes([7; 12]),
        phone: Some(PhoneNumber::new(PHONE).unwrap()),
        email: Some(Email::new("jane@example.com").unwrap()),
        account: None,
    }
}

pub(crate) fn charge(n: u8, amount: Money) -> Charge {
    Charge {
        transaction: transaction(n),
        number: TransactionNumber::new(now(), n.into()),
        payer: contact(),
        amount,
        description: "Booking BK2603000001".to_owned(),
        capture: true,
        idempotency_key: format!("charge-{n}"),
        callback_token: token(n),
    }
}

pub(crate) fn pay_out(n: u8, amount: Money) -> PayOut {
    PayOut {
        transaction: transaction(n),
        number: TransactionNumber::new(now(), n.into()),
        payee: contact(),
        amount,
        description: "Settlement of the week".to_owned(),
        idempotency_key: format!("payout-{n}"),
        callback_token: token(n),
    }
}

/// A refund of a payment; a full one if the amounts are equal.
pub(crate) fn refund(n: u8, of: &Charge, proof: &Proof, amount: Money) -> RefundOrder {
    RefundOrder {
        transaction: transaction(n),
        number: TransactionNumber::new(now(), n.into()),
        original: Original {
            transaction: of.transaction,
            reference: proof.reference.clone(),
            receipt: proof.receipt.clone(),
            amount: of.amount,
            payer: of.payer.clone(),
            is_whole: of.amount == amount,
        },
        amount,
        reason: "The technician did not come".to_owned(),
        idempotency_key: format!("refund-{n}"),
        callback_token: token(n),
    }
}

pub(crate) fn capture(of: &Charge, reference: &str, n: u8) -> Capture {
    Capture {
        transaction: of.transaction,
        reference: reference.to_owned(),
        amount: of.amount,
        idempotency_key: format!("capture-{n}"),
    }
}

pub(crate) fn query(operation: Operation, n: u8, reference: Option<&str>, amount: Money) -> Query {
    let kind = match operation {
        Operation::Charge => "charge",
        Operation::Refund => "refund",
        Operation::PayOut => "payout",
    };
    Query {
        transaction: transaction(n),
        operation,
        reference: reference.map(ToOwned::to_owned),
        idempotency_key: format!("{kind}-{n}"),
        amount,
        sent_at: now(),
        callback_token: token(n),
    }
}

#[track_caller]
pub(crate) fn accepted(outcome: Outcome) -> String {
    match outcome {
        Outcome::Accepted { reference, .. } => reference,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
pub(crate) fn settled(outcome: Outcome) -> Proof {
    match outcome {
        Outcome::Settled(proof) => proof,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
pub(crate) fn declined(outcome: Outcome) -> Declined {
    match outcome {
        Outcome::Declined(declined) => declined,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
pub(crate) fn only(notices: Vec<Notice>) -> Notice {
    let [notice] = <[Notice; 1]>::try_from(notices).unwrap();
    notice
}
