//! Giving a booking up, taking it off the lists.

use super::Reason;
use crate::{
    problem::Answer,
    request::{Body, Caller, Target},
};

/// Gives the booking up, for the fee of the version that `If-Match` names.
pub(crate) async fn cancel(caller: Caller, Target(id): Target, Body(body): Body<Reason>) -> Answer {
    caller.show(caller.bookings.cancel(&caller.actor, id, &body.reason).await).await
}

/// The technician gives up on a customer who is not there.
pub(crate) async fn customer_no_show(caller: Caller, Target(id): Target) -> Answer {
    caller.show(caller.bookings.report_customer_no_show(&caller.actor, id).await).await
}

/// Staff takes a booking that has ended off the lists.
pub(crate) async fn hide(caller: Caller, Target(id): Target) -> Answer {
    caller.show(caller.bookings.hide(&caller.actor, id).await).await
}

/// No more bookings follow in the series that this booking began; those that are there stay.
pub(crate) async fn end_series(caller: Caller, Target(id): Target) -> Answer {
    caller.show(caller.bookings.end_series(&caller.actor, id).await).await
}
