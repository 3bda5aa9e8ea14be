use super::{ApprovalStatus, Booking, BookingEvent, BookingStatus, Context, CorporateDetails, Party};
use crate::{
    account::User,
    decide::Decision,
    kernel::{Error, Id, Money, Result, Rule, Text},
};

impl CorporateDetails {
    /// The details of a new booking. Totals up to the policy's limit are approved automatically.
    pub(super) fn new(
        company: Id<User>,
        project: (Option<Text<150>>, Option<Text<50>>, Option<Text<100>>),
        total: Money,
        context: &Context<'_>,
    ) -> Result<Self> {
        let within = !total.exceeds(context.policy.approval_limit)?;
        let (project_name, project_code, department) = project;
        Ok(Self {
            company,
            project_name,
            project_code,
            department,
            approval: if within { ApprovalStatus::Approved } else { ApprovalStatus::Pending },
            decided_by: None,
            decided_at: within.then_some(context.now),
        })
    }
}

impl Booking {
    /// The company's administrator, or an admin on the administrator's behalf, approves the price.
    ///
    /// # Errors
    /// [`Rule::ALREADY_DECIDED`]; [`Error::Forbidden`] unless the actor is the company's administrator or an
    /// admin.
    pub fn approve(self, context: &Context<'_>) -> Result<Decision<Self>> {
        self.decide_approval(ApprovalStatus::Approved, context)
    }

    /// The company's administrator refuses the price, which cancels the booking.
    ///
    /// # Errors
    /// As [`approve`](Self::approve).
    pub fn decline_approval(self, reason: &str, context: &Context<'_>) -> Result<Decision<Self>> {
        let decision = self.decide_approval(ApprovalStatus::Declined, context)?;
        decision.and_then(|booking| booking.cancel(reason, false, context))
    }

    /// Whether a new total is above both the approved total and the limit of automatic approval.
    pub(super) fn needs_new_approval(&self, total: Money, context: &Context<'_>) -> Result<bool> {
        Ok(self.corporate.is_some()
            && total.exceeds(self.pricing.total)?
            && total.exceeds(context.policy.approval_limit)?)
    }

    fn decide_approval(mut self, approval: ApprovalStatus, context: &Context<'_>) -> Result<Decision<Self>> {
        let actor = context.actor;
        let company = self.corporate.as_ref().map(|corporate| corporate.company);
        let is_admin = self.parties(&actor).contains(Party::Admin);
        if company.is_none() || !(is_admin || actor.is_any(&[company])) {
            return Err(Error::forbidden("only the company's administrator can decide this"));
        }
        self.require_status(&[BookingStatus::Pending], "deciding on the approval", &actor)?;
        let open =
            self.0.corporate.as_mut().filter(|corporate| corporate.approval == ApprovalStatus::Pending);
        let Some(corporate) = open else {
            return Err(self.refuse(Rule::ALREADY_DECIDED, "the booking does not await an approval", &actor));
        };
        corporate.approval = approval;
        corporate.decided_by = actor.id();
        corporate.decided_at = Some(context.now);
        let approved = approval == ApprovalStatus::Approved;
        Ok(Decision::new(self).event(BookingEvent::BookingApprovalDecided { approved }))
    }
}
