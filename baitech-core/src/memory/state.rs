use std::{
    collections::{BTreeMap, HashMap},
    fmt,
};

use chrono::{DateTime, Utc};

use super::{
    answers::Answers, due::DueQueue, edges::EdgeTable, ledger::Ledger, log::Log, search::SearchTable,
};
use crate::{
    decide::Aggregate,
    kernel::Id,
    store::{AggregateRef, ClaimKey, CounterKey, Origin, StoreError, Stored, Version},
};

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

/// An aggregate that this store keeps.
pub(super) trait Kept: Aggregate {
    /// All aggregates of this kind, with their indexes.
    type Table: Table<Self>;
}

/// All aggregates of one kind, with their indexes.
pub(super) trait Table<A>: fmt::Debug + Default {
    /// A row by its id.
    fn get(&self, id: Id<A>) -> Option<&Row<A>>;

    /// Inserts a row, or replaces the one with its id.
    fn put(&mut self, row: Row<A>);

    /// Fails if a unique field of one of these values belongs to another one: a stored one, or an earlier one
    /// in the list. By default, only ids are unique.
    fn check_unique(&self, _values: Vec<&A>) -> Result<(), StoreError> {
        Ok(())
    }
}

macro_rules! state {
    ($($Arm:ident($name:literal, $list:ident, $what:literal): $Type:ty;)+) => {
        /// The whole state of the store, behind one lock.
        #[derive(Debug, Default)]
        pub(super) struct State {
            $(pub(super) $list: <$Type as Kept>::Table,)+
            pub(super) claims: BTreeMap<ClaimKey, AggregateRef>,
            pub(super) edges: EdgeTable,
            pub(super) counts: HashMap<CounterKey, i64>,
            pub(super) counters: HashMap<String, u64>,
            pub(super) search: SearchTable,
            pub(super) due: DueQueue,
            pub(super) log: Log,
            pub(super) ledger: Ledger,
            pub(super) answers: Answers,
            /// The latest time in any commit.
            pub(super) latest: Option<DateTime<Utc>>,
        }
    };
}

crate::for_each_aggregate!(state);

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
