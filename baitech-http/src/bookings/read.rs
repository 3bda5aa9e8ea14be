//! One booking: itself, its history, what giving it up would cost.

use axum::http::HeaderMap;

use crate::{
    problem::Answer,
    request::{Caller, Number, Target},
    response::{self, Items},
};

/// A booking, or word that the client has it already.
pub(crate) async fn get(caller: Caller, Target(id): Target, headers: HeaderMap) -> Answer {
    let view = caller.answer(caller.bookings.view(&caller.actor, id).await).await?;
    response::unless_seen(&headers, &view)
}

/// A booking by its number.
pub(crate) async fn get_by_number(caller: Caller, Number(number): Number, headers: HeaderMap) -> Answer {
    let view = caller.answer(caller.bookings.view_by_number(&caller.actor, &number).await).await?;
    response::unless_seen(&headers, &view)
}

/// How a booking came to where it is.
pub(crate) async fn history(caller: Caller, Target(id): Target) -> Answer {
    let view = caller.answer(caller.bookings.view(&caller.actor, id).await).await?;
    response::json(&Items { items: view.record.history })
}

/// What a cancellation would cost this caller now. The fee holds for the booking's version.
pub(crate) async fn cancellation_fee(caller: Caller, Target(id): Target) -> Answer {
    response::json(&caller.answer(caller.bookings.cancellation_quote(&caller.actor, id).await).await?)
}
