//! M-Pesa through Safaricom's Daraja.
//!
//! [`Mpesa`] is a [`PaymentGateway`](baitech_core::payment::PaymentGateway): charges are STK pushes, payouts
//! are B2C payments, full refunds are reversals, and partial refunds are B2C payments. Daraja first accepts
//! an order and later reports its outcome by a callback.
//!
//! # References
//! Daraja has several ids for an operation. The reference of an operation, which its callbacks must contain,
//! is
//! - for a charge, its `CheckoutRequestID`;
//! - for a payout or refund, its `OriginatorConversationID`. For B2C we derive it from the idempotency key,
//!   so that an order whose answer was lost can still be found.
//!
//! # What callbacks prove
//! Callbacks are not signed: only Daraja knows the token in their path, and only Daraja knows the reference.
//! A callback about a failure has no amount, payer or receipt; one about a success may mask digits of the
//! payer's number. A queue time-out means that the outcome is unknown. The answer to a status query arrives
//! as a callback under the transaction's token:
//! - for a payout or refund it is the outcome;
//! - for a charge it is [`News::Details`](baitech_core::payment::News::Details), without a reference, since
//!   it does not contain the `CheckoutRequestID`;
//! - a failed query is [`News::Nothing`](baitech_core::payment::News::Nothing).

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
    /// Creates a provider from a configuration, without sending anything.
    ///
    /// # Errors
    /// [`ConfigError`] with every error of the configuration.
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
