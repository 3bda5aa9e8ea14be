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

use serde::Deserialize;

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
