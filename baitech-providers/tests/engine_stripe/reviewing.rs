//! Payments with a review before the capture.

use std::sync::Arc;

use baitech_core::{booking::PaymentStatus, ledger::Account, transaction::TransactionStatus};
use baitech_providers::testing::Fault;
use chrono::TimeDelta;

use crate::{
    counter::{CLEARING, Counter},
    engine::people::Suspicion,
};

async fn suspicious() -> Counter {
    Counter::with(|builder| builder.fraud_scorer(Arc::new(Suspicion)), |config| config).await
}

#[tokio::test]
async fn authorization_is_captured_after_approval() {
    for confirmed_first in [true, false] {
        let counter = suspicious().await;
        let (id, payment) = counter.asked(None).await;
        let intent = counter.intent(payment).await;
        assert_eq!(counter.stripe.object(&intent)["capture_method"], "manual");
        assert_eq!(counter.flagged().await, [payment]);
        if confirmed_first {
            counter.stripe.confirm(&intent, "pm_card_visa");
            counter.receive_all().await;
            assert_eq!(counter.stripe.object(&intent)["status"], "requires_capture");
            assert_eq!(counter.books().await, []);
        }
        counter.payments().review(&counter.admin.actor(), payment, true).await.unwrap();
        if !confirmed_first {
            counter.stripe.confirm(&intent, "pm_card_visa");
            counter.receive_all().await;
            counter.work().await;
        }
        assert_eq!(counter.status(payment).await, TransactionStatus::Completed, "{confirmed_first}");
        counter.receive_all().await;
        assert_eq!(counter.flagged().await, []);
        assert_eq!(counter.books().await, [(CLEARING, -2_738), (Account::Escrow(id), 2_738)]);
    }
}

#[tokio::test]
async fn unanswered_capture_is_made_once() {
    for carried_out in [true, false] {
        let counter = suspicious().await;
        let (id, payment) = counter.asked(Some("pm_card_visa")).await;
        counter.receive_all().await;
        counter.stripe.fail(Fault::Break { carried_out });
        counter.payments().review(&counter.admin.actor(), payment, true).await.unwrap();
        assert_eq!(counter.status(payment).await, TransactionStatus::Processing);
        counter.later(TimeDelta::seconds(75)).await;
        assert_eq!(counter.status(payment).await, TransactionStatus::Completed);
        counter.receive_all().await;
        assert_eq!(counter.books().await, [(CLEARING, -2_738), (Account::Escrow(id), 2_738)]);
    }
}

#[tokio::test]
async fn rejected_authorization_is_voided() {
    for fault in [None, Some(Fault::Break { carried_out: true }), Some(Fault::Break { carried_out: false })] {
        let counter = suspicious().await;
        let (id, payment) = counter.asked(Some("pm_card_visa")).await;
        let intent = counter.intent(payment).await;
        if let Some(fault) = fault {
            counter.stripe.fail(fault);
        }
        counter.payments().review(&counter.admin.actor(), payment, false).await.unwrap();
        counter.later(TimeDelta::seconds(75)).await;
        assert_eq!(counter.stripe.object(&intent)["status"], "canceled");
        assert_eq!(counter.status(payment).await, TransactionStatus::Failed);
        assert_eq!(counter.booking(id).await.payment.status, PaymentStatus::Failed);
        counter.receive_all().await;
        assert_eq!(counter.books().await, []);
    }
}

#[tokio::test]
async fn unreviewed_authorization_expires() {
    let counter = suspicious().await;
    let (_, payment) = counter.asked(Some("pm_card_visa")).await;
    let intent = counter.intent(payment).await;
    counter.later(TimeDelta::days(7)).await;
    assert_eq!(counter.stripe.object(&intent)["status"], "canceled");
    assert_eq!(counter.status(payment).await, TransactionStatus::Expired);
    counter.receive_all().await;
    assert_eq!(counter.books().await, []);
}
