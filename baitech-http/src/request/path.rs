use std::{fmt::Display, str::FromStr};

use axum::{
    extract::{FromRequestParts, RawPathParams},
    http::request::Parts,
};
use baitech_core::{
    account::User,
    booking::{Booking, BookingNumber},
    kernel::{Code, Id, Violation},
    payment::{Reconciliation, Transaction, TransactionNumber, Webhook},
    store::AggregateRef,
};

use crate::{
    app::App,
    problem::{Answer, Problem},
};

macro_rules! parameters {
    ($($(#[$doc:meta])* $name:ident($type:ty) = $parameter:literal,)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub(crate) struct $name(pub(crate) $type);

        impl FromRequestParts<App> for $name {
            type Rejection = Problem;

            async fn from_request_parts(parts: &mut Parts, app: &App) -> Answer<Self> {
                parameter(parts, app, $parameter).await.map(Self)
            }
        }
    )*};
}

parameters! {
    /// The booking that the path names.
    Target(Id<Booking>) = "booking",
    /// The technician that the path names.
    Technician(Id<User>) = "technician",
    /// The number of a booking that the path names.
    Number(BookingNumber) = "number",
    /// The transaction that the path names.
    Payment(Id<Transaction>) = "transaction",
    /// The call of a provider that the path names.
    Call(Id<Webhook>) = "webhook",
    /// The reconciliation that the path names.
    Job(Id<Reconciliation>) = "reconciliation",
    /// The number of a transaction that the path names.
    PaymentNumber(TransactionNumber) = "number",
    /// The company that the path names.
    Company(Id<User>) = "company",
    /// The year that the path names.
    Year(i32) = "year",
    /// The month that the path names, from 1.
    Month(u32) = "month",
}

/// The aggregate that the path names by its kind and id.
#[derive(Debug)]
pub(crate) struct DueTarget(pub(crate) AggregateRef);

impl FromRequestParts<App> for DueTarget {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Answer<Self> {
        let kind: String = parameter(parts, app, "kind").await?;
        let id: String = parameter(parts, app, "id").await?;
        let target = format!("{kind}/{id}").parse();
        target.map(Self).map_err(|violation: Violation| Problem::malformed([violation]))
    }
}

/// A parameter by its name, since an embedder's path around the routes may have others.
async fn parameter<T>(parts: &mut Parts, app: &App, name: &'static str) -> Answer<T>
where
    T: FromStr<Err: Display>,
{
    let malformed = |message: String| Problem::malformed([Violation::new(name, Code::Malformed, message)]);
    let params = RawPathParams::from_request_parts(parts, app).await;
    let params = params.map_err(|rejection| malformed(rejection.body_text()))?;
    let text = params.iter().find(|(key, _)| *key == name).map_or("", |(_, value)| value);
    text.parse().map_err(|error: T::Err| malformed(error.to_string()))
}
