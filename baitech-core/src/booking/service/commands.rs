//! The commands that take a booking along its way.

use std::sync::Arc;

use super::{
    Bookings,
    Effort::{Begins, GoesOn},
};
use crate::{
    account::{KycStatus, User},
    booking::{Booking, BookingStatus, CancellationQuote, Context},
    decide::Caller,
    kernel::{Actor, Error, Id, Money, Result, Rule, Text},
    payment::Transaction,
    store::{Guard, Stored, UserStamps, Version},
};

impl Bookings {
    /// The technician promises to come. The technician's time is claimed in the same commit, and the
    /// commission of a job in cash reserved.
    ///
    /// # Errors
    /// [`Rule::TRANSITION`], [`Rule::TIME_SLOT_TAKEN`], [`Rule::TOO_LATE`], [`Rule::NOT_ELIGIBLE`] while the
    /// technician's identity is not verified; [`Rule::DEBT_LIMIT`] where the technician would come to owe too
    /// much; [`Error::Conflict`].
    pub async fn accept(&self, actor: &Actor, id: Id<Booking>) -> Result<Stored<Booking>> {
        let look = |_, caller: Caller| async move {
            let technician = caller.filter(|user| user.technician.is_some());
            if technician.as_ref().is_some_and(|user| user.kyc.status != KycStatus::Verified) {
                return Err(Error::refused(Rule::NOT_ELIGIBLE, "the identity has to be verified first"));
            }
            let verified =
                |user: Arc<User>| Guard::User { id: user.id, stamps: UserStamps::of(&user).with_kyc(&user) };
            Ok(technician.map(verified))
        };
        let decide = |booking: Booking, verified: Option<Guard>, context: &Context<'_>| {
            let mut decision = booking.accept(context)?;
            decision.effects.guards.extend(verified);
            Ok(decision)
        };
        self.change_looking(actor, id, ("accept", Begins), &(), (look, decide)).await
    }

    /// Whether a technician would owe the platform more than the limit with the commission of one more job in
    /// cash. The commit of an acceptance holds the same sum to the limit.
    pub(super) async fn owes_too_much(&self, technician: Id<User>, commission: Money) -> Result<bool> {
        let policy = &self.engine.policy;
        let limit = policy.payment.debt_limit;
        if commission.is_zero() || commission.currency() != limit.currency() {
            return Ok(false);
        }
        let mut owed = commission;
        for account in policy.debt_bound(technician).accounts() {
            owed = owed.checked_sub(self.engine.ledger.balance(account, limit.currency()).await?)?;
        }
        Ok(owed.exceeds(limit)?)
    }

    /// The technician declines; another is looked for.
    ///
    /// # Errors
    /// [`Rule::TRANSITION`]; [`Error::Conflict`].
    pub async fn reject(&self, actor: &Actor, id: Id<Booking>, reason: &str) -> Result<Stored<Booking>> {
        let reason = Text::<500>::optional("reason", Some(reason))?;
        let reason = reason.as_ref().map(Text::as_str);
        self.change(actor, id, ("reject", GoesOn), &reason, |booking, context| {
            booking.reject(reason, context)
        })
        .await
    }

    /// The technician sets out.
    ///
    /// # Errors
    /// [`Rule::TRANSITION`], [`Rule::TOO_EARLY`], [`Rule::PAYMENT_REQUIRED`]; [`Error::Conflict`].
    pub async fn en_route(&self, actor: &Actor, id: Id<Booking>) -> Result<Stored<Booking>> {
        self.change(actor, id, ("en_route", GoesOn), &(), |booking, context| booking.en_route(context)).await
    }

    /// The technician is there.
    ///
    /// # Errors
    /// [`Rule::TRANSITION`]; [`Error::Conflict`].
    pub async fn arrive(&self, actor: &Actor, id: Id<Booking>) -> Result<Stored<Booking>> {
        self.change(actor, id, ("arrive", GoesOn), &(), |booking, context| booking.arrive(context)).await
    }

    /// The work begins.
    ///
    /// # Errors
    /// [`Rule::TRANSITION`]; [`Error::Conflict`].
    pub async fn start(&self, actor: &Actor, id: Id<Booking>) -> Result<Stored<Booking>> {
        self.change(actor, id, ("start", GoesOn), &(), |booking, context| {
            booking.require_status(&[BookingStatus::Arrived], "starting", &context.actor)?;
            booking.start(context)
        })
        .await
    }

    /// The work rests.
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
        self.change(actor, id, ("pause", GoesOn), &reason, |booking, context| booking.pause(reason, context))
            .await
    }

    /// The work goes on after a pause.
    ///
    /// # Errors
    /// [`Rule::TRANSITION`]; [`Error::Conflict`].
    pub async fn resume(&self, actor: &Actor, id: Id<Booking>) -> Result<Stored<Booking>> {
        self.change(actor, id, ("resume", GoesOn), &(), |booking, context| {
            booking.require_status(&[BookingStatus::Paused], "going on", &context.actor)?;
            booking.start(context)
        })
        .await
    }

    /// The work is done.
    ///
    /// # Errors
    /// [`Rule::TRANSITION`]; [`Error::Conflict`].
    pub async fn complete(&self, actor: &Actor, id: Id<Booking>) -> Result<Stored<Booking>> {
        self.change(actor, id, ("complete", GoesOn), &(), |booking, context| booking.complete(context)).await
    }

    /// The customer agrees that it is done; the booking walks on to `payment_pending`, or to `paid` where
    /// nothing is left to pay.
    ///
    /// # Errors
    /// [`Rule::TRANSITION`]; [`Error::Conflict`].
    pub async fn verify(&self, actor: &Actor, id: Id<Booking>) -> Result<Stored<Booking>> {
        self.change(actor, id, ("verify", GoesOn), &(), |booking, context| booking.verify(context)).await
    }

    /// The technician confirms that the customer has paid in cash: the booking is `paid`, and the platform's
    /// share stands as the technician's debt. Pinned and keyed like everything that moves money.
    ///
    /// # Errors
    /// [`Rule::TRANSITION`], [`Rule::PAYMENT_METHOD`]; [`Error::Forbidden`]; [`Error::Conflict`].
    pub async fn confirm_cash(&self, actor: &Actor, id: Id<Booking>) -> Result<Stored<Booking>> {
        self.change(actor, id, ("confirm_cash", GoesOn), &(), |booking, context| {
            booking.cash_received(context)
        })
        .await
    }

    /// Gives the held money of a booking to its receivers before its time.
    pub(crate) async fn release_escrow(
        &self,
        actor: &Actor,
        id: Id<Booking>,
        (payment, pinned): (Id<Transaction>, Option<Version>),
    ) -> Result<Stored<Booking>> {
        self.change(actor, id, ("release_escrow", GoesOn), &payment, |booking, context| {
            if booking.payment.transaction != Some(payment) {
                let message = "another transaction pays this booking";
                return Err(booking.refuse(Rule::ALREADY_DECIDED, message, &context.actor));
            }
            let stored = context.payments.iter().find(|stored| stored.id == payment);
            if let Some(stored) = stored.filter(|stored| pinned.is_some_and(|pin| pin != stored.version)) {
                return Err(Error::Conflict(stored.clone().into()));
            }
            booking.release_escrow(context)
        })
        .await
    }

    /// What a cancellation would cost this actor now.
    ///
    /// # Errors
    /// [`Error::NotFound`].
    pub async fn cancellation_quote(&self, actor: &Actor, id: Id<Booking>) -> Result<CancellationQuote> {
        let booking = self.get_as_party(actor, id).await?;
        booking.cancellation_quote(false, &self.context(actor, self.engine.clock.now()))
    }

    /// Gives the booking up. Pin it to the version that was shown ([`at`](Self::at)), and name the fee that
    /// was shown ([`agreed`](Self::agreed)): fees rise with time, too.
    ///
    /// # Errors
    /// [`Rule::TRANSITION`]; [`Error::Conflict`]; a violation of `reason`.
    pub async fn cancel(&self, actor: &Actor, id: Id<Booking>, reason: &str) -> Result<Stored<Booking>> {
        let reason = Text::<500>::new("reason", reason)?;
        let reason = reason.as_str();
        self.change(actor, id, ("cancel", GoesOn), &reason, |booking, context| {
            self.require_agreed(booking.cancellation_quote(false, context)?.fee)?;
            booking.cancel(reason, false, context)
        })
        .await
    }

    /// The technician gives up on a customer who is not there; the customer owes the late fee.
    ///
    /// # Errors
    /// [`Rule::TOO_EARLY`] before the wait is over, [`Rule::TRANSITION`]; [`Error::Conflict`].
    pub async fn report_customer_no_show(&self, actor: &Actor, id: Id<Booking>) -> Result<Stored<Booking>> {
        self.change(actor, id, ("customer_no_show", GoesOn), &(), |booking, context| {
            booking.cancel("the customer was not there", true, context)
        })
        .await
    }
}
