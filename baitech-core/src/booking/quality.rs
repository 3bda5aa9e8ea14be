use super::{
    Booking, BookingEvent, BookingStatus, Checkpoint, Context, Notes, Party, QualityCheck, Warranty,
    reschedule::check_slot,
};
use crate::decide::Decision;
use crate::kernel::{Code, Error, Percent, Result, Rule, Text, Violation};
use crate::schedule::TimeSlot;

/// The maximum number of claims on a warranty.
const MAX_CLAIMS: usize = 10;

impl Booking {
    /// The technician or staff record a check during the work.
    ///
    /// # Errors
    /// [`Rule::TRANSITION`] unless the technician has arrived and the work is not done.
    pub fn add_checkpoint(
        mut self,
        name: Text<100>,
        passed: bool,
        notes: Option<Text<500>>,
        context: &Context<'_>,
    ) -> Result<Decision<Self>> {
        let actor = &context.actor;
        self.require_party(&[Party::Technician, Party::Admin, Party::Support], actor)?;
        let during = [BookingStatus::Arrived, BookingStatus::InProgress, BookingStatus::Paused];
        self.require_status(&during, "adding a checkpoint", actor)?;
        if self.quality.checkpoints.len() >= 50 {
            return Err(
                Violation::new("checkpoints", Code::TooMany, "must have at most 50 checkpoints").into()
            );
        }
        let checked_by = actor.id().ok_or_else(|| Error::forbidden("only a user can add a checkpoint"))?;
        self.0.quality.checkpoints.push(Checkpoint {
            element: Some(context.id()),
            name,
            passed,
            checked_by,
            checked_at: context.now,
            notes,
        });
        Ok(Decision::new(self).event(BookingEvent::BookingQualityChecked { passed }))
    }

    /// Staff checks the finished work, once.
    ///
    /// # Errors
    /// [`Rule::TRANSITION`] before the work is done; [`Rule::ALREADY_DECIDED`] for a second check.
    pub fn check_quality(
        mut self,
        score: Percent,
        notes: Option<Text<500>>,
        context: &Context<'_>,
    ) -> Result<Decision<Self>> {
        let actor = &context.actor;
        self.require_party(&[Party::Admin, Party::Support], actor)?;
        let done = [
            BookingStatus::Completed,
            BookingStatus::Verified,
            BookingStatus::PaymentPending,
            BookingStatus::Paid,
            BookingStatus::Disputed,
        ];
        self.require_status(&done, "checking the finished work", actor)?;
        if self.quality.check.is_some() {
            return Err(self.refuse(Rule::ALREADY_DECIDED, "the work was already checked", actor));
        }
        let checked_by = actor.id().ok_or_else(|| Error::forbidden("only a user can check the work"))?;
        let passed = score.get() >= 50;
        self.0.quality.check = Some(QualityCheck { checked_by, checked_at: context.now, score, notes });
        Ok(Decision::new(self).event(BookingEvent::BookingQualityChecked { passed }))
    }

    /// The technician offers a warranty for a number of days from completion.
    ///
    /// # Errors
    /// [`Rule::TRANSITION`] once the work is done; a violation of `duration` outside 1 to 3,650 days.
    pub fn offer_warranty(
        mut self,
        days: u32,
        terms: Option<Text<1000>>,
        context: &Context<'_>,
    ) -> Result<Decision<Self>> {
        self.require_party(&[Party::Technician], &context.actor)?;
        if !self.status.holds_time() {
            let message = "a warranty can only be offered before the work is done";
            return Err(self.refuse(Rule::TRANSITION, message, &context.actor));
        }
        if !(1..=3_650).contains(&days) {
            let message = "must be between 1 and 3,650 days";
            return Err(Violation::new("duration", Code::OutOfRange, message).into());
        }
        let claims = std::mem::take(&mut self.0.warranty.claims);
        self.0.warranty = Warranty { offered: true, days: Some(days), terms, expires_at: None, claims };
        Ok(Decision::new(self).event(BookingEvent::BookingUpdated))
    }

    /// Fails unless the warranty covers a claim for this slot now.
    ///
    /// # Errors
    /// [`Rule::TRANSITION`] before the work is verified; [`Rule::TOO_LATE`] without an unexpired warranty;
    /// [`Rule::PAYMENT_REQUIRED`] while the bill is unpaid; violations of `timeSlot` and, after ten claims,
    /// of `warranty.claims`.
    pub(super) fn require_warranty(&self, slot: &TimeSlot, context: &Context<'_>) -> Result<()> {
        self.require_party(&[Party::Customer], &context.actor)?;
        let done = [
            BookingStatus::Completed,
            BookingStatus::Verified,
            BookingStatus::PaymentPending,
            BookingStatus::Paid,
        ];
        self.require_status(&done, "claiming the warranty", &context.actor)?;
        if self.warranty.expires_at.is_none_or(|expires_at| context.now >= expires_at) {
            return Err(self.refuse(Rule::TOO_LATE, "the booking has no valid warranty", &context.actor));
        }
        if !self.is_paid_up() {
            let message =
                format!("{} of the price is unpaid; pay it before you claim the warranty", self.owed());
            return Err(self.refuse(Rule::PAYMENT_REQUIRED, message, &context.actor));
        }
        if self.warranty.claims.len() >= MAX_CLAIMS {
            let message = format!("must have at most {MAX_CLAIMS} claims");
            return Err(Violation::new("warranty.claims", Code::TooMany, message).into());
        }
        Ok(check_slot(slot, context)?)
    }

    /// The customer claims the warranty. The decision creates a zero-price booking in the same commit.
    ///
    /// # Errors
    /// [`Rule::TRANSITION`] before the work is done; [`Rule::TOO_LATE`] without an unexpired warranty;
    /// [`Rule::PAYMENT_REQUIRED`] while the bill is unpaid; violations of `timeSlot` and, after ten claims,
    /// of `warranty.claims`.
    pub fn claim_warranty(
        mut self,
        slot: TimeSlot,
        description: Text<1000>,
        context: &Context<'_>,
    ) -> Result<Decision<Self>> {
        self.require_warranty(&slot, context)?;
        let claimed = self.warranty_booking(slot, description, context);
        let booking = claimed.id;
        self.0.warranty.claims.push(booking);
        let opening = claimed.opening_events();
        let claim = BookingEvent::BookingWarrantyClaimed { booking };
        Ok(Decision::new(self).event(claim).create(Decision::new(claimed).events(opening)))
    }

    /// A party writes its own note.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for an actor who is not a party.
    pub fn note(mut self, text: Option<Text<1000>>, context: &Context<'_>) -> Result<Decision<Self>> {
        let parties = self.parties(&context.actor);
        let Notes { customer, technician, admin } = &mut self.0.notes;
        let place = if parties.contains(Party::Customer) {
            customer
        } else if parties.contains(Party::Technician) {
            technician
        } else if parties.contains(Party::Admin) || parties.contains(Party::Support) {
            admin
        } else {
            return Err(Error::forbidden("only the parties and staff can write notes"));
        };
        *place = text;
        Ok(Decision::new(self).event(BookingEvent::BookingUpdated))
    }

    /// Hides a finished booking from lists. It stays stored.
    ///
    /// # Errors
    /// [`Rule::TRANSITION`] unless the booking is final; [`Error::Forbidden`] unless the actor is staff.
    pub fn hide(mut self, context: &Context<'_>) -> Result<Decision<Self>> {
        self.require_party(&[Party::Admin, Party::Support], &context.actor)?;
        if !self.status.is_terminal() {
            return Err(self.refuse(
                Rule::TRANSITION,
                "only a booking that has ended can be hidden",
                &context.actor,
            ));
        }
        self.0.deleted_at.get_or_insert(context.now);
        Ok(Decision::new(self).event(BookingEvent::BookingUpdated))
    }
}
