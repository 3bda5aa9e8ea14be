//! Page sizes, cursors and request ids.

use axum::{body::Body, http::Request};
use baitech_core::{booking::BookingStatus, kernel::Role};

use crate::common::{Reply, World, user};

#[tokio::test]
async fn page_size_is_bounded() {
    let world = World::new().await;
    let admin = user(Role::Admin, 1);
    let id = world.booking(1, BookingStatus::Matching).await;
    let candidates = format!("bookings/{id}/candidates");
    for list in [
        "bookings",
        "transactions",
        "fraud-queue",
        "wallet/entries",
        "earnings/entries",
        "webhooks",
        &candidates,
    ] {
        for limit in ["0", "101", "1000000000", "99999999999999999999"] {
            let reply = world.get(&admin, &format!("/api/v1/{list}?limit={limit}")).await;
            assert_eq!(Reply::fields(&reply.problem(422, "invalid")), ["limit"], "{list} {limit}");
        }
        for limit in ["-1", "ten", "1_0", "%2B5", "", "1.0"] {
            let reply = world.get(&admin, &format!("/api/v1/{list}?limit={limit}")).await;
            assert_eq!(Reply::fields(&reply.problem(400, "malformed")), ["limit"], "{list} {limit}");
        }
        world.get(&admin, &format!("/api/v1/{list}?limit=100")).await.ok();
    }
}

#[tokio::test]
async fn cursor_is_valid_only_for_its_own_list() {
    let world = World::new().await;
    let (asha, admin) = (user(Role::Customer, 1), user(Role::Admin, 1));
    for n in 1..=2 {
        world.booking(n, BookingStatus::Pending).await;
        world.fill_wallet(&asha, 100).await;
    }
    let of = format!("user={}", asha.id);
    let lists = ["bookings?", "transactions?", "webhooks?", &format!("wallet/entries?{of}")];
    for list in lists {
        let first = world.get(&admin, &format!("/api/v1/{list}&limit=1")).await.ok();
        let cursor = first["nextCursor"].as_str().unwrap();
        for other in lists.iter().copied().chain([format!("earnings/entries?{of}").as_str(), "fraud-queue?"])
        {
            let reply = world.get(&admin, &format!("/api/v1/{other}&limit=1&cursor={cursor}")).await;
            if other == list {
                assert_ne!(reply.ok()["items"], first["items"]);
            } else if !(list == "transactions?" && other == "fraud-queue?") {
                assert_eq!(Reply::fields(&reply.problem(400, "malformed")), ["cursor"], "{list} {other}");
            }
        }
    }
}

#[tokio::test]
async fn request_id_length_is_bounded() {
    let world = World::new().await;
    let named = async |names: &[&[u8]]| {
        let mut request = Request::builder().uri("/health");
        for name in names {
            request = request.header("x-request-id", *name);
        }
        world.send(request.body(Body::empty()).unwrap()).await.header("x-request-id").to_owned()
    };
    for good in ["from-the-proxy", "a", "Root=1-67891233-abcdef012345678912345678", "x".repeat(128).as_str()]
    {
        assert_eq!(named(&[good.as_bytes()]).await, good);
    }
    let long = "x".repeat(129);
    for bad in [
        &[&b""[..]][..],
        &[long.as_bytes()],
        &[b"two words"],
        &[b"a\"b"],
        &[b"<script>"],
        &[b"a", b"b"],
        &[b"\xff"],
    ] {
        assert_eq!(named(bad).await.len(), 36, "{bad:?} is replaced");
    }
}
