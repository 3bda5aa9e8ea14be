use std::{convert::Infallible, net::SocketAddr};

use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::request::Parts,
};
use baitech_core::payment::PaymentOrigin;

use crate::app::App;

/// The header in which an app names its installation: an id that it makes once and keeps. `User-Agent` would
/// be shared by strangers, and make them look like one.
const DEVICE: &str = "x-device-id";

/// The most characters that are kept of it.
const MAX_DEVICE: usize = 128;

/// Where a request comes from: the address at the other end of the connection, where the server tells it, and
/// the id of the app's installation, where the app sends one.
///
/// `X-Forwarded-For` and its like are whatever a client writes; a server behind a proxy that it trusts puts
/// the right address into [`ConnectInfo`].
#[derive(Debug)]
pub(crate) struct Origin(pub(crate) PaymentOrigin);

impl FromRequestParts<App> for Origin {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let device = parts.headers.get(DEVICE).and_then(|value| value.to_str().ok());
        let device: Option<String> = device.map(|text| text.trim().chars().take(MAX_DEVICE).collect());
        Ok(Self(PaymentOrigin {
            // One client has one address, whether its server listens on IPv4 or on both.
            ip_address: peer.map(|ConnectInfo(peer)| peer.ip().to_canonical().to_string()),
            device: device.filter(|text| !text.is_empty()),
            location: None,
        }))
    }
}
