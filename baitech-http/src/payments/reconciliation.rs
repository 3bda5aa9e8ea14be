//! A provider's statement against the books.

use baitech_core::{
    booking::PaymentMethod,
    kernel::{Code, Violation},
    payment::{ReconcileRequest, StatementPreset, reconcile::StatementPeriod},
};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{
    problem::{Answer, Problem},
    request::{Caller, Params, Statement},
    response,
};

/// Sets a statement against the books: `method` says whose it is, `format` how it is written, `from` and `until` what time it covers.
pub(crate) async fn reconcile(caller: Caller, mut params: Params, Statement(statement): Statement) -> Answer {
    caller.unpinned()?;
    let method = params.once("method", by_name::<PaymentMethod>);
    let format = params.once("format", by_name::<StatementPreset>);
    let (from, until) = (params.one("from"), params.one("until"));
    params.finish()?;
    let method = method.ok_or_else(|| required("method"))?;
    let period = match (from, until) {
        (Some(from), Some(until)) => Some(StatementPeriod { from, until }),
        (None, None) => None,
        (Some(_), None) => return Err(required("until")),
        (None, Some(_)) => return Err(required("from")),
    };
    let request = ReconcileRequest { method, format, period };
    response::json(
        &caller.answer(caller.payments.reconcile(&caller.actor, &request, &statement).await).await?,
    )
}

/// A value by its name on the wire.
fn by_name<T: DeserializeOwned>(name: &str) -> Option<T> {
    serde_json::from_value(Value::String(name.to_owned())).ok()
}

fn required(parameter: &'static str) -> Problem {
    Problem::malformed([Violation::new(parameter, Code::Required, "this is missing")])
}
