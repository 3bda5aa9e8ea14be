//! Contradicting verdicts of banks, and webhooks without new information.

use baitech_core::{
    booking::{BookingStatus as Status, PaymentStatus},
    kernel::Rule,
    ledger::Account,
    payment::{NewPayment, WebhookStatus},
    transaction::{MoveDoubt, PaymentMethod, PersonTask, TransactionStatus},
};
use chrono::TimeDelta;

use crate::{
    support::{assert_refused, kes, run},
    till::Till,
};

const STRIPE: Account = Account::Clearing(PaymentMethod::Stripe);
const CONTESTED: &str = "c1;caller:;contested;2738;;";
const WON: &str = "c2;caller:;won;;;";
const LOST: &str = "c3;caller:;lost;;;";

#[test]
fn contradicting_verdicts_wait_for_a_person_in_any_order() {
    for released in [false, true] {
        for (first, second) in [(WON, LOST), (LOST, WON)] {
            for won in [true, false] {
                let till = Till::new();
                let (id, payment) = if released {
                    till.released(PaymentMethod::Card)
                } else {
                    till.paid(PaymentMethod::Card)
                };
                till.call(payment, CONTESTED);
                till.call(payment, first);
                till.call(payment, second);
                assert_eq!(till.last_webhook_result(), WebhookStatus::NeedsPerson);
                assert_eq!(till.load(payment).person_tasks(), [PersonTask::Verdict]);
                till.world.clock.advance(TimeDelta::days(3));
                till.work();
                let technician = Account::Payable(till.world.technician.id);
                assert_eq!(till.balance(technician), 0, "nothing is released before the decision");
                let support = till.world.support.actor();
                run(till.payments().decide_verdict(&support, payment, won)).unwrap();
                assert!(!till.load(payment).needs_person());
                till.world.clock.advance(TimeDelta::days(2));
                till.work();
                let case = format!("released {released}, {first} then {second}, won {won}");
                if won {
                    assert_eq!(till.balance(technician), 2_278, "{case}");
                    assert_eq!(till.balance(STRIPE), -2_738, "{case}");
                    assert_eq!(till.load(payment).status, TransactionStatus::Completed, "{case}");
                    assert_eq!(till.world.load(id).payment.status, PaymentStatus::Completed, "{case}");
                } else {
                    assert_eq!(till.books(), [], "{case}");
                    assert_eq!(till.load(payment).status, TransactionStatus::Refunded, "{case}");
                }
                let again = run(till.payments().decide_verdict(&support, payment, won));
                assert_refused(again, Rule::ALREADY_DECIDED);
            }
        }
    }
}

#[test]
fn repeated_verdict_is_a_duplicate() {
    for verdict in ["won", "lost"] {
        let till = Till::new();
        let (_, payment) = till.paid(PaymentMethod::Card);
        till.call(payment, CONTESTED);
        till.call(payment, &format!("v1;caller:;{verdict};;;"));
        let books = till.books();
        till.call(payment, &format!("v2;caller:;{verdict};;;"));
        till.call(payment, "c9;caller:;contested;2738;;");
        let (applied, duplicate) = (WebhookStatus::Applied, WebhookStatus::Duplicate);
        assert_eq!(till.webhook_results(), [applied, applied, duplicate, duplicate]);
        assert_eq!(till.books(), books);
    }
}

#[test]
fn chargeback_won_later_reverses_the_loss_beyond_the_payment() {
    let till = Till::new();
    let (_, payment) = till.paid(PaymentMethod::Card);
    let support = till.world.support.actor();
    let refund = run(till.payments().refund(&support, payment, kes(738), "sorry")).unwrap().id;
    till.call(refund, "r1;caller:;paid;738;re_1;");
    for call in [CONTESTED, LOST, WON] {
        till.call(payment, call);
    }
    assert_eq!(till.balance(Account::Losses), -738);
    run(till.payments().decide_verdict(&support, payment, true)).unwrap();
    assert_eq!(till.balance(Account::Losses), 0);
    assert_eq!(till.load(payment).status, TransactionStatus::PartiallyRefunded);
    assert_eq!(till.load(payment).captured().unwrap(), kes(2_000));
    assert_eq!(till.balance(STRIPE), -2_000);
}

#[test]
fn second_chargeback_waits_for_a_person_while_the_first_is_open() {
    let till = Till::new();
    let (id, payment) = till.paid(PaymentMethod::Card);
    till.call(payment, CONTESTED);
    till.call(payment, "d1;caller:;contested-again;500;;");
    assert_eq!(till.last_webhook_result(), WebhookStatus::NeedsPerson);
    let tasks = till.load(payment).person_tasks();
    assert_eq!(tasks, [PersonTask::Chargeback, PersonTask::ProviderMove(MoveDoubt::Contested)]);
    till.call(payment, WON);
    assert!(till.world.load(id).payment.on_hold);
    let support = till.world.support.actor();
    run(till.payments().decide_provider_move(&support, payment, false, None)).unwrap();
    assert!(!till.world.load(id).payment.on_hold);

    let till = Till::new();
    let (_, payment) = till.paid(PaymentMethod::Card);
    till.call(payment, CONTESTED);
    till.call(payment, WON);
    till.call(payment, "d1;caller:;contested-again;500;;");
    assert_eq!(till.last_webhook_result(), WebhookStatus::Applied);
    assert_eq!(till.load(payment).person_tasks(), [PersonTask::Chargeback]);
}

#[test]
fn money_that_a_bank_returns_makes_up_for_a_refund_at_the_provider() {
    let till = Till::new();
    till.card.answers_settled("ch_1");
    let by_card = NewPayment { method: Some(PaymentMethod::Card), ..NewPayment::default() };
    let top_up = run(till.payments().top_up(&till.customer(), kes(500), &by_card)).unwrap().transaction.id;
    till.call(top_up, "c1;caller:;contested;500;;");
    till.call(top_up, LOST);
    // The provider returns the money too, so the payer has it twice.
    till.call(top_up, "e1;caller:;refunded;500;re_1;");
    let support = till.world.support.actor();
    run(till.payments().decide_provider_move(&support, top_up, true, None)).unwrap();
    assert_eq!(till.balance(Account::Losses), -500);
    till.call(top_up, WON);
    run(till.payments().decide_verdict(&support, top_up, true)).unwrap();
    assert_eq!(till.balance(Account::Losses), 0);
    assert_eq!(till.balance(Account::Wallet(till.world.customer.id)), 0, "the payer has it on the card");
    assert_eq!(till.balance(STRIPE), 0);
    assert_eq!(till.load(top_up).status, TransactionStatus::Refunded);
}

#[test]
fn webhook_that_changes_nothing_is_not_applied() {
    let till = Till::new();
    let id = till.accepted(PaymentMethod::Mpesa);
    let payment = till.pay(id).unwrap().transaction.id;
    for (call, expected) in [
        ("a1;caller:;failed;;;", WebhookStatus::Applied),
        ("a2;caller:;failed;;;", WebhookStatus::Duplicate),
        ("a3;caller:;paid;2738;SJK1;", WebhookStatus::Applied),
        ("a4;caller:;paid;2738;SJK1;", WebhookStatus::Duplicate),
        ("a5;caller:;failed;;;", WebhookStatus::Ignored),
        ("a6;caller:;details;2738;SJK1;", WebhookStatus::Duplicate),
        ("a7;caller:;nothing;;;", WebhookStatus::Ignored),
        ("a8;caller:;paid;2700;SJK1;", WebhookStatus::NeedsPerson),
    ] {
        till.call(payment, call);
        assert_eq!(till.last_webhook_result(), expected, "{call}");
    }
    assert_eq!(till.balance(Account::Escrow(id)), 2_738);
    let support = till.world.support.actor();
    run(till.payments().decide_outcome(&support, payment, true, None)).unwrap();
    till.world.drive(id, Status::Paid);
}

#[test]
fn details_with_another_receipt_wait_for_a_person() {
    let till = Till::new();
    let (_, payment) = till.held(PaymentMethod::Mpesa);
    till.call(payment, "d1;caller:;details;2738;SJK9;");
    assert_eq!(till.last_webhook_result(), WebhookStatus::NeedsPerson);
    assert_eq!(till.load(payment).gateway.receipt.as_deref(), Some("R1"));
}

#[test]
fn payout_with_two_receipts_waits_for_a_person() {
    let till = Till::new();
    till.released(PaymentMethod::Mpesa);
    let (technician, id) = (till.world.technician.actor(), till.world.technician.id);
    let asked = baitech_core::payment::NewPayout::default();
    let payout = run(till.payments().request_payout(&technician, id, kes(1_000), &asked)).unwrap().id;
    till.call(payout, "p1;caller:;paid;990;SJP1;");
    till.call(payout, "p2;caller:;paid;990;SJP2;");
    assert_eq!(till.last_webhook_result(), WebhookStatus::NeedsPerson);
    assert!(till.load(payout).needs_person());
}
