use std::sync::Arc;

use baitech_core::{
    kernel::{Clock, after},
    transaction::GatewayError,
};
use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Client;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::value::RawValue;
use tokio::sync::Mutex;

use super::{MpesaConfig, json};
use crate::http;

/// A token is renewed this long before it expires, so that none expires in transit.
const MARGIN: TimeDelta = TimeDelta::seconds(60);

/// Why there is no token. The request that needed it was not sent.
#[derive(Debug)]
pub(super) enum NoToken {
    /// Daraja does not accept our key and secret.
    Refused,
    /// Daraja gave no usable answer.
    Unavailable(GatewayError),
}

/// The access token of all calls: fetched once for concurrent callers, kept until shortly before it expires.
pub(super) struct AccessTokens {
    http: Client,
    clock: Arc<dyn Clock>,
    current: Mutex<Option<Token>>,
}

struct Token {
    secret: SecretString,
    renewed_at: DateTime<Utc>,
}

impl AccessTokens {
    pub(super) fn new(http: Client, clock: Arc<dyn Clock>) -> Self {
        Self { http, clock, current: Mutex::new(None) }
    }

    /// Returns a valid token. Concurrent callers wait for a fetch in progress.
    pub(super) async fn get(&self, config: &MpesaConfig) -> Result<SecretString, NoToken> {
        let mut current = self.current.lock().await;
        if let Some(token) = current.as_ref().filter(|token| self.clock.now() < token.renewed_at) {
            return Ok(token.secret.clone());
        }
        let token = self.fetch(config).await?;
        let secret = token.secret.clone();
        *current = Some(token);
        Ok(secret)
    }

    /// Drops a token that Daraja no longer accepts, unless it has already been replaced.
    pub(super) async fn forget(&self, refused: &SecretString) {
        let mut current = self.current.lock().await;
        if current.as_ref().is_some_and(|token| token.secret.expose_secret() == refused.expose_secret()) {
            *current = None;
        }
    }

    async fn fetch(&self, config: &MpesaConfig) -> Result<Token, NoToken> {
        #[derive(Deserialize)]
        struct Granted<'a> {
            access_token: String,
            #[serde(borrow)]
            expires_in: &'a RawValue,
        }
        let base = config.base_url.trim_end_matches('/');
        let request = self
            .http
            .get(format!("{base}/oauth/v1/generate?grant_type=client_credentials"))
            .basic_auth(config.consumer_key.expose_secret(), Some(config.consumer_secret.expose_secret()));
        let asked_at = self.clock.now();
        let reply = http::send(request).await.map_err(NoToken::Unavailable)?;
        let unusable = || {
            let reason = format!("the answer {} to the request for a token is not usable", reply.status);
            NoToken::Unavailable(GatewayError::new(reason))
        };
        if matches!(reply.status.as_u16(), 400 | 401 | 403) {
            return Err(NoToken::Refused);
        }
        if !reply.status.is_success() {
            return Err(unusable());
        }
        let granted: Granted<'_> = serde_json::from_slice(&reply.body).map_err(|_| unusable())?;
        if granted.access_token.is_empty() {
            return Err(unusable());
        }
        let seconds = json::text(granted.expires_in).and_then(|text| text.parse::<u32>().ok());
        let lifetime = TimeDelta::seconds(i64::from(seconds.ok_or_else(unusable)?));
        // A token that lives shorter than twice the margin is renewed half-way.
        let kept_for = (lifetime - MARGIN).max(lifetime / 2);
        Ok(Token { secret: granted.access_token.into(), renewed_at: after(asked_at, kept_for) })
    }
}
