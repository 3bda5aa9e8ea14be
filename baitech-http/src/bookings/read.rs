//! One booking, its history, and its cancellation fee.

use axum::http::HeaderMap;

use crate::{
    problem::Answer,
    request::{Caller, Number, Target},
    response::{self, Items},
};

/// A booking, or 304 if the client already has it.
pub(crate) async fn get(caller: Caller, Target(id): Target, headers: HeaderMap) -> Answer {
    let view = caller.answer(caller.bookings.view(&caller.actor, id).await).await?;
    response::unless_seen(&headers, &view)
}

/// A booking by its number.
pub(crate) async fn get_by_number(caller: Caller, Number(number): Number, headers: HeaderMap) -> Answer {
    let view = caller.answer(caller.bookings.view_by_number(&caller.actor, &number).await).await?;
    response::unless_seen(&headers, &view)
}

/// The history of a booking.
pub(crate) async fn history(caller: Caller, Target(id): Target) -> Answer {
    let view = caller.answer(caller.bookings.view(&caller.actor, id).await).await?;
    response::json(&Items { items: view.record.history })
}

/// The fee of a cancellation by this caller now. It is valid for the booking's version.
pub(crate) async fn cancellation_fee(caller: Caller, Target(id): Target) -> Answer {
    response::json(&caller.answer(caller.bookings.cancellation_quote(&caller.actor, id).await).await?)
}
