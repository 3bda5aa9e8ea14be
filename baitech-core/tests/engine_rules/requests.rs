//! Quotes and bookings accept the same requests, and unpaid fees prevent bookings.

use baitech_core::{
    booking::{BookingStatus as Status, NewBooking, Project},
    kernel::{Actor, Error, Rule},
    payment::NewPayment,
    testing::build,
    transaction::PaymentMethod,
};

use crate::support::{World, assert_refused, kes, request, run, slot};

/// The error of a refused request.
fn refusal<T>(result: Result<T, Error>) -> Option<String> {
    result.err().map(|error| match error {
        Error::Invalid(violations) => {
            violations.iter().map(|v| format!("{} {:?}, ", v.field, v.code)).collect()
        }
        other => other.to_string(),
    })
}

#[test]
fn a_quote_accepts_exactly_what_a_booking_accepts() {
    let world = World::new();
    let company = build::company(1);
    world.add(&company);
    let unknown = baitech_core::kernel::Id::from_bytes([9; 12]);
    let requests: Vec<(&str, NewBooking)> = vec![
        ("as usual", request()),
        ("discount", NewBooking { discount: Some(kes(100)), ..request() }),
        ("no discount", NewBooking { discount: Some(kes(0)), ..request() }),
        ("for another", NewBooking { on_behalf_of: Some(world.stranger.id), ..request() }),
        ("for an unknown user", NewBooking { on_behalf_of: Some(unknown), ..request() }),
        ("project", NewBooking { project: Some(Project::default()), ..request() }),
        ("on account", NewBooking { payment_method: PaymentMethod::BankTransfer, ..request() }),
        ("no such provider", NewBooking { payment_method: PaymentMethod::Card, ..request() }),
        ("in the past", NewBooking { time_slot: slot(0, "07:00", "08:00"), ..request() }),
    ];
    let actors: [(&str, Actor); 4] = [
        ("customer", world.customer.actor()),
        ("company", company.actor()),
        ("support", world.support.actor()),
        ("system", Actor::System),
    ];
    let (mut accepted, mut refused) = (0, 0);
    for (what, request) in &requests {
        for (who, actor) in &actors {
            let quoted = refusal(run(world.bookings().quote(actor, request)));
            let created = refusal(run(world.bookings().create(actor, request)));
            assert_eq!(quoted, created, "{what} by {who}");
            if quoted.is_none() { accepted += 1 } else { refused += 1 }
        }
    }
    assert!(accepted >= 8 && refused >= 12, "{accepted} accepted, {refused} refused");
}

#[test]
fn unpaid_fees_prevent_the_next_booking() {
    let world = World::new();
    let customer = world.customer.actor();
    let booking = world.book_until(Status::Accepted);
    world.clock.set(booking.slot.starts_at());
    run(world.as_shown(booking.id).cancel(&customer, booking.id, "no need")).unwrap();
    let again = NewBooking { time_slot: slot(3, "10:00", "12:00"), ..request() };
    let refused = run(world.bookings().create(&customer, &again));
    let message = refused.as_ref().unwrap_err().to_string();
    assert!(message.contains("2054.00 KES") && message.contains("pay_debt"), "{message}");
    assert_refused(refused, Rule::UNPAID_FEES);
    let staff = NewBooking { on_behalf_of: Some(world.customer.id), ..again.clone() };
    assert_refused(run(world.bookings().create(&world.support.actor(), &staff)), Rule::UNPAID_FEES);
    run(world.bookings().create(&world.stranger.actor(), &again)).unwrap();
}

#[test]
fn paid_fees_let_a_customer_book_again() {
    let world = World::new();
    let customer = world.customer.actor();
    let booking = world.book_until(Status::Accepted);
    world.clock.set(booking.slot.starts_at());
    run(world.as_shown(booking.id).cancel(&customer, booking.id, "no need")).unwrap();
    world.put_into_wallet(world.customer.id, kes(2_054));
    let wallet = NewPayment { method: Some(PaymentMethod::Wallet), ..NewPayment::default() };
    let pay = |shillings| run(world.market.payments().pay_debt(&customer, kes(shillings), &wallet)).unwrap();
    let again = NewBooking { time_slot: slot(3, "10:00", "12:00"), ..request() };
    pay(2_053);
    assert_refused(run(world.bookings().create(&customer, &again)), Rule::UNPAID_FEES);
    pay(1);
    run(world.bookings().create(&customer, &again)).unwrap();
}

#[test]
fn warranty_claim_requires_a_paid_bill_and_a_future_slot() {
    let world = World::new();
    let (customer, technician) = (world.customer.actor(), world.technician.actor());
    let id = world.book_until(Status::InProgress).id;
    run(world.bookings().offer_warranty(&technician, id, 30, None)).unwrap();
    world.drive(id, Status::PaymentPending);
    let claim = |slot| run(world.bookings().claim_warranty(&customer, id, &slot, "it drips"));
    let unpaid = claim(slot(9, "10:00", "11:00"));
    let message = unpaid.as_ref().unwrap_err().to_string();
    assert!(message.contains("2738.00 KES"), "{message}");
    assert_refused(unpaid, Rule::PAYMENT_REQUIRED);
    world.drive(id, Status::Paid);
    claim(slot(0, "07:00", "08:00")).unwrap_err();
    let claimed = claim(slot(9, "10:00", "11:00")).unwrap();
    assert_eq!(claimed.number.as_str().get(6..), Some("000002"), "refused claims use up no number");
}
