//! Regression tests for faults that the simulated marketplace found.

use baitech_core::{
    booking::{BookingStatus, DisputeCategory, DisputeOutcome, PaymentStatus},
    kernel::Rule,
    ledger::Account,
    payment::{FraudPolicy, NewPayment, NewPayout, RuleFraudScorer},
    store::IdempotencyKey,
    transaction::{
        Declined, FraudCheck, FraudDecision, FraudScorer, FraudSignals, Outcome, PaymentMethod, Proof,
        TransactionKind, TransactionStatus,
    },
};
use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    provider::declined,
    support::{assert_refused, kes, run},
    till::Till,
};

#[test]
fn retried_payment_does_not_return_to_an_earlier_status() {
    let till = Till::new();
    let id = till.accepted(PaymentMethod::Mpesa);
    let payment = till.pay(id).unwrap().transaction.id;
    assert_eq!(till.load(payment).status, TransactionStatus::Processing);
    till.mpesa.answers_with(Ok(busy()));
    till.world.clock.advance(TimeDelta::seconds(75));
    till.work();
    assert_eq!(till.load(payment).status, TransactionStatus::Processing);
    till.world.clock.advance(TimeDelta::seconds(10));
    till.work();
    assert_eq!(till.mpesa.count("charge"), 2, "the worker queries it again");
    till.call(payment, "n1;caller:;paid;2738;SJK1;");
    assert_eq!(till.load(payment).status, TransactionStatus::Completed);
}

#[test]
fn idempotency_keys_of_payments_do_not_expire() {
    let till = Till::new();
    let top_up = || {
        let keyed = till.payments().idempotency_key(IdempotencyKey::new("again").unwrap());
        run(keyed.top_up(&till.customer(), kes(500), &NewPayment::default())).unwrap().transaction.id
    };
    let first = top_up();
    till.world.clock.advance(TimeDelta::days(30));
    // A later commit lets the store delete expired records.
    let other = till.world.stranger.clone();
    till.fill_wallet(&other, 100);
    assert_eq!(top_up(), first);
    assert_eq!(till.of_kind(TransactionKind::WalletTopup).len(), 2, "one each");
}

fn busy() -> Outcome {
    Outcome::Declined(Declined {
        code: "1001".to_owned(),
        reason: "busy".to_owned(),
        retry_after: Some(TimeDelta::seconds(10)),
    })
}

#[test]
fn late_outcome_of_an_earlier_attempt_sends_no_new_charge() {
    let till = Till::new();
    let id = till.accepted(PaymentMethod::Mpesa);
    let payment = till.pay(id).unwrap().transaction.id;
    let first = till.load(payment).gateway.reference.clone().unwrap();
    till.mpesa.answers_with(Ok(busy()));
    till.world.clock.advance(TimeDelta::seconds(75));
    till.work();
    till.world.clock.advance(TimeDelta::seconds(10));
    till.work();
    assert_eq!(till.mpesa.count("charge"), 2);
    till.call(payment, &format!("n1;caller:{first};failed;;;"));
    let second = till.load(payment);
    assert!(second.status.is_open() && !second.is_mismatched(), "the second attempt is under way");
    till.call(payment, "n2;caller:;paid;2738;SJK1;");
    assert_eq!(till.load(payment).status, TransactionStatus::Completed);
    assert_eq!(till.balance(Account::Escrow(id)), 2_738);
}

#[test]
fn late_large_payment_counts_after_a_status_query() {
    let mut policy = baitech_core::booking::BookingPolicy::default();
    policy.payment.confirm_above = kes(1_000);
    let till = Till::with(|builder| builder.policy(policy));
    let id = till.accepted(PaymentMethod::Mpesa);
    let payment = till.pay(id).unwrap().transaction.id;
    till.call(payment, "n1;caller:;failed;;;");
    assert_eq!(till.load(payment).status, TransactionStatus::Failed);
    till.call(payment, "n2;caller:;paid;2738;SJK1;");
    till.call(payment, "n3;caller:;failed;;;");
    assert_eq!(till.books(), [], "the webhook is unsigned");
    till.mpesa.answers_settled("SJK1");
    till.work();
    assert_eq!(till.balance(Account::Escrow(id)), 2_738);

    // A report that the provider denies is dropped.
    let till = Till::with(|builder| {
        let mut policy = baitech_core::booking::BookingPolicy::default();
        policy.payment.confirm_above = kes(1_000);
        builder.policy(policy)
    });
    let id = till.accepted(PaymentMethod::Mpesa);
    let payment = till.pay(id).unwrap().transaction.id;
    till.call(payment, "n1;caller:;failed;;;");
    till.call(payment, "n2;caller:;paid;2738;SJK1;");
    till.mpesa.answers_with(declined("1032"));
    till.work();
    let denied = till.load(payment);
    assert!(!denied.gateway.awaits_confirmation && denied.gateway.next_at.is_none());
    assert_eq!(till.books(), []);
}

#[test]
fn double_payment_is_refunded_once() {
    let mut policy = baitech_core::booking::BookingPolicy::default();
    policy.payment.on_second_receipt = baitech_core::transaction::OnSecondReceipt::Refund;
    let till = Till::with(|builder| builder.policy(policy));
    let id = till.accepted(PaymentMethod::Mpesa);
    let payment = till.pay(id).unwrap().transaction;
    till.call_at("paybill", &format!("d1;account:{};deposit;2738;SJD1;", payment.number));
    for notice in ["n1", "n2"] {
        till.call(payment.id, &format!("{notice};caller:;paid;2738;SJK1;"));
    }
    let [refund] = &till.of_kind(TransactionKind::Refund)[..] else { panic!("one refund") };
    assert_eq!(till.balance(Account::Escrow(id)), 2_738);
    assert_eq!(till.balance(Account::Reserved(refund.id)), 2_738);
    assert_eq!(till.balance(Account::Clearing(PaymentMethod::Mpesa)), -5_476);
    assert!(till.load(payment.id).refunds.is_empty(), "the payment itself is not refunded");
}

#[test]
fn refunded_money_does_not_pay_again() {
    let till = Till::new();
    let id = till.accepted(PaymentMethod::Mpesa);
    let payment = till.pay(id).unwrap().transaction;
    till.call(payment.id, "n1;caller:;paid;2700;SJK1;");
    till.call(payment.id, "n2;caller:;paid;2738;SJK2;");
    let support = till.world.support.actor();
    run(till.payments().decide_mismatch(&support, payment.id, false)).unwrap();
    // The correct money counts and the wrong money is being refunded: neither counts again.
    till.call(payment.id, "n3;caller:;paid;2738;SJK2;");
    till.call(payment.id, "n4;caller:;paid;2700;SJK1;");
    assert_eq!(till.load(payment.id).status, TransactionStatus::Completed);
    assert_eq!(till.balance(Account::Clearing(PaymentMethod::Mpesa)), -5_438);
    assert_eq!(till.of_kind(TransactionKind::Refund).len(), 1);
}

#[test]
fn deposit_of_another_sum_is_not_the_payment_without_a_receipt() {
    let till = Till::new();
    let id = till.accepted(PaymentMethod::Mpesa);
    let payment = till.pay(id).unwrap().transaction;
    till.mpesa.answers_with(Ok(Outcome::Settled(Proof::default())));
    till.world.clock.advance(TimeDelta::seconds(75));
    till.work();
    assert_eq!(till.balance(Account::Escrow(id)), 2_738);
    till.call_at("paybill", &format!("d1;account:{};deposit;112;SJD1;", payment.number));
    assert_eq!(till.balance(Account::Wallet(till.world.customer.id)), 112);
    till.call(payment.id, "n1;caller:;paid;2738;SJK1;");
    assert_eq!(till.load(payment.id).gateway.receipt.as_deref(), Some("SJK1"));
    assert!(till.of_kind(TransactionKind::Refund).is_empty());
}

#[test]
fn deposit_pays_only_transactions_of_its_own_provider() {
    let till = Till::new();
    let id = till.accepted(PaymentMethod::Card);
    let payment = till.pay(id).unwrap().transaction;
    till.call_at("paybill", &format!("d1;account:{};deposit;2738;SJD1;", payment.number));
    assert!(till.load(payment.id).status.is_open());
    assert_eq!(
        till.balance(Account::Clearing(PaymentMethod::Mpesa)),
        -2_738,
        "the provider that holds the money"
    );
    assert_eq!(till.balance(Account::Wallet(till.world.customer.id)), 2_738);
}

#[test]
fn early_chargeback_decision_is_applied_after_the_dispute_event() {
    let till = Till::new();
    let (id, payment) = till.paid(PaymentMethod::Card);
    till.call(payment, "c2;caller:;lost;;;");
    assert_eq!(till.balance(Account::Escrow(id)), 2_738);
    till.call(payment, "c1;caller:;contested;2738;;");
    till.world.clock.advance(TimeDelta::hours(1));
    till.work();
    assert_eq!(till.books(), []);
    assert_eq!(till.load(payment).status, TransactionStatus::Refunded);
}

#[test]
fn money_under_chargeback_does_not_move() {
    let till = Till::new();
    let (id, payment) = till.released(PaymentMethod::Card);
    till.call(payment, "c1;caller:;contested;2738;;");
    let (customer, support) = (till.customer(), till.world.support.actor());
    assert_refused(run(till.payments().refund(&support, payment, kes(1), "sorry")), Rule::UNDER_REVIEW);
    run(till.world.bookings().dispute(&customer, id, DisputeCategory::Quality, "it drips")).unwrap();
    let resolve = |outcome| {
        run(till.world.bookings().resolve_dispute(&support, id, outcome, "heard both"))
            .map(|done| done.status)
    };
    for outcome in [DisputeOutcome::Release, DisputeOutcome::FullRefund] {
        assert_refused(resolve(outcome), Rule::UNDER_REVIEW);
    }
    till.call(payment, "c2;caller:;won;;;");
    let technician = Account::Payable(till.world.technician.id);
    assert_eq!(till.balance(technician), 0, "it is still disputed");
    resolve(DisputeOutcome::Release).unwrap();
    assert_eq!(till.balance(technician), 2_278);

    let till = Till::new();
    let (id, payment) = till.held(PaymentMethod::Card);
    till.call(payment, "c1;caller:;contested;2738;;");
    let cancelled = run(till.world.as_shown(id).cancel(&till.customer(), id, "no need"));
    assert_refused(cancelled, Rule::UNDER_REVIEW);
}

#[test]
fn payment_rejected_in_review_is_refunded_when_its_money_arrives() {
    let till = Till::with(|builder| {
        let policy =
            FraudPolicy { approve_up_to: 0, assumed_usual_amount: 100.into(), ..FraudPolicy::default() };
        builder.fraud_scorer(std::sync::Arc::new(RuleFraudScorer::new(policy)))
    });
    let id = till.accepted(PaymentMethod::Mpesa);
    let payment = till.pay(id).unwrap().transaction.id;
    run(till.payments().review(&till.world.support.actor(), payment, false)).unwrap();
    till.call(payment, "n1;caller:;paid;2738;SJK1;");
    assert_eq!(till.load(payment).status, TransactionStatus::Refunded);
    assert_eq!(till.balance(Account::Escrow(id)), 0);
    let refund = till.of_kind(TransactionKind::Refund)[0].id;
    assert_eq!(till.balance(Account::Reserved(refund)), 2_738);
}

#[test]
fn rejected_payment_of_a_cash_job_leaves_it_to_be_paid_in_cash() {
    let till = Till::with(|builder| {
        let policy =
            FraudPolicy { approve_up_to: 0, assumed_usual_amount: 100.into(), ..FraudPolicy::default() };
        builder.fraud_scorer(std::sync::Arc::new(RuleFraudScorer::new(policy)))
    });
    let id = till.accepted(PaymentMethod::Cash);
    let open_jobs = Account::OpenCashJobs(till.world.technician.id);
    assert_eq!(till.balance(open_jobs), -460);
    let by_phone = NewPayment { method: Some(PaymentMethod::Mpesa), ..NewPayment::default() };
    let total = till.world.load(id).pricing.total;
    let asked = till.payments().max_price(total);
    let payment = run(asked.pay(&till.customer(), id, &by_phone)).unwrap().transaction.id;
    run(till.payments().review(&till.world.support.actor(), payment, false)).unwrap();
    till.call(payment, "n1;caller:;paid;2738;SJK1;");
    assert_eq!(till.load(payment).status, TransactionStatus::Refunded);
    assert_eq!(till.world.load(id).payment.status, PaymentStatus::Failed, "it never paid the booking");
    assert_eq!(till.balance(open_jobs), -460, "the technician will still owe the commission");
    till.world.drive(id, BookingStatus::Paid);
    assert_eq!(till.world.load(id).payment.status, PaymentStatus::Completed);
    assert_eq!(till.balance(open_jobs), 0);
}

#[test]
fn chargeback_beyond_the_payment_is_a_loss_and_from_an_empty_wallet_a_debt() {
    let till = Till::new();
    let (_, payment) = till.paid(PaymentMethod::Card);
    let support = till.world.support.actor();
    run(till.payments().refund(&support, payment, kes(738), "sorry")).unwrap();
    till.call(payment, "c1;caller:;contested;2738;;");
    till.call(payment, "c2;caller:;lost;;;");
    assert_eq!(till.balance(Account::Losses), -738);
    assert_eq!(till.load(payment).status, TransactionStatus::Refunded);

    let till = Till::new();
    let customer = till.world.customer.id;
    till.card.answers_settled("ch_1");
    let by_card = NewPayment { method: Some(PaymentMethod::Card), ..NewPayment::default() };
    let top_up = run(till.payments().top_up(&till.customer(), kes(500), &by_card)).unwrap().transaction.id;
    run(till.payments().withdraw(&till.customer(), kes(400), &NewPayout::default())).unwrap();
    till.call(top_up, "c1;caller:;contested;500;;");
    till.call(top_up, "c2;caller:;lost;;;");
    assert_eq!(till.load(top_up).status, TransactionStatus::Refunded);
    assert_eq!(till.balance(Account::Wallet(customer)), 100);
    assert_eq!(till.balance(Account::Receivable(customer)), -500);
}

/// Sends only the first payment to review.
#[derive(Debug, Default)]
struct SuspectsTheFirst(std::sync::atomic::AtomicBool);

impl FraudScorer for SuspectsTheFirst {
    fn score(&self, _: &FraudSignals, now: DateTime<Utc>) -> FraudCheck {
        let first = !self.0.swap(true, std::sync::atomic::Ordering::SeqCst);
        let decision = if first { FraudDecision::Review } else { FraudDecision::Approve };
        FraudCheck { score: 31, decision, reasons: Vec::new(), checked_at: now, review: None }
    }
}

#[test]
fn review_of_a_failed_payment_does_not_hold_the_next_one() {
    let till = Till::with(|builder| builder.fraud_scorer(std::sync::Arc::new(SuspectsTheFirst::default())));
    let id = till.accepted(PaymentMethod::Mpesa);
    let suspected = till.pay(id).unwrap().transaction.id;
    assert!(till.world.load(id).payment.on_hold);
    till.call(suspected, "n1;caller:;failed;;;");
    assert!(!till.world.load(id).payment.on_hold, "there is nothing to hold");
    till.mpesa.answers_settled("SJK2");
    till.pay(id).unwrap();
    till.world.drive(id, BookingStatus::Paid);
    till.world.clock.advance(TimeDelta::hours(25));
    till.work();
    assert_eq!(till.balance(Account::Escrow(id)), 0);
    assert_eq!(till.balance(Account::Payable(till.world.technician.id)), 2_278);
}
