//! Agreements between the parties: a higher price, another slot, a company's approval.

use baitech_core::booking::{NewPriceChange, NewTimeSlot};
use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::Reason;
use crate::{
    problem::Answer,
    request::{Body, Caller, Target},
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Move {
    time_slot: NewTimeSlot,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct SlotProposal {
    time_slot: NewTimeSlot,
    #[serde(default)]
    reason: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct EarlyStart {
    /// The moment from which the technician may set out.
    from: DateTime<Utc>,
}

/// The technician proposes a higher price.
pub(crate) async fn propose_price(
    caller: Caller,
    Target(id): Target,
    Body(change): Body<NewPriceChange>,
) -> Answer {
    caller.show(caller.bookings.propose_price_change(&caller.actor, id, &change).await).await
}

/// The customer agrees to the higher price of the version that `If-Match` names.
pub(crate) async fn approve_price(caller: Caller, Target(id): Target) -> Answer {
    caller.show(caller.bookings.approve_price_change(&caller.actor, id).await).await
}

/// The customer declines the higher price.
pub(crate) async fn decline_price(caller: Caller, Target(id): Target) -> Answer {
    caller.show(caller.bookings.decline_price_change(&caller.actor, id).await).await
}

/// The customer moves a job that no technician has accepted.
pub(crate) async fn move_slot(caller: Caller, Target(id): Target, Body(body): Body<Move>) -> Answer {
    caller.show(caller.bookings.move_slot(&caller.actor, id, &body.time_slot).await).await
}

/// One side proposes another slot.
pub(crate) async fn propose_slot(
    caller: Caller,
    Target(id): Target,
    Body(body): Body<SlotProposal>,
) -> Answer {
    let reason = body.reason.as_deref();
    caller.show(caller.bookings.propose_slot(&caller.actor, id, &body.time_slot, reason).await).await
}

/// The other side agrees to the slot.
pub(crate) async fn approve_slot(caller: Caller, Target(id): Target) -> Answer {
    caller.show(caller.bookings.approve_slot(&caller.actor, id).await).await
}

/// The other side declines the new slot, or the proposer withdraws it.
pub(crate) async fn decline_slot(caller: Caller, Target(id): Target) -> Answer {
    caller.show(caller.bookings.decline_slot(&caller.actor, id).await).await
}

/// The customer allows the technician to set out earlier.
pub(crate) async fn allow_early_start(
    caller: Caller,
    Target(id): Target,
    Body(body): Body<EarlyStart>,
) -> Answer {
    caller.show(caller.bookings.allow_early_start(&caller.actor, id, body.from).await).await
}

/// The company agrees to the price of the version that `If-Match` names.
pub(crate) async fn approve_corporate(caller: Caller, Target(id): Target) -> Answer {
    caller.show(caller.bookings.approve(&caller.actor, id).await).await
}

/// The company refuses the price, and the booking is cancelled.
pub(crate) async fn decline_corporate(
    caller: Caller,
    Target(id): Target,
    Body(body): Body<Reason>,
) -> Answer {
    caller.show(caller.bookings.decline_approval(&caller.actor, id, &body.reason).await).await
}
