//! Puts hostile values at every place in the body of every route: each is refused, and the place is named.

use axum::http::{Method, Request, header};
use baitech_core::{
    account::User,
    booking::{
        ApprovalStatus, BookingRecord, BookingStatus, CorporateDetails, Dispute, DisputeCategory,
        DisputeStatus, Warranty,
    },
    kernel::{Role, Text},
    testing::build,
};
use baitech_http::{Route, routes};
use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::common::{Reply, World, new_booking, request, routes, user};

/// A body with every field of the route, a permitted user, and the path.
struct Case {
    who: User,
    path: String,
    pinned: bool,
    body: Value,
}

fn sum() -> Value {
    json!({
        "amount": { "amount": "100.00", "currency": "KES" },
        "method": "mpesa",
        "phoneNumber": "0712345678",
        "account": "pm_1",
    })
}

async fn stored(world: &World, n: u64, status: BookingStatus) -> String {
    let (customer, technician) = (user(Role::Customer, 1), user(Role::Technician, 1));
    let booking = build::booking(n, &customer, Some(&technician), status);
    let dispute = (status == BookingStatus::Disputed).then(|| Dispute {
        category: DisputeCategory::Quality,
        reason: Text::from_stored("It drips."),
        status: DisputeStatus::Open,
        raised_by: customer.id,
        raised_at: build::start(),
        raised_from: Some(BookingStatus::Completed),
        escalated_at: None,
        evidence: Vec::new(),
        resolution: None,
    });
    let warranty = Warranty {
        offered: true,
        days: Some(30),
        terms: None,
        expires_at: Some(build::start() + TimeDelta::days(9)),
        claims: Vec::new(),
    };
    let corporate = CorporateDetails {
        company: user(Role::Corporate, 1).id,
        project_name: None,
        project_code: None,
        department: None,
        approval: ApprovalStatus::Pending,
        decided_by: None,
        decided_at: None,
    };
    let corporate = (status == BookingStatus::Pending).then_some(corporate);
    world.store(BookingRecord { dispute, warranty, corporate, ..booking }).await.to_string()
}

/// The cases of a route that takes a body; they differ in user and content.
async fn cases(world: &World, route: &Route, n: u64) -> Vec<Case> {
    use BookingStatus::{Accepted, Assigned, Completed, Disputed, InProgress, Paid, Pending};
    let (customer, technician) = (user(Role::Customer, 1), user(Role::Technician, 1));
    let (admin, company) = (user(Role::Admin, 1), user(Role::Corporate, 1));
    let mut full = new_booking();
    full["urgency"] = json!("high");
    full["images"] = json!([{ "url": "https://cdn.example.ke/tap.jpg", "publicId": "tap" }]);
    full["preferredTechnician"] = json!(technician.id);
    full["notes"] = json!("Mind the dog.");
    full["source"] = json!("app");
    full["recurrence"] = json!("FREQ=WEEKLY;COUNT=3");
    full["timeSlot"]["timeZone"] = json!("Africa/Nairobi");
    full["timeSlot"]["estimatedDuration"] = json!(120);
    for (field, text) in [
        ("county", "Nairobi"),
        ("postalCode", "00100"),
        ("landmarks", "Bank"),
        ("accessInstructions", "Ring"),
    ] {
        full["serviceLocation"][field] = json!(text);
    }
    let mut of_company = full.clone();
    of_company["project"] = json!({ "name": "Roof", "code": "R1", "department": "Works" });
    let mut by_staff = full.clone();
    by_staff["discount"] = json!({ "amount": "5", "currency": "KES" });
    by_staff["onBehalfOf"] = json!(customer.id);

    let slot = json!({ "date": "2026-03-04", "startTime": "10:00", "endTime": "12:00" });
    let mut body = routes::body(route);
    let (who, status) = match route.name {
        "create" | "quote" => (&customer, Pending),
        "assign" | "cancel" => (&admin, Pending),
        "decline_corporate" => (&company, Pending),
        "reject" => (&technician, Assigned),
        "pause" | "add_checkpoint" | "offer_warranty" | "propose_price" => (&technician, InProgress),
        "move_slot" => (&customer, Pending),
        "propose_slot" | "write_note" | "pay" => (&customer, Accepted),
        "check_quality" => (&admin, Completed),
        "claim_warranty" | "dispute" => (&customer, Completed),
        "add_evidence" => (&customer, Disputed),
        "resolve_dispute" => (&admin, Disputed),
        "request_payout" => (&technician, Paid),
        _ if routes::is_decision(route) => (&admin, Paid),
        _ => (&customer, Paid),
    };
    match route.name {
        "create" | "quote" => {
            let path = route.path.to_owned();
            let case = |who: &User, body| Case { who: who.clone(), path: path.clone(), pinned: false, body };
            return vec![case(&customer, full), case(&company, of_company), case(&admin, by_staff)];
        }
        "reject" | "pause" => body = Some(json!({ "reason": "lunch" })),
        "propose_price" => {
            body = Some(json!({
                "reason": "more work",
                "materials": [{
                    "name": "pipe", "quantity": "2.5", "unitPrice": { "amount": "300", "currency": "KES" },
                    "providedBy": "technician",
                }],
                "services": [{ "name": "drain", "price": { "amount": "300", "currency": "KES" } }],
            }));
        }
        "propose_slot" => body = Some(json!({ "timeSlot": slot, "reason": "rain" })),
        "add_checkpoint" => body = Some(json!({ "name": "no leak", "passed": true, "notes": "dry" })),
        "check_quality" => body = Some(json!({ "score": 90, "notes": "dry" })),
        "offer_warranty" => body = Some(json!({ "duration": 30, "terms": "parts" })),
        "add_evidence" => {
            body =
                Some(json!({ "text": "A puddle.", "images": [{ "url": "https://cdn.example.ke/p.jpg" }] }));
        }
        "resolve_dispute" => {
            let amount = json!({ "amount": "10", "currency": "KES" });
            body =
                Some(json!({ "outcome": "partial_refund", "amount": amount, "notes": "Half of it works." }));
        }
        "pay" => body = Some(json!({ "method": "mpesa", "phoneNumber": "0712345678", "account": "pm_1" })),
        "tip" | "top_up" | "pay_debt" | "withdraw" | "request_payout" => body = Some(sum()),
        _ => {}
    }
    let Some(body) = body else { return Vec::new() };
    let mut path = routes::about_stored(world, route, n).await;
    if path.contains("{booking}") {
        path = path.replace("{booking}", &stored(world, n, status).await);
    }
    vec![Case { who: who.clone(), path, pinned: route.name == "pay", body }]
}

/// The places of a body: JSON pointers, the whole body first.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(name, value)| places(value, &format!("{at}/{name}"), found))
        }
        Value::Array(items) => {
            items
                .iter()
                .enumerate()
                .for_each(|(index, value)| places(value, &format!("{at}/{index}"), found));
        }
        _ => {}
    }
}

/// The hostile values for a place.
fn hostile(value: &Value) -> Vec<Value> {
    let long = "x".repeat(60_000);
    match value {
        Value::Object(fields) => {
            let mut unknown = fields.clone();
            unknown.insert("colour".to_owned(), json!("red"));
            let mut long_name = fields.clone();
            long_name.insert(long, json!(1));
            let values: Vec<_> = fields.values().cloned().collect();
            vec![
                json!([]),
                json!(values),
                json!([value]),
                json!(unknown),
                json!(long_name),
                json!("text"),
                json!(7),
            ]
        }
        Value::Array(items) => {
            vec![json!({}), json!("text"), json!(vec![items[0].clone(); 400]), json!([[]]), json!([null])]
        }
        Value::String(_) => vec![
            json!(long),
            json!("a\0b"),
            json!("a\u{202E}b"),
            json!("\u{200B}\u{2060}"),
            json!("a\u{1b}[31m"),
            json!([]),
            json!({}),
            json!(true),
        ],
        Value::Number(_) => {
            vec![json!("text"), json!(-1), json!(1e30), json!(1.5), json!("1_000"), json!([]), json!({})]
        }
        Value::Bool(_) => vec![json!("yes"), json!(1), json!([]), json!({})],
        Value::Null => Vec::new(),
    }
}

/// The field name for a JSON pointer, such as `images.0.url`.
fn field_of(pointer: &str) -> String {
    pointer.trim_start_matches('/').replace('/', ".")
}

fn names(problem: &Value, field: &str) -> bool {
    let found = Reply::fields(problem);
    // A coordinate is checked together with the other one, and an amount with its currency.
    let about = |found: &str| found.starts_with(field) || field.starts_with(found);
    field.is_empty() || found.iter().any(|found| about(found))
}

#[tokio::test]
async fn every_hostile_value_is_refused_with_its_field_name() {
    let world = World::new().await;
    world.fill_wallet(&user(Role::Customer, 1), 1_000).await;
    let mut tried = 0;
    for (n, route) in (1..).zip(routes()) {
        if matches!(route.name, "receive_webhook" | "reconcile") || route.method == Method::GET {
            continue;
        }
        for case in cases(&world, &route, n).await {
            let mut all = Vec::new();
            places(&case.body, "", &mut all);
            for place in all {
                let values = hostile(case.body.pointer(&place).unwrap());
                let is_url = place.ends_with("/url");
                let is_degree = place.contains("/coordinates/");
                let links = ["javascript:alert(1)", "data:text/html,x", "https://a b.ke/", "x"]
                    .map(|text| json!(text));
                for value in values.into_iter().chain(links.into_iter().filter(|_| is_url)) {
                    if is_degree && matches!(value.as_f64(), Some(degrees) if degrees.abs() < 90.0) {
                        continue;
                    }
                    let mut body = case.body.clone();
                    *body.pointer_mut(&place).unwrap() = value.clone();
                    let terms: &[(&str, &str)] = if case.pinned { &[("if-match", "\"0\"")] } else { &[] };
                    let asked = request(route.method.clone(), &case.path, Some(&case.who), terms, Some(body));
                    let reply = world.send(asked).await;
                    let shown: String = value.to_string().chars().take(60).collect();
                    let seen = format!("{} {place} = {shown}: {} {}", route.name, reply.status, reply.text);
                    assert!(reply.text.len() < 4_000, "an answer repeats the sent value: {}", route.name);
                    assert_eq!(reply.status, 422, "{seen}");
                    let problem = reply.problem(422, "invalid");
                    assert!(names(&problem, &field_of(&place)), "{seen}");
                    tried += 1;
                }
            }
        }
    }
    assert!(tried > 900, "{tried}");
}

#[tokio::test]
async fn a_place_without_coordinates_is_refused() {
    let world = World::new().await;
    let customer = user(Role::Customer, 1);
    for (place, field) in [
        (json!({}), "serviceLocation.coordinates"),
        (json!({ "address": "Moi Avenue 7" }), "serviceLocation.coordinates"),
        (json!({ "coordinates": [] }), "serviceLocation.coordinates"),
        (json!({ "coordinates": [36.8] }), "serviceLocation.coordinates"),
        (json!({ "coordinates": [null, null] }), "serviceLocation.coordinates.0"),
        (json!({ "coordinates": { "lng": 36.8, "lat": -1.2 } }), "serviceLocation.coordinates"),
        (json!([]), "serviceLocation"),
        (json!([[36.8, -1.2]]), "serviceLocation"),
        (json!(null), "serviceLocation"),
    ] {
        for path in ["/api/v1/bookings", "/api/v1/bookings/quote"] {
            let mut body = new_booking();
            body["serviceLocation"] = place.clone();
            let problem = world.post(&customer, path, Some(body)).await.problem(422, "invalid");
            let found = Reply::fields(&problem)[0].to_owned();
            assert!(found.starts_with(field), "{place}: {problem}");
        }
    }
}

#[tokio::test]
async fn numbers_and_times_must_be_plain_digits() {
    let world = World::new().await;
    let customer = user(Role::Customer, 1);
    for amount in [
        json!("1_000"),
        json!("1,000"),
        json!("+5"),
        json!("5e2"),
        json!(" 5"),
        json!("9".repeat(28)),
        json!(1e300),
    ] {
        let body = json!({ "amount": { "amount": amount, "currency": "KES" }, "method": "mpesa" });
        let problem =
            world.post(&customer, "/api/v1/wallet/top-up", Some(body)).await.problem(422, "invalid");
        assert_eq!(Reply::fields(&problem), ["amount.amount"], "{amount}");
        let message = problem["errors"][0]["message"].as_str().unwrap();
        assert!(message.contains("\"1250.00\""), "the message must name the accepted form: {message}");
        for library in ["Invalid decimal", "overflow", "underflow", "mantissa", "unknown character"] {
            assert!(!message.contains(library), "{message}");
        }
    }
    for time in ["009:00", "9:0", "09:00:00", "٠٩:00", "+9:00", " 9:00", "9.00"] {
        let mut body = new_booking();
        body["timeSlot"]["startTime"] = json!(time);
        let problem = world.post(&customer, "/api/v1/bookings", Some(body)).await.problem(422, "invalid");
        assert_eq!(Reply::fields(&problem), ["timeSlot.startTime"], "{time}");
    }
    let total = [("agreed-total", "1_000 KES")];
    let asked = request(Method::POST, "/api/v1/bookings", Some(&customer), &total, Some(new_booking()));
    assert_eq!(Reply::fields(&world.send(asked).await.problem(400, "malformed")), ["Agreed-Total"]);
}

#[tokio::test]
async fn a_booking_has_a_bounded_price_and_bounded_items() {
    let world = World::new().await;
    let (customer, technician) = (user(Role::Customer, 1), user(Role::Technician, 1));
    let id = stored(&world, 1, BookingStatus::InProgress).await;
    let path = format!("/api/v1/bookings/{id}/price-change");
    let material = |quantity: &str, price: &str, count: usize| {
        let one = json!({ "name": "pipe", "quantity": quantity, "providedBy": "technician",
                          "unitPrice": { "amount": price, "currency": "KES" } });
        json!({ "reason": "more", "materials": vec![one; count] })
    };
    for (body, field, code) in [
        (material("100000", "10000000", 1), "materials.0.quantity", "out_of_range"),
        (material("1", "10000000", 3), "materials", "out_of_range"),
        (material("1", "10000001", 1), "materials.0.unitPrice", "out_of_range"),
        (material("0.0000001", "1", 1), "materials.0.quantity", "out_of_range"),
        (material("1", "1", 51), "materials", "too_many"),
    ] {
        let problem = world.post(&technician, &path, Some(body)).await.problem(422, "invalid");
        assert_eq!(
            (Reply::fields(&problem)[0], &problem["errors"][0]["code"]),
            (field, &json!(code)),
            "{problem}"
        );
    }
    // The items of approved proposals add up to at most 200.
    for round in 0..4 {
        let proposed = world.post(&technician, &path, Some(material("1", "1", 50))).await;
        let tag = proposed.header("etag").to_owned();
        proposed.ok();
        let approve = format!("{path}/approve");
        let approved = request(Method::POST, &approve, Some(&customer), &[("if-match", &tag)], None);
        let booking = world.send(approved).await.ok();
        assert_eq!(booking["materialsUsed"].as_array().unwrap().len(), (round + 1) * 50);
    }
    let problem = world.post(&technician, &path, Some(material("1", "1", 1))).await.problem(422, "invalid");
    assert_eq!(problem["errors"][0]["code"], "too_many", "{problem}");
}

#[tokio::test]
async fn body_of_another_content_type_is_refused() {
    let world = World::new().await;
    let customer = user(Role::Customer, 1);
    let mut asked: Request<_> =
        request(Method::POST, "/api/v1/bookings", Some(&customer), &[], Some(new_booking()));
    asked.headers_mut().insert(header::CONTENT_TYPE, "text/html".parse().unwrap());
    world.send(asked).await.problem(415, "unsupported-media-type");
}
