//! The methods of bookings.

use baitech_core::{
    booking::{Booking, BookingFilter, BookingStatus as Status, DisputeCategory, DisputeOutcome, NewBooking},
    store::{ChangeSet, Commit, Put},
};
use chrono::TimeDelta;

use super::{
    Row,
    scene::{more, page},
};
use crate::support::{self, run, slot};

pub(super) const BOOKINGS: &[Row] = &[
    row!(bookings.accept(at(Status::Assigned)), "technician"),
    // The system expires an offer only after its time.
    row!(bookings.reject(at(Status::Assigned), "no"), "technician"),
    row!(bookings.en_route(at(Status::Accepted)), "technician"),
    row!(bookings.arrive(at(Status::EnRoute)), "technician"),
    row!(bookings.start(at(Status::Arrived)), "technician"),
    row!(bookings.pause(at(Status::InProgress), None), "technician"),
    Row("bookings.resume", "technician", |s, a| {
        let id = s.at(Status::InProgress);
        run(s.bookings().pause(&s.till.world.technician.actor(), id, None)).unwrap();
        run(s.bookings().resume(a, id)).map(drop)
    }),
    row!(bookings.complete(at(Status::InProgress)), "technician"),
    row!(bookings.verify(at(Status::Completed)), "customer"),
    row!(bookings.confirm_cash(at(Status::PaymentPending)), "technician support admin"),
    row!(bookings.cancellation_quote(at(Status::Accepted)), "customer technician support admin system"),
    row!(bookings.cancel(at(Status::Accepted), "no need"), "customer technician support admin system"),
    Row("bookings.report_customer_no_show", "technician", |s, a| {
        let id = s.at(Status::Arrived);
        s.till.world.clock.set(s.till.world.load(id).slot.starts_at() + TimeDelta::minutes(31));
        run(s.bookings().report_customer_no_show(a, id)).map(drop)
    }),
    row!(bookings.propose_price_change(at(Status::InProgress), &more()), "technician"),
    Row("bookings.approve_price_change", "customer", |s, a| {
        let id = s.raised();
        run(s.till.world.as_shown(id).approve_price_change(a, id)).map(drop)
    }),
    row!(bookings.decline_price_change(raised()), "customer"),
    row!(bookings.move_slot(at(Status::Pending), &slot(3, "10:00", "12:00")), "customer support admin"),
    row!(
        bookings.propose_slot(at(Status::Accepted), &slot(3, "10:00", "12:00"), None),
        "customer technician"
    ),
    Row("bookings.approve_slot", "customer", |s, a| {
        let id = s.slot_proposed();
        run(s.till.world.as_shown(id).approve_slot(a, id)).map(drop)
    }),
    row!(bookings.decline_slot(slot_proposed()), "customer technician"),
    Row("bookings.allow_early_start", "customer", |s, a| {
        let id = s.at(Status::Accepted);
        // Earlier than the policy of these tests allows without an agreement.
        let from = s.till.world.now() - TimeDelta::days(20_000);
        run(s.bookings().allow_early_start(a, id, from)).map(drop)
    }),
    Row("bookings.end_series", "customer support admin", |s, a| {
        let weekly = NewBooking { recurrence: Some("FREQ=WEEKLY;COUNT=3".to_owned()), ..support::request() };
        let id = s.till.world.request(&weekly).id;
        run(s.bookings().end_series(a, id)).map(drop)
    }),
    Row("bookings.approve", "company admin", |s, a| {
        let id = s.unapproved();
        run(s.till.world.as_shown(id).approve(a, id)).map(drop)
    }),
    row!(bookings.decline_approval(unapproved(), "too dear"), "company admin"),
    row!(bookings.get(at(Status::Accepted)), "customer technician support admin system"),
    Row("bookings.get_by_number", "customer technician support admin system", |s, a| {
        let id = s.at(Status::Accepted);
        let number = s.till.world.load(id).number.clone();
        run(s.bookings().get_by_number(a, &number)).map(drop)
    }),
    row!(bookings.view(at(Status::Accepted)), "customer technician support admin system"),
    Row("bookings.view_of", "customer technician support admin system", |s, a| {
        let id = s.at(Status::Accepted);
        run(s.bookings().view_of(a, &s.till.world.load(id))).map(drop)
    }),
    Row("bookings.view_by_number", "customer technician support admin system", |s, a| {
        let id = s.at(Status::Accepted);
        let number = s.till.world.load(id).number.clone();
        run(s.bookings().view_by_number(a, &number)).map(drop)
    }),
    row!(bookings.list_views(&BookingFilter::default(), &page()), "support admin system"),
    row!(bookings.list(&BookingFilter::default(), &page()), "support admin system"),
    row!(bookings.count_by_status(&BookingFilter::default()), "support admin system"),
    row!(
        bookings.quote(&support::request()),
        "stranger other_technician customer technician company employee support admin"
    ),
    Row("bookings.create", "support admin", |s, a| {
        let request = NewBooking { on_behalf_of: Some(s.till.world.stranger.id), ..support::request() };
        run(s.bookings().create(a, &request)).map(drop)
    }),
    row!(bookings.find_technician(at(Status::Pending)), "customer admin system"),
    Row("bookings.assign", "customer admin system", |s, a| {
        let booking = s.till.world.book();
        let mut begun = booking.value.clone().into_record();
        begun.status = Status::Matching;
        let put = Put::over(&booking, Booking::from_record(begun));
        let changes = ChangeSet::new().write(put);
        let _ = run(s.till.world.store.commit(changes)).unwrap();
        run(s.bookings().assign(a, booking.id, s.till.world.technician.id)).map(drop)
    }),
    row!(bookings.candidates(at(Status::Pending), 3), "customer support admin system"),
    Row("bookings.why_not", "customer support admin system", |s, a| {
        let id = s.at(Status::Pending);
        run(s.bookings().why_not(a, id, s.till.world.technician.id)).map(drop)
    }),
    row!(
        bookings.dispute(at(Status::Completed), DisputeCategory::Quality, "it drips"),
        "customer technician"
    ),
    row!(bookings.add_evidence(disputed(), "look", Vec::new()), "customer technician support admin"),
    row!(bookings.investigate_dispute(disputed()), "support admin"),
    row!(bookings.resolve_dispute(disputed(), DisputeOutcome::Release, "heard both"), "support admin"),
    Row("bookings.close_dispute", "support admin", |s, a| {
        let (id, bookings) = (s.disputed(), s.bookings());
        let support = s.till.world.support.actor();
        run(bookings.resolve_dispute(&support, id, DisputeOutcome::Release, "heard both")).unwrap();
        run(bookings.close_dispute(a, id)).map(drop)
    }),
    row!(bookings.add_checkpoint(at(Status::InProgress), "pipes", true, None), "technician support admin"),
    row!(bookings.check_quality(at(Status::Completed), 90, None), "support admin"),
    row!(bookings.offer_warranty(at(Status::InProgress), 30, None), "technician"),
    Row("bookings.claim_warranty", "customer", |s, a| {
        let id = s.at(Status::InProgress);
        run(s.bookings().offer_warranty(&s.till.world.technician.actor(), id, 30, None)).unwrap();
        s.till.world.drive(id, Status::Paid);
        run(s.bookings().claim_warranty(a, id, &slot(9, "10:00", "11:00"), "again")).map(drop)
    }),
    row!(bookings.note(at(Status::Accepted), "bring a ladder"), "customer technician support admin"),
    Row("bookings.hide", "support admin", |s, a| {
        let id = s.at(Status::Accepted);
        run(s.bookings().cancel(&s.till.world.admin.actor(), id, "no need")).unwrap();
        run(s.bookings().hide(a, id)).map(drop)
    }),
];
