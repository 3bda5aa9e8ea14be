//! Payments by push.

use baitech_core::{
    booking::{BookingStatus, PaymentStatus},
    ledger::Account,
    payment::WebhookStatus,
    transaction::{PaymentMethod, TransactionKind, TransactionStatus},
};
use baitech_providers::testing::{Endpoint, Fault};
use chrono::TimeDelta;

use crate::desk::{CLEARING, Desk};

#[tokio::test]
async fn job_payment_is_held_released_and_paid_out() {
    let desk = Desk::open().await;
    let (id, payment) = desk.asked(1).await;
    assert_eq!(desk.status(payment).await, TransactionStatus::Processing);
    let sent = &desk.daraja.requests(Endpoint::Push)[0];
    assert_eq!((&sent["Amount"], &sent["PhoneNumber"]), (&2_738.into(), &"254700000001".into()));
    assert_eq!(desk.books().await, []);

    assert_eq!(desk.receive(&desk.daraja.pay(&desk.prompt())).await, WebhookStatus::Applied);
    assert_eq!(desk.books().await, [(CLEARING, -2_738), (Account::Escrow(id), 2_738)]);
    assert_eq!(desk.booking(id).await.payment.status, PaymentStatus::Held);
    assert!(desk.load(payment).await.gateway.receipt.is_some());

    desk.drive(id, BookingStatus::Paid).await;
    desk.later(TimeDelta::hours(24)).await;
    assert_eq!((desk.owed().await, desk.balance(Account::Escrow(id)).await), (2_278, 0));

    desk.later(TimeDelta::days(7)).await;
    let payout = desk.of_kind(TransactionKind::TechnicianPayout).await.pop().expect("the batch pays");
    assert_eq!(payout.settlement.batch.as_deref(), Some("2026-03-10"));
    assert_eq!(desk.daraja.requests(Endpoint::PayOut)[0]["Amount"], 2_278);
    assert_eq!(desk.status(payout.id).await, TransactionStatus::Processing);
    assert_eq!(desk.receive(&desk.daraja.carry_out(&desk.order())).await, WebhookStatus::Applied);
    assert_eq!(desk.status(payout.id).await, TransactionStatus::Completed);
    let fees = [
        (CLEARING, -460),
        (Account::PlatformRevenue, 300),
        (Account::ProcessingRevenue, 60),
        (Account::WithholdingPayable, 100),
    ];
    assert_eq!(desk.books().await, fees);
}

#[tokio::test]
async fn declined_prompt_can_be_paid_later() {
    let desk = Desk::open().await;
    let (id, first) = desk.asked(1).await;
    assert_eq!(desk.receive(&desk.daraja.refuse(&desk.prompt(), "1032")).await, WebhookStatus::Applied);
    let failed = desk.load(first).await;
    assert_eq!(failed.status, TransactionStatus::Failed);
    assert_eq!(failed.failure.as_ref().unwrap().code, "1032");
    assert_eq!(desk.booking(id).await.payment.status, PaymentStatus::Failed);

    let second = desk.push(id).await;
    assert_ne!(first, second);
    desk.receive(&desk.daraja.pay(&desk.prompt())).await;
    assert_eq!(desk.status(second).await, TransactionStatus::Completed);
    assert_eq!(desk.books().await, [(CLEARING, -2_738), (Account::Escrow(id), 2_738)]);
}

#[tokio::test]
async fn busy_subscriber_is_retried_a_limited_number_of_times() {
    let desk = Desk::open().await;
    desk.daraja.set_busy("254700000001", true);
    let (id, payment) = desk.asked(1).await;
    assert_eq!(desk.status(payment).await, TransactionStatus::Pending);
    desk.daraja.set_busy("254700000001", false);
    desk.later(TimeDelta::minutes(2)).await;
    assert_eq!(desk.daraja.requests(Endpoint::Push).len(), 2);
    // The prompt was sent, and the subscriber was busy again.
    desk.receive(&desk.daraja.refuse(&desk.prompt(), "1001")).await;
    assert_eq!(
        desk.status(payment).await,
        TransactionStatus::Processing,
        "the status does not return to pending"
    );
    desk.later(TimeDelta::minutes(2)).await;
    assert_eq!(desk.daraja.prompts().len(), 2);
    desk.receive(&desk.daraja.pay(&desk.prompt())).await;
    assert_eq!(desk.books().await, [(CLEARING, -2_738), (Account::Escrow(id), 2_738)]);

    let desk = Desk::open().await;
    desk.daraja.set_busy("254700000001", true);
    let (_, payment) = desk.asked(1).await;
    for _ in 0..5 {
        desk.later(TimeDelta::minutes(2)).await;
    }
    assert_eq!(desk.status(payment).await, TransactionStatus::Failed);
    assert_eq!(desk.daraja.requests(Endpoint::Push).len(), 3);
    assert_eq!(desk.books().await, []);
}

#[tokio::test]
async fn busy_callback_before_the_push_response_leads_to_another_push() {
    let desk = Desk::open().await;
    desk.daraja.fail(Endpoint::Push, Fault::Break { carried_out: true });
    let (id, payment) = desk.asked(1).await;
    desk.receive(&desk.daraja.refuse(&desk.prompt(), "1001")).await;
    desk.later(TimeDelta::minutes(2)).await;
    assert_eq!(desk.daraja.prompts().len(), 2, "another push is sent");
    desk.receive(&desk.daraja.pay(&desk.prompt())).await;
    assert_eq!(desk.status(payment).await, TransactionStatus::Completed);
    assert_eq!(desk.books().await, [(CLEARING, -2_738), (Account::Escrow(id), 2_738)]);
}

#[tokio::test]
async fn payment_with_a_lost_callback_is_settled_by_a_query_and_gets_its_receipt() {
    let desk = Desk::open().await;
    let (id, payment) = desk.asked(1).await;
    desk.later(TimeDelta::seconds(75)).await;
    assert_eq!(desk.daraja.requests(Endpoint::PushQuery).len(), 1);
    assert_eq!(desk.status(payment).await, TransactionStatus::Processing, "still being processed");

    let lost = desk.daraja.pay(&desk.prompt());
    desk.later(TimeDelta::seconds(45)).await;
    let settled = desk.load(payment).await;
    assert_eq!((settled.status, settled.gateway.receipt.as_deref()), (TransactionStatus::Completed, None));
    desk.work().await;
    let answers = desk.daraja.answers();
    assert_eq!(answers.len(), 1, "the receipt is requested once");
    assert_eq!(desk.receive(&answers[0]).await, WebhookStatus::Applied);
    let receipt = desk.load(payment).await.gateway.receipt.clone();
    assert!(receipt.is_some());
    assert_eq!(desk.books().await, [(CLEARING, -2_738), (Account::Escrow(id), 2_738)]);

    // The callback arrives late.
    desk.receive(&lost).await;
    assert_eq!(desk.load(payment).await.gateway.receipt, receipt);
    assert_eq!(desk.books().await, [(CLEARING, -2_738), (Account::Escrow(id), 2_738)]);
}

#[tokio::test]
async fn unanswered_push_is_not_resent_and_can_still_pay() {
    for fault in [Fault::Break { carried_out: true }, Fault::Hang { carried_out: true }] {
        let desk = Desk::open().await;
        desk.daraja.fail(Endpoint::Push, fault);
        let (id, payment) = desk.asked(1).await;
        assert_eq!(desk.status(payment).await, TransactionStatus::Pending, "unknown");
        desk.later(TimeDelta::minutes(20)).await;
        assert_eq!(desk.daraja.prompts().len(), 1);
        // The callback is the first report of the push.
        assert_eq!(desk.receive(&desk.daraja.pay(&desk.prompt())).await, WebhookStatus::Applied);
        let paid = desk.load(payment).await;
        assert_eq!(
            (paid.status, paid.gateway.reference.clone()),
            (TransactionStatus::Completed, Some(desk.prompt()))
        );
        assert_eq!(desk.books().await, [(CLEARING, -2_738), (Account::Escrow(id), 2_738)]);
    }
}

#[tokio::test]
async fn server_error_leaves_the_push_unknown_and_missing_token_delays_it() {
    let desk = Desk::open().await;
    let answer = |status, body: &str| Fault::Answer { status, body: body.to_owned() };
    desk.daraja.fail(Endpoint::Push, answer(503, "<html>try later</html>"));
    let (id, payment) = desk.asked(1).await;
    assert_eq!(desk.status(payment).await, TransactionStatus::Pending, "the outcome is unknown");
    assert_eq!(desk.daraja.prompts().len(), 0);
    desk.later(TimeDelta::minutes(30)).await;
    assert_eq!(desk.booking(id).await.status, BookingStatus::Cancelled, "not paid in time");
    for _ in 0..27 {
        desk.later(TimeDelta::hours(1)).await;
    }
    assert_eq!(desk.status(payment).await, TransactionStatus::Expired);

    // Without an access token, the push is not sent now but later.
    let desk = Desk::open().await;
    desk.daraja.revoke_tokens();
    desk.daraja.fail(Endpoint::Token, answer(500, ""));
    let (id, payment) = desk.asked(1).await;
    assert_eq!(desk.daraja.prompts().len(), 0);
    desk.later(TimeDelta::minutes(2)).await;
    desk.receive(&desk.daraja.pay(&desk.prompt())).await;
    assert_eq!(desk.status(payment).await, TransactionStatus::Completed);
    assert_eq!(desk.books().await, [(CLEARING, -2_738), (Account::Escrow(id), 2_738)]);
}

#[tokio::test]
async fn payment_for_an_ended_booking_is_refunded_automatically() {
    let desk = Desk::open().await;
    let (id, payment) = desk.asked(1).await;
    desk.market.bookings().cancel(&desk.customer.actor(), id, "not needed").await.unwrap();
    desk.receive(&desk.daraja.pay(&desk.prompt())).await;
    assert_eq!(desk.status(payment).await, TransactionStatus::Refunded);
    desk.work().await;
    let refund = desk.of_kind(TransactionKind::Refund).await.pop().unwrap();
    assert_eq!(desk.daraja.requests(Endpoint::Reversal).len(), 1);
    desk.receive(&desk.daraja.carry_out(&desk.order())).await;
    assert_eq!(desk.status(refund.id).await, TransactionStatus::Completed);
    assert_eq!(desk.books().await, []);
}

#[tokio::test]
async fn second_success_is_refunded_in_either_order() {
    let desk = Desk::open().await;
    let (id, first) = desk.asked(1).await;
    let prompt = desk.prompt();
    desk.receive(&desk.daraja.refuse(&prompt, "1037")).await;
    let second = desk.push(id).await;
    desk.receive(&desk.daraja.pay(&desk.prompt())).await;
    // The first push was reported as unreachable, and is paid nevertheless.
    desk.receive(&desk.daraja.pay(&prompt)).await;
    assert_eq!(desk.status(first).await, TransactionStatus::Refunded);
    assert_eq!(desk.status(second).await, TransactionStatus::Completed);
    desk.work().await;
    desk.receive(&desk.daraja.carry_out(&desk.order())).await;
    assert_eq!(desk.books().await, [(CLEARING, -2_738), (Account::Escrow(id), 2_738)]);
}

#[tokio::test]
async fn large_payment_counts_after_a_query_confirms_it() {
    let desk = Desk::with(|builder| {
        let mut policy = baitech_core::booking::BookingPolicy::default();
        policy.payment.confirm_above = crate::engine::kes(2_000);
        builder.policy(policy)
    })
    .await;
    let (id, payment) = desk.asked(1).await;
    let claimed = desk.daraja.pay(&desk.prompt());
    desk.daraja.refuse(&desk.prompt(), "1032");
    assert_eq!(desk.receive(&claimed).await, WebhookStatus::Applied);
    assert_eq!(desk.status(payment).await, TransactionStatus::Processing, "the callback is unconfirmed");
    desk.work().await;
    assert_eq!(desk.status(payment).await, TransactionStatus::Failed, "the query denies it");
    assert_eq!(desk.balance(CLEARING).await, 0);

    let again = desk.push(id).await;
    desk.receive(&desk.daraja.pay(&desk.prompt())).await;
    assert_eq!(desk.status(again).await, TransactionStatus::Processing);
    desk.work().await;
    assert_eq!(desk.status(again).await, TransactionStatus::Completed);
    assert_eq!(desk.books().await, [(CLEARING, -2_738), (Account::Escrow(id), 2_738)]);
    assert_eq!(desk.booking(id).await.payment.method, Some(PaymentMethod::Mpesa));
}
