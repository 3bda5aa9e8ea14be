//! Finds out why a commit failed, in the order that a [`ChangeSet`](baitech_core::store::ChangeSet) promises.
//!
//! A transaction stops at the first refusal of the server. Only then are all possible reasons read, so that
//! the order costs a successful commit nothing.

use std::time::Duration;

use baitech_core::account::User;
use baitech_core::booking::Booking;
use baitech_core::store::{
    AggregateRef, Claim, Claims, Committed, EdgeKey, Edges, Guard, Load, StoreError, Stored, Version,
};
use bson::doc;
use bson::oid::ObjectId;
use mongodb::options::{ReadConcern, ReadPreference, SelectionCriteria};

use super::apply::Failure;
use super::plan::Plan;
use crate::aggregate_ref::collection_of;
use crate::codec::Aggregate;
use crate::server_error::unavailable;
use crate::{MongoStore, log, user, version};

/// How long to wait for a majority; without one the outcome is unknown.
const SEE_RIVALS_WITHIN: Duration = Duration::from_secs(10);

/// The conclusion from a failed attempt.
#[derive(Debug)]
pub(super) enum Verdict {
    Final(Result<Committed, StoreError>),
    /// The obstacle is gone, or the claim belongs to its taker.
    TryAgain {
        /// Claims that the taker already holds.
        held: Vec<Claim>,
    },
}

impl MongoStore {
    pub(super) async fn diagnose(&self, plan: &Plan, failure: Failure) -> Result<Verdict, StoreError> {
        self.await_visibility().await?;
        if let Some(request) = &plan.request {
            // A repeated request fails because of the changes of its first run: the record decides.
            if let Some(answer) = self.answer_to(&request.scope, &request.key, request.fingerprint).await? {
                return Ok(Verdict::Final(Ok(Committed::Replayed(answer))));
            }
        }
        for (target, expected) in plan.expected() {
            if self.version_of(target).await? != expected {
                return Ok(Verdict::Final(Err(StoreError::Conflict(target))));
            }
        }
        for (id, stamps) in plan.stamps() {
            let user: Option<Stored<User>> = self.load(id).await?;
            if !user.is_some_and(|user| stamps.hold_for(&user)) {
                return Ok(Verdict::Final(Err(StoreError::Conflict(AggregateRef::User(id)))));
            }
        }
        if let Some(key) = self.changed_edge(plan).await? {
            return Ok(Verdict::Final(Err(StoreError::EdgeConflict(key))));
        }
        if let Some(consumed) = &plan.consumed
            && !log::applies(self, consumed).await?
        {
            return Ok(Verdict::Final(Err(StoreError::CursorConflict(consumed.consumer))));
        }
        let held = self.held(&plan.take_keys()).await?;
        let stopping = held.iter().filter(|held| plan.is_stopped_by(held));
        let (taken, blocking): (Vec<&Claim>, Vec<&Claim>) =
            stopping.partition(|held| user::claimed_field(&held.key).is_some());
        let taken = taken.first().and_then(|held| user::claimed_field(&held.key));
        if let Some(claim) = blocking.first() {
            return Ok(Verdict::Final(Err(StoreError::Claimed((*claim).clone()))));
        }
        Ok(match failure {
            Failure::Refused(error) => Verdict::Final(Err(error)),
            Failure::Driver(error) => Verdict::Final(Err(unavailable(error))),
            Failure::OutOfBounds => match self.breach(plan).await? {
                Some(breach) => Verdict::Final(Err(StoreError::OutOfBounds(breach))),
                None => Verdict::TryAgain { held },
            },
            Failure::Raced => Verdict::TryAgain { held },
            Failure::ClaimHeld => match taken {
                Some(field) => Verdict::Final(Err(StoreError::Duplicate { field })),
                None => Verdict::TryAgain { held },
            },
        })
    }

    /// The first edge that is not in the expected state.
    async fn changed_edge(&self, plan: &Plan) -> Result<Option<EdgeKey>, StoreError> {
        let absent: Vec<EdgeKey> = plan.guards.iter().filter_map(Guard::absent_edge).collect();
        let guarded = self.load_edges(&absent).await?;
        if let Some(edge) = guarded.iter().find(|edge| edge.is_present()) {
            return Ok(Some(edge.key));
        }
        let keys: Vec<EdgeKey> = plan.edges.iter().map(|before| before.key).collect();
        let found = self.load_edges(&keys).await?;
        let changed = found.iter().zip(&plan.edges).find(|(now, before)| now.revision != before.revision);
        Ok(changed.map(|(edge, _)| edge.key))
    }

    /// A transaction can conflict with a concurrent commit before a majority has replicated it, and so before
    /// other reads show it. The server answers this read only after a majority has it, so that a caller with
    /// a conflict also reads the change.
    async fn await_visibility(&self) -> Result<(), StoreError> {
        let bookings = self.raw(Booking::COLLECTION);
        let read = bookings
            .find_one(doc! { "_id": ObjectId::from_bytes([0; 12]) })
            .read_concern(ReadConcern::linearizable())
            .selection_criteria(SelectionCriteria::ReadPreference(ReadPreference::Primary))
            .max_time(SEE_RIVALS_WITHIN);
        read.await.map(drop).map_err(unavailable)
    }

    async fn version_of(&self, target: AggregateRef) -> Result<Option<Version>, StoreError> {
        let id = doc! { "_id": ObjectId::from_bytes(target.id_bytes()) };
        let found = self.raw(collection_of(target)).find_one(id).projection(doc! { version::FIELD: 1 }).await;
        Ok(found.map_err(unavailable)?.map(|raw| version::of(&raw)))
    }
}
