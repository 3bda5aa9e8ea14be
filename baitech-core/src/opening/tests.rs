mod properties;
mod table;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::*;
use crate::transaction::{
    Amount, EscrowState, GatewayLink, PaymentMethod, PaymentOrigin, Refund, SettlementState, TransactionKind,
    TransactionNumber, TransactionRecord, TransactionStatus,
};

fn id<T>(n: u8) -> Id<T> {
    Id::from_bytes([n; 12])
}

fn moment(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_760_000_000 + second, 0).unwrap()
}

fn migration() -> DateTime<Utc> {
    moment(1_000_000)
}

fn kes(units: i64) -> Money {
    Money::from_major(units, Currency::KES)
}

const PAYER: u8 = 1;
const TECHNICIAN: u8 = 2;
const BOOKING: u8 = 3;

/// The standard payment of 2,738: 2,278 for the technician, 300 and 60 for the platform, 100 withheld.
fn payment(
    n: u8,
    kind: TransactionKind,
    method: PaymentMethod,
    status: TransactionStatus,
) -> TransactionRecord {
    let amount = Amount {
        gross: kes(2_738),
        platform_fee: kes(300),
        processing_fee: kes(60),
        tax: kes(100),
        net: kes(2_278),
    };
    TransactionRecord {
        id: id(n),
        number: TransactionNumber::from_stored(format!("TXN251001{n:06}")),
        kind,
        status,
        payer: Some(id(PAYER)),
        payee: Some(id(TECHNICIAN)),
        booking: Some(id(BOOKING)),
        original: None,
        method,
        amount,
        splits: Vec::new(),
        escrow: EscrowState::default(),
        refunds: Vec::new(),
        gateway: GatewayLink::default(),
        fraud: None,
        settlement: SettlementState::default(),
        receipt: None,
        invoice: None,
        reconciliation: None,
        mismatch: None,
        chargeback: None,
        provider_moves: Vec::new(),
        failure: None,
        origin: PaymentOrigin::default(),
        reason: None,
        requested_by: None,
        initiated_at: moment(0),
        completed_at: Some(moment(1)),
        created_at: moment(0),
        updated_at: moment(2),
    }
}

fn given_back(amount: Money) -> Refund {
    let nothing = Money::zero(amount.currency());
    let portions = crate::pricing::Shares {
        payout: nothing,
        platform: nothing,
        processing: nothing,
        withholding: nothing,
    };
    Refund {
        element: None,
        transaction: None,
        amount,
        portions,
        reason: "not done".to_owned(),
        refunded_at: moment(3),
    }
}

type Balances = BTreeMap<(Account, &'static str), Money>;

fn post(balances: &mut Balances, entries: impl IntoIterator<Item = Entry>) {
    for entry in entries {
        for Posting { account, amount } in &entry.postings {
            let balance = balances
                .entry((*account, amount.currency().code()))
                .or_insert(Money::zero(amount.currency()));
            *balance = balance.checked_add(*amount).unwrap();
        }
    }
    balances.retain(|_, balance| !balance.is_zero());
}
