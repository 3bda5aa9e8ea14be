//! What people decide: fraud reviews, wrong amounts, unknown outcomes.

use super::Payments;
use crate::{
    engine::Effort::GoesOn,
    kernel::{Actor, Id, Money, Result, Rule, Text, visible},
    payment::{Cause, Proof, Transaction, TransactionStatus},
    store::Stored,
    worker::TaskOutcome,
};

impl Payments {
    /// Staff has looked at a payment that was held for review: it goes its way, or back.
    ///
    /// # Errors
    /// As [`Transaction::reviewed`]; [`Error::Conflict`](crate::kernel::Error::Conflict).
    pub async fn review(
        &self,
        actor: &Actor,
        id: Id<Transaction>,
        approved: bool,
    ) -> Result<Stored<Transaction>> {
        let user = self.require_staff(actor, GoesOn).await?;
        let command = self.command(actor, "review", &(id, approved))?.by(user, GoesOn);
        let reviewed = self
            .decide(&command, id, |transaction, beside| {
                let booking = beside.booking.map(|stored| &stored.value);
                transaction.reviewed(approved, booking, &beside.context)
            })
            .await?;
        self.now_due(reviewed).await
    }

    /// Staff decides on money that is not what was asked for: it counts as the payment, or goes back.
    ///
    /// # Errors
    /// As [`Transaction::decide_mismatch`]; [`Error::Conflict`](crate::kernel::Error::Conflict).
    pub async fn decide_mismatch(
        &self,
        actor: &Actor,
        id: Id<Transaction>,
        complete: bool,
    ) -> Result<Stored<Transaction>> {
        let user = self.require_staff(actor, GoesOn).await?;
        let command = self.command(actor, "decide_mismatch", &(id, complete))?.by(user, GoesOn);
        self.decide(&command, id, |transaction, beside| {
            transaction.decide_mismatch(complete, beside.booking, &beside.context)
        })
        .await
    }

    /// Staff decides on the oldest return of money that a provider made without our order and that
    /// waits for a person: it is booked (what is left of the transaction, and beyond that the
    /// platform's loss), or it is not. `amount` is what the person has found out where the provider
    /// did not say how much it was.
    ///
    /// # Errors
    /// As [`Transaction::decide_provider_move`];
    /// [`Error::Conflict`](crate::kernel::Error::Conflict).
    pub async fn decide_provider_move(
        &self,
        actor: &Actor,
        id: Id<Transaction>,
        book: bool,
        amount: Option<Money>,
    ) -> Result<Stored<Transaction>> {
        let user = self.require_staff(actor, GoesOn).await?;
        let command = self.command(actor, "decide_provider_move", &(id, book, amount))?.by(user, GoesOn);
        let decide = |on_credit: bool| {
            let command = &command;
            async move {
                self.decide(command, id, |transaction, beside| {
                    let before = transaction.clone();
                    let booking = beside.booking.map(|stored| &stored.value);
                    let customer = booking.map(|booking| booking.customer);
                    transaction
                        .decide_provider_move(book, amount, booking, on_credit, &beside.context)?
                        .count_moved(customer, &before)
                })
                .await
            }
        };
        match decide(false).await {
            // What the provider has given back is gone, also where the wallet that it went into is
            // empty by now.
            Err(error) if error.rule() == Some(Rule::INSUFFICIENT_FUNDS) => decide(true).await,
            decided => decided,
        }
    }

    /// Staff has found out which of two verdicts of a bank holds: what is booked stands, or the
    /// other one is booked.
    ///
    /// # Errors
    /// As [`Transaction::decide_verdict`]; [`Error::Conflict`](crate::kernel::Error::Conflict).
    pub async fn decide_verdict(
        &self,
        actor: &Actor,
        id: Id<Transaction>,
        won: bool,
    ) -> Result<Stored<Transaction>> {
        let user = self.require_staff(actor, GoesOn).await?;
        let command = self.command(actor, "decide_verdict", &(id, won))?.by(user, GoesOn);
        let decide = |on_credit: bool| {
            let command = &command;
            async move {
                self.decide(command, id, |transaction, beside| {
                    let before = transaction.clone();
                    let booking = beside.booking.map(|stored| &stored.value);
                    let customer = booking.map(|booking| booking.customer);
                    transaction
                        .decide_verdict(won, booking, on_credit, &beside.context)?
                        .count_moved(customer, &before)
                })
                .await
            }
        };
        match decide(false).await {
            Err(error) if error.rule() == Some(Rule::INSUFFICIENT_FUNDS) => decide(true).await,
            decided => decided,
        }
    }

    /// Staff has found out what became of a transaction that nobody could tell of: its money has moved, or
    /// has not (or, after a provider had said that it did, has come back).
    ///
    /// # Errors
    /// [`Error::Forbidden`](crate::kernel::Error::Forbidden) for others than staff, and for who pays or is
    /// paid by it; a violation of `receipt` for more than 100 characters; [`Rule::ALREADY_DECIDED`] where its
    /// outcome is known; [`Error::Conflict`](crate::kernel::Error::Conflict).
    pub async fn decide_outcome(
        &self,
        actor: &Actor,
        id: Id<Transaction>,
        moved: bool,
        receipt: Option<&str>,
    ) -> Result<Stored<Transaction>> {
        let user = self.require_staff(actor, GoesOn).await?;
        let receipt = Text::<100>::optional("receipt", receipt)?;
        let receipt = receipt.as_ref().map(|receipt| visible(receipt.as_str()));
        let receipt = receipt.as_deref();
        let command = self.command(actor, "decide_outcome", &(id, moved, receipt))?.by(user, GoesOn);
        self.decide(&command, id, |transaction, beside| {
            transaction.require_disinterested(actor, beside.booking.map(|stored| &stored.value))?;
            if !transaction.gateway.needs_person || transaction.is_mismatched() {
                return Err(transaction.refuse(Rule::ALREADY_DECIDED, "there is nothing to find out"));
            }
            if transaction.status == TransactionStatus::Completed && !transaction.kind.is_incoming() {
                return if moved {
                    Ok(transaction.arrived())
                } else {
                    transaction.came_back(&beside.context)
                };
            }
            if transaction.status.is_settled() || (!moved && !transaction.status.is_open()) {
                return Ok(transaction.found_as_it_stands());
            }
            if moved {
                let proof = Proof { receipt: receipt.map(str::to_owned), ..Proof::default() };
                return transaction.settled(&proof, beside.booking, &beside.context);
            }
            let end = (TransactionStatus::Failed, Cause::Declined);
            transaction.fail("not_moved", "the money has not moved", end, &beside.context)
        })
        .await
    }

    /// Does at once what a decision has made due, where there is a provider to call.
    async fn now_due(&self, transaction: Stored<Transaction>) -> Result<Stored<Transaction>> {
        let now = self.engine.clock.now();
        if transaction.next_task(&self.engine.policy).is_some_and(|(at, _)| at <= now) {
            // What fails here is not lost: it is due, and a worker does it.
            match self.for_system().run_next_task(transaction.id).await {
                Ok(TaskOutcome::Done | TaskOutcome::NotDue) => {}
                Ok(TaskOutcome::Blocked(missing)) => {
                    let reason = missing.reason;
                    tracing::warn!(transaction = %transaction.id, reason, "a decision is left to a worker");
                }
                Err(error) => {
                    tracing::warn!(transaction = %transaction.id, %error, "a decision is left to a worker");
                }
            }
            return self.load(transaction.id).await;
        }
        Ok(transaction)
    }
}
