//! Disputes and chargebacks, before and after the release.

use baitech_core::{
    booking::{Booking, BookingStatus as Status, DisputeCategory, DisputeOutcome, PaymentStatus},
    kernel::{Id, Rule},
    ledger::Account,
    transaction::{PaymentMethod, TransactionKind, TransactionStatus},
};
use chrono::TimeDelta;

use crate::{
    support::{assert_refused, kes, run},
    till::Till,
};

fn dispute(till: &Till, id: Id<Booking>) {
    let customer = till.customer();
    run(till.world.bookings().dispute(&customer, id, DisputeCategory::Quality, "it drips")).unwrap();
}

fn resolve(till: &Till, id: Id<Booking>, outcome: DisputeOutcome) {
    let support = till.world.support.actor();
    run(till.world.bookings().resolve_dispute(&support, id, outcome, "heard both")).unwrap();
}

#[test]
fn contested_payment_is_not_released() {
    let till = Till::new();
    let (id, payment) = till.paid(PaymentMethod::Mpesa);
    dispute(&till, id);
    till.world.clock.advance(TimeDelta::days(5));
    till.work();
    assert_eq!(till.balance(Account::Escrow(id)), 2_738);
    let admin = till.world.admin.actor();
    assert_refused(run(till.payments().release(&admin, payment)), Rule::TRANSITION);
    let support = till.world.support.actor();
    assert_refused(run(till.payments().refund(&support, payment, kes(1), "x")), Rule::UNDECIDED);

    resolve(&till, id, DisputeOutcome::Release);
    assert_eq!(till.world.load(id).status, Status::Paid);
    assert_eq!(till.balance(Account::Payable(till.world.technician.id)), 2_278, "in the same commit");
    assert_eq!(till.balance(Account::Escrow(id)), 0);
}

#[test]
fn partial_refund_releases_the_rest_at_once() {
    let till = Till::new();
    let (id, payment) = till.paid(PaymentMethod::Mpesa);
    dispute(&till, id);
    resolve(&till, id, DisputeOutcome::PartialRefund(kes(738)));
    let refund = till.of_kind(TransactionKind::Refund)[0].id;
    assert_eq!(till.balance(Account::Escrow(id)), 0);
    assert_eq!(till.balance(Account::Reserved(refund)), 738);
    let shares = till.load(payment).net_shares().unwrap();
    assert_eq!(shares.total().unwrap(), kes(2_000));
    let cents = |account| {
        till.world
            .store
            .ledger_entries()
            .iter()
            .flat_map(|entry| entry.postings.clone())
            .filter(|posting| posting.account == account)
            .map(|posting| posting.amount.amount())
            .sum::<rust_decimal::Decimal>()
    };
    assert_eq!(cents(Account::Payable(till.world.technician.id)), shares.payout.amount());
    assert_eq!(cents(Account::PlatformRevenue), shares.platform.amount());
    assert_eq!(till.world.load(id).status, Status::Refunded);
    assert_eq!(till.world.load(id).payment.status, PaymentStatus::PartiallyRefunded);
}

#[test]
fn dispute_after_release_freezes_the_technicians_share() {
    let till = Till::new();
    let (id, payment) = till.released(PaymentMethod::Mpesa);
    let technician = Account::Payable(till.world.technician.id);
    assert_eq!(till.balance(technician), 2_278);
    dispute(&till, id);
    assert_eq!((till.balance(technician), till.balance(Account::Reserved(payment))), (0, 2_278));
    resolve(&till, id, DisputeOutcome::FullRefund);
    let refund = till.of_kind(TransactionKind::Refund)[0].id;
    let books = [(Account::Clearing(PaymentMethod::Mpesa), -2_738), (Account::Reserved(refund), 2_738)];
    assert_eq!(till.books(), books, "the balance of every party is zero");
    assert_eq!(till.load(payment).status, TransactionStatus::Refunded);
}

#[test]
fn rejected_dispute_returns_the_frozen_share() {
    let till = Till::new();
    let (id, payment) = till.released(PaymentMethod::Mpesa);
    dispute(&till, id);
    resolve(&till, id, DisputeOutcome::Release);
    assert_eq!(till.balance(Account::Payable(till.world.technician.id)), 2_278);
    assert_eq!(till.balance(Account::Reserved(payment)), 0);
    assert_eq!(till.world.load(id).status, Status::Paid);
}

#[test]
fn lost_chargeback_is_booked_as_a_refund_by_the_bank() {
    for (released, won) in [(false, true), (false, false), (true, true), (true, false)] {
        let till = Till::new();
        let (id, payment) =
            if released { till.released(PaymentMethod::Stripe) } else { till.paid(PaymentMethod::Stripe) };
        till.call(payment, "c1;caller:;contested;2738;;");
        assert!(till.load(payment).is_contested());
        till.world.clock.advance(TimeDelta::days(2));
        till.work();
        let technician = Account::Payable(till.world.technician.id);
        assert_eq!(till.balance(technician), 0, "the shares are held back or reversed");
        let news = if won { "c2;caller:;won;;;" } else { "c2;caller:;lost;;;" };
        till.call(payment, news);
        till.call(payment, news);
        till.world.clock.advance(TimeDelta::days(2));
        till.work();
        if won {
            assert_eq!(till.balance(technician), 2_278, "released {released}");
        } else {
            assert_eq!(till.books(), [], "released {released}");
            assert_eq!(till.world.load(id).payment.status, PaymentStatus::Refunded);
            assert_eq!(till.card.count("refund"), 0, "the bank has already taken the money back");
        }
    }
}

#[test]
fn chargeback_decision_waits_for_its_opening() {
    let till = Till::new();
    let (_, payment) = till.paid(PaymentMethod::Stripe);
    till.call(payment, "c2;caller:;lost;;;");
    assert!(!till.load(payment).is_contested());
    till.call(payment, "c1;caller:;contested;2738;;");
    till.world.clock.advance(TimeDelta::seconds(5));
    till.work();
    assert_eq!(till.load(payment).status, TransactionStatus::Refunded);
    assert_eq!(till.books(), []);
}

#[test]
fn chargeback_of_a_spent_top_up_becomes_a_debt() {
    let till = Till::new();
    let customer = till.customer();
    let by_card = baitech_core::payment::NewPayment {
        method: Some(PaymentMethod::Card),
        ..baitech_core::payment::NewPayment::default()
    };
    till.card.answers_settled("ch_1");
    let top_up = run(till.payments().top_up(&customer, kes(3_000), &by_card)).unwrap().transaction.id;
    let id = till.accepted(PaymentMethod::Wallet);
    till.pay(id).unwrap();
    till.call(top_up, "c1;caller:;contested;3000;;");
    till.call(top_up, "c2;caller:;lost;;;");
    let (wallet, debt) =
        (Account::Wallet(till.world.customer.id), Account::Receivable(till.world.customer.id));
    assert_eq!((till.balance(wallet), till.balance(debt)), (262, -3_000));
    assert_eq!(till.balance(Account::Clearing(PaymentMethod::Stripe)), 0);
    till.books();
}
