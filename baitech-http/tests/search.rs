//! Text search over HTTP.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use baitech_core::{booking::BookingStatus, kernel::Role};
use common::{Reply, World, new_booking, user};
use serde_json::{Value, json};

async fn book(world: &World, service: &str) -> Value {
    let mut new = new_booking();
    new["serviceType"] = json!(service);
    world.post(&user(Role::Customer, 1), "/api/v1/bookings", Some(new)).await.json
}

#[tokio::test]
async fn a_customer_finds_their_bookings_page_by_page() {
    let world = World::new().await;
    let asha = user(Role::Customer, 1);
    let booked = [book(&world, "Sink repair").await, book(&world, "Sinks and taps").await];
    let first = world.get(&asha, "/api/v1/search/bookings?q=sink&limit=1").await.ok();
    let (number, id) = (&booked[0]["bookingNumber"], &booked[0]["id"]);
    let hit = &first["items"][0];
    assert_eq!(hit["id"], *id, "the whole word counts more than its beginning");
    assert_eq!(hit["title"], json!(format!("{} Sink repair", number.as_str().unwrap())));
    assert_eq!((&hit["index"], &hit["relevance"]), (&json!("bookings"), &json!(4)));
    assert!(hit["createdAt"].is_string());
    let next = first["nextCursor"].as_str().unwrap();
    let rest = world.get(&asha, &format!("/api/v1/search/bookings?q=sink&limit=1&cursor={next}")).await.ok();
    assert_eq!((&rest["items"][0]["id"], &rest["nextCursor"]), (&booked[1]["id"], &Value::Null));

    let brian = user(Role::Customer, 2);
    assert_eq!(world.get(&brian, "/api/v1/search/bookings?q=sink").await.ok()["items"], json!([]));
    let support = user(Role::Support, 1);
    let all = world.get(&support, "/api/v1/search/bookings?q=sink").await.ok();
    assert_eq!(all["items"].as_array().unwrap().len(), 2);
    let conversation = "6b02a8c2ffb68dbb1a224fbe";
    let none = format!("/api/v1/search/messages?q=habari&within={conversation}");
    assert_eq!(world.get(&asha, &none).await.ok()["items"], json!([]));
}

#[tokio::test]
async fn invalid_parameters_are_named() {
    let world = World::new().await;
    world.booking(1, BookingStatus::Pending).await;
    let asha = user(Role::Customer, 1);
    let long = "x".repeat(300);
    for (path, field) in [
        ("bookings", "q"),
        ("bookings?q=%20!", "q"),
        (&*format!("bookings?q={long}"), "q"),
        ("bookings?q=a&q=b", "q"),
        ("bookings?q=tap&within=7", "within"),
        ("bookings?q=tap&cursor=nonsense", "cursor"),
        ("bookings?q=tap&limit=x", "limit"),
        ("bookings?q=tap&sort=price", "sort"),
        ("people?q=tap", "index"),
    ] {
        let reply = world.get(&asha, &format!("/api/v1/search/{path}")).await.problem(400, "malformed");
        assert_eq!(Reply::fields(&reply), [field], "{path}");
    }
    let unknown = world.get(&asha, "/api/v1/search/people?q=tap").await.json.to_string();
    assert!(unknown.contains("users, posts, reviews, messages, bookings"), "{unknown}");
}
