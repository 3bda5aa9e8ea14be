//! Fraud reviews before and after the capture.

use std::sync::Arc;

use baitech_core::{
    booking::{BookingStatus as Status, PaymentStatus},
    kernel::Rule,
    ledger::Account,
    transaction::{
        FraudCheck, FraudDecision, FraudScorer, FraudSignals, Outcome, PaymentMethod, TransactionStatus,
    },
};
use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    support::{assert_refused, run},
    till::Till,
};

/// A fraud check that gives every payment the same score.
#[derive(Debug)]
struct Looks(FraudDecision);

impl FraudScorer for Looks {
    fn score(&self, _: &FraudSignals, now: DateTime<Utc>) -> FraudCheck {
        FraudCheck { score: 50, decision: self.0, reasons: Vec::new(), checked_at: now, review: None }
    }
}

pub(crate) fn suspicious(decision: FraudDecision) -> Till {
    Till::with(|builder| builder.fraud_scorer(Arc::new(Looks(decision))))
}

#[test]
fn blocked_payment_is_not_sent_and_is_recorded() {
    let till = suspicious(FraudDecision::Block);
    let id = till.accepted(PaymentMethod::Mpesa);
    assert_refused(till.pay(id).map(drop), Rule::PAYMENT_DECLINED);
    assert_eq!(till.mpesa.calls(), []);
    let attempt = &till.transactions()[0];
    assert_eq!(attempt.status, TransactionStatus::Failed);
    assert_eq!(till.world.load(id).payment.transaction, None);
    till.work();
    assert_eq!(till.mpesa.calls(), []);
}

#[test]
fn captured_payment_is_on_hold_until_reviewed() {
    for approved in [true, false] {
        let till = suspicious(FraudDecision::Review);
        let (id, payment) = till.paid(PaymentMethod::Mpesa);
        assert!(till.world.load(id).payment.on_hold);
        till.world.clock.advance(TimeDelta::days(3));
        till.work();
        assert_eq!(till.balance(Account::Escrow(id)), 2_738);
        let admin = till.world.admin.actor();
        assert_refused(run(till.payments().release(&admin, payment)), Rule::UNDER_REVIEW);
        run(till.payments().review(&till.world.support.actor(), payment, approved)).unwrap();
        let again = run(till.payments().review(&till.world.support.actor(), payment, approved));
        assert_refused(again, Rule::ALREADY_DECIDED);
        till.work();
        let technician = Account::Payable(till.world.technician.id);
        if approved {
            assert_eq!(till.balance(technician), 2_278, "released, since its time has come");
        } else {
            assert_eq!(till.balance(technician), 0);
            assert_eq!(till.load(payment).status, TransactionStatus::Refunded);
            assert_eq!(till.world.load(id).payment.status, PaymentStatus::Refunded);
        }
        assert_eq!(till.balance(Account::Escrow(id)), 0);
    }
}

#[test]
fn card_is_captured_only_after_review() {
    let till = suspicious(FraudDecision::Review);
    let id = till.accepted(PaymentMethod::Card);
    till.card.answers_with(Ok(Outcome::Authorized { reference: "pi_1".to_owned() }));
    let payment = till.pay(id).unwrap().transaction.id;
    assert_eq!(till.card.count("authorize"), 1);
    assert_eq!(till.books(), []);
    run(till.payments().review(&till.world.admin.actor(), payment, true)).unwrap();
    assert_eq!(till.card.count("capture"), 1);
    assert_eq!(till.balance(Account::Escrow(id)), 2_738);

    let till = suspicious(FraudDecision::Review);
    let id = till.accepted(PaymentMethod::Card);
    till.card.answers_with(Ok(Outcome::Authorized { reference: "pi_1".to_owned() }));
    let payment = till.pay(id).unwrap().transaction.id;
    run(till.payments().review(&till.world.admin.actor(), payment, false)).unwrap();
    assert_eq!((till.card.count("release"), till.card.count("capture")), (1, 0));
    assert_eq!(till.load(payment).status, TransactionStatus::Failed);
    assert_eq!(till.world.load(id).payment.status, PaymentStatus::Failed);
    assert_eq!(till.books(), []);
}

#[test]
fn unreviewed_authorization_expires() {
    let till = suspicious(FraudDecision::Review);
    let id = till.accepted(PaymentMethod::Card);
    till.card.answers_with(Ok(Outcome::Authorized { reference: "pi_1".to_owned() }));
    let payment = till.pay(id).unwrap().transaction.id;
    till.world.clock.advance(TimeDelta::days(7));
    till.work();
    assert_eq!(till.load(payment).status, TransactionStatus::Expired);
    assert_eq!(till.world.load(id).status, Status::Cancelled, "not paid in time");
}

#[test]
fn review_before_the_payer_continues_is_applied_at_once() {
    for approved in [true, false] {
        let till = suspicious(FraudDecision::Review);
        let id = till.accepted(PaymentMethod::Card);
        let payment = till.pay(id).unwrap().transaction.id;
        run(till.payments().review(&till.world.admin.actor(), payment, approved)).unwrap();
        till.card.answers_with(Ok(Outcome::Authorized { reference: format!("ref-{payment}-1") }));
        till.world.clock.advance(TimeDelta::seconds(75));
        till.work();
        assert_eq!(till.card.count("capture"), usize::from(approved));
        assert_eq!(till.card.count("release"), usize::from(!approved));
        assert_eq!(till.balance(Account::Escrow(id)), if approved { 2_738 } else { 0 });
    }
}

#[test]
fn failed_void_is_followed_by_a_status_query() {
    for taken in [true, false] {
        let till = suspicious(FraudDecision::Review);
        let id = till.accepted(PaymentMethod::Card);
        till.card.answers_with(Ok(Outcome::Authorized { reference: "pi_1".to_owned() }));
        let payment = till.pay(id).unwrap().transaction.id;
        // The authorisation was captured or voided on the provider's dashboard.
        till.card.answers_with(crate::provider::declined("unexpected_state"));
        if taken {
            till.card.answers_settled("ch_1");
        } else {
            till.card.answers_with(crate::provider::declined("canceled"));
        }
        run(till.payments().review(&till.world.admin.actor(), payment, false)).unwrap();
        // The captured money is refunded.
        assert_eq!(till.balance(Account::Escrow(id)), 0);
        let refunds = till.of_kind(baitech_core::transaction::TransactionKind::Refund);
        let back: Vec<i64> =
            refunds.iter().map(|refund| till.balance(Account::Reserved(refund.id))).collect();
        assert_eq!(back, if taken { vec![2_738] } else { vec![] });
        assert_eq!(till.load(payment).status.is_settled(), taken);

        let till = suspicious(FraudDecision::Review);
        let id = till.accepted(PaymentMethod::Card);
        till.card.answers_with(Ok(Outcome::Authorized { reference: "pi_1".to_owned() }));
        let payment = till.pay(id).unwrap().transaction.id;
        till.card.answers_with(Ok(Outcome::Pending));
        run(till.payments().review(&till.world.admin.actor(), payment, false)).unwrap();
        assert!(till.load(payment).status.is_open(), "the outcome is still unknown");
        till.world.clock.advance(TimeDelta::seconds(75));
        till.work();
        assert_eq!(till.card.count("release"), 2);
        assert_eq!(till.load(payment).status, TransactionStatus::Failed);
    }
}
