//! M-Pesa by Safaricom's Daraja.
//!
//! [`Mpesa`] is a [`PaymentGateway`](baitech_core::payment::PaymentGateway): charges are STK pushes, payouts
//! B2C payments, refunds of a whole payment reversals and other refunds B2C payments. Daraja takes an order
//! first and tells later, by a callback, what became of it.
//!
//! # References
//! Daraja names an operation in several ways. The reference of an operation, which its callbacks must bear,
//! is
//! - of a charge, its `CheckoutRequestID`;
//! - of a payout and a refund, its `OriginatorConversationID`. For B2C we choose it, as a function of the
//!   idempotency key, so that an order whose answer was lost is still found.
//!
//! # What callbacks prove
//! Callbacks are not signed: only Daraja knows the token in their path, and only Daraja knows the reference.
//! A callback that fails has no amount, payer or receipt; one that succeeds may show the payer's number with
//! digits masked. A queue time-out says that the outcome is not known. The answer to a question about a
//! transaction comes as a callback under the token of that transaction:
//! - about a payout or refund it is its outcome;
//! - about a charge it is [`News::Details`](baitech_core::payment::News::Details), without a reference, since
//!   Daraja does not tell the `CheckoutRequestID` there;
//! - a question that failed is [`News::Nothing`](baitech_core::payment::News::Nothing).

mod access_token;
mod callback;
mod client;
mod config;
mod deposit;
mod gateway;
mod json;
mod orders;
mod result_code;
mod results;
mod short_number;

use std::{fmt, sync::Arc};

use baitech_core::kernel::{Clock, Violations};
use reqwest::Client;

pub use config::MpesaConfig;
pub use result_code::ResultCode;

use access_token::AccessTokens;

use crate::{ConfigError, http};

/// Safaricom's Daraja, as a payment provider.
pub struct Mpesa {
    config: MpesaConfig,
    http: Client,
    tokens: AccessTokens,
    clock: Arc<dyn Clock>,
}

impl Mpesa {
    /// A provider of this configuration. Nothing is sent yet.
    ///
    /// # Errors
    /// [`ConfigError`] with every mistake of the configuration.
    pub fn new(config: MpesaConfig, clock: Arc<dyn Clock>) -> Result<Self, ConfigError> {
        config.validate()?;
        let base = config.base().map_err(|violation| ConfigError::Invalid(Violations::from(violation)))?;
        let http = http::client(&base, config.connect_timeout, config.timeout)?;
        let tokens = AccessTokens::new(http.clone(), Arc::clone(&clock));
        Ok(Self { config, http, tokens, clock })
    }
}

impl fmt::Debug for Mpesa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mpesa")
            .field("base_url", &self.config.base_url)
            .field("short_code", &self.config.short_code)
            .finish_non_exhaustive()
    }
}
