//! Values have the same shape in answers and requests.

use axum::http::Method;
use baitech_core::{booking::BookingStatus, kernel::Role};
use serde_json::{Value, json};

use crate::common::{World, new_booking, request, user};

#[tokio::test]
async fn values_from_a_response_are_accepted_in_a_request() {
    let world = World::new().await;
    let customer = user(Role::Customer, 1);
    let mut body = new_booking();
    body["serviceLocation"]["landmarks"] = json!("the bank");
    body["images"] = json!([{ "url": "https://cdn.example.ke/tap.jpg", "publicId": "tap" }]);
    let quote = world.post(&customer, "/api/v1/bookings/quote", Some(body.clone())).await.ok();
    let total = &quote["pricing"]["totalAmount"];
    let agreed = format!("{} {}", total["amount"].as_str().unwrap(), total["currency"].as_str().unwrap());
    let terms = [("agreed-total", agreed.as_str())];
    let create = request(Method::POST, "/api/v1/bookings", Some(&customer), &terms, Some(body.clone()));
    let made = world.send(create).await.ok();
    let first =
        world.get(&customer, &format!("/api/v1/bookings/{}", made["id"].as_str().unwrap())).await.ok();
    assert_eq!(first["serviceLocation"]["coordinates"], body["serviceLocation"]["coordinates"]);
    assert_eq!(first["serviceLocation"]["landmarks"], "the bank");

    let mut again = new_booking();
    for field in
        ["serviceLocation", "timeSlot", "images", "serviceCategory", "serviceType", "description", "urgency"]
    {
        again[field] = first[field].clone();
    }
    let second = world.post(&customer, "/api/v1/bookings", Some(again)).await.ok();
    for field in ["serviceLocation", "timeSlot", "images"] {
        assert_eq!(second[field], first[field]);
    }
    let path = format!("/api/v1/bookings/{}/reschedule/move", second["id"].as_str().unwrap());
    let moved = world.post(&customer, &path, Some(json!({ "timeSlot": second["timeSlot"] }))).await.ok();
    assert_eq!(moved["timeSlot"], second["timeSlot"]);
    let sum = json!({ "amount": total, "method": "mpesa" });
    world.post(&customer, "/api/v1/wallet/top-up", Some(sum)).await.ok();
}

/// Every object in an answer, with the name of the field that holds it.
fn walk<'a>(name: &'a str, value: &'a Value, visit: &mut impl FnMut(&'a str, &'a Value)) {
    visit(name, value);
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| walk(name, value, visit)),
        Value::Array(items) => items.iter().for_each(|value| walk(name, value, visit)),
        _ => {}
    }
}

#[tokio::test]
async fn places_rates_and_amounts_have_one_shape_in_every_answer() {
    let world = World::new().await;
    let (customer, admin) = (user(Role::Customer, 1), user(Role::Admin, 1));
    let (paid, payment) = world.paid_booking(1).await;
    let quote = world.post(&customer, "/api/v1/bookings/quote", Some(new_booking())).await.ok();
    let mut answers = vec![quote];
    for path in [
        format!("bookings/{paid}"),
        format!("bookings/{paid}/cancellation-fee"),
        format!("transactions/{payment}"),
        "transactions".to_owned(),
        "bookings".to_owned(),
        "transactions/stats".to_owned(),
        format!("wallet?user={}", customer.id),
    ] {
        answers.push(world.get(&admin, &format!("/api/v1/{path}")).await.ok());
    }
    let cancelled = world.booking(2, BookingStatus::Accepted).await;
    let cancel = format!("/api/v1/bookings/{cancelled}/cancel");
    let shown = [("if-match", "\"0\"")];
    let reason = Some(json!({ "reason": "not needed" }));
    answers.push(world.send(request(Method::POST, &cancel, Some(&customer), &shown, reason)).await.ok());

    let (mut rates, mut places) = (0, 0);
    for answer in &answers {
        walk("", answer, &mut |name, value| {
            assert_ne!(name, "point", "{answer}");
            let lower = name.to_lowercase();
            if (lower.ends_with("rate")
                || ["platformShare", "cancellationFloor", "percentage"].contains(&name))
                && !value.is_null()
            {
                let percent = value["percent"].as_str().unwrap_or_else(|| panic!("{name}: {value}"));
                assert!(percent.parse::<f64>().unwrap() <= 100.0, "{name}: {value}");
                rates += 1;
            }
            if name == "serviceLocation" && !value.is_null() {
                assert_eq!(value["coordinates"].as_array().map(Vec::len), Some(2), "{value}");
                places += 1;
            }
            if value.get("currency").is_some() && value.get("amount").is_some() {
                assert!(value["amount"].is_string(), "{name}: {value}");
            }
        });
    }
    assert!(rates > 5 && places > 2, "{rates} {places}");
}
