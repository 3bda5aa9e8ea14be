//! Contesting the work or the bill.

use baitech_core::{
    account::Image,
    booking::{DisputeCategory, DisputeOutcome},
    kernel::{Code, Money, Violation},
};
use serde::Deserialize;

use crate::{
    problem::{Answer, Problem},
    request::{Body, Caller, Target},
};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewDispute {
    category: DisputeCategory,
    reason: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewEvidence {
    text: String,
    #[serde(default)]
    images: Vec<Image>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Outcome {
    FullRefund,
    PartialRefund,
    Release,
}

/// The outcome and its amount as separate fields: a tagged value inside the body would hide unknown fields
/// and the paths of invalid ones.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct NewResolution {
    outcome: Outcome,
    #[serde(default)]
    amount: Option<Money>,
    notes: String,
}

impl NewResolution {
    fn outcome(&self) -> Result<DisputeOutcome, Violation> {
        match (self.outcome, self.amount) {
            (Outcome::FullRefund, None) => Ok(DisputeOutcome::FullRefund),
            (Outcome::PartialRefund, Some(amount)) => Ok(DisputeOutcome::PartialRefund(amount)),
            (Outcome::Release, None) => Ok(DisputeOutcome::Release),
            (Outcome::PartialRefund, None) => {
                Err(Violation::new("amount", Code::Required, "a partial refund has an amount"))
            }
            (Outcome::FullRefund | Outcome::Release, Some(_)) => {
                Err(Violation::new("amount", Code::Unknown, "only a partial refund has an amount"))
            }
        }
    }
}

/// One side contests the work or the bill.
pub(crate) async fn dispute(caller: Caller, Target(id): Target, Body(body): Body<NewDispute>) -> Answer {
    caller.show(caller.bookings.dispute(&caller.actor, id, body.category, &body.reason).await).await
}

/// One side, or staff, adds evidence.
pub(crate) async fn add_evidence(
    caller: Caller,
    Target(id): Target,
    Body(body): Body<NewEvidence>,
) -> Answer {
    caller.show(caller.bookings.add_evidence(&caller.actor, id, &body.text, body.images).await).await
}

/// Staff start to investigate the dispute.
pub(crate) async fn investigate_dispute(caller: Caller, Target(id): Target) -> Answer {
    caller.show(caller.bookings.investigate_dispute(&caller.actor, id).await).await
}

/// Staff resolve the dispute.
pub(crate) async fn resolve_dispute(
    caller: Caller,
    Target(id): Target,
    Body(body): Body<NewResolution>,
) -> Answer {
    let outcome = body.outcome().map_err(Problem::from_violation)?;
    caller.show(caller.bookings.resolve_dispute(&caller.actor, id, outcome, &body.notes).await).await
}

/// Staff close the dispute.
pub(crate) async fn close_dispute(caller: Caller, Target(id): Target) -> Answer {
    caller.show(caller.bookings.close_dispute(&caller.actor, id).await).await
}
