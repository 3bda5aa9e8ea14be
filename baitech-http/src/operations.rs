//! Routes for operators. The engine checks every rule.

use axum::extract::State;

use crate::route::{Entry, table};
use crate::{
    app::App,
    problem::Answer,
    request::{Caller, DueTarget, Params},
    response,
};

/// The routes of operations.
#[rustfmt::skip]
pub(crate) const ROUTES: &[Entry] = table![
    get  "/api/v1/set-aside"                   Authenticated self::list_set_aside,
    post "/api/v1/set-aside/{kind}/{id}/retry" Authenticated self::retry_set_aside,
];

/// A page of the due work that is set aside, the newest first, for admins.
pub(crate) async fn list_set_aside(State(app): State<App>, caller: Caller, mut params: Params) -> Answer {
    let page = params.page();
    params.finish()?;
    let found = app.market.operations().list_set_aside(&caller.actor, &page).await;
    response::page(&caller.listed(found).await?)
}

/// Returns due work that was set aside to the queue, for admins. Safe to repeat.
pub(crate) async fn retry_set_aside(
    State(app): State<App>,
    caller: Caller,
    DueTarget(target): DueTarget,
) -> Answer {
    caller.unpinned()?;
    let retried = app.market.operations().retry_set_aside(&caller.actor, target).await;
    caller.answer(retried).await?;
    response::json(&target)
}
