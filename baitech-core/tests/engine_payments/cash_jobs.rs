//! The commission of accepted cash jobs counts towards the debt limit, and is reserved only while it can
//! become due.

use baitech_core::{
    booking::{
        Booking, BookingPolicy, BookingStatus as Status, DisputeCategory, DisputeOutcome, NewPriceChange,
        Payment,
    },
    kernel::{Id, Rule},
    ledger::Account,
    matching::Exclusion,
    payment::{NewPayment, NewPayout},
    store::Stored,
    testing::build,
    transaction::{PaymentMethod, TransactionKind},
};
use chrono::TimeDelta;

use crate::{
    support::{self, assert_refused, at_once, kes, price_change, run},
    till::Till,
};

/// The debt of a technician after a cash job of the default price: 300 and 60 of fees, and 100 of tax.
const COMMISSION: i64 = 460;

fn with_debt_limit(shillings: i64) -> Till {
    let mut policy = BookingPolicy { max_open_requests: 2_000, ..BookingPolicy::default() };
    policy.early_departure = TimeDelta::days(10_000);
    policy.payment.debt_limit = kes(shillings);
    policy.payment.payout_minimum = kes(100);
    Till::with(|builder| builder.policy(policy))
}

/// A cash job on the `n`-th working day from now; weekends cost more.
fn requested(till: &Till, n: u64) -> Id<Booking> {
    let mut request = support::request();
    request.time_slot = support::slot(n / 5 * 7 + n % 5, "10:00", "12:00");
    till.world.request(&request).id
}

/// A cash job on the `n`-th working day from now, offered to the technician.
fn offered(till: &Till, n: u64) -> Id<Booking> {
    let id = requested(till, n);
    till.world.drive(id, Status::Assigned);
    id
}

fn accept(till: &Till, id: Id<Booking>) -> baitech_core::kernel::Result<Stored<Booking>> {
    run(till.world.bookings().accept(&till.world.technician.actor(), id))
}

fn reserved(till: &Till) -> i64 {
    let reserved = -till.balance(Account::OpenCashJobs(till.world.technician.id));
    assert_eq!(till.balance(Account::OpenAmounts), reserved);
    reserved
}

fn owed(till: &Till) -> i64 {
    -till.balance(Account::Payable(till.world.technician.id))
}

fn extra_work(price: i64) -> NewPriceChange {
    price_change(Vec::new(), &[price])
}

#[test]
fn concurrently_accepted_cash_jobs_stay_within_the_debt_limit() {
    let till = with_debt_limit(3 * COMMISSION + 100);
    let jobs: Vec<_> = (1..=12).map(|day| offered(&till, day)).collect();
    let answers = at_once(12, |n| accept(&till, jobs[n]).map(|job| job.id));
    let (accepted, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!((accepted.len(), reserved(&till)), (3, 3 * COMMISSION));
    for refusal in refused {
        assert_refused(refusal, Rule::DEBT_LIMIT);
    }
    for job in accepted {
        till.world.drive(job.unwrap(), Status::Paid);
        assert_eq!(owed(&till) + reserved(&till), 3 * COMMISSION, "the reserved commission becomes a debt");
    }
    assert_eq!((owed(&till), reserved(&till)), (3 * COMMISSION, 0));
}

#[test]
fn offers_and_acceptance_check_the_same_sum_against_the_limit() {
    for (limit, fits) in [(2 * COMMISSION, true), (2 * COMMISSION - 1, false)] {
        let till = with_debt_limit(limit);
        let (first, second) = (offered(&till, 1), offered(&till, 2));
        accept(&till, first).unwrap();
        let third = requested(&till, 3);
        let (customer, technician) = (till.customer(), till.world.technician.id);
        let why_not = run(till.world.bookings().why_not(&customer, third, technician)).unwrap();
        let candidates = run(till.world.bookings().candidates(&customer, third, 10)).unwrap();
        let accepted = accept(&till, second);
        if fits {
            assert_eq!((why_not, candidates.len()), (None, 1));
            accepted.unwrap();
        } else {
            assert_eq!((why_not, candidates.len()), (Some(Exclusion::NoCash), 0));
            assert_refused(accepted, Rule::DEBT_LIMIT);
        }
    }
}

#[test]
fn job_without_commission_is_accepted_at_any_debt() {
    let till = with_debt_limit(0);
    let mut record = build::booking(77, &till.world.customer, Some(&till.world.technician), Status::Assigned);
    let zero = kes(0);
    record.pricing = baitech_core::pricing::Pricing {
        base_price: zero,
        service_charge: zero,
        platform_fee: zero,
        processing_fee: zero,
        tax: zero,
        discount: zero,
        total: zero,
    };
    let free = till.world.store_booking(record);
    assert_refused(accept(&till, offered_at_any_debt(&till)), Rule::DEBT_LIMIT);
    accept(&till, free).unwrap();
    assert_eq!(reserved(&till), 0);
    till.world.drive(free, Status::Paid);
    assert_eq!(till.world.load(free).payment.reserved_commission, None);
}

/// Stores the offer directly, since the engine does not offer jobs above the debt limit.
fn offered_at_any_debt(till: &Till) -> Id<Booking> {
    let mut record = build::booking(78, &till.world.customer, Some(&till.world.technician), Status::Assigned);
    record.slot = build::slot(5, 10, 12);
    till.world.store_booking(record)
}

#[test]
fn commission_is_reserved_only_while_it_can_become_due() {
    type End = fn(&Till, Id<Booking>);
    let ends: [(&str, Status, End); 8] = [
        ("paid in cash", Status::PaymentPending, |till, id| {
            till.world.drive(id, Status::Paid);
        }),
        ("paid by another method before the work", Status::Accepted, pay_by_phone),
        ("paid by another method after the work", Status::PaymentPending, pay_by_phone),
        ("cancelled by the customer", Status::Accepted, |till, id| {
            run(till.world.bookings().cancel(&till.customer(), id, "not needed")).unwrap();
        }),
        ("cancelled by the technician", Status::EnRoute, |till, id| {
            run(till.world.bookings().cancel(&till.world.technician.actor(), id, "ill")).unwrap();
        }),
        ("cancelled by staff after the work", Status::Completed, |till, id| {
            run(till.world.bookings().cancel(&till.world.admin.actor(), id, "a mistake")).unwrap();
        }),
        ("the customer was not there", Status::Arrived, |till, id| {
            till.world.clock.set(till.world.load(id).slot.starts_at() + TimeDelta::hours(1));
            run(till.world.bookings().report_customer_no_show(&till.world.technician.actor(), id)).unwrap();
        }),
        ("given up in a dispute", Status::PaymentPending, |till, id| {
            let (bookings, support) = (till.world.bookings(), till.world.support.actor());
            run(bookings.dispute(&till.customer(), id, DisputeCategory::Quality, "it drips")).unwrap();
            assert_eq!(reserved(till), COMMISSION, "the work may still be found good");
            let decision = DisputeOutcome::FullRefund;
            run(bookings.resolve_dispute(&support, id, decision, "never done")).unwrap();
        }),
    ];
    for (how, from, end) in ends {
        let till = Till::new();
        let id = offered(&till, 1);
        assert_eq!(till.world.load(id).payment.reserved_commission, None, "{how}");
        till.world.drive(id, from);
        assert_eq!(till.world.load(id).payment.reserved_commission, Some(kes(COMMISSION)), "{how}");
        assert_eq!(reserved(&till), COMMISSION, "{how}");
        end(&till, id);
        assert_eq!(till.world.load(id).payment.reserved_commission, None, "{how}");
        assert_eq!(reserved(&till), 0, "{how}");
    }
}

fn pay_by_phone(till: &Till, id: Id<Booking>) {
    till.mpesa.answers_settled("SJK1");
    let payments = till.payments().if_version(till.world.load(id).version);
    let by_phone = NewPayment { method: Some(PaymentMethod::Mpesa), ..NewPayment::default() };
    run(payments.pay(&till.customer(), id, &by_phone)).unwrap();
    assert_eq!(till.world.load(id).payment.method, Some(PaymentMethod::Mpesa));
}

#[test]
fn failed_payment_by_another_method_keeps_the_commission_reserved() {
    let till = Till::new();
    let id = offered(&till, 1);
    till.world.drive(id, Status::PaymentPending);
    let by_phone = NewPayment { method: Some(PaymentMethod::Mpesa), ..NewPayment::default() };
    let payments = till.payments().if_version(till.world.load(id).version);
    let payment = run(payments.pay(&till.customer(), id, &by_phone)).unwrap().transaction.id;
    assert_eq!(reserved(&till), COMMISSION);
    till.call(payment, "n1;caller:;failed;;;");
    assert_eq!(reserved(&till), COMMISSION);
    till.world.drive(id, Status::Paid);
    assert_eq!((owed(&till), reserved(&till)), (COMMISSION, 0));
}

#[test]
fn a_proposed_price_reserves_its_commission_so_that_its_approval_fits() {
    // 700 more of work: 105 and 21 of fees, and 35 of tax.
    const MORE: i64 = 161;
    let till = with_debt_limit(2 * COMMISSION + MORE + 23);
    let (bookings, technician, customer) =
        (till.world.bookings(), till.world.technician.actor(), till.customer());
    let (id, other) = (offered(&till, 1), offered(&till, 2));
    till.world.drive(id, Status::InProgress);
    accept(&till, other).unwrap();
    let propose = |price| run(bookings.propose_price_change(&technician, id, &extra_work(price)));
    assert_refused(propose(1_000), Rule::DEBT_LIMIT);
    assert_eq!(till.world.load(id).price_change, None, "the customer is shown nothing");
    propose(700).unwrap();
    assert_eq!(reserved(&till), 2 * COMMISSION + MORE);
    run(bookings.decline_price_change(&customer, id)).unwrap();
    assert_eq!(reserved(&till), 2 * COMMISSION);
    propose(500).unwrap();
    propose(700).unwrap();
    run(till.world.as_shown(id).approve_price_change(&customer, id)).unwrap();
    assert_eq!(reserved(&till), 2 * COMMISSION + MORE);
    till.world.drive(id, Status::Paid);
    assert_eq!((owed(&till), reserved(&till)), (COMMISSION + MORE, COMMISSION));

    // A price change that is not approved lapses when the work ends.
    till.world.drive(other, Status::InProgress);
    run(bookings.cancel(&till.world.admin.actor(), other, "a mistake")).unwrap();
    assert_eq!(reserved(&till), 0);
    let last = offered(&till, 3);
    till.world.drive(last, Status::InProgress);
    run(bookings.propose_price_change(&technician, last, &extra_work(100))).unwrap();
    assert_eq!(reserved(&till), COMMISSION + 23);
    run(bookings.complete(&technician, last)).unwrap();
    assert_eq!(reserved(&till), COMMISSION);
}

#[test]
fn job_accepted_by_an_earlier_version_reserves_no_commission() {
    let till = Till::new();
    let record = build::booking(77, &till.world.customer, Some(&till.world.technician), Status::Accepted);
    assert_eq!(record.payment.reserved_commission, None);
    let id = till.world.store_booking(record);
    till.world.drive(id, Status::InProgress);
    let (technician, customer) = (till.world.technician.actor(), till.customer());
    run(till.world.bookings().propose_price_change(&technician, id, &extra_work(700))).unwrap();
    run(till.world.as_shown(id).approve_price_change(&customer, id)).unwrap();
    assert_eq!(reserved(&till), 0);
    till.world.drive(id, Status::Paid);
    assert_eq!((owed(&till), reserved(&till)), (COMMISSION + 161, 0));
}

#[test]
fn payout_leaves_the_commission_of_accepted_jobs() {
    // Earned: 2,278. Two cash jobs may create a debt of 920, of which 420 must be retained.
    let till = with_debt_limit(500);
    let technician = &till.world.technician;
    till.released(PaymentMethod::Mpesa);
    let jobs = [offered(&till, 20), offered(&till, 21)];
    for job in jobs {
        accept(&till, job).unwrap();
    }
    let view = run(till.payments().wallet(&technician.actor(), technician.id, kes(0).currency())).unwrap();
    assert_eq!((view.payable, view.reserved_commission), (kes(2_278), kes(2 * COMMISSION)));
    let take = |amount| {
        run(till.payments().request_payout(
            &technician.actor(),
            technician.id,
            kes(amount),
            &NewPayout::default(),
        ))
    };
    assert_refused(take(1_900), Rule::DEBT_LIMIT);

    till.world.clock.advance(TimeDelta::days(8));
    till.work();
    let paid = till.of_kind(TransactionKind::TechnicianPayout);
    assert_eq!(paid.iter().map(|payout| payout.amount.net).collect::<Vec<_>>(), [kes(1_858)]);
    assert_eq!(till.balance(Account::Payable(technician.id)), 420);

    // After the cancellation of the jobs, the next batch pays the rest of the earning.
    for job in jobs {
        run(till.world.bookings().cancel(&till.world.admin.actor(), job, "a mistake")).unwrap();
    }
    till.world.clock.advance(TimeDelta::days(7));
    till.work();
    let paid = till.of_kind(TransactionKind::TechnicianPayout);
    assert_eq!(paid.iter().map(|payout| payout.amount.net).collect::<Vec<_>>(), [kes(1_858), kes(420)]);
    assert_eq!(till.balance(Account::Payable(technician.id)), 0);
}

#[test]
fn reserved_commission_is_hidden_from_the_customer() {
    let till = Till::new();
    let id = offered(&till, 1);
    accept(&till, id).unwrap();
    let seen_by = |actor: baitech_core::kernel::Actor| {
        let view = run(till.world.bookings().view(&actor, id)).unwrap();
        let Payment { reserved_commission, .. } = view.record.payment;
        reserved_commission
    };
    assert_eq!(seen_by(till.customer()), None);
    assert_eq!(seen_by(till.world.technician.actor()), Some(kes(COMMISSION)));
    assert_eq!(seen_by(till.world.support.actor()), Some(kes(COMMISSION)));
}
