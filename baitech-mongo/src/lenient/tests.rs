//! Tests of documents in which one field is corrupted, in every way.
//!
//! The documents are those of the earlier application, and generated ones that have every field of the
//! engine. `table` lists for each field the corruptions that make its document unreadable; with all others
//! the document is readable.

mod apply;
mod documents;
mod table;

use std::panic::AssertUnwindSafe;

use baitech_core::account::User;
use baitech_core::booking::Booking;
use baitech_core::testing::strategies::{booking_record, transaction_record, user_record};
use baitech_core::transaction::Transaction;
use bson::{Bson, Document, RawDocumentBuf, doc};
use proptest::strategy::Strategy as _;

use self::apply::{Kind, change};
use self::documents::{Place, Way, generated, legacy, places};
use self::table::{Outcome, outcome};
use super::{Gaps, Path, Read};
use crate::codec::Aggregate;

fn raw(document: &Document) -> RawDocumentBuf {
    RawDocumentBuf::try_from(document).unwrap()
}

/// Checks how a document reads after one value was corrupted.
fn check<A: Kind>(document: &Document, place: &Place, way: Way) {
    let Some(corrupted) = place.corrupt(document, way) else { return };
    let label = format!("{} {place} as {way:?}", A::COLLECTION);
    let bytes = raw(&corrupted);
    let expected = outcome(A::COLLECTION, &place.shape(), way);
    let read: Read<A> = match (A::read(&bytes), expected) {
        (Err(_), Outcome::Unreadable | Outcome::Either) => return,
        (Ok(_), Outcome::Unreadable) => panic!("{label}: readable, but expected to be unreadable"),
        (Err(reason), Outcome::Readable) => panic!("{label}: {reason}"),
        (Ok(read), _) => read,
    };
    let understood = read.value.encode().unwrap();
    check_reported(&label, document, place, way, &read, &understood);
    for new in [Some(read.value.clone()), change(&read.value, place)].into_iter().flatten() {
        let encoded = new.encode_raw().unwrap();
        let again = A::read(&bytes).unwrap();
        let update = crate::commit::difference::difference(&bytes, &again, &encoded).unwrap();
        let saved = crate::diff::apply(&corrupted, &update);
        let (before, after) = (place.value(&corrupted), place.value(&saved));
        assert_eq!(format!("{before:?}"), format!("{after:?}"), "{label}: the raw value was lost");
        let stored = A::read(&raw(&saved)).unwrap_or_else(|reason| panic!("{label}: {reason} after a save"));
        assert_eq!(stored.value, new, "{label}: it reads differently after a save");
    }
}

/// A value that was not understood is reported, by its own path or by the path of a part that contains it.
fn check_reported<A>(
    label: &str,
    document: &Document,
    place: &Place,
    way: Way,
    read: &Read<A>,
    understood: &Document,
) where
    A: Kind,
{
    if matches!(way, Way::Missing | Way::Null) {
        return;
    }
    let known = A::read(&raw(document)).unwrap().value.encode().unwrap();
    let is_empty_part = way == Way::Object && matches!(place.value(&known), Some(Bson::Document(_)));
    // The type of a place is always a point; the public place is read from `placeDrawn`; `needsPerson` is
    // never read.
    let shape = place.shape();
    let is_fixed =
        shape.ends_with("ocation.type") || shape.starts_with("publicPlace") || shape == "needsPerson";
    if place.value(&known).is_none() || is_empty_part || is_fixed || place.holds(understood, way) {
        return;
    }
    let is_near = |path: String| path.starts_with(&place.to_string()) || place.to_string().starts_with(&path);
    assert!(
        read.odd.iter().any(|odd| is_near(odd.path.to_string())),
        "{label}: not reported: {:?}",
        read.odd
    );
}

fn check_all<A: Kind>(documents: &[Document], at_most: usize) {
    let (mut cases, mut failures) = (0, 0);
    for (document, place) in places(documents, at_most) {
        for way in Way::ALL {
            // All failures are reported, each with its own message.
            let checked = std::panic::catch_unwind(AssertUnwindSafe(|| check::<A>(document, &place, way)));
            failures += usize::from(checked.is_err());
            cases += 1;
        }
    }
    assert_eq!(failures, 0, "of {cases} cases");
    assert!(cases > 400, "{cases}");
}

#[test]
fn corrupted_legacy_users_read_as_in_the_table() {
    check_all::<User>(&legacy("users"), 2);
}

#[test]
fn corrupted_legacy_bookings_read_as_in_the_table() {
    check_all::<Booking>(&legacy("bookings"), 2);
}

#[test]
fn corrupted_legacy_transactions_read_as_in_the_table() {
    check_all::<Transaction>(&legacy("transactions"), 2);
}

#[test]
fn corrupted_users_read_as_in_the_table() {
    check_all::<User>(&generated(user_record().prop_map(User::from_record)), 1);
}

#[test]
fn corrupted_bookings_read_as_in_the_table() {
    check_all::<Booking>(&generated(booking_record().prop_map(Booking::from_record)), 1);
}

#[test]
fn corrupted_transactions_read_as_in_the_table() {
    check_all::<Transaction>(&generated(transaction_record().prop_map(Transaction::from_record)), 1);
}

#[test]
fn well_formed_document_has_no_oddities() {
    for document in legacy("users") {
        let read = User::read(&raw(&document)).unwrap();
        assert_eq!((read.odd, read.gaps), (Vec::new(), Gaps::default()));
    }
}

#[test]
fn finding_names_the_part_that_was_not_understood() {
    let mut document = legacy("bookings").remove(0);
    document.insert("timeSlot", doc! { "startTime": "nine", "endTime": "11:00", "estimatedDuration": 120 });
    document.insert("statusHistory", vec![doc! { "status": "pending", "changedAt": "yesterday" }]);
    let read = Booking::read(&raw(&document)).unwrap();
    let odd: Vec<_> = read.odd.iter().map(|odd| (odd.path.to_string(), odd.value.clone())).collect();
    let expected =
        [("timeSlot.startTime", Bson::from("nine")), ("statusHistory.0.changedAt", "yesterday".into())];
    for (path, value) in expected {
        assert!(odd.contains(&(path.to_owned(), value)), "{path}: {odd:?}");
    }
    assert_eq!(odd.len(), 2, "{odd:?}");
    assert!(read.value.history.is_empty());
    // The missing time follows from the other time and the duration.
    assert_eq!(read.value.slot.start.to_string(), "09:00");
}

#[test]
fn array_of_many_unreadable_elements_is_skipped_and_kept() {
    let mut document = legacy("bookings").remove(0);
    let history: Vec<Bson> = (0..500).map(|n| doc! { "status": "pending", "n": n }.into()).collect();
    document.insert("statusHistory", history.clone());
    let read = Booking::read(&raw(&document)).unwrap();
    assert!(read.value.history.is_empty());
    let mut understood = read.value.encode().unwrap();
    read.gaps.mark(&mut understood);
    assert_eq!(understood.get_array("statusHistory").unwrap(), &vec![Bson::Undefined; 500]);
}

#[test]
fn readable_elements_around_unreadable_ones_can_be_changed() {
    let mut document = legacy("bookings").remove(0);
    let good = |name: &str| doc! { "name": name, "price": 5, "mark": name };
    let odd = doc! { "name": 5 };
    document.insert("additionalServices", vec![good("a"), odd.clone(), good("b"), odd.clone()]);
    let read = Booking::read(&raw(&document)).unwrap();
    assert_eq!(read.value.additional_services.len(), 2);
    let mut record = read.value.clone().into_record();
    record.additional_services.remove(0);
    let new = Booking::from_record(record).encode_raw().unwrap();
    let update = crate::commit::difference::difference(&raw(&document), &read, &new).unwrap();
    let saved = crate::diff::apply(&document, &update);
    let left: Vec<Bson> = [odd.clone(), good("b"), odd].into_iter().map(Bson::from).collect();
    assert_eq!(saved.get_array("additionalServices").unwrap(), &left);
}

#[test]
fn paths_match_the_list_of_vital_fields() {
    let path = |text: &str| Path::from_keys(text);
    let vital: [&str; 3] = ["pricing.**", "payment", "payment.status"];
    for inside in ["pricing", "pricing.tax", "payment", "payment.status"] {
        assert!(path(inside).is_in(&vital), "{inside}");
    }
    for outside in ["price", "payment.method", "payment.status.code", "status"] {
        assert!(!path(outside).is_in(&vital), "{outside}");
    }
}
