//! References to aggregates: `{kind: "booking", id: ObjectId}`.

use baitech_core::account::User;
use baitech_core::booking::Booking;
use baitech_core::kernel::Id;
use baitech_core::payment::{Reconciliation, Transaction, Webhook};
use baitech_core::store::AggregateRef;
use bson::oid::ObjectId;
use bson::{Bson, doc};
use serde::{Deserialize, Serialize};

use crate::codec::Aggregate;

/// A reference as it is stored. The order of its fields is part of its equality in the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct StoredRef {
    kind: StoredKind,
    id: ObjectId,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StoredKind {
    User,
    Booking,
    Transaction,
    Webhook,
    Reconciliation,
}

/// The collection that an aggregate lies in.
pub(crate) const fn collection_of(target: AggregateRef) -> &'static str {
    match target {
        AggregateRef::User(_) => User::COLLECTION,
        AggregateRef::Booking(_) => Booking::COLLECTION,
        AggregateRef::Transaction(_) => Transaction::COLLECTION,
        AggregateRef::Webhook(_) => Webhook::COLLECTION,
        AggregateRef::Reconciliation(_) => Reconciliation::COLLECTION,
    }
}

impl From<AggregateRef> for StoredRef {
    fn from(reference: AggregateRef) -> Self {
        let kind = match reference {
            AggregateRef::User(_) => StoredKind::User,
            AggregateRef::Booking(_) => StoredKind::Booking,
            AggregateRef::Transaction(_) => StoredKind::Transaction,
            AggregateRef::Webhook(_) => StoredKind::Webhook,
            AggregateRef::Reconciliation(_) => StoredKind::Reconciliation,
        };
        Self { kind, id: ObjectId::from_bytes(reference.id_bytes()) }
    }
}

impl From<StoredRef> for AggregateRef {
    fn from(StoredRef { kind, id }: StoredRef) -> Self {
        match kind {
            StoredKind::User => Self::User(Id::from_bytes(id.bytes())),
            StoredKind::Booking => Self::Booking(Id::from_bytes(id.bytes())),
            StoredKind::Transaction => Self::Transaction(Id::from_bytes(id.bytes())),
            StoredKind::Webhook => Self::Webhook(Id::from_bytes(id.bytes())),
            StoredKind::Reconciliation => Self::Reconciliation(Id::from_bytes(id.bytes())),
        }
    }
}

impl From<StoredRef> for Bson {
    fn from(StoredRef { kind, id }: StoredRef) -> Self {
        let kind = match kind {
            StoredKind::User => "user",
            StoredKind::Booking => "booking",
            StoredKind::Transaction => "transaction",
            StoredKind::Webhook => "webhook",
            StoredKind::Reconciliation => "reconciliation",
        };
        Self::Document(doc! { "kind": kind, "id": id })
    }
}
