//! Transfers to the connected account of a technician.

use baitech_core::{
    payment::{NewPayout, WebhookStatus},
    store::Stored,
    transaction::{PaymentMethod, Transaction, TransactionKind, TransactionStatus},
};
use baitech_providers::testing::Fault;
use chrono::TimeDelta;

use crate::{counter::Counter, engine::kes};

/// The technician's payout of 1,000 to an account.
async fn payout(counter: &Counter, account: Option<&str>) -> Stored<Transaction> {
    let (technician, id) = (counter.technician.actor(), counter.technician.id);
    let request = NewPayout {
        method: Some(PaymentMethod::Stripe),
        account: account.map(ToOwned::to_owned),
        ..NewPayout::default()
    };
    counter.payments().request_payout(&technician, id, kes(1_000), &request).await.unwrap()
}

#[tokio::test]
async fn earnings_are_transferred_once_despite_faults() {
    for fault in [None, Some(Fault::Break { carried_out: true }), Some(Fault::Break { carried_out: false })] {
        let counter = Counter::open().await;
        counter.released().await;
        if let Some(fault) = fault.clone() {
            counter.stripe.fail(fault);
        }
        let payout = payout(&counter, Some("acct_technician")).await;
        let expected =
            if fault.is_none() { TransactionStatus::Completed } else { TransactionStatus::Pending };
        assert_eq!(payout.status, expected);
        counter.later(TimeDelta::seconds(75)).await;
        counter.receive_all().await;
        let paid = counter.load(payout.id).await;
        assert_eq!(paid.status, TransactionStatus::Completed);
        let transfer = counter.stripe.object(paid.gateway.reference.as_deref().unwrap());
        assert_eq!(
            (&transfer["amount"], &transfer["destination"]),
            (&99_000.into(), &"acct_technician".into())
        );
        assert_eq!(counter.stripe.count("transfer"), 1);
        assert_eq!(counter.owed().await, 1_278);
        counter.books().await;
    }
}

#[tokio::test]
async fn payout_without_a_connected_account_fails() {
    let counter = Counter::open().await;
    counter.released().await;
    for account in [None, Some("somewhere")] {
        let payout = payout(&counter, account).await;
        assert_eq!(payout.status, TransactionStatus::Failed, "{account:?}");
        assert_eq!(counter.owed().await, 2_278);
    }
    assert_eq!(counter.of_kind(TransactionKind::TechnicianPayout).await.len(), 2);
    counter.books().await;
}

#[tokio::test]
async fn reversed_transfer_is_owed_again() {
    let counter = Counter::open().await;
    counter.released().await;
    let payout = payout(&counter, Some("acct_technician")).await;
    counter.receive_all().await;
    counter.stripe.reverse_transfer(payout.gateway.reference.as_deref().unwrap());
    let received = counter.receive_all().await;
    assert_eq!(received, [("transfer.reversed".to_owned(), WebhookStatus::Applied)]);
    assert_eq!(counter.status(payout.id).await, TransactionStatus::Refunded);
    assert_eq!(counter.owed().await, 2_278, "the fee is returned, too");
    counter.books().await;
}

#[tokio::test]
async fn undocumented_response_does_not_cause_a_second_payout() {
    for (status, body) in [
        (400, r#"{"error":{"type":"invalid_request_error","code":"something_new"}}"#),
        (402, r#"{"error":{"type":"something_new"}}"#),
        (400, r#"{"error":{"type":"api_error"}}"#),
        (403, "{}"),
        (500, "<html>"),
    ] {
        let counter = Counter::open().await;
        counter.released().await;
        counter.stripe.fail(Fault::Misleading { status, body: body.to_owned() });
        let payout = payout(&counter, Some("acct_technician")).await;
        assert_eq!(payout.status, TransactionStatus::Pending, "{status} {body}");
        counter.later(TimeDelta::days(15)).await;
        counter.receive_all().await;
        assert_eq!(counter.stripe.count("transfer"), 1, "{status} {body}");
        assert_eq!(counter.status(payout.id).await, TransactionStatus::Completed);
        counter.books().await;
    }
}
