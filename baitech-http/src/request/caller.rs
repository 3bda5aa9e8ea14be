use axum::{
    extract::FromRequestParts,
    http::{StatusCode, request::Parts},
    response::Response,
};
use baitech_core::{
    booking::{Booking, Bookings},
    kernel::{Actor, Error, Result},
    store::Stored,
};

use super::headers::{idempotency_key, if_match};
use crate::{
    app::App,
    authenticate::Authenticated,
    problem::{Answer, Problem},
    response,
};

/// Who asks, with the bookings held to the request's terms: pinned by `If-Match`, keyed by `Idempotency-Key`.
#[derive(Debug)]
pub(crate) struct Caller {
    pub(crate) actor: Actor,
    pub(crate) bookings: Bookings,
    pinned: bool,
}

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Answer<Self> {
        let Some(Authenticated(actor)) = parts.extensions.get().copied() else {
            return Err(Problem::unauthenticated(app.auth.challenge()));
        };
        let mut bookings = app.market.bookings();
        let version = if_match(&parts.headers)?;
        if let Some(version) = version {
            bookings = bookings.at(version);
        }
        if let Some(key) = idempotency_key(&parts.headers)? {
            bookings = bookings.with_key(key);
        }
        Ok(Self { actor, bookings, pinned: version.is_some() })
    }
}

impl Caller {
    /// What an error of the engine is to this caller.
    pub(crate) fn problem(&self, error: Error) -> Problem {
        Problem::from_error(error, &self.actor, self.pinned)
    }

    /// The booking that a command returned, as this caller sees it.
    pub(crate) async fn show(&self, result: Result<Stored<Booking>>) -> Answer {
        let booking = result.map_err(|error| self.problem(error))?;
        let view = self.bookings.view_of(&self.actor, &booking).await.map_err(|error| self.problem(error))?;
        response::booking(StatusCode::OK, &view)
    }

    /// A new booking, and where it is relative to the request's own URL: an embedder may have nested the routes anywhere.
    pub(crate) async fn show_new(&self, result: Result<Stored<Booking>>, above: &str) -> Answer {
        let booking = result.map_err(|error| self.problem(error))?;
        let view = self.bookings.view_of(&self.actor, &booking).await.map_err(|error| self.problem(error))?;
        let response: Response = response::booking(StatusCode::CREATED, &view)?;
        Ok(response::located(response, &format!("{above}{}", view.record.id)))
    }

    /// Any other result.
    pub(crate) fn answer<T>(&self, result: Result<T>) -> Answer<T> {
        result.map_err(|error| self.problem(error))
    }
}
