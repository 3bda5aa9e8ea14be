use std::time::Duration;

use baitech_core::transaction::GatewayError;
use reqwest::{Client, StatusCode, Url, redirect};

use crate::{ConfigError, config::is_loopback};

/// A provider's raw answer.
#[derive(Clone)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) body: Vec<u8>,
}

/// A client for one provider.
pub(crate) fn client(base: &Url, connect: Duration, total: Duration) -> Result<Client, ConfigError> {
    // Fails if another cryptography provider is already installed, which then stays.
    let _ = rustls::crypto::ring::default_provider().install_default();
    // Following a redirect would send our credentials to another server.
    let mut builder =
        Client::builder().connect_timeout(connect).timeout(total).redirect(redirect::Policy::none());
    if is_loopback(base) {
        builder = builder.no_proxy();
    }
    builder.build().map_err(|error| ConfigError::Client(error.without_url().to_string()))
}

/// Sends a request and reads the whole answer.
pub(crate) async fn send(request: reqwest::RequestBuilder) -> Result<Reply, GatewayError> {
    let response = request.send().await.map_err(no_answer)?;
    let status = response.status();
    let body = response.bytes().await.map_err(no_answer)?.to_vec();
    Ok(Reply { status, body })
}

/// Why there was no answer, without the URL and the request's content.
#[expect(clippy::needless_pass_by_value, reason = "it is passed to `map_err`")]
fn no_answer(error: reqwest::Error) -> GatewayError {
    GatewayError::new(if error.is_timeout() {
        "the request timed out"
    } else if error.is_connect() {
        "no connection could be made"
    } else if error.is_builder() {
        "the request could not be built"
    } else {
        "the connection broke"
    })
}
