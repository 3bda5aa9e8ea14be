//! The routes of bookings. A handler reads the request, calls the engine and writes the answer; the engine
//! checks every rule.

pub(crate) mod agreement;
pub(crate) mod dispute;
pub(crate) mod ending;
pub(crate) mod list;
pub(crate) mod matching;
pub(crate) mod progress;
pub(crate) mod quality;
pub(crate) mod read;
pub(crate) mod request;

use crate::route::{Entry, table};
use serde::Deserialize;

/// The routes of bookings.
#[rustfmt::skip]
pub(crate) const ROUTES: &[Entry] = table![
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
];

/// A command with a required reason.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Reason {
    reason: String,
}

/// A command with an optional reason.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub(crate) struct OptionalReason {
    reason: Option<String>,
}
