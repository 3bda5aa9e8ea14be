//! Access to every route about money, for every role, with own and other users' transactions in every status.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use baitech_core::{
    account::User,
    booking::BookingStatus,
    kernel::Role,
    testing::build,
    transaction::{TransactionRecord, TransactionStatus},
};
use baitech_http::{Access, Route, routes};
use common::{
    Reply, World, request,
    routes::{body, is_about_bookings, is_about_transactions, path},
    secrets, transaction, user,
};

/// Routes that all staff can use, and nobody else.
const STAFF_ONLY: [&str; 12] = [
    "refund",
    "review",
    "decide_mismatch",
    "decide_outcome",
    "decide_provider_move",
    "decide_verdict",
    "fraud_queue",
    "reconcile",
    "list_reconciliations",
    "get_reconciliation",
    "list_webhooks",
    "retry_webhook",
];

/// Routes that only admins can use.
const ADMINS_ONLY: [&str; 8] = [
    "release",
    "list_set_aside",
    "retry_set_aside",
    "list_consumers",
    "remove_consumer",
    "list_parked_events",
    "retry_parked_event",
    "restart_log",
];

/// The `n`-th transaction, between the first user of a role and the first technician, or for technicians the
/// first customer.
fn own(n: u64, role: Role, status: TransactionStatus) -> TransactionRecord {
    let payer = if role == Role::Corporate { user(role, 1) } else { user(Role::Customer, 1) };
    transaction(n, &payer, &user(Role::Technician, 1), status)
}

fn is_about_one_transaction(route: &Route) -> bool {
    is_about_transactions(route) && (route.path.contains("{transaction}") || route.path.contains("{number}"))
}

/// A valid request for the route: a statement is CSV and names its provider.
fn asked(
    route: &Route,
    path: &str,
    who: &User,
    headers: &[(&str, &str)],
) -> axum::http::Request<axum::body::Body> {
    if route.name != "reconcile" {
        return request(route.method.clone(), path, Some(who), headers, body(route));
    }
    let mut request =
        request(route.method.clone(), &format!("{path}?method=mpesa"), Some(who), headers, None);
    request.headers_mut().insert("content-type", "text/csv".parse().unwrap());
    request
}

fn assert_keeps_secrets(reply: &Reply, is_staff: bool, seen: &str) {
    assert!(!reply.text.contains(secrets::TOKEN), "{seen}");
    for secret in [secrets::REFERENCE, secrets::ADDRESS, secrets::DEVICE] {
        assert!(is_staff || !reply.text.contains(secret), "{seen}");
    }
}

#[tokio::test]
async fn every_route_checks_every_role_in_every_status() {
    let world = World::new().await;
    world.draw_numbers(100_000).await;
    let booking = build::booking(1, &user(Role::Customer, 1), None, BookingStatus::Pending);
    let mut n = 0;
    for route in routes().filter(|route| route.access == Access::Authenticated && !is_about_bookings(route)) {
        for status in TransactionStatus::ALL {
            for role in Role::ALL {
                for (who, is_own) in [(user(role, 1), true), (user(role, 2), false)] {
                    n += 1;
                    let payment = own(n, role, status);
                    world.store_transaction(payment.clone()).await;
                    let path = path(&route, &booking, &payment).replace("{company}", &who.id.to_string());
                    let path = path.replace("{year}", "2026").replace("{month}", "3");
                    let reply = world.send(asked(&route, &path, &who, &[])).await;
                    let seen = format!(
                        "{} {path} as {role:?}, own {is_own}, {status}: {}",
                        route.method, reply.text
                    );

                    assert!(!reply.status.is_server_error(), "{seen}");
                    assert!(
                        !matches!(reply.status.as_u16(), 400 | 401 | 405 | 412 | 413 | 415 | 428),
                        "{seen}"
                    );
                    assert_keeps_secrets(&reply, role.is_staff(), &seen);
                    let is_for_admins = ADMINS_ONLY.contains(&route.name);
                    let is_for_staff = STAFF_ONLY.contains(&route.name);
                    let is_forbidden =
                        is_for_staff && !role.is_staff() || is_for_admins && role != Role::Admin;
                    let knows = role.is_staff() || is_own;
                    if is_forbidden {
                        reply.problem(403, "forbidden");
                    } else if is_about_one_transaction(&route) && !knows {
                        assert_hidden(reply, &payment);
                        let pinned = asked(&route, &path, &who, &[("if-match", "\"99\"")]);
                        assert_hidden(world.send(pinned).await, &payment);
                    } else if is_about_one_transaction(&route) {
                        assert_ne!(reply.status, 404, "{seen}");
                    }
                }
            }
        }
    }
}

/// Asserts that the answer equals the answer for a missing transaction.
fn assert_hidden(reply: Reply, payment: &TransactionRecord) {
    let mut problem = reply.problem(404, "not-found");
    let content = problem.as_object_mut().unwrap();
    // A random text may contain any digits.
    content.remove("requestId");
    let named = content.remove("detail").unwrap();
    let (id, number) = (payment.id.to_string(), payment.number.as_str());
    assert!(
        [id.as_str(), number].iter().any(|name| named == format!("transaction {name} does not exist")),
        "{named}"
    );
    let members: Vec<_> = content.keys().map(String::as_str).collect();
    assert_eq!(members, ["status", "title", "type"]);
}

#[tokio::test]
async fn lists_of_another_user_are_refused() {
    let world = World::new().await;
    let (asha, juma) = (user(Role::Customer, 1), user(Role::Technician, 1));
    world.store_transaction(own(1, Role::Customer, TransactionStatus::Completed)).await;
    let stranger = user(Role::Customer, 2);
    for (who, mine) in [(&asha, format!("payer={}", asha.id)), (&juma, format!("payee={}", juma.id))] {
        for list in ["transactions", "transactions/stats"] {
            let found = world.get(who, &format!("/api/v1/{list}?{mine}")).await.ok();
            assert_eq!(found["items"].as_array().unwrap().len(), 1);
            world.get(&user(Role::Support, 1), &format!("/api/v1/{list}?{mine}")).await.ok();
            world.get(&stranger, &format!("/api/v1/{list}?{mine}")).await.problem(403, "forbidden");
            world.get(who, &format!("/api/v1/{list}")).await.problem(403, "forbidden");
        }
    }
    for list in ["wallet", "wallet/entries", "earnings/entries"] {
        let hers = format!("/api/v1/{list}?user={}", asha.id);
        world.get(&asha, &hers).await.ok();
        world.get(&user(Role::Support, 1), &hers).await.ok();
        world.get(&stranger, &hers).await.problem(403, "forbidden");
    }
    let payout = common::routes::body(&routes().find(|route| route.name == "request_payout").unwrap());
    let mut for_another = payout.unwrap();
    for_another["technician"] = serde_json::json!(juma.id);
    for who in [&asha, &user(Role::Technician, 2)] {
        world.post(who, "/api/v1/payouts", Some(for_another.clone())).await.problem(403, "forbidden");
    }
}

#[tokio::test]
async fn each_party_sees_only_its_own_part_of_a_transaction() {
    let world = World::new().await;
    let (asha, juma) = (user(Role::Customer, 1), user(Role::Technician, 1));
    let id = world.store_transaction(own(1, Role::Customer, TransactionStatus::Processing)).await;
    for path in
        [format!("/api/v1/transactions/{id}"), "/api/v1/transactions/number/txn260302000001".to_owned()]
    {
        let hers = world.get(&asha, &path).await.ok();
        assert_eq!(hers["means"]["phoneNumber"], asha.phone.to_string());
        assert_eq!(hers.get("settlement"), None);
        let his = world.get(&juma, &path).await.ok();
        assert_eq!(his.get("means"), None);
        assert_eq!(his["settlement"]["instant"], false);
        for view in [&hers, &his] {
            assert_eq!(view.get("gateway"), None);
            assert_eq!(view.get("metadata"), None);
        }
        let whole = world.get(&user(Role::Support, 1), &path).await.ok();
        assert_eq!(whole["metadata"]["ipAddress"], secrets::ADDRESS);
        assert_eq!(whole["gateway"].get("token"), None);
    }
}
