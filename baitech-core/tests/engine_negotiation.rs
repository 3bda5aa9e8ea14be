//! Price changes, rescheduling, company approvals, warranties, series and reminders.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use std::collections::BTreeMap;

use baitech_core::{
    account::{Availability, Category, TimeOfDay, User, UserStatus},
    booking::{
        ApprovalStatus, Booking, BookingEvent, BookingFilter, BookingPolicy, BookingStatus as Status,
        DisputeCategory, DisputeOutcome, NewPriceChange, ReminderKind, Supplier,
    },
    kernel::{Actor, Code, Currency, Current, Error, Id, Money, PageRequest, Rule},
    store::{AggregateRef, IdempotencyKey, Stored},
    testing::build,
};
use chrono::TimeDelta;
use support::{
    World, assert_forbidden, assert_invalid, assert_not_found, assert_refused, kes, material, price_change,
    run, slot,
};

#[test]
fn price_rises_only_with_the_customers_approval() {
    let world = World::new();
    let (customer, technician) = (world.customer.actor(), world.technician.actor());
    let id = world.book_until(Status::InProgress).id;
    let propose =
        |change: &NewPriceChange| run(world.bookings().propose_price_change(&technician, id, change));

    // Three pipes at 100 and a tap for 700 on a service of 2,000; material of the customer costs nothing.
    let materials = vec![material(Supplier::Technician, 3, 100), material(Supplier::Customer, 2, 999)];
    let proposed = propose(&price_change(materials, &[700])).unwrap();
    assert_eq!(proposed.pricing.total, kes(2_738), "the price is unchanged before the customer approves");
    let shown = proposed.price_change.as_ref().unwrap().pricing;
    assert_eq!((shown.service_charge, shown.total), (kes(3_000), kes(4_106)));
    assert_forbidden(run(world.bookings().approve_price_change(&technician, id)));
    run(world.bookings().decline_price_change(&customer, id)).unwrap();
    assert_eq!(world.load(id).pricing.total, kes(2_738));
    assert_refused(run(world.bookings().approve_price_change(&customer, id)), Rule::ALREADY_DECIDED);

    // The approval of one price does not approve the next one.
    let seen = propose(&price_change(vec![material(Supplier::Technician, 3, 100)], &[])).unwrap();
    let dearer = propose(&price_change(vec![material(Supplier::Technician, 30, 100)], &[])).unwrap();
    let stale = run(world.bookings().if_version(seen.version).approve_price_change(&customer, id));
    let Err(Error::Conflict(Current::Booking(current))) = stale else {
        panic!("the approved version is outdated: {stale:?}")
    };
    assert_eq!((current.version, &current.value), (dearer.version, &dearer.value));
    assert_eq!(world.load(id).pricing.total, kes(2_738));
    let approved =
        run(world.bookings().if_version(current.version).approve_price_change(&customer, id)).unwrap();
    assert_eq!((approved.pricing.service_charge, approved.materials.len()), (kes(5_000), 1));

    // A proposal that is still open when the work is done lapses.
    propose(&price_change(Vec::new(), &[100])).unwrap();
    let done = run(world.bookings().complete(&technician, id)).unwrap();
    assert_eq!(done.price_change.as_ref().unwrap().status, ApprovalStatus::Declined);
    assert_eq!(done.pricing, approved.pricing);
    assert_refused(propose(&price_change(Vec::new(), &[100])), Rule::TRANSITION);
}

#[test]
fn every_bad_field_of_a_price_change_is_named() {
    let world = World::new();
    let booking = world.book_until(Status::InProgress);
    let technician = world.technician.actor();
    let propose =
        |change: &NewPriceChange| run(world.bookings().propose_price_change(&technician, booking.id, change));
    let mut bad = price_change(vec![material(Supplier::Technician, 0, -1)], &[100]);
    bad.reason = String::new();
    bad.materials[0].name = "x".repeat(101);
    bad.services[0].price = Money::from_major(1, Currency::USD);
    let expected = [
        ("reason", Code::Required),
        ("materials.0.name", Code::TooLong),
        ("materials.0.quantity", Code::OutOfRange),
        ("materials.0.unitPrice", Code::OutOfRange),
        ("services.0.price", Code::Currency),
    ];
    assert_invalid(propose(&bad), &expected);
    assert_invalid(propose(&price_change(Vec::new(), &[])), &[("materials", Code::Required)]);
    assert_invalid(propose(&price_change(Vec::new(), &[1; 51])), &[("services", Code::TooMany)]);
    assert_forbidden(run(world.bookings().propose_price_change(
        &world.customer.actor(),
        booking.id,
        &price_change(Vec::new(), &[1]),
    )));
    assert_eq!(world.load(booking.id).version, booking.version);
}

#[test]
fn reschedule_takes_effect_when_the_other_party_agrees() {
    let world = World::new();
    let (customer, technician) = (world.customer.actor(), world.technician.actor());
    let booking = world.book_until(Status::Accepted);
    let bookings = world.bookings();
    let old = booking.slot.claim_keys(world.technician.id);
    run(bookings.propose_slot(&customer, booking.id, &slot(1, "11:00", "13:00"), Some("late"))).unwrap();
    assert_forbidden(run(bookings.approve_slot(&customer, booking.id)));
    assert_eq!(world.held(&old).len(), old.len(), "the slot is unchanged before the agreement");
    let moved = run(world.as_shown(booking.id).approve_slot(&technician, booking.id)).unwrap();
    let new = moved.slot.claim_keys(world.technician.id);
    let held: Vec<_> = world.held(&[old.clone(), new.clone()].concat()).into_iter().collect();
    let expected: BTreeMap<_, _> =
        new.iter().map(|key| (key.clone(), AggregateRef::Booking(booking.id))).collect();
    assert_eq!(held.into_iter().collect::<BTreeMap<_, _>>(), expected);
    assert_eq!(moved.pricing, booking.pricing, "the price stays as it was approved");
    assert!(moved.reschedule.is_none());

    run(bookings.propose_slot(&technician, booking.id, &slot(2, "11:00", "13:00"), None)).unwrap();
    let stayed = run(bookings.decline_slot(&customer, booking.id)).unwrap();
    assert_eq!((stayed.slot, &stayed.reschedule), (moved.slot, &None));
    assert_refused(run(bookings.approve_slot(&technician, booking.id)), Rule::ALREADY_DECIDED);
}

#[test]
fn reschedule_to_a_taken_slot_changes_nothing() {
    let world = World::new();
    let (customer, technician) = (world.customer.actor(), world.technician.actor());
    let booking = world.book_until(Status::Accepted);
    let mut request = support::request();
    request.time_slot = slot(1, "15:00", "16:00");
    let other = world.request(&request).id;
    world.drive(other, Status::Accepted);
    // The travel time from the other job would overlap.
    run(world.bookings().propose_slot(&customer, booking.id, &slot(1, "16:15", "18:00"), None)).unwrap();
    let before = (world.load(booking.id), world.events(), world.load(other).version);
    let keys: Vec<_> = build::slot(1, 0, 24).claim_keys(world.technician.id);
    let held = world.held(&keys);
    assert_refused(
        run(world.as_shown(booking.id).approve_slot(&technician, booking.id)),
        Rule::TIME_SLOT_TAKEN,
    );
    let after = world.load(booking.id);
    assert_eq!((after.version, &after.value), (before.0.version, &before.0.value));
    assert_eq!((world.events(), world.load(other).version, world.held(&keys)), (before.1, before.2, held));
}

#[test]
fn before_acceptance_the_customer_moves_the_slot_and_the_price_follows() {
    let world = World::new();
    let booking = world.book_until(Status::Assigned);
    let customer = world.customer.actor();
    // A Saturday, with twice the duration.
    let moved = run(world.bookings().move_slot(&customer, booking.id, &slot(5, "10:00", "14:00"))).unwrap();
    assert_eq!((moved.pricing.base_price, moved.pricing.service_charge), (kes(4_000), kes(4_400)));
    assert_forbidden(run(world.bookings().move_slot(
        &world.technician.actor(),
        booking.id,
        &slot(5, "10:00", "14:00"),
    )));
    let past = run(world.bookings().move_slot(&customer, booking.id, &slot(0, "07:00", "08:00")));
    assert_invalid(past, &[("timeSlot.startTime", Code::InPast)]);
    world.drive(booking.id, Status::Accepted);
    let late = run(world.bookings().move_slot(&customer, booking.id, &slot(6, "10:00", "14:00")));
    assert_refused(late, Rule::TRANSITION);
}

/// A booking by staff for an employee, with a discount that sets the service price.
fn for_company(world: &World, employee: &User, service: i64) -> Stored<Booking> {
    let mut request = support::request();
    request.time_slot = slot(1, "10:00", "15:00");
    request.on_behalf_of = Some(employee.id);
    request.discount = Some(kes(5_000 - service));
    run(world.bookings().create(&world.admin.actor(), &request)).unwrap()
}

#[test]
fn company_approval_is_needed_above_five_thousand() {
    let world = World::new();
    let (company, employee) = world.add_company();
    // A service of 3,652 costs 4,999 and one of 3,653 costs 5,001; nothing costs 5,000 exactly.
    let small = for_company(&world, &employee, 3_652);
    assert!(small.pricing.total.amount() <= 5_000.into());
    assert_eq!(small.corporate.as_ref().unwrap().approval, ApprovalStatus::Approved);
    let large = for_company(&world, &employee, 3_660);
    assert!(large.pricing.total.amount() > 5_000.into());
    assert_eq!(large.corporate.as_ref().unwrap().approval, ApprovalStatus::Pending);
    let asked = BookingEvent::BookingApprovalRequested { company: company.id };
    assert!(world.happened_to(large.id).contains(&asked));
    assert!(!world.happened_to(small.id).contains(&asked));

    let find = |actor: &Actor| run(world.bookings().find_technician(actor, large.id));
    for actor in [employee.actor(), company.actor(), world.admin.actor(), Actor::System] {
        assert_refused(find(&actor), Rule::APPROVAL_REQUIRED);
    }
    world.pass(60);
    world.work();
    assert_eq!(world.load(large.id).status, Status::Pending, "no search starts before the approval");
    assert_forbidden(run(world.bookings().approve(&employee.actor(), large.id)));
    assert_forbidden(run(world.bookings().approve(&world.support.actor(), large.id)));
    assert_not_found(run(world.bookings().approve(&world.customer.actor(), large.id)));
    let approved = run(world.as_shown(large.id).approve(&company.actor(), large.id)).unwrap();
    assert_eq!(approved.corporate.as_ref().unwrap().decided_by, Some(company.id));
    assert_refused(run(world.bookings().approve(&company.actor(), large.id)), Rule::ALREADY_DECIDED);
    find(&employee.actor()).unwrap();

    let another = for_company(&world, &employee, 5_000);
    let declined = run(world.bookings().decline_approval(&company.actor(), another.id, "too dear")).unwrap();
    assert_eq!(declined.status, Status::Cancelled);
    assert!(declined.cancellation.as_ref().unwrap().fee.is_zero());
    assert!(
        world.happened_to(another.id).contains(&BookingEvent::BookingApprovalDecided { approved: false })
    );
}

#[test]
fn a_warranty_covers_claims_until_its_last_millisecond() {
    let world = World::new();
    let (customer, technician) = (world.customer.actor(), world.technician.actor());
    let id = world.book_until(Status::InProgress).id;
    for days in [0, 3_651] {
        let refused = run(world.bookings().offer_warranty(&technician, id, days, None));
        assert_invalid(refused, &[("duration", Code::OutOfRange)]);
    }
    run(world.bookings().offer_warranty(&technician, id, 30, Some("for leaks"))).unwrap();
    let done = world.drive(id, Status::Completed);
    let expires_at = done.updated_at + TimeDelta::days(30);
    assert_eq!(done.warranty.expires_at, Some(expires_at));
    world.drive(id, Status::Paid);
    let claim = |key: &str| {
        let key = IdempotencyKey::new(key).unwrap();
        let slot = slot(40, "10:00", "11:00");
        run(world.bookings().idempotency_key(key).claim_warranty(&customer, id, &slot, "it drips again"))
    };

    world.clock.set(expires_at - TimeDelta::milliseconds(1));
    let first = claim("first").unwrap();
    let second = claim("second").unwrap();
    assert_ne!(first.id, second.id);
    assert_eq!(
        claim("first").unwrap().id,
        first.id,
        "a repeated claim returns the booking that the first one created"
    );
    assert_eq!(world.load(id).warranty.claims, [first.id, second.id]);
    assert!(first.pricing.total.is_zero());
    assert_eq!((first.warranty_for, first.recurring_parent), (Some(id), None));
    assert_eq!(first.preferred_technician, Some(world.technician.id));
    let confirmed = BookingEvent::BookingReminder { reminder: ReminderKind::BookingConfirmation };
    assert!(world.happened_to(first.id).contains(&confirmed), "like every booking");
    let paid = world.drive(first.id, Status::Completed);
    let paid = run(world.bookings().verify(&customer, paid.id)).unwrap();
    assert_eq!((paid.status, world.money_entries().len()), (Status::Paid, 1));

    world.clock.set(expires_at);
    assert_refused(claim("late"), Rule::TOO_LATE);
    assert_forbidden(run(world.bookings().claim_warranty(
        &technician,
        id,
        &slot(40, "10:00", "11:00"),
        "mine",
    )));
}

/// The local days of a series, including its first booking, after the worker ran once a day for `days` days.
fn series(world: &World, rule: &str, first: u64, days: i64) -> (Id<Booking>, Vec<Stored<Booking>>) {
    let mut request = support::request();
    request.recurrence = Some(rule.to_owned());
    request.time_slot = slot(first, "10:00", "12:00");
    let parent = world.request(&request);
    world.drive(parent.id, Status::Paid);
    for _ in 0..days {
        world.work();
        world.clock.advance(TimeDelta::days(1));
    }
    let filter = BookingFilter { customer: Some(world.customer.id), ..BookingFilter::default() };
    let page = PageRequest::new(100, None).unwrap();
    let mut all = run(world.bookings().list(&Actor::System, &filter, &page)).unwrap().items;
    all.sort_by_key(|booking| booking.slot.date);
    (parent.id, all)
}

fn dates(series: &[Stored<Booking>]) -> Vec<String> {
    series.iter().map(|booking| booking.slot.date.to_string()).collect()
}

#[test]
fn a_weekly_series_ends_with_its_count() {
    let world = World::new();
    let (parent, all) = series(&world, "FREQ=WEEKLY;COUNT=4", 1, 60);
    assert_eq!(dates(&all), ["2026-03-03", "2026-03-10", "2026-03-17", "2026-03-24"]);
    for booking in &all[1..] {
        assert_eq!((booking.recurring_parent, &booking.recurrence), (Some(parent), &None));
        assert_eq!((booking.slot.start, booking.pricing.base_price), (all[0].slot.start, kes(2_000)));
        assert!(world.happened_to(parent).contains(&BookingEvent::BookingRecurred { booking: booking.id }));
        let opened: Vec<_> = world.happened_to(booking.id).into_iter().take(2).collect();
        let confirmed = BookingEvent::BookingReminder { reminder: ReminderKind::BookingConfirmation };
        assert_eq!(opened, [BookingEvent::BookingCreated { customer: world.customer.id }, confirmed]);
        let ahead = booking.slot.starts_at() - booking.created_at;
        assert!(ahead <= TimeDelta::days(15), "booked two weeks ahead");
    }
    assert_eq!(world.load(parent).recurrence.as_ref().unwrap().next, None);
}

#[test]
fn a_series_ends_at_its_date_and_leaves_out_months_without_the_day() {
    let world = World::new();
    let (_, all) = series(&world, "FREQ=WEEKLY;UNTIL=20260320T000000Z", 1, 40);
    assert_eq!(dates(&all), ["2026-03-03", "2026-03-10", "2026-03-17"]);
    let world = World::new();
    let (_, all) = series(&world, "FREQ=MONTHLY;COUNT=4", 29, 220);
    assert_eq!(dates(&all), ["2026-03-31", "2026-05-31", "2026-07-31", "2026-08-31"]);
}

#[test]
fn hours_of_a_series_stay_local_over_a_change_of_the_clocks() {
    let time_zones = vec![chrono_tz::Tz::Europe__Berlin];
    let world =
        World::with(|builder| builder.policy(BookingPolicy { time_zones, ..BookingPolicy::default() }));
    let mut request = support::request();
    request.recurrence = Some("FREQ=WEEKLY;COUNT=3".to_owned());
    request.time_slot = slot(20, "10:00", "12:00");
    request.time_slot.time_zone = Some(chrono_tz::Tz::Europe__Berlin);
    // A second slot lies in the hour that the clocks skip on 29 March.
    let mut at_night = request.clone();
    at_night.time_slot.start_time = "02:15".to_owned();
    at_night.time_slot.end_time = "02:45".to_owned();
    let mut owl = build::technician_record(9, Category::Plumbing, build::nairobi());
    let all_week = [0, 1, 2, 3, 4, 5, 6].map(|day| chrono::Weekday::try_from(day).unwrap());
    owl.technician.as_mut().unwrap().availability =
        Availability::on_weekdays(&all_week, TimeOfDay::MIDNIGHT, TimeOfDay::END_OF_DAY);
    world.add(&User::from_record(owl));
    let [parent, night] = [&request, &at_night].map(|request| {
        let id = world.request(request).id;
        world.drive(id, Status::Paid);
        id
    });
    for _ in 0..40 {
        world.work();
        world.clock.advance(TimeDelta::days(1));
    }
    let starts = |parent| -> Vec<_> {
        let filter = BookingFilter { customer: Some(world.customer.id), ..BookingFilter::default() };
        let page = PageRequest::new(100, None).unwrap();
        let all = run(world.bookings().list(&Actor::System, &filter, &page)).unwrap().items;
        let own = all.iter().filter(|b| b.id == parent || b.recurring_parent == Some(parent));
        let mut starts: Vec<_> = own.map(|b| b.slot.starts_at().to_rfc3339()).collect();
        starts.sort();
        starts
    };
    let expected = ["2026-03-22T09:00:00+00:00", "2026-03-29T08:00:00+00:00", "2026-04-05T08:00:00+00:00"];
    assert_eq!(starts(parent), expected);
    assert_eq!(starts(night), ["2026-03-22T01:15:00+00:00", "2026-04-05T00:15:00+00:00"]);
}

#[test]
fn series_repeats_only_the_booked_service_and_only_for_active_customers() {
    let world = World::new();
    let mut request = support::request();
    request.recurrence = Some("FREQ=WEEKLY;COUNT=5".to_owned());
    request.time_slot = slot(1, "10:00", "12:00");
    let parent = world.request(&request).id;
    world.drive(parent, Status::InProgress);
    let pipes = price_change(vec![material(Supplier::Technician, 10, 100)], &[]);
    run(world.bookings().propose_price_change(&world.technician.actor(), parent, &pipes)).unwrap();
    run(world.as_shown(parent).approve_price_change(&world.customer.actor(), parent)).unwrap();
    world.work();
    let next = |date: &str| {
        let filter = BookingFilter { customer: Some(world.customer.id), ..BookingFilter::default() };
        let all = run(world.bookings().list(&Actor::System, &filter, &PageRequest::default())).unwrap().items;
        all.into_iter().find(|booking| booking.slot.date.to_string() == date)
    };
    let second = next("2026-03-10").expect("the next booking is created in advance");
    assert_eq!(second.pricing.service_charge, kes(2_000), "without the material of the first booking");

    // A suspended user starts no work, including by a series.
    let accounts = world.market.accounts();
    run(accounts.set_status(&world.admin.actor(), world.customer.id, UserStatus::Suspended)).unwrap();
    world.clock.set("2026-03-11T05:00:00Z".parse().unwrap());
    world.work();
    assert!(next("2026-03-24").is_none());
    run(accounts.set_status(&world.admin.actor(), world.customer.id, UserStatus::Active)).unwrap();
    world.clock.set("2026-03-18T05:00:00Z".parse().unwrap());
    world.work();
    assert!(next("2026-03-31").is_some() && next("2026-03-24").is_none());
}

#[test]
fn reminders_are_not_repeated_after_a_dispute() {
    let world = World::new();
    let id = world.book_until(Status::Paid).id;
    world.clock.advance(TimeDelta::days(2));
    world.work();
    run(world.bookings().dispute(&world.customer.actor(), id, DisputeCategory::Quality, "it drips")).unwrap();
    let release = DisputeOutcome::Release;
    run(world.bookings().resolve_dispute(&world.admin.actor(), id, release, "no fault found")).unwrap();
    world.clock.advance(TimeDelta::days(2));
    world.work();
    let review = BookingEvent::BookingReminder { reminder: ReminderKind::ReviewRequest };
    assert_eq!(world.happened_to(id).iter().filter(|event| **event == review).count(), 1);

    // A reminder that was due during the dispute is sent afterwards.
    let world = World::new();
    let id = world.book_until(Status::PaymentPending).id;
    run(world.bookings().dispute(&world.customer.actor(), id, DisputeCategory::Price, "too dear")).unwrap();
    world.clock.advance(TimeDelta::days(2));
    world.work();
    run(world.bookings().resolve_dispute(&world.admin.actor(), id, release, "the price is right")).unwrap();
    world.clock.advance(TimeDelta::days(1));
    world.work();
    let payment = BookingEvent::BookingReminder { reminder: ReminderKind::PaymentReminder };
    assert_eq!(world.happened_to(id).iter().filter(|event| **event == payment).count(), 1);
}

#[test]
fn an_offer_made_by_hand_is_repeated_by_its_key() {
    let world = World::new();
    let customer = world.customer.actor();
    let id = world.book_until(Status::Assigned).id;
    run(world.bookings().reject(&world.technician.actor(), id, "no")).unwrap();
    run(world.bookings().find_technician(&world.admin.actor(), id)).unwrap();
    let chosen = world.add_technician(2, 1.0);
    let key = IdempotencyKey::new("this-one").unwrap();
    let assign = || run(world.bookings().idempotency_key(key.clone()).assign(&customer, id, chosen.id));
    assert_eq!(assign().unwrap().technician, Some(chosen.id));
    run(world.bookings().accept(&chosen.actor(), id)).unwrap();
    assert_eq!(assign().unwrap().status, Status::Accepted, "the chosen technician is busy with this job");
}
