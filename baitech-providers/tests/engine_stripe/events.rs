//! Signed events: verification, time and repetition.

use std::sync::Arc;

use baitech_core::{ledger::Account, payment::WebhookStatus, transaction::TransactionStatus};
use baitech_providers::{stripe::StripeConfig, testing::StripeEvent};
use chrono::TimeDelta;

use crate::counter::{CLEARING, Counter};

/// A payment that succeeded at Stripe, and its undelivered event.
async fn with_undelivered_event(
    counter: &Counter,
) -> (baitech_core::kernel::Id<baitech_core::booking::Booking>, StripeEvent) {
    let (id, payment) = counter.asked(None).await;
    counter.stripe.confirm(&counter.intent(payment).await, "pm_card_visa");
    (id, counter.stripe.events().pop().unwrap())
}

#[tokio::test]
async fn tampered_event_is_stored_without_effect() {
    let counter = Counter::open().await;
    let (id, event) = with_undelivered_event(&counter).await;
    let call = event.arriving_at(counter.now());
    let mut wrong = Vec::new();
    let mut cheaper = call.clone();
    cheaper.body = String::from_utf8(call.body.clone()).unwrap().replace("273800", "100").into_bytes();
    wrong.push(cheaper);
    let mut unsigned = call.clone();
    unsigned.headers.clear();
    wrong.push(unsigned);
    let mut cut = call.clone();
    cut.body.truncate(call.body.len() / 2);
    wrong.push(cut);
    let mut elsewhere = call.clone();
    elsewhere.token.push('0');
    let payments = counter.payments();
    assert_eq!(payments.receive_webhook(elsewhere).await.unwrap(), None, "the token is unknown");
    let mut other = call.clone();
    other.headers[0].1 = other.headers[0].1.replace("v1=", "v1=0");
    wrong.push(other);
    for call in wrong {
        let shop: &crate::engine::Shop = &counter;
        assert_eq!(shop.receive(call).await, WebhookStatus::Rejected);
    }
    assert_eq!(counter.balance(Account::Escrow(id)).await, 0);
    assert_eq!(counter.receive(&event).await, WebhookStatus::Applied);
    assert_eq!(counter.books().await, [(CLEARING, -2_738), (Account::Escrow(id), 2_738)]);
}

#[tokio::test]
async fn signature_is_verified_at_the_time_of_receipt() {
    let counter = Counter::open().await;
    let (id, event) = with_undelivered_event(&counter).await;
    let signed = event.arriving_at(counter.now());
    counter.pass(TimeDelta::seconds(301));
    let shop: &crate::engine::Shop = &counter;
    assert_eq!(shop.receive(signed).await, WebhookStatus::Rejected, "too old");
    assert_eq!(counter.balance(Account::Escrow(id)).await, 0);
    // Stripe signs a repeated event again.
    assert_eq!(counter.receive(&event).await, WebhookStatus::Applied);
    assert_eq!(counter.books().await, [(CLEARING, -2_738), (Account::Escrow(id), 2_738)]);
}

#[tokio::test]
async fn both_signing_secrets_are_valid_during_a_rotation() {
    for (secrets, believed) in [
        (vec!["whsec_new", "whsec_of_the_test"], true),
        (vec!["whsec_of_the_test", "whsec_new"], true),
        (vec!["whsec_new"], false),
    ] {
        let counter = Counter::with(
            |builder| builder,
            |config| StripeConfig {
                webhook_secrets: secrets.iter().map(|secret| (*secret).into()).collect(),
                ..config
            },
        )
        .await;
        let (id, event) = with_undelivered_event(&counter).await;
        let status = counter.receive(&event).await;
        assert_eq!(status == WebhookStatus::Applied, believed, "{secrets:?}");
        assert_eq!(counter.balance(Account::Escrow(id)).await, if believed { 2_738 } else { 0 });
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn eight_concurrent_copies_of_an_event_pay_once() {
    for _ in 0..20 {
        let counter = Arc::new(Counter::open().await);
        let (id, event) = with_undelivered_event(&counter).await;
        let barrier = Arc::new(tokio::sync::Barrier::new(8));
        let tasks: Vec<_> = (0..8)
            .map(|_| {
                let (counter, event, barrier) = (Arc::clone(&counter), event.clone(), Arc::clone(&barrier));
                tokio::spawn(async move {
                    barrier.wait().await;
                    counter.receive(&event).await
                })
            })
            .collect();
        let mut applied = 0;
        for task in tasks {
            applied += usize::from(task.await.unwrap() == WebhookStatus::Applied);
        }
        assert_eq!(applied, 1);
        assert_eq!(counter.store.ledger_entries().len(), 1);
        assert_eq!(counter.books().await, [(CLEARING, -2_738), (Account::Escrow(id), 2_738)]);
    }
}

#[tokio::test]
async fn unrelated_event_is_ignored_or_becomes_a_dead_letter() {
    let counter = Counter::open().await;
    let (_, event) = with_undelivered_event(&counter).await;
    let payment = counter.transactions().await[0].id;
    let body = String::from_utf8(event.body.clone()).unwrap();
    let with = |body: String| StripeEvent { body: body.into_bytes(), ..event.clone() };
    let created = with(body.replace("payment_intent.succeeded", "customer.created"));
    assert_eq!(counter.receive(&created).await, WebhookStatus::Ignored);
    let stranger = with(body.replace(&payment.to_string(), "0123456789abcdef01234567"));
    assert_eq!(counter.receive(&stranger).await, WebhookStatus::Received, "the event may be early");
    for _ in 0..30 {
        counter.later(TimeDelta::hours(6)).await;
    }
    let page = baitech_core::kernel::PageRequest::new(10, None).unwrap();
    let open = counter
        .payments()
        .list_webhooks(&baitech_core::kernel::Actor::System, &[WebhookStatus::Received], &page)
        .await
        .unwrap();
    assert_eq!(open.items.len(), 0, "the retries end");
    assert_eq!(counter.status(payment).await, TransactionStatus::Completed, "the payment is queried");
}
