//! Stripe.
//!
//! [`Stripe`] is a [`PaymentGateway`](baitech_core::payment::PaymentGateway): charges are payment intents,
//! refunds are Stripe refunds, payouts are transfers to connected accounts. Every order has an idempotency
//! key, under which Stripe carries it out only once within 24 hours.
//!
//! # References
//! The reference of a charge is its payment intent (`pi_…`), of a refund `re_…`, of a payout its transfer
//! (`tr_…`). The receipt of a charge is Stripe's charge (`ch_…`).
//!
//! # Accounts
//! The account of a payer is a payment method (`pm_…`), or, for one that is kept with a customer, both:
//! `cus_…/pm_…`. Without one the payment intent waits, and the payer's device continues with the client
//! secret. The account of a payee is a connected account (`acct_…`).

mod amount;
mod client;
mod config;
mod event;
mod gateway;
mod object;
pub(crate) mod signature;
mod transfer;

use std::fmt;

use baitech_core::kernel::Violations;
use reqwest::Client;

pub use config::StripeConfig;
pub use transfer::TransferReversal;

use crate::{ConfigError, config::base_url, http};

/// Stripe, as a payment provider.
pub struct Stripe {
    config: StripeConfig,
    http: Client,
}

impl Stripe {
    /// Creates a provider from a configuration, without sending anything.
    ///
    /// # Errors
    /// [`ConfigError`] with every error of the configuration.
    pub fn new(config: StripeConfig) -> Result<Self, ConfigError> {
        config.validate()?;
        let base = base_url("baseUrl", &config.base_url)
            .map_err(|violation| ConfigError::Invalid(Violations::from(violation)))?;
        let http = http::client(&base, config.connect_timeout, config.timeout)?;
        Ok(Self { config, http })
    }
}

impl fmt::Debug for Stripe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stripe")
            .field("base_url", &self.config.base_url)
            .field("api_version", &self.config.api_version)
            .finish_non_exhaustive()
    }
}
