use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

/// The state machine, written independently in another form: `*` is customer, technician, admin and support.
const RULES: &str = "
    pending > matching: system customer admin | cancelled: *
    matching > assigned: system customer admin | cancelled: system *
    assigned > accepted: technician | rejected: system technician | cancelled: *
    rejected > matching: system admin | cancelled: *
    accepted > en_route: technician | cancelled: system *
    en_route > arrived: technician | cancelled: *
    arrived > in_progress: technician | cancelled: *
    in_progress > paused: technician | completed: technician | cancelled: *
    paused > in_progress: technician | cancelled: *
    completed > verified: system customer | disputed: customer technician | cancelled: admin
    verified > payment_pending: system
    payment_pending > paid: system | disputed: customer technician
    paid > disputed: customer technician
    disputed > refunded: admin support | completed: admin support
";

fn rules() -> BTreeMap<(&'static str, &'static str), BTreeSet<&'static str>> {
    let mut rules = BTreeMap::new();
    for line in RULES.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (from, arrows) = line.split_once(" > ").unwrap();
        for arrow in arrows.split(" | ") {
            let (to, who) = arrow.split_once(": ").unwrap();
            let everybody = ["customer", "technician", "admin", "support"];
            let who =
                who.split(' ').flat_map(|party| if party == "*" { everybody.to_vec() } else { vec![party] });
            rules.insert((from, to), who.collect());
        }
    }
    rules
}

#[test]
fn table_matches_the_rules() {
    let table = Transition::TABLE.iter().map(|arrow| {
        let who: BTreeSet<_> = arrow.who.iter().map(Party::as_str).collect();
        ((arrow.from.as_str(), arrow.to.as_str()), who)
    });
    let table: BTreeMap<_, _> = table.collect();
    assert_eq!(table.len(), 29, "an arrow is in the table twice");
    assert_eq!(table, rules());
}

#[test]
fn matrix_matches_the_table() {
    for from in BookingStatus::ALL {
        for to in BookingStatus::ALL {
            let arrow = Transition::TABLE.iter().find(|arrow| arrow.from == from && arrow.to == to);
            assert_eq!(from.who_may(to), arrow.map_or(Parties::NOBODY, |arrow| arrow.who), "{from} to {to}");
            assert_eq!(from.next().any(|next| next == to), arrow.is_some());
        }
    }
}

#[test]
fn statuses_are_indexed_by_their_discriminant() {
    for (number, status) in BookingStatus::ALL.into_iter().enumerate() {
        assert_eq!(status as usize, number);
        assert_eq!(serde_json::to_value(status).unwrap(), status.as_str());
        assert_eq!(serde_json::from_value::<BookingStatus>(status.as_str().into()).unwrap(), status);
    }
}

#[test]
fn only_cancelled_and_refunded_are_terminal() {
    let ends = BookingStatus::ALL.into_iter().filter(|status| status.is_terminal());
    assert_eq!(ends.collect::<Vec<_>>(), [BookingStatus::Cancelled, BookingStatus::Refunded]);
}

#[test]
fn every_status_is_reachable_and_can_reach_an_end() {
    let reach = |start: BookingStatus| {
        let mut reached = BTreeSet::from([start]);
        let mut open = vec![start];
        while let Some(status) = open.pop() {
            open.extend(status.next().filter(|next| reached.insert(*next)));
        }
        reached
    };
    assert_eq!(reach(BookingStatus::Pending), BookingStatus::ALL.into_iter().collect());
    for status in BookingStatus::ALL {
        let reached = reach(status);
        assert!(reached.iter().any(|end| end.is_terminal()), "{status} leads nowhere");
    }
}

#[test]
fn time_is_held_from_acceptance_until_the_work_is_done() {
    let holding: Vec<_> =
        BookingStatus::ALL.into_iter().filter(|s| s.holds_time()).map(BookingStatus::as_str).collect();
    assert_eq!(holding, ["accepted", "en_route", "arrived", "in_progress", "paused"]);
}

#[test]
fn parties_are_a_set() {
    let both = Parties::of(&[Party::System, Party::Support]);
    assert_eq!(both.to_string(), "system, support");
    assert!(both.contains(Party::System) && !both.contains(Party::Admin));
    assert!(both.meets(Parties::of(&[Party::Support, Party::Admin])));
    assert!(!both.meets(Parties::of(&[Party::Admin])) && !both.meets(Parties::NOBODY));
    assert!(Parties::NOBODY.is_empty() && !both.is_empty());
}

#[test]
fn diagram_has_every_transition() {
    let diagram = Transition::mermaid();
    assert!(diagram.contains("    assigned --> rejected: system, technician\n"));
    assert!(diagram.contains("    cancelled --> [*]\n"));
    assert_eq!(diagram.lines().count(), 1 + 1 + 29 + 2);
}

proptest! {
    /// Random transitions by random parties: a step is made exactly where the independent rules allow it.
    #[test]
    fn random_walks_follow_the_rules(steps in prop::collection::vec((0_usize..16, 0_usize..5), 0..200)) {
        let rules = rules();
        let mut status = BookingStatus::Pending;
        for (to, party) in steps {
            let (to, party) = (BookingStatus::ALL[to], Party::ALL[party]);
            let allowed =
                rules.get(&(status.as_str(), to.as_str())).is_some_and(|who| who.contains(party.as_str()));
            prop_assert_eq!(
                status.who_may(to).contains(party),
                allowed,
                "{} to {} by {:?}",
                status,
                to,
                party
            );
            if allowed {
                prop_assert!(!status.is_terminal());
                status = to;
            }
        }
    }
}
