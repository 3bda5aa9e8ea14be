use super::{id, start};
use crate::{
    account::User,
    kernel::{Actor, Money, Rate, Text},
    payment::{
        Reconciliation, ReconciliationCounts, ReconciliationParts, ReconciliationPhase,
        ReconciliationProgress, ReconciliationRecord, ReconciliationRows, ReconciliationStatus,
        StatementPreset, Webhook, WebhookRecord, WebhookStatus, reconcile::StatementLine,
    },
    transaction::{
        Amount, EscrowState, GatewayLink, PaymentMethod, PaymentOrigin, SettlementState, Split,
        TransactionKind, TransactionNumber, TransactionRecord, TransactionStatus,
    },
};

/// A payment or payout of a user by M-Pesa, without fees. It has its own token, and its own provider
/// reference once it has been sent.
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

/// A new webhook under the token of transaction `n`.
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

/// The reconciliation of a newly submitted M-Pesa statement. None of its parts is stored.
#[must_use]
pub fn reconciliation(n: u64) -> Reconciliation {
    Reconciliation::from_record(ReconciliationRecord {
        id: id(n),
        submitted_by: Actor::System,
        method: PaymentMethod::Mpesa,
        format: StatementPreset::Mpesa,
        period: None,
        rows: ReconciliationRows { read: 3, lines: 3, ..ReconciliationRows::default() },
        contradictions: Vec::new(),
        takes_reversals: true,
        status: ReconciliationStatus::Queued,
        progress: ReconciliationProgress { phase: ReconciliationPhase::Reversals, done: 0, total: 3 },
        counts: ReconciliationCounts::default(),
        refused: Vec::new(),
        parts: ReconciliationParts { statement: vec![id(n)], ..ReconciliationParts::default() },
        next_at: Some(start()),
        submitted_at: start(),
        started_at: None,
        finished_at: None,
        updated_at: start(),
    })
}

/// A statement line with an incoming amount in shillings.
#[must_use]
pub fn statement_line(reference: &str, shillings: i64) -> StatementLine {
    StatementLine {
        line: 2,
        reference: reference.to_owned(),
        at: Some(start()),
        amount: super::kes(shillings),
        fee: None,
        description: String::new(),
    }
}
