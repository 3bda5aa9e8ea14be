//! Payments by card.

use baitech_core::{
    booking::{BookingStatus, PaymentStatus},
    ledger::Account,
    payment::WebhookStatus,
    transaction::{PaymentMethod, TransactionKind, TransactionStatus},
};
use baitech_providers::testing::Fault;
use chrono::TimeDelta;

use crate::counter::{CLEARING, Counter, card};

#[tokio::test]
async fn saved_card_pays_at_once_and_its_event_is_not_a_second_payment() {
    let counter = Counter::open().await;
    let (id, payment) = counter.asked(Some("pm_card_visa")).await;
    let paid = counter.load(payment).await;
    assert_eq!(paid.status, TransactionStatus::Completed, "the answer reports the payment");
    assert!(paid.gateway.receipt.as_deref().unwrap().starts_with("ch_"));
    let received = counter.receive_all().await;
    assert_eq!(received, [("payment_intent.succeeded".to_owned(), WebhookStatus::Duplicate)]);
    assert_eq!(counter.store.ledger_entries().len(), 1);
    assert_eq!(counter.books().await, [(CLEARING, -2_738), (Account::Escrow(id), 2_738)]);
    assert_eq!(counter.load(payment).await.method, PaymentMethod::Card);

    counter.drive(id, BookingStatus::Paid).await;
    counter.later(TimeDelta::hours(24)).await;
    assert_eq!(counter.owed().await, 2_278);
    counter.books().await;
}

#[tokio::test]
async fn client_secret_is_returned_and_never_stored() {
    let counter = Counter::open().await;
    let id = counter.accepted(PaymentMethod::Card, 1).await;
    let started = counter.pay(id, &card(None)).await;
    let secret = started.client_secret.expect("the secret for the payer's device").expose().to_owned();
    let payment = started.transaction.id;
    assert_eq!(counter.status(payment).await, TransactionStatus::Processing);
    let stored = serde_json::to_string(&counter.load(payment).await.value).unwrap();
    assert!(!stored.contains(&secret));

    counter.stripe.confirm(&counter.intent(payment).await, "pm_card_visa");
    counter.receive_all().await;
    assert_eq!(counter.status(payment).await, TransactionStatus::Completed);
    assert_eq!(counter.books().await, [(CLEARING, -2_738), (Account::Escrow(id), 2_738)]);
}

#[tokio::test]
async fn payment_succeeds_with_another_card_after_a_decline() {
    let counter = Counter::open().await;
    let (id, first) = counter.asked(Some("pm_card_chargeDeclined")).await;
    let failed = counter.load(first).await;
    assert_eq!(failed.status, TransactionStatus::Failed);
    assert_eq!(failed.failure.as_ref().unwrap().code, "card_declined");
    assert_eq!(counter.booking(id).await.payment.status, PaymentStatus::Failed);
    counter.receive_all().await;
    assert_eq!(counter.books().await, []);
    let second = counter.pay(id, &card(Some("pm_card_visa"))).await.transaction.id;
    counter.receive_all().await;
    assert_eq!(counter.status(second).await, TransactionStatus::Completed);
    assert_eq!(counter.books().await, [(CLEARING, -2_738), (Account::Escrow(id), 2_738)]);
}

#[tokio::test]
async fn second_card_on_one_intent_pays_in_any_order_of_events() {
    for reversed in [false, true] {
        let counter = Counter::open().await;
        let (id, payment) = counter.asked(None).await;
        let intent = counter.intent(payment).await;
        counter.stripe.confirm(&intent, "pm_card_chargeDeclined");
        counter.stripe.confirm(&intent, "pm_card_visa");
        let mut events = counter.stripe.events();
        if reversed {
            events.reverse();
        }
        for event in events.iter().chain(&events) {
            counter.receive(event).await;
        }
        assert_eq!(counter.status(payment).await, TransactionStatus::Completed, "reversed: {reversed}");
        assert_eq!(counter.books().await, [(CLEARING, -2_738), (Account::Escrow(id), 2_738)]);
    }
}

#[tokio::test]
async fn lost_response_is_requested_again_under_the_same_key() {
    for fault in [
        Fault::Break { carried_out: true },
        Fault::Hang { carried_out: true },
        Fault::Break { carried_out: false },
    ] {
        let counter = Counter::open().await;
        let id = counter.accepted(PaymentMethod::Card, 1).await;
        counter.stripe.fail(fault);
        let payment = counter.pay(id, &card(Some("pm_card_visa"))).await.transaction.id;
        assert_eq!(counter.status(payment).await, TransactionStatus::Pending, "unknown");
        counter.later(TimeDelta::seconds(75)).await;
        assert_eq!(counter.status(payment).await, TransactionStatus::Completed);
        assert_eq!(counter.stripe.count("payment_intent"), 1, "one charge at the server");
        counter.receive_all().await;
        assert_eq!(counter.books().await, [(CLEARING, -2_738), (Account::Escrow(id), 2_738)]);
    }
}

#[tokio::test]
async fn event_before_the_response_completes_the_payment() {
    let counter = Counter::open().await;
    let id = counter.accepted(PaymentMethod::Card, 1).await;
    counter.stripe.fail(Fault::Break { carried_out: true });
    let payment = counter.pay(id, &card(Some("pm_card_visa"))).await.transaction.id;
    assert_eq!(counter.receive_all().await[0].1, WebhookStatus::Applied, "found by its transaction id");
    assert_eq!(counter.status(payment).await, TransactionStatus::Completed);
    counter.later(TimeDelta::hours(1)).await;
    assert_eq!(counter.stripe.count("payment_intent"), 1);
    assert_eq!(counter.books().await, [(CLEARING, -2_738), (Account::Escrow(id), 2_738)]);
}

#[tokio::test]
async fn payment_with_a_lost_event_is_queried() {
    let counter = Counter::open().await;
    let (id, payment) = counter.asked(None).await;
    counter.stripe.confirm(&counter.intent(payment).await, "pm_card_visa");
    drop(counter.stripe.events());
    counter.later(TimeDelta::seconds(75)).await;
    assert_eq!(counter.status(payment).await, TransactionStatus::Completed);
    assert_eq!(counter.books().await, [(CLEARING, -2_738), (Account::Escrow(id), 2_738)]);
}

#[tokio::test]
async fn abandoned_payment_is_cancelled_and_late_payment_is_refunded() {
    let counter = Counter::open().await;
    let (id, payment) = counter.asked(None).await;
    counter.later(TimeDelta::minutes(30)).await;
    assert_eq!(counter.booking(id).await.status, BookingStatus::Cancelled);
    counter.stripe.confirm(&counter.intent(payment).await, "pm_card_visa");
    counter.receive_all().await;
    assert_eq!(counter.status(payment).await, TransactionStatus::Refunded);
    counter.work().await;
    counter.receive_all().await;
    let refund = counter.of_kind(TransactionKind::Refund).await.pop().unwrap();
    assert_eq!(refund.status, TransactionStatus::Completed);
    assert_eq!(counter.stripe.count("refund"), 1);
    assert_eq!(counter.books().await, []);
}
