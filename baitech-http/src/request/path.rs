use std::{fmt::Display, str::FromStr};

use axum::{
    extract::{FromRequestParts, RawPathParams},
    http::request::Parts,
};
use baitech_core::{
    account::User,
    booking::{Booking, BookingNumber},
    kernel::{Code, Id, Violation},
    store::AggregateRef,
};

use crate::{
    app::App,
    problem::{Answer, Problem},
};

/// Extractors of path parameters, each with its type and its name in the path.
macro_rules! parameters {
    ($($(#[$doc:meta])* $name:ident($type:ty) = $parameter:literal,)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub(crate) struct $name(pub(crate) $type);

        impl axum::extract::FromRequestParts<$crate::app::App> for $name {
            type Rejection = $crate::problem::Problem;

            async fn from_request_parts(
                parts: &mut axum::http::request::Parts,
                app: &$crate::app::App,
            ) -> $crate::problem::Answer<Self> {
                $crate::request::parameter(parts, app, $parameter).await.map(Self)
            }
        }
    )*};
}

pub(crate) use parameters;

parameters! {
    /// The booking that the path names.
    Target(Id<Booking>) = "booking",
    /// The technician that the path names.
    Technician(Id<User>) = "technician",
    /// The number of a booking that the path names.
    Number(BookingNumber) = "number",
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
pub(crate) async fn parameter<T>(parts: &mut Parts, app: &App, name: &'static str) -> Answer<T>
where
    T: FromStr<Err: Display>,
{
    let malformed = |message: String| Problem::malformed([Violation::new(name, Code::Malformed, message)]);
    let params = RawPathParams::from_request_parts(parts, app).await;
    let params = params.map_err(|rejection| malformed(rejection.body_text()))?;
    let text = params.iter().find(|(key, _)| *key == name).map_or("", |(_, value)| value);
    text.parse().map_err(|error: T::Err| malformed(error.to_string()))
}
