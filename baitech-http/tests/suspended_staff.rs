//! On every route, suspended staff see the same as an ordinary customer in their place.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use axum::http::Method;
use baitech_core::{
    account::{User, UserRecord, UserStatus},
    booking::{BookingRecord, BookingStatus, Notes},
    kernel::{Role, Text},
    testing::build,
    transaction::{TransactionRecord, TransactionStatus},
};
use baitech_http::{Access, Route, routes};
use common::{
    Reply, World, request,
    routes::{body, path},
    secrets, transaction, user,
};
use serde_json::Value;

const STAFF_NOTE: &str = "paid late twice";

/// A user with the given role and status; the id and name are always the same.
fn same_user(role: Role, status: UserStatus) -> User {
    User::from_record(UserRecord { role, status, ..build::user(Role::Customer, 9) })
}

/// The owner of the booking and payment of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    Own,
    Foreign,
}

/// One request of one user.
#[derive(Debug, Clone, Copy)]
struct Case<'a> {
    route: &'a Route,
    whose: Whose,
    status: BookingStatus,
    stale: bool,
}

impl Case<'_> {
    /// A booking and a payment with data that only staff see.
    fn matter(&self, who: &User) -> (BookingRecord, TransactionRecord) {
        let asha = user(Role::Customer, 1);
        let (owner, juma) = (if self.whose == Whose::Own { who } else { &asha }, user(Role::Technician, 1));
        let mut booking = build::booking(1, owner, Some(&juma), self.status);
        booking.notes = Notes { admin: Some(Text::from_stored(STAFF_NOTE)), ..Notes::default() };
        booking.payment.on_hold = true;
        booking.declined_by = vec![user(Role::Technician, 2).id];
        let payment = transaction(1, owner, &juma, TransactionStatus::Processing);
        (booking.clone(), TransactionRecord { booking: Some(booking.id), ..payment })
    }

    async fn ask(&self, who: &User) -> Reply {
        let world = World::new().await;
        world.draw_numbers(10).await;
        world.store_user(who.clone()).await;
        let (booking, payment) = self.matter(who);
        world.store(booking.clone()).await;
        world.store_transaction(payment.clone()).await;

        let owner = booking.customer;
        let path = path(self.route, &booking, &payment).replace("{company}", &owner.to_string());
        let mut path = path.replace("{year}", "2026").replace("{month}", "3");
        match self.route.name {
            "list" | "stats" => path += &format!("?customer={owner}"),
            "list_transactions" | "transaction_stats" => path += &format!("?payer={owner}"),
            "wallet" | "wallet_entries" | "earning_entries" => path += &format!("?user={owner}"),
            _ => {}
        }
        let pin: &[_] = if self.stale { &[("if-match", "\"99\"")] } else { &[] };
        world.send(request(self.route.method.clone(), &path, Some(who), pin, body(self.route))).await
    }
}

/// An answer without the parts that differ between any two requests.
fn comparable(reply: &Reply) -> (u16, Option<String>, Value) {
    let mut json = reply.json.clone();
    if let Some(members) = json.as_object_mut() {
        members.remove("requestId");
    }
    let tag = reply.headers.get("etag").map(|tag| tag.to_str().unwrap().to_owned());
    (reply.status.as_u16(), tag, json)
}

fn shows_secrets(reply: &Reply) -> bool {
    let other = user(Role::Technician, 2).id.to_string();
    let names_other = reply.json.pointer("/declinedBy/0").is_some_and(|id| *id == other);
    let secrets = [STAFF_NOTE, "\"onHold\":true", secrets::REFERENCE, secrets::ADDRESS, secrets::DEVICE];
    names_other || secrets.iter().any(|secret| reply.text.contains(secret))
}

#[tokio::test]
async fn suspended_staff_see_only_what_a_customer_sees() {
    let (mut shown_to_staff, mut conflicts) = (Vec::new(), Vec::new());
    for route in routes().filter(|route| route.access == Access::Authenticated) {
        for status in [BookingStatus::Matching, BookingStatus::Completed] {
            for whose in [Whose::Own, Whose::Foreign] {
                for stale in [false, true] {
                    let case = Case { route: &route, whose, status, stale };
                    let customer = case.ask(&same_user(Role::Customer, UserStatus::Active)).await;
                    for role in [Role::Support, Role::Admin] {
                        let active = case.ask(&same_user(role, UserStatus::Active)).await;
                        if shows_secrets(&active) {
                            shown_to_staff.push(route.name);
                        }
                        let suspended = case.ask(&same_user(role, UserStatus::Suspended)).await;
                        let seen = format!("{case:?} as {role:?}: {}", suspended.text);
                        assert!(!shows_secrets(&suspended), "{seen}");
                        if route.method == Method::GET || suspended.json.get("current").is_some() {
                            assert_eq!(comparable(&suspended), comparable(&customer), "{seen}");
                        } else {
                            assert!(suspended.status.is_client_error(), "{seen}");
                        }
                        if suspended.json.get("current").is_some() {
                            conflicts.push(route.name);
                        }
                    }
                }
            }
        }
    }
    // The compared data contains confidential values.
    for name in ["list", "get", "get_by_number", "list_transactions", "get_transaction", "find_technician"] {
        assert!(
            shown_to_staff.contains(&name),
            "{name} shows staff no confidential value, so the test proves nothing"
        );
    }
    assert!(
        conflicts.contains(&"find_technician"),
        "no conflict returned a current state, so the test proves nothing"
    );
}
