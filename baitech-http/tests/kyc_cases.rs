//! The queue of identity checks over HTTP.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use axum::http::Method;
use baitech_core::{
    account::{IdType, KycDocuments},
    kernel::Role,
};
use common::{Reply, World, request, user};
use serde_json::{Value, json};

/// Submits documents as a customer, since the technicians are verified; returns the case as support sees it
/// in the queue.
async fn submit(world: &World, n: u64) -> Value {
    let customer = user(Role::Customer, n);
    let documents = KycDocuments {
        id_type: IdType::NationalId,
        id_number: format!("1234567{n}"),
        front_image: "front.jpg".to_owned(),
        back_image: None,
    };
    world.market.accounts().submit_kyc(&customer.actor(), customer.id, &documents).await.unwrap();
    let open = world.get(&user(Role::Support, 1), "/api/v1/kyc-cases?status=open").await.ok();
    open["items"].as_array().unwrap().last().unwrap().clone()
}

#[tokio::test]
async fn staff_work_through_the_queue() {
    let world = World::new().await;
    let (first, second) = (submit(&world, 1).await, submit(&world, 2).await);
    assert_eq!(first["documents"]["idNumber"], "12345671");
    assert_eq!(first["status"], "open");
    let support = user(Role::Support, 1);
    let page = world.get(&support, "/api/v1/kyc-cases?limit=1").await.ok();
    assert_eq!(page["items"], json!([first]));
    let next = page["nextCursor"].as_str().unwrap();
    let rest = world.get(&support, &format!("/api/v1/kyc-cases?limit=1&cursor={next}")).await.ok();
    assert_eq!((&rest["items"], &rest["nextCursor"]), (&json!([second]), &Value::Null));

    let path = format!("/api/v1/kyc-cases/{}", first["id"].as_str().unwrap());
    let decide = async |body: Value, headers: &[_]| {
        let path = format!("{path}/decision");
        world.send(request(Method::POST, &path, Some(&support), headers, Some(body))).await
    };
    for (body, field) in [
        (json!({ "decision": "reject" }), "reason"),
        (json!({ "decision": "verify", "reason": "He is known." }), "reason"),
    ] {
        assert_eq!(Reply::fields(&decide(body, &[]).await.problem(422, "invalid")), [field]);
    }
    let unknown = decide(json!({ "decision": "later" }), &[]).await.problem(422, "invalid");
    assert_eq!(Reply::fields(&unknown), ["decision"]);
    let reject = json!({ "decision": "reject", "reason": "The image is blurred." });
    decide(reject.clone(), &[("if-match", "\"7\"")]).await.problem(412, "precondition-failed");
    let terms = [("if-match", "\"0\""), ("idempotency-key", "once")];
    for _ in 0..2 {
        let decided = decide(reject.clone(), &terms).await;
        assert_eq!(decided.header("etag"), "\"1\"");
        let decided = decided.ok();
        assert_eq!((&decided["status"], &decided["reason"]), (&json!("rejected"), &reject["reason"]));
    }
    assert_eq!(decide(reject, &[]).await.problem(409, "refused")["rule"], "already_decided");
    let open = world.get(&support, "/api/v1/kyc-cases?status=open").await.ok();
    assert_eq!(open["items"], json!([second]));
    world.get(&support, "/api/v1/kyc-cases?status=lost").await.problem(400, "malformed");
    world.get(&support, "/api/v1/kyc-cases?cursor=webhooks.1~2").await.problem(400, "malformed");
}

#[tokio::test]
async fn only_its_user_and_staff_see_a_case() {
    let world = World::new().await;
    let case = submit(&world, 1).await;
    let path = format!("/api/v1/kyc-cases/{}", case["id"].as_str().unwrap());
    for who in [user(Role::Customer, 1), user(Role::Support, 1), user(Role::Admin, 1)] {
        let shown = world.get(&who, &path).await;
        assert_eq!(shown.header("etag"), "\"0\"");
        assert_eq!(shown.ok(), case);
    }
    let seen =
        request(Method::GET, &path, Some(&user(Role::Customer, 1)), &[("if-none-match", "\"0\"")], None);
    assert_eq!(world.send(seen).await.status, 304);
    for who in [user(Role::Technician, 2), user(Role::Customer, 2), user(Role::Corporate, 1)] {
        let hidden = world.get(&who, &path).await;
        assert!(!hidden.text.contains("12345671"), "{}", hidden.text);
        hidden.problem(404, "not-found");
        world.get(&who, "/api/v1/kyc-cases").await.problem(403, "forbidden");
        let verify = Some(json!({ "decision": "verify" }));
        world.post(&who, &format!("{path}/decision"), verify).await.problem(403, "forbidden");
    }
}
