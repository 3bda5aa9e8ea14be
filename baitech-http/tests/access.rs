//! Access to every route, for every role, with own and other users' bookings in every status.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use baitech_core::{
    account::User,
    booking::{ApprovalStatus, BookingRecord, BookingStatus, CorporateDetails},
    kernel::Role,
    testing::build,
    transaction::{TransactionRecord, TransactionStatus},
};
use baitech_http::{Access, Route, routes};
use common::{
    Reply, World, request,
    routes::{body, is_about_bookings, path, pin},
    transaction, user,
};

/// The `n`-th booking. The first user of each role is a party of it.
fn shared(n: u64, status: BookingStatus) -> BookingRecord {
    let technician = user(Role::Technician, 1);
    let corporate = CorporateDetails {
        company: user(Role::Corporate, 1).id,
        project_name: None,
        project_code: None,
        department: None,
        approval: ApprovalStatus::Pending,
        decided_by: None,
        decided_at: None,
    };
    let booking = build::booking(n, &user(Role::Customer, 1), Some(&technician), status);
    BookingRecord { corporate: Some(corporate), ..booking }
}

fn is_about_one_booking(route: &Route) -> bool {
    is_about_bookings(route) && (route.path.contains("{booking}") || route.path.contains("{number}"))
}

fn payment(booking: &BookingRecord) -> TransactionRecord {
    let (payer, payee) = (user(Role::Customer, 1), user(Role::Technician, 1));
    let record = transaction(1, &payer, &payee, TransactionStatus::Processing);
    TransactionRecord { booking: Some(booking.id), ..record }
}

/// Whether the user is a party of the booking in this status, which has a technician only in some.
fn is_party(who: &User, booking: &BookingRecord) -> bool {
    who.role != Role::Technician || booking.technician == Some(who.id)
}

#[tokio::test]
async fn requests_without_valid_credentials_are_refused() {
    let world = World::new().await;
    let booking = shared(1, BookingStatus::Pending);
    world.store(booking.clone()).await;
    let payment = payment(&booking);
    world.store_transaction(payment.clone()).await;
    for route in routes() {
        let path = path(&route, &booking, &payment);
        for credentials in [None, Some("Bearer"), Some("Bearer nobody"), Some("Basic dXNlcjpwYXNz")] {
            let headers: Vec<_> = credentials.map(|text| ("authorization", text)).into_iter().collect();
            let reply = world.send(request(route.method.clone(), &path, None, &headers, body(&route))).await;
            match route.access {
                Access::Public => assert!(reply.status.is_success(), "{path}"),
                Access::Authenticated => {
                    assert_eq!(reply.header("www-authenticate"), "Bearer");
                    reply.problem(401, "unauthenticated");
                }
            }
        }
    }
}

#[tokio::test]
async fn every_route_checks_every_role_in_every_status() {
    let world = World::new().await;
    world.draw_numbers(100_000).await;
    let mut n = 0;
    for route in routes().filter(is_about_bookings) {
        for status in BookingStatus::ALL {
            for role in Role::ALL {
                for (who, is_own) in [(user(role, 1), true), (user(role, 2), false)] {
                    n += 1;
                    let booking = shared(n, status);
                    world.store(booking.clone()).await;
                    let path = path(&route, &booking, &payment(&booking));
                    let request = |headers: &[_]| {
                        request(route.method.clone(), &path, Some(&who), headers, body(&route))
                    };
                    let reply = world.send(request(pin(&route))).await;
                    let seen = format!(
                        "{} {path} as {role:?}, own {is_own}, {status}: {}",
                        route.method, reply.text
                    );

                    assert!(!reply.status.is_server_error(), "{seen}");
                    assert!(!matches!(reply.status.as_u16(), 400 | 401 | 405 | 412 | 413 | 415), "{seen}");
                    let knows = role.is_staff() || (is_own && is_party(&who, &booking));
                    if is_about_one_booking(&route) {
                        assert_eq!(reply.status == 404, !knows, "{seen}");
                    }
                    if is_about_one_booking(&route) && !knows {
                        assert_hidden(reply, &booking);
                        if route.name != "tip" {
                            // A request that creates a resource accepts no version, for any role.
                            assert_hidden(world.send(request(&[("if-match", "\"99\"")])).await, &booking);
                        }
                    } else if !reply.status.is_success() {
                        let status = reply.status.as_u16();
                        let slugs = ["forbidden", "refused", "conflict", "invalid"];
                        assert!(
                            slugs.iter().any(|slug| reply.text.contains(&format!("#{slug}\""))),
                            "{seen}"
                        );
                        assert_eq!(reply.json["status"], status, "{seen}");
                    }
                }
            }
        }
    }
}

/// Asserts that the answer does not reveal whether the booking exists.
fn assert_hidden(reply: Reply, booking: &BookingRecord) {
    for secret in [booking.description.as_str(), &booking.customer.to_string(), "tap repair"] {
        assert!(!reply.text.contains(secret), "{}", reply.text);
    }
    reply.problem(404, "not-found");
}

#[tokio::test]
async fn lists_of_another_user_are_refused() {
    let world = World::new().await;
    world.booking(1, BookingStatus::Accepted).await;
    let (asha, stranger) = (user(Role::Customer, 1), user(Role::Customer, 2));
    for route in ["bookings", "bookings/stats"] {
        let hers = format!("/api/v1/{route}?customer={}", asha.id);
        world.get(&asha, &hers).await.ok();
        world.get(&user(Role::Support, 1), &hers).await.ok();
        world.get(&stranger, &hers).await.problem(403, "forbidden");
        world.get(&stranger, &format!("/api/v1/{route}")).await.problem(403, "forbidden");
    }
    let juma = user(Role::Technician, 1);
    let his = world.get(&juma, &format!("/api/v1/bookings?technician={}", juma.id)).await.ok();
    assert_eq!(his["items"].as_array().unwrap().len(), 1);
    assert_eq!(his["items"][0].get("customerContact"), None, "a list contains no contacts");
}

#[test]
fn route_names_and_paths_are_unique() {
    let all: Vec<_> = routes().collect();
    for (index, route) in all.iter().enumerate() {
        for other in all.iter().skip(index + 1) {
            assert_ne!(route.name, other.name);
            assert!((&route.method, route.path) != (&other.method, other.path), "{}", route.path);
        }
    }
}
