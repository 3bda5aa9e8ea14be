//! Refunds: full ones by reversal, partial ones by B2C.

use baitech_core::{ledger::Account, payment::WebhookStatus, transaction::TransactionStatus};
use baitech_providers::testing::{Endpoint, Fault};
use chrono::TimeDelta;

use crate::{
    desk::{CLEARING, Desk},
    engine::kes,
};

#[tokio::test]
async fn full_refund_is_a_reversal() {
    let desk = Desk::open().await;
    let (_, payment) = desk.held(1).await;
    let refund = desk.payments().refund(&desk.admin.actor(), payment, kes(2_738), "no work").await.unwrap();
    assert_eq!(refund.status, TransactionStatus::Processing);
    let sent = &desk.daraja.requests(Endpoint::Reversal)[0];
    assert_eq!(sent["Amount"], 2_738);
    assert_eq!(sent["TransactionID"].as_str(), desk.load(payment).await.gateway.receipt.as_deref());
    assert_eq!(desk.books().await, [(CLEARING, -2_738), (Account::Reserved(refund.id), 2_738)]);
    let done = desk.daraja.carry_out(&desk.order());
    assert_eq!(desk.receive(&done).await, WebhookStatus::Applied);
    assert_eq!(desk.receive(&done).await, WebhookStatus::Duplicate);
    assert_eq!(desk.status(refund.id).await, TransactionStatus::Completed);
    assert_eq!(desk.books().await, []);
}

#[tokio::test]
async fn partial_refunds_are_payouts_from_every_share() {
    let desk = Desk::open().await;
    let (_, payment) = desk.released(1).await;
    let (admin, payments) = (desk.admin.actor(), desk.payments());
    for (part, left) in [(1_000, 1_738), (738, 1_000), (1_000, 0)] {
        let refund = payments.refund(&admin, payment, kes(part), "half done").await.unwrap();
        assert_eq!(desk.daraja.requests(Endpoint::PayOut).last().unwrap()["Amount"], part);
        desk.receive(&desk.daraja.carry_out(&desk.order())).await;
        assert_eq!(desk.status(refund.id).await, TransactionStatus::Completed);
        assert_eq!(desk.daraja.balance(), left);
        let clearing: rust_decimal::Decimal = desk
            .store
            .ledger_entries()
            .iter()
            .flat_map(|entry| entry.lines_of(CLEARING).map(|line| line.amount.amount()).collect::<Vec<_>>())
            .sum();
        assert_eq!(-clearing, left.into());
    }
    assert_eq!(desk.daraja.requests(Endpoint::Reversal).len(), 0, "a partial refund is not a reversal");
    assert_eq!(desk.books().await, []);
}

#[tokio::test]
async fn partial_refund_that_cannot_be_paid_out_goes_into_the_wallet() {
    let desk = Desk::open().await;
    let (id, payment) = desk.held(1).await;
    let refund = desk.payments().refund(&desk.admin.actor(), payment, kes(738), "late").await.unwrap();
    let rejected = desk.daraja.reject(&desk.order(), "2001");
    desk.receive(&rejected).await;
    assert_eq!(desk.status(refund.id).await, TransactionStatus::Failed);
    let wallet = Account::Wallet(desk.customer.id);
    assert_eq!(desk.books().await, [(CLEARING, -2_738), (Account::Escrow(id), 2_000), (wallet, 738)]);

    // An amount below the minimum of B2C is not sent.
    let small = desk.payments().refund(&desk.admin.actor(), payment, kes(9), "late").await.unwrap();
    assert_eq!(small.status, TransactionStatus::Failed);
    assert_eq!(desk.daraja.requests(Endpoint::PayOut).len(), 1);
    assert_eq!(desk.wallet().await, 747);
    desk.books().await;
}

#[tokio::test]
async fn unanswered_refund_is_queried_and_finally_waits_for_a_person() {
    let desk = Desk::open().await;
    let (id, payment) = desk.held(1).await;
    desk.daraja.fail(Endpoint::PayOut, Fault::Break { carried_out: true });
    let refund = desk.payments().refund(&desk.admin.actor(), payment, kes(738), "late").await.unwrap();
    assert_eq!(desk.status(refund.id).await, TransactionStatus::Pending);
    desk.daraja.carry_out(&desk.order());
    desk.later(TimeDelta::seconds(75)).await;
    let answers = desk.daraja.answers();
    assert_eq!(answers.len(), 1);
    desk.receive(&answers[0]).await;
    assert_eq!(desk.status(refund.id).await, TransactionStatus::Completed, "found by our conversation id");
    assert_eq!(desk.daraja.orders().len(), 1);
    assert_eq!(desk.books().await, [(CLEARING, -2_000), (Account::Escrow(id), 2_000)]);

    // A reversal has no conversation id of ours: only its callback or staff can supply the outcome.
    let desk = Desk::open().await;
    let (_, payment) = desk.held(1).await;
    desk.daraja.fail(Endpoint::Reversal, Fault::Break { carried_out: true });
    let refund = desk.payments().refund(&desk.admin.actor(), payment, kes(2_738), "no work").await.unwrap();
    for _ in 0..30 {
        desk.later(TimeDelta::hours(1)).await;
        for answer in desk.daraja.answers() {
            desk.receive(&answer).await;
        }
    }
    let unknown = desk.load(refund.id).await;
    assert!(unknown.status.is_open() && unknown.gateway.needs_person);
    assert_eq!(desk.daraja.orders().len(), 1, "it is not sent again");
    desk.daraja.carry_out(&desk.order());
    desk.payments().decide_outcome(&desk.admin.actor(), refund.id, true, Some("RKO0000009")).await.unwrap();
    assert_eq!(desk.books().await, []);
}

#[tokio::test]
async fn payment_reversed_in_the_portal_is_not_also_credited_to_a_wallet() {
    let desk = Desk::open().await;
    let (_, payment) = desk.held(1).await;
    let refund = desk.payments().refund(&desk.admin.actor(), payment, kes(2_738), "no work").await.unwrap();
    desk.receive(&desk.daraja.reject(&desk.order(), "R000001")).await;
    for _ in 0..30 {
        desk.later(TimeDelta::hours(1)).await;
    }
    assert_eq!(desk.flagged().await, [refund.id], "staff find out how it was refunded");
    assert_eq!(desk.wallet().await, 0);
    desk.payments().decide_outcome(&desk.admin.actor(), refund.id, true, None).await.unwrap();
    assert_eq!(desk.balance(CLEARING).await, 0);
}
