//! Numbers are drawn only for commits, and a series has no end.

use baitech_core::{
    booking::{BookingNumber, BookingStatus as Status},
    kernel::{Code, Rule},
    payment::{NewPayment, NewPayout},
    store::Counters,
    transaction::{PaymentMethod, TransactionNumber},
};

use crate::{
    support::{assert_invalid, assert_refused, kes, run, slot},
    till::Till,
};

fn next(till: &Till, series: &str) -> u64 {
    run(till.world.store.next(series)).unwrap()
}

#[test]
fn refused_commands_consume_no_number() {
    let till = Till::new();
    let (customer, technician) = (till.customer(), till.world.technician.actor());
    let done = till.world.book_until(Status::Paid).id;
    let paid = till.accepted(PaymentMethod::Wallet);
    let before = next(&till, &TransactionNumber::series(till.world.now()));
    let bookings = next(&till, &BookingNumber::series(till.world.now()));
    let by = |method| NewPayment { method: Some(method), ..NewPayment::default() };
    let phone = NewPayment { phone_number: Some("not a number".to_owned()), ..NewPayment::default() };
    let (payments, payout, day) = (till.payments(), NewPayout::default(), slot(2, "10:00", "12:00"));
    for _ in 0..100 {
        assert_refused(
            run(payments.top_up(&customer, kes(10), &by(PaymentMethod::Cash))),
            Rule::PAYMENT_METHOD,
        );
        assert_invalid(run(payments.top_up(&customer, kes(10), &phone)), &[("phoneNumber", Code::Malformed)]);
        assert_invalid(
            run(payments.tip(&customer, done, kes(0), &by(PaymentMethod::Mpesa))),
            &[("amount", Code::OutOfRange)],
        );
        assert_refused(
            run(payments.tip(&customer, done, kes(5), &by(PaymentMethod::Wallet))),
            Rule::INSUFFICIENT_FUNDS,
        );
        assert_refused(till.pay(paid).map(drop), Rule::INSUFFICIENT_FUNDS);
        assert_refused(
            run(payments.withdraw(&customer, kes(100), &NewPayout::default())),
            Rule::INSUFFICIENT_FUNDS,
        );
        let owner = till.world.technician.id;
        assert!(run(payments.request_payout(&technician, owner, kes(1_000_000), &payout)).is_err());
        assert_refused(run(till.world.bookings().confirm_cash(&technician, paid)), Rule::TRANSITION);
        let claimed = run(till.world.bookings().claim_warranty(&customer, done, &day, "drips"));
        assert_refused(claimed, Rule::TOO_LATE);
    }
    assert_eq!(next(&till, &TransactionNumber::series(till.world.now())), before + 1);
    assert_eq!(next(&till, &BookingNumber::series(till.world.now())), bookings + 1);
}

#[test]
fn a_full_series_continues_with_seven_digits() {
    let till = Till::new();
    let (day, month) = (TransactionNumber::series(till.world.now()), BookingNumber::series(till.world.now()));
    run(async {
        for _ in 0..999_999 {
            let _ = till.world.store.next(&day).await.unwrap();
            let _ = till.world.store.next(&month).await.unwrap();
        }
    });
    let booking = till.world.book_until(Status::PaymentPending);
    assert_eq!(booking.number.as_str(), "BK26031000000");
    let paid = run(till.world.bookings().confirm_cash(&till.world.technician.actor(), booking.id)).unwrap();
    let payment = till.load(paid.payment.transaction.unwrap());
    assert_eq!(payment.number.as_str(), "TXN2603021000000");
    let found = run(till.payments().get_by_number(&till.customer(), &"txn2603021000000".parse().unwrap()));
    assert_eq!(found.unwrap().id, payment.id);
    let found = run(till.world.bookings().get_by_number(&till.customer(), &"BK26031000000".parse().unwrap()));
    assert_eq!(found.unwrap().id, booking.id);
}

#[test]
fn each_transaction_of_a_commit_has_its_own_number() {
    let till = Till::new();
    let (_, payment) = till.paid(PaymentMethod::Mpesa);
    let support = till.world.support.actor();
    for _ in 0..3 {
        run(till.payments().refund(&support, payment, kes(10), "sorry")).unwrap();
    }
    let mut numbers: Vec<_> = till.transactions().into_iter().map(|one| one.value.number.clone()).collect();
    assert!(numbers.iter().all(|number| !number.is_pending()));
    numbers.sort();
    numbers.dedup();
    assert_eq!(numbers.len(), 4);
}
