use super::{id, start};
use crate::{
    account::User,
    booking::PaymentMethod,
    kernel::{Money, Rate, Text},
    payment::{
        Amount, EscrowState, GatewayLink, PaymentOrigin, SettlementState, Split, TransactionKind,
        TransactionNumber, TransactionRecord, TransactionStatus, Webhook, WebhookRecord, WebhookStatus,
    },
};

/// Money that a user pays, or is paid, by M-Pesa; nobody keeps a part of it. At the provider it has a token and a reference of its own
/// as soon as it has been sent.
#[must_use]
pub fn transaction(
    n: u64,
    user: &User,
    kind: TransactionKind,
    status: TransactionStatus,
    gross: Money,
) -> TransactionRecord {
    let (payer, payee) = if kind.is_incoming() { (Some(user.id), None) } else { (None, Some(user.id)) };
    let sent = status != TransactionStatus::Initiated;
    let gateway = GatewayLink {
        token: Some(format!("token{n}")),
        provider: Some(PaymentMethod::Mpesa),
        reference: sent.then(|| format!("ws_CO_{n}")),
        attempts: u32::from(sent),
        ..GatewayLink::default()
    };
    let whole = Split {
        element: Some(id(n)),
        recipient: payee,
        amount: gross,
        percentage: Rate::percent(100),
        description: kind.as_str().to_owned(),
    };
    TransactionRecord {
        id: id(n),
        number: TransactionNumber::from_stored(format!("TXN260302{n:06}")),
        kind,
        status,
        payer,
        payee,
        booking: None,
        original: None,
        method: PaymentMethod::Mpesa,
        amount: Amount::whole(gross),
        splits: vec![whole],
        escrow: EscrowState::default(),
        refunds: Vec::new(),
        gateway,
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
        reason: Some(Text::from_stored("test")),
        requested_by: Some(user.id),
        initiated_at: start(),
        completed_at: status.is_settled().then(start),
        created_at: start(),
        updated_at: start(),
    }
}

/// A call that has just come under the token of transaction `n`.
#[must_use]
pub fn webhook(n: u64) -> Webhook {
    Webhook::from_record(WebhookRecord {
        id: id(n),
        token: format!("token{n}"),
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: br#"{"Body":{}}"#.to_vec(),
        received_at: start(),
        status: WebhookStatus::Received,
        reason: None,
        method: None,
        transaction: None,
        attempts: 0,
        next_at: Some(start()),
        expires_at: None,
        updated_at: start(),
    })
}
