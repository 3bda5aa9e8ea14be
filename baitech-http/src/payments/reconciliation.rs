//! Reconciliation of provider statements with the ledger.

use baitech_core::{
    kernel::{Code, Violation},
    payment::{ReconcileRequest, StatementPreset, reconcile::StatementPeriod},
    transaction::PaymentMethod,
};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{
    payments::path::Job,
    problem::{Answer, Problem},
    request::{Caller, Params, Statement},
    response,
};

/// Submits a statement, which a worker reconciles with the ledger: `method` names the provider, `format` the
/// file format, `from` and `until` the period.
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
    let job = caller.answer(caller.payments.reconcile(&caller.actor, &request, &statement).await).await?;
    let view = caller.answer(caller.payments.reconciliation(&caller.actor, job.id).await).await?;
    response::accepted(&view, &format!("reconciliations/{}", job.id))
}

/// The progress and findings of a reconciliation, for staff.
pub(crate) async fn get_reconciliation(caller: Caller, Job(id): Job) -> Answer {
    response::json(&caller.answer(caller.payments.reconciliation(&caller.actor, id).await).await?)
}

/// A page of reconciliations, the last submitted first, for staff.
pub(crate) async fn list_reconciliations(caller: Caller, mut params: Params) -> Answer {
    let page = params.page();
    params.finish()?;
    response::page(&caller.listed(caller.payments.list_reconciliations(&caller.actor, &page).await).await?)
}

/// A value by its name on the wire.
fn by_name<T: DeserializeOwned>(name: &str) -> Option<T> {
    serde_json::from_value(Value::String(name.to_owned())).ok()
}

fn required(parameter: &'static str) -> Problem {
    Problem::malformed([Violation::new(parameter, Code::Required, "is required")])
}
