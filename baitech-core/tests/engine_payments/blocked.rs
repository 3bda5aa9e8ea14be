//! Due work whose provider is missing from the configuration stays due and is reported.

use baitech_core::{
    Marketplace, WorkDone,
    booking::BookingPolicy,
    kernel::SeededEntropy,
    ledger::Account,
    payment::{NewPayout, WebhookStatus},
    store::AggregateRef,
    transaction::{PaymentMethod, TransactionKind, TransactionStatus},
};
use chrono::TimeDelta;
use std::sync::Arc;

use crate::{
    support::{kes, run},
    till::Till,
};

/// The same store and clock in a process that has no provider configured.
fn without_providers(till: &Till) -> Marketplace {
    Marketplace::builder(till.world.store.clone())
        .clock(till.world.clock.clone())
        .entropy(Arc::new(SeededEntropy::new(11)))
        .build()
}

fn work(market: &Marketplace) -> WorkDone {
    run(market.worker().run_until_idle()).unwrap()
}

#[test]
fn a_weekly_batch_without_a_payout_provider_is_reported_and_the_technician_stays_due() {
    let till = Till::new();
    till.released(PaymentMethod::Card);
    let technician = till.world.technician.id;
    let owed = till.balance(Account::Payable(technician));
    assert!(owed > 0);
    till.world.clock.advance(TimeDelta::days(8));
    let market = without_providers(&till);
    for _ in 0..3 {
        let done = work(&market);
        assert_eq!((done.failed, done.blocked), (0, 1), "{done:?}");
        assert!(!done.is_complete() && !done.is_idle());
        assert_eq!(done.blocked_by_method.get(&PaymentMethod::Mpesa), Some(&1));
        assert_eq!(done.blocks[0].reason, "the payment method mpesa is not configured");
        assert_eq!(till.balance(Account::Payable(technician)), owed);
        assert_eq!(work(&market).blocked, 0, "the lease delays the next attempt");
        till.world.clock.advance(TimeDelta::seconds(60));
    }
    till.work();
    assert_eq!(till.of_kind(TransactionKind::TechnicianPayout).len(), 1, "a configured worker pays");
    assert_eq!(till.balance(Account::Payable(technician)), 0);
}

#[test]
fn payout_method_without_payouts_is_reported() {
    let mut policy = BookingPolicy::default();
    policy.payment.payout_method = PaymentMethod::Cash;
    let till = Till::with(|builder| builder.policy(policy));
    till.released(PaymentMethod::Mpesa);
    till.world.clock.advance(TimeDelta::days(8));
    let done = till.world.work();
    assert_eq!(done.blocked_by_method.get(&PaymentMethod::Cash), Some(&1), "{done:?}");
    assert_eq!(done.blocks[0].reason, "the payment method cash does not support payouts");
}

#[test]
fn unpayable_payout_amount_is_reported_and_not_settled() {
    let mut policy = BookingPolicy::default();
    policy.payment.payout_minimum = kes(5);
    let till = Till::with(|builder| builder.policy(policy));
    let (_, payment) = till.released(PaymentMethod::Mpesa);
    let (technician, asked) = (till.world.technician.actor(), NewPayout::default());
    let id = till.world.technician.id;
    let payout = run(till.payments().request_payout(&technician, id, kes(2_270), &asked)).unwrap();
    till.call(payout.id, &format!("p1;caller:;paid;{};SJP1;", payout.amount.net.amount()));
    till.world.clock.advance(TimeDelta::days(8));
    let done = till.world.work();
    assert_eq!(done.blocked, 1, "{done:?}");
    assert_eq!(done.blocks[0].reason, "the payment method mpesa cannot pay out 8.00 KES");
    assert!(till.load(payment).settlement.settled_at.is_none());
}

#[test]
fn transactions_of_a_missing_provider_stay_due_until_it_returns() {
    let till = Till::new();
    let id = till.accepted(PaymentMethod::Mpesa);
    let payment = till.pay(id).unwrap().transaction.id;
    till.world.clock.advance(TimeDelta::seconds(75));
    let market = without_providers(&till);
    let done = work(&market);
    assert_eq!((done.blocked, done.failed), (1, 0), "{done:?}");
    assert_eq!(done.blocks[0].target, AggregateRef::Transaction(payment));
    assert_eq!(till.load(payment).status, TransactionStatus::Processing);
    till.world.clock.advance(TimeDelta::seconds(60));
    till.mpesa.answers_settled("SJK1");
    assert!(till.world.work().is_complete());
    assert_eq!(till.balance(Account::Escrow(id)), 2_738);
}

#[test]
fn webhook_about_a_transaction_waits_for_a_process_with_its_provider() {
    let till = Till::new();
    let id = till.accepted(PaymentMethod::Mpesa);
    let payment = till.load(till.pay(id).unwrap().transaction.id);
    let token = payment.gateway.token.clone().unwrap();
    let market = without_providers(&till);
    let call = baitech_core::payment::WebhookCall {
        token,
        headers: Vec::new(),
        body: b"n1;caller:;paid;2738;SJK1;".to_vec(),
        received_at: till.world.now(),
    };
    run(market.payments().receive_webhook(call)).unwrap();
    assert_eq!(till.webhooks()[0].status, WebhookStatus::Received);
    assert_eq!(work(&market).blocked, 1);
    assert_eq!(till.balance(Account::Escrow(id)), 0);
    till.world.clock.advance(TimeDelta::seconds(60));
    till.work();
    assert_eq!(till.webhooks()[0].status, WebhookStatus::Applied);
    assert_eq!(till.balance(Account::Escrow(id)), 2_738);
}

#[test]
fn webhook_under_a_providers_token_waits_for_a_process_with_the_provider() {
    let till = Till::new();
    till.call_at("cards", "n1;reference:ref-late;paid;2738;ch_1;");
    assert_eq!(till.webhooks()[0].status, WebhookStatus::Received);
    till.world.clock.advance(TimeDelta::seconds(5));
    let done = work(&without_providers(&till));
    assert_eq!(done.blocked_by_method.get(&PaymentMethod::Stripe), Some(&1), "{done:?}");
    let waiting = till.webhooks().remove(0);
    assert_eq!(
        (waiting.status, waiting.attempts),
        (WebhookStatus::Received, 1),
        "this does not count as a failed attempt"
    );
}
