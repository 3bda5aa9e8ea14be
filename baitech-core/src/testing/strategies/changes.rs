use proptest::{collection::vec, option, prelude::*, sample::select};

use super::{
    booking::outcome,
    kernel::{actor, currency, id, moment, money},
};
use crate::{
    account::{AccountEvent, KycStatus, UserStatus},
    booking::{BookingEvent, BookingStatus, ReminderKind},
    for_each_aggregate,
    kernel::{Actor, Id, Kind, Role},
    ledger::Account,
    store::{
        AggregateRef, ChangeSet, Claim, ClaimKey, CounterDelta, CounterKey, CounterName, Edge, EdgeKey,
        EdgeKind, EdgeValue, Event, EventKind, Fingerprint, Idempotency, IdempotencyKey, Put, Version, Write,
    },
    testing::{Sample, build},
};

/// Any event of a booking.
pub fn booking_event() -> impl Strategy<Value = BookingEvent> {
    use BookingEvent as Event;
    let amount = || currency().prop_flat_map(money);
    prop_oneof![
        strategy!(Event::BookingCreated { customer: id() }),
        strategy!(Event::BookingStatusChanged {
            from: select(&BookingStatus::ALL),
            to: select(&BookingStatus::ALL),
            technician: option::of(id()),
        }),
        strategy!(Event::BookingApprovalRequested { company: id() }),
        strategy!(Event::BookingApprovalDecided { approved: any::<bool>() }),
        strategy!(Event::BookingPriceChangeRequested { total: amount() }),
        strategy!(Event::BookingPriceChangeDecided { approved: any::<bool>(), total: amount() }),
        strategy!(Event::BookingRescheduleProposed { by: id() }),
        Just(Event::BookingRescheduleDeclined),
        Just(Event::BookingRescheduled),
        strategy!(Event::BookingPaymentReceived { amount: amount() }),
        strategy!(Event::BookingReminder { reminder: select(&ReminderKind::ALL) }),
        strategy!(Event::BookingEvidenceAdded { by: id() }),
        Just(Event::BookingDisputeInvestigated),
        Just(Event::BookingDisputeEscalated),
        strategy!(Event::BookingDisputeResolved { outcome: currency().prop_flat_map(outcome) }),
        Just(Event::BookingDisputeClosed),
        strategy!(Event::BookingQualityChecked { passed: any::<bool>() }),
        strategy!(Event::BookingWarrantyClaimed { booking: id() }),
        strategy!(Event::BookingRecurred { booking: id() }),
        Just(Event::BookingSeriesEnded),
        Just(Event::BookingUpdated),
    ]
}

/// Any event of an account.
pub fn account_event() -> impl Strategy<Value = AccountEvent> {
    use AccountEvent as Event;
    prop_oneof![
        strategy!(Event::UserRegistered { role: select(&Role::ALL) }),
        Just(Event::UserProfileChanged),
        strategy!(Event::UserKycChanged { status: select(&KycStatus::ALL) }),
        strategy!(Event::UserStatusChanged { from: select(&UserStatus::ALL), to: select(&UserStatus::ALL) }),
    ]
}

/// A write, and events of the aggregate with their actors.
type Written = (Write, Vec<(Actor, EventKind)>);

/// The write of any new value of a kind, and events of it.
fn any_write<A: Sample>() -> BoxedStrategy<Written> {
    let event = (actor(), A::any_event().prop_map(Into::into));
    (A::any(), option::of(moment()), vec(event, 0..3))
        .prop_map(|(value, due_at, events)| (A::write(Put::new(value).due_at(due_at)), events))
        .boxed()
}

/// [`any_write`] of every kind.
fn any_writes() -> Vec<BoxedStrategy<Written>> {
    macro_rules! each {
        ($($Arm:ident($name:literal, $list:ident, $what:literal): $Type:ty;)+) => {
            vec![$(any_write::<$Type>()),+]
        };
    }
    for_each_aggregate!(each)
}

/// A well-formed set that creates an aggregate of every kind and uses every other part. It has no conflict
/// with an empty store.
pub fn change_set() -> impl Strategy<Value = ChangeSet> {
    let request = ("[!-~]{1,40}", any::<[u8; 32]>(), vec(any::<u8>(), 0..200), option::of(moment()));
    let claims = vec("[a-z0-9]{1,12}", 0..10);
    let moves = vec((1..1_000_000_i64, any::<u64>()), 0..4);
    (any_writes(), moment(), option::of(request), claims, moves).prop_map(
        |(writes, at, request, claims, moves)| {
            let of = |kind| writes.iter().map(|(write, _)| write.target()).find(|of| of.kind() == kind);
            let (of_user, of_booking) = (of(Kind::User).unwrap(), of(Kind::Booking).unwrap());
            let wallet = Account::Wallet(Id::from_bytes(of_user.id_bytes()));
            let events = writes.iter().flat_map(|(write, events)| {
                (0..).zip(events).map(|(n, (actor, kind))| {
                    let event = build::event(write.target(), Version::FIRST, n, at);
                    Event { actor: *actor, kind: kind.clone(), ..event }
                })
            });
            let likes = (1..moves.len()).map(|n| {
                let user: Id<()> = build::id(u64::try_from(n).unwrap_or_default());
                let user = AggregateRef::new(Kind::User, user.to_bytes());
                Edge::never_put(EdgeKey::new(EdgeKind::new("like"), user, of_booking))
            });
            let likes: Vec<_> = likes.filter_map(|edge| edge.put(EdgeValue::new("set"), at)).collect();
            let counter = CounterKey::new(of_booking, CounterName::new("likes"));
            let counted = likes.iter().flat_map(|change| change.deltas(|_| [counter]));
            ChangeSet {
                search: writes.iter().filter_map(|(write, _)| write.new_search_entry()).collect(),
                counters: CounterDelta::summed(counted),
                edges: likes,
                take: claims
                    .into_iter()
                    .map(|thing| Claim { key: ClaimKey::new("test", thing), holder: of_booking })
                    .collect(),
                events: events.collect(),
                entries: moves
                    .into_iter()
                    .map(|(amount, n)| build::entry(n, of_booking, Account::Bank, wallet, build::kes(amount)))
                    .collect(),
                idempotency: request.map(|(key, fingerprint, answer, expires_at)| Idempotency {
                    scope: format!("test {}", of_user.id_text()),
                    key: IdempotencyKey::new(&key).expect("a key"),
                    fingerprint: Fingerprint::from_bytes(fingerprint),
                    answer,
                    expires_at,
                }),
                writes: writes.into_iter().map(|(write, _)| write).collect(),
                ..ChangeSet::new()
            }
        },
    )
}
