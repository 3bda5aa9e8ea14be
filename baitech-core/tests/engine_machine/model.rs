//! The model: the invariants that follow from the transition table and the rules of the domain.

use std::collections::{BTreeMap, HashMap};

use baitech_core::{
    booking::{Booking, BookingEvent, BookingStatus as Status, Party, Transition},
    kernel::{Actor, Id, Money, Role},
    schedule::cell_claim,
    store::{AggregateRef, ClaimKey, DueWork, Event, EventKind, Lease, Stored},
};
use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    Others,
    step::Command,
    support::{World, run},
};

/// A snapshot of the stored data of some bookings.
pub(crate) struct Snapshot {
    pub(crate) bookings: Vec<Stored<Booking>>,
    pub(crate) events: Vec<Event>,
    pub(crate) entries: usize,
    pub(crate) claims: BTreeMap<ClaimKey, AggregateRef>,
    pub(crate) due: HashMap<AggregateRef, DateTime<Utc>>,
}

impl Snapshot {
    pub(crate) fn take(world: &World, others: &Others, ids: &[Id<Booking>]) -> Self {
        Self {
            bookings: ids.iter().map(|id| world.load(*id)).collect(),
            events: world.events(),
            entries: world.store.ledger_entries().len(),
            claims: world.held(&others.cells).into_iter().collect(),
            due: due(world),
        }
    }

    fn find(&self, id: Id<Booking>) -> Option<&Stored<Booking>> {
        self.bookings.iter().find(|booking| booking.id == id)
    }
}

/// When each aggregate is due by the store's queue. The query takes leases that expire at once.
fn due(world: &World) -> HashMap<AggregateRef, DateTime<Utc>> {
    let far = world.now() + TimeDelta::days(10_000);
    let lease = Lease { now: far, length: TimeDelta::days(-20_000) };
    let items = run(world.store.claim_due(baitech_core::kernel::Kind::ALL, lease, usize::MAX)).unwrap();
    items.into_iter().map(|item| (item.target, item.due_at)).collect()
}

/// The roles of an actor in a booking.
pub(crate) fn parties(booking: &Booking, actor: &Actor) -> Vec<Party> {
    let mut parties = Vec::new();
    match actor {
        Actor::System => parties.push(Party::System),
        Actor::Anonymous => {}
        Actor::User { id, role } => {
            if booking.customer == *id {
                parties.push(Party::Customer);
            }
            if booking.technician == Some(*id) {
                parties.push(Party::Technician);
            }
            // Staff cannot decide on their own booking.
            if parties.is_empty() && *role == Role::Admin {
                parties.push(Party::Admin);
            }
            if parties.is_empty() && *role == Role::Support {
                parties.push(Party::Support);
            }
        }
    }
    parties
}

pub(crate) fn permits(from: Status, to: Status, parties: &[Party]) -> bool {
    let arrow = Transition::TABLE.iter().find(|arrow| arrow.from == from && arrow.to == to);
    arrow.is_some_and(|arrow| parties.iter().any(|party| arrow.who.contains(*party)))
}

const HOLDING: [Status; 5] =
    [Status::Accepted, Status::EnRoute, Status::Arrived, Status::InProgress, Status::Paused];

/// Whether a command takes effect, as far as the rules decide it; `None` if the result depends on more than
/// this model knows.
pub(crate) fn outcome(
    before: &Snapshot,
    booking: &Booking,
    actor: &Actor,
    command: Command,
    now: DateTime<Utc>,
) -> Option<bool> {
    let parties = parties(booking, actor);
    let is = |party| parties.contains(&party);
    let staff = is(Party::Admin) || is(Party::Support);
    let to = |status| permits(booking.status, status, &parties);
    let since = booking.history.last().map_or(booking.created_at, |line| line.changed_at);
    let work_is_done = matches!(
        booking.status,
        Status::Completed | Status::Verified | Status::PaymentPending | Status::Paid | Status::Disputed
    );
    if parties.is_empty() {
        return Some(false);
    }
    match command {
        Command::Find if booking.status == Status::Matching => (!to(Status::Assigned)).then_some(false),
        Command::Find => (!to(Status::Matching)).then_some(false),
        Command::Assign(_) => (!to(Status::Assigned)).then_some(false),
        Command::Accept => {
            let free = |technician| {
                let wanted = booking.slot.claim_keys(technician);
                wanted.iter().all(|key| !before.claims.contains_key(key))
            };
            Some(to(Status::Accepted) && now < booking.slot.ends_at() && booking.technician.is_some_and(free))
        }
        Command::Reject => {
            let waited = now >= since + TimeDelta::minutes(15);
            Some(to(Status::Rejected) && (!is(Party::System) || waited))
        }
        Command::EnRoute => Some(to(Status::EnRoute)),
        Command::Arrive => Some(to(Status::Arrived)),
        Command::Start => Some(booking.status == Status::Arrived && to(Status::InProgress)),
        Command::Pause => Some(to(Status::Paused)),
        Command::Resume => Some(booking.status == Status::Paused && to(Status::InProgress)),
        Command::Complete => Some(booking.status == Status::InProgress && to(Status::Completed)),
        Command::Verify => {
            let waited = now >= since + TimeDelta::hours(24);
            Some(to(Status::Verified) && (!is(Party::System) || waited))
        }
        Command::ConfirmCash => {
            Some(booking.status == Status::PaymentPending && (is(Party::Technician) || staff))
        }
        Command::Cancel => Some(to(Status::Cancelled)),
        Command::NoShow => {
            let waited = now >= since.max(booking.slot.starts_at()) + TimeDelta::minutes(30);
            Some(booking.status == Status::Arrived && is(Party::Technician) && waited)
        }
        Command::Dispute => {
            let in_time = booking.status != Status::Paid || now <= since + TimeDelta::days(7);
            Some(to(Status::Disputed) && booking.dispute.is_none() && in_time)
        }
        Command::AddEvidence => Some(booking.status == Status::Disputed && !is(Party::System)),
        Command::Resolve(crate::step::Outcome::Part(_)) => (!to(Status::Refunded)).then_some(false),
        Command::Resolve(_) => Some(to(Status::Refunded)),
        Command::ProposePrice(_) | Command::OfferWarranty => {
            Some(HOLDING.contains(&booking.status) && is(Party::Technician))
        }
        Command::ApprovePrice | Command::DeclinePrice | Command::ClaimWarranty(_) => {
            (!is(Party::Customer)).then_some(false)
        }
        Command::MoveSlot(_) => {
            let early = [Status::Pending, Status::Matching, Status::Assigned, Status::Rejected];
            let may = early.contains(&booking.status) && (is(Party::Customer) || staff);
            (!may).then_some(false)
        }
        Command::ProposeSlot(_) | Command::ApproveSlot => {
            let may = booking.status == Status::Accepted && (is(Party::Customer) || is(Party::Technician));
            (!may).then_some(false)
        }
        Command::DeclineSlot => (!(is(Party::Customer) || is(Party::Technician))).then_some(false),
        Command::AddCheckpoint => {
            let during = matches!(booking.status, Status::Arrived | Status::InProgress | Status::Paused);
            Some(during && (is(Party::Technician) || staff))
        }
        Command::CheckQuality => Some(work_is_done && staff && booking.quality.check.is_none()),
        Command::Investigate | Command::CloseDispute => (!staff).then_some(false),
        Command::Note => Some(!is(Party::System)),
        Command::Hide => Some(staff && matches!(booking.status, Status::Cancelled | Status::Refunded)),
    }
}

/// Asserts that a refused command changed nothing.
pub(crate) fn assert_untouched(before: &Snapshot, after: &Snapshot) {
    assert_eq!(before.events, after.events, "a refusal left events");
    assert_eq!(before.entries, after.entries, "a refusal moved money");
    assert_eq!(before.claims, after.claims, "a refusal moved claims");
    assert_eq!(before.due, after.due, "a refusal changed what is due");
    for (before, after) in before.bookings.iter().zip(&after.bookings) {
        assert_eq!((before.version, &before.value), (after.version, &after.value));
    }
}

/// Asserts that all changes between two snapshots follow the table and concern only the given booking.
pub(crate) fn assert_lawful(before: &Snapshot, after: &Snapshot, actor: &Actor, target: Option<Id<Booking>>) {
    for booking in &after.bookings {
        assert_eq!(booking.history.last().map(|line| line.status), Some(booking.status));
        let Some(was) = before.find(booking.id) else {
            assert_eq!(
                (booking.history.len(), booking.status),
                (1, Status::Pending),
                "a new booking starts as pending"
            );
            continue;
        };
        if target.is_some_and(|target| target != booking.id) {
            assert_eq!(
                (was.version, &was.value),
                (booking.version, &booking.value),
                "a booking changed that the command does not name"
            );
        }
        assert!(was.updated_at <= booking.updated_at, "time went back");
        let (old, new) = booking.history.split_at(was.history.len());
        assert_eq!(old, was.history, "history entries are only appended");
        let mut from = was.status;
        let own = parties(was, actor);
        for line in new {
            let by: &[Party] = if line.changed_by.is_none() { &[Party::System] } else { &own };
            assert!(line.changed_by.is_none() || line.changed_by == actor.id());
            assert!(permits(from, line.status, by), "{from} → {} is not permitted to {by:?}", line.status);
            from = line.status;
        }
        assert!(booking.history.is_sorted_by_key(|line| line.changed_at));
        if matches!(was.status, Status::Assigned) && booking.status != Status::Assigned {
            let declined = booking.history.iter().any(|l| l.status == Status::Rejected);
            assert!(!declined || booking.technician.is_none_or(|t| !booking.declined_by.contains(&t)));
        }
    }
}

/// Asserts the invariants of a snapshot.
pub(crate) fn assert_sound(world: &World, now: &Snapshot, approved: &HashMap<Id<Booking>, Money>) {
    let mut claims = BTreeMap::new();
    for booking in &now.bookings {
        let technician = booking.technician.filter(|_| HOLDING.contains(&booking.status));
        let start = booking.slot.starts_at().timestamp() / 900;
        let end = (booking.slot.ends_at() + TimeDelta::minutes(30)).timestamp() / 900;
        for cell in technician.into_iter().flat_map(|t| (start..end).map(move |cell| cell_claim(t, cell))) {
            let other = claims.insert(cell, AggregateRef::Booking(booking.id));
            assert_eq!(other, None, "a technician has two jobs at once");
        }
        let due = booking.next_task(world.market.policy()).map(|(at, _)| at);
        assert_eq!(
            now.due.get(&AggregateRef::Booking(booking.id)).copied(),
            due,
            "the queue and the booking disagree on the due time"
        );
        let most = approved[&booking.id].amount();
        assert!(booking.pricing.total.amount() <= most, "the total exceeds the approved total");
        let fee = booking.cancellation.as_ref().map_or_else(|| crate::support::kes(0), |c| c.fee);
        assert!(!fee.is_negative() && fee.amount() <= booking.pricing.total.amount());
        if booking.status == Status::Assigned || HOLDING.contains(&booking.status) {
            let technician = booking.technician.expect("the booking has a technician");
            assert!(!booking.declined_by.contains(&technician), "the technician had declined this job");
        }
        assert_events_match_history(booking, &now.events);
    }
    assert_eq!(now.claims, claims, "claims must be held from accepted to paused, and only then");
    let trial = run(world.market.ledger().trial_balance(&Actor::System)).unwrap();
    let sum: rust_decimal::Decimal = trial.iter().map(|(_, balance)| balance.amount()).sum();
    assert!(sum.is_zero(), "{trial:?}");
}

/// Asserts that the events of a booking match its history, in order.
fn assert_events_match_history(booking: &Booking, events: &[Event]) {
    let own = events.iter().filter(|event| event.aggregate() == Some(AggregateRef::Booking(booking.id)));
    let own: Vec<&Event> = own.collect();
    assert!(own.is_sorted_by_key(|event| (event.subject.number(), event.n)));
    assert!(own.is_sorted_by_key(|event| event.at));
    let statuses = own.iter().filter_map(|event| match &event.kind {
        EventKind::Booking(BookingEvent::BookingStatusChanged { from, to, .. }) => Some((*from, *to)),
        _ => None,
    });
    let arrows = booking.history.windows(2).map(|lines| (lines[0].status, lines[1].status));
    assert!(statuses.eq(arrows), "the events differ from the history");
}
