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

use super::headers::{agreed_total, idempotency_key, if_match};
use crate::{
    app::App,
    authenticate::Authenticated,
    problem::{Answer, Kind, Problem},
    response,
};

/// Who asks, with the bookings held to the request's terms: pinned by `If-Match`, keyed by `Idempotency-Key`, no
/// dearer than `Agreed-Total`.
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
        if let Some(most) = agreed_total(&parts.headers)? {
            bookings = bookings.agreed(most);
        }
        Ok(Self { actor, bookings, pinned: version.is_some() })
    }
}

impl Caller {
    /// What an error of the engine is to this caller.
    pub(crate) fn problem(&self, error: Error) -> Problem {
        Problem::from_error(error, &self.actor, self.pinned)
    }

    /// Fails where the request names a version, on routes that are not about a booking that there is: no tag matches what is not
    /// there yet (RFC 9110, section 13.1.1).
    pub(crate) fn unpinned(&self) -> Answer<()> {
        if self.pinned {
            let detail = "what does not exist yet has no version; send this without If-Match";
            return Err(Problem::new(Kind::PreconditionFailed, detail));
        }
        Ok(())
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
