//! A commit that uses every part of a change set, and the check of its effects.

#![allow(dead_code, reason = "no test uses all of it")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use baitech_core::account::User;
use baitech_core::booking::{Booking, BookingStatus};
use baitech_core::kernel::{Currency, Id, Text};
use baitech_core::ledger::Account;
use baitech_core::store::{
    AggregateRef, ChangeSet, Claim, ClaimKey, Claims, Commit, Committed, Guard, Idempotency, LedgerReader,
    Load, Put, Stored, Version,
};
use baitech_core::testing::{build, committed_events};
use baitech_mongo::MongoStore;
use bson::{Document, doc};

/// Stores two users that the `n`-th commit needs, one with the claim `free{n}`, and a first entry, which
/// starts the running balances.
pub(crate) async fn begin(store: &MongoStore, n: u64) -> Case {
    let (user, guarded) = (build::customer(2 * n), build::customer(2 * n + 1));
    let ids = (user.id, guarded.id);
    let free = claim(&format!("free{n}"), AggregateRef::User(user.id));
    let first = build::entry(
        n + 2_000_000,
        AggregateRef::User(user.id),
        Account::OpeningBalance,
        Account::Losses,
        build::kes(1),
    );
    let given = ChangeSet {
        take: vec![free],
        entries: vec![first],
        ..ChangeSet::new().write(Put::new(user)).write(Put::new(guarded))
    };
    assert_eq!(store.commit(given).await.unwrap(), Committed::Applied);
    Case { n, user: load(store, ids.0).await, guarded: load(store, ids.1).await }
}

pub(crate) async fn load(store: &MongoStore, id: Id<User>) -> Stored<User> {
    store.load(id).await.unwrap().unwrap()
}

fn claim(name: &str, holder: AggregateRef) -> Claim {
    Claim { key: ClaimKey::new("test", name), holder }
}

#[derive(Debug, Clone)]
pub(crate) struct Case {
    n: u64,
    user: Stored<User>,
    guarded: Stored<User>,
}

/// How much of a commit is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Seen {
    Nothing,
    Everything,
}

impl Case {
    fn booking(&self) -> Booking {
        let mut record = build::booking(self.n, &self.user, None, BookingStatus::Pending);
        record.id = build::id(self.n + 1_000_000);
        Booking::from_record(record)
    }

    fn request(&self) -> Idempotency {
        Idempotency { expires_at: None, ..build::idempotency(&format!("key{}", self.n), "request", "answer") }
    }

    /// Changes a user, creates a booking, guards another user, releases one claim, takes two, posts an entry,
    /// emits two events and stores an answer.
    pub(crate) fn changes(&self) -> ChangeSet {
        let booking = self.booking();
        let (user, target) = (AggregateRef::User(self.user.id), AggregateRef::Booking(booking.id));
        let mut record = self.user.value.clone().into_record();
        record.first_name = Text::from_stored("Changed");
        let event = |target, version| build::event(target, version, 0, build::start());
        let (n, amount) = (self.n + 1, build::kes(100));
        ChangeSet {
            guards: vec![Guard::Version {
                target: AggregateRef::User(self.guarded.id),
                version: self.guarded.version,
            }],
            free: vec![claim(&format!("free{}", self.n), user)],
            take: ["a", "b"].map(|name| claim(&format!("{name}{}", self.n), target)).to_vec(),
            entries: vec![build::entry(n, target, Account::Bank, Account::Wallet(self.user.id), amount)],
            events: vec![event(user, self.user.version.next()), event(target, Version::FIRST)],
            idempotency: Some(self.request()),
            ..ChangeSet::new()
                .write(Put::over(&self.user, User::from_record(record)))
                .write(Put::new(booking).due_at(Some(build::start())))
        }
    }

    /// Returns how much of the commit is stored; panics if it is stored in part, or a part is stored twice.
    pub(crate) async fn seen(&self, store: &MongoStore) -> Seen {
        let booking = self.booking();
        let user = load(store, self.user.id).await;
        let keys = ["a", "b", "free"].map(|name| ClaimKey::new("test", format!("{name}{}", self.n)));
        let held = store.held(&keys).await.unwrap();
        let events = committed_events(store).await;
        let of_this = [AggregateRef::User(self.user.id), AggregateRef::Booking(booking.id)];
        let stored: Option<Stored<Booking>> = store.load(booking.id).await.unwrap();
        let signs = [
            user.version == self.user.version.next() && user.first_name.as_str() == "Changed",
            stored.is_some_and(|stored| stored.version == Version::FIRST),
            held.len() == 2 && held.iter().all(|claim| claim.holder == of_this[1]),
            events.iter().filter(|event| is_of(event, &of_this)).count() == 2,
            store.balance(Account::Wallet(self.user.id), Currency::KES).await.unwrap() == build::kes(100),
            self.is_answered(store).await,
            self.entries(store).await == 1,
        ];
        let untouched =
            user.version == self.user.version && held.len() == 1 && events_are_none(&events, &of_this);
        match signs {
            [true, true, true, true, true, true, true] => Seen::Everything,
            [false, false, false, false, false, false, false] if untouched => Seen::Nothing,
            parts => panic!("commit {} is stored in part: {parts:?}, {held:?}", self.n),
        }
    }

    /// Whether the answer is stored, which is part of the commit.
    pub(crate) async fn is_answered(&self, store: &MongoStore) -> bool {
        let request = self.request();
        store.answered(&request.scope, &request.key, request.fingerprint).await.unwrap().is_some()
    }

    async fn entries(&self, store: &MongoStore) -> u64 {
        let ledger = store.database().collection::<Document>("ledger");
        let account = Account::Wallet(self.user.id).to_string();
        ledger.count_documents(doc! { "postings.account": account }).await.unwrap()
    }
}

fn events_are_none(events: &[baitech_core::store::Event], of: &[AggregateRef]) -> bool {
    events.iter().all(|event| !is_of(event, of))
}

fn is_of(event: &baitech_core::store::Event, of: &[AggregateRef]) -> bool {
    event.aggregate().is_some_and(|aggregate| of.contains(&aggregate))
}
