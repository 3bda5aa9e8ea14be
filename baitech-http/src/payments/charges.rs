//! Payments of bookings, and tips.

use baitech_core::payment::NewPayment;

use super::Sum;
use crate::{
    problem::Answer,
    request::{Body, Caller, OptionalBody, Origin, Target},
};

/// The transactions, relative to the URL of a command on a booking.
const TRANSACTIONS: &str = "../../transactions/";

/// Pays a booking at the version that `If-Match` names, or for the price in `Agreed-Total`.
pub(crate) async fn pay(
    caller: Caller,
    Target(id): Target,
    Origin(origin): Origin,
    OptionalBody(payment): OptionalBody<NewPayment>,
) -> Answer {
    let payment = NewPayment { origin, ..payment };
    caller.show_started(caller.payments.pay(&caller.actor, id, &payment).await, TRANSACTIONS).await
}

/// Gives the technician a tip.
pub(crate) async fn tip(
    caller: Caller,
    Target(id): Target,
    Origin(origin): Origin,
    Body(sum): Body<Sum>,
) -> Answer {
    caller.unpinned()?;
    let (amount, payment) = sum.paid_from(origin);
    caller.show_started(caller.payments.tip(&caller.actor, id, amount, &payment).await, TRANSACTIONS).await
}
