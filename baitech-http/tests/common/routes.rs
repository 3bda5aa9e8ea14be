//! A valid path and body for every route.

use baitech_core::{
    account::{IdType, KycCase, KycCaseFilter, KycDocuments},
    booking::BookingRecord,
    kernel::{Actor, PageRequest, Role},
    payment::{Reconciliation, Webhook},
    testing::build,
    transaction::TransactionRecord,
};
use baitech_http::Route;
use serde_json::{Value, json};

use super::{World, new_booking, user};

/// A valid body for the route, if it takes one.
pub fn body(route: &Route) -> Option<Value> {
    let slot = json!({ "date": "2026-03-04", "startTime": "10:00", "endTime": "12:00" });
    let amount = json!({ "amount": "100.00", "currency": "KES" });
    match route.name {
        "create" | "quote" => Some(new_booking()),
        "assign" => Some(json!({ "technician": user(Role::Technician, 1).id })),
        "cancel" | "decline_corporate" => Some(json!({ "reason": "not needed" })),
        "propose_price" => Some(json!({
            "reason": "more work",
            "services": [{ "name": "drain", "price": { "amount": "300", "currency": "KES" } }],
        })),
        "allow_early_start" => Some(json!({ "from": "2026-03-02T06:00:00Z" })),
        "move_slot" | "propose_slot" => Some(json!({ "timeSlot": slot })),
        "add_checkpoint" => Some(json!({ "name": "no leak", "passed": true })),
        "check_quality" => Some(json!({ "score": 90 })),
        "offer_warranty" => Some(json!({ "duration": 30 })),
        "claim_warranty" => Some(json!({ "timeSlot": slot, "description": "It drips again." })),
        "write_note" => Some(json!({ "notes": "Mind the dog." })),
        "dispute" => Some(json!({ "category": "quality", "reason": "It still drips." })),
        "add_evidence" => Some(json!({ "text": "A puddle." })),
        "resolve_dispute" => Some(json!({ "outcome": "full_refund", "notes": "Nothing works." })),
        "pay" => Some(json!({ "method": "mpesa" })),
        "tip" | "top_up" | "pay_debt" | "withdraw" | "request_payout" => Some(json!({ "amount": amount })),
        "refund" => Some(json!({ "amount": amount, "reason": "It leaks again." })),
        "review" => Some(json!({ "approved": true })),
        "decide_mismatch" => Some(json!({ "complete": true })),
        "decide_outcome" => Some(json!({ "moved": true, "receipt": "QK123ABC" })),
        "decide_provider_move" => Some(json!({ "book": true })),
        "decide_verdict" => Some(json!({ "won": true })),
        "decide_kyc_case" => Some(json!({ "decision": "reject", "reason": "The image is blurred." })),
        "receive_webhook" => Some(json!({})),
        _ => None,
    }
}

/// Adds the version of a newly stored aggregate, for routes that require `If-Match`.
pub fn pin(route: &Route) -> &'static [(&'static str, &'static str)] {
    let agrees = route.name.starts_with("approve_") || route.name == "pay";
    if agrees { &[("if-match", "\"0\"")] } else { &[] }
}

/// The route's path for this booking and this transaction.
pub fn path(route: &Route, booking: &BookingRecord, transaction: &TransactionRecord) -> String {
    let number =
        if is_about_transactions(route) { transaction.number.as_str() } else { booking.number.as_str() };
    let technician = user(Role::Technician, 2).id.to_string();
    let path = route.path.replace("{booking}", &booking.id.to_string());
    let path = path.replace("{transaction}", &transaction.id.to_string());
    let path = path.replace("{consumer}", "mailer").replace("{seq}", "1");
    path.replace("{technician}", &technician)
        .replace("{number}", number)
        .replace("{token}", "0000")
        .replace("{kind}", "transaction")
        .replace("{id}", &transaction.id.to_string())
        .replace("{index}", "bookings?q=sink")
        .replace("{kycCase}", &build::id::<KycCase>(1).to_string())
        .replace("{webhook}", &build::id::<Webhook>(1).to_string())
        .replace("{reconciliation}", &build::id::<Reconciliation>(1).to_string())
}

/// The route's path for a new payment or an open identity check, if it takes one.
pub async fn about_stored(world: &World, route: &Route, n: u64) -> String {
    let mut path = route.path.to_owned();
    if path.contains("{transaction}") {
        let (_, payment) = world.paid_booking(n).await;
        path = path.replace("{transaction}", &payment);
    }
    if path.contains("{kycCase}") {
        path = path.replace("{kycCase}", &open_kyc_case(world).await);
    }
    path
}

/// The open identity check of the first customer, since the technicians are verified.
async fn open_kyc_case(world: &World) -> String {
    let (accounts, customer) = (world.market.accounts(), user(Role::Customer, 1));
    let (id_number, front_image) = ("12345678".to_owned(), "front.jpg".to_owned());
    let documents = KycDocuments { id_type: IdType::Passport, id_number, front_image, back_image: None };
    accounts.submit_kyc(&customer.actor(), customer.id, &documents).await.unwrap();
    let (filter, page) = (KycCaseFilter::default(), PageRequest::default());
    accounts.list_kyc_cases(&Actor::System, filter, &page).await.unwrap().items[0].id.to_string()
}

/// Whether the route is a decision of staff that parties cannot make.
pub fn is_decision(route: &Route) -> bool {
    matches!(route.name, "refund" | "review" | "decide_mismatch" | "decide_outcome" | "decide_kyc_case")
}

pub fn is_about_transactions(route: &Route) -> bool {
    route.path.starts_with("/api/v1/transactions")
}

pub fn is_about_bookings(route: &Route) -> bool {
    route.path.starts_with("/api/v1/bookings")
}
