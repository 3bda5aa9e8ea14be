use chrono::{DateTime, Utc};

use super::{Cause, PaymentEvent, Transaction, TransactionStatus};
use crate::{
    booking::{Booking, BookingPolicy},
    decide::{Aggregate, SerialNumber, fields_of_record},
    kernel::{Actor, Error, Refusal, Result, Rule},
};

impl Transaction {
    /// Whether an actor may see this transaction: the payer, the payee, the requester and staff may.
    #[must_use]
    pub fn is_visible_to(&self, actor: &Actor) -> bool {
        actor.is_staff() || actor.is_any(&[self.payer, self.payee, self.requested_by])
    }

    /// A refusal that names the status and what can follow.
    pub(super) fn refuse(&self, rule: Rule, message: impl Into<String>) -> Error {
        Error::Refused(Box::new(Refusal {
            rule,
            message: message.into(),
            state: Some(self.status.as_str()),
            requested: None,
            allowed: self.status.next().map(TransactionStatus::as_str).collect(),
        }))
    }

    /// Changes the status; fails unless the table has this transition for this cause.
    pub(super) fn go(&mut self, to: TransactionStatus, cause: Cause) -> Result<()> {
        if self.status.cause(to) != Some(cause) {
            let message = format!("a transaction that is {} cannot become {to}", self.status);
            return Err(self.refuse(Rule::TRANSITION, message));
        }
        self.0.status = to;
        Ok(())
    }

    /// Fails for anybody but staff and the system.
    pub(super) fn require_staff(actor: &Actor) -> Result<()> {
        if actor.is_staff() { Ok(()) } else { Err(Error::forbidden("this is for the staff")) }
    }

    /// Fails where the actor would decide on their own money: the payer, the payee, and anybody with a stake
    /// in the booking. This does not detect two members of staff who decide for each other.
    pub(super) fn require_disinterested(&self, actor: &Actor, booking: Option<&Booking>) -> Result<()> {
        let has_stake = |id| booking.is_some_and(|booking| booking.has_stake(id));
        if actor.is_any(&[self.payer, self.payee]) || actor.id().is_some_and(has_stake) {
            return Err(Error::forbidden("nobody decides on money of their own"));
        }
        Ok(())
    }
}

impl Aggregate for Transaction {
    type Event = PaymentEvent;
    type Stage = TransactionStatus;
    type Policy = BookingPolicy;

    const MOVES_MONEY: bool = true;

    fields_of_record!();

    fn due_at(&self, policy: &BookingPolicy) -> Option<DateTime<Utc>> {
        self.next_task(policy).map(|(at, _)| at)
    }

    fn serial_number(&mut self) -> Option<&mut dyn SerialNumber> {
        Some(&mut self.0.number)
    }
}
