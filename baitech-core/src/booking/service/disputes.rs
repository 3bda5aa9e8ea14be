//! Disputes, quality, warranty, notes.

use super::{
    Access::{Begin, Continue},
    Bookings,
};
use crate::{
    account::Image,
    booking::{Booking, Context, DisputeCategory, DisputeClaim, DisputeOutcome, NewTimeSlot},
    decide::Answers,
    kernel::{Actor, Id, Percent, Result, Text},
    store::Stored,
};

impl Bookings {
    /// A party contests the work or the bill.
    ///
    /// # Errors
    /// [`Rule::TRANSITION`](crate::kernel::Rule::TRANSITION),
    /// [`Rule::TOO_LATE`](crate::kernel::Rule::TOO_LATE),
    /// [`Rule::ALREADY_DECIDED`](crate::kernel::Rule::ALREADY_DECIDED);
    /// [`Error::Conflict`](crate::kernel::Error::Conflict); a violation of `reason`.
    pub async fn dispute(
        &self,
        actor: &Actor,
        id: Id<Booking>,
        category: DisputeCategory,
        reason: &str,
    ) -> Result<Stored<Booking>> {
        let reason = Text::<1000>::new("reason", reason)?;
        self.change(actor, id, ("dispute", Continue), &(category, &reason), |booking, context| {
            booking.dispute(DisputeClaim { reason: reason.clone(), category }, context)
        })
        .await
    }

    /// A party or staff adds evidence.
    ///
    /// # Errors
    /// [`Rule::TRANSITION`](crate::kernel::Rule::TRANSITION);
    /// [`Error::Conflict`](crate::kernel::Error::Conflict); violations of `text` and `images`.
    pub async fn add_evidence(
        &self,
        actor: &Actor,
        id: Id<Booking>,
        text: &str,
        images: Vec<Image>,
    ) -> Result<Stored<Booking>> {
        let text = Text::<1000>::new("text", text)?;
        self.change(actor, id, ("add_evidence", Continue), &(&text, &images), |booking, context| {
            booking.add_evidence(text.clone(), images.clone(), context)
        })
        .await
    }

    /// Staff start to investigate the dispute.
    ///
    /// # Errors
    /// [`Error::Forbidden`](crate::kernel::Error::Forbidden),
    /// [`Rule::TRANSITION`](crate::kernel::Rule::TRANSITION);
    /// [`Error::Conflict`](crate::kernel::Error::Conflict).
    pub async fn investigate_dispute(&self, actor: &Actor, id: Id<Booking>) -> Result<Stored<Booking>> {
        self.change(actor, id, ("investigate", Continue), &(), |booking, context| {
            booking.investigate_dispute(context)
        })
        .await
    }

    /// Staff resolve the dispute; all money of the decision moves in the same commit.
    ///
    /// # Errors
    /// As [`Booking::resolve_dispute`]; [`Error::Conflict`](crate::kernel::Error::Conflict).
    pub async fn resolve_dispute(
        &self,
        actor: &Actor,
        id: Id<Booking>,
        outcome: DisputeOutcome,
        notes: &str,
    ) -> Result<Stored<Booking>> {
        let notes = Text::<1000>::new("notes", notes)?;
        self.change(actor, id, ("resolve", Continue), &(outcome, &notes), |booking, context| {
            booking.resolve_dispute(outcome, notes.clone(), context)
        })
        .await
    }

    /// Closes a resolved dispute.
    ///
    /// # Errors
    /// [`Error::Forbidden`](crate::kernel::Error::Forbidden),
    /// [`Rule::TRANSITION`](crate::kernel::Rule::TRANSITION);
    /// [`Error::Conflict`](crate::kernel::Error::Conflict).
    pub async fn close_dispute(&self, actor: &Actor, id: Id<Booking>) -> Result<Stored<Booking>> {
        self.change(actor, id, ("close_dispute", Continue), &(), |booking, context| {
            booking.close_dispute(context)
        })
        .await
    }

    /// The technician or staff record a check during the work.
    ///
    /// # Errors
    /// As [`Booking::add_checkpoint`]; violations of `name` and `notes`.
    pub async fn add_checkpoint(
        &self,
        actor: &Actor,
        id: Id<Booking>,
        name: &str,
        passed: bool,
        notes: Option<&str>,
    ) -> Result<Stored<Booking>> {
        let name = Text::<100>::new("name", name)?;
        let notes = Text::<500>::optional("notes", notes)?;
        self.change(actor, id, ("add_checkpoint", Continue), &(&name, passed, &notes), |booking, context| {
            booking.add_checkpoint(name.clone(), passed, notes.clone(), context)
        })
        .await
    }

    /// Staff check the finished work, once.
    ///
    /// # Errors
    /// As [`Booking::check_quality`]; violations of `score` and `notes`.
    pub async fn check_quality(
        &self,
        actor: &Actor,
        id: Id<Booking>,
        score: u8,
        notes: Option<&str>,
    ) -> Result<Stored<Booking>> {
        let score = Percent::new(score)?;
        let notes = Text::<500>::optional("notes", notes)?;
        self.change(actor, id, ("check_quality", Continue), &(score, &notes), |booking, context| {
            booking.check_quality(score, notes.clone(), context)
        })
        .await
    }

    /// The technician offers a warranty.
    ///
    /// # Errors
    /// As [`Booking::offer_warranty`]; a violation of `terms`.
    pub async fn offer_warranty(
        &self,
        actor: &Actor,
        id: Id<Booking>,
        days: u32,
        terms: Option<&str>,
    ) -> Result<Stored<Booking>> {
        let terms = Text::<1000>::optional("terms", terms)?;
        self.change(actor, id, ("offer_warranty", Continue), &(days, &terms), |booking, context| {
            booking.offer_warranty(days, terms.clone(), context)
        })
        .await
    }

    /// The customer claims the warranty: books a zero-price booking in a slot of the customer's choice,
    /// linked to this one. Returns the new booking.
    ///
    /// # Errors
    /// [`Rule::TOO_LATE`](crate::kernel::Rule::TOO_LATE) without an unexpired warranty;
    /// [`Rule::PAYMENT_REQUIRED`](crate::kernel::Rule::PAYMENT_REQUIRED) while the bill is unpaid; violations
    /// of `timeSlot…` and `description`; [`Error::Conflict`](crate::kernel::Error::Conflict).
    pub async fn claim_warranty(
        &self,
        actor: &Actor,
        id: Id<Booking>,
        slot: &NewTimeSlot,
        description: &str,
    ) -> Result<Stored<Booking>> {
        let description = Text::<1000>::new("description", description)?;
        let user = self.require_actor(actor, Begin).await?;
        let command = self.command(actor, "claim_warranty", &(id, &(slot, &description)))?.by(user);
        let look = |_, _| std::future::ready(Ok(()));
        let decide = |booking: Booking, (), context: &Context<'_>| {
            let slot = slot.check(booking.slot.zone, context.policy)?;
            booking.claim_warranty(slot, description.clone(), context)
        };
        self.carry_out(&command.answering(Answers::Created), id, (look, decide)).await
    }

    /// A party writes its own note; a blank text removes it.
    ///
    /// # Errors
    /// A violation of `notes`; [`Error::Conflict`](crate::kernel::Error::Conflict).
    pub async fn note(&self, actor: &Actor, id: Id<Booking>, text: &str) -> Result<Stored<Booking>> {
        let text = Text::<1000>::optional("notes", Some(text))?;
        self.change(actor, id, ("note", Continue), &text, |booking, context| {
            booking.note(text.clone(), context)
        })
        .await
    }

    /// Staff hide a final booking from lists.
    ///
    /// # Errors
    /// As [`Booking::hide`].
    pub async fn hide(&self, actor: &Actor, id: Id<Booking>) -> Result<Stored<Booking>> {
        self.change(actor, id, ("hide", Continue), &(), |booking, context| booking.hide(context)).await
    }
}
