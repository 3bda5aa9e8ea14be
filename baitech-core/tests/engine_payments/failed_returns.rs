//! Provider refunds without our order that failed later, and refunds that were reported in parts.

use baitech_core::{
    kernel::{Id, Rule},
    ledger::Account,
    payment::WebhookStatus,
    transaction::{MoveState, PaymentMethod, Transaction, TransactionKind},
};

use crate::{
    support::{assert_refused, kes, run},
    till::Till,
};

const STRIPE: Account = Account::Clearing(PaymentMethod::Stripe);

fn book(till: &Till, payment: Id<Transaction>) -> baitech_core::kernel::Result<()> {
    let support = till.world.support.actor();
    run(till.payments().decide_provider_move(&support, payment, true, None)).map(drop)
}

#[test]
fn failed_refund_within_a_running_total_keeps_the_other_refunds() {
    let till = Till::new();
    let (id, payment) = till.paid(PaymentMethod::Card);
    let wallet = Account::Wallet(till.world.customer.id);
    till.call(payment, "e1;caller:;total;1000;;");
    let failed = "e2;caller:;refund-failed;400;re_1;";
    for call in [failed, "e3;caller:;refund-failed;400;re_1;"] {
        till.call(payment, call);
        assert_eq!((till.balance(wallet), till.balance(STRIPE)), (400, 600 - 2_738), "{call}");
    }
    let refund = till.of_kind(TransactionKind::Refund).pop().unwrap();
    assert!(!refund.needs_person() && !till.load(payment).needs_person());
    // A running total from before the failure, and one from after it.
    till.call(payment, "e4;caller:;total;1000;;");
    assert_eq!(
        till.last_webhook_result(),
        WebhookStatus::Received,
        "it is unknown whether the total includes the failed refund"
    );
    till.call(payment, "e5;caller:;total;600;;");
    assert_eq!((till.balance(Account::Escrow(id)), till.balance(STRIPE)), (1_738, 600 - 2_738));
}

#[test]
fn outdated_refund_total_books_nothing() {
    let till = Till::new();
    let (id, payment) = till.paid(PaymentMethod::Card);
    till.call(payment, "e1;caller:;refund-failed;1000;re_1;");
    till.call(payment, "e2;caller:;total;1000;;");
    assert_eq!((till.balance(Account::Escrow(id)), till.balance(STRIPE)), (2_738, -2_738));
    till.call(payment, "e3;caller:;total;1500;;");
    assert_eq!(till.balance(STRIPE), 500 - 2_738, "the part that no failure explains was refunded");
}

#[test]
fn failed_refund_reverses_the_loss_beyond_the_payment() {
    let till = Till::new();
    let (_, payment) = till.paid(PaymentMethod::Card);
    for call in ["c1;caller:;contested;2738;;", "c2;caller:;lost;;;", "e1;caller:;refunded;500;re_1;"] {
        till.call(payment, call);
    }
    book(&till, payment).unwrap();
    assert_eq!((till.balance(Account::Losses), till.balance(STRIPE)), (-500, 500));
    till.call(payment, "e2;caller:;refund-failed;500;re_1;");
    assert_eq!(till.last_webhook_result(), WebhookStatus::Applied);
    assert_eq!(till.books(), []);
}

#[test]
fn refund_reported_in_parts_is_booked_part_by_part() {
    let till = Till::new();
    let (id, payment) = till.paid(PaymentMethod::Card);
    for call in [
        "c1;caller:;contested;100;;",
        "e1;caller:;total;265;;",
        "e2;caller:;total;349;;",
        "e3;caller:;refunded;84;re_5;",
        "e4;caller:;refunded;265;re_4;",
        "c2;caller:;won;;;",
    ] {
        till.call(payment, call);
    }
    let names =
        till.load(payment).provider_moves.iter().filter(|moved| moved.id.as_deref() == Some("re_4")).count();
    assert_eq!(names, 2);
    while till.load(payment).has_open_move() {
        book(&till, payment).unwrap();
    }
    assert_eq!((till.balance(Account::Escrow(id)), till.balance(STRIPE)), (2_389, -2_389));
    // The whole refund has failed.
    till.call(payment, "e5;caller:;refund-failed;265;re_4;");
    assert_eq!(till.balance(Account::Wallet(till.world.customer.id)), 265);
    assert_eq!(till.balance(STRIPE), 84 - 2_738);
    let failed = |moved: &&baitech_core::transaction::ProviderMove| moved.state == MoveState::Failed;
    assert_eq!(till.load(payment).provider_moves.iter().filter(failed).count(), 2);
}

#[test]
fn failure_of_a_refund_reverses_its_booked_part_and_closes_its_open_part() {
    let till = Till::new();
    let (_, payment) = till.paid(PaymentMethod::Card);
    for call in [
        // The total is the refund re_1; its name arrives after the name of a later refund.
        "e1;caller:;total;500;;",
        "c1;caller:;contested;100;;",
        "e2;caller:;refunded;200;re_2;",
        "e3;caller:;refunded;500;re_1;",
    ] {
        till.call(payment, call);
    }
    assert!(
        till.load(payment).has_open_move(),
        "200.00 of re_1 exceed the total, and the payment is contested"
    );
    assert_eq!(till.balance(STRIPE), 500 - 2_738);
    for call in ["e4;caller:;refund-failed;500;re_1;", "e5;caller:;refund-failed;500;re_1;"] {
        till.call(payment, call);
        assert_eq!(till.balance(STRIPE), 200 - 2_738, "{call}");
        assert_eq!(till.balance(Account::Wallet(till.world.customer.id)), 300, "{call}");
    }
    assert!(!till.load(payment).has_open_move());
}

#[test]
fn chargeback_verdict_is_decided_before_dependent_tasks() {
    for (first, second) in
        [("c2;caller:;won;;;", "c3;caller:;lost;;;"), ("c3;caller:;lost;;;", "c2;caller:;won;;;")]
    {
        for won in [true, false] {
            for released in [true, false] {
                let case = format!("{first} then {second}, won {won}, released {released}");
                let till = Till::new();
                let (_, payment) = if released {
                    till.released(PaymentMethod::Card)
                } else {
                    till.paid(PaymentMethod::Card)
                };
                let earned = || till.balance(Account::Payable(till.world.technician.id));
                till.call(payment, "c1;caller:;contested;500;;");
                till.call(payment, "e1;caller:;refunded;300;re_1;");
                till.call(payment, first);
                till.call(payment, second);
                assert_refused(book(&till, payment), Rule::UNDER_REVIEW);
                let support = till.world.support.actor();
                run(till.payments().decide_verdict(&support, payment, won)).unwrap();
                assert_eq!(earned(), 0, "{case}: nothing is released before the refund is decided");
                book(&till, payment).unwrap();
                assert!(!till.load(payment).needs_person(), "{case}");
                let left = if won { 2_438 } else { 1_938 };
                assert_eq!(till.load(payment).captured().unwrap(), kes(left), "{case}");
                assert_eq!(till.balance(STRIPE), -left, "{case}");
                assert_eq!(earned() > 0, released, "{case}");
            }
        }
    }
}
