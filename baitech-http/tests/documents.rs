//! Receipts, invoices and statements, and the reconciliation of providers' statements.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod common;

use std::sync::Arc;

use axum::http::{Method, Request, header};
use baitech_core::{
    account::User,
    kernel::Role,
    payment::{Document, DocumentRenderer, RenderError},
};
use common::{Reply, World, request, user};
use serde_json::{Value, json};

/// A renderer that writes only the number of a document, and fails for documents without lines.
#[derive(Debug)]
struct Numbers;

impl DocumentRenderer for Numbers {
    fn media_type(&self) -> &'static str {
        "application/pdf"
    }

    fn render(&self, document: &Document) -> Result<Vec<u8>, RenderError> {
        if document.lines.is_empty() {
            return Err(RenderError("the secret font is missing".to_owned()));
        }
        Ok(format!("%PDF {}", document.number).into_bytes())
    }
}

async fn rendering() -> World {
    World::with(|builder| builder.document_renderer(Arc::new(Numbers))).await
}

async fn get(world: &World, who: &User, path: &str, accept: &str) -> Reply {
    world.send(request(Method::GET, path, Some(who), &[("accept", accept)], None)).await
}

#[tokio::test]
async fn document_is_served_as_a_file_or_json() {
    let world = rendering().await;
    let asha = user(Role::Customer, 1);
    let (_, id) = world.paid_booking(1).await;
    for (kind, prefix) in [("receipt", "RCT"), ("invoice", "INV")] {
        let path = format!("/api/v1/transactions/{id}/{kind}");
        let file = get(&world, &asha, &path, "*/*").await;
        let number = format!("{prefix}260302000001");
        assert_eq!(file.text, format!("%PDF {number}"));
        assert_eq!(file.header("content-type"), "application/pdf");
        assert_eq!(file.header("content-disposition"), format!("inline; filename=\"{kind}-{number}.pdf\""));
        assert_eq!(file.header("cache-control"), "private, no-store");
        assert_eq!(file.header("vary"), "accept, authorization");
        assert_eq!(world.get(&asha, &path).await.text, file.text, "without any Accept");

        let json = get(&world, &asha, &path, "application/json").await;
        assert_eq!(json.header("content-type"), "application/json");
        assert_eq!(json.header("vary"), "accept, authorization");
        assert_eq!(json.json["kind"], kind);
        assert_eq!(json.json["number"], number);
        world.get(&user(Role::Customer, 2), &path).await.problem(404, "not-found");
    }
}

#[tokio::test]
async fn without_a_renderer_every_document_is_json() {
    let world = World::new().await;
    let asha = user(Role::Customer, 1);
    let (_, id) = world.paid_booking(1).await;
    for accept in ["application/pdf", "*/*", "application/json"] {
        let reply = get(&world, &asha, &format!("/api/v1/transactions/{id}/receipt"), accept).await;
        assert_eq!(reply.ok()["number"], "RCT260302000001");
    }
}

#[tokio::test]
async fn receipt_is_refused_before_the_payment_settles() {
    let world = rendering().await;
    let asha = user(Role::Customer, 1);
    let top_up = json!({ "amount": { "amount": "500", "currency": "KES" }, "method": "mpesa" });
    let begun = world.post(&asha, "/api/v1/wallet/top-up", Some(top_up)).await.ok();
    let path = format!("/api/v1/transactions/{}", begun["id"].as_str().unwrap());
    for kind in ["receipt", "invoice"] {
        let refused = world.get(&asha, &format!("{path}/{kind}")).await.problem(409, "refused");
        assert_eq!(refused["rule"], "transition");
    }
}

#[tokio::test]
async fn statement_is_shown_only_to_its_company() {
    let world = rendering().await;
    let company = user(Role::Corporate, 1);
    let of = |month: &str| format!("/api/v1/statements/{}/2026/{month}", company.id);
    let json = get(&world, &company, &of("3"), "application/json").await.ok();
    assert_eq!(json["kind"], "statement");
    get(&world, &user(Role::Support, 1), &of("03"), "application/json").await.ok();
    for stranger in [user(Role::Corporate, 2), user(Role::Customer, 1)] {
        world.get(&stranger, &of("3")).await.problem(403, "forbidden");
    }
    let problem = world.get(&company, &of("13")).await.problem(422, "invalid");
    assert_eq!(Reply::fields(&problem), ["month"]);
    let asha = user(Role::Customer, 1);
    let hers = world.get(&asha, &format!("/api/v1/statements/{}/2026/3", asha.id)).await;
    assert_eq!(hers.problem(409, "refused")["rule"], "not_eligible");

    // There were no purchases, so the statement has no lines, and this renderer fails.
    let failed = world.get(&company, &of("3")).await;
    assert!(!failed.text.contains("font"), "{}", failed.text);
    failed.problem(500, "internal");
}

fn upload(
    who: &User,
    query: &str,
    content_type: &str,
    csv: impl Into<axum::body::Body>,
) -> Request<axum::body::Body> {
    let path = format!("/api/v1/reconciliations?{query}");
    let mut request = request(Method::POST, &path, Some(who), &[("content-type", content_type)], None);
    *request.body_mut() = csv.into();
    request
}

const HEADER: &str = "reference,date,amount,fee,description\n";

/// Submits a statement and returns the location of its reconciliation.
async fn submit(world: &World, sent: Request<axum::body::Body>) -> String {
    let accepted = world.send(sent).await;
    assert_eq!(accepted.status, 202, "{}", accepted.text);
    let location = accepted.headers[header::LOCATION].to_str().unwrap().to_owned();
    let job: Value = serde_json::from_str(&accepted.text).unwrap();
    assert_eq!(location, format!("reconciliations/{}", job["id"].as_str().unwrap()));
    format!("/api/v1/{location}")
}

#[tokio::test]
async fn provider_statement_is_accepted_and_reconciled_later() {
    let world = World::new().await;
    let (asha, support, admin) = (user(Role::Customer, 1), user(Role::Support, 1), user(Role::Admin, 1));
    world.fill_wallet(&asha, 500).await;
    let receipt = world.mobile.callback().1["receipt"].as_str().unwrap().to_owned();
    let csv = format!("{HEADER}{receipt},2026-03-02,500.00,5.00,in\nQK999,2026-03-02,70.00,,unknown\n");
    let sent = upload(&support, "method=mpesa&format=generic", "text/csv; charset=utf-8", csv.clone());
    let place = submit(&world, sent).await;
    let queued = world.get(&support, &place).await.ok();
    assert_eq!((&queued["state"], &queued["rows"]["lines"]), (&json!("queued"), &json!(2)));
    assert_eq!(queued["findings"], Value::Null);

    let work = world.market.worker().run_until_idle().await.unwrap();
    assert!(work.is_complete() && work.done > 0, "{work:?}");
    let done = world.get(&admin, &place).await.ok();
    assert_eq!((&done["state"], &done["submittedBy"]), (&json!("done"), &json!(support.id)));
    assert_eq!(done["progress"], json!({ "phase": "marks", "done": 1, "total": 1 }));
    let counts = &done["counts"];
    assert_eq!([&counts["matched"], &counts["missingHere"], &counts["marked"]], [1, 1, 1]);
    assert_eq!(done["findings"]["missingHere"][0]["line"]["reference"], "QK999");
    assert!(!done.to_string().contains("\"parts\""), "the answer must not contain the stored form");

    let period = "method=mpesa&format=generic&from=2026-04-01T00:00:00Z&until=2026-05-01T00:00:00Z";
    let later = submit(&world, upload(&support, period, "text/csv", csv.clone())).await;
    assert_eq!(world.get(&support, &later).await.ok()["period"]["from"], "2026-04-01T00:00:00Z");
    let listed = world.get(&support, "/api/v1/reconciliations?limit=1").await.ok();
    assert_eq!(
        (listed["items"].as_array().unwrap().len(), &listed["items"][0]["findings"]),
        (1, &Value::Null)
    );
    let next = listed["nextCursor"].as_str().unwrap();
    let last = world.get(&support, &format!("/api/v1/reconciliations?cursor={next}")).await.ok();
    assert_eq!(last["items"].as_array().unwrap().len(), 1);

    world.send(upload(&asha, "method=mpesa", "text/csv", csv)).await.problem(403, "forbidden");
    for path in [place.as_str(), "/api/v1/reconciliations"] {
        world.get(&asha, path).await.problem(403, "forbidden");
    }
    let unknown = format!("/api/v1/reconciliations/{}", asha.id);
    world.get(&support, &unknown).await.problem(404, "not-found");
    let malformed = world.get(&support, "/api/v1/reconciliations/7").await.problem(400, "malformed");
    assert_eq!(Reply::fields(&malformed), ["reconciliation"]);
    world.get(&support, "/api/v1/reconciliations?status=done").await.problem(400, "malformed");
    world.get(&support, "/api/v1/reconciliations?cursor=webhooks.1~2").await.problem(400, "malformed");
}

#[tokio::test]
async fn statement_repeated_under_its_key_is_one_job() {
    let world = World::new().await;
    let support = user(Role::Support, 1);
    let keyed = |csv: &str| {
        let mut sent = upload(&support, "method=mpesa&format=generic", "text/csv", csv.to_owned());
        sent.headers_mut().insert("idempotency-key", "march".parse().unwrap());
        sent
    };
    let csv = format!("{HEADER}R1,2026-03-02,1.00,,\n");
    let first = submit(&world, keyed(&csv)).await;
    assert_eq!(submit(&world, keyed(&csv)).await, first);
    let other = world.send(keyed(&format!("{csv}R2,2026-03-02,1.00,,\n"))).await.problem(409, "refused");
    assert_eq!(other["rule"], "idempotency_key_reused");
    let listed = world.get(&support, "/api/v1/reconciliations").await.ok();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn unreadable_statement_is_refused() {
    let world = World::new().await;
    let support = user(Role::Support, 1);
    for (query, field) in [
        ("format=mpesa", "method"),
        ("method=barter", "method"),
        ("method=mpesa&format=excel", "format"),
        ("method=mpesa&from=2026-03-01T00:00:00Z", "until"),
        ("method=mpesa&until=2026-03-01T00:00:00Z", "from"),
        ("method=mpesa&until=soon", "until"),
        ("method=mpesa&dry=true", "dry"),
    ] {
        let reply = world.send(upload(&support, query, "text/csv", HEADER)).await;
        assert_eq!(Reply::fields(&reply.problem(400, "malformed")), [field], "{query}");
    }
    let generic = "method=mpesa&format=generic";
    for content_type in ["application/json", "multipart/form-data", "nonsense"] {
        let reply = world.send(upload(&support, generic, content_type, HEADER)).await;
        reply.problem(415, "unsupported-media-type");
    }
    for (csv, field) in [
        (Vec::new(), "statement"),
        (b"\xff\xfe".to_vec(), "statement"),
        (format!("{HEADER}R1,2026-03-02,lots,,\n").into_bytes(), "statement.2.amount"),
    ] {
        let problem = world.send(upload(&support, generic, "text/csv", csv)).await.problem(422, "invalid");
        assert_eq!(Reply::fields(&problem)[0], field);
    }
    let cash = world.send(upload(&support, "method=cash", "text/csv", HEADER)).await.problem(422, "invalid");
    assert_eq!(Reply::fields(&cash), ["method"]);

    // Above the limit of other bodies, and above the limit of statements.
    let wide = format!("{HEADER}{}", "\n".repeat(baitech_http::BODY_LIMIT));
    assert!(world.send(upload(&support, generic, "text/csv", wide)).await.status != 413);
    let huge = vec![b'\n'; baitech_http::STATEMENT_LIMIT + 1];
    world.send(upload(&support, generic, "text/csv", huge)).await.problem(413, "too-large");
    let mut unnamed = upload(&support, generic, "text/csv", HEADER);
    unnamed.headers_mut().remove(header::CONTENT_TYPE);
    world.send(unnamed).await.problem(415, "unsupported-media-type");
}
