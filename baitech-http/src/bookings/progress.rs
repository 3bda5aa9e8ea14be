//! From the offer to the payment, one command per step.

use super::OptionalReason;
use crate::{
    problem::Answer,
    request::{Caller, OptionalBody, Target},
};

/// The technician accepts the offer.
pub(crate) async fn accept(caller: Caller, Target(id): Target) -> Answer {
    caller.show(caller.bookings.accept(&caller.actor, id).await).await
}

/// The technician declines the offer.
pub(crate) async fn reject(
    caller: Caller,
    Target(id): Target,
    OptionalBody(body): OptionalBody<OptionalReason>,
) -> Answer {
    let reason = body.reason.unwrap_or_default();
    caller.show(caller.bookings.reject(&caller.actor, id, &reason).await).await
}

/// The technician sets out.
pub(crate) async fn en_route(caller: Caller, Target(id): Target) -> Answer {
    caller.show(caller.bookings.en_route(&caller.actor, id).await).await
}

/// The technician has arrived.
pub(crate) async fn arrive(caller: Caller, Target(id): Target) -> Answer {
    caller.show(caller.bookings.arrive(&caller.actor, id).await).await
}

/// The work begins.
pub(crate) async fn start(caller: Caller, Target(id): Target) -> Answer {
    caller.show(caller.bookings.start(&caller.actor, id).await).await
}

/// The work is paused.
pub(crate) async fn pause(
    caller: Caller,
    Target(id): Target,
    OptionalBody(body): OptionalBody<OptionalReason>,
) -> Answer {
    caller.show(caller.bookings.pause(&caller.actor, id, body.reason.as_deref()).await).await
}

/// The work resumes.
pub(crate) async fn resume(caller: Caller, Target(id): Target) -> Answer {
    caller.show(caller.bookings.resume(&caller.actor, id).await).await
}

/// The work is done.
pub(crate) async fn complete(caller: Caller, Target(id): Target) -> Answer {
    caller.show(caller.bookings.complete(&caller.actor, id).await).await
}

/// The customer agrees that it is done.
pub(crate) async fn verify(caller: Caller, Target(id): Target) -> Answer {
    caller.show(caller.bookings.verify(&caller.actor, id).await).await
}

/// The technician confirms the payment in cash.
pub(crate) async fn confirm_cash(caller: Caller, Target(id): Target) -> Answer {
    caller.show(caller.bookings.confirm_cash(&caller.actor, id).await).await
}
