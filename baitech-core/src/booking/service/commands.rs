//! The commands that take a booking along its way.

use super::{
    Bookings,
    Effort::{Begins, GoesOn},
};
use crate::{
    account::{KycStatus, User},
    booking::{Booking, BookingStatus, CancellationQuote, Context, PaymentMethod},
    decide::Caller,
    kernel::{Actor, Error, Id, Result, Rule, Text},
    ledger::Account,
    payment::Transaction,
    store::{Guard, Stored, UserStamps, Version},
};

impl Bookings {
    /// The technician promises to come. The technician's time is claimed in the same commit.
    ///
    /// # Errors
    /// [`Rule::Transition`], [`Rule::TimeSlotTaken`], [`Rule::TooLate`], [`Rule::NotEligible`] while the technician's
    /// identity is not verified; [`Error::Conflict`].
    pub async fn accept(&self, actor: &Actor, id: Id<Booking>) -> Result<Stored<Booking>> {
        let look = |booking: Stored<Booking>, caller: Caller| async move {
            let technician = caller.filter(|user| user.technician.is_some());
            if technician.as_ref().is_some_and(|user| user.kyc.status != KycStatus::Verified) {
                return Err(Error::refused(Rule::NotEligible, "the identity has to be verified first"));
            }
            let verified = technician
                .map(|user| Guard::User { id: user.id, stamps: UserStamps::of(&user).with_kyc(&user) });
            Ok([verified, self.require_within_debt_limit(actor, &booking).await?])
        };
        let decide = |booking: Booking, guards: [Option<Guard>; 2], context: &Context<'_>| {
            let mut decision = booking.accept(context)?;
            decision.effects.guards.extend(guards.into_iter().flatten());
            Ok(decision)
        };
        self.change_looking(actor, id, ("accept", Begins), &(), (look, decide)).await
    }

    /// A technician who owes the platform too much takes no more cash: each cash job adds to the debt.
    async fn require_within_debt_limit(&self, actor: &Actor, booking: &Booking) -> Result<Option<Guard>> {
        let Some(technician) = actor.id() else { return Ok(None) };
        if booking.payment.method != Some(PaymentMethod::Cash) {
            return Ok(None);
        }
        let limit = self.engine.policy.payment.debt_limit;
        if self.owes_too_much(technician).await? {
            let message =
                format!("more than {limit} is owed to the platform: pay it before another job in cash");
            return Err(Error::refused(Rule::DebtLimit, message));
        }
        Ok(Some(Guard::Balance { account: Account::Payable(technician), min: limit.negated() }))
    }

    /// Whether a technician owes the platform more than the limit for jobs in cash.
    pub(super) async fn owes_too_much(&self, technician: Id<User>) -> Result<bool> {
        let limit = self.engine.policy.payment.debt_limit;
        let balance = self.engine.ledger.balance(Account::Payable(technician), limit.currency()).await?;
        Ok(balance.negated().exceeds(limit)?)
    }

    /// The technician declines; another is looked for.
    ///
    /// # Errors
    /// [`Rule::Transition`]; [`Error::Conflict`].
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
    /// [`Rule::Transition`], [`Rule::TooEarly`], [`Rule::PaymentRequired`]; [`Error::Conflict`].
    pub async fn en_route(&self, actor: &Actor, id: Id<Booking>) -> Result<Stored<Booking>> {
        self.change(actor, id, ("en_route", GoesOn), &(), |booking, context| booking.en_route(context)).await
    }

    /// The technician is there.
    ///
    /// # Errors
    /// [`Rule::Transition`]; [`Error::Conflict`].
    pub async fn arrive(&self, actor: &Actor, id: Id<Booking>) -> Result<Stored<Booking>> {
        self.change(actor, id, ("arrive", GoesOn), &(), |booking, context| booking.arrive(context)).await
    }

    /// The work begins.
    ///
    /// # Errors
    /// [`Rule::Transition`]; [`Error::Conflict`].
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
    /// [`Rule::Transition`]; [`Error::Conflict`].
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
    /// [`Rule::Transition`]; [`Error::Conflict`].
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
    /// [`Rule::Transition`]; [`Error::Conflict`].
    pub async fn complete(&self, actor: &Actor, id: Id<Booking>) -> Result<Stored<Booking>> {
        self.change(actor, id, ("complete", GoesOn), &(), |booking, context| booking.complete(context)).await
    }

    /// The customer agrees that it is done; the booking walks on to `payment_pending`, or to `paid` where nothing is left to pay.
    ///
    /// # Errors
    /// [`Rule::Transition`]; [`Error::Conflict`].
    pub async fn verify(&self, actor: &Actor, id: Id<Booking>) -> Result<Stored<Booking>> {
        self.change(actor, id, ("verify", GoesOn), &(), |booking, context| booking.verify(context)).await
    }

    /// The technician confirms that the customer has paid in cash: the booking is `paid`, and the platform's share stands as the
    /// technician's debt. Pinned and keyed like everything that moves money.
    ///
    /// # Errors
    /// [`Rule::Transition`], [`Rule::PaymentMethod`]; [`Error::Forbidden`]; [`Error::Conflict`].
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
                return Err(booking.refuse(Rule::AlreadyDecided, message, &context.actor));
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

    /// Gives the booking up. Pin it to the version that was shown ([`at`](Self::at)), and name the fee that was shown
    /// ([`agreed`](Self::agreed)): fees rise with time, too.
    ///
    /// # Errors
    /// [`Rule::Transition`]; [`Error::Conflict`]; a violation of `reason`.
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
    /// [`Rule::TooEarly`] before the wait is over, [`Rule::Transition`]; [`Error::Conflict`].
    pub async fn report_customer_no_show(&self, actor: &Actor, id: Id<Booking>) -> Result<Stored<Booking>> {
        self.change(actor, id, ("customer_no_show", GoesOn), &(), |booking, context| {
            booking.cancel("the customer was not there", true, context)
        })
        .await
    }
}
