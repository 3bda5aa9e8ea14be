//! Routes for operators. The engine checks every rule.

use axum::extract::State;
use baitech_core::store::{ConsumerName, Seq};

use crate::route::{Entry, table};
use crate::{
    app::App,
    problem::Answer,
    request::{Caller, DueTarget, Params, parameters},
    response,
};

/// The routes of operations.
#[rustfmt::skip]
pub(crate) const ROUTES: &[Entry] = table![
    get  "/api/v1/set-aside"                   Authenticated self::list_set_aside,
    post "/api/v1/set-aside/{kind}/{id}/retry" Authenticated self::retry_set_aside,
    get  "/api/v1/consumers"                   Authenticated self::list_consumers,
    delete "/api/v1/consumers/{consumer}"      Authenticated self::remove_consumer,
    get  "/api/v1/parked-events"               Authenticated self::list_parked_events,
    post "/api/v1/parked-events/{consumer}/{seq}/retry" Authenticated self::retry_parked_event,
    post "/api/v1/log/restart"                 Authenticated self::restart_log,
];

parameters! {
    /// The consumer that the path names.
    Consumer(ConsumerName) = "consumer",
    /// The number of the event that the path names.
    Number(u64) = "seq",
}

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

/// All consumers of the log and how far they are behind, for admins.
pub(crate) async fn list_consumers(State(app): State<App>, caller: Caller, params: Params) -> Answer {
    params.finish()?;
    let found = app.market.operations().list_consumers(&caller.actor).await;
    response::json(&caller.answer(found).await?)
}

/// Deletes the cursor of a consumer that no longer runs, for admins.
pub(crate) async fn remove_consumer(
    State(app): State<App>,
    caller: Caller,
    Consumer(consumer): Consumer,
) -> Answer {
    caller.unpinned()?;
    let removed = app.market.operations().remove_consumer(&caller.actor, consumer).await;
    caller.answer(removed).await?;
    response::json(&serde_json::json!({ "consumer": consumer }))
}

/// A page of the events that consumers could not handle, for admins.
pub(crate) async fn list_parked_events(State(app): State<App>, caller: Caller, mut params: Params) -> Answer {
    let page = params.page();
    params.finish()?;
    let found = app.market.operations().list_parked(&caller.actor, &page).await;
    response::page(&caller.listed(found).await?)
}

/// Requests that a consumer handles a parked event again, for admins.
pub(crate) async fn retry_parked_event(
    State(app): State<App>,
    caller: Caller,
    Consumer(consumer): Consumer,
    Number(seq): Number,
) -> Answer {
    caller.unpinned()?;
    let retried = app.market.operations().retry_parked(&caller.actor, consumer, Seq::new(seq)).await;
    caller.answer(retried).await?;
    response::json(&serde_json::json!({ "consumer": consumer, "seq": seq }))
}

/// Begins a new epoch of the log after a backup was restored, for admins.
pub(crate) async fn restart_log(State(app): State<App>, caller: Caller) -> Answer {
    caller.unpinned()?;
    let restarted = app.market.operations().restart_log(&caller.actor).await;
    response::json(&caller.answer(restarted).await?)
}
