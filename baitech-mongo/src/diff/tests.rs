use bson::{Bson, Document, bson, doc};

use super::{Update, apply};

#[track_caller]
fn check(raw: Document, understood: Document, new: Document, operators: Document, result: Document) {
    let update = Update::between(&raw, &understood, &new);
    assert_eq!(apply(&raw, &update), result);
    assert_eq!(update.into_operators(), operators);
}

#[test]
fn nothing_changed_writes_nothing() {
    let raw = doc! { "price": 1734.45, "legacy": 1, "slot": { "end": "11:00", "x": 2 } };
    let understood = doc! { "price": "1734.45", "slot": { "end": "11:00" }, "tip": null };
    let update = Update::between(&raw, &understood, &understood);
    assert!(update.is_empty());
    assert_eq!(update.into_operators(), doc! {});
}

#[test]
fn only_the_changed_leaf_of_a_nested_document_is_written() {
    check(
        doc! { "pricing": { "base": 1734.45, "total": 2376.2, "odd": true } },
        doc! { "pricing": { "base": "1734.45", "total": "2376.2" } },
        doc! { "pricing": { "base": "1734.45", "total": "2400" } },
        doc! { "$set": { "pricing.total": "2400" } },
        doc! { "pricing": { "base": 1734.45, "total": "2400", "odd": true } },
    );
}

#[test]
fn new_nested_document_merges_into_an_unknown_one() {
    check(
        doc! { "dispute": { "odd": 1 } },
        doc! {},
        doc! { "dispute": { "reason": "late", "notes": null } },
        doc! { "$set": { "dispute.reason": "late" } },
        doc! { "dispute": { "odd": 1, "reason": "late" } },
    );
}

#[test]
fn nulls_are_never_written_and_count_as_missing() {
    check(
        doc! { "a": null, "b": 1, "c": null },
        doc! { "a": null, "b": 1 },
        doc! { "a": null, "b": null, "d": { "e": null, "f": 1 } },
        doc! { "$set": { "d": { "f": 1 } }, "$unset": { "b": "" } },
        doc! { "a": null, "c": null, "d": { "f": 1 } },
    );
}

#[test]
fn a_null_is_replaced_by_a_document() {
    check(
        doc! { "slot": null },
        doc! {},
        doc! { "slot": { "end": "11:00" } },
        doc! { "$set": { "slot": { "end": "11:00" } } },
        doc! { "slot": { "end": "11:00" } },
    );
}

#[test]
fn removed_document_keeps_unknown_fields() {
    check(
        doc! { "kyc": { "status": "none", "odd": 1 }, "slot": { "end": "11:00" } },
        doc! { "kyc": { "status": "none" }, "slot": { "end": "11:00" } },
        doc! {},
        doc! { "$set": { "kyc": { "odd": 1 } }, "$unset": { "slot": "" } },
        doc! { "kyc": { "odd": 1 } },
    );
}

#[test]
fn elements_are_paired_by_id_at_any_position() {
    check(
        doc! { "tokens": [{ "_id": 1, "t": "a", "x": 1 }, { "_id": 2, "t": "b", "x": 2 }] },
        doc! { "tokens": [{ "_id": 1, "t": "a" }, { "_id": 2, "t": "b" }] },
        doc! { "tokens": [{ "_id": 3, "t": "c" }, { "_id": 2, "t": "B" }] },
        doc! { "$set": { "tokens": [{ "_id": 3, "t": "c" }, { "_id": 2, "t": "B", "x": 2 }] } },
        doc! { "tokens": [{ "_id": 3, "t": "c" }, { "_id": 2, "t": "B", "x": 2 }] },
    );
}

#[test]
fn an_appended_element_leaves_the_prefix_as_it_was() {
    let before = bson!([{ "day": 1, "x": 1.5 }, { "day": 1, "x": 2.5 }]);
    check(
        doc! { "slots": before },
        doc! { "slots": [{ "day": 1 }, { "day": 1 }] },
        doc! { "slots": [{ "day": 1 }, { "day": 1 }, { "day": 3 }] },
        doc! { "$push": { "slots": { "$each": [{ "day": 3 }] } } },
        doc! { "slots": [{ "day": 1, "x": 1.5 }, { "day": 1, "x": 2.5 }, { "day": 3 }] },
    );
}

#[test]
fn an_element_changed_in_place_keeps_its_unknown_fields() {
    let result = doc! { "slots": [{ "day": 1, "x": 1 }, { "day": 5, "x": 2 }] };
    check(
        doc! { "slots": [{ "day": 1, "x": 1 }, { "day": 2, "x": 2 }] },
        doc! { "slots": [{ "day": 1 }, { "day": 2 }] },
        doc! { "slots": [{ "day": 1 }, { "day": 5 }] },
        doc! { "$set": result.clone() },
        result,
    );
}

#[test]
fn removed_element_loses_only_its_own_fields() {
    let result = doc! { "slots": [{ "day": 2, "x": 2 }] };
    check(
        doc! { "slots": [{ "day": 1, "x": 1 }, { "day": 2, "x": 2 }] },
        doc! { "slots": [{ "day": 1 }, { "day": 2 }] },
        doc! { "slots": [{ "day": 2 }] },
        doc! { "$set": result.clone() },
        result,
    );
}

#[test]
fn field_removed_inside_an_element_is_removed() {
    let result = doc! { "skills": [{ "name": "tiles", "x": 1 }] };
    check(
        doc! { "skills": [{ "name": "tiles", "years": 2, "x": 1 }] },
        doc! { "skills": [{ "name": "tiles", "years": 2 }] },
        doc! { "skills": [{ "name": "tiles" }] },
        doc! { "$set": result.clone() },
        result,
    );
}

#[test]
fn keys_invalid_in_paths_are_set_with_their_map() {
    check(
        doc! { "meta": { "a.b": 1, "odd": 2 } },
        doc! { "meta": { "a.b": 1 } },
        doc! { "meta": { "a.b": 3 } },
        doc! { "$set": { "meta": { "a.b": 3, "odd": 2 } } },
        doc! { "meta": { "a.b": 3, "odd": 2 } },
    );
}

#[test]
fn caller_can_add_a_field() {
    let mut update = Update::default();
    update.set("updatedAt", Bson::Int32(1));
    assert!(!update.is_empty());
    assert_eq!(update.into_operators(), doc! { "$set": { "updatedAt": 1 } });
}

#[test]
fn elements_that_were_not_understood_keep_their_places() {
    check(
        doc! { "list": [{ "n": 1, "x": 1 }, "odd", { "n": 2, "x": 2 }, "strange"] },
        doc! { "list": [{ "n": 1 }, Bson::Undefined, { "n": 2 }, Bson::Undefined] },
        doc! { "list": [{ "n": 2 }, { "n": 3 }, { "n": 4 }] },
        doc! { "$set": { "list": ["odd", { "n": 2, "x": 2 }, "strange", { "n": 3 }, { "n": 4 }] } },
        doc! { "list": ["odd", { "n": 2, "x": 2 }, "strange", { "n": 3 }, { "n": 4 }] },
    );
}

#[test]
fn list_of_elements_that_were_not_understood_is_not_removed() {
    let raw = doc! { "list": ["odd"], "inner": { "list": ["odd", 5] } };
    let gap = Bson::Undefined;
    let understood = doc! { "list": [&gap], "inner": { "list": [&gap, 5] } };
    assert!(Update::between(&raw, &understood, &doc! { "inner": { "list": [5] } }).is_empty());
    check(
        raw.clone(),
        understood.clone(),
        doc! { "list": [1], "inner": { "list": [5] } },
        doc! { "$set": { "list": ["odd", 1] } },
        doc! { "list": ["odd", 1], "inner": { "list": ["odd", 5] } },
    );
    check(
        raw,
        understood,
        doc! { "inner": {} },
        doc! { "$set": { "inner.list": ["odd"] } },
        doc! { "list": ["odd"], "inner": { "list": ["odd"] } },
    );
}
