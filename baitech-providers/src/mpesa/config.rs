use std::time::Duration;

use baitech_core::{
    kernel::{Code, Currency, Money, Violation, Violations},
    payment::Limits,
};
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};

use crate::{ConfigError, config};

/// Words that Daraja refuses in callback URLs, in upper or lower case.
const REFUSED_WORDS: [&str; 8] = ["mpesa", "m-pesa", "safaricom", "exe", "exec", "cmd", "sql", "query"];

/// The connection to Daraja and our account there.
///
/// ```
/// use baitech_providers::mpesa::MpesaConfig;
/// let config = MpesaConfig {
///     consumer_key: "key".into(),
///     consumer_secret: "secret".into(),
///     short_code: "174379".to_owned(),
///     passkey: "passkey".into(),
///     initiator: "api".to_owned(),
///     security_credential: "ready-made".into(),
///     callback_base: "https://pay.example.com".to_owned(),
///     ..MpesaConfig::at(MpesaConfig::SANDBOX)
/// };
/// assert!(config.validate().is_ok());
/// ```
#[derive(Debug, Clone)]
pub struct MpesaConfig {
    /// The base URL: [`SANDBOX`](Self::SANDBOX), [`PRODUCTION`](Self::PRODUCTION), or a server on this
    /// machine.
    pub base_url: String,
    /// The app's consumer key.
    pub consumer_key: SecretString,
    /// The app's consumer secret.
    pub consumer_secret: SecretString,
    /// The short code that receives payments: a pay bill, or the head office of a till. Five to seven digits.
    pub short_code: String,
    /// The till that receives payments; `None` for a pay bill.
    pub till: Option<String>,
    /// The short code of payouts; `None` for the one that receives payments.
    pub payout_short_code: Option<String>,
    /// The passkey for STK pushes.
    pub passkey: SecretString,
    /// The name of the API operator for payouts, reversals and status queries.
    pub initiator: String,
    /// The operator's password, already encrypted with Daraja's certificate and in base64.
    pub security_credential: SecretString,
    /// The base URL of callbacks, without the path of webhooks: `https://pay.example.com`.
    pub callback_base: String,
    /// The path of webhooks, to which the token of a transaction is appended.
    pub callback_path: String,
    /// The last part of the path at which Daraja reports unrequested deposits (C2B); `None` if these are not
    /// registered.
    pub webhook_token: Option<SecretString>,
    /// Bounds of a charge.
    pub charge: Limits,
    /// Bounds of a payout, and of a refund by payout.
    pub pay_out: Limits,
    /// How long to wait for an answer.
    pub timeout: Duration,
    /// How long to wait for a connection.
    pub connect_timeout: Duration,
}

impl MpesaConfig {
    /// Daraja's test environment.
    pub const SANDBOX: &str = "https://sandbox.safaricom.co.ke";
    /// Daraja's live environment.
    pub const PRODUCTION: &str = "https://api.safaricom.co.ke";

    /// A configuration with the defaults; fields without a default are empty.
    #[must_use]
    pub fn at(base_url: impl Into<String>) -> Self {
        let shillings = |units| Some(Money::from_major(units, Currency::KES));
        Self {
            base_url: base_url.into(),
            consumer_key: SecretString::default(),
            consumer_secret: SecretString::default(),
            short_code: String::new(),
            till: None,
            payout_short_code: None,
            passkey: SecretString::default(),
            initiator: String::new(),
            security_credential: SecretString::default(),
            callback_base: String::new(),
            callback_path: "/api/v1/webhooks/".to_owned(),
            webhook_token: None,
            charge: Limits { least: shillings(1), most: shillings(250_000) },
            pay_out: Limits { least: shillings(10), most: shillings(250_000) },
            timeout: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(10),
        }
    }

    /// Checks everything.
    ///
    /// # Errors
    /// [`ConfigError::Invalid`] with every error; its fields are named as on the wire (`shortCode`).
    pub fn validate(&self) -> Result<(), ConfigError> {
        let mut found = Violations::new();
        found.check(config::base_url("baseUrl", &self.base_url));
        found.check(config::secret("consumerKey", &self.consumer_key));
        found.check(config::secret("consumerSecret", &self.consumer_secret));
        found.check(digits("shortCode", &self.short_code));
        found.check(self.till.as_deref().map_or(Ok(()), |till| digits("till", till)));
        found.check(self.payout_short_code.as_deref().map_or(Ok(()), |code| digits("payoutShortCode", code)));
        found.check(config::secret("passkey", &self.passkey));
        found.check(name("initiator", &self.initiator));
        found.check(config::secret("securityCredential", &self.security_credential));
        found.check(callback_base(&self.callback_base));
        found.check(callback_path(&self.callback_path));
        if let Some(token) = &self.webhook_token {
            found.check(config::path_token("webhookToken", token));
            found.check(no_refused_word("webhookToken", token.expose_secret()));
        }
        found.check(limits("charge", &self.charge));
        found.check(limits("payOut", &self.pay_out));
        found.check(config::wait("timeout", self.timeout));
        found.check(config::wait("connectTimeout", self.connect_timeout));
        ConfigError::unless_valid(found)
    }

    /// The parsed base URL.
    pub(super) fn base(&self) -> Result<Url, Violation> {
        config::base_url("baseUrl", &self.base_url)
    }

    /// The callback URL with a token.
    pub(super) fn callback_url(&self, token: &str) -> String {
        format!("{}{}{token}", self.callback_base.trim_end_matches('/'), self.callback_path)
    }

    /// The short code of payouts.
    pub(super) fn payer_short_code(&self) -> &str {
        self.payout_short_code.as_deref().unwrap_or(&self.short_code)
    }
}

/// The first refused word in a part of a URL, if there is one.
pub(super) fn refused_word(text: &str) -> Option<&'static str> {
    let text = text.to_lowercase();
    REFUSED_WORDS.into_iter().find(|word| text.contains(word))
}

fn no_refused_word(field: &'static str, text: &str) -> Result<(), Violation> {
    match refused_word(text) {
        Some(word) => {
            let message = format!("Daraja refuses URLs that contain the word {word}");
            Err(Violation::new(field, Code::Malformed, message))
        }
        None => Ok(()),
    }
}

fn digits(field: &'static str, code: &str) -> Result<(), Violation> {
    if code.is_empty() {
        return Err(Violation::new(field, Code::Required, "must not be empty"));
    }
    if !(5..=7).contains(&code.len()) || !code.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Violation::new(field, Code::Malformed, "must have five to seven digits"));
    }
    Ok(())
}

fn name(field: &'static str, name: &str) -> Result<(), Violation> {
    if name.trim().is_empty() {
        return Err(Violation::new(field, Code::Required, "must not be empty"));
    }
    if name.chars().any(char::is_control) {
        return Err(Violation::new(field, Code::Malformed, "must not contain control characters"));
    }
    Ok(())
}

fn callback_base(base: &str) -> Result<(), Violation> {
    config::base_url("callbackBase", base)?;
    no_refused_word("callbackBase", base)
}

fn callback_path(path: &str) -> Result<(), Violation> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'_' | b'.');
    if !path.starts_with('/') || !path.ends_with('/') || !path.bytes().all(allowed) {
        let message = "must begin and end with / and have only letters, digits, -, _ and . in between";
        return Err(Violation::new("callbackPath", Code::Malformed, message));
    }
    no_refused_word("callbackPath", path)
}

fn limits(field: &'static str, limits: &Limits) -> Result<(), Violation> {
    let foreign = |bound: Option<Money>| bound.is_some_and(|bound| bound.currency() != Currency::KES);
    if foreign(limits.least) || foreign(limits.most) {
        return Err(Violation::new(field, Code::Currency, "M-Pesa moves KES"));
    }
    let (least, most) = (limits.least.map(Money::amount), limits.most.map(Money::amount));
    if least.zip(most).is_some_and(|(least, most)| least > most) {
        return Err(Violation::new(field, Code::Order, "the least is above the most"));
    }
    Ok(())
}
