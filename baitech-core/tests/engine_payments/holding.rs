//! Payments of bookings: charge, escrow and release.

use baitech_core::{
    booking::{BookingStatus as Status, PaymentStatus},
    kernel::{Code, Error, Rule},
    ledger::Account,
    payment::{NewPayment, Payments},
    store::IdempotencyKey,
    transaction::{GatewayError, Outcome, PaymentMethod, TransactionStatus},
};
use chrono::TimeDelta;

use crate::{
    provider::declined,
    support::{assert_forbidden, assert_invalid, assert_not_found, assert_refused, kes, price_change, run},
    till::Till,
};

#[test]
fn payment_is_held_then_released_in_exact_shares() {
    let till = Till::new();
    let (id, payment) = till.held(PaymentMethod::Mpesa);
    let mpesa = Account::Clearing(PaymentMethod::Mpesa);
    assert_eq!(till.books(), [(mpesa, -2_738), (Account::Escrow(id), 2_738)]);
    let booking = till.world.load(id);
    assert_eq!((booking.payment.status, booking.payment.held), (PaymentStatus::Held, true));
    assert_eq!(booking.payment.transaction, Some(payment));

    till.world.drive(id, Status::Paid);
    till.world.clock.advance(TimeDelta::hours(24) - TimeDelta::milliseconds(1));
    till.work();
    assert_eq!(till.balance(Account::Escrow(id)), 2_738, "one millisecond before the release");
    till.world.clock.advance(TimeDelta::milliseconds(1));
    till.work();
    let technician = till.world.technician.id;
    let released = [
        (mpesa, -2_738),
        (Account::Payable(technician), 2_278),
        (Account::PlatformRevenue, 300),
        (Account::ProcessingRevenue, 60),
        (Account::WithholdingPayable, 100),
    ];
    assert_eq!(till.books(), released);
    let transaction = till.load(payment);
    assert!(!transaction.escrow.held && transaction.escrow.released_at.is_some());
    assert_eq!(till.world.load(id).payment.status, PaymentStatus::Completed);
    till.world.clock.advance(TimeDelta::hours(24));
    till.work();
    assert_eq!(till.balance(Account::Payable(technician)), 2_278, "a second run releases nothing");
}

#[test]
fn technician_cannot_set_out_before_the_payment_is_held() {
    let till = Till::new();
    let id = till.accepted(PaymentMethod::Mpesa);
    let technician = till.world.technician.actor();
    assert_refused(run(till.world.bookings().en_route(&technician, id)), Rule::PAYMENT_REQUIRED);
    let started = till.pay(id).unwrap();
    assert_eq!(started.transaction.status, TransactionStatus::Processing);
    assert_refused(run(till.world.bookings().en_route(&technician, id)), Rule::PAYMENT_REQUIRED);
    till.call(started.transaction.id, "n1;caller:;paid;2738;SJK1;");
    run(till.world.bookings().en_route(&technician, id)).unwrap();
}

#[test]
fn payment_requires_the_shown_price_and_is_made_once() {
    let till = Till::new();
    let id = till.accepted(PaymentMethod::Mpesa);
    let customer = till.customer();
    let request = NewPayment::default();
    assert_invalid(
        run(till.payments().pay(&customer, id, &request)).map(drop),
        &[("version", Code::Required)],
    );
    let cheap = till.payments().max_price(kes(2_737));
    assert_refused(run(cheap.pay(&customer, id, &request)).map(drop), Rule::COSTS_MORE);
    let stale = till.payments().if_version(baitech_core::store::Version::new(0));
    assert!(matches!(run(stale.pay(&customer, id, &request)), Err(Error::Conflict(_))));
    let stranger = till.world.stranger.actor();
    assert_not_found(run(till.payments().max_price(kes(9_999)).pay(&stranger, id, &request)).map(drop));
    let technician = till.world.technician.actor();
    assert_forbidden(run(till.payments().max_price(kes(9_999)).pay(&technician, id, &request)).map(drop));

    let key = IdempotencyKey::new("pay-once").unwrap();
    let pay = |payments: Payments| {
        run(payments.max_price(kes(2_738)).idempotency_key(key.clone()).pay(&customer, id, &request))
    };
    let first = pay(till.payments()).unwrap().transaction.id;
    assert_eq!(pay(till.payments()).unwrap().transaction.id, first, "a repeated request");
    let again = till.payments().max_price(kes(2_738));
    assert_refused(run(again.pay(&customer, id, &request)).map(drop), Rule::UNDECIDED);
    assert_eq!(till.mpesa.count("charge"), 1);
}

#[test]
fn wallet_payment_without_funds_is_refused() {
    let till = Till::new();
    till.fill_wallet(&till.world.customer, 2_737);
    let id = till.accepted(PaymentMethod::Wallet);
    assert_refused(till.pay(id).map(drop), Rule::INSUFFICIENT_FUNDS);
    assert_eq!(till.world.load(id).payment.status, PaymentStatus::Pending);
    assert_eq!(till.balance(Account::Wallet(till.world.customer.id)), 2_737);

    let till = Till::new();
    till.fill_wallet(&till.world.customer, 3_000);
    let id = till.accepted(PaymentMethod::Wallet);
    till.pay(id).unwrap();
    assert_eq!(till.balance(Account::Wallet(till.world.customer.id)), 262);
    assert_eq!(till.balance(Account::Escrow(id)), 2_738);
    assert_eq!(till.world.load(id).payment.status, PaymentStatus::Held);
}

#[test]
fn unknown_outcome_is_queried_and_never_resent() {
    let till = Till::new();
    let id = till.accepted(PaymentMethod::Mpesa);
    till.mpesa.answers_with(Err(GatewayError::new("time-out")));
    let payment = till.pay(id).unwrap().transaction;
    assert_eq!(payment.status, TransactionStatus::Pending);
    for (seconds, queries) in [(74, 0), (1, 1), (45, 2), (180, 3), (600, 4)] {
        till.world.clock.advance(TimeDelta::seconds(seconds));
        till.work();
        assert_eq!(till.mpesa.count("query"), queries);
    }
    assert_eq!(till.mpesa.count("charge"), 1);
    till.mpesa.answers_settled("SJK1");
    till.world.clock.advance(TimeDelta::hours(1));
    till.work();
    // The booking was cancelled in the meantime, so the money is refunded.
    assert_eq!(till.world.load(id).status, Status::Cancelled);
    assert_eq!(till.load(payment.id).status, TransactionStatus::Refunded);
}

#[test]
fn charge_is_resent_to_an_idempotent_provider() {
    let till = Till::new();
    let id = till.accepted(PaymentMethod::Stripe);
    till.card.answers_with(Err(GatewayError::new("time-out")));
    let payment = till.pay(id).unwrap().transaction;
    till.card.answers_settled("ch_1");
    till.world.clock.advance(TimeDelta::seconds(75));
    till.work();
    assert_eq!(till.load(payment.id).status, TransactionStatus::Completed);
    let keys: Vec<String> = till.card.calls().into_iter().map(|(_, _, key)| key).collect();
    assert_eq!(keys.len(), 2);
    assert_eq!(keys[0], keys[1], "under the same key");
    assert_eq!(till.balance(Account::Escrow(id)), 2_738);
}

#[test]
fn declined_payment_can_be_retried_and_busy_phone_is_retried_automatically() {
    let till = Till::new();
    let id = till.accepted(PaymentMethod::Mpesa);
    till.mpesa.answers_with(declined("1032"));
    let declined = till.pay(id).unwrap().transaction;
    assert_eq!(declined.status, TransactionStatus::Failed);
    assert_eq!(declined.failure.as_ref().unwrap().code, "1032");
    assert_eq!(till.world.load(id).payment.status, PaymentStatus::Failed);

    let busy = baitech_core::transaction::Declined {
        code: "1001".to_owned(),
        reason: "busy".to_owned(),
        retry_after: Some(TimeDelta::minutes(2)),
    };
    till.mpesa.answers_with(Ok(Outcome::Declined(busy)));
    let payment = till.pay(id).unwrap().transaction;
    assert_eq!(payment.status, TransactionStatus::Pending);
    till.mpesa.answers_settled("SJK2");
    till.world.clock.advance(TimeDelta::minutes(2));
    till.work();
    assert_eq!(till.load(payment.id).status, TransactionStatus::Completed);
    let keys: Vec<String> = till.mpesa.calls().into_iter().map(|(_, _, key)| key).collect();
    assert_eq!(keys.len(), 3);
    assert_ne!(keys[1], keys[2], "an order that was not carried out is resent under a new key");
    assert_eq!(till.balance(Account::Escrow(id)), 2_738);
}

#[test]
fn only_an_admin_releases_early() {
    let till = Till::new();
    let (id, payment) = till.held(PaymentMethod::Mpesa);
    let admin = till.world.admin.actor();
    assert_refused(run(till.payments().release(&admin, payment)), Rule::TRANSITION);
    till.world.drive(id, Status::Paid);
    for other in [&till.world.customer, &till.world.technician, &till.world.support] {
        assert_forbidden(run(till.payments().release(&other.actor(), payment)));
    }
    run(till.payments().release(&admin, payment)).unwrap();
    assert_eq!(till.balance(Account::Payable(till.world.technician.id)), 2_278);
    assert_refused(run(till.payments().release(&admin, payment)), Rule::ALREADY_DECIDED);
}

/// The technician proposes additional work for an amount, and the customer approves.
fn raise(till: &Till, id: baitech_core::kernel::Id<baitech_core::booking::Booking>, shillings: i64) {
    let change = price_change(Vec::new(), &[shillings]);
    let technician = till.world.technician.actor();
    run(till.world.bookings().propose_price_change(&technician, id, &change)).unwrap();
    run(till.world.as_shown(id).approve_price_change(&till.customer(), id)).unwrap();
}

#[test]
fn addition_to_a_paid_job_is_paid_separately_and_shared_as_one_payment() {
    let till = Till::new();
    let (id, payment) = till.held(PaymentMethod::Mpesa);
    till.world.drive(id, Status::InProgress);
    // 3,000 of service: 450 platform, 90 processing, 566 VAT; 4,106 in all, 150 withheld.
    raise(&till, id, 1_000);
    assert_eq!(till.world.load(id).owed(), kes(1_368));
    till.world.drive(id, Status::PaymentPending);
    till.work();
    assert_eq!(till.world.load(id).status, Status::PaymentPending, "the booking awaits the rest");
    till.mpesa.answers_with(declined("1032"));
    till.pay(id).unwrap();
    assert_eq!(till.world.load(id).payment.status, PaymentStatus::Held, "the held money stays held");
    till.mpesa.answers_settled("SJK-more");
    let more = till.pay(id).unwrap().transaction;
    assert_eq!(more.amount.gross, kes(1_368));
    let booking = till.world.load(id);
    assert_eq!((booking.status, booking.owed()), (Status::Paid, kes(0)));
    assert_eq!(booking.payment.transaction, Some(payment));
    assert_eq!(till.balance(Account::Escrow(id)), 4_106);
    assert_refused(till.pay(id).map(drop), Rule::ALREADY_DECIDED);
    till.world.clock.advance(TimeDelta::hours(24));
    till.work();
    let technician = till.world.technician.id;
    let released = [
        (Account::Clearing(PaymentMethod::Mpesa), -4_106),
        (Account::Payable(technician), 3_416),
        (Account::PlatformRevenue, 450),
        (Account::ProcessingRevenue, 90),
        (Account::WithholdingPayable, 150),
    ];
    assert_eq!(till.books(), released);
}

#[test]
fn dispute_over_two_payments_moves_both_in_one_commit() {
    use baitech_core::booking::{DisputeCategory, DisputeOutcome};
    for (outcome, back) in
        [(DisputeOutcome::FullRefund, 4_106), (DisputeOutcome::PartialRefund(kes(2_000)), 2_000)]
    {
        let till = Till::new();
        let (id, payment) = till.held(PaymentMethod::Mpesa);
        till.world.drive(id, Status::InProgress);
        raise(&till, id, 1_000);
        till.mpesa.answers_settled("SJK-more");
        let more = till.pay(id).unwrap().transaction.id;
        till.world.drive(id, Status::Paid);
        let customer = till.customer();
        run(till.world.bookings().dispute(&customer, id, DisputeCategory::Quality, "it drips")).unwrap();
        let support = till.world.support.actor();
        run(till.world.bookings().resolve_dispute(&support, id, outcome, "heard both")).unwrap();
        assert_eq!(till.balance(Account::Escrow(id)), 0);
        let returned: i64 = till
            .of_kind(baitech_core::transaction::TransactionKind::Refund)
            .iter()
            .map(|refund| i64::try_from(refund.amount.gross.amount()).unwrap())
            .sum();
        assert_eq!(returned, back);
        let kept =
            till.load(payment).captured().unwrap().checked_add(till.load(more).captured().unwrap()).unwrap();
        assert_eq!(kept, kes(4_106 - back));
        assert_eq!(till.load(more).captured().unwrap(), kes(0), "the latest payment is refunded first");
    }
}

#[test]
fn a_cancellation_takes_its_fee_from_all_that_is_held() {
    let till = Till::new();
    let (id, _) = till.held(PaymentMethod::Mpesa);
    till.world.drive(id, Status::EnRoute);
    raise(&till, id, 1_000);
    till.mpesa.answers_settled("SJK-more");
    till.pay(id).unwrap();
    let starts_at = till.world.load(id).slot.starts_at();
    till.world.clock.set(starts_at - TimeDelta::hours(1));
    run(till.world.as_shown(id).cancel(&till.customer(), id, "no need")).unwrap();
    // 75 % of 4,106 is 3,080 by half a shilling: 2,738 of the first payment, 342 of the second.
    assert_eq!(till.world.load(id).cancellation.as_ref().unwrap().fee, kes(3_080));
    assert_eq!(till.balance(Account::Escrow(id)), 0);
    let refunds = till.of_kind(baitech_core::transaction::TransactionKind::Refund);
    assert_eq!(refunds.iter().map(|refund| refund.amount.gross).collect::<Vec<_>>(), [kes(1_026)]);
    let technician = till.balance(Account::Payable(till.world.technician.id));
    assert_eq!(technician + till.balance(Account::PlatformRevenue), 3_080);
}

#[test]
fn price_cannot_rise_while_a_payment_is_in_progress() {
    let till = Till::new();
    let id = till.accepted(PaymentMethod::Mpesa);
    till.pay(id).unwrap();
    let change = price_change(Vec::new(), &[500]);
    let technician = till.world.technician.actor();
    let proposed = run(till.world.bookings().propose_price_change(&technician, id, &change));
    assert_refused(proposed, Rule::UNDECIDED);
}

#[test]
fn only_the_owner_spends_a_wallet() {
    let till = Till::new();
    till.fill_wallet(&till.world.customer, 3_000);
    let id = till.accepted(PaymentMethod::Wallet);
    let admin = till.world.admin.actor();
    let request = NewPayment::default();
    assert_forbidden(run(till.payments().max_price(kes(2_738)).pay(&admin, id, &request)).map(drop));
    assert_eq!(till.balance(Account::Wallet(till.world.customer.id)), 3_000);
}

#[test]
fn cash_is_accepted_after_a_failed_phone_payment() {
    let till = Till::new();
    let id = till.world.book_until(Status::PaymentPending).id;
    till.mpesa.answers_with(declined("1"));
    let by_phone = NewPayment { method: Some(PaymentMethod::Mpesa), ..NewPayment::default() };
    run(till.payments().max_price(kes(2_738)).pay(&till.customer(), id, &by_phone)).unwrap();
    assert_eq!(till.world.load(id).payment.status, PaymentStatus::Failed);
    run(till.world.bookings().confirm_cash(&till.world.technician.actor(), id)).unwrap();
    assert_eq!(till.world.load(id).status, Status::Paid);
}
