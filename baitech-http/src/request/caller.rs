use axum::{
    extract::FromRequestParts,
    http::{StatusCode, request::Parts},
    response::Response,
};
use baitech_core::{
    account::Accounts,
    booking::{Booking, Bookings},
    kernel::{Actor, Current, Error, Page, Result},
    payment::{Payments, StartedPayment},
    search::Search,
    store::Stored,
    transaction::{Transaction, TransactionView},
};

use super::headers::{agreed_total, idempotency_key, if_match};
use crate::{
    app::App,
    authenticate::Authenticated,
    problem::{Answer, Kind, Problem},
    response,
};

/// The caller, with services under the request's terms: pinned by `If-Match`, keyed by `Idempotency-Key`,
/// limited by `Agreed-Total`.
#[derive(Debug)]
pub(crate) struct Caller {
    pub(crate) actor: Actor,
    pub(crate) accounts: Accounts,
    pub(crate) bookings: Bookings,
    pub(crate) payments: Payments,
    pub(crate) search: Search,
    pinned: bool,
}

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Answer<Self> {
        let Some(Authenticated(actor)) = parts.extensions.get().copied() else {
            return Err(Problem::unauthenticated(app.auth.challenge()));
        };
        let (mut bookings, mut payments) = (app.market.bookings(), app.market.payments());
        let mut accounts = app.market.accounts();
        let version = if_match(&parts.headers)?;
        if let Some(version) = version {
            accounts = accounts.if_version(version);
            bookings = bookings.if_version(version);
            payments = payments.if_version(version);
        }
        if let Some(key) = idempotency_key(&parts.headers)? {
            accounts = accounts.idempotency_key(key.clone());
            bookings = bookings.idempotency_key(key.clone());
            payments = payments.idempotency_key(key);
        }
        if let Some(most) = agreed_total(&parts.headers)? {
            bookings = bookings.max_price(most);
            payments = payments.max_price(most);
        }
        let search = app.market.search();
        Ok(Self { actor, accounts, bookings, payments, search, pinned: version.is_some() })
    }
}

impl Caller {
    /// Translates an error of the engine for this caller. A conflict shows the current state, as far as this
    /// caller may see it.
    pub(crate) async fn problem(&self, error: Error) -> Problem {
        let shown = match &error {
            Error::Conflict(Current::Booking(booking)) => {
                self.bookings.view_of(&self.actor, booking).await.map(|view| Some(view.into()))
            }
            Error::Conflict(Current::Transaction(transaction)) => {
                self.payments.view_of(&self.actor, transaction).await.map(|view| Some(view.into()))
            }
            _ => Ok(None),
        };
        match shown {
            Ok(current) => Problem::from_error(error, current, self.pinned),
            // A caller who may no longer see the aggregate does not learn of the conflict.
            Err(error) => Problem::from_error(error, None, self.pinned),
        }
    }

    /// Fails if the request names a version, on routes that create a resource: no tag matches a resource that
    /// does not exist yet (RFC 9110, section 13.1.1).
    pub(crate) fn unpinned(&self) -> Answer<()> {
        if self.pinned {
            let detail = "the request creates a resource, which has no version yet; send it without If-Match";
            return Err(Problem::new(Kind::PreconditionFailed, detail));
        }
        Ok(())
    }

    /// The booking that a command returned, as this caller sees it.
    pub(crate) async fn show(&self, result: Result<Stored<Booking>>) -> Answer {
        let booking = self.answer(result).await?;
        let view = self.answer(self.bookings.view_of(&self.actor, &booking).await).await?;
        response::tagged(StatusCode::OK, &view)
    }

    /// A new booking and its location, relative to the request's own URL because an embedder may nest the
    /// routes anywhere.
    pub(crate) async fn show_new(&self, result: Result<Stored<Booking>>, above: &str) -> Answer {
        let booking = self.answer(result).await?;
        let view = self.answer(self.bookings.view_of(&self.actor, &booking).await).await?;
        let response: Response = response::tagged(StatusCode::CREATED, &view)?;
        Ok(response::located(response, &format!("{above}{}", view.record.id)))
    }

    /// The transaction that a command returned, as this caller sees it.
    pub(crate) async fn show_payment(&self, result: Result<Stored<Transaction>>) -> Answer {
        response::tagged(StatusCode::OK, &self.view(result).await?)
    }

    /// A new transaction and its location, relative to the request's own URL.
    pub(crate) async fn show_new_payment(&self, result: Result<Stored<Transaction>>, above: &str) -> Answer {
        let view = self.view(result).await?;
        let response = response::tagged(StatusCode::CREATED, &view)?;
        Ok(response::located(response, &format!("{above}{}", view.id)))
    }

    /// A started payment, with the secret that its payer's device needs to continue.
    pub(crate) async fn show_started(&self, result: Result<StartedPayment>, above: &str) -> Answer {
        let StartedPayment { transaction, client_secret } = self.answer(result).await?;
        let view = self.view(Ok(transaction)).await?;
        let response = response::started(&view, client_secret.as_ref())?;
        Ok(response::located(response, &format!("{above}{}", view.id)))
    }

    async fn view(&self, result: Result<Stored<Transaction>>) -> Answer<TransactionView> {
        let transaction = self.answer(result).await?;
        self.answer(self.payments.view_of(&self.actor, &transaction).await).await
    }

    /// A page of a list. All parameters of a list are in the query, so an invalid one makes the request
    /// malformed; the cursor is parsed only by the list itself.
    pub(crate) async fn listed<T>(&self, result: Result<Page<T>>) -> Answer<Page<T>> {
        match result {
            Err(Error::Invalid(violations)) => Err(Problem::malformed(violations.iter().cloned())),
            result => self.answer(result).await,
        }
    }

    /// Any other result.
    pub(crate) async fn answer<T>(&self, result: Result<T>) -> Answer<T> {
        match result {
            Ok(value) => Ok(value),
            Err(error) => Err(self.problem(error).await),
        }
    }
}
