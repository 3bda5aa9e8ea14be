//! Refunds and returns that a provider reports without our order.

use baitech_core::{
    booking::{BookingPolicy, BookingStatus as Status, DisputeCategory, PaymentStatus},
    kernel::{Code, Id, Rule},
    ledger::Account,
    payment::{NewPayout, WebhookStatus},
    transaction::{
        MoveDoubt, MoveState, OnProviderMove, PaymentMethod, PersonTask, Transaction, TransactionKind,
        TransactionStatus,
    },
};
use chrono::TimeDelta;
use proptest::prelude::*;

use crate::{
    support::{assert_invalid, assert_refused, kes, run},
    till::Till,
};

const STRIPE: Account = Account::Clearing(PaymentMethod::Stripe);
const MPESA: Account = Account::Clearing(PaymentMethod::Mpesa);

/// A policy under which staff decide on every movement without our order.
fn asking() -> Till {
    let mut policy = BookingPolicy::default();
    policy.payment.on_provider_move = OnProviderMove::AskPerson;
    Till::with(|builder| builder.policy(policy))
}

fn decide(till: &Till, payment: Id<Transaction>, book: bool) -> baitech_core::kernel::Result<()> {
    let support = till.world.support.actor();
    run(till.payments().decide_provider_move(&support, payment, book, None)).map(drop)
}

#[test]
fn refund_at_the_provider_is_booked_and_its_part_is_never_released() {
    let till = Till::new();
    let (id, payment) = till.paid(PaymentMethod::Card);
    till.call(payment, "e1;caller:;refunded;1000;re_1;");
    assert_eq!(till.last_webhook_result(), WebhookStatus::Applied);
    assert_eq!(till.balance(Account::Escrow(id)), 1_738);
    assert_eq!(till.balance(STRIPE), -1_738, "equal to the balance at the provider");
    let [refund] = &till.of_kind(TransactionKind::Refund)[..] else { panic!("one refund") };
    assert_eq!((refund.status, refund.amount.gross), (TransactionStatus::Completed, kes(1_000)));
    assert_eq!(refund.gateway.receipt.as_deref(), Some("re_1"));
    assert_eq!(till.load(payment).status, TransactionStatus::PartiallyRefunded);
    assert_eq!(till.world.load(id).payment.status, PaymentStatus::PartiallyRefunded);
    till.world.clock.advance(TimeDelta::hours(25));
    till.work();
    let left = till.load(payment).net_shares().unwrap();
    assert_eq!(left.total().unwrap(), kes(1_738));
    assert_eq!(till.balance(Account::Escrow(id)), 0, "released");
    assert_eq!(till.balance(STRIPE), -1_738);
    assert_eq!(till.card.count("refund"), 0, "no order is sent to the provider");
}

#[test]
fn refund_at_the_provider_after_the_release_reduces_each_share() {
    let till = Till::new();
    let (_, payment) = till.released(PaymentMethod::Card);
    till.call(payment, "e1;caller:;refunded;1369;re_1;");
    till.call(payment, "e2;caller:;refunded;1369;re_2;");
    assert_eq!(till.books(), [], "the balance of every party is zero");
    assert_eq!(till.load(payment).status, TransactionStatus::Refunded);
}

#[test]
fn refund_reported_in_several_ways_counts_once() {
    let till = Till::new();
    let (id, payment) = till.paid(PaymentMethod::Card);
    for (call, expected) in [
        ("e1;caller:;total;1000;;", WebhookStatus::Applied),
        ("e2;caller:;refunded;1000;re_1;", WebhookStatus::Duplicate),
        ("e3;caller:;refunded;1000;re_1;", WebhookStatus::Duplicate),
        ("e4;caller:;total;1000;;", WebhookStatus::Duplicate),
        ("e4;caller:;total;1000;;", WebhookStatus::Duplicate),
        ("e5;caller:;refunded;700;re_2;", WebhookStatus::Applied),
        ("e6;caller:;total;1700;;", WebhookStatus::Duplicate),
    ] {
        till.call(payment, call);
        assert_eq!(till.last_webhook_result(), expected, "{call}");
    }
    assert_eq!(till.balance(Account::Escrow(id)), 1_038);
    assert_eq!(till.balance(STRIPE), -1_038);
}

#[test]
fn running_total_of_our_own_refunds_is_a_duplicate() {
    let till = Till::new();
    let (id, payment) = till.paid(PaymentMethod::Card);
    let support = till.world.support.actor();
    let refund = run(till.payments().refund(&support, payment, kes(738), "late")).unwrap().id;
    assert!(till.load(refund).status.is_open(), "its outcome is still unknown");
    till.call(payment, "e1;caller:;total;738;;");
    assert_eq!(till.last_webhook_result(), WebhookStatus::Received, "it waits for the refund's own outcome");
    till.call(refund, "e2;caller:;paid;738;re_1;");
    till.world.clock.advance(TimeDelta::seconds(10));
    till.work();
    assert_eq!(till.webhook_results(), [WebhookStatus::Duplicate, WebhookStatus::Applied]);
    assert_eq!((till.balance(Account::Escrow(id)), till.balance(STRIPE)), (2_000, -2_000));
    till.call(payment, "e3;caller:;total;1000;;");
    assert_eq!((till.balance(Account::Escrow(id)), till.balance(STRIPE)), (1_738, -1_738));
}

#[test]
fn running_total_above_an_unanswered_refund_waits_for_its_outcome() {
    for (outcome, escrow, in_wallet) in
        [("e2;caller:;paid;738;re_1;", 1_738, 0), ("e2;caller:;failed;;;", 1_000, 738)]
    {
        let till = Till::new();
        let (id, payment) = till.paid(PaymentMethod::Card);
        let support = till.world.support.actor();
        let refund = run(till.payments().refund(&support, payment, kes(738), "late")).unwrap().id;
        till.call(payment, "e1;caller:;total;1000;;");
        assert_eq!(till.last_webhook_result(), WebhookStatus::Received, "the total may include the refund");
        till.call(refund, outcome);
        till.world.clock.advance(TimeDelta::seconds(10));
        till.work();
        let wallet = till.balance(Account::Wallet(till.world.customer.id));
        assert_eq!((till.balance(Account::Escrow(id)), wallet), (escrow, in_wallet), "{outcome}");
        assert_eq!(till.balance(STRIPE), -1_738, "{outcome}");
    }
}

#[test]
fn refund_reported_before_its_payment_waits_for_it() {
    let till = Till::new();
    let id = till.accepted(PaymentMethod::Card);
    let payment = till.pay(id).unwrap().transaction.id;
    till.call(payment, "e2;caller:;refunded;1000;re_1;");
    assert_eq!(till.last_webhook_result(), WebhookStatus::Received);
    till.call(payment, "e1;caller:;paid;2738;ch_1;");
    till.world.clock.advance(TimeDelta::seconds(10));
    till.work();
    assert_eq!(till.balance(Account::Escrow(id)), 1_738);
}

#[test]
fn failed_refund_books_nothing_in_any_order_of_events() {
    let made = "e1;caller:;refunded;1000;re_1;";
    let failed = "e2;caller:;refund-failed;1000;re_1;";
    let till = Till::new();
    let (id, payment) = till.paid(PaymentMethod::Card);
    till.call(payment, failed);
    till.call(payment, made);
    assert_eq!(till.last_webhook_result(), WebhookStatus::Duplicate, "its failure is known");
    assert_eq!((till.balance(Account::Escrow(id)), till.balance(STRIPE)), (2_738, -2_738));

    for first in [made, "e1;caller:;total;1000;;"] {
        let till = Till::new();
        let (_, payment) = till.paid(PaymentMethod::Card);
        till.call(payment, first);
        till.call(payment, failed);
        assert_eq!(till.last_webhook_result(), WebhookStatus::NeedsPerson, "{first}");
        let refund = till.of_kind(TransactionKind::Refund).pop().unwrap();
        assert_eq!(refund.person_tasks(), [PersonTask::UnknownOutcome], "the money has been returned to us");
        let support = till.world.support.actor();
        run(till.payments().decide_outcome(&support, refund.id, false, None)).unwrap();
        assert_eq!(till.balance(Account::Wallet(till.world.customer.id)), 1_000);
        assert_eq!(till.balance(STRIPE), -2_738);
    }
}

#[test]
fn ambiguous_provider_refund_waits_for_a_person_and_blocks_the_release() {
    for (call, doubt) in [
        ("e1;caller:;refunded;2739;re_1;", MoveDoubt::Exceeds),
        ("e1;caller:;refunded;;re_1;", MoveDoubt::UnknownAmount),
    ] {
        let till = Till::new();
        let (id, payment) = till.paid(PaymentMethod::Card);
        till.call(payment, call);
        assert_eq!(till.last_webhook_result(), WebhookStatus::NeedsPerson);
        assert_eq!(till.load(payment).person_tasks(), [PersonTask::ProviderMove(doubt)]);
        assert!(till.world.load(id).payment.on_hold);
        till.world.clock.advance(TimeDelta::days(5));
        till.work();
        assert_eq!(till.balance(Account::Escrow(id)), 2_738);
        let (admin, support) = (till.world.admin.actor(), till.world.support.actor());
        assert_refused(run(till.payments().release(&admin, payment)), Rule::UNDER_REVIEW);
        assert_refused(run(till.payments().refund(&support, payment, kes(1), "x")), Rule::UNDER_REVIEW);
    }
}

#[test]
fn person_books_or_dismisses_a_provider_move() {
    // The excess is a loss of the platform.
    let till = Till::new();
    let (_, payment) = till.paid(PaymentMethod::Card);
    till.call(payment, "e1;caller:;refunded;3000;re_1;");
    decide(&till, payment, true).unwrap();
    assert_eq!(till.books(), [(STRIPE, 262), (Account::Losses, -262)]);
    assert_refused(decide(&till, payment, true), Rule::ALREADY_DECIDED);

    // The money did not move: it is released as usual.
    let till = asking();
    let (id, payment) = till.paid(PaymentMethod::Card);
    till.call(payment, "e1;caller:;refunded;1000;re_1;");
    assert_eq!(till.load(payment).person_tasks(), [PersonTask::ProviderMove(MoveDoubt::Policy)]);
    decide(&till, payment, false).unwrap();
    till.call(payment, "e2;caller:;total;1000;;");
    assert_eq!(till.last_webhook_result(), WebhookStatus::Duplicate, "it is already decided");
    till.world.clock.advance(TimeDelta::days(2));
    till.work();
    assert_eq!(till.balance(Account::Escrow(id)), 0);
    assert_eq!(till.balance(Account::Payable(till.world.technician.id)), 2_278);

    // Staff supply an amount that was not reported.
    let till = Till::new();
    let (id, payment) = till.paid(PaymentMethod::Card);
    till.call(payment, "e1;caller:;refunded;;re_1;");
    assert_invalid(decide(&till, payment, true), &[("amount", Code::Required)]);
    let support = till.world.support.actor();
    run(till.payments().decide_provider_move(&support, payment, true, Some(kes(700)))).unwrap();
    assert_eq!(till.balance(Account::Escrow(id)), 2_038);
    assert_eq!(till.load(payment).provider_moves[0].state, MoveState::Booked);
}

#[test]
fn released_share_is_frozen_until_a_person_decides() {
    let till = asking();
    let (_, payment) = till.released(PaymentMethod::Card);
    let technician = Account::Payable(till.world.technician.id);
    till.call(payment, "e1;caller:;refunded;1369;re_1;");
    assert_eq!((till.balance(technician), till.balance(Account::Reserved(payment))), (0, 2_278));
    decide(&till, payment, true).unwrap();
    assert_eq!((till.balance(technician), till.balance(Account::Reserved(payment))), (1_139, 0));
    till.books();
}

#[test]
fn provider_refund_of_a_disputed_booking_waits_and_counts_towards_the_decision() {
    let till = Till::new();
    let (id, payment) = till.paid(PaymentMethod::Card);
    let customer = till.customer();
    run(till.world.bookings().dispute(&customer, id, DisputeCategory::Quality, "it drips")).unwrap();
    till.call(payment, "e1;caller:;refunded;1000;re_1;");
    assert_eq!(till.load(payment).person_tasks(), [PersonTask::ProviderMove(MoveDoubt::Disputed)]);
    let support = till.world.support.actor();
    let resolve = || {
        let outcome = baitech_core::booking::DisputeOutcome::FullRefund;
        run(till.world.bookings().resolve_dispute(&support, id, outcome, "heard both"))
            .map(|done| done.status)
    };
    assert_refused(resolve(), Rule::UNDER_REVIEW);
    decide(&till, payment, true).unwrap();
    assert_eq!(resolve().unwrap(), Status::Refunded);
    let mut refunds: Vec<_> =
        till.of_kind(TransactionKind::Refund).iter().map(|refund| refund.amount.gross.amount()).collect();
    refunds.sort();
    assert_eq!(refunds, [kes(1_000).amount(), kes(1_738).amount()], "only the rest is sent");
}

#[test]
fn unsigned_webhook_books_no_refund() {
    let till = Till::new();
    let (id, payment) = till.paid(PaymentMethod::Mpesa);
    till.call(payment, "e1;caller:;refunded;2738;SJR1;");
    assert_eq!(till.load(payment).person_tasks(), [PersonTask::ProviderMove(MoveDoubt::Unsigned)]);
    assert_eq!(till.balance(Account::Escrow(id)), 2_738);
    decide(&till, payment, true).unwrap();
    assert_eq!(till.books(), []);
}

#[test]
fn reserved_money_refunded_at_the_provider_is_not_refunded_again() {
    let till = Till::new();
    let id = till.accepted(PaymentMethod::Card);
    let payment = till.pay(id).unwrap().transaction.id;
    till.call(payment, "e1;caller:;paid;2700;ch_1;");
    till.call(payment, "e2;caller:;refunded;2700;re_1;");
    assert!(till.load(payment).person_tasks().contains(&PersonTask::ProviderMove(MoveDoubt::KeptApart)));
    decide(&till, payment, true).unwrap();
    assert_eq!(till.books(), []);
    assert!(!till.load(payment).needs_person());
    assert_eq!(till.card.count("refund"), 0);
}

#[test]
fn provider_refund_of_a_spent_top_up_becomes_a_debt() {
    let till = Till::new();
    let by_card = baitech_core::payment::NewPayment {
        method: Some(PaymentMethod::Card),
        ..baitech_core::payment::NewPayment::default()
    };
    till.card.answers_settled("ch_1");
    let top_up = run(till.payments().top_up(&till.customer(), kes(3_000), &by_card)).unwrap().transaction.id;
    let id = till.accepted(PaymentMethod::Wallet);
    till.pay(id).unwrap();
    till.call(top_up, "e1;caller:;refunded;3000;re_1;");
    let customer = till.world.customer.id;
    assert_eq!(till.balance(Account::Wallet(customer)), 262);
    assert_eq!(till.balance(Account::Receivable(customer)), -3_000);
    assert_eq!(till.balance(STRIPE), 0);
}

fn paid_out(till: &Till) -> Id<Transaction> {
    till.released(PaymentMethod::Card);
    let (technician, id) = (till.world.technician.actor(), till.world.technician.id);
    let asked = NewPayout {
        method: Some(PaymentMethod::Stripe),
        account: Some("acct_1".to_owned()),
        ..NewPayout::default()
    };
    let payout = run(till.payments().request_payout(&technician, id, kes(1_000), &asked)).unwrap().id;
    till.call(payout, "p1;caller:;paid;990;tr_1;");
    payout
}

#[test]
fn payout_returned_in_parts_is_owed_again_once() {
    let till = Till::new();
    let payout = paid_out(&till);
    let technician = Account::Payable(till.world.technician.id);
    assert_eq!((till.balance(technician), till.balance(STRIPE)), (1_278, -1_748));
    for (call, owed) in [
        ("r1;caller:;total;300;;", 1_578),
        ("r2;caller:;total;300;;", 1_578),
        ("r3;caller:;total;700;;", 1_978),
        ("r4;caller:;total;300;;", 1_978),
    ] {
        till.call(payout, call);
        assert_eq!(till.balance(technician), owed, "{call}");
    }
    assert_eq!(till.load(payout).status, TransactionStatus::PartiallyRefunded);
    assert_eq!(till.balance(STRIPE), -2_448);
    till.call(payout, "r5;caller:;total;990;;");
    assert_eq!(till.load(payout).status, TransactionStatus::Refunded);
    assert_eq!(till.balance(technician), 2_278, "the last part also returns the fee");
    assert_eq!(till.balance(STRIPE), -2_738);
}

#[test]
fn returned_payout_waits_for_a_person_if_the_policy_requires_it() {
    for book in [true, false] {
        let till = asking();
        let payout = paid_out(&till);
        till.call(payout, "r1;caller:;total;300;;");
        assert_eq!(till.last_webhook_result(), WebhookStatus::NeedsPerson);
        let technician = Account::Payable(till.world.technician.id);
        assert_eq!(till.balance(technician), 1_278);
        decide(&till, payout, book).unwrap();
        assert_eq!(till.balance(technician), if book { 1_578 } else { 1_278 });
        till.call(payout, "r2;caller:;total;300;;");
        assert_eq!(
            till.balance(technician),
            if book { 1_578 } else { 1_278 },
            "a second decision is refused"
        );
    }
}

#[test]
fn a_reversal_in_the_portal_is_found_in_the_statement() {
    use baitech_core::payment::ReconcileRequest;
    let header = "Receipt No.,Completion Time,Details,Transaction Status,Paid In,Withdrawn\n";
    for row in [
        "R1,2026-03-02 12:00:00,Pay Bill Reversal,Completed,,\"2,738.00\"",
        "SJV1AAAAAA,2026-03-02 12:00:00,Reversal of payment SJK1BBBBBB by operator,Completed,,2738.00",
    ] {
        let till = Till::new();
        let id = till.accepted(PaymentMethod::Mpesa);
        let receipt = if row.starts_with("R1") { "R1" } else { "SJK1BBBBBB" };
        till.mpesa.answers_settled(receipt);
        let payment = till.pay(id).unwrap().transaction.id;
        let paid = format!("{receipt},2026-03-02 10:00:00,Pay Bill,Completed,2738.00,");
        let statement = format!("{header}{paid}\n{row}\n");
        let request = ReconcileRequest { method: PaymentMethod::Mpesa, format: None, period: None };
        let support = till.world.support.actor();
        for _ in 0..2 {
            let counts = till.reconcile(&support, &request, &statement).unwrap().counts;
            assert_eq!((counts.matched, counts.missing_here), (2, 0), "{row}");
            assert_eq!(till.books(), [], "{row}");
        }
        assert_eq!(till.load(payment).status, TransactionStatus::Refunded);
        assert_eq!(till.of_kind(TransactionKind::Refund).len(), 1);
    }
}

#[test]
fn statement_line_that_may_be_our_own_refund_waits_for_a_person() {
    use baitech_core::payment::ReconcileRequest;
    let till = Till::new();
    let (_, payment) = till.held(PaymentMethod::Mpesa);
    let support = till.world.support.actor();
    run(till.payments().refund(&support, payment, kes(2_738), "sorry")).unwrap();
    let statement = "Receipt No.,Completion Time,Details,Transaction Status,Paid In,Withdrawn\n\
        R1,2026-03-02 10:00:00,Pay Bill,Completed,2738.00,\n\
        R1,2026-03-02 12:00:00,Reversal,Completed,,2738.00\n";
    let request = ReconcileRequest { method: PaymentMethod::Mpesa, format: None, period: None };
    let counts = till.reconcile(&support, &request, statement).unwrap().counts;
    assert_eq!((counts.missing_here, counts.reversals_taken), (1, 0));
    assert_eq!(till.balance(MPESA), -2_738, "nothing is booked twice");
}

/// Stripe's reports of refunds that were made on its dashboard: one report per refund, and running totals.
fn stripe_reports(amounts: &[i64]) -> Vec<String> {
    let mut calls = Vec::new();
    let mut total = 0;
    for (n, amount) in amounts.iter().enumerate() {
        total += amount;
        calls.push(format!("n{n};caller:;refunded;{amount};re_{n};"));
        calls.push(format!("t{n};caller:;total;{total};;"));
    }
    calls
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Refunds made at the provider count exactly once, for any kind, order and number of reports.
    #[test]
    fn refunds_at_the_provider_count_once_in_any_order(
        amounts in proptest::collection::vec(1..600_i64, 1..5),
        released in any::<bool>(),
        order in proptest::collection::vec(any::<prop::sample::Index>(), 0..24),
    ) {
        let till = Till::new();
        let (id, payment) =
            if released { till.released(PaymentMethod::Card) } else { till.paid(PaymentMethod::Card) };
        let calls = stripe_reports(&amounts);
        for index in &order {
            till.call(payment, &calls[index.index(calls.len())]);
        }
        for call in calls.iter().rev() {
            till.call(payment, call);
        }
        let sum: i64 = amounts.iter().sum();
        prop_assert_eq!(till.balance(STRIPE), sum - 2_738);
        prop_assert_eq!(till.load(payment).captured().unwrap(), kes(2_738 - sum));
        prop_assert!(!till.load(payment).needs_person());
        if !released {
            prop_assert_eq!(till.balance(Account::Escrow(id)), 2_738 - sum);
        }
    }
}
