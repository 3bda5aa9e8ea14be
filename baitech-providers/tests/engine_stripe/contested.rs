//! Refunds and chargebacks.

use baitech_core::{
    ledger::Account,
    payment::WebhookStatus,
    transaction::{TransactionKind, TransactionStatus},
};
use baitech_providers::testing::Fault;
use chrono::TimeDelta;

use crate::{
    counter::{CLEARING, Counter},
    engine::kes,
};

#[tokio::test]
async fn partial_refunds_go_to_the_card_until_nothing_is_left() {
    let counter = Counter::open().await;
    let (id, payment) = counter.held().await;
    for (part, left) in [(700, 2_038), (2_000, 38), (38, 0)] {
        let refund =
            counter.payments().refund(&counter.admin.actor(), payment, kes(part), "late").await.unwrap();
        assert_eq!(refund.status, TransactionStatus::Completed);
        counter.receive_all().await;
        assert_eq!(counter.balance(Account::Escrow(id)).await, left);
        counter.books().await;
    }
    assert_eq!(counter.stripe.count("refund"), 3);
    assert_eq!(counter.books().await, []);
}

#[tokio::test]
async fn unanswered_refund_is_made_once() {
    for carried_out in [true, false] {
        let counter = Counter::open().await;
        let (id, payment) = counter.held().await;
        counter.stripe.fail(Fault::Break { carried_out });
        let refund =
            counter.payments().refund(&counter.admin.actor(), payment, kes(738), "late").await.unwrap();
        assert_eq!(refund.status, TransactionStatus::Pending);
        counter.later(TimeDelta::seconds(75)).await;
        counter.receive_all().await;
        assert_eq!(counter.status(refund.id).await, TransactionStatus::Completed);
        assert_eq!(counter.stripe.count("refund"), 1);
        assert_eq!(counter.books().await, [(CLEARING, -2_000), (Account::Escrow(id), 2_000)]);
    }
}

#[tokio::test]
async fn refund_declined_by_the_bank_goes_into_the_wallet() {
    for succeeded in [true, false] {
        let counter = Counter::open().await;
        let (id, payment) = counter.held().await;
        counter.stripe.set_slow_refunds(true);
        let refund =
            counter.payments().refund(&counter.admin.actor(), payment, kes(738), "late").await.unwrap();
        assert_eq!(refund.status, TransactionStatus::Processing);
        let name = counter.load(refund.id).await.gateway.reference.clone().unwrap();
        counter.stripe.finish_refund(&name, succeeded);
        counter.receive_all().await;
        if succeeded {
            assert_eq!(counter.books().await, [(CLEARING, -2_000), (Account::Escrow(id), 2_000)]);
        } else {
            assert_eq!(counter.status(refund.id).await, TransactionStatus::Failed);
            assert_eq!(counter.wallet().await, 738);
            counter.books().await;
        }
    }
}

#[tokio::test]
async fn refund_that_fails_later_waits_for_a_person() {
    let counter = Counter::open().await;
    let (_, payment) = counter.held().await;
    let refund = counter.payments().refund(&counter.admin.actor(), payment, kes(738), "late").await.unwrap();
    counter.receive_all().await;
    let name = counter.load(refund.id).await.gateway.reference.clone().unwrap();
    counter.stripe.finish_refund(&name, false);
    counter.receive_all().await;
    assert_eq!(counter.flagged().await, [refund.id]);
    counter.payments().decide_outcome(&counter.admin.actor(), refund.id, false, None).await.unwrap();
    assert_eq!(counter.wallet().await, 738, "the card refuses the refund, so the wallet receives it");
    assert_eq!(counter.flagged().await, []);
    counter.books().await;
}

#[tokio::test]
async fn chargeback_freezes_the_money_until_its_decision() {
    for (released, won) in [(false, true), (false, false), (true, true), (true, false)] {
        let counter = Counter::open().await;
        let (_, payment) = if released { counter.released().await } else { counter.held().await };
        let dispute = counter.stripe.dispute(&counter.intent(payment).await);
        let received = counter.receive_all().await;
        assert_eq!(received.len(), 2);
        assert_eq!((received[0].1, received[1].1), (WebhookStatus::Applied, WebhookStatus::Duplicate));
        assert!(counter.load(payment).await.is_contested());
        assert_eq!(counter.flagged().await, [payment]);
        assert_eq!(counter.owed().await, 0, "nothing is paid out before the decision");

        counter.stripe.close_dispute(&dispute, won);
        let events = counter.stripe.events();
        for event in events.iter().chain(&events) {
            counter.receive(event).await;
        }
        counter.work().await;
        assert_eq!(counter.flagged().await, []);
        let books = counter.books().await;
        if won {
            assert_eq!(counter.balance(CLEARING).await, -2_738);
            assert_eq!(counter.owed().await, if released { 2_278 } else { 0 });
        } else {
            assert_eq!(books, [], "released: {released}");
            assert_eq!(counter.status(payment).await, TransactionStatus::Refunded);
            assert_eq!(counter.stripe.count("refund"), 0, "the bank has already made the refund");
            assert_eq!(counter.of_kind(TransactionKind::Refund).await.len(), 1);
        }
    }
}

#[tokio::test]
async fn dispute_events_are_accepted_in_any_order() {
    for won in [true, false] {
        let counter = Counter::open().await;
        let (id, payment) = counter.held().await;
        let dispute = counter.stripe.dispute(&counter.intent(payment).await);
        counter.stripe.close_dispute(&dispute, won);
        let mut events = counter.stripe.events();
        events.reverse();
        for event in &events {
            counter.receive(event).await;
        }
        counter.later(TimeDelta::seconds(5)).await;
        assert!(!counter.load(payment).await.is_contested());
        let held = if won { vec![(CLEARING, -2_738), (Account::Escrow(id), 2_738)] } else { Vec::new() };
        assert_eq!(counter.books().await, held);
    }
}

#[tokio::test]
async fn earlier_partial_refund_is_not_lost_again_in_a_chargeback() {
    let counter = Counter::open().await;
    let (_, payment) = counter.held().await;
    counter.payments().refund(&counter.admin.actor(), payment, kes(738), "late").await.unwrap();
    counter.receive_all().await;
    // The bank takes the rest.
    let dispute = counter.stripe.dispute(&counter.intent(payment).await);
    let mut events = counter.stripe.events();
    counter.stripe.close_dispute(&dispute, false);
    events.extend(counter.stripe.events());
    for mut event in events {
        event.body = String::from_utf8(event.body).unwrap().replace("273800", "200000").into_bytes();
        counter.receive(&event).await;
    }
    assert_eq!(counter.status(payment).await, TransactionStatus::Refunded);
    assert_eq!(counter.balance(CLEARING).await, 0);
    counter.audit(baitech_core::transaction::PaymentMethod::Stripe, 0).await;
}
