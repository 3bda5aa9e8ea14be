//! References to aggregates: `{kind: "booking", id: ObjectId}`.

use baitech_core::for_each_aggregate;
use baitech_core::kernel::Kind;
use baitech_core::store::AggregateRef;
use bson::oid::ObjectId;
use bson::{Bson, doc};
use serde::{Deserialize, Serialize};

use crate::codec::Aggregate;

/// A reference as stored. The database compares it including the order of its fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct StoredRef {
    kind: Kind,
    id: ObjectId,
}

/// The collection of an aggregate.
pub(crate) const fn collection_of(target: AggregateRef) -> &'static str {
    macro_rules! collection {
        ($($Arm:ident($name:literal, $list:ident, $what:literal): $Type:ty;)+) => {
            match target { $(AggregateRef::$Arm(_) => <$Type as Aggregate>::COLLECTION,)+ }
        };
    }
    for_each_aggregate!(collection)
}

impl From<AggregateRef> for StoredRef {
    fn from(reference: AggregateRef) -> Self {
        Self { kind: reference.kind(), id: ObjectId::from_bytes(reference.id_bytes()) }
    }
}

impl From<StoredRef> for AggregateRef {
    fn from(StoredRef { kind, id }: StoredRef) -> Self {
        Self::new(kind, id.bytes())
    }
}

impl From<StoredRef> for Bson {
    fn from(StoredRef { kind, id }: StoredRef) -> Self {
        Self::Document(doc! { "kind": kind.as_str(), "id": id })
    }
}
