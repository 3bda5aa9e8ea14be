//! Every route × every role × own and other's bookings in every status.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use baitech_core::{
    account::User,
    booking::{ApprovalStatus, BookingRecord, BookingStatus, CorporateDetails},
    kernel::Role,
    testing::build,
};
use baitech_http::{Access, Route, routes};
use common::{Reply, World, new_booking, request, user};
use serde_json::{Value, json};

/// A body that the route can read, for every route that takes one.
fn body(route: &Route) -> Option<Value> {
    let slot = json!({ "date": "2026-03-04", "startTime": "10:00", "endTime": "12:00" });
    match route.name {
        "create" | "quote" => Some(new_booking()),
        "assign" => Some(json!({ "technician": user(Role::Technician, 1).id })),
        "cancel" | "decline_corporate" => Some(json!({ "reason": "not needed" })),
        "propose_price" => Some(json!({
            "reason": "more work",
            "services": [{ "name": "drain", "price": { "amount": "300", "currency": "KES" } }],
        })),
        "move_slot" | "propose_slot" => Some(json!({ "timeSlot": slot })),
        "add_checkpoint" => Some(json!({ "name": "no leak", "passed": true })),
        "check_quality" => Some(json!({ "score": 90 })),
        "offer_warranty" => Some(json!({ "duration": 30 })),
        "claim_warranty" => Some(json!({ "timeSlot": slot, "description": "It drips again." })),
        "write_note" => Some(json!({ "notes": "Mind the dog." })),
        "dispute" => Some(json!({ "category": "quality", "reason": "It still drips." })),
        "add_evidence" => Some(json!({ "text": "A puddle." })),
        "resolve_dispute" => Some(json!({ "outcome": "full_refund", "notes": "Nothing works." })),
        _ => None,
    }
}

fn path(route: &Route, booking: &BookingRecord) -> String {
    let technician = user(Role::Technician, 2).id.to_string();
    let path = route.path.replace("{booking}", &booking.id.to_string());
    path.replace("{technician}", &technician).replace("{number}", booking.number.as_str())
}

/// The `n`-th booking; everybody who is the first of their role is a party of it.
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

fn is_about_a_booking(route: &Route) -> bool {
    route.path.contains("{booking}") || route.path.contains("{number}")
}

/// Whether the technician of the booking is known of it in this status at all.
fn is_party(who: &User, booking: &BookingRecord) -> bool {
    who.role != Role::Technician || booking.technician == Some(who.id)
}

#[tokio::test]
async fn nothing_is_served_without_good_credentials() {
    let world = World::new().await;
    let booking = shared(1, BookingStatus::Pending);
    world.store(booking.clone()).await;
    for route in routes() {
        let path = path(&route, &booking);
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
async fn every_role_meets_every_route_in_every_status() {
    let world = World::new().await;
    let mut n = 0;
    for route in routes().filter(|route| route.access == Access::Authenticated) {
        for status in BookingStatus::ALL {
            for role in Role::ALL {
                for (who, is_own) in [(user(role, 1), true), (user(role, 2), false)] {
                    n += 1;
                    let booking = shared(n, status);
                    world.store(booking.clone()).await;
                    let path = path(&route, &booking);
                    let request = |headers: &[_]| {
                        request(route.method.clone(), &path, Some(&who), headers, body(&route))
                    };
                    // Approvals say what was shown: nobody has written the booking since it was stored.
                    let pin = [("if-match", "\"0\"")];
                    let pin = if route.name.starts_with("approve_") { &pin[..] } else { &[] };
                    let reply = world.send(request(pin)).await;
                    let seen = format!(
                        "{} {path} as {role:?}, own {is_own}, {status}: {}",
                        route.method, reply.text
                    );

                    assert!(!reply.status.is_server_error(), "{seen}");
                    assert!(!matches!(reply.status.as_u16(), 400 | 401 | 405 | 412 | 413 | 415), "{seen}");
                    let knows = role.is_staff() || (is_own && is_party(&who, &booking));
                    if is_about_a_booking(&route) {
                        assert_eq!(reply.status == 404, !knows, "{seen}");
                    }
                    if is_about_a_booking(&route) && !knows {
                        assert_hidden(reply, &booking);
                        assert_hidden(world.send(request(&[("if-match", "\"99\"")])).await, &booking);
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

/// Strangers learn nothing, not even that there is such a booking.
fn assert_hidden(reply: Reply, booking: &BookingRecord) {
    for secret in [booking.description.as_str(), &booking.customer.to_string(), "tap repair"] {
        assert!(!reply.text.contains(secret), "{}", reply.text);
    }
    reply.problem(404, "not-found");
}

#[tokio::test]
async fn lists_are_for_those_whom_they_name() {
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
    assert_eq!(his["items"][0].get("customerContact"), None, "a list tells no contacts");
}

#[test]
fn names_and_places_are_distinct() {
    let all: Vec<_> = routes().collect();
    for (index, route) in all.iter().enumerate() {
        for other in all.iter().skip(index + 1) {
            assert_ne!(route.name, other.name);
            assert!((&route.method, route.path) != (&other.method, other.path), "{}", route.path);
        }
    }
}
