use std::{fmt::Display, str::FromStr};

use axum::{
    extract::{FromRequestParts, RawPathParams},
    http::request::Parts,
};
use baitech_core::{
    account::User,
    booking::{Booking, BookingNumber},
    kernel::{Code, Id, Violation},
};

use crate::{
    app::App,
    problem::{Answer, Problem},
};

/// The booking that the path names.
#[derive(Debug)]
pub(crate) struct Target(pub(crate) Id<Booking>);

/// The technician that the path names.
#[derive(Debug)]
pub(crate) struct Technician(pub(crate) Id<User>);

/// The number of a booking that the path names.
#[derive(Debug)]
pub(crate) struct Number(pub(crate) BookingNumber);

impl FromRequestParts<App> for Target {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Answer<Self> {
        parameter(parts, app, "booking").await.map(Self)
    }
}

impl FromRequestParts<App> for Technician {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Answer<Self> {
        parameter(parts, app, "technician").await.map(Self)
    }
}

impl FromRequestParts<App> for Number {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Answer<Self> {
        parameter(parts, app, "number").await.map(Self)
    }
}

/// A parameter by its name: an embedder's own path around the routes may have others.
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
