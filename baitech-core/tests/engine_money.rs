//! The costs of cancellations, no-shows and disputes, exact to the shilling and the millisecond.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use baitech_core::{
    Marketplace,
    account::User,
    booking::{
        Booking, BookingPolicy, BookingStatus as Status, CancellationCause, DisputeCategory, DisputeOutcome,
        PaymentStatus,
    },
    kernel::{Actor, Code, Currency, Money, Rate, Rule},
    ledger::Account,
    pricing::FeeSchedule,
    store::{ChangeSet, Commit, Put, Stored},
    testing::build,
    transaction::PaymentMethod,
};
use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;
use rust_decimal::Decimal;
use support::{World, assert_forbidden, assert_invalid, assert_refused, kes, run, slot};

/// The job of these tests begins at 10:00 in Nairobi, two days ahead.
fn accepted(world: &World) -> (Stored<Booking>, DateTime<Utc>) {
    let mut request = support::request();
    request.time_slot = slot(2, "10:00", "12:00");
    let booking = world.request(&request);
    let booking = world.drive(booking.id, Status::Accepted);
    let starts_at = booking.slot.starts_at();
    (booking, starts_at)
}

fn assert_owed(world: &World, debtor: &User, fee: i64, platform: i64) {
    assert_eq!(world.balance(Account::Receivable(debtor.id)), -fee);
    assert_eq!(world.balance(Account::PlatformRevenue), platform);
    assert_eq!(world.balance(Account::Payable(world.technician.id)), fee - platform);
    assert_eq!(world.balance(Account::WithholdingPayable), 0);
    assert_eq!(world.balance(Account::ProcessingRevenue), 0);
}

#[test]
fn the_fee_rises_at_each_boundary_of_notice() {
    // Of 2,738: 25 % is 684.50, 50 % is 1,369, 75 % is 2,053.50; halves are rounded up. The platform keeps
    // 15 %.
    let (none, quarter, half, most) = ((0, 0), (685, 103), (1_369, 205), (2_054, 308));
    let millisecond = TimeDelta::milliseconds(1);
    let hours = |hours| TimeDelta::hours(hours);
    for (notice, (fee, platform)) in [
        (hours(24) + millisecond, none),
        (hours(24), quarter),
        (hours(24) - millisecond, quarter),
        (hours(6) + millisecond, quarter),
        (hours(6), half),
        (hours(6) - millisecond, half),
        (hours(2) + millisecond, half),
        (hours(2), most),
        (hours(2) - millisecond, most),
        (hours(0), most),
        (TimeDelta::minutes(-29), most),
    ] {
        let world = World::new();
        let (booking, starts_at) = accepted(&world);
        world.clock.set(starts_at - notice);
        let customer = world.customer.actor();
        let quote = run(world.bookings().cancellation_quote(&customer, booking.id)).unwrap();
        assert_eq!((quote.cause, quote.fee), (CancellationCause::Customer, kes(fee)), "{notice}");
        let here = world.bookings().if_version(booking.version);
        let cancelled = run(here.cancel(&customer, booking.id, "no need")).unwrap();
        let cancellation = cancelled.cancellation.as_ref().unwrap();
        assert_eq!((cancellation.fee, cancellation.cancelled_by), (kes(fee), customer.id()), "{notice}");
        assert_owed(&world, &world.customer, fee, platform);
    }
}

#[test]
fn cancellation_is_free_before_acceptance_and_by_other_parties() {
    for status in [Status::Pending, Status::Assigned] {
        let world = World::new();
        let booking = world.book();
        world.clock.set(booking.slot.starts_at() - TimeDelta::minutes(1));
        if status == Status::Assigned {
            world.drive(booking.id, status);
        }
        run(world.bookings().cancel(&world.customer.actor(), booking.id, "no need")).unwrap();
        assert!(world.money_entries().is_empty());
    }
    let world = World::new();
    for (actor, cause) in [
        (world.technician.actor(), CancellationCause::Technician),
        (world.admin.actor(), CancellationCause::Staff),
        (world.support.actor(), CancellationCause::Staff),
    ] {
        let (booking, _) = accepted(&world);
        world.clock.set(booking.slot.starts_at() - TimeDelta::minutes(1));
        let cancelled = run(world.bookings().cancel(&actor, booking.id, "no need")).unwrap();
        let cancellation = cancelled.cancellation.as_ref().unwrap();
        assert_eq!((cancellation.cause, cancellation.fee), (Some(cause), kes(0)));
        world.clock.set(build::start());
    }
    assert!(world.money_entries().is_empty());
}

#[test]
fn rescheduling_keeps_the_highest_cancellation_tier_reached() {
    let world = World::new();
    let (booking, starts_at) = accepted(&world);
    let (customer, technician) = (world.customer.actor(), world.technician.actor());
    // A cancellation at three hours' notice costs half. A later slot does not lower that.
    world.clock.set(starts_at - TimeDelta::hours(3));
    run(world.bookings().propose_slot(&technician, booking.id, &slot(9, "10:00", "12:00"), None)).unwrap();
    let moved = run(world.as_shown(booking.id).approve_slot(&customer, booking.id)).unwrap();
    assert_eq!(moved.slot.date.to_string(), "2026-03-11");
    let fee = || run(world.bookings().cancellation_quote(&customer, booking.id)).unwrap().fee;
    assert_eq!(fee(), kes(1_369));
    world.clock.set(moved.slot.starts_at() - TimeDelta::hours(7));
    assert_eq!(fee(), kes(1_369), "the higher tier remains although the new slot alone would cost a quarter");
    world.clock.set(moved.slot.starts_at() - TimeDelta::hours(1));
    assert_eq!(fee(), kes(2_054), "a higher tier is reached as usual");
}

#[test]
fn technician_no_show_is_cancelled_without_a_fee() {
    for status in [Status::Accepted, Status::EnRoute] {
        let world = World::new();
        let (booking, starts_at) = accepted(&world);
        world.drive(booking.id, status);
        let customer = world.customer.actor();
        world.clock.set(starts_at + TimeDelta::minutes(30) - TimeDelta::milliseconds(1));
        let quote = run(world.bookings().cancellation_quote(&customer, booking.id)).unwrap();
        assert_eq!((quote.cause, quote.fee), (CancellationCause::Customer, kes(2_054)));
        world.clock.advance(TimeDelta::milliseconds(1));
        let cancelled =
            run(world.bookings().cancel(&customer, booking.id, "the technician did not come")).unwrap();
        let cancellation = cancelled.cancellation.as_ref().unwrap();
        assert_eq!(cancellation.cause, Some(CancellationCause::TechnicianNoShow));
        assert!(cancellation.fee.is_zero() && world.money_entries().is_empty());
    }
}

#[test]
fn customer_no_show_owes_the_late_fee() {
    // The wait of an early technician begins at the start of the slot, that of a late one at arrival.
    for (arrives, may_leave) in [(-20, 30), (0, 30), (25, 55)] {
        let world = World::new();
        let (booking, starts_at) = accepted(&world);
        let technician = world.technician.actor();
        world.drive(booking.id, Status::EnRoute);
        world.clock.set(starts_at + TimeDelta::minutes(arrives));
        let report = || run(world.bookings().report_customer_no_show(&technician, booking.id));
        assert_refused(report(), Rule::TRANSITION);
        world.drive(booking.id, Status::Arrived);
        world.clock.set(starts_at + TimeDelta::minutes(may_leave) - TimeDelta::milliseconds(1));
        assert_refused(report(), Rule::TOO_EARLY);
        world.clock.advance(TimeDelta::milliseconds(1));
        assert_forbidden(run(world.bookings().report_customer_no_show(&world.customer.actor(), booking.id)));
        let gone = report().unwrap();
        assert_eq!(gone.cancellation.as_ref().unwrap().cause, Some(CancellationCause::CustomerNoShow));
        assert_owed(&world, &world.customer, 2_054, 308);
    }
}

#[test]
fn company_owes_the_fee_of_an_employees_cancellation() {
    let world = World::new();
    let (company, employee) = world.add_company();
    let booking = run(world.bookings().create(&employee.actor(), &support::request())).unwrap();
    world.drive(booking.id, Status::Accepted);
    world.clock.set(booking.slot.starts_at() - TimeDelta::hours(1));
    run(world.bookings().cancel(&employee.actor(), booking.id, "no need")).unwrap();
    assert_owed(&world, &company, 2_054, 308);
    assert_eq!(world.balance(Account::Receivable(employee.id)), 0);
}

fn disputed(world: &World, from: Status) -> Stored<Booking> {
    let id = world.book_until(from).id;
    run(world.bookings().dispute(&world.customer.actor(), id, DisputeCategory::Quality, "it drips")).unwrap()
}

fn resolve(world: &World, booking: &Booking, outcome: DisputeOutcome) -> Stored<Booking> {
    run(world.bookings().resolve_dispute(&world.support.actor(), booking.id, outcome, "heard both")).unwrap()
}

#[test]
fn full_refund_of_cash_leaves_every_party_at_zero() {
    let world = World::new();
    let refunded = resolve(&world, &disputed(&world, Status::Paid), DisputeOutcome::FullRefund);
    assert_eq!((refunded.status, refunded.payment.status), (Status::Refunded, PaymentStatus::Refunded));
    assert!(refunded.captured().is_zero());
    // The customer has the whole sum in the wallet; the technician keeps the cash and owes the whole sum.
    assert_eq!(world.balance(Account::Wallet(world.customer.id)), 2_738);
    assert_eq!(world.balance(Account::Payable(world.technician.id)), -2_738);
    for account in [Account::PlatformRevenue, Account::ProcessingRevenue, Account::WithholdingPayable] {
        assert_eq!(world.balance(account), 0, "{account}");
    }
}

#[test]
fn refund_of_a_company_payment_goes_to_the_company() {
    let world = World::new();
    let (company, employee) = world.add_company();
    let booking = run(world.bookings().create(&employee.actor(), &support::request())).unwrap();
    while world.load(booking.id).status != Status::Paid {
        world.step_as(&world.load(booking.id), &employee.actor()).unwrap();
    }
    run(world.bookings().dispute(&employee.actor(), booking.id, DisputeCategory::Quality, "it drips"))
        .unwrap();
    resolve(&world, &booking, DisputeOutcome::FullRefund);
    assert_eq!(world.balance(Account::Wallet(company.id)), 2_738);
    assert_eq!(world.balance(Account::Wallet(employee.id)), 0);
}

#[test]
fn refund_reverses_the_tax_withheld_at_the_original_rate() {
    let world = World::new();
    let disputed = disputed(&world, Status::Paid);
    assert_eq!(disputed.payment.withholding, Some(kes(100)));
    let mut policy = BookingPolicy::default();
    policy.pricing.fees.withholding = Rate::percent(10);
    let market = Marketplace::builder(world.store.clone()).clock(world.clock.clone()).policy(policy).build();
    let (bookings, support) = (market.bookings(), world.support.actor());
    run(bookings.resolve_dispute(&support, disputed.id, DisputeOutcome::FullRefund, "heard both")).unwrap();
    assert_eq!(world.balance(Account::WithholdingPayable), 0);
    assert_eq!(world.balance(Account::Payable(world.technician.id)), -2_738);
}

#[test]
fn payment_without_cash_is_not_refunded_as_cash() {
    for method in [Some(PaymentMethod::Mpesa), None] {
        let world = World::new();
        let disputed = disputed(&world, Status::Paid);
        let mut record = disputed.value.clone().into_record();
        record.payment.method = method;
        record.payment.transaction = None;
        let put = Put::over(&disputed, Booking::from_record(record));
        let _ = run(world.store.commit(ChangeSet::new().write(put))).unwrap();
        let support = world.support.actor();
        for outcome in [DisputeOutcome::FullRefund, DisputeOutcome::PartialRefund(kes(100))] {
            let resolved =
                run(world.bookings().resolve_dispute(&support, disputed.id, outcome, "heard both"));
            assert_refused(resolved, Rule::PAYMENT_METHOD);
        }
        assert_eq!(world.balance(Account::Wallet(world.customer.id)), 0);
        resolve(&world, &disputed, DisputeOutcome::Release);
    }
}

#[test]
fn partial_refund_reduces_each_share_in_proportion() {
    let world = World::new();
    let half = DisputeOutcome::PartialRefund(kes(1_369));
    let refunded = resolve(&world, &disputed(&world, Status::Paid), half);
    assert_eq!(
        (refunded.status, refunded.payment.status),
        (Status::Refunded, PaymentStatus::PartiallyRefunded)
    );
    assert_eq!(refunded.captured(), kes(1_369));
    assert_eq!(world.balance(Account::Wallet(world.customer.id)), 1_369);
    // Half of each share is refunded: 2,278 payout, 300 platform, 60 processing and 100 withholding.
    assert_eq!(world.balance(Account::Payable(world.technician.id)), -460 - 1_139);
    assert_eq!(world.balance(Account::PlatformRevenue), 150);
    assert_eq!(world.balance(Account::ProcessingRevenue), 30);
    assert_eq!(world.balance(Account::WithholdingPayable), 50);
}

#[test]
fn dispute_resolved_by_release_moves_no_money_and_is_final() {
    let world = World::new();
    let booking = disputed(&world, Status::Paid);
    let entries = world.store.ledger_entries().len();
    let released = resolve(&world, &booking, DisputeOutcome::Release);
    assert_eq!((released.status, world.store.ledger_entries().len()), (Status::Paid, entries));
    assert_eq!(released.captured(), kes(2_738));
    let way: Vec<_> = released.history.iter().rev().take(4).map(|line| line.status).collect();
    assert_eq!(way, [Status::Paid, Status::PaymentPending, Status::Verified, Status::Completed]);
    let again = world.bookings();
    let again =
        run(again.dispute(&world.technician.actor(), booking.id, DisputeCategory::Conduct, "he shouted"));
    assert_refused(again, Rule::ALREADY_DECIDED);
}

#[test]
fn dispute_before_payment_moves_no_money() {
    for from in [Status::Completed, Status::PaymentPending] {
        let world = World::new();
        let booking = disputed(&world, from);
        let part = DisputeOutcome::PartialRefund(kes(100));
        let support = world.support.actor();
        let refused = run(world.bookings().resolve_dispute(&support, booking.id, part, "half is done"));
        assert_refused(refused, Rule::PAYMENT_REQUIRED);
        let refunded = resolve(&world, &booking, DisputeOutcome::FullRefund);
        assert_eq!((refunded.status, refunded.payment.status), (Status::Refunded, PaymentStatus::Pending));
        assert!(world.money_entries().is_empty());

        let booking = disputed(&world, from);
        let released = resolve(&world, &booking, DisputeOutcome::Release);
        assert_eq!(released.status, Status::PaymentPending, "the money is awaited again");
        let technician = world.technician.actor();
        run(world.bookings().confirm_cash(&technician, booking.id)).unwrap();
        assert_eq!(world.balance(Account::Payable(world.technician.id)), -460);
    }
}

#[test]
fn paid_job_can_be_disputed_for_seven_days() {
    let world = World::new();
    let paid = world.book_until(Status::Paid);
    let dispute = || {
        let customer = world.customer.actor();
        run(world.bookings().dispute(&customer, paid.id, DisputeCategory::Other, "it drips"))
    };
    world.clock.set(paid.updated_at + TimeDelta::days(7) + TimeDelta::milliseconds(1));
    assert_refused(dispute(), Rule::TOO_LATE);
    world.clock.advance(TimeDelta::milliseconds(-1));
    assert_eq!(dispute().unwrap().status, Status::Disputed);
}

#[test]
fn partial_refund_outside_the_price_is_refused() {
    let world = World::new();
    let booking = disputed(&world, Status::Paid);
    let cents = |amount: &str| Money::new(amount.parse().unwrap(), Currency::KES);
    let before = (world.load(booking.id).version, world.trace());
    for (amount, code) in [
        (kes(0), Code::OutOfRange),
        (kes(-1), Code::OutOfRange),
        (kes(2_738), Code::OutOfRange),
        (kes(2_739), Code::OutOfRange),
        (cents("0.001"), Code::Malformed),
        (cents("100.005"), Code::Malformed),
        (Money::from_major(100, Currency::USD), Code::Currency),
    ] {
        let part = DisputeOutcome::PartialRefund(amount);
        let refused = run(world.bookings().resolve_dispute(&world.admin.actor(), booking.id, part, "no"));
        assert_invalid(refused, &[("amount", code)]);
    }
    assert_eq!((world.load(booking.id).version, world.trace()), before);
    let refunded = resolve(&world, &booking, DisputeOutcome::PartialRefund(cents("0.01")));
    assert_eq!(refunded.status, Status::Refunded, "a refund of one cent is valid");
}

#[test]
fn only_staff_resolve_and_only_disputed_bookings() {
    let world = World::new();
    let release = |actor: &Actor, booking: &Booking| {
        run(world.bookings().resolve_dispute(actor, booking.id, DisputeOutcome::Release, "no"))
    };
    let running = world.book_until(Status::InProgress);
    for actor in [&world.technician, &world.customer, &world.admin] {
        assert_refused(release(&actor.actor(), &running), Rule::TRANSITION);
    }
    assert_eq!(world.load(running.id).version, running.version);
    world.drive(running.id, Status::Paid);
    let disputed = disputed(&world, Status::Paid);
    for actor in [&world.technician, &world.customer] {
        assert_refused(release(&actor.actor(), &disputed), Rule::TRANSITION);
    }
    support::assert_not_found(release(&world.stranger.actor(), &disputed));
}

fn prices() -> impl Strategy<Value = (Money, Money)> {
    let currency = proptest::sample::select(vec![Currency::KES, Currency::USD, Currency::UGX]);
    (currency, 0..5_000_000_i64, 0..1_000_000_i64).prop_map(|(currency, service, discount)| {
        (Money::from_minor(service, currency), Money::from_minor(discount, currency))
    })
}

proptest! {
    #[test]
    fn shares_and_refunds_sum_to_the_price((service, discount) in prices(), part in 0.0..=1.0_f64) {
        let fees = FeeSchedule::default();
        let pricing = fees.price(service, service, discount).unwrap();
        let shares = fees.shares(&pricing).unwrap();
        prop_assert_eq!(shares.total().unwrap(), pricing.total);
        prop_assume!(!pricing.total.is_zero());

        let minor = (pricing.total.amount() * Decimal::try_from(part).unwrap()).round_dp(0);
        let back = Money::new(minor, pricing.currency());
        let portions = shares.portions_of(back).unwrap();
        prop_assert_eq!(Money::sum(back.currency(), portions).unwrap(), back);
        let all = shares.portions_of(pricing.total).unwrap();
        prop_assert_eq!(all, [shares.payout, shares.platform, shares.processing, shares.withholding]);
        for (portion, whole) in portions.iter().zip(all) {
            prop_assert!(!portion.is_negative() && portion.amount() <= whole.amount());
        }
    }

    #[test]
    fn allocation_sums_to_the_amount(
        units in -1_000_000_000..1_000_000_000_i64,
        weights in proptest::collection::vec(0..1_000_000_u64, 1..8),
    ) {
        prop_assume!(weights.iter().any(|weight| *weight > 0));
        let amount = Money::from_minor(units, Currency::KES);
        let parts = amount.allocate(&weights).unwrap();
        prop_assert_eq!(Money::sum(Currency::KES, parts.iter().copied()).unwrap(), amount);
        for (part, weight) in parts.iter().zip(&weights) {
            let fair = amount.amount() * Decimal::from(*weight) / Decimal::from(weights.iter().sum::<u64>());
            prop_assert!((part.amount() - fair).abs() <= Decimal::new(1, 2), "{part} instead of {fair}");
        }
    }
}
