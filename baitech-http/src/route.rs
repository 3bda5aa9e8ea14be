//! Routes with their access rules, as data: the router is built from the tables of the features, and tests
//! iterate over them.

use axum::{http::Method, routing::MethodRouter};

use crate::app::App;

/// Who may call a route. The engine decides what a caller may do with a booking or money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Access {
    /// All callers, without credentials.
    Public,
    /// Users that [`Authenticate`](crate::Authenticate) identifies.
    Authenticated,
}

/// One route.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Route {
    /// The method.
    pub method: Method,
    /// The path, with parameters in braces: `/api/v1/bookings/{booking}/accept`.
    pub path: &'static str,
    /// A unique name: `accept`.
    pub name: &'static str,
    /// Who may call it.
    pub access: Access,
}

/// Every route of the [`router`](crate::router), in the order of the documentation.
pub fn routes() -> impl Iterator<Item = Route> {
    crate::entries().map(|entry| entry.route.clone())
}

/// A route and its handler.
pub(crate) struct Entry {
    pub(crate) route: Route,
    pub(crate) mount: fn() -> MethodRouter<App>,
}

/// A feature's table of routes.
macro_rules! table {
    ($($verb:ident $path:literal $access:ident $module:ident::$name:ident,)*) => {
        &[$($crate::route::Entry {
            route: $crate::route::Route {
                method: $crate::route::method!($verb),
                path: $path,
                name: stringify!($name),
                access: $crate::route::Access::$access,
            },
            mount: || axum::routing::$verb($module::$name),
        },)*]
    };
}

macro_rules! method {
    (get) => {
        axum::http::Method::GET
    };
    (post) => {
        axum::http::Method::POST
    };
    (put) => {
        axum::http::Method::PUT
    };
    (delete) => {
        axum::http::Method::DELETE
    };
}

pub(crate) use {method, table};
