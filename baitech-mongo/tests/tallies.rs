//! Tallies on users whose numbers another program stored in an invalid form: the commit succeeds
//! nevertheless.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use baitech_core::account::{StatsDelta, User, UserStats};
use baitech_core::store::{ChangeSet, Commit, Committed, Load, Put, Stored, Tally, Version};
use baitech_core::testing::build;
use baitech_mongo::MongoStore;
use bson::oid::ObjectId;
use bson::{Bson, Document, doc};

const ADD: StatsDelta = StatsDelta {
    total: 1,
    completed: 2,
    cancelled: 0,
    arrivals: 1,
    late_arrivals: 0,
    earned: None,
    spent: None,
};

/// The user after a tally on a document with these fields.
async fn counted(store: &MongoStore, n: u64, fields: Document) -> Stored<User> {
    let user = build::customer(2 * n);
    let id = user.id;
    assert_eq!(store.commit(ChangeSet::new().write(Put::new(user))).await.unwrap(), Committed::Applied);
    let by_id = doc! { "_id": ObjectId::from_bytes(id.to_bytes()) };
    let users = store.database().collection::<Document>("users");
    users.update_one(by_id, doc! { "$set": fields }).await.unwrap();
    let add = StatsDelta { earned: Some(build::kes(500)), ..ADD };
    let tallies = vec![Tally::User { id, add }];
    let other = ChangeSet { tallies, ..ChangeSet::new().write(Put::new(build::customer(2 * n + 1))) };
    assert_eq!(store.commit(other).await.unwrap(), Committed::Applied);
    store.load(id).await.unwrap().unwrap()
}

fn numbers(stats: &UserStats) -> (u32, u32, u32, String) {
    let earned = stats.total_earnings.unwrap().to_string();
    (stats.total_bookings, stats.completed_bookings, stats.arrivals, earned)
}

#[tokio::test(flavor = "multi_thread")]
async fn numeric_text_counts_as_its_number_and_other_values_as_zero() {
    let store = support::store().await;
    let fresh = (1, 2, 1, "500.00 KES".to_owned());
    let cases = [
        (doc! { "stats": Bson::Null }, fresh.clone()),
        (doc! { "stats": "many" }, fresh.clone()),
        (doc! { "stats": { "totalBookings": Bson::Null, "totalEarnings": Bson::Null } }, fresh.clone()),
        (
            doc! { "stats": { "totalBookings": "lots", "totalEarnings": true, "arrivals": [3] } },
            fresh.clone(),
        ),
        (
            doc! { "stats": { "totalBookings": " 7 ", "completedBookings": 3.0, "totalEarnings": "12.50" } },
            (8, 5, 1, "512.50 KES".to_owned()),
        ),
        (
            doc! { "stats": { "totalBookings": 4_i64, "totalEarnings": 0.25 } },
            (5, 2, 1, "500.25 KES".to_owned()),
        ),
        (doc! { "stats": { "totalEarnings": 100, "currency": "Ksh." } }, (1, 2, 1, "600.00 KES".to_owned())),
        (doc! { "stats": { "totalEarnings": 100, "currency": 5 } }, (1, 2, 1, "600.00 KES".to_owned())),
        // Sums in two currencies are not added; the counts are.
        (doc! { "stats": { "totalEarnings": 100, "currency": "usd" } }, (1, 2, 1, "100.00 USD".to_owned())),
    ];
    for (n, (fields, expected)) in (1..).zip(cases) {
        let user = counted(&store, n, fields.clone()).await;
        assert_eq!(numbers(&user.stats), expected, "{fields}");
        assert_eq!(user.version, Version::FIRST.next(), "{fields}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn invalid_version_counts_as_the_first() {
    let store = support::store().await;
    let odd = [Bson::Null, Bson::from("3"), Bson::from(-2), Bson::from(0.0)];
    for (n, version) in (1..).zip(odd) {
        let user = counted(&store, n, doc! { "__v": version.clone() }).await;
        assert_eq!(user.version, Version::FIRST.next(), "{version}");
        assert_eq!(user.stats.total_bookings, 1);

        let by_id = doc! { "_id": ObjectId::from_bytes(user.id.to_bytes()) };
        let users = store.database().collection::<Document>("users");
        users.update_one(by_id, doc! { "$set": { "__v": version.clone() } }).await.unwrap();
        let user: Stored<User> = store.load(user.id).await.unwrap().unwrap();
        let save = ChangeSet::new().write(Put::over(&user, user.value.clone()));
        assert_eq!(store.commit(save).await.unwrap(), Committed::Applied, "{version}");
    }
}
