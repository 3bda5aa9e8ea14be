//! Held money of cancelled bookings.

use baitech_core::{
    booking::{BookingStatus as Status, PaymentStatus},
    ledger::Account,
    transaction::{PaymentMethod, TransactionKind, TransactionStatus},
};
use chrono::TimeDelta;

use crate::{
    support::{kes, run},
    till::Till,
};

fn cancel_before(till: &Till, notice: TimeDelta) -> baitech_core::kernel::Id<baitech_core::booking::Booking> {
    let (id, _) = till.held(PaymentMethod::Mpesa);
    let starts_at = till.world.load(id).slot.starts_at();
    till.world.clock.set(starts_at - notice);
    run(till.world.as_shown(id).cancel(&till.customer(), id, "no need")).unwrap();
    id
}

#[test]
fn half_fee_is_shared_and_the_rest_is_refunded() {
    let till = Till::new();
    let id = cancel_before(&till, TimeDelta::hours(3));
    let refund = till.of_kind(TransactionKind::Refund)[0].id;
    till.work();
    let technician = till.world.technician.id;
    let books = [
        (Account::Clearing(PaymentMethod::Mpesa), -2_738),
        (Account::Reserved(refund), 1_369),
        (Account::Payable(technician), 1_164),
        (Account::PlatformRevenue, 205),
    ];
    assert_eq!(till.books(), books);
    till.call(refund, "n1;caller:;paid;1369;SJR1;");
    assert_eq!(till.balance(Account::Clearing(PaymentMethod::Mpesa)), -1_369);
    let payment = till.load(till.world.load(id).payment.transaction.unwrap());
    let shares = payment.net_shares().unwrap();
    assert_eq!((shares.payout, shares.platform), (kes(1_164), kes(205)));
    assert_eq!((shares.processing, shares.withholding), (kes(0), kes(0)));
    assert_eq!(till.world.load(id).payment.status, PaymentStatus::PartiallyRefunded);
    assert_eq!(till.balance(Account::Receivable(till.world.customer.id)), 0, "nothing else is owed");
}

#[test]
fn cancellation_fee_with_an_hours_notice_is_shared() {
    let till = Till::new();
    cancel_before(&till, TimeDelta::hours(1));
    assert_eq!(till.balance(Account::PlatformRevenue), 308, "of 2,054");
    assert_eq!(till.balance(Account::Payable(till.world.technician.id)), 1_746);
    let refund = &till.of_kind(TransactionKind::Refund)[0];
    assert_eq!(refund.amount.gross, kes(684));
}

#[test]
fn cancellation_with_a_days_notice_or_by_others_is_refunded_in_full() {
    let till = Till::new();
    let (id, payment) = till.held(PaymentMethod::Mpesa);
    run(till.world.as_shown(id).cancel(&till.world.technician.actor(), id, "ill")).unwrap();
    assert_eq!(till.load(payment).status, TransactionStatus::Refunded);
    let refund = till.of_kind(TransactionKind::Refund)[0].id;
    assert_eq!(till.balance(Account::Reserved(refund)), 2_738);
    assert_eq!(till.world.load(id).payment.status, PaymentStatus::Refunded);
    assert!(!till.world.load(id).payment.held);
    till.work();
    assert_eq!(till.mpesa.count("refund"), 1);
    till.work();
    assert_eq!(till.mpesa.count("refund"), 1, "sent once");
}

#[test]
fn unsent_payment_is_withdrawn_and_late_payment_is_refunded() {
    let till = Till::new();
    let id = till.accepted(PaymentMethod::Mpesa);
    let payment = till.pay(id).unwrap().transaction.id;
    run(till.world.as_shown(id).cancel(&till.world.admin.actor(), id, "closed")).unwrap();
    assert_eq!(
        till.load(payment).status,
        TransactionStatus::Processing,
        "the payment was sent and cannot be withdrawn"
    );
    till.call(payment, "n1;caller:;paid;2738;SJK1;");
    assert_eq!(till.load(payment).status, TransactionStatus::Refunded);
    let refund = till.of_kind(TransactionKind::Refund)[0].id;
    till.work();
    till.call(refund, "n2;caller:;paid;2738;SJR1;");
    assert_eq!(till.books(), []);
    assert_eq!(till.world.load(id).status, Status::Cancelled);
}
