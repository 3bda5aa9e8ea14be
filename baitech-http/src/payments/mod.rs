//! The routes of payments. A handler reads the request, calls the engine and writes the answer; the engine
//! checks every rule.

pub(crate) mod charges;
pub(crate) mod decisions;
pub(crate) mod documents;
mod path;
pub(crate) mod reconciliation;
pub(crate) mod transactions;
pub(crate) mod wallet;
pub(crate) mod webhooks;

use crate::route::{Entry, table};
use baitech_core::{
    kernel::Money,
    payment::{NewPayment, NewPayout},
    transaction::{PaymentMethod, PaymentOrigin},
};
use serde::Deserialize;

/// The routes of payments.
#[rustfmt::skip]
pub(crate) const ROUTES: &[Entry] = table![
    post "/api/v1/bookings/{booking}/pay" Authenticated charges::pay,
    post "/api/v1/bookings/{booking}/tip" Authenticated charges::tip,

    get "/api/v1/transactions"                 Authenticated transactions::list_transactions,
    get "/api/v1/transactions/stats"           Authenticated transactions::transaction_stats,
    get "/api/v1/transactions/number/{number}" Authenticated transactions::get_transaction_by_number,
    get "/api/v1/transactions/{transaction}"   Authenticated transactions::get_transaction,

    post "/api/v1/transactions/{transaction}/withdraw"      Authenticated decisions::withdraw_payment,
    post "/api/v1/transactions/{transaction}/release"       Authenticated decisions::release,
    post "/api/v1/transactions/{transaction}/refund"        Authenticated decisions::refund,
    post "/api/v1/transactions/{transaction}/review"        Authenticated decisions::review,
    post "/api/v1/transactions/{transaction}/mismatch"      Authenticated decisions::decide_mismatch,
    post "/api/v1/transactions/{transaction}/outcome"       Authenticated decisions::decide_outcome,
    post "/api/v1/transactions/{transaction}/provider-move" Authenticated decisions::decide_provider_move,
    post "/api/v1/transactions/{transaction}/verdict"       Authenticated decisions::decide_verdict,
    get  "/api/v1/transactions/{transaction}/receipt"       Authenticated documents::receipt,
    get  "/api/v1/transactions/{transaction}/invoice"       Authenticated documents::invoice,
    get  "/api/v1/statements/{company}/{year}/{month}"      Authenticated documents::statement,
    get  "/api/v1/fraud-queue"                              Authenticated transactions::fraud_queue,

    get  "/api/v1/wallet"           Authenticated wallet::wallet,
    get  "/api/v1/wallet/entries"   Authenticated wallet::wallet_entries,
    post "/api/v1/wallet/top-up"    Authenticated wallet::top_up,
    post "/api/v1/wallet/withdraw"  Authenticated wallet::withdraw,
    post "/api/v1/wallet/pay-debt"  Authenticated wallet::pay_debt,
    get  "/api/v1/earnings/entries" Authenticated wallet::earning_entries,
    post "/api/v1/payouts"          Authenticated wallet::request_payout,

    post "/api/v1/reconciliations"                  Authenticated reconciliation::reconcile,
    get  "/api/v1/reconciliations"                  Authenticated reconciliation::list_reconciliations,
    get  "/api/v1/reconciliations/{reconciliation}" Authenticated reconciliation::get_reconciliation,
    get  "/api/v1/webhooks"                         Authenticated webhooks::list_webhooks,
    post "/api/v1/webhooks/{token}"                 Public        webhooks::receive_webhook,
    post "/api/v1/webhooks/{webhook}/retry"         Authenticated webhooks::retry_webhook,
];

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
