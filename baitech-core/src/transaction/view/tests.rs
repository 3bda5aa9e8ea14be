use serde_json::Value;

use super::*;
use crate::{
    kernel::{Currency, Money, Role, SeededEntropy},
    pricing::Shares,
    store::Origin,
    transaction::{Context, FraudReason, Inputs, MismatchKind, NewTransaction, PaymentPolicy},
};

const TOKEN: &str = "5ec4e7c0ffee";
const PHONE: &str = "+254712345678";
const ACCOUNT: &str = "pm_card_visa";
const REFERENCE: &str = "ws_CO_260302";
const RECEIPT: &str = "QK123ABC";
const ADDRESS: &str = "203.0.113.7";
const EXPLANATION: &str = "paid often of late";

/// Visible only to the owner of the means of payment, and to staff without the account.
const PERSONAL: [&str; 3] = [PHONE, ACCOUNT, RECEIPT];
/// Visible only to staff.
const INTERNAL: [&str; 4] = [REFERENCE, ADDRESS, EXPLANATION, "chrome on a tablet"];

fn user(n: u8) -> Id<User> {
    Id::from_bytes([n; 12])
}

fn kes(shillings: i64) -> Money {
    Money::from_major(shillings, Currency::KES)
}

fn actor(n: u8, role: Role) -> Actor {
    Actor::user(user(n), role)
}

const PAYER: u8 = 1;
const PAYEE: u8 = 2;
const STRANGER: u8 = 3;
const STAFF: u8 = 4;

/// A transaction with a value in every field.
fn transaction(kind: TransactionKind, change: impl FnOnce(&mut TransactionRecord)) -> Stored<Transaction> {
    let (policy, entropy) = (PaymentPolicy::default(), SeededEntropy::new(7));
    let now: DateTime<Utc> = "2026-03-02T05:00:00Z".parse().unwrap();
    let context = Context {
        actor: actor(STAFF, Role::Admin),
        now,
        policy: &policy,
        entropy: &entropy,
        inputs: Inputs::default(),
    };
    let amount = Amount::shared(Shares {
        payout: kes(2_278),
        platform: kes(300),
        processing: kes(60),
        withholding: kes(100),
    })
    .unwrap();
    let new = NewTransaction {
        payer: Some(user(PAYER)),
        payee: Some(user(PAYEE)),
        provider: Some(PaymentMethod::Mpesa),
        phone: Some(PHONE.to_owned()),
        account: Some(ACCOUNT.to_owned()),
        ..NewTransaction::new(kind, PaymentMethod::Mpesa, amount)
    };
    let mut record = Transaction::begin(new, &context).unwrap().next.into_record();
    record.number = TransactionNumber::from_stored("TXN260302000001");
    record.gateway.token = Some(TOKEN.to_owned());
    record.gateway.reference = Some(REFERENCE.to_owned());
    record.gateway.receipt = Some(RECEIPT.to_owned());
    record.escrow.frozen = Some(kes(17));
    record.fraud = Some(FraudCheck {
        score: 40,
        decision: FraudDecision::Review,
        reasons: vec![FraudReason {
            rule: "velocity".to_owned(),
            points: 40,
            explanation: EXPLANATION.to_owned(),
        }],
        checked_at: now,
        review: None,
    });
    record.mismatch = Some(Mismatch {
        kind: MismatchKind::Amount,
        received: Some(kes(1)),
        receipt: None,
        at: now,
        decided: None,
    });
    record.failure =
        Some(Failure { code: "1032".to_owned(), reason: "cancelled by the user".to_owned(), at: now });
    record.origin = PaymentOrigin {
        ip_address: Some(ADDRESS.to_owned()),
        device: Some("chrome on a tablet".to_owned()),
        location: None,
    };
    change(&mut record);
    Stored { value: Transaction::from_record(record), version: Version::new(3), origin: Origin::none() }
}

fn shown(stored: &Stored<Transaction>, actor: &Actor) -> (Value, String) {
    let view = serde_json::to_value(TransactionView::new(stored, actor).unwrap()).unwrap();
    let text = view.to_string();
    (view, text)
}

fn assert_hidden(text: &str, secrets: &[&str]) {
    for secret in secrets {
        assert!(!text.contains(secret), "{secret}: {text}");
    }
}

fn assert_shown(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn the_payer_sees_their_own_means_but_not_the_payees_payout() {
    let payment = transaction(TransactionKind::BookingPayment, |_| {});
    let (view, text) = shown(&payment, &actor(PAYER, Role::Customer));
    assert_shown(&text, &PERSONAL);
    assert_hidden(&text, &INTERNAL);
    assert_hidden(&text, &[TOKEN, "fraudCheck", "gateway", "metadata", "mismatch"]);
    assert_eq!(view["type"], "booking_payment");
    assert_eq!(view["transactionNumber"], "TXN260302000001");
    assert_eq!(view["amount"]["gross"], serde_json::json!({ "amount": "2738.00", "currency": "KES" }));
    assert_eq!(view["version"], 3);
    assert_eq!(view["underReview"], true);
    assert_eq!(view["failure"]["code"], "1032");
    assert_eq!(view["escrow"]["frozen"], Value::Null);
    assert_eq!(view.get("settlement"), None);
    assert_eq!(view.get("requestedBy"), None, "the member of staff who requested it");
}

#[test]
fn the_payee_does_not_see_the_payers_means() {
    let payment = transaction(TransactionKind::BookingPayment, |_| {});
    let (view, text) = shown(&payment, &actor(PAYEE, Role::Technician));
    assert_hidden(&text, &PERSONAL);
    assert_hidden(&text, &INTERNAL);
    assert_hidden(&text, &[TOKEN, "cancelled by the user"]);
    assert_eq!(view["escrow"]["frozen"]["amount"], "17.00");
    assert_eq!(view["settlement"]["instant"], false);
}

#[test]
fn the_payee_of_a_payout_sees_their_own_means() {
    for kind in
        [TransactionKind::TechnicianPayout, TransactionKind::WalletWithdrawal, TransactionKind::Refund]
    {
        let payout = transaction(kind, |_| {});
        let (_, text) = shown(&payout, &actor(PAYEE, Role::Technician));
        assert_shown(&text, &PERSONAL);
        assert_hidden(&text, &INTERNAL);
        let (_, text) = shown(&payout, &actor(PAYER, Role::Customer));
        assert_hidden(&text, &PERSONAL);
    }
}

#[test]
fn strangers_see_nothing_at_all() {
    let payment = transaction(TransactionKind::BookingPayment, |_| {});
    for role in [Role::Customer, Role::Technician, Role::Corporate] {
        assert_eq!(TransactionView::new(&payment, &actor(STRANGER, role)), None);
    }
    let unowned = transaction(TransactionKind::WalletTopup, |record| {
        record.payer = None;
        record.payee = None;
        record.requested_by = None;
    });
    assert_eq!(TransactionView::new(&unowned, &actor(STRANGER, Role::Customer)), None);
}

#[test]
fn the_requester_of_anothers_payment_sees_it_without_the_means() {
    let payment = transaction(TransactionKind::BookingPayment, |record| {
        record.requested_by = Some(user(STRANGER));
    });
    let (view, text) = shown(&payment, &actor(STRANGER, Role::Customer));
    assert_hidden(&text, &PERSONAL);
    assert_hidden(&text, &INTERNAL);
    assert_eq!(view["requestedBy"], user(STRANGER).to_string());
}

#[test]
fn staff_see_everything_but_the_token_and_the_account() {
    let payment = transaction(TransactionKind::BookingPayment, |_| {});
    for viewer in [actor(STAFF, Role::Admin), actor(STAFF, Role::Support), Actor::System] {
        let (view, text) = shown(&payment, &viewer);
        assert_shown(&text, &[PHONE, RECEIPT]);
        assert_shown(&text, &INTERNAL);
        assert_hidden(&text, &[TOKEN, ACCOUNT]);
        assert_eq!(view["fraudCheck"]["score"], 40);
        assert_eq!(view["gateway"]["reference"], REFERENCE);
        assert_eq!(view["mismatch"]["kind"], "amount");
        assert_eq!(view["metadata"]["ipAddress"], ADDRESS);
        assert_eq!(view["requestedBy"], user(STAFF).to_string());
    }
}

#[test]
fn a_blocked_payer_does_not_learn_what_blocked_the_payment() {
    let blocked = transaction(TransactionKind::BookingPayment, |record| {
        record.fraud.as_mut().unwrap().decision = FraudDecision::Block;
        record.failure.as_mut().unwrap().code = "blocked".to_owned();
    });
    let (view, text) = shown(&blocked, &actor(PAYER, Role::Customer));
    assert_eq!(view["failure"]["code"], "declined");
    assert_hidden(&text, &["blocked"]);
    let (view, _) = shown(&blocked, &actor(STAFF, Role::Admin));
    assert_eq!(view["failure"]["code"], "blocked");
}
