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
    Row("bookings.accept", "technician", |s, a| {
        let id = s.at(Status::Assigned);
        run(s.till.world.bookings().accept(a, id)).map(drop)
    }),
    Row("bookings.reject", "technician", |s, a| {
        let id = s.at(Status::Assigned);
        // The system lets an offer lapse only once its time is over.
        run(s.till.world.bookings().reject(a, id, "no")).map(drop)
    }),
    Row("bookings.en_route", "technician", |s, a| {
        let id = s.at(Status::Accepted);
        run(s.till.world.bookings().en_route(a, id)).map(drop)
    }),
    Row("bookings.arrive", "technician", |s, a| {
        let id = s.at(Status::EnRoute);
        run(s.till.world.bookings().arrive(a, id)).map(drop)
    }),
    Row("bookings.start", "technician", |s, a| {
        let id = s.at(Status::Arrived);
        run(s.till.world.bookings().start(a, id)).map(drop)
    }),
    Row("bookings.pause", "technician", |s, a| {
        let id = s.at(Status::InProgress);
        run(s.till.world.bookings().pause(a, id, None)).map(drop)
    }),
    Row("bookings.resume", "technician", |s, a| {
        let id = s.at(Status::InProgress);
        run(s.till.world.bookings().pause(&s.till.world.technician.actor(), id, None)).unwrap();
        run(s.till.world.bookings().resume(a, id)).map(drop)
    }),
    Row("bookings.complete", "technician", |s, a| {
        let id = s.at(Status::InProgress);
        run(s.till.world.bookings().complete(a, id)).map(drop)
    }),
    Row("bookings.verify", "customer", |s, a| {
        let id = s.at(Status::Completed);
        run(s.till.world.bookings().verify(a, id)).map(drop)
    }),
    Row("bookings.confirm_cash", "technician support admin", |s, a| {
        let id = s.at(Status::PaymentPending);
        run(s.till.world.bookings().confirm_cash(a, id)).map(drop)
    }),
    Row("bookings.cancellation_quote", "customer technician support admin system", |s, a| {
        let id = s.at(Status::Accepted);
        run(s.till.world.bookings().cancellation_quote(a, id)).map(drop)
    }),
    Row("bookings.cancel", "customer technician support admin system", |s, a| {
        let id = s.at(Status::Accepted);
        run(s.till.world.bookings().cancel(a, id, "no need")).map(drop)
    }),
    Row("bookings.report_customer_no_show", "technician", |s, a| {
        let id = s.at(Status::Arrived);
        s.till.world.clock.set(s.till.world.load(id).slot.starts_at() + TimeDelta::minutes(31));
        run(s.till.world.bookings().report_customer_no_show(a, id)).map(drop)
    }),
    Row("bookings.propose_price_change", "technician", |s, a| {
        let id = s.at(Status::InProgress);
        run(s.till.world.bookings().propose_price_change(a, id, &more())).map(drop)
    }),
    Row("bookings.approve_price_change", "customer", |s, a| {
        let id = s.raised();
        run(s.till.world.as_shown(id).approve_price_change(a, id)).map(drop)
    }),
    Row("bookings.decline_price_change", "customer", |s, a| {
        let id = s.raised();
        run(s.till.world.bookings().decline_price_change(a, id)).map(drop)
    }),
    Row("bookings.move_slot", "customer support admin", |s, a| {
        let id = s.at(Status::Pending);
        run(s.till.world.bookings().move_slot(a, id, &slot(3, "10:00", "12:00"))).map(drop)
    }),
    Row("bookings.propose_slot", "customer technician", |s, a| {
        let id = s.at(Status::Accepted);
        run(s.till.world.bookings().propose_slot(a, id, &slot(3, "10:00", "12:00"), None)).map(drop)
    }),
    Row("bookings.approve_slot", "customer", |s, a| {
        let id = s.slot_proposed();
        run(s.till.world.as_shown(id).approve_slot(a, id)).map(drop)
    }),
    Row("bookings.decline_slot", "customer technician", |s, a| {
        let id = s.slot_proposed();
        run(s.till.world.bookings().decline_slot(a, id)).map(drop)
    }),
    Row("bookings.allow_early_start", "customer", |s, a| {
        let id = s.at(Status::Accepted);
        // Earlier than the policy of these tests allows by itself.
        let from = s.till.world.now() - TimeDelta::days(20_000);
        run(s.till.world.bookings().allow_early_start(a, id, from)).map(drop)
    }),
    Row("bookings.end_series", "customer support admin", |s, a| {
        let weekly = NewBooking { recurrence: Some("FREQ=WEEKLY;COUNT=3".to_owned()), ..support::request() };
        let id = s.till.world.request(&weekly).id;
        run(s.till.world.bookings().end_series(a, id)).map(drop)
    }),
    Row("bookings.approve", "company admin", |s, a| {
        let id = s.unapproved();
        run(s.till.world.as_shown(id).approve(a, id)).map(drop)
    }),
    Row("bookings.decline_approval", "company admin", |s, a| {
        let id = s.unapproved();
        run(s.till.world.bookings().decline_approval(a, id, "too dear")).map(drop)
    }),
    Row("bookings.get", "customer technician support admin system", |s, a| {
        let id = s.at(Status::Accepted);
        run(s.till.world.bookings().get(a, id)).map(drop)
    }),
    Row("bookings.get_by_number", "customer technician support admin system", |s, a| {
        let id = s.at(Status::Accepted);
        let number = s.till.world.load(id).number.clone();
        run(s.till.world.bookings().get_by_number(a, &number)).map(drop)
    }),
    Row("bookings.view", "customer technician support admin system", |s, a| {
        let id = s.at(Status::Accepted);
        run(s.till.world.bookings().view(a, id)).map(drop)
    }),
    Row("bookings.view_of", "customer technician support admin system", |s, a| {
        let id = s.at(Status::Accepted);
        run(s.till.world.bookings().view_of(a, &s.till.world.load(id))).map(drop)
    }),
    Row("bookings.view_by_number", "customer technician support admin system", |s, a| {
        let id = s.at(Status::Accepted);
        let number = s.till.world.load(id).number.clone();
        run(s.till.world.bookings().view_by_number(a, &number)).map(drop)
    }),
    Row("bookings.list_views", "support admin system", |s, a| {
        run(s.till.world.bookings().list_views(a, &BookingFilter::default(), &page())).map(drop)
    }),
    Row("bookings.list", "support admin system", |s, a| {
        run(s.till.world.bookings().list(a, &BookingFilter::default(), &page())).map(drop)
    }),
    Row("bookings.count_by_status", "support admin system", |s, a| {
        run(s.till.world.bookings().count_by_status(a, &BookingFilter::default())).map(drop)
    }),
    Row(
        "bookings.quote",
        "stranger other_technician customer technician company employee support admin",
        |s, a| run(s.till.world.bookings().quote(a, &support::request())).map(drop),
    ),
    Row("bookings.create", "support admin", |s, a| {
        let request = NewBooking { on_behalf_of: Some(s.till.world.stranger.id), ..support::request() };
        run(s.till.world.bookings().create(a, &request)).map(drop)
    }),
    Row("bookings.find_technician", "customer admin system", |s, a| {
        let id = s.at(Status::Pending);
        run(s.till.world.bookings().find_technician(a, id)).map(drop)
    }),
    Row("bookings.assign", "customer admin system", |s, a| {
        let booking = s.till.world.book();
        let mut begun = booking.value.clone().into_record();
        begun.status = Status::Matching;
        let put = Put::over(&booking, Booking::from_record(begun));
        let changes = ChangeSet::new().write(put);
        let _ = run(s.till.world.store.commit(changes)).unwrap();
        run(s.till.world.bookings().assign(a, booking.id, s.till.world.technician.id)).map(drop)
    }),
    Row("bookings.candidates", "customer support admin system", |s, a| {
        let id = s.at(Status::Pending);
        run(s.till.world.bookings().candidates(a, id, 3)).map(drop)
    }),
    Row("bookings.why_not", "customer support admin system", |s, a| {
        let id = s.at(Status::Pending);
        run(s.till.world.bookings().why_not(a, id, s.till.world.technician.id)).map(drop)
    }),
    Row("bookings.dispute", "customer technician", |s, a| {
        let id = s.at(Status::Completed);
        run(s.till.world.bookings().dispute(a, id, DisputeCategory::Quality, "it drips")).map(drop)
    }),
    Row("bookings.add_evidence", "customer technician support admin", |s, a| {
        let id = s.disputed();
        run(s.till.world.bookings().add_evidence(a, id, "look", Vec::new())).map(drop)
    }),
    Row("bookings.investigate_dispute", "support admin", |s, a| {
        let id = s.disputed();
        run(s.till.world.bookings().investigate_dispute(a, id)).map(drop)
    }),
    Row("bookings.resolve_dispute", "support admin", |s, a| {
        let id = s.disputed();
        run(s.till.world.bookings().resolve_dispute(a, id, DisputeOutcome::Release, "heard both")).map(drop)
    }),
    Row("bookings.close_dispute", "support admin", |s, a| {
        let (id, bookings) = (s.disputed(), s.till.world.bookings());
        let support = s.till.world.support.actor();
        run(bookings.resolve_dispute(&support, id, DisputeOutcome::Release, "heard both")).unwrap();
        run(bookings.close_dispute(a, id)).map(drop)
    }),
    Row("bookings.add_checkpoint", "technician support admin", |s, a| {
        let id = s.at(Status::InProgress);
        run(s.till.world.bookings().add_checkpoint(a, id, "pipes", true, None)).map(drop)
    }),
    Row("bookings.check_quality", "support admin", |s, a| {
        let id = s.at(Status::Completed);
        run(s.till.world.bookings().check_quality(a, id, 90, None)).map(drop)
    }),
    Row("bookings.offer_warranty", "technician", |s, a| {
        let id = s.at(Status::InProgress);
        run(s.till.world.bookings().offer_warranty(a, id, 30, None)).map(drop)
    }),
    Row("bookings.claim_warranty", "customer", |s, a| {
        let id = s.at(Status::InProgress);
        run(s.till.world.bookings().offer_warranty(&s.till.world.technician.actor(), id, 30, None)).unwrap();
        s.till.world.drive(id, Status::Paid);
        run(s.till.world.bookings().claim_warranty(a, id, &slot(9, "10:00", "11:00"), "again")).map(drop)
    }),
    Row("bookings.note", "customer technician support admin", |s, a| {
        let id = s.at(Status::Accepted);
        run(s.till.world.bookings().note(a, id, "bring a ladder")).map(drop)
    }),
    Row("bookings.hide", "support admin", |s, a| {
        let id = s.at(Status::Accepted);
        run(s.till.world.bookings().cancel(&s.till.world.admin.actor(), id, "no need")).unwrap();
        run(s.till.world.bookings().hide(a, id)).map(drop)
    }),
];
