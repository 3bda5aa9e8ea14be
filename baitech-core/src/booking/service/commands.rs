//! The commands that advance a booking.

use super::{
    Access::{Begin, Continue},
    Bookings,
};
use crate::{
    account::{KycStatus, User, UserStamps},
    booking::{Booking, BookingStatus, CancellationQuote, Context},
    engine::Caller,
    kernel::{Actor, Error, Id, Money, Result, Rule, Text},
    store::{Guard, Stored, Version},
    transaction::Transaction,
};

impl Bookings {
    /// The technician accepts. The same commit claims the technician's time, and reserves the commission of a
    /// cash job.
    ///
    /// # Errors
    /// [`Rule::TRANSITION`], [`Rule::TIME_SLOT_TAKEN`], [`Rule::TOO_LATE`], [`Rule::NOT_ELIGIBLE`] while the
    /// technician's identity is not verified; [`Rule::DEBT_LIMIT`] if the technician's debt would exceed
    /// the limit; [`Error::Conflict`].
    pub async fn accept(&self, actor: &Actor, id: Id<Booking>) -> Result<Stored<Booking>> {
        let look = |_, caller: Option<Caller>| async move {
            let technician = caller.filter(|user| user.technician.is_some());
            if technician.as_ref().is_some_and(|user| user.kyc.status != KycStatus::Verified) {
                return Err(Error::refused(
                    Rule::NOT_ELIGIBLE,
                    "the technician's identity must be verified first",
                ));
            }
            let verified =
                |user: Caller| Guard::User { id: user.id, stamps: UserStamps::of(&user).with_kyc(&user) };
            Ok(technician.map(verified))
        };
        let decide = |booking: Booking, verified: Option<Guard>, context: &Context<'_>| {
            let mut decision = booking.accept(context)?;
            decision.effects.guards.extend(verified);
            Ok(decision)
        };
        self.change_looking(actor, id, ("accept", Begin), &(), (look, decide)).await
    }

    /// Whether the commission of one more cash job would raise a technician's debt above the limit. The
    /// commit of an acceptance checks the same sum.
    pub(super) async fn owes_too_much(&self, technician: Id<User>, commission: Money) -> Result<bool> {
        let policy = &self.engine.policy;
        let limit = policy.payment.debt_limit;
        if commission.is_zero() || commission.currency() != limit.currency() {
            return Ok(false);
        }
        let mut owed = commission;
        for account in policy.payment.debt_bound(technician).accounts() {
            owed = owed.checked_sub(self.engine.ledger.balance(account, limit.currency()).await?)?;
        }
        Ok(owed.exceeds(limit)?)
    }

    /// The technician declines, and the search for another begins.
    ///
    /// # Errors
    /// [`Rule::TRANSITION`]; [`Error::Conflict`].
    pub async fn reject(&self, actor: &Actor, id: Id<Booking>, reason: &str) -> Result<Stored<Booking>> {
        let reason = Text::<500>::optional("reason", Some(reason))?;
        let reason = reason.as_ref().map(Text::as_str);
        self.change(actor, id, ("reject", Continue), &reason, |booking, context| {
            booking.reject(reason, context)
        })
        .await
    }

    /// The technician sets out.
    ///
    /// # Errors
    /// [`Rule::TRANSITION`], [`Rule::TOO_EARLY`], [`Rule::PAYMENT_REQUIRED`]; [`Error::Conflict`].
    pub async fn en_route(&self, actor: &Actor, id: Id<Booking>) -> Result<Stored<Booking>> {
        self.change(actor, id, ("en_route", Continue), &(), |booking, context| booking.en_route(context))
            .await
    }

    /// The technician arrives.
    ///
    /// # Errors
    /// [`Rule::TRANSITION`]; [`Error::Conflict`].
    pub async fn arrive(&self, actor: &Actor, id: Id<Booking>) -> Result<Stored<Booking>> {
        self.change(actor, id, ("arrive", Continue), &(), |booking, context| booking.arrive(context)).await
    }

    /// The work begins.
    ///
    /// # Errors
    /// [`Rule::TRANSITION`]; [`Error::Conflict`].
    pub async fn start(&self, actor: &Actor, id: Id<Booking>) -> Result<Stored<Booking>> {
        self.change(actor, id, ("start", Continue), &(), |booking, context| {
            booking.require_status(&[BookingStatus::Arrived], "starting the work", &context.actor)?;
            booking.start(context)
        })
        .await
    }

    /// The work pauses.
    ///
    /// # Errors
    /// [`Rule::TRANSITION`]; [`Error::Conflict`].
    pub async fn pause(
        &self,
        actor: &Actor,
        id: Id<Booking>,
        reason: Option<&str>,
    ) -> Result<Stored<Booking>> {
        let reason = Text::<500>::optional("reason", reason)?;
        let reason = reason.as_ref().map(Text::as_str);
        self.change(actor, id, ("pause", Continue), &reason, |booking, context| {
            booking.pause(reason, context)
        })
        .await
    }

    /// The work resumes after a pause.
    ///
    /// # Errors
    /// [`Rule::TRANSITION`]; [`Error::Conflict`].
    pub async fn resume(&self, actor: &Actor, id: Id<Booking>) -> Result<Stored<Booking>> {
        self.change(actor, id, ("resume", Continue), &(), |booking, context| {
            booking.require_status(&[BookingStatus::Paused], "resuming the work", &context.actor)?;
            booking.start(context)
        })
        .await
    }

    /// The work is done.
    ///
    /// # Errors
    /// [`Rule::TRANSITION`]; [`Error::Conflict`].
    pub async fn complete(&self, actor: &Actor, id: Id<Booking>) -> Result<Stored<Booking>> {
        self.change(actor, id, ("complete", Continue), &(), |booking, context| booking.complete(context))
            .await
    }

    /// The customer verifies the work. The booking advances to `payment_pending`, or to `paid` if nothing is
    /// left to pay.
    ///
    /// # Errors
    /// [`Rule::TRANSITION`]; [`Error::Conflict`].
    pub async fn verify(&self, actor: &Actor, id: Id<Booking>) -> Result<Stored<Booking>> {
        self.change(actor, id, ("verify", Continue), &(), |booking, context| booking.verify(context)).await
    }

    /// The technician confirms that the customer has paid in cash. The booking becomes `paid`, and the
    /// platform's share becomes the technician's debt. Name the version and an idempotency key, as for every
    /// command that moves money.
    ///
    /// # Errors
    /// [`Rule::TRANSITION`], [`Rule::PAYMENT_METHOD`]; [`Error::Forbidden`]; [`Error::Conflict`].
    pub async fn confirm_cash(&self, actor: &Actor, id: Id<Booking>) -> Result<Stored<Booking>> {
        self.change(actor, id, ("confirm_cash", Continue), &(), |booking, context| {
            booking.cash_received(context)
        })
        .await
    }

    /// Releases the escrowed money of a booking to its recipients before it is due.
    pub(crate) async fn release_escrow(
        &self,
        actor: &Actor,
        id: Id<Booking>,
        (payment, pinned): (Id<Transaction>, Option<Version>),
    ) -> Result<Stored<Booking>> {
        self.change(actor, id, ("release_escrow", Continue), &payment, |booking, context| {
            if booking.payment.transaction != Some(payment) {
                let message = "the booking is paid by another transaction";
                return Err(booking.refuse(Rule::ALREADY_DECIDED, message, &context.actor));
            }
            let stored = context.inputs.payments.iter().find(|stored| stored.id == payment);
            if let Some(stored) = stored.filter(|stored| pinned.is_some_and(|pin| pin != stored.version)) {
                return Err(Error::Conflict(stored.clone().into()));
            }
            booking.release_escrow(context)
        })
        .await
    }

    /// What a cancellation would cost if this actor cancelled now.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn cancellation_quote(&self, actor: &Actor, id: Id<Booking>) -> Result<CancellationQuote> {
        let booking = self.get_as_party(actor, id).await?;
        booking.cancellation_quote(false, &self.context(actor, self.engine.clock.now()))
    }

    /// Cancels the booking. Name the version ([`if_version`](Self::if_version)) and the fee
    /// ([`max_price`](Self::max_price)) that the customer was shown, since fees rise with time too.
    ///
    /// # Errors
    /// [`Rule::TRANSITION`]; [`Error::Conflict`]; a violation of `reason`.
    pub async fn cancel(&self, actor: &Actor, id: Id<Booking>, reason: &str) -> Result<Stored<Booking>> {
        let reason = Text::<500>::new("reason", reason)?;
        let reason = reason.as_str();
        self.change(actor, id, ("cancel", Continue), &reason, |booking, context| {
            self.require_max_price(booking.cancellation_quote(false, context)?.fee)?;
            booking.cancel(reason, false, context)
        })
        .await
    }

    /// The technician reports a customer no-show and cancels; the customer owes the late fee.
    ///
    /// # Errors
    /// [`Rule::TOO_EARLY`] before the wait is over, [`Rule::TRANSITION`]; [`Error::Conflict`].
    pub async fn report_customer_no_show(&self, actor: &Actor, id: Id<Booking>) -> Result<Stored<Booking>> {
        self.change(actor, id, ("customer_no_show", Continue), &(), |booking, context| {
            booking.cancel("the customer was not there", true, context)
        })
        .await
    }
}
