//! Giving money back, and releasing it early.

use serde::Serialize;

use super::Payments;
use crate::{
    booking::Bookings,
    decide::Decision,
    engine::Effort::GoesOn,
    kernel::{Actor, Error, Id, Money, Result, Role, Rule, Text},
    payment::{Transaction, TransactionKind},
    store::Stored,
};

impl Payments {
    /// Gives a payment back, or a part of it: out of what is held, or out of each party's share. Answers with the transaction that
    /// gives it back; where a provider has to do that, it is on its way.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for others than staff, and for who has paid it or is paid by it; [`Rule::ExceedsCapture`] for more than is left; violations of `amount` and `reason`;
    /// [`Rule::Undecided`] while the booking is disputed; [`Error::Conflict`].
    pub async fn refund(
        &self,
        actor: &Actor,
        id: Id<Transaction>,
        amount: Money,
        reason: &str,
    ) -> Result<Stored<Transaction>> {
        self.require_staff(actor, GoesOn).await?;
        let reason = Text::<500>::new("reason", reason)?;
        let command = self.command(actor, "refund", &(id, amount, &reason))?;
        // Numbers are few: none is drawn for a refund that will be refused.
        self.load(id)
            .await?
            .check_refund(amount)
            .or_else(|error| if self.key.is_some() { Ok(()) } else { Err(error) })?;
        let refunded = self
            .decide(&command, id, true, |transaction, beside| {
                if beside
                    .booking
                    .is_some_and(|booking| booking.status == crate::booking::BookingStatus::Disputed)
                {
                    let message = "the booking is disputed: its decision says what goes back";
                    return Err(transaction.refuse(Rule::Undecided, message));
                }
                transaction.require_disinterested(actor)?;
                let (before, customer) =
                    (transaction.clone(), beside.booking.map(|booking| booking.customer));
                let refunded = transaction.refund(amount, reason.as_str(), &beside.context)?;
                let after = refunded.next.clone();
                refunded.count_returned(customer, (&before, &after))
            })
            .await?;
        self.latest_refund(refunded).await
    }

    /// The refund that a command has made of a payment. A repeated command is answered with the refund itself.
    async fn latest_refund(&self, answered: Stored<Transaction>) -> Result<Stored<Transaction>> {
        if answered.kind == TransactionKind::Refund {
            return Ok(answered);
        }
        let refund = answered.refunds.last().and_then(|refund| refund.transaction);
        let refund = refund.ok_or_else(|| answered.refuse(Rule::Transition, "nothing was given back"))?;
        let refund = self.load(refund).await?;
        if refund.wants_sending() {
            // What fails here is not lost: the refund is due, and a worker sends it.
            let _ = self.for_system().send(&refund).await;
            return self.load(refund.id).await;
        }
        Ok(refund)
    }

    /// Gives the held money of a payment to its receivers before its time.
    ///
    /// # Errors
    /// As [`Booking::release_escrow`](crate::booking::Booking::release_escrow); [`Error::Forbidden`] for others than an admin;
    /// [`Error::Conflict`].
    pub async fn release(&self, actor: &Actor, id: Id<Transaction>) -> Result<Stored<Transaction>> {
        self.require_actor(actor, GoesOn).await?;
        if actor.role().is_some_and(|role| role != Role::Admin) {
            return Err(Error::forbidden("only an admin releases money early"));
        }
        let payment = self.load(id).await?;
        let booking = payment
            .booking
            .ok_or_else(|| payment.refuse(Rule::AlreadyDecided, "nothing is held for this payment"))?;
        if self.pinned.is_some_and(|version| version != payment.version) {
            return Err(Error::Conflict(payment.into()));
        }
        let mut bookings = Bookings::new(self.engine.clone());
        if let Some(key) = self.key.clone() {
            bookings = bookings.with_key(key);
        }
        bookings.release_escrow(actor, booking, id).await?;
        self.load(id).await
    }

    /// Withdraws a payment that nobody has been asked for yet.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for others than the payer and staff; [`Rule::Transition`] once it was sent; [`Error::Conflict`].
    pub async fn withdraw_payment(&self, actor: &Actor, id: Id<Transaction>) -> Result<Stored<Transaction>> {
        self.require_actor(actor, GoesOn).await?;
        let by = *actor;
        self.command_on(actor, id, "withdraw_payment", &(), move |transaction, beside| {
            if !by.is_staff() && transaction.payer != by.id() {
                return Err(Error::forbidden("a payment is withdrawn by its payer"));
            }
            transaction.withdraw("withdrawn by its payer", &beside.context)
        })
        .await
    }

    pub(super) async fn command_on<F>(
        &self,
        actor: &Actor,
        id: Id<Transaction>,
        name: &'static str,
        arguments: &(impl Serialize + Sync),
        decide: F,
    ) -> Result<Stored<Transaction>>
    where
        F: Fn(Transaction, &super::Beside<'_>) -> Result<Decision<Transaction>> + Send + Sync,
    {
        let command = self.command(actor, name, &(id, arguments))?;
        self.decide(&command, id, false, decide).await
    }
}
