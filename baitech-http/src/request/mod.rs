//! Parsing requests: caller, target and terms.

mod accept;
mod body;
mod caller;
mod headers;
mod id;
mod origin;
mod params;
mod path;
mod strict;

pub(crate) use accept::prefers_json;
pub(crate) use body::{Body, OptionalBody, Statement, read};
pub(crate) use caller::Caller;
pub(crate) use headers::none_match;
pub(crate) use id::bound_request_id;
pub(crate) use origin::Origin;
pub(crate) use params::Params;
pub(crate) use path::{DueTarget, Number, Target, Technician, parameter, parameters};
