//! Text search: what commands make findable, and for whom.
#![cfg(feature = "testing")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod support;

use baitech_core::{
    account::{Category, NewUser, ProfileChange, TechnicianProfile, User, UserStatus},
    booking::{BookingStatus, NewBooking},
    kernel::{Actor, Code, Error, PageRequest, Role},
    search::{SearchIndex, SearchRequest, SearchResult},
    testing::build,
};
use support::{World, assert_forbidden, assert_invalid, request, run};

fn found(world: &World, actor: &Actor, index: SearchIndex, text: &str) -> Vec<SearchResult> {
    let request = SearchRequest::new(index, text);
    run(world.market.search().find(actor, &request, &PageRequest::default())).unwrap().items
}

fn titles(world: &World, actor: &Actor, index: SearchIndex, text: &str) -> Vec<String> {
    found(world, actor, index, text).into_iter().map(|result| result.title).collect()
}

fn registered(world: &World, role: Role, n: u64, change: impl FnOnce(&mut NewUser)) -> User {
    let (email, phone) = (format!("new{n}@example.ke"), format!("07123400{n:02}"));
    let mut new = NewUser::new(role, "Wanjikũ", "Ng'ang'a", &email, &phone);
    change(&mut new);
    run(world.market.accounts().register(&Actor::System, &new)).unwrap().value
}

fn plumber(new: &mut NewUser) {
    let profile = build::technician(50, Category::Plumbing, build::nairobi());
    let mut profile: TechnicianProfile = profile.technician.clone().unwrap();
    profile.skills[0].name = baitech_core::kernel::Text::new("name", "Mabomba na mifereji").unwrap();
    profile.business_name = Some(baitech_core::kernel::Text::new("name", "Maji Safi").unwrap());
    new.technician = Some(profile);
    new.bio = Some("Ninarekebisha geysers".to_owned());
}

#[test]
fn active_technicians_are_found_by_everyone() {
    let world = World::new();
    let wanjiku = registered(&world, Role::Technician, 1, plumber);
    let stranger = world.stranger.actor();
    for text in ["wanjiku", "nganga", "mifereji", "maji safi", "geyser", "wanj mabo"] {
        let hits = found(&world, &stranger, SearchIndex::Users, text);
        assert_eq!(hits.iter().map(|hit| hit.id).collect::<Vec<_>>(), [wanjiku.id.cast()], "{text}");
        assert_eq!(hits[0].title, "Wanjikũ Ng'ang'a");
    }
    let rename = ProfileChange { first_name: Some("Akinyi".to_owned()), ..ProfileChange::default() };
    run(world.market.accounts().change_profile(&wanjiku.actor(), wanjiku.id, &rename)).unwrap();
    assert_eq!(titles(&world, &stranger, SearchIndex::Users, "wanjiku"), [""; 0]);
    assert_eq!(titles(&world, &stranger, SearchIndex::Users, "akinyi"), ["Akinyi Ng'ang'a"]);
    // Only staff find a technician who may not work.
    let (admin, accounts) = (world.admin.actor(), world.market.accounts());
    run(accounts.set_status(&admin, wanjiku.id, UserStatus::Suspended)).unwrap();
    assert_eq!(titles(&world, &stranger, SearchIndex::Users, "akinyi"), [""; 0]);
    assert_eq!(titles(&world, &admin, SearchIndex::Users, "akinyi"), ["Akinyi Ng'ang'a"]);
    run(accounts.set_status(&admin, wanjiku.id, UserStatus::Active)).unwrap();
    assert_eq!(titles(&world, &stranger, SearchIndex::Users, "akinyi"), ["Akinyi Ng'ang'a"]);
}

#[test]
fn customers_are_found_by_staff_only() {
    let world = World::new();
    let customer = registered(&world, Role::Customer, 1, |_| {});
    for actor in [customer.actor(), world.stranger.actor(), world.technician.actor()] {
        assert_eq!(titles(&world, &actor, SearchIndex::Users, "wanjiku"), [""; 0]);
    }
    for actor in [world.support.actor(), world.admin.actor(), Actor::System] {
        assert_eq!(titles(&world, &actor, SearchIndex::Users, "wanjiku"), ["Wanjikũ Ng'ang'a"]);
    }
}

#[test]
fn bookings_are_found_by_their_parties() {
    let world = World::new();
    let booking = world.request(&NewBooking { description: "Maji yanavuja".to_owned(), ..request() });
    let title = format!("{} tap repair", booking.number);
    let (customer, technician) = (world.customer.actor(), world.technician.actor());
    let number = booking.number.to_string();
    for text in ["maji", "yanav tap", &number, &number[..8]] {
        assert_eq!(titles(&world, &customer, SearchIndex::Bookings, text), [&*title], "{text}");
        assert_eq!(titles(&world, &world.admin.actor(), SearchIndex::Bookings, text), [&*title]);
        assert_eq!(titles(&world, &world.stranger.actor(), SearchIndex::Bookings, text), [""; 0]);
    }
    assert_eq!(titles(&world, &technician, SearchIndex::Bookings, "maji"), [""; 0]);
    world.drive(booking.id, BookingStatus::Assigned);
    assert_eq!(titles(&world, &technician, SearchIndex::Bookings, "maji"), [&*title]);
    run(world.bookings().reject(&technician, booking.id, "far away")).unwrap();
    assert_eq!(titles(&world, &technician, SearchIndex::Bookings, "maji"), [""; 0]);
}

#[test]
fn new_bookings_of_a_series_and_of_a_company_are_found() {
    let world = World::new();
    let (company, employee) = world.add_company();
    let booking = run(world.bookings().create(&employee.actor(), &request())).unwrap();
    for actor in [company.actor(), employee.actor()] {
        let hits = found(&world, &actor, SearchIndex::Bookings, &booking.number.to_string());
        assert_eq!(hits.len(), 1);
    }
    // A claim of a warranty creates a second booking, which gets its number only just before the commit.
    let paid = world.book_until(BookingStatus::InProgress);
    run(world.bookings().offer_warranty(&world.technician.actor(), paid.id, 30, None)).unwrap();
    world.drive(paid.id, BookingStatus::Paid);
    let slot = support::slot(3, "10:00", "12:00");
    let claim =
        run(world.bookings().claim_warranty(&world.customer.actor(), paid.id, &slot, "Again")).unwrap();
    assert_ne!(claim.id, paid.id);
    let hits = found(&world, &world.customer.actor(), SearchIndex::Bookings, &claim.number.to_string());
    assert_eq!(hits.iter().map(|hit| hit.id).collect::<Vec<_>>(), [claim.id.cast()]);
}

#[test]
fn invalid_searches_are_refused() {
    let world = World::new();
    let customer = world.customer.actor();
    let ask = |actor: &Actor, text: &str, page: &PageRequest| {
        run(world.market.search().find(actor, &SearchRequest::new(SearchIndex::Bookings, text), page))
    };
    let first = PageRequest::default();
    assert_forbidden(ask(&Actor::Anonymous, "tap", &first));
    assert_invalid(ask(&customer, " ! ", &first), &[("q", Code::Required)]);
    assert_invalid(ask(&customer, &"x".repeat(201), &first), &[("q", Code::TooLong)]);
    for _ in 0..3 {
        world.book();
    }
    let page = ask(&customer, "tap", &PageRequest::new(2, None).unwrap()).unwrap();
    assert_eq!(page.items.len(), 2);
    let next = PageRequest::new(2, page.next_cursor).unwrap();
    assert_eq!(ask(&customer, "tap", &next).unwrap().items.len(), 1);
    assert_invalid(ask(&customer, "kitchen", &next), &[("cursor", Code::Malformed)]);
    let other = SearchRequest::new(SearchIndex::Users, "tap");
    assert_invalid(run(world.market.search().find(&customer, &other, &next)), &[("cursor", Code::Malformed)]);
    let banned = |user: &User| {
        run(world.market.accounts().set_status(&world.admin.actor(), user.id, UserStatus::Banned)).unwrap();
    };
    banned(&world.customer);
    assert!(matches!(ask(&customer, "tap", &first), Err(Error::Refused(_))));
}
