//! A database of the earlier application: every document can be read, changed and saved without loss.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use baitech_core::account::{User, UserRecord, UserRepository};
use baitech_core::booking::{Booking, BookingRecord, BookingStatus, DisputeCategory, StatusChange};
use baitech_core::kernel::{Id, Money, PhoneNumber, Role, Text};
use baitech_core::store::{ChangeSet, Commit, Committed, Load, Put, Stored};
use baitech_mongo::MongoStore;
use bson::oid::ObjectId;
use bson::{Bson, Document, doc};
use chrono::{DateTime, Utc};
use support::{assert_changed, legacy, legacy_database};

async fn raw(store: &MongoStore, collection: &str, id: ObjectId) -> Document {
    let documents = store.database().collection::<Document>(collection);
    documents.find_one(doc! { "_id": id }).await.unwrap().unwrap()
}

async fn prepared() -> MongoStore {
    let store = MongoStore::open(legacy_database().await).await.unwrap();
    store.prepare().await.unwrap();
    store
}

async fn commit(store: &MongoStore, changes: ChangeSet) {
    assert_eq!(store.commit(changes).await.unwrap(), Committed::Applied);
}

fn ids(collection: &str) -> Vec<ObjectId> {
    legacy(collection).iter().map(|document| document.get_object_id("_id").unwrap()).collect()
}

async fn load<A>(store: &MongoStore, id: ObjectId) -> Stored<A>
where
    MongoStore: Load<A>,
{
    store.load(Id::from_bytes(id.bytes())).await.unwrap().unwrap()
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp_millis(1_800_000_000_000).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn saving_an_unchanged_document_changes_nothing() {
    let store = prepared().await;
    for id in ids("users") {
        let before = raw(&store, "users", id).await;
        let user: Stored<User> = load(&store, id).await;
        assert_eq!(i64::try_from(user.version.get()).unwrap(), i64::from(before.get_i32("__v").unwrap()));
        commit(&store, ChangeSet::new().write(Put::over(&user, user.value.clone()))).await;
        assert_changed(&before, &raw(&store, "users", id).await, &["__v", "formatVersion"]);
    }
    for id in ids("bookings") {
        let before = raw(&store, "bookings", id).await;
        let booking: Stored<Booking> = load(&store, id).await;
        commit(&store, ChangeSet::new().write(Put::over(&booking, booking.value.clone()))).await;
        let after = raw(&store, "bookings", id).await;
        // Each write sets the next due time of the booking; this one clears it.
        assert_changed(&before, &after, &["__v", "formatVersion", "dueAt"]);
        assert_eq!(after.get_i32("__v").unwrap(), before.get_i32("__v").unwrap_or(0) + 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn changed_user_keeps_every_field() {
    let store = prepared().await;
    for id in ids("users") {
        let before = raw(&store, "users", id).await;
        let user: Stored<User> = load(&store, id).await;
        let mut record: UserRecord = user.value.clone().into_record();
        record.bio = Some(Text::from_stored("Ninatengeneza mabomba."));
        record.updated_at = now();
        if let Some(profile) = &mut record.technician {
            profile.hourly_rate = Some(Money::from_major(1_500, baitech_core::kernel::Currency::KES));
            profile.skills[0].years_of_experience = 30;
            profile.availability.weekly.remove(0);
        }
        let changed = User::from_record(record);
        commit(&store, ChangeSet::new().write(Put::over(&user, changed.clone()))).await;

        assert_eq!(load::<User>(&store, id).await.value, changed);
        let after = raw(&store, "users", id).await;
        let mut allowed = vec!["__v", "formatVersion", "bio", "updatedAt"];
        if changed.role == Role::Technician {
            allowed.extend(["hourlyRate", "skills.0.yearsOfExperience", "availability"]);
            let rate = after.get("hourlyRate").unwrap();
            assert!(matches!(rate, Bson::Decimal128(_)), "money is written as a decimal: {rate}");
            assert_eq!(after.get_array("availability").unwrap().len(), 4);
            assert_eq!(
                after.get_array("availability").unwrap()[..],
                before.get_array("availability").unwrap()[1..]
            );
        }
        assert_changed(&before, &after, &allowed);
        assert_eq!(after.get_str("password").unwrap(), before.get_str("password").unwrap());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn changed_booking_keeps_every_field() {
    let store = prepared().await;
    for id in ids("bookings") {
        let before = raw(&store, "bookings", id).await;
        let booking: Stored<Booking> = load(&store, id).await;
        let mut record: BookingRecord = booking.value.clone().into_record();
        record.history.push(StatusChange {
            status: record.status,
            changed_by: None,
            changed_at: now(),
            reason: Some("checked".to_owned()),
            notes: None,
        });
        record.notes.admin = Some(Text::from_stored("looked at"));
        record.pricing.discount = Money::from_major(5, record.pricing.currency());
        let materials = record.materials.len();
        if let Some(material) = record.materials.first_mut() {
            material.quantity = 3.into();
        }
        record.matching.alternatives.truncate(0);
        record.updated_at = now();
        let changed = Booking::from_record(record);
        commit(&store, ChangeSet::new().write(Put::over(&booking, changed.clone()).due_at(Some(now()))))
            .await;

        assert_eq!(load::<Booking>(&store, id).await.value, changed);
        let after = raw(&store, "bookings", id).await;
        let history = before.get_array("statusHistory").unwrap().len();
        let added = format!("statusHistory.{history}");
        let mut allowed =
            vec!["__v", "formatVersion", "dueAt", "updatedAt", "notes.admin", "pricing.discount", &added];
        allowed.push("matchingDetails.alternativeTechnicians");
        if materials > 0 {
            allowed.push("materialsUsed.0.quantity");
        }
        assert_changed(&before, &after, &allowed);
        assert_eq!(after.get_datetime("dueAt").unwrap().to_chrono(), now());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn unknown_fields_are_kept_at_every_depth() {
    let store = prepared().await;
    let id = ids("bookings")[0];
    let bookings = store.database().collection::<Document>("bookings");
    let marks = doc! {
        "legacyFlag": [1, { "deep": true }],
        "pricing.oldTotal": 12.5,
        "statusHistory.0.device": "Pixel 7",
        "materialsUsed.0.supplier": { "name": "Hardware" },
        "timeSlot.flexible": true,
    };
    bookings.update_one(doc! { "_id": id }, doc! { "$set": marks }).await.unwrap();
    let before = raw(&store, "bookings", id).await;
    let booking: Stored<Booking> = load(&store, id).await;
    let mut record = booking.value.clone().into_record();
    record.status = BookingStatus::Cancelled;
    record.history[0].reason = Some("changed in place".to_owned());
    record.materials[0].name = Text::from_stored("Copper pipe");
    record.slot.estimated_minutes = 90;
    commit(&store, ChangeSet::new().write(Put::over(&booking, Booking::from_record(record)))).await;
    let allowed = [
        "__v",
        "formatVersion",
        "status",
        "statusHistory.0.reason",
        "materialsUsed.0.name",
        "timeSlot.estimatedDuration",
    ];
    assert_changed(&before, &raw(&store, "bookings", id).await, &allowed);
}

#[tokio::test(flavor = "multi_thread")]
async fn fields_of_another_type_read_as_missing_and_are_kept() {
    let store = prepared().await;
    let disputed = legacy("bookings").into_iter().find(|booking| booking.contains_key("dispute")).unwrap();
    let id = disputed.get_object_id("_id").unwrap();
    let bookings = store.database().collection::<Document>("bookings");
    let other = doc! { "dispute.resolution": "settled by phone", "dispute.category": "late_arrival" };
    bookings.update_one(doc! { "_id": id }, doc! { "$set": other }).await.unwrap();
    let before = raw(&store, "bookings", id).await;
    let booking: Stored<Booking> = load(&store, id).await;
    let dispute = booking.dispute.clone().unwrap();
    assert_eq!((dispute.resolution, dispute.category), (None, DisputeCategory::Other));
    let mut record = booking.value.clone().into_record();
    record.description = Text::from_stored("changed");
    commit(&store, ChangeSet::new().write(Put::over(&booking, Booking::from_record(record)))).await;
    assert_changed(&before, &raw(&store, "bookings", id).await, &["__v", "formatVersion", "description"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn fractions_of_a_cent_are_rounded_on_reading_and_stored_until_changed() {
    let store = prepared().await;
    let id = ids("bookings")[0];
    let booking: Stored<Booking> = load(&store, id).await;
    assert_eq!(booking.pricing.total.to_string(), "2376.20 KES");
    assert_eq!(booking.pricing.platform_fee.to_string(), "260.17 KES");
    assert_eq!(booking.materials[0].unit_price.to_string(), "149.99 KES");
    assert_eq!(
        raw(&store, "bookings", id).await.get_document("pricing").unwrap().get_f64("tax").unwrap(),
        277.512
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn users_are_found_by_any_notation_of_their_number() {
    let store = prepared().await;
    for document in legacy("users") {
        let stored = document.get_str("phoneNumber").unwrap();
        let number = PhoneNumber::new(stored).unwrap();
        let found = store.find_by_phone(&number).await.unwrap().unwrap();
        assert_eq!(found.id.to_string(), document.get_object_id("_id").unwrap().to_hex());
        assert!(found.phone.as_str().starts_with("+254"), "{}", found.phone);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn document_without_a_version_has_the_first_version() {
    let store = prepared().await;
    let id = ids("bookings")[0];
    let bookings = store.database().collection::<Document>("bookings");
    bookings.update_one(doc! { "_id": id }, doc! { "$unset": { "__v": "" } }).await.unwrap();
    let booking: Stored<Booking> = load(&store, id).await;
    assert_eq!(booking.version.get(), 0);
    commit(&store, ChangeSet::new().write(Put::over(&booking, booking.value.clone()))).await;
    assert_eq!(load::<Booking>(&store, id).await.version.get(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn value_without_its_original_document_keeps_every_field() {
    let store = prepared().await;
    let id = ids("users")[0];
    let before = raw(&store, "users", id).await;
    let user: Stored<User> = load(&store, id).await;
    let mut put = Put::over(&user, user.value.clone());
    put.origin = baitech_core::store::Origin::none();
    commit(&store, ChangeSet::new().write(put)).await;
    assert_changed(&before, &raw(&store, "users", id).await, &["__v", "formatVersion"]);
}
