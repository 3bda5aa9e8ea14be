use std::time::Duration;

use baitech_core::kernel::{Code, Violation, Violations};
use reqwest::Url;
use secrecy::{ExposeSecret, SecretString};

/// Why a provider cannot be configured.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// All errors of the configuration, each with its field and without secrets.
    #[error("the configuration is invalid: {0}")]
    Invalid(Violations),
    /// No TLS client can be created on this machine.
    #[error("no HTTP client can be built: {0}")]
    Client(String),
}

impl ConfigError {
    /// Fails if there is any violation.
    pub(crate) fn unless_valid(violations: Violations) -> Result<(), Self> {
        if violations.iter().next().is_none() { Ok(()) } else { Err(Self::Invalid(violations)) }
    }
}

/// The maximum time-out for an answer.
const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// A base URL: over TLS, unless it points to this machine.
pub(crate) fn base_url(field: &'static str, text: &str) -> Result<Url, Violation> {
    if text.trim().is_empty() {
        return Err(Violation::new(field, Code::Required, "must not be empty"));
    }
    let malformed = |message| Violation::new(field, Code::Malformed, message);
    let url = Url::parse(text).map_err(|_| malformed("must be a URL"))?;
    if !matches!(url.scheme(), "https" | "http") || url.host().is_none() {
        return Err(malformed("must be the URL of a web server"));
    }
    if url.scheme() == "http" && !is_loopback(&url) {
        return Err(malformed("must use https"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(malformed("must not contain credentials"));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err(malformed("must end with its path, without a query or fragment"));
    }
    Ok(url)
}

/// Whether a URL points to this machine, as in tests.
pub(crate) fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    host == "localhost"
        || host.trim_matches(['[', ']']).parse::<std::net::IpAddr>().is_ok_and(|host| host.is_loopback())
}

/// A secret that is valid in a header: not blank, and visible ASCII.
pub(crate) fn secret(field: &'static str, secret: &SecretString) -> Result<(), Violation> {
    let secret = secret.expose_secret();
    if secret.is_empty() {
        return Err(Violation::new(field, Code::Required, "must not be empty"));
    }
    if !secret.bytes().all(|byte| byte.is_ascii_graphic()) {
        let message = "must have only visible ASCII characters, without spaces";
        return Err(Violation::new(field, Code::Malformed, message));
    }
    Ok(())
}

/// The last part of a webhook's path: hard to guess.
pub(crate) fn path_token(field: &'static str, token: &SecretString) -> Result<(), Violation> {
    let token = token.expose_secret();
    if token.is_empty() {
        return Err(Violation::new(field, Code::Required, "must not be empty"));
    }
    if !token.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')) {
        return Err(Violation::new(field, Code::Malformed, "must have only letters, digits, - and _"));
    }
    if !(16..=128).contains(&token.len()) {
        return Err(Violation::new(field, Code::OutOfRange, "must have 16 to 128 characters"));
    }
    Ok(())
}

/// A time-out within bounds.
pub(crate) fn wait(field: &'static str, wait: Duration) -> Result<(), Violation> {
    if wait.is_zero() || wait > LONGEST_WAIT {
        return Err(Violation::new(field, Code::OutOfRange, "must be above zero and at most 300 seconds"));
    }
    Ok(())
}
