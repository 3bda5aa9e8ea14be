//! Operations on Stripe's dashboard, without our order.

use baitech_core::{
    booking::BookingStatus,
    ledger::Account,
    payment::{NewPayout, WebhookStatus},
    transaction::{PaymentMethod, TransactionKind, TransactionStatus},
};
use baitech_providers::testing::StripeEvent;
use chrono::TimeDelta;

use crate::{
    counter::{CLEARING, Counter},
    engine::kes,
};

#[tokio::test]
async fn dashboard_refund_is_booked_and_never_released() {
    let counter = Counter::open().await;
    let (id, payment) = counter.held().await;
    counter.drive(id, BookingStatus::Paid).await;
    counter.stripe.refund_in_dashboard(&counter.intent(payment).await, 100_000);
    let events = counter.stripe.events();
    let kinds: Vec<_> = events.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds, ["charge.refunded", "refund.created"]);
    for event in events.iter().rev() {
        counter.receive(event).await;
    }
    assert_eq!(counter.books().await, [(CLEARING, -1_738), (Account::Escrow(id), 1_738)]);
    counter.later(TimeDelta::hours(24)).await;
    assert_eq!(counter.balance(Account::Escrow(id)).await, 0);
    assert_eq!(counter.balance(CLEARING).await, -1_738, "the technician receives a share of the rest");
    assert_eq!(counter.flagged().await, []);
    counter.audit(PaymentMethod::Stripe, 1_738).await;
}

#[tokio::test]
async fn dashboard_refunds_count_once_in_any_order_alongside_our_own() {
    for order in 0..6 {
        let counter = Counter::open().await;
        let (id, payment) = counter.held().await;
        let intent = counter.intent(payment).await;
        counter.stripe.refund_in_dashboard(&intent, 50_000);
        counter.payments().refund(&counter.admin.actor(), payment, kes(738), "late").await.unwrap();
        counter.stripe.refund_in_dashboard(&intent, 30_000);
        let mut events: Vec<StripeEvent> = counter.stripe.events();
        assert_eq!(events.len(), 6);
        if order % 2 == 1 {
            events.reverse();
        }
        events.rotate_left(order);
        for event in events.iter().chain(&events) {
            counter.receive(event).await;
        }
        counter.later(TimeDelta::seconds(30)).await;
        let left = 2_738 - 500 - 738 - 300;
        assert_eq!(counter.books().await, [(CLEARING, -left), (Account::Escrow(id), left)], "order {order}");
        assert_eq!(counter.flagged().await, []);
    }
}

#[tokio::test]
async fn running_total_alone_books_a_dashboard_refund() {
    let counter = Counter::open().await;
    let (id, payment) = counter.held().await;
    counter.stripe.refund_in_dashboard(&counter.intent(payment).await, 100_000);
    let events = counter.stripe.events();
    let [total, named] = &events[..] else { panic!("two events") };
    assert_eq!(counter.receive(total).await, WebhookStatus::Applied);
    assert_eq!(counter.books().await, [(CLEARING, -1_738), (Account::Escrow(id), 1_738)]);
    assert_eq!(counter.receive(named).await, WebhookStatus::Duplicate);
    assert_eq!(counter.of_kind(TransactionKind::Refund).await.len(), 1);
}

#[tokio::test]
async fn failed_dashboard_refund_waits_for_a_person() {
    let counter = Counter::open().await;
    let (_, payment) = counter.held().await;
    counter.stripe.set_slow_refunds(true);
    let name = counter.stripe.refund_in_dashboard(&counter.intent(payment).await, 100_000);
    counter.receive_all().await;
    assert_eq!(counter.balance(CLEARING).await, -1_738, "the refund has already left the balance");
    counter.stripe.finish_refund(&name, false);
    let received = counter.receive_all().await;
    assert_eq!(received, [("refund.failed".to_owned(), WebhookStatus::NeedsPerson)]);
    let refund = counter.of_kind(TransactionKind::Refund).await.pop().unwrap();
    counter.payments().decide_outcome(&counter.admin.actor(), refund.id, false, None).await.unwrap();
    assert_eq!(counter.wallet().await, 1_000);
    counter.books().await;
}

#[tokio::test]
async fn transfer_reversed_in_parts_is_owed_again() {
    let counter = Counter::open().await;
    counter.released().await;
    let (technician, id) = (counter.technician.actor(), counter.technician.id);
    let asked = NewPayout {
        method: Some(PaymentMethod::Stripe),
        account: Some("acct_technician".to_owned()),
        ..NewPayout::default()
    };
    let payout = counter.payments().request_payout(&technician, id, kes(1_000), &asked).await.unwrap();
    counter.receive_all().await;
    let transfer = payout.gateway.reference.clone().unwrap();
    counter.stripe.reverse_part(&transfer, 30_000);
    counter.stripe.reverse_part(&transfer, 20_000);
    let mut events = counter.stripe.events();
    events.reverse();
    for event in events.iter().chain(&events) {
        counter.receive(event).await;
    }
    assert_eq!(counter.owed().await, 1_778);
    assert_eq!(counter.status(payout.id).await, TransactionStatus::PartiallyRefunded);
    counter.books().await;
}
