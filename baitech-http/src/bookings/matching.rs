//! Candidates for a job, and its assignment.

use baitech_core::{account::User, kernel::Id};
use serde::{Deserialize, Serialize};

use crate::{
    problem::Answer,
    request::{Body, Caller, Params, Target, Technician},
    response::{self, Items},
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Choice {
    technician: Id<User>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct WhyNot {
    technician: Id<User>,
    eligible: bool,
    reason: Option<String>,
}

/// The default number of candidates.
const DEFAULT_CANDIDATES: u32 = 10;

/// The technicians who could do the job now, the best first.
pub(crate) async fn candidates(caller: Caller, Target(id): Target, mut params: Params) -> Answer {
    let limit = params.limit(DEFAULT_CANDIDATES);
    params.finish()?;
    let items = caller.answer(caller.bookings.candidates(&caller.actor, id, limit).await).await?;
    response::json(&Items { items })
}

/// The reason why a technician is not offered the job.
pub(crate) async fn why_not(
    caller: Caller,
    Target(id): Target,
    Technician(technician): Technician,
) -> Answer {
    let exclusion = caller.answer(caller.bookings.why_not(&caller.actor, id, technician).await).await?;
    let reason = exclusion.map(|exclusion| exclusion.to_string());
    response::json(&WhyNot { technician, eligible: reason.is_none(), reason })
}

/// Offers the job to the best technician.
pub(crate) async fn find_technician(caller: Caller, Target(id): Target) -> Answer {
    caller.show(caller.bookings.find_technician(&caller.actor, id).await).await
}

/// Offers the job to a technician of the caller's choice.
pub(crate) async fn assign(caller: Caller, Target(id): Target, Body(choice): Body<Choice>) -> Answer {
    caller.show(caller.bookings.assign(&caller.actor, id, choice.technician).await).await
}
