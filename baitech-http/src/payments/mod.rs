//! The routes of payments. A handler reads the request, calls the engine and writes the answer; the engine
//! checks every rule.

pub(crate) mod charges;
pub(crate) mod decisions;
pub(crate) mod documents;
pub(crate) mod reconciliation;
pub(crate) mod transactions;
pub(crate) mod wallet;
pub(crate) mod webhooks;

use baitech_core::{
    booking::PaymentMethod,
    kernel::Money,
    payment::{NewPayment, NewPayout, PaymentOrigin},
};
use serde::Deserialize;

/// An amount and the means of payment. The fields are listed here, since a flattened struct would hide
/// unknown fields and the paths of invalid ones.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Sum {
    amount: Money,
    #[serde(default)]
    method: Option<PaymentMethod>,
    #[serde(default)]
    phone_number: Option<String>,
    #[serde(default)]
    account: Option<String>,
}

impl Sum {
    /// As an incoming payment from this origin.
    fn paid_from(self, origin: PaymentOrigin) -> (Money, NewPayment) {
        let Self { amount, method, phone_number, account } = self;
        (amount, NewPayment { method, phone_number, account, origin })
    }

    /// As a payout.
    fn paid_out(self) -> (Money, NewPayout) {
        let Self { amount, method, phone_number, account } = self;
        (amount, NewPayout { method, phone_number, account })
    }
}
