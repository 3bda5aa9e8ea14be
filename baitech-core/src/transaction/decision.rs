use chrono::{DateTime, Utc};

use super::{
    Cause, PaidBooking, PaymentEvent, PaymentPolicy, ReconciliationStamp, Transaction, TransactionStatus,
};
use crate::{
    decide::{Aggregate, SerialNumber, fields_of_record},
    kernel::{Actor, Error, Refusal, Result, Rule},
    store::AggregateRef,
};

impl Transaction {
    /// Whether an actor may see this transaction: the payer, the payee, the requester and staff may.
    #[must_use]
    pub fn is_visible_to(&self, actor: &Actor) -> bool {
        actor.is_staff() || actor.is_any(&[self.payer, self.payee, self.requested_by])
    }

    /// A refusal that names the status and what can follow.
    pub(crate) fn refuse(&self, rule: Rule, message: impl Into<String>) -> Error {
        Error::Refused(Box::new(Refusal {
            rule,
            message: message.into(),
            state: Some(self.status.as_str()),
            requested: None,
            allowed: self.status.next().map(TransactionStatus::as_str).collect(),
        }))
    }

    /// Changes the status; fails unless the table has this transition for this cause.
    pub(super) fn transition_to(&mut self, to: TransactionStatus, cause: Cause) -> Result<()> {
        if self.status.cause(to) != Some(cause) {
            let message = format!("a transaction with status {} cannot become {to}", self.status);
            return Err(self.refuse(Rule::TRANSITION, message));
        }
        self.0.status = to;
        Ok(())
    }

    /// Records that a provider's statement has it too.
    pub(crate) fn mark_reconciled(&mut self, stamp: ReconciliationStamp) {
        self.0.reconciliation = Some(stamp);
    }

    /// Fails unless the actor is staff or the system.
    pub(crate) fn require_staff(actor: &Actor) -> Result<()> {
        if actor.is_staff() { Ok(()) } else { Err(Error::forbidden("only staff can do this")) }
    }

    /// Fails if the actor would decide on their own money: the payer, the payee, and every user with a stake
    /// in the booking. This does not detect two members of staff who decide for each other.
    pub(crate) fn require_disinterested(&self, actor: &Actor, booking: Option<PaidBooking>) -> Result<()> {
        let stakeholders = booking.map(|booking| booking.stakeholders).unwrap_or_default();
        if actor.is_any(&[self.payer, self.payee]) || actor.is_any(&stakeholders) {
            return Err(Error::forbidden("users cannot decide on their own money"));
        }
        Ok(())
    }
}

impl Aggregate for Transaction {
    type Event = PaymentEvent;
    type Stage = TransactionStatus;
    type Policy = PaymentPolicy;

    const MOVES_MONEY: bool = true;

    fields_of_record!();

    fn due_at(&self, policy: &PaymentPolicy) -> Option<DateTime<Utc>> {
        self.next_task(policy).map(|(at, _)| at)
    }

    /// Its payer and its payee, and the booking that it pays.
    fn participants(&self) -> Vec<AggregateRef> {
        let users = [self.payer, self.payee].into_iter().flatten().map(Into::into);
        users.chain(self.booking.map(Into::into)).collect()
    }

    fn serial_number(&mut self) -> Option<&mut dyn SerialNumber> {
        Some(&mut self.0.number)
    }
}
