use std::time::Duration;

use baitech_core::{
    kernel::{Code, Currency, Violation, Violations},
    payment::Limits,
};
use chrono::TimeDelta;
use secrecy::SecretString;

use crate::{ConfigError, config};

/// The connection to Stripe and our account there.
///
/// ```
/// use baitech_providers::stripe::StripeConfig;
/// let config = StripeConfig {
///     secret_key: "sk_test_key".into(),
///     webhook_secrets: vec!["whsec_secret".into()],
///     webhook_token: "0123456789abcdef".into(),
///     ..StripeConfig::default()
/// };
/// assert!(config.validate().is_ok());
/// ```
#[derive(Debug, Clone)]
pub struct StripeConfig {
    /// The base URL: [`PRODUCTION`](Self::PRODUCTION), or a server on this machine.
    pub base_url: String,
    /// The secret key, or a restricted one.
    pub secret_key: SecretString,
    /// The signing secrets of the webhook endpoint: two while the secret is being rolled.
    pub webhook_secrets: Vec<SecretString>,
    /// The last part of the path of the webhook endpoint.
    pub webhook_token: SecretString,
    /// The API version (`Stripe-Version`). The webhook endpoint must use the same version.
    pub api_version: String,
    /// The maximum age of a signature when its call arrives.
    pub signature_tolerance: TimeDelta,
    /// The currencies that the account accepts; empty for any.
    pub currencies: Vec<Currency>,
    /// Bounds of a charge.
    pub charge: Limits,
    /// Bounds of a payout.
    pub pay_out: Limits,
    /// How long to wait for an answer.
    pub timeout: Duration,
    /// How long to wait for a connection.
    pub connect_timeout: Duration,
}

impl StripeConfig {
    /// Stripe; the key determines whether it is the live or the test environment.
    pub const PRODUCTION: &str = "https://api.stripe.com";
    /// The API version for which this crate was written.
    pub const API_VERSION: &str = "2024-06-20";

    /// Checks everything.
    ///
    /// # Errors
    /// [`ConfigError::Invalid`] with every error; its fields are named as on the wire (`secretKey`).
    pub fn validate(&self) -> Result<(), ConfigError> {
        let mut found = Violations::new();
        found.check(config::base_url("baseUrl", &self.base_url));
        found.check(config::secret("secretKey", &self.secret_key));
        if self.webhook_secrets.is_empty() {
            found.push(Violation::new("webhookSecrets", Code::Required, "must not be empty"));
        }
        for secret in &self.webhook_secrets {
            found.check(config::secret("webhookSecrets", secret));
        }
        found.check(config::path_token("webhookToken", &self.webhook_token));
        let is_version = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
        if self.api_version.is_empty() || !self.api_version.bytes().all(is_version) {
            let message = "must be an API version, such as 2024-06-20";
            found.push(Violation::new("apiVersion", Code::Malformed, message));
        }
        if self.signature_tolerance <= TimeDelta::zero() || self.signature_tolerance > TimeDelta::days(1) {
            let message = "must be above zero and at most a day";
            found.push(Violation::new("signatureTolerance", Code::OutOfRange, message));
        }
        found.check(limits("charge", &self.charge));
        found.check(limits("payOut", &self.pay_out));
        found.check(config::wait("timeout", self.timeout));
        found.check(config::wait("connectTimeout", self.connect_timeout));
        ConfigError::unless_valid(found)
    }
}

impl Default for StripeConfig {
    /// The defaults; key, signing secrets and token are empty.
    fn default() -> Self {
        Self {
            base_url: Self::PRODUCTION.to_owned(),
            secret_key: SecretString::default(),
            webhook_secrets: Vec::new(),
            webhook_token: SecretString::default(),
            api_version: Self::API_VERSION.to_owned(),
            signature_tolerance: TimeDelta::seconds(300),
            currencies: Vec::new(),
            charge: Limits::default(),
            pay_out: Limits::default(),
            timeout: Duration::from_secs(80),
            connect_timeout: Duration::from_secs(10),
        }
    }
}

fn limits(field: &'static str, limits: &Limits) -> Result<(), Violation> {
    match (limits.least, limits.most) {
        (Some(least), Some(most)) if least.currency() != most.currency() => {
            Err(Violation::new(field, Code::Currency, "both bounds must have the same currency"))
        }
        (Some(least), Some(most)) if least.amount() > most.amount() => {
            Err(Violation::new(field, Code::Order, "the minimum must not exceed the maximum"))
        }
        _ => Ok(()),
    }
}
