use std::{convert::Infallible, net::SocketAddr};

use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::{header, request::Parts},
};
use baitech_core::payment::PaymentOrigin;

use crate::app::App;

/// The most characters that are kept of what a client calls itself.
const MAX_DEVICE: usize = 256;

/// Where a request comes from: the address at the other end of the connection, where the server tells it, and what the client calls
/// itself.
///
/// `X-Forwarded-For` and its like are whatever a client writes; a server behind a proxy that it trusts puts the right address into
/// [`ConnectInfo`].
#[derive(Debug)]
pub(crate) struct Origin(pub(crate) PaymentOrigin);

impl FromRequestParts<App> for Origin {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        let device = parts.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
        let device: Option<String> = device.map(|text| text.trim().chars().take(MAX_DEVICE).collect());
        Ok(Self(PaymentOrigin {
            // One client has one address, whether its server listens on IPv4 or on both.
            ip_address: peer.map(|ConnectInfo(peer)| peer.ip().to_canonical().to_string()),
            device: device.filter(|text| !text.is_empty()),
            location: None,
        }))
    }
}
