//! Concurrent callbacks, each in its own task.

use std::sync::Arc;

use baitech_core::{
    booking::Booking,
    kernel::{Entropy, Id, SystemEntropy},
    ledger::Account,
    payment::WebhookStatus,
    transaction::{PaymentMethod, Transaction, TransactionStatus},
};
use baitech_providers::testing::{Callback, Endpoint};
use chrono::TimeDelta;

use crate::desk::{CLEARING, Desk};

/// Delivers all callbacks concurrently and returns how many took effect.
async fn at_once(desk: &Arc<Desk>, callbacks: Vec<Callback>) -> usize {
    let barrier = Arc::new(tokio::sync::Barrier::new(callbacks.len()));
    let tasks: Vec<_> = callbacks
        .into_iter()
        .map(|callback| {
            let (desk, barrier) = (Arc::clone(desk), Arc::clone(&barrier));
            tokio::spawn(async move {
                barrier.wait().await;
                desk.receive(&callback).await
            })
        })
        .collect();
    let mut applied = 0;
    for task in tasks {
        match task.await.unwrap() {
            WebhookStatus::Applied => applied += 1,
            WebhookStatus::Duplicate => {}
            other => panic!("{other:?}"),
        }
    }
    applied
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn ten_concurrent_callbacks_are_ten_payments() {
    let desk = Arc::new(Desk::open().await);
    let mut callbacks = Vec::new();
    let mut payments = Vec::new();
    // Weekends cost more.
    for day in [1, 2, 3, 4, 7, 8, 9, 10, 11, 14] {
        let (id, payment) = desk.asked(day).await;
        callbacks.push(desk.daraja.pay(&desk.prompt()));
        payments.push((id, payment));
    }
    assert_eq!(at_once(&desk, callbacks).await, 10);
    for (id, payment) in payments {
        assert_eq!(desk.status(payment).await, TransactionStatus::Completed);
        assert_eq!(desk.balance(Account::Escrow(id)).await, 2_738);
    }
    assert_eq!(desk.store.ledger_entries().len(), 10);
    assert_eq!(desk.balance(CLEARING).await, -27_380);
    desk.books().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn eight_concurrent_copies_of_a_callback_pay_once() {
    for _ in 0..20 {
        let desk = Arc::new(Desk::open().await);
        let (id, _) = desk.asked(1).await;
        let paid = desk.daraja.pay(&desk.prompt());
        assert_eq!(at_once(&desk, vec![paid; 8]).await, 1);
        assert_eq!(desk.store.ledger_entries().len(), 1);
        assert_eq!(desk.books().await, [(CLEARING, -2_738), (Account::Escrow(id), 2_738)]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn eight_concurrent_copies_of_a_deposit_are_credited_once() {
    for _ in 0..20 {
        let desk = Arc::new(Desk::open().await);
        let deposit = desk.daraja.deposit("254700000001", "254700000001", "700.00");
        assert_eq!(at_once(&desk, vec![deposit; 8]).await, 1);
        assert_eq!(desk.books().await, [(CLEARING, -700), (Account::Wallet(desk.customer.id), 700)]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_callback_and_deposit_of_one_push_pay_once() {
    for _ in 0..20 {
        let desk = Arc::new(Desk::open().await);
        let (id, _) = desk.asked(1).await;
        let paid = desk.daraja.pay(&desk.prompt());
        let deposit = desk.daraja.as_deposit(&desk.prompt());
        at_once(&desk, [paid, deposit].into_iter().cycle().take(8).collect()).await;
        assert_eq!(desk.store.ledger_entries().len(), 1);
        assert_eq!(desk.books().await, [(CLEARING, -2_738), (Account::Escrow(id), 2_738)]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn callbacks_in_any_order_have_the_same_balances() {
    let entropy = SystemEntropy;
    for _ in 0..20 {
        let desk = Arc::new(Desk::open().await);
        let (id, payment) = desk.asked(1).await;
        let failed = desk.daraja.refuse(&desk.prompt(), "1037");
        let paid = desk.daraja.pay(&desk.prompt());
        let deposit = desk.daraja.as_deposit(&desk.prompt());
        let mut calls: Vec<_> = [failed, paid, deposit].into_iter().cycle().take(9).collect();
        for n in (1..calls.len()).rev() {
            let mut random = [0];
            entropy.fill(&mut random);
            calls.swap(n, usize::from(random[0]) % (n + 1));
        }
        for call in &calls {
            desk.receive(call).await;
        }
        assert_eq!(desk.status(payment).await, TransactionStatus::Completed);
        assert_eq!(desk.books().await, [(CLEARING, -2_738), (Account::Escrow(id), 2_738)], "{calls:?}");
        assert_eq!(desk.booking(id).await.payment.method, Some(PaymentMethod::Mpesa));
    }
}

/// Starts a payment whose push is answered only when the test allows it, and waits until the prompt is on
/// the phone.
async fn push_without_answer(desk: &Arc<Desk>) -> (Id<Booking>, tokio::task::JoinHandle<Id<Transaction>>) {
    let id = desk.accepted(PaymentMethod::Mpesa, 1).await;
    desk.daraja.withhold_answers(Endpoint::Push);
    let paying = Arc::clone(desk);
    let payment = tokio::spawn(async move { paying.push(id).await });
    while desk.daraja.prompts().is_empty() {
        tokio::task::yield_now().await;
    }
    (id, payment)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn callback_before_the_push_response_pays_once() {
    let desk = Arc::new(Desk::open().await);
    let (id, payment) = push_without_answer(&desk).await;
    assert_eq!(desk.receive(&desk.daraja.pay(&desk.prompt())).await, WebhookStatus::Applied);
    desk.daraja.release_answers();
    let payment = payment.await.unwrap();
    assert_eq!(desk.status(payment).await, TransactionStatus::Completed);
    assert_eq!(desk.books().await, [(CLEARING, -2_738), (Account::Escrow(id), 2_738)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn push_response_after_its_failure_callback_does_not_block_another_attempt() {
    let desk = Arc::new(Desk::open().await);
    let (id, payment) = push_without_answer(&desk).await;
    assert_eq!(desk.receive(&desk.daraja.refuse(&desk.prompt(), "1001")).await, WebhookStatus::Applied);
    desk.daraja.release_answers();
    let payment = payment.await.unwrap();
    desk.later(TimeDelta::minutes(2)).await;
    assert_eq!(desk.daraja.prompts().len(), 2, "another push is sent");
    desk.receive(&desk.daraja.pay(&desk.prompt())).await;
    assert_eq!(desk.status(payment).await, TransactionStatus::Completed);
    assert_eq!(desk.books().await, [(CLEARING, -2_738), (Account::Escrow(id), 2_738)]);
}
