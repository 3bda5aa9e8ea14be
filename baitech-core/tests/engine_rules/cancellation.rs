//! The fee of a cancellation after the technician has arrived or begun to work.

use baitech_core::{
    booking::{BookingStatus as Status, CancellationCause},
    kernel::Rate,
    ledger::Account,
};
use chrono::TimeDelta;
use proptest::prelude::*;

use crate::support::{World, kes, run};

#[test]
fn a_cancellation_costs_the_late_fee_once_the_technician_has_arrived() {
    for status in [Status::Arrived, Status::InProgress] {
        // The slot is a day ahead: without the arrival, a cancellation would be free.
        let world = World::new();
        let booking = world.book_until(status);
        assert!(booking.slot.starts_at() - world.now() > TimeDelta::hours(24));
        let customer = world.customer.actor();
        let quote = run(world.bookings().cancellation_quote(&customer, booking.id)).unwrap();
        assert_eq!(
            (quote.cause, quote.rate, quote.fee),
            (CancellationCause::Customer, Rate::percent(75), kes(2_054))
        );
        let cancelled = run(world.as_shown(booking.id).cancel(&customer, booking.id, "no need")).unwrap();
        assert_eq!(cancelled.cancellation.as_ref().unwrap().fee, kes(2_054), "{status}");
        assert_eq!(world.balance(Account::Receivable(world.customer.id)), -2_054);
    }
}

#[test]
fn a_cancellation_costs_at_least_the_time_worked() {
    // Of two hours: 100 minutes are 83.34 %; a pause is not work; more than the estimate costs the total.
    for (worked, paused, rate, fee) in
        [(60, 0, 7_500, 2_054), (100, 0, 8_334, 2_282), (100, 600, 8_334, 2_282), (240, 0, 10_000, 2_738)]
    {
        let world = World::new();
        let booking = world.book_until(Status::InProgress);
        let (customer, technician) = (world.customer.actor(), world.technician.actor());
        world.pass(worked);
        if paused > 0 {
            run(world.bookings().pause(&technician, booking.id, None)).unwrap();
            world.pass(paused);
        }
        let quote = run(world.bookings().cancellation_quote(&customer, booking.id)).unwrap();
        assert_eq!((quote.rate.basis_points(), quote.fee), (rate, kes(fee)), "{worked} and {paused}");
        let agreed = world.as_shown(booking.id).max_price(quote.fee);
        let cancelled = run(agreed.cancel(&customer, booking.id, "enough")).unwrap();
        assert_eq!(cancelled.cancellation.as_ref().unwrap().fee, quote.fee, "equal to the preview");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_fee_never_falls_with_more_work_and_never_exceeds_the_total(
        spans in prop::collection::vec((0_i64..90, prop::bool::ANY), 1..8),
        before_start in 0_i64..1_500,
    ) {
        let world = World::new();
        let booking = world.book();
        world.clock.set(booking.slot.starts_at() - TimeDelta::minutes(before_start));
        world.drive(booking.id, Status::Arrived);
        let (customer, technician) = (world.customer.actor(), world.technician.actor());
        let fee = || run(world.bookings().cancellation_quote(&customer, booking.id)).unwrap().fee;
        let mut last = fee();
        prop_assert!(last.amount() >= kes(2_054).amount());
        world.drive(booking.id, Status::InProgress);
        for (minutes, pauses) in spans {
            world.pass(minutes);
            let now = fee();
            prop_assert!(now.amount() >= last.amount(), "{} after {}", now, last);
            prop_assert!(now.amount() <= booking.pricing.total.amount());
            last = now;
            if pauses {
                run(world.bookings().pause(&technician, booking.id, None)).unwrap();
                world.pass(minutes);
                prop_assert_eq!(fee(), last, "a pause is not work");
                run(world.bookings().resume(&technician, booking.id)).unwrap();
            }
        }
    }
}
