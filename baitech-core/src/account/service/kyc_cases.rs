//! Commands and queries about identity checks.

use std::sync::Arc;

use async_trait::async_trait;

use super::{Accounts, require_may_change, require_other, require_staff};
use crate::{
    account::{KycCase, KycCaseFilter, KycCaseView, KycDecision, KycDocuments, User},
    decide::{change, change_looking},
    engine::{Access, Command, Engine},
    kernel::{Actor, Error, Id, Kind, Page, PageRequest, Result},
    store::{AggregateRef, Load, Stored},
    worker::{DueTask, TaskOutcome},
};

/// The name of the list in cursors.
const LIST: &str = "kycCases";

impl Accounts {
    /// Submits identity documents. It opens an identity check ([`KycCase`]), or replaces the documents of the
    /// open one.
    ///
    /// # Errors
    /// Violations of `idNumber` and the images;
    /// [`Rule::ALREADY_DECIDED`](crate::kernel::Rule::ALREADY_DECIDED) after verification;
    /// [`Error::Conflict`].
    pub async fn submit_kyc(
        &self,
        actor: &Actor,
        id: Id<User>,
        documents: &KycDocuments,
    ) -> Result<Stored<User>> {
        let look = || self.open_kyc_case(id);
        self.change_looking(actor, id, ("submit_kyc", documents), look, |user, open, now| {
            let context = self.engine.account_context(actor, now);
            let decided = user.submit_kyc(documents)?;
            let Some(checked) = decided.next.kyc.documents() else {
                return Err(Error::Internal { reason: "submitted documents are incomplete".to_owned() });
            };
            let case = match &open {
                Some(open) => open.value.clone().replace_documents(checked)?,
                None => KycCase::open(context.id(), id, checked, now),
            };
            Ok(decided.with(open.as_ref(), case, &context))
        })
        .await
    }

    /// Verifies or rejects the identity documents of another user, and closes the identity check; for staff.
    /// A user of the earlier application may have submitted documents without an identity check.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for all actors except staff, and for staff that decides on itself;
    /// [`Rule::ALREADY_DECIDED`](crate::kernel::Rule::ALREADY_DECIDED) unless documents are pending;
    /// [`Error::Conflict`].
    pub async fn decide_kyc(
        &self,
        actor: &Actor,
        id: Id<User>,
        decision: &KycDecision,
    ) -> Result<Stored<User>> {
        require_staff(actor)?;
        require_other(actor, id)?;
        let look = || self.open_kyc_case(id);
        self.change_looking(actor, id, ("decide_kyc", decision), look, |user, open, now| {
            let decided = user.decide_kyc(decision, actor, now)?;
            let Some(open) = open else { return Ok(decided) };
            let closed = open.value.clone().close(decision, actor, now)?;
            Ok(decided.with(Some(&open), closed, &self.engine.account_context(actor, now)))
        })
        .await
    }

    /// Decides an open identity check, as [`decide_kyc`](Self::decide_kyc) does; for staff. The version set
    /// by [`if_version`](Self::if_version) is the case's.
    ///
    /// # Errors
    /// As [`decide_kyc`](Self::decide_kyc); [`Error::NotFound`].
    pub async fn decide_kyc_case(
        &self,
        actor: &Actor,
        id: Id<KycCase>,
        decision: &KycDecision,
    ) -> Result<Stored<KycCase>> {
        require_staff(actor)?;
        let caller = self.engine.require_actor(actor, Access::Begin).await?;
        let command = self.command(actor, "decide_kyc_case", &(id, decision))?.by(caller);
        let look = |case: Stored<KycCase>, _| async move {
            let user = self.engine.users.load(case.user).await?;
            user.ok_or_else(|| Error::not_found(Kind::User, case.user))
        };
        let decide = |case: KycCase, user: Stored<User>, now| {
            require_other(actor, case.user)?;
            require_may_change(actor, &user)?;
            let closed = case.close(decision, actor, now)?;
            let decided = user.value.clone().decide_kyc(decision, actor, now)?;
            Ok(closed.with(Some(&user), decided, &self.engine.account_context(actor, now)))
        };
        change_looking(&self.engine, self.kyc_cases(), &command, id, look, decide).await
    }

    /// An identity check, for its user and staff.
    ///
    /// # Errors
    /// [`Error::NotFound`], also for other callers; [`Error::Forbidden`] for a role that the actor does not
    /// have; [`Rule::INACTIVE_USER`](crate::kernel::Rule::INACTIVE_USER).
    pub async fn kyc_case(&self, actor: &Actor, id: Id<KycCase>) -> Result<KycCaseView> {
        let actor = &self.engine.reader(actor).await?;
        let stored = self.kyc_cases().load(id).await?.filter(|case| case.is_visible_to(actor));
        stored.map(KycCaseView::from).ok_or_else(|| Error::not_found(Kind::KycCase, id))
    }

    /// Lists identity checks, first submitted first; for staff.
    ///
    /// # Errors
    /// [`Error::Forbidden`]; [`Rule::INACTIVE_USER`](crate::kernel::Rule::INACTIVE_USER); a violation of
    /// `cursor`.
    pub async fn list_kyc_cases(
        &self,
        actor: &Actor,
        filter: KycCaseFilter,
        page: &PageRequest,
    ) -> Result<Page<KycCaseView>> {
        self.require_reader(actor).await?;
        let cases = self.engine.store.list_kyc_cases(filter, &page.of_list(LIST)?).await?;
        Ok(cases.map(KycCaseView::from).of_list(LIST))
    }

    /// The open case of a user. Opening and closing it write the user too, so the user's version covers what
    /// is read here.
    async fn open_kyc_case(&self, user: Id<User>) -> Result<Option<Stored<KycCase>>> {
        let held = self.engine.claims.held(&[KycCase::claim(user)]).await?;
        match held.first().map(|claim| claim.holder) {
            Some(AggregateRef::KycCase(id)) => {
                Ok(self.kyc_cases().load(id).await?.filter(|case| case.is_open()))
            }
            _ => Ok(None),
        }
    }

    fn kyc_cases(&self) -> &dyn Load<KycCase> {
        &*self.engine.store
    }
}

#[async_trait]
impl DueTask for KycCase {
    async fn run_due_task(engine: &Arc<Engine>, id: Id<Self>) -> Result<TaskOutcome> {
        let cases: &dyn Load<Self> = &*engine.store;
        let seen = cases.load(id).await?.ok_or_else(|| Error::not_found(Kind::KycCase, id))?;
        let command = Command::new(&Actor::System, Some(seen.version), None, "remind_of_kyc_case", &id)?;
        let remind = |case: Self, now| Ok(case.remind(now, &engine.policy.account));
        let written = change(engine, cases, &command, id, remind).await?;
        Ok(if written.reminders > seen.reminders { TaskOutcome::Done } else { TaskOutcome::NotDue })
    }
}
