//! The routes of identity checks. The engine checks every rule.

use axum::http::{HeaderMap, StatusCode};
use baitech_core::{
    account::{KycCase, KycCaseFilter, KycCaseStatus, KycCaseView, KycDecision},
    kernel::{Code, Id, Violation},
};
use serde::Deserialize;

use crate::{
    problem::{Answer, Problem},
    request::{Body, Caller, Params, parameters},
    response::{self, Tagged},
    route::{Entry, table},
};

/// The routes of identity checks.
#[rustfmt::skip]
pub(crate) const ROUTES: &[Entry] = table![
    get  "/api/v1/kyc-cases"                    Authenticated self::list_kyc_cases,
    get  "/api/v1/kyc-cases/{kycCase}"          Authenticated self::get_kyc_case,
    post "/api/v1/kyc-cases/{kycCase}/decision" Authenticated self::decide_kyc_case,
];

parameters! {
    /// The identity check that the path names.
    Case(Id<KycCase>) = "kycCase",
}

impl Tagged for KycCaseView {
    fn tag(&self) -> String {
        format!("\"{}\"", self.version)
    }
}

/// A page of identity checks, first submitted first, for staff: all of them, or those in a `status`.
pub(crate) async fn list_kyc_cases(caller: Caller, mut params: Params) -> Answer {
    let by_name = |name: &str| KycCaseStatus::ALL.into_iter().find(|status| status.as_str() == name);
    let status = params.once("status", by_name);
    let page = params.page();
    params.finish()?;
    let filter = KycCaseFilter { status };
    response::page(&caller.listed(caller.accounts.list_kyc_cases(&caller.actor, filter, &page).await).await?)
}

/// An identity check, for its user and staff.
pub(crate) async fn get_kyc_case(caller: Caller, headers: HeaderMap, Case(id): Case) -> Answer {
    let view = caller.answer(caller.accounts.kyc_case(&caller.actor, id).await).await?;
    response::unless_seen(&headers, &view)
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Verdict {
    Verify,
    Reject,
}

/// The verdict and its reason as separate fields: a tagged value inside the body would hide unknown fields
/// and the paths of invalid ones.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Decision {
    decision: Verdict,
    #[serde(default)]
    reason: Option<String>,
}

impl Decision {
    fn decided(self) -> Result<KycDecision, Violation> {
        match (self.decision, self.reason) {
            (Verdict::Verify, None) => Ok(KycDecision::Verify),
            (Verdict::Reject, Some(reason)) => Ok(KycDecision::Reject(reason)),
            (Verdict::Reject, None) => {
                Err(Violation::new("reason", Code::Required, "a rejection has a reason"))
            }
            (Verdict::Verify, Some(_)) => {
                Err(Violation::new("reason", Code::Unknown, "only a rejection has a reason"))
            }
        }
    }
}

/// Verifies or rejects the documents, for staff.
pub(crate) async fn decide_kyc_case(
    caller: Caller,
    Case(id): Case,
    Body(decision): Body<Decision>,
) -> Answer {
    let decision = decision.decided().map_err(Problem::from_violation)?;
    let decided = caller.accounts.decide_kyc_case(&caller.actor, id, &decision).await;
    let case = caller.answer(decided).await?;
    response::tagged(StatusCode::OK, &KycCaseView::from(case))
}
