//! Property tests: any changes to a document that another program also writes.

use bson::{Bson, Document};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use super::merge::without_nulls;
use super::{Update, apply};

/// Our view: some fields optional, a nested document, elements with and without an `_id`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Known {
    name: String,
    price: Option<f64>,
    #[serde(default)]
    place: Option<Place>,
    #[serde(default)]
    items: Vec<Item>,
    #[serde(default)]
    slots: Vec<Slot>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Place {
    city: Option<String>,
    floor: Option<i64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Item {
    #[serde(rename = "_id")]
    id: i64,
    label: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Slot {
    day: i64,
}

fn known() -> impl Strategy<Value = Known> {
    let place = (option::of("[a-c]"), option::of(0_i64..3)).prop_map(|(city, floor)| Place { city, floor });
    let items = proptest::collection::btree_map(0_i64..6, option::of("[a-c]"), 0..5)
        .prop_map(|items| items.into_iter().map(|(id, label)| Item { id, label }).collect::<Vec<_>>())
        .prop_shuffle();
    let slots = vec((0_i64..4).prop_map(|day| Slot { day }), 0..4);
    ("[a-c]", option::of(0.0..9.0), option::of(place), items, slots)
        .prop_map(|(name, price, place, items, slots)| Known { name, price, place, items, slots })
}

/// The known document in the form of the other program: integers in place of doubles, and unknown fields at
/// every level.
fn stored(known: &Known) -> Document {
    let mut raw = match without_nulls(&Bson::Document(encode(known))) {
        Bson::Document(raw) => raw,
        other => unreachable!("{other} was a document"),
    };
    if let Some(price) = known.price {
        raw.insert("price", price);
    }
    let mut mark = 0;
    add_unknown(&mut raw, &mut mark);
    raw
}

fn add_unknown(fields: &mut Document, mark: &mut i32) {
    *mark += 1;
    let own = *mark;
    for (_, value) in fields.iter_mut() {
        match value {
            Bson::Document(inner) => add_unknown(inner, mark),
            Bson::Array(elements) => {
                for inner in elements.iter_mut().filter_map(Bson::as_document_mut) {
                    add_unknown(inner, mark);
                }
            }
            _ => {}
        }
    }
    fields.insert("unknown", own);
}

fn encode(known: &Known) -> Document {
    bson::serialize_to_document(known).unwrap()
}

fn decode(document: &Document) -> Known {
    bson::deserialize_from_document(document.clone()).unwrap()
}

/// A nested document without any of our fields reads as missing; the two cases are not distinguished.
fn normal(mut known: Known) -> Known {
    known.place = known.place.filter(|place| place.city.is_some() || place.floor.is_some());
    known
}

fn unknown(document: &Document) -> Option<i32> {
    document.get_i32("unknown").ok()
}

proptest! {
    #[test]
    fn reading_the_updated_document_gives_the_new_value(old in known(), new in known()) {
        let raw = stored(&old);
        let update = Update::between(&raw, &encode(&decode(&raw)), &encode(&new));
        prop_assert_eq!(normal(decode(&apply(&raw, &update))), normal(new));
    }

    #[test]
    fn an_unchanged_value_writes_nothing(old in known()) {
        let raw = stored(&old);
        let understood = encode(&decode(&raw));
        prop_assert!(Update::between(&raw, &understood, &understood).is_empty());
    }

    #[test]
    fn no_unknown_field_is_lost(old in known(), new in known()) {
        let raw = stored(&old);
        let result = apply(&raw, &Update::between(&raw, &encode(&old), &encode(&new)));
        prop_assert_eq!(unknown(&result), unknown(&raw));
        if let Ok(place) = raw.get_document("place") {
            prop_assert_eq!(unknown(result.get_document("place").unwrap()), unknown(place));
        }
        let elements = |of: &Document, name: &str| -> Vec<Document> {
            let array = of.get_array(name).unwrap();
            array.iter().map(|element| element.as_document().unwrap().clone()).collect()
        };
        let (items, slots) = (elements(&raw, "items"), elements(&raw, "slots"));
        for item in elements(&result, "items") {
            let before = items.iter().find(|before| before.get("_id") == item.get("_id"));
            prop_assert_eq!(unknown(&item), before.and_then(unknown));
        }
        if old.slots.len() == new.slots.len() {
            let mut before: Vec<_> = slots.iter().map(unknown).collect();
            let mut after: Vec<_> = elements(&result, "slots").iter().map(unknown).collect();
            before.sort_unstable();
            after.sort_unstable();
            prop_assert_eq!(after, before);
        }
    }

    #[test]
    fn no_null_is_written(old in known(), new in known()) {
        let raw = stored(&old);
        let operators = Update::between(&raw, &encode(&old), &encode(&new)).into_operators();
        let set = operators.get_document("$set").cloned().unwrap_or_default();
        prop_assert!(!set.to_string().contains("null"), "{set}");
    }
}
