use proptest::{collection::vec, option, prelude::*, sample::select};

use super::{
    account::user_record,
    booking::{booking_record, outcome},
    kernel::{actor, currency, id, moment, money},
    payment::{payment_event, transaction_record, webhook_record},
    reconciliation::reconciliation_record,
};
use crate::{
    account::{AccountEvent, KycStatus, User, UserStatus},
    booking::{Booking, BookingEvent, BookingStatus, ReminderKind},
    kernel::{Id, Role},
    ledger::Account,
    payment::{Reconciliation, Transaction, Webhook},
    store::{
        AggregateRef, ChangeSet, Claim, ClaimKey, Event, EventKind, Fingerprint, Idempotency, IdempotencyKey,
        Put, Version,
    },
    testing::build,
};

/// Anything that can happen to a booking.
pub fn booking_event() -> impl Strategy<Value = BookingEvent> {
    let status = || select(BookingStatus::ALL.to_vec());
    let amount = || currency().prop_flat_map(money);
    prop_oneof![
        id().prop_map(|customer| BookingEvent::BookingCreated { customer }),
        (status(), status(), option::of(id()))
            .prop_map(|(from, to, technician)| BookingEvent::BookingStatusChanged { from, to, technician }),
        id().prop_map(|company| BookingEvent::BookingApprovalRequested { company }),
        any::<bool>().prop_map(|approved| BookingEvent::BookingApprovalDecided { approved }),
        amount().prop_map(|total| BookingEvent::BookingPriceChangeRequested { total }),
        (any::<bool>(), amount())
            .prop_map(|(approved, total)| BookingEvent::BookingPriceChangeDecided { approved, total }),
        id().prop_map(|by| BookingEvent::BookingRescheduleProposed { by }),
        Just(BookingEvent::BookingRescheduleDeclined),
        Just(BookingEvent::BookingRescheduled),
        amount().prop_map(|amount| BookingEvent::BookingPaymentReceived { amount }),
        select(ReminderKind::ALL.to_vec()).prop_map(|reminder| BookingEvent::BookingReminder { reminder }),
        id().prop_map(|by| BookingEvent::BookingEvidenceAdded { by }),
        Just(BookingEvent::BookingDisputeInvestigated),
        Just(BookingEvent::BookingDisputeEscalated),
        currency()
            .prop_flat_map(outcome)
            .prop_map(|outcome| BookingEvent::BookingDisputeResolved { outcome }),
        Just(BookingEvent::BookingDisputeClosed),
        any::<bool>().prop_map(|passed| BookingEvent::BookingQualityChecked { passed }),
        id().prop_map(|booking| BookingEvent::BookingWarrantyClaimed { booking }),
        id().prop_map(|booking| BookingEvent::BookingRecurred { booking }),
        Just(BookingEvent::BookingSeriesEnded),
        Just(BookingEvent::BookingUpdated),
    ]
}

/// Anything that can happen to an account.
pub fn account_event() -> impl Strategy<Value = AccountEvent> {
    use KycStatus::{None, Rejected, Submitted, Verified};
    let status = || select(UserStatus::ALL.to_vec());
    prop_oneof![
        select(Role::ALL.to_vec()).prop_map(|role| AccountEvent::UserRegistered { role }),
        Just(AccountEvent::UserProfileChanged),
        select(vec![None, Submitted, Verified, Rejected])
            .prop_map(|status| AccountEvent::UserKycChanged { status }),
        (status(), status()).prop_map(|(from, to)| AccountEvent::UserStatusChanged { from, to }),
    ]
}

/// A well-formed set that makes a new aggregate of every kind and uses every other part; nothing of it
/// conflicts with an empty store.
pub fn change_set() -> impl Strategy<Value = ChangeSet> {
    let happening = (
        actor(),
        prop_oneof![
            booking_event().prop_map(EventKind::from),
            account_event().prop_map(EventKind::from),
            payment_event().prop_map(EventKind::from),
        ],
    );
    let events = (vec(happening, 0..5), moment());
    let request = ("[!-~]{1,40}", any::<[u8; 32]>(), vec(any::<u8>(), 0..200), option::of(moment()));
    let claims = vec("[a-z0-9]{1,12}", 0..10);
    let moves = vec((1..1_000_000_i64, any::<u64>()), 0..4);
    let money = (transaction_record(), webhook_record(), reconciliation_record());
    (user_record(), booking_record(), money, option::of(moment()), events, option::of(request), claims, moves)
        .prop_map(|(user, booking, (paid, call, job), due_at, (happenings, at), request, claims, moves)| {
            let (user, booking) = (User::from_record(user), Booking::from_record(booking));
            let (paid, call) = (Transaction::from_record(paid), Webhook::from_record(call));
            let (of_user, of_booking) = (AggregateRef::User(user.id), AggregateRef::Booking(booking.id));
            let of_paid = AggregateRef::Transaction(paid.id);
            let wallet = Account::Wallet(user.id);
            let event = |(n, (actor, kind)): (u32, _)| {
                let aggregate = match kind {
                    EventKind::Account(_) => of_user,
                    EventKind::Booking(_) => of_booking,
                    EventKind::Payment(_) => of_paid,
                };
                let Event { id, .. } = build::event(aggregate, Version::FIRST, n, at);
                Event { id, aggregate, version: Version::FIRST, n, actor, at, kind }
            };
            ChangeSet {
                take: claims
                    .into_iter()
                    .map(|thing| Claim { key: ClaimKey::new("test", thing), holder: of_booking })
                    .collect(),
                events: (0..).zip(happenings).map(event).collect(),
                entries: moves
                    .into_iter()
                    .map(|(amount, n)| build::entry(n, of_booking, Account::Bank, wallet, build::kes(amount)))
                    .collect(),
                idempotency: request.map(|(key, fingerprint, answer, expires_at)| Idempotency {
                    scope: format!("test {}", Id::<User>::to_string(&user.id)),
                    key: IdempotencyKey::new(&key).expect("a key"),
                    fingerprint: Fingerprint::from_bytes(fingerprint),
                    answer,
                    expires_at,
                }),
                ..ChangeSet::new()
                    .write(Put::new(user))
                    .write(Put::new(booking).due_at(due_at))
                    .write(Put::new(paid))
                    .write(Put::new(call))
                    .write(Put::new(Reconciliation::from_record(job)))
            }
        })
}
