use std::{convert::Infallible, net::SocketAddr};

use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::request::Parts,
};
use baitech_core::transaction::PaymentOrigin;

use crate::app::App;

/// The header in which an app names its installation: an id that it generates once and keeps. Strangers share
/// a `User-Agent`, which would make them look like one user.
const DEVICE: &str = "x-device-id";

/// The maximum number of characters kept.
const MAX_DEVICE: usize = 128;

/// The origin of a request: the peer address of the connection, if the server provides it, and the id of the
/// app's installation, if the app sends one.
///
/// Clients can forge `X-Forwarded-For` and similar headers; a server behind a trusted proxy puts the right
/// address into [`ConnectInfo`].
#[derive(Debug)]
pub(crate) struct Origin(pub(crate) PaymentOrigin);

impl FromRequestParts<App> for Origin {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let device = parts.headers.get(DEVICE).and_then(|value| value.to_str().ok());
        let device: Option<String> = device.map(|text| text.trim().chars().take(MAX_DEVICE).collect());
        Ok(Self(PaymentOrigin {
            // A client has the same address whether the server listens on IPv4 only or on both.
            ip_address: peer.map(|ConnectInfo(peer)| peer.ip().to_canonical().to_string()),
            device: device.filter(|text| !text.is_empty()),
            location: None,
        }))
    }
}
