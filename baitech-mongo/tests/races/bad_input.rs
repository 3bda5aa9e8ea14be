//! Refused requests have no effect, including concurrent ones.

use baitech_core::{
    account::NewUser,
    booking::{NewBooking, NewTimeSlot},
    kernel::{Actor, Code, Currency, Error, Id, Money, Result, Role},
    store::Put,
    testing::build,
};
use chrono::NaiveDate;

use crate::{
    creations::request,
    world::{World, at_once},
};

/// Asserts that this is the only violation.
#[track_caller]
fn assert_invalid<T: std::fmt::Debug>(result: Result<T>, field: &str, code: Code) {
    let Err(Error::Invalid(violations)) = result else {
        panic!("expected a violation of {field}, got {result:?}");
    };
    let found: Vec<_> = violations.iter().map(|violation| (&*violation.field, violation.code)).collect();
    assert_eq!(found, [(field, code)]);
}

/// Registers twenty users concurrently; all but one get the violation that `field` is taken.
async fn register_at_once(world: &World, field: &str, person: impl Fn(usize) -> NewUser) {
    let register = |n: usize| {
        let (accounts, person) = (world.markets[n % 2].accounts(), person(n));
        async move { accounts.register(&Actor::System, &person).await }
    };
    let before = world.count("users").await;
    let (done, refused): (Vec<_>, Vec<_>) =
        at_once((0..20).map(register)).await.into_iter().partition(Result::is_ok);
    assert_eq!((done.len(), refused.len()), (1, 19));
    for refused in refused {
        assert_invalid(refused, field, Code::Duplicate);
    }
    assert_eq!(world.count("users").await, before + 1);
    let registered = world.events().await.into_iter().filter(|event| event.kind.name() == "user.registered");
    assert_eq!(registered.count(), usize::try_from(before).unwrap(), "one event per registered user");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn address_or_number_in_any_notation_is_registered_once() {
    let world = World::new().await;
    let phone = |n: usize| format!("07{:08}", 11_000_000 + n);
    register_at_once(&world, "email", |n| {
        let email = ["otieno@example.ke", "Otieno@Example.ke", " OTIENO@EXAMPLE.KE "][n % 3];
        NewUser::new(Role::Customer, "Otieno", "Ouma", email, &phone(n))
    })
    .await;
    register_at_once(&world, "phoneNumber", |n| {
        let number = ["0722000001", "+254722000001", "+254 722 000 001", "0722-000-001"][n % 4];
        NewUser::new(Role::Customer, "Wanjiru", "Njeri", &format!("wanjiru{n}@example.ke"), number)
    })
    .await;
    register_at_once(&world, "username", |n| NewUser {
        username: Some("fundi_juma".to_owned()),
        ..NewUser::new(Role::Customer, "Juma", "Ali", &format!("juma{n}@example.ke"), &phone(100 + n))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_request_names_its_field_and_stores_nothing() {
    let world = World::new().await;
    let admin = build::admin(1);
    world.store([Put::new(admin.clone()).into()]).await;
    let day = |day| NaiveDate::from_ymd_opt(2026, 3, day).unwrap();
    let place = |coordinates| {
        let mut request = request();
        request.service_location.coordinates = coordinates;
        request
    };
    let slot = |time_slot| NewBooking { time_slot, ..request() };
    let dollars = Money::from_major(1, Currency::USD);
    let cases = [
        (
            "preferredTechnician",
            Code::Unknown,
            NewBooking { preferred_technician: Some(Id::from_bytes([9; 12])), ..request() },
        ),
        ("timeSlot.startTime", Code::InPast, slot(NewTimeSlot::new(day(1), "10:00", "12:00"))),
        ("timeSlot.endTime", Code::Order, slot(NewTimeSlot::new(day(3), "12:00", "10:00"))),
        ("serviceLocation.coordinates", Code::OutOfRange, place((181.0, 0.0))),
        ("serviceLocation.coordinates", Code::OutOfRange, place((36.8, -90.5))),
        ("description", Code::TooLong, NewBooking { description: "x".repeat(1_001), ..request() }),
        (
            "discount",
            Code::Currency,
            NewBooking { discount: Some(dollars), on_behalf_of: Some(world.customer.id), ..request() },
        ),
    ];
    let claims = world.count("claims").await;
    for (field, code, request) in cases {
        // Only staff can set a discount.
        let actor = if request.discount.is_some() { admin.actor() } else { world.customer.actor() };
        assert_invalid(world.bookings(0).create(&actor, &request).await, field, code);
    }
    assert_eq!(world.count("claims").await, claims);
    for collection in ["bookings", "events", "counters", "ledger"] {
        assert_eq!(world.count(collection).await, 0, "{collection}");
    }
}
