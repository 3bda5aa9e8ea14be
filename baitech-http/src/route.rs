//! Every route with its access rule, as data: the router is built from it, and a test iterates over it.

use axum::{
    http::Method,
    routing::{self, MethodRouter},
};

use crate::{
    app::App,
    bookings::{agreement, dispute, ending, list, matching, progress, quality, read, request},
    health, operations,
    payments::{charges, decisions, documents, reconciliation, transactions, wallet, webhooks},
};

/// Who may call a route. The engine decides what a caller may do with a booking or money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Access {
    /// Everybody.
    Public,
    /// Users that [`Authenticate`](crate::Authenticate) identifies.
    Authenticated,
}

/// One route.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Route {
    /// The method.
    pub method: Method,
    /// The path, with parameters in braces: `/api/v1/bookings/{booking}/accept`.
    pub path: &'static str,
    /// A unique name: `accept`.
    pub name: &'static str,
    /// Who may call it.
    pub access: Access,
}

/// Every route of the [`router`](crate::router), in the order of the documentation.
pub fn routes() -> impl Iterator<Item = Route> {
    TABLE.iter().map(|entry| entry.route.clone())
}

/// A route and its handler.
pub(crate) struct Entry {
    pub(crate) route: Route,
    pub(crate) mount: fn() -> MethodRouter<App>,
}

macro_rules! method {
    (get) => {
        Method::GET
    };
    (post) => {
        Method::POST
    };
    (put) => {
        Method::PUT
    };
    (delete) => {
        Method::DELETE
    };
}

macro_rules! table {
    ($($verb:ident $path:literal $access:ident $module:ident::$name:ident,)*) => {
        &[$(Entry {
            route: Route {
                method: method!($verb),
                path: $path,
                name: stringify!($name),
                access: Access::$access,
            },
            mount: || routing::$verb($module::$name),
        },)*]
    };
}

#[rustfmt::skip]
pub(crate) const TABLE: &[Entry] = table![
    get "/health" Public health::health,
    get "/ready"  Public health::ready,

    post   "/api/v1/bookings"                   Authenticated request::create,
    post   "/api/v1/bookings/quote"             Authenticated request::quote,
    get    "/api/v1/bookings"                   Authenticated list::list,
    get    "/api/v1/bookings/stats"             Authenticated list::stats,
    get    "/api/v1/bookings/number/{number}"   Authenticated read::get_by_number,
    get    "/api/v1/bookings/{booking}"         Authenticated read::get,
    delete "/api/v1/bookings/{booking}"         Authenticated ending::hide,
    get    "/api/v1/bookings/{booking}/history" Authenticated read::history,

    get  "/api/v1/bookings/{booking}/candidates"                      Authenticated matching::candidates,
    get  "/api/v1/bookings/{booking}/candidates/{technician}/why-not" Authenticated matching::why_not,
    post "/api/v1/bookings/{booking}/find-technician"                 Authenticated matching::find_technician,
    post "/api/v1/bookings/{booking}/assign"                          Authenticated matching::assign,

    post "/api/v1/bookings/{booking}/accept"       Authenticated progress::accept,
    post "/api/v1/bookings/{booking}/reject"       Authenticated progress::reject,
    post "/api/v1/bookings/{booking}/en-route"     Authenticated progress::en_route,
    post "/api/v1/bookings/{booking}/arrive"       Authenticated progress::arrive,
    post "/api/v1/bookings/{booking}/start"        Authenticated progress::start,
    post "/api/v1/bookings/{booking}/pause"        Authenticated progress::pause,
    post "/api/v1/bookings/{booking}/resume"       Authenticated progress::resume,
    post "/api/v1/bookings/{booking}/complete"     Authenticated progress::complete,
    post "/api/v1/bookings/{booking}/verify"       Authenticated progress::verify,
    post "/api/v1/bookings/{booking}/confirm-cash" Authenticated progress::confirm_cash,

    get  "/api/v1/bookings/{booking}/cancellation-fee" Authenticated read::cancellation_fee,
    post "/api/v1/bookings/{booking}/cancel"           Authenticated ending::cancel,
    post "/api/v1/bookings/{booking}/customer-no-show" Authenticated ending::customer_no_show,

    post "/api/v1/bookings/{booking}/series/end" Authenticated ending::end_series,

    post "/api/v1/bookings/{booking}/price-change"         Authenticated agreement::propose_price,
    post "/api/v1/bookings/{booking}/price-change/approve" Authenticated agreement::approve_price,
    post "/api/v1/bookings/{booking}/price-change/decline" Authenticated agreement::decline_price,
    post "/api/v1/bookings/{booking}/reschedule/move"      Authenticated agreement::move_slot,
    post "/api/v1/bookings/{booking}/reschedule"           Authenticated agreement::propose_slot,
    post "/api/v1/bookings/{booking}/reschedule/approve"   Authenticated agreement::approve_slot,
    post "/api/v1/bookings/{booking}/reschedule/decline"   Authenticated agreement::decline_slot,
    post "/api/v1/bookings/{booking}/early-start"          Authenticated agreement::allow_early_start,
    post "/api/v1/bookings/{booking}/corporate/approve"    Authenticated agreement::approve_corporate,
    post "/api/v1/bookings/{booking}/corporate/decline"    Authenticated agreement::decline_corporate,

    post "/api/v1/bookings/{booking}/quality/checkpoints" Authenticated quality::add_checkpoint,
    post "/api/v1/bookings/{booking}/quality/check"       Authenticated quality::check_quality,
    post "/api/v1/bookings/{booking}/warranty"            Authenticated quality::offer_warranty,
    post "/api/v1/bookings/{booking}/warranty/claim"      Authenticated quality::claim_warranty,
    put  "/api/v1/bookings/{booking}/notes"               Authenticated quality::write_note,

    post "/api/v1/bookings/{booking}/dispute"             Authenticated dispute::dispute,
    post "/api/v1/bookings/{booking}/dispute/evidence"    Authenticated dispute::add_evidence,
    post "/api/v1/bookings/{booking}/dispute/investigate" Authenticated dispute::investigate_dispute,
    post "/api/v1/bookings/{booking}/dispute/resolve"     Authenticated dispute::resolve_dispute,
    post "/api/v1/bookings/{booking}/dispute/close"       Authenticated dispute::close_dispute,

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

    get  "/api/v1/set-aside"                   Authenticated operations::list_set_aside,
    post "/api/v1/set-aside/{kind}/{id}/retry" Authenticated operations::retry_set_aside,
];
