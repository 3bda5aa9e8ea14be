use std::ops::Deref;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::KycCaseEvent;
use crate::{
    account::{AccountPolicy, Kyc, KycDecision, KycDocuments, User},
    decide::{Aggregate, Decision, fields_of_record},
    kernel::{Actor, Error, Id, Result, Rule, Text, after, named, unless_never},
    store::{AggregateRef, ClaimKey},
};

named! {
    /// The status of an identity check.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
    pub enum KycCaseStatus {
        /// The documents wait for a decision.
        Open = "open",
        /// Staff has verified the identity.
        Verified = "verified",
        /// Staff has rejected the documents.
        Rejected = "rejected",
    }
}

/// The stored data of an identity check. A [`KycCase`] dereferences to it.
///
/// Not `#[non_exhaustive]`: a store handles all of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KycCaseRecord {
    /// Its id.
    pub id: Id<KycCase>,
    /// The user whose identity is checked: a technician as a rule, since only technicians need a verified
    /// identity.
    pub user: Id<User>,
    /// The documents that were submitted last.
    pub documents: KycDocuments,
    /// The status.
    pub status: KycCaseStatus,
    /// When it was opened. Documents that replace others keep the case's place in the queue.
    pub submitted_at: DateTime<Utc>,
    /// When staff were last reminded.
    pub reminded_at: Option<DateTime<Utc>>,
    /// How often staff were reminded.
    pub reminders: u32,
    /// Who decided it; `None` while it is open, and for the platform itself.
    pub decided_by: Option<Id<User>>,
    /// When it was decided.
    pub decided_at: Option<DateTime<Utc>>,
    /// Why the documents were rejected.
    pub reason: Option<Text<500>>,
    /// When it was last written.
    pub updated_at: DateTime<Utc>,
}

/// One identity check of one user. It changes only through commands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KycCase(KycCaseRecord);

impl Deref for KycCase {
    type Target = KycCaseRecord;

    fn deref(&self) -> &KycCaseRecord {
        &self.0
    }
}

impl KycCase {
    /// The pause before a reminder stops doubling after this many reminders.
    pub const MAX_DOUBLINGS: u32 = 5;

    /// Creates a case from its stored record, without checks.
    #[must_use]
    pub const fn from_record(record: KycCaseRecord) -> Self {
        Self(record)
    }

    /// The record to store.
    #[must_use]
    pub fn into_record(self) -> KycCaseRecord {
        self.0
    }

    /// Whether it waits for a decision.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.status == KycCaseStatus::Open
    }

    /// Whether an actor may see the case: its user and staff may.
    #[must_use]
    pub fn is_visible_to(&self, actor: &Actor) -> bool {
        actor.is_staff() || actor.is_any(&[Some(self.user)])
    }

    /// The claim that the open case of a user holds.
    pub(crate) fn claim(user: Id<User>) -> ClaimKey {
        ClaimKey::new("kyc_case.user", user)
    }

    /// Opens the case of a user who has just submitted these documents.
    pub(crate) fn open(
        id: Id<Self>,
        user: Id<User>,
        documents: KycDocuments,
        now: DateTime<Utc>,
    ) -> Decision<Self> {
        let case = Self(KycCaseRecord {
            id,
            user,
            documents,
            status: KycCaseStatus::Open,
            submitted_at: now,
            reminded_at: None,
            reminders: 0,
            decided_by: None,
            decided_at: None,
            reason: None,
            updated_at: now,
        });
        Decision::new(case).event(KycCaseEvent::KycCaseOpened { user }).take_all([Self::claim(user)])
    }

    /// Replaces the documents of an open case.
    ///
    /// # Errors
    /// [`Rule::ALREADY_DECIDED`].
    pub(crate) fn replace_documents(mut self, documents: KycDocuments) -> Result<Decision<Self>> {
        self.require_open()?;
        self.0.documents = documents;
        let user = self.user;
        Ok(Decision::new(self).event(KycCaseEvent::KycCaseDocumentsReplaced { user }))
    }

    /// Closes an open case with the decision of staff.
    ///
    /// # Errors
    /// [`Rule::ALREADY_DECIDED`]; a violation of `reason`.
    pub(crate) fn close(
        mut self,
        decision: &KycDecision,
        actor: &Actor,
        now: DateTime<Utc>,
    ) -> Result<Decision<Self>> {
        self.require_open()?;
        match decision {
            KycDecision::Verify => self.0.status = KycCaseStatus::Verified,
            KycDecision::Reject(reason) => {
                self.0.reason = Some(Text::new("reason", reason)?);
                self.0.status = KycCaseStatus::Rejected;
            }
        }
        self.0.decided_by = actor.id();
        self.0.decided_at = Some(now);
        let (user, status) = (self.user, self.status);
        Ok(Decision::new(self)
            .event(KycCaseEvent::KycCaseClosed { user, status })
            .free_all([Self::claim(user)]))
    }

    /// Reminds staff if a reminder is due. Otherwise nothing changes; the write then corrects the due time of
    /// a case that was stored under another policy.
    pub(crate) fn remind(mut self, now: DateTime<Utc>, policy: &AccountPolicy) -> Decision<Self> {
        if self.next_reminder(policy).is_none_or(|at| at > now) {
            return Decision::new(self);
        }
        self.0.reminded_at = Some(now);
        self.0.reminders = self.reminders.saturating_add(1);
        let (user, reminders) = (self.user, self.reminders);
        Decision::new(self).event(KycCaseEvent::KycCaseReminded { user, reminders })
    }

    /// When staff are next reminded; `None` for a closed case, and if the pause never ends. The pause doubles
    /// with each of the first [`MAX_DOUBLINGS`](Self::MAX_DOUBLINGS) reminders.
    #[must_use]
    pub fn next_reminder(&self, policy: &AccountPolicy) -> Option<DateTime<Utc>> {
        let times = 1_i32 << self.reminders.min(Self::MAX_DOUBLINGS);
        let pause = policy.kyc_reminder_after.checked_mul(times).unwrap_or(TimeDelta::MAX);
        let last = self.reminded_at.unwrap_or(self.submitted_at);
        unless_never(after(last, pause)).filter(|_| self.is_open())
    }

    fn require_open(&self) -> Result<()> {
        if self.is_open() {
            return Ok(());
        }
        let message = format!("the identity check was closed as {}", self.status);
        Err(Error::refused(Rule::ALREADY_DECIDED, message))
    }
}

impl Kyc {
    /// The submitted documents; `None` if a required one is missing.
    #[must_use]
    pub fn documents(&self) -> Option<KycDocuments> {
        Some(KycDocuments {
            id_type: self.id_type?,
            id_number: self.id_number.clone()?,
            front_image: self.front_image.clone()?,
            back_image: self.back_image.clone(),
        })
    }
}

impl Aggregate for KycCase {
    type Event = KycCaseEvent;
    type Stage = KycCaseStatus;
    type Policy = AccountPolicy;

    fields_of_record!();

    fn participants(&self) -> Vec<AggregateRef> {
        vec![self.user.into()]
    }

    fn due_at(&self, policy: &AccountPolicy) -> Option<DateTime<Utc>> {
        self.next_reminder(policy)
    }
}
