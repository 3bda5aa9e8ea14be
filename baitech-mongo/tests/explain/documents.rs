//! The documents for the query planner: many copies of real documents, and a city.

use bson::oid::ObjectId;
use bson::{DateTime, Document, doc};
use mongodb::Database;

use crate::support::legacy;

/// Stores some thousands of copies of real documents, so that the planner has realistic statistics.
pub(crate) async fn fill(database: &Database) {
    let (users, bookings) = (legacy("users"), legacy("bookings"));
    let mut many_users = Vec::new();
    let mut many_bookings = Vec::new();
    for round in 0_u32..40 {
        let later = |id: ObjectId| {
            let mut bytes = id.bytes();
            bytes[4..8].copy_from_slice(&round.to_be_bytes());
            ObjectId::from_bytes(bytes)
        };
        for (n, user) in (0..).zip(&users) {
            let mut user = user.clone();
            user.insert("_id", later(user.get_object_id("_id").unwrap()));
            user.insert("email", format!("user{n}-{round}@example.com"));
            user.insert("phoneNumber", format!("+25411{:07}", n * 100 + round));
            user.insert("username", format!("user_{n}_{round}"));
            many_users.push(user);
        }
        for (n, booking) in (0..).zip(&bookings) {
            let mut booking = booking.clone();
            let created_at = 1_752_858_450_755 + i64::from(round) * 3_600_000;
            booking.insert("_id", later(booking.get_object_id("_id").unwrap()));
            booking.insert("customer", later(booking.get_object_id("customer").unwrap()));
            if let Ok(technician) = booking.get_object_id("technician") {
                booking.insert("technician", later(technician));
            }
            booking.insert("bookingNumber", format!("BK2511{:06}", n * 100 + round));
            booking.insert("createdAt", DateTime::from_millis(created_at));
            if n % 10 == 0 {
                booking.insert("dueAt", DateTime::from_millis(created_at));
                let company = later(users[0].get_object_id("_id").unwrap());
                booking.insert("corporateDetails", doc! { "company": company });
            }
            many_bookings.push(booking);
        }
    }
    database.collection::<Document>("transactions").insert_many(many_transactions()).await.unwrap();
    database.collection::<Document>("webhooks").insert_many(many_webhooks()).await.unwrap();
    database.collection::<Document>("reconciliations").insert_many(many_reconciliations()).await.unwrap();
    database.collection::<Document>("users").insert_many(many_users).await.unwrap();
    database.collection::<Document>("bookings").insert_many(many_bookings).await.unwrap();
}

fn many_transactions() -> Vec<Document> {
    let transactions = legacy("transactions");
    let mut many = Vec::new();
    for round in 0_i32..60 {
        for (n, transaction) in (0..).zip(&transactions) {
            let number = n + round * 60;
            let mut transaction = transaction.clone();
            transaction.insert("_id", ObjectId::new());
            transaction.insert("transactionNumber", format!("TXN251101{number:06}"));
            let created_at = 1_752_858_450_755 + i64::from(number) * 3_600_000;
            transaction.insert("createdAt", DateTime::from_millis(created_at));
            if n % 2 == 0 {
                let reference = format!("ws_CO_{number}");
                let gateway =
                    doc! { "token": format!("token{number}"), "reference": reference, "attempts": 1 };
                transaction.insert("gateway", gateway);
            }
            if n % 10 == 0 {
                transaction.insert("dueAt", DateTime::from_millis(created_at));
                transaction.insert("needsPerson", true);
            }
            many.push(transaction);
        }
    }
    many
}

/// Documents with only the fields of the queries; they cannot be read as reconciliations.
fn many_reconciliations() -> Vec<Document> {
    let job = |n: i64| {
        let at = DateTime::from_millis(1_752_858_450_755 + n * 60_000);
        let mut job = doc! { "_id": ObjectId::new(), "submittedAt": at };
        if n % 50 == 0 {
            job.insert("dueAt", at);
        }
        job
    };
    (0..2_000).map(job).collect()
}

fn many_webhooks() -> Vec<Document> {
    let statuses = ["received", "applied", "duplicate", "ignored", "rejected"];
    let webhook = |n: i32| {
        let at = DateTime::from_millis(1_752_858_450_755 + i64::from(n / 3) * 60_000);
        let mut webhook = doc! {
            "token": format!("token{n}"),
            "headers": [],
            "body": bson::Binary { subtype: bson::spec::BinarySubtype::Generic, bytes: vec![1, 2, 3] },
            "receivedAt": at,
            "status": statuses[usize::try_from(n).unwrap() % 5],
            "attempts": 1,
            "updatedAt": at,
        };
        if n % 20 == 0 {
            webhook.insert("dueAt", at);
        }
        webhook
    };
    (0..2_000).map(webhook).collect()
}

/// Stores a city of technicians on a grid of 600 m by 600 m, with open and finished bookings. Each place has
/// every category.
pub(crate) async fn fill_city(database: &Database) {
    let place = |n: i32| {
        let (x, y) = (f64::from(n % 60) - 30.0, f64::from(n / 60 % 60) - 30.0);
        doc! { "type": "Point", "coordinates": [36.82 + x * 0.0054, -1.29 + y * 0.0054] }
    };
    let categories = ["plumbing", "electrical", "painting"];
    let category = |n: i32| categories[usize::try_from(n / 60 + n).unwrap() % 3];
    let technician = |n: i32| {
        doc! {
            "email": format!("t{n}@example.com"), "phoneNumber": format!("+25472{n:07}"),
            "role": "technician", "status": "active", "kyc": { "verified": true },
            "location": place(n), "publicPlace": place(n),
            "skills": [{ "name": "work", "category": category(n), "yearsOfExperience": 3 }],
            "serviceRadius": if n % 50 == 0 { 60 } else { 10 }, "jobsByDay": { "2026-03-02": n % 2 },
        }
    };
    let statuses = ["pending", "matching", "paid", "paid", "paid", "paid", "cancelled", "accepted"];
    let booking = |n: i32| {
        doc! {
            "bookingNumber": format!("BK2603{n:06}"), "customer": ObjectId::new(),
            "serviceCategory": category(n), "status": statuses[usize::try_from(n / 3_600).unwrap() % 8],
            "serviceLocation": place(n),
            "createdAt": DateTime::from_millis(1_752_858_450_755 + i64::from(n)),
        }
    };
    let users = database.collection::<Document>("users");
    users.insert_many((0..3_600).map(technician)).await.unwrap();
    let bookings = database.collection::<Document>("bookings");
    bookings.insert_many((0..28_800).map(booking)).await.unwrap();
}
