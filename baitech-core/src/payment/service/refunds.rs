//! Refunds, and early release of escrow.

use super::Payments;
use crate::{
    booking::{BookingStatus, Bookings},
    decide::Answers,
    engine::Access::Continue,
    kernel::{Actor, Error, Id, Money, Result, Rule, Text},
    store::Stored,
    transaction::Transaction,
};

impl Payments {
    /// Refunds a payment or a part of it, out of the held money or out of each party's share. Returns the
    /// refund transaction, which is still open if a provider has to carry it out.
    ///
    /// # Errors
    /// [`Error::Forbidden`] unless the actor is a member of staff and neither the payer nor the payee;
    /// [`Rule::EXCEEDS_CAPTURE`] for more than is left; violations of `amount` and `reason`;
    /// [`Rule::UNDECIDED`] while the booking is disputed; [`Error::Conflict`].
    pub async fn refund(
        &self,
        actor: &Actor,
        id: Id<Transaction>,
        amount: Money,
        reason: &str,
    ) -> Result<Stored<Transaction>> {
        let user = self.require_staff(actor, Continue).await?;
        let reason = Text::<500>::new("reason", reason)?;
        let command = self.command(actor, "refund", &(id, amount, &reason))?.by(user);
        let refund = self
            .decide(&command.answering(Answers::Created), id, |transaction, related| {
                if related.booking.is_some_and(|booking| booking.status == BookingStatus::Disputed) {
                    let message = "the booking is disputed: resolve the dispute to refund it";
                    return Err(transaction.refuse(Rule::UNDECIDED, message));
                }
                transaction.require_disinterested(actor, related.context.inputs.booking)?;
                let (before, customer) =
                    (transaction.clone(), related.booking.map(|booking| booking.customer));
                let refunded = transaction.refund(amount, reason.as_str(), &related.context)?;
                let after = refunded.next.clone();
                refunded.count_returned(customer, (&before, &after))
            })
            .await?;
        if refund.wants_sending() {
            self.send_now(&refund).await;
            return self.load(refund.id).await;
        }
        Ok(refund)
    }

    /// Releases the escrowed money of a payment to its recipients before it is due.
    ///
    /// # Errors
    /// As [`Booking::release_escrow`](crate::booking::Booking::release_escrow); [`Error::Forbidden`] unless
    /// the actor is an admin; [`Error::Conflict`].
    pub async fn release(&self, actor: &Actor, id: Id<Transaction>) -> Result<Stored<Transaction>> {
        self.require_actor(actor, Continue).await?;
        if !actor.is_admin() {
            return Err(Error::forbidden("only admins can release money early"));
        }
        let payment = self.load(id).await?;
        let booking = payment
            .booking
            .ok_or_else(|| payment.refuse(Rule::ALREADY_DECIDED, "no money is held for the payment"))?;
        let mut bookings = Bookings::new(self.engine.clone());
        if let Some(key) = self.key.clone() {
            bookings = bookings.idempotency_key(key);
        }
        bookings.release_escrow(actor, booking, (id, self.pinned)).await?;
        self.load(id).await
    }

    /// Withdraws a payment that was not sent yet, or that only waits for its payer (a bank transfer that has
    /// not arrived). Money that arrives anyway is booked.
    ///
    /// # Errors
    /// [`Error::Forbidden`] unless the actor is the payer, the requester, or staff without a stake in it;
    /// [`Rule::TRANSITION`] once it was sent to a provider; [`Error::Conflict`].
    pub async fn withdraw_payment(&self, actor: &Actor, id: Id<Transaction>) -> Result<Stored<Transaction>> {
        let user = self.require_actor(actor, Continue).await?;
        let command = self.command(actor, "withdraw_payment", &(id, ()))?.by(user);
        self.decide(&command, id, |transaction, related| {
            let opened_by = transaction.requested_by.filter(|_| transaction.kind.is_incoming());
            if !actor.is_any(&[transaction.payer, opened_by]) {
                if !actor.is_staff() {
                    let message = "only the payer, the requester and staff can withdraw a payment";
                    return Err(Error::forbidden(message));
                }
                // A withdrawn refund goes into its payee's wallet.
                transaction.require_disinterested(actor, related.context.inputs.booking)?;
            }
            transaction.withdraw("withdrawn by its payer", &related.context)
        })
        .await
    }
}
