//! Cancelling a booking, and hiding it from lists.

use super::Reason;
use crate::{
    problem::Answer,
    request::{Body, Caller, Target},
};

/// Cancels the booking, for the fee of the version that `If-Match` names.
pub(crate) async fn cancel(caller: Caller, Target(id): Target, Body(body): Body<Reason>) -> Answer {
    caller.show(caller.bookings.cancel(&caller.actor, id, &body.reason).await).await
}

/// The technician cancels because the customer is absent.
pub(crate) async fn customer_no_show(caller: Caller, Target(id): Target) -> Answer {
    caller.show(caller.bookings.report_customer_no_show(&caller.actor, id).await).await
}

/// Staff hide an ended booking from lists.
pub(crate) async fn hide(caller: Caller, Target(id): Target) -> Answer {
    caller.show(caller.bookings.hide(&caller.actor, id).await).await
}

/// Ends the series that this booking started; existing bookings stay.
pub(crate) async fn end_series(caller: Caller, Target(id): Target) -> Answer {
    caller.show(caller.bookings.end_series(&caller.actor, id).await).await
}
