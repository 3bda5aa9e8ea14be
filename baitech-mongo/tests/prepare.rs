//! The preparation of a database of the earlier application.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use baitech_core::account::{Category, User, UserRepository};
use baitech_core::kernel::{Email, Id, PhoneNumber};
use baitech_core::matching::{CandidateQuery, Card, JobDays, MatchingRepository};
use baitech_core::store::{
    AggregateRef, ChangeSet, Claim, Claims, Commit, Committed, Counters, Load, Put, StoreError, Stored,
};
use baitech_core::testing::build;
use baitech_core::{
    booking::{Booking, BookingStatus},
    schedule::TimeSlot,
};
use baitech_mongo::{MongoStore, PrepareError, PrepareProgress, PrepareReport};
use bson::oid::ObjectId;
use bson::{Document, doc};
use mongodb::Collection;
use support::{legacy, legacy_database};

async fn booking_in(store: &MongoStore, status: BookingStatus) -> Stored<Booking> {
    let wanted = |document: &Document| document.get_str("status").unwrap() == status.as_str();
    let document = legacy("bookings").into_iter().find(|document| wanted(document)).unwrap();
    let id = document.get_object_id("_id").unwrap();
    store.load(Id::from_bytes(id.bytes())).await.unwrap().unwrap()
}

fn claims_of(booking: &Booking) -> Vec<Claim> {
    let holder = AggregateRef::Booking(booking.id);
    let keys = booking.slot.claim_keys(booking.technician.unwrap());
    keys.into_iter().map(|key| Claim { key, holder }).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn empty_database_needs_no_preparation() {
    let store = support::store().await;
    assert_eq!(store.next("booking.2611").await.unwrap(), 1);
    assert_eq!(store.next("booking.2611").await.unwrap(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn unprepared_database_refuses_writes_and_numbers() {
    let store = MongoStore::open(legacy_database().await).await.unwrap();
    let booking = booking_in(&store, BookingStatus::Assigned).await;
    let take = claims_of(&booking);
    let accepting = ChangeSet { take, ..ChangeSet::new().write(Put::over(&booking, booking.value.clone())) };
    let refused = store.commit(accepting).await.unwrap_err();
    assert!(matches!(&refused, StoreError::NotPrepared(way_out) if way_out.contains("prepare")), "{refused}");
    assert!(matches!(store.next("booking.2510").await, Err(StoreError::NotPrepared(_))));
    let mut record = booking.value.clone().into_record();
    record.id = Id::from_bytes([7; 12]);
    let creating = ChangeSet::new().write(Put::new(Booking::from_record(record)));
    assert!(matches!(store.commit(creating).await, Err(StoreError::NotPrepared(_))));

    let someone = legacy("users")[0].get_object_id("_id").unwrap();
    let user: Stored<User> = store.load(Id::from_bytes(someone.bytes())).await.unwrap().unwrap();
    let mut record = user.value.clone().into_record();
    record.phone = PhoneNumber::new("+254722000000").unwrap();
    let renumbering = ChangeSet::new().write(Put::over(&user, User::from_record(record)));
    assert!(matches!(store.commit(renumbering).await, Err(StoreError::NotPrepared(_))));

    let saving = ChangeSet::new().write(Put::over(&user, user.value.clone()));
    assert!(matches!(store.commit(saving).await, Err(StoreError::NotPrepared(_))));

    // Another store object prepares the database, like another process; this one detects it.
    let other = MongoStore::open(store.database().clone()).await.unwrap();
    other.prepare().await.unwrap();
    // The preparation may have linked the booking to its payment.
    let booking: Stored<Booking> = store.load(booking.id).await.unwrap().unwrap();
    let put = Put::over(&booking, booking.value.clone());
    let accepting = ChangeSet { take: claims_of(&booking), ..ChangeSet::new().write(put) };
    assert_eq!(store.commit(accepting).await.unwrap(), Committed::Applied);
}

#[tokio::test(flavor = "multi_thread")]
async fn claims_and_numbers_are_derived_from_stored_documents() {
    let store = MongoStore::open(legacy_database().await).await.unwrap();
    let report = store.prepare().await.unwrap();
    assert_eq!((report.users, report.bookings, report.transactions), (49, 96, 60));
    assert_eq!(report.unreadable, Vec::<String>::new());
    for (series, last) in &report.series {
        assert_eq!(store.next(series).await.unwrap(), u64::try_from(*last).unwrap() + 1);
    }
    for (collection, field, letters, name) in [
        ("bookings", "bookingNumber", "BK", "booking."),
        ("transactions", "transactionNumber", "TXN", "transaction."),
    ] {
        let numbers = legacy(collection);
        let highest = numbers.iter().map(|document| document.get_str(field).unwrap().to_owned()).max();
        let of_kind = |(series, last): &(String, i64)| Some((series.strip_prefix(name)?.to_owned(), *last));
        let (period, last) = report.series.iter().filter_map(of_kind).next_back().unwrap();
        assert_eq!(highest.unwrap(), format!("{letters}{period}{last:06}"));
    }

    for document in legacy("bookings") {
        let id = document.get_object_id("_id").unwrap();
        let booking: Stored<Booking> = store.load(Id::from_bytes(id.bytes())).await.unwrap().unwrap();
        if booking.technician.is_none() {
            continue;
        }
        let wanted = claims_of(&booking);
        let keys: Vec<_> = wanted.iter().map(|claim| claim.key.clone()).collect();
        let held = store.held(&keys).await.unwrap();
        if booking.status.holds_time() {
            assert_eq!(held.len(), keys.len(), "{} {}", booking.number, booking.status);
            for claim in held.iter().filter(|held| held.holder != AggregateRef::Booking(booking.id)) {
                let reported = report.double_bookings.iter().any(|both| {
                    both.wanted_by == booking.id && AggregateRef::Booking(both.held_by) == claim.holder
                });
                assert!(reported, "{claim:?} overlaps and is not reported");
            }
        } else {
            assert!(
                held.iter().all(|held| held.holder != AggregateRef::Booking(booking.id)),
                "{}",
                booking.status
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn second_preparation_changes_nothing() {
    let store = MongoStore::open(legacy_database().await).await.unwrap();
    let first = store.prepare().await.unwrap();
    let all = async || -> Vec<Document> {
        use futures::TryStreamExt;
        let claims = store.database().collection::<Document>("claims");
        claims.find(doc! {}).sort(doc! { "_id": 1 }).await.unwrap().try_collect().await.unwrap()
    };
    let before = all().await;
    let second: PrepareReport = store.prepare().await.unwrap();
    assert_eq!(all().await, before);
    assert!(second.already && !first.already);
    assert_eq!(second.bookings, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_series_continues_above_numbers_with_seven_digits() {
    let database = legacy_database().await;
    let bookings = database.collection::<Document>("bookings");
    let number = |n: u8, number: &str| doc! { "_id": ObjectId::from_bytes([n; 12]), "bookingNumber": number };
    let widened = [number(1, "BK2510999999"), number(2, "BK9912999998"), number(3, "BK99121000004")];
    bookings.insert_many(widened).await.unwrap();
    let store = MongoStore::open(database).await.unwrap();
    let report = store.prepare().await.unwrap();
    assert!(report.series.contains(&("booking.2510".to_owned(), 999_999)));
    assert!(report.series.contains(&("booking.9912".to_owned(), 1_000_004)));
    assert_eq!(store.next("booking.9912").await.unwrap(), 1_000_005);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_stored_with_blanks_and_dashes_is_found() {
    let store = MongoStore::open(legacy_database().await).await.unwrap();
    let document = legacy("users").remove(0);
    let id = document.get_object_id("_id").unwrap();
    let number = PhoneNumber::new(document.get_str("phoneNumber").unwrap()).unwrap();
    let national = number.as_str().strip_prefix("+254").unwrap();
    let odd = format!("0{} {}-{}", &national[..3], &national[3..6], &national[6..]);
    let users = store.database().collection::<Document>("users");
    let update = doc! { "$set": { "phoneNumber": odd } };
    users.update_one(doc! { "_id": id }, update).await.unwrap();
    assert!(store.find_by_phone(&number).await.unwrap().is_none());
    store.prepare().await.unwrap();
    let found = store.find_by_phone(&number).await.unwrap().unwrap();
    assert_eq!(found.id, Id::from_bytes(id.bytes()));
    assert_eq!(found.phone, number);
    let unknown = PhoneNumber::new("+254722000000").unwrap();
    assert!(store.find_by_phone(&unknown).await.unwrap().is_none());
}

/// Runs on a state as after a crash during the preparation.
#[tokio::test(flavor = "multi_thread")]
async fn interrupted_preparation_resumes() {
    let store = MongoStore::open(legacy_database().await).await.unwrap();
    let first = store.prepare().await.unwrap();
    marks(&store).delete_many(doc! {}).await.unwrap();
    let claims = store.database().collection::<Document>("claims");
    claims.delete_one(doc! {}).await.unwrap();
    let second = MongoStore::open(store.database().clone()).await.unwrap().prepare().await.unwrap();
    assert_eq!(second.claims, 1);
    assert_eq!(
        (second.double_bookings, second.overlaps, second.series),
        (first.double_bookings, first.overlaps, first.series)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn prepared_database_in_use_is_left_unchanged() {
    let store = MongoStore::open(legacy_database().await).await.unwrap();
    store.prepare().await.unwrap();
    let booking = booking_in(&store, BookingStatus::Accepted).await;
    let free = claims_of(&booking);
    let giving_up = ChangeSet { free, ..ChangeSet::new().write(Put::over(&booking, booking.value.clone())) };
    assert_eq!(store.commit(giving_up).await.unwrap(), Committed::Applied);
    assert!(MongoStore::open(store.database().clone()).await.unwrap().prepare().await.unwrap().already);
    let keys: Vec<_> = claims_of(&booking).into_iter().map(|claim| claim.key).collect();
    let held = store.held(&keys).await.unwrap();
    assert!(held.iter().all(|claim| claim.holder != AggregateRef::Booking(booking.id)), "{held:?}");
}

fn marks(store: &MongoStore) -> Collection<Document> {
    store.database().collection("migrations")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_database_is_marked_with_its_first_commit() {
    let store = support::store().await;
    assert_eq!(store.next("booking.2611").await.unwrap(), 1);
    assert_eq!(marks(&store).count_documents(doc! {}).await.unwrap(), 0);
    let created = ChangeSet::new().write(Put::new(build::customer(1)));
    assert_eq!(store.commit(created).await.unwrap(), Committed::Applied);
    assert_eq!(marks(&store).count_documents(doc! {}).await.unwrap(), 3);
    assert!(store.prepare().await.unwrap().already);
}

#[tokio::test(flavor = "multi_thread")]
async fn database_restored_under_a_running_engine_needs_preparation() {
    let store = support::store().await;
    for collection in ["users", "bookings"] {
        let documents = store.database().collection::<Document>(collection);
        documents.insert_many(legacy(collection)).await.unwrap();
    }
    let created = ChangeSet::new().write(Put::new(build::customer(1)));
    assert!(matches!(store.commit(created.clone()).await, Err(StoreError::NotPrepared(_))));
    assert!(store.prepare().await.unwrap().claims > 0);
    assert_eq!(store.commit(created).await.unwrap(), Committed::Applied);
}

#[tokio::test(flavor = "multi_thread")]
async fn database_with_only_transactions_needs_preparation() {
    let database = support::database().await;
    let transactions = database.collection::<Document>("transactions");
    transactions.insert_many(legacy("transactions")).await.unwrap();
    let broken = doc! { "_id": ObjectId::from_bytes([5; 12]), "transactionNumber": "TXN991231999000" };
    transactions.insert_one(broken).await.unwrap();
    let store = MongoStore::open(database).await.unwrap();
    let created = ChangeSet::new().write(Put::new(build::customer(1)));
    assert!(matches!(store.commit(created.clone()).await, Err(StoreError::NotPrepared(_))));
    let report = store.prepare().await.unwrap();
    assert_eq!((report.transactions, report.unreadable.len()), (61, 1), "{:?}", report.unreadable);
    assert_eq!(store.next("transaction.251001").await.unwrap(), 61);
    assert_eq!(store.commit(created).await.unwrap(), Committed::Applied);
}

#[tokio::test(flavor = "multi_thread")]
async fn duplicates_overlaps_and_unreadable_documents_are_reported() {
    let database = legacy_database().await;
    let mut twin = legacy("users")
        .into_iter()
        .find(|user| user.get_str("phoneNumber").unwrap() == "0710000000")
        .unwrap();
    let twin_id = ObjectId::from_bytes([9; 12]);
    let (twin_of, raw_email) =
        (twin.get_object_id("_id").unwrap(), twin.get_str("email").unwrap().to_uppercase());
    twin.extend(doc! { "_id": twin_id, "email": &raw_email, "phoneNumber": "+254710000000" });
    database.collection::<Document>("users").insert_one(twin).await.unwrap();

    let bookings = database.collection::<Document>("bookings");
    let active = |document: &Document| document.get_str("status").unwrap() == "accepted";
    let mut rival = legacy("bookings").into_iter().find(active).unwrap();
    rival.extend(doc! { "_id": ObjectId::from_bytes([8; 12]), "bookingNumber": "BK2510999998" });
    let broken =
        doc! { "_id": ObjectId::from_bytes([6; 12]), "bookingNumber": "BK2510999999", "status": "lost" };
    bookings.insert_many([rival, broken]).await.unwrap();

    let store = MongoStore::open(database).await.unwrap();
    let report = store.prepare().await.unwrap();
    let [twins] = report.twins.as_slice() else { panic!("one line for two users: {:?}", report.twins) };
    let mut pair = [twins.first, twins.second].map(|id| id.to_string());
    let mut expected = [twin_of, twin_id].map(ObjectId::to_hex);
    pair.sort_unstable();
    expected.sort_unstable();
    assert_eq!(pair, expected);
    assert_eq!(twins.fields, ["email", "phoneNumber"]);
    let address = Email::new(&raw_email).unwrap();
    assert!(store.find_by_email(&address).await.unwrap().is_some());
    let rival: Id<Booking> = Id::from_bytes([8; 12]);
    let of_rival: Vec<_> = report
        .double_bookings
        .iter()
        .filter(|both| both.held_by == rival || both.wanted_by == rival)
        .collect();
    let [both] = of_rival.as_slice() else { panic!("one line for the two: {of_rival:?}") };
    let booking: Stored<Booking> = store.load(rival).await.unwrap().unwrap();
    assert_eq!(both.technician, booking.technician.unwrap());
    assert_eq!(
        (both.from, both.until),
        (booking.slot.starts_at(), booking.slot.ends_at() + TimeSlot::TRAVEL)
    );
    assert_eq!(report.unreadable.len(), 1, "{:?}", report.unreadable);
    assert!(report.unreadable[0].contains("060606060606060606060606"), "{:?}", report.unreadable);
    // The numbers of unreadable documents count, too.
    assert_eq!(store.next("booking.2510").await.unwrap(), 1_000_000);
}

async fn technicians(store: &MongoStore) -> Vec<Stored<User>> {
    let mut found = Vec::new();
    for document in legacy("users") {
        let id = document.get_object_id("_id").unwrap();
        let user: Stored<User> = store.load(Id::from_bytes(id.bytes())).await.unwrap().unwrap();
        if user.technician.is_some() && user.location.point.is_some() {
            found.push(user);
        }
    }
    assert!(!found.is_empty());
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn stored_technicians_get_a_public_place_once() {
    let store = MongoStore::open(legacy_database().await).await.unwrap();
    assert!(technicians(&store).await.iter().all(|user| user.public_point().is_none()));
    let report = store.prepare().await.unwrap();
    let first = technicians(&store).await;
    assert_eq!(report.public_places, u64::try_from(first.len()).unwrap());
    for user in &first {
        let place = user.public_place.unwrap();
        assert!(place.is_apart(), "{place:?}");
        assert_eq!(Some(place.home()), user.location.point);
        assert_eq!(user.public_point(), Some(place.point()));
    }

    // As after a crash, or in a database that an earlier version prepared: existing public places stay.
    let lost = doc! { "_id": ObjectId::from_bytes(first[0].id.to_bytes()) };
    let users = store.database().collection::<Document>("users");
    let unset = doc! { "$unset": { "publicPlace": "", "placeDrawn": "" } };
    users.update_one(lost, unset).await.unwrap();
    marks(&store).delete_one(doc! { "_id": "prepareMatching" }).await.unwrap();
    let addresses = doc! { "_id": { "$regex": "^user\\.email/" } };
    let addresses = store.database().collection::<Document>("claims").delete_many(addresses).await.unwrap();
    assert!(addresses.deleted_count > 0);
    let upgraded = MongoStore::open(store.database().clone()).await.unwrap();
    let created = ChangeSet::new().write(Put::new(build::customer(1)));
    let refused = upgraded.commit(created.clone()).await.unwrap_err();
    assert!(matches!(refused, StoreError::NotPrepared(_)), "{refused}");
    let report = upgraded.prepare().await.unwrap();
    assert_eq!((report.public_places, report.claims), (1, addresses.deleted_count));
    let second = technicians(&store).await;
    assert!(second[0].public_place.unwrap().is_apart());
    for (before, after) in first.iter().zip(&second).skip(1) {
        assert_eq!(before.public_place, after.public_place);
    }
    assert_eq!(upgraded.commit(created).await.unwrap(), Committed::Applied);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_home_that_the_earlier_application_moved_gets_a_new_public_place() {
    let store = MongoStore::open(legacy_database().await).await.unwrap();
    store.prepare().await.unwrap();
    let before = technicians(&store).await.remove(0);
    let id = ObjectId::from_bytes(before.id.to_bytes());
    let users = store.database().collection::<Document>("users");
    let moved = doc! { "$set": { "location.coordinates": [39.66, -4.05] } };
    users.update_one(doc! { "_id": id }, moved).await.unwrap();
    let user: Stored<User> = store.load(before.id).await.unwrap().unwrap();
    assert_eq!(user.public_point(), None, "the place of another home is not used");
    marks(&store).delete_one(doc! { "_id": "prepareMatching" }).await.unwrap();
    let report = MongoStore::open(store.database().clone()).await.unwrap().prepare().await.unwrap();
    assert_eq!(report.public_places, 1);
    let after: Stored<User> = store.load(before.id).await.unwrap().unwrap();
    let place = after.public_place.unwrap();
    assert!(place.is_apart() && Some(place.home()) == after.location.point);
    assert_ne!(after.public_point(), before.public_point());
}

#[tokio::test(flavor = "multi_thread")]
async fn jobs_of_recent_days_are_counted_for_their_technicians() {
    let database = legacy_database().await;
    let technician = ObjectId::from_bytes([7; 12]);
    let mut user = legacy("users")
        .into_iter()
        .find(|user| user.get_str("role").is_ok_and(|role| role == "technician"))
        .unwrap();
    let place = doc! { "type": "Point", "coordinates": [36.82, -1.29] };
    user.extend(doc! { "_id": technician, "email": "seven@example.com", "phoneNumber": "+254711000777" });
    user.extend(doc! { "location": place, "status": "active", "kyc": { "verified": true } });
    user.extend(doc! { "skills": [{ "name": "welding", "category": "welding", "yearsOfExperience": 3 }] });
    database.collection::<Document>("users").insert_one(user).await.unwrap();
    let accepted = legacy("bookings")
        .into_iter()
        .find(|booking| booking.get_str("status").is_ok_and(|status| status == "accepted"));
    let today = bson::DateTime::now().to_chrono().date_naive();
    let mut bookings = Vec::new();
    for (n, (days, status)) in
        (0_u8..).zip([(0, "paid"), (0, "cancelled"), (-3, "paid"), (2, "accepted"), (-200, "paid")])
    {
        let mut booking = accepted.clone().unwrap();
        let midnight = (today + chrono::TimeDelta::days(days)).and_time(chrono::NaiveTime::MIN).and_utc();
        booking.extend(
            doc! { "_id": ObjectId::from_bytes([n + 1; 12]), "technician": technician, "status": status },
        );
        booking.insert("bookingNumber", format!("BK99010000{n:02}"));
        booking.get_document_mut("timeSlot").unwrap().insert("date", bson::DateTime::from_chrono(midnight));
        bookings.push(booking);
    }
    database.collection::<Document>("bookings").insert_many(bookings).await.unwrap();
    let store = MongoStore::open(database).await.unwrap();
    let report = store.prepare().await.unwrap();
    assert!(report.jobs >= 3, "{report:?}");
    let near = baitech_core::kernel::GeoPoint::new(36.82, -1.29).unwrap();
    let workload = async |day| {
        let days = JobDays { day, today };
        let query = CandidateQuery { category: Category::Welding, near, share: 1.0, preferred: None, days };
        let cards = store.candidates(&query).await.unwrap();
        let own = |card: &&Card| card.candidate.technician == Id::from_bytes(technician.bytes());
        let card = cards.iter().find(own).unwrap();
        (card.workload.that_day, card.workload.last_week)
    };
    assert_eq!(workload(today).await, (1, 2));
    assert_eq!(workload(today + chrono::TimeDelta::days(2)).await, (1, 2));
    assert_eq!(workload(today + chrono::TimeDelta::days(3)).await, (0, 2));
}

/// A store on a database of the earlier application whose first accepted booking has these fields, and the
/// id of that booking.
async fn with_accepted(fields: Document) -> (MongoStore, Id<Booking>) {
    let database = legacy_database().await;
    let accepted =
        legacy("bookings").into_iter().find(|booking| booking.get_str("status").unwrap() == "accepted");
    let id = accepted.unwrap().get_object_id("_id").unwrap();
    let bookings = database.collection::<Document>("bookings");
    bookings.update_one(doc! { "_id": id }, doc! { "$set": fields }).await.unwrap();
    (MongoStore::open(database).await.unwrap(), Id::from_bytes(id.bytes()))
}

#[tokio::test(flavor = "multi_thread")]
async fn stored_booking_past_midnight_holds_its_time_against_others() {
    let day = bson::DateTime::parse_rfc3339_str("2027-03-02T21:00:00Z").unwrap();
    for end in ["01:00", "00:00"] {
        let (store, id) = with_accepted(doc! {
            "timeSlot.date": day, "timeSlot.startTime": "21:00", "timeSlot.endTime": end,
        })
        .await;
        let report = store.prepare().await.unwrap();
        assert_eq!(report.unclaimed, []);
        let booking: Stored<Booking> = store.load(id).await.unwrap().unwrap();
        assert_eq!(booking.slot.date.to_string(), "2027-03-03");
        let hours = if end == "01:00" { 4 } else { 3 };
        assert_eq!(booking.slot.ends_at() - booking.slot.starts_at(), chrono::TimeDelta::hours(hours));
        let mine = claims_of(&booking);
        let keys: Vec<_> = mine.iter().map(|claim| claim.key.clone()).collect();
        let held = store.held(&keys).await.unwrap();
        assert_eq!(held.len(), keys.len());
        assert!(held.iter().all(|claim| claim.holder == AggregateRef::Booking(id)), "{held:?}");
        // The last cell is on the next day and cannot be taken by another booking.
        let last = Claim {
            key: keys.last().unwrap().clone(),
            holder: AggregateRef::Booking(Id::from_bytes([7; 12])),
        };
        let rival = ChangeSet { take: vec![last], ..ChangeSet::new().write(Put::new(build::customer(77))) };
        assert!(matches!(store.commit(rival).await, Err(StoreError::Claimed(_))));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn booking_whose_day_cannot_be_read_is_reported_to_hold_no_time() {
    let (store, id) =
        with_accepted(doc! { "timeSlot.date": "some day", "timeSlot.startTime": "9:00 AM" }).await;
    let report = store.prepare().await.unwrap();
    assert_eq!(report.unclaimed.len(), 1, "{:?}", report.unclaimed);
    assert_eq!(report.unclaimed[0].booking, id);
    let odd: Vec<_> = report.odd_fields.iter().filter(|odd| odd.id == id.to_string()).collect();
    assert_eq!(odd.len(), 1, "9:00 AM is readable: {odd:?}");
    assert_eq!((odd[0].field.as_str(), odd[0].value.as_str()), ("timeSlot.date", "\"some day\""));
}

#[tokio::test(flavor = "multi_thread")]
async fn details_that_cannot_be_kept_leave_the_database_unprepared() {
    let (store, _) = with_accepted(doc! { "urgency": "soonish" }).await;
    let progress = std::sync::Arc::new(PrepareProgress::default());
    let refused = store
        .prepare_with(progress.clone(), |_| Err(std::io::Error::other("no space left on the device")))
        .await
        .unwrap_err();
    assert!(
        matches!(&refused, PrepareError::Details(_)) && refused.to_string().contains("no space"),
        "{refused}"
    );
    assert_eq!((progress.done(), progress.total()), (2 * 49 + 2 * 96 + 3 * 60, 2 * 49 + 2 * 96 + 3 * 60));
    let created = ChangeSet::new().write(Put::new(build::customer(1)));
    assert!(matches!(store.commit(created).await, Err(StoreError::NotPrepared(_))));
    let mut kept = Vec::new();
    let again = store
        .prepare_with(progress, |report| {
            kept.extend(report.findings().map(|finding| finding.to_string()));
            Ok(())
        })
        .await
        .unwrap();
    assert!(!again.already);
    assert!(
        kept.iter()
            .any(|line| line.starts_with("odd field: bookings ") && line.ends_with("urgency is \"soonish\"")),
        "{kept:?}"
    );
}
