use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};

use super::{
    answers::Answers, bookings::Bookings, due::DueQueue, ledger::Ledger, outbox::EventQueue,
    reconciliations::Reconciliations, transactions::Transactions, users::Users, webhooks::Webhooks,
};
use crate::store::{AggregateRef, ClaimKey, Origin, Stored, Version};

/// A stored aggregate.
#[derive(Debug)]
pub(super) struct Row<A> {
    pub(super) value: A,
    pub(super) version: Version,
}

impl<A: Clone> Row<A> {
    pub(super) fn stored(&self) -> Stored<A> {
        Stored { value: self.value.clone(), version: self.version, origin: Origin::none() }
    }
}

/// The whole state of the store, behind one lock.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) users: Users,
    pub(super) bookings: Bookings,
    pub(super) transactions: Transactions,
    pub(super) webhooks: Webhooks,
    pub(super) reconciliations: Reconciliations,
    pub(super) claims: BTreeMap<ClaimKey, AggregateRef>,
    pub(super) counters: HashMap<String, u64>,
    pub(super) due: DueQueue,
    pub(super) outbox: EventQueue,
    pub(super) ledger: Ledger,
    pub(super) answers: Answers,
    /// The latest time in any commit.
    pub(super) latest: Option<DateTime<Utc>>,
}

impl State {
    /// The version of an aggregate; `None` if it does not exist.
    pub(super) fn version(&self, target: AggregateRef) -> Option<Version> {
        macro_rules! version {
            ($($Arm:ident($name:literal, $list:ident, $what:literal): $Type:ty;)+) => {
                match target { $(AggregateRef::$Arm(id) => self.$list.get(id).map(|row| row.version),)+ }
            };
        }
        crate::for_each_aggregate!(version)
    }

    /// Updates the latest time.
    pub(super) fn hear(&mut self, moment: DateTime<Utc>) {
        self.latest = self.latest.max(Some(moment));
    }
}
