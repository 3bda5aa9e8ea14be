mod edges;

use proptest::{collection::vec, prelude::*};
use serde::Serialize;

use super::{Attached, Created, Decision, EdgeEffect, Effects, fingerprint};
use crate::{
    account::StatsDelta,
    booking::{Booking, BookingEvent, BookingRecord, BookingStatus},
    ledger::Account,
    store::{
        AggregateRef, Bound, Claim, ClaimKey, CounterDelta, CounterKey, CounterName, Edge, EdgeKey, EdgeKind,
        EdgeValue, EventKind, Fingerprint, Guard, Put, Tally, Version, Write,
    },
    testing::build::{self, customer, entry, id, kes, transaction},
    transaction::{Transaction, TransactionKind, TransactionStatus},
};

fn pending(n: u64) -> BookingRecord {
    build::booking(n, &customer(1), None, BookingStatus::Pending)
}

/// Effects with one element of one kind, identified by `n`.
fn effect(kind: u8, n: u64) -> Effects<Booking> {
    let none = Effects::none();
    let holder = AggregateRef::Booking(id(n));
    let event = BookingEvent::BookingRecurred { booking: id(n) };
    let claim = Claim { key: ClaimKey::new("test", n), holder };
    let booking = Booking::from_record(pending(n));
    match kind {
        0 => Effects { events: vec![event], ..none },
        1 => Effects { created: vec![Created { value: booking, events: vec![event] }], ..none },
        2 => {
            let write = Write::from(Put::new(booking));
            Effects {
                attached: vec![Attached {
                    write,
                    events: vec![EventKind::Booking(event)],
                    topics: Vec::new(),
                    search: None,
                }],
                ..none
            }
        }
        3 => Effects { take: vec![claim], ..none },
        4 => Effects { free: vec![claim], ..none },
        5 => Effects { tallies: vec![Tally::User { id: id(n), add: StatsDelta::default() }], ..none },
        6 => Effects { entries: vec![entry(n, holder, Account::Bank, Account::Losses, kes(1))], ..none },
        7 => Effects { bounds: vec![Bound::at_least(Account::Wallet(id(n)), kes(0))], ..none },
        8 => {
            let edge = Edge::never_put(EdgeKey::new(EdgeKind::new("like"), holder, holder));
            let change = edge.put(EdgeValue::new("set"), build::start()).unwrap();
            Effects { edges: vec![EdgeEffect { change, events: vec![event.into()] }], ..none }
        }
        9 => {
            let key = CounterKey::new(holder, CounterName::new("likes"));
            Effects { counters: vec![CounterDelta { key, by: 1 }], ..none }
        }
        _ => Effects { guards: vec![Guard::Version { target: holder, version: Version::FIRST }], ..none },
    }
}

fn effects() -> impl Strategy<Value = Effects<Booking>> {
    let merged = |parts: Vec<(u8, u64)>| {
        parts.into_iter().map(|(kind, n)| effect(kind, n)).fold(Effects::none(), Effects::merge)
    };
    vec((0..11_u8, 1..1_000_u64), 0..12).prop_map(merged)
}

fn text(effects: &Effects<Booking>) -> String {
    format!("{effects:?}")
}

proptest! {
    #[test]
    fn merging_is_associative(a in effects(), b in effects(), c in effects()) {
        let first = a.clone().merge(b.clone()).merge(c.clone());
        prop_assert_eq!(text(&first), text(&a.merge(b.merge(c))));
    }

    #[test]
    fn merging_keeps_every_element_in_its_order(parts in vec((0..11_u8, 1..1_000_u64), 0..20)) {
        let merged = parts.iter().map(|(kind, n)| effect(*kind, *n)).fold(Effects::none(), Effects::merge);
        let of = |kind: u8| -> Vec<String> {
            parts.iter().filter(|part| part.0 == kind).map(|(_, n)| text(&effect(kind, *n))).collect()
        };
        let Effects {
            events,
            created,
            attached,
            take,
            free,
            tallies,
            edges,
            counters,
            entries,
            bounds,
            guards,
        } = merged;
        let none = Effects::none;
        let events = events.into_iter().map(|event| text(&Effects { events: vec![event], ..none() }));
        prop_assert_eq!(events.collect::<Vec<_>>(), of(0));
        let created = created.into_iter().map(|new| text(&Effects { created: vec![new], ..none() }));
        prop_assert_eq!(created.collect::<Vec<_>>(), of(1));
        let attached = attached.into_iter().map(|write| text(&Effects { attached: vec![write], ..none() }));
        prop_assert_eq!(attached.collect::<Vec<_>>(), of(2));
        let take = take.into_iter().map(|claim| text(&Effects { take: vec![claim], ..none() }));
        prop_assert_eq!(take.collect::<Vec<_>>(), of(3));
        let free = free.into_iter().map(|claim| text(&Effects { free: vec![claim], ..none() }));
        prop_assert_eq!(free.collect::<Vec<_>>(), of(4));
        let tallies = tallies.into_iter().map(|tally| text(&Effects { tallies: vec![tally], ..none() }));
        prop_assert_eq!(tallies.collect::<Vec<_>>(), of(5));
        let entries = entries.into_iter().map(|entry| text(&Effects { entries: vec![entry], ..none() }));
        prop_assert_eq!(entries.collect::<Vec<_>>(), of(6));
        let bounds = bounds.into_iter().map(|bound| text(&Effects { bounds: vec![bound], ..none() }));
        prop_assert_eq!(bounds.collect::<Vec<_>>(), of(7));
        let edges = edges.into_iter().map(|edge| text(&Effects { edges: vec![edge], ..none() }));
        prop_assert_eq!(edges.collect::<Vec<_>>(), of(8));
        let counters = counters.into_iter().map(|delta| text(&Effects { counters: vec![delta], ..none() }));
        prop_assert_eq!(counters.collect::<Vec<_>>(), of(9));
        let guards = guards.into_iter().map(|guard| text(&Effects { guards: vec![guard], ..none() }));
        prop_assert_eq!(guards.collect::<Vec<_>>(), of(10));
    }
}

fn paid(n: u64) -> Transaction {
    let (kind, status) = (TransactionKind::Tip, TransactionStatus::Completed);
    Transaction::from_record(transaction(n, &customer(1), kind, status, kes(5)))
}

#[test]
fn claims_of_an_attached_decision_keep_their_own_holder() {
    let policy = crate::transaction::PaymentPolicy::default();
    let entropy = crate::kernel::SeededEntropy::new(1);
    let context = crate::transaction::Context {
        actor: crate::kernel::Actor::System,
        now: crate::testing::build::start(),
        policy: &policy,
        entropy: &entropy,
        inputs: crate::transaction::Inputs::default(),
    };
    let key = |name: &str| ClaimKey::new("test", name);
    let attached = Decision::new(paid(1)).take_all([key("receipt")]).free_all([key("old receipt")]);
    let decision = Decision::new(Booking::from_record(pending(1))).take_all([key("slot")]);
    let Effects { take, free, .. } = decision.with(None, attached, &context).effects;
    let (booking, payment) = (AggregateRef::Booking(id(1)), AggregateRef::Transaction(id(1)));
    let claim = |name, holder| Claim { key: key(name), holder };
    assert_eq!(take, [claim("slot", booking), claim("receipt", payment)]);
    assert_eq!(free, [claim("old receipt", payment)]);
}

#[test]
fn later_decisions_keep_created_aggregates() {
    let create = |n| move |next: Transaction| Ok(Decision::new(next).create(Decision::new(paid(n))));
    let decided = create(2)(paid(1)).and_then(|decision| decision.and_then(create(3))).unwrap();
    let created: Vec<_> = decided.effects.created.iter().map(|created| created.value.id).collect();
    assert_eq!(created, [id(2), id(3)]);
}

#[derive(Serialize)]
struct Before {
    amount: u32,
    note: Option<String>,
}

/// The same request after an upgrade: fields in another order, and one more optional field.
#[derive(Serialize)]
struct After {
    note: Option<String>,
    urgency: Option<u8>,
    amount: u32,
}

#[test]
fn a_fingerprint_survives_a_new_optional_field() {
    let of = |request: &dyn erased::Request| request.fingerprint();
    for note in [None, Some("at the gate".to_owned())] {
        let before = Before { amount: 5, note: note.clone() };
        let after = After { note: note.clone(), urgency: None, amount: 5 };
        assert_eq!(of(&(1, before)), of(&(1, after)));
        let other = After { note, urgency: Some(1), amount: 5 };
        assert_ne!(of(&(1, other)), of(&(1, Before { amount: 5, note: None })));
    }
    let (zero, none) = (Before { amount: 0, note: None }, Before { amount: 5, note: None });
    assert_ne!(of(&(1, zero)), of(&(1, none)), "a value counts, whatever it is");
    assert_ne!(of(&(1, Some(String::new()))), of(&(1, None::<String>)), "and so does its place in a list");
}

#[test]
fn the_fingerprint_of_earlier_versions_is_the_hash_of_the_whole_body() {
    let request = Before { amount: 5, note: None };
    let hash = Fingerprint::of(br#"{"amount":5,"note":null}"#);
    assert_eq!(fingerprint::first_form(&request).unwrap(), hash);
    assert_ne!(fingerprint::canonical(&request).unwrap(), hash);
}

mod erased {
    use super::{Fingerprint, Serialize, fingerprint};

    pub(super) trait Request {
        fn fingerprint(&self) -> Fingerprint;
    }

    impl<T: Serialize> Request for T {
        fn fingerprint(&self) -> Fingerprint {
            fingerprint::canonical(self).unwrap()
        }
    }
}
