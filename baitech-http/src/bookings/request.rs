//! New bookings and quotes.

use baitech_core::booking::NewBooking;

use crate::{
    problem::Answer,
    request::{Body, Caller},
    response,
};

/// Requests a service.
pub(crate) async fn create(caller: Caller, Body(new): Body<NewBooking>) -> Answer {
    caller.unpinned()?;
    caller.show_new(caller.bookings.create(&caller.actor, &new).await, "bookings/").await
}

/// A quote: the price of a booking now, line by line.
pub(crate) async fn quote(caller: Caller, Body(new): Body<NewBooking>) -> Answer {
    caller.unpinned()?;
    response::json(&caller.answer(caller.bookings.quote(&caller.actor, &new).await).await?)
}
