//! Manual decisions: fraud reviews, mismatched payments, unknown outcomes.

use super::Payments;
use crate::{
    decide::Decision,
    engine::{Access::Continue, Command},
    kernel::{Actor, Id, Money, Result, Rule, Text, visible},
    store::Stored,
    transaction::{Cause, Context, Proof, Transaction, TransactionStatus},
    worker::TaskOutcome,
};

impl Payments {
    /// Staff review a payment that was held: it proceeds, or is refunded.
    ///
    /// # Errors
    /// As [`Transaction::reviewed`]; [`Error::Conflict`](crate::kernel::Error::Conflict).
    pub async fn review(
        &self,
        actor: &Actor,
        id: Id<Transaction>,
        approved: bool,
    ) -> Result<Stored<Transaction>> {
        let user = self.require_staff(actor, Continue).await?;
        let command = self.command(actor, "review", &(id, approved))?.by(user);
        let reviewed = self
            .decide(&command, id, |transaction, related| transaction.reviewed(approved, &related.context))
            .await?;
        self.now_due(reviewed).await
    }

    /// Staff decide on a payment that does not match the request: it counts as the payment, or is refunded.
    ///
    /// # Errors
    /// As [`Transaction::decide_mismatch`]; [`Error::Conflict`](crate::kernel::Error::Conflict).
    pub async fn decide_mismatch(
        &self,
        actor: &Actor,
        id: Id<Transaction>,
        complete: bool,
    ) -> Result<Stored<Transaction>> {
        let user = self.require_staff(actor, Continue).await?;
        let command = self.command(actor, "decide_mismatch", &(id, complete))?.by(user);
        self.decide(&command, id, |transaction, related| {
            transaction.decide_mismatch(complete, &related.context)
        })
        .await
    }

    /// Staff decide on the oldest open return of money that a provider made without our order: it is booked
    /// (up to what is left of the transaction; anything beyond is the platform's loss), or it is dismissed.
    /// `amount` is what staff have found out if the provider did not report it.
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
        let user = self.require_staff(actor, Continue).await?;
        let command = self.command(actor, "decide_provider_move", &(id, book, amount))?.by(user);
        self.decide_moved(&command, id, |transaction, on_credit, context| {
            transaction.decide_provider_move(book, amount, on_credit, context)
        })
        .await
    }

    /// Staff decide which of two contradictory verdicts of a bank is right: the booked one stays, or the
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
        let user = self.require_staff(actor, Continue).await?;
        let command = self.command(actor, "decide_verdict", &(id, won))?.by(user);
        self.decide_moved(&command, id, |transaction, on_credit, context| {
            transaction.decide_verdict(won, on_credit, context)
        })
        .await
    }

    /// Decides on money that a bank or a provider has already moved: if the wallet that it went into is empty
    /// by now, the decision is made again on credit.
    async fn decide_moved<F>(
        &self,
        command: &Command,
        id: Id<Transaction>,
        decide: F,
    ) -> Result<Stored<Transaction>>
    where
        F: Fn(Transaction, bool, &Context<'_>) -> Result<Decision<Transaction>>,
        F: Send + Sync,
    {
        let decide = &decide;
        let decide_with = |on_credit: bool| {
            self.decide(command, id, move |transaction, related| {
                let before = transaction.clone();
                let customer = related.booking.map(|booking| booking.customer);
                decide(transaction, on_credit, &related.context)?.count_moved(customer, &before)
            })
        };
        match decide_with(false).await {
            Err(error) if error.rule() == Some(Rule::INSUFFICIENT_FUNDS) => decide_with(true).await,
            decided => decided,
        }
    }

    /// Staff decide a transaction with an unknown outcome: its money has moved, or has not (or has come back,
    /// after a provider had reported that it moved).
    ///
    /// # Errors
    /// [`Error::Forbidden`](crate::kernel::Error::Forbidden) unless the actor is a member of staff and
    /// neither the payer nor the payee; a violation of `receipt` for more than 100 characters;
    /// [`Rule::ALREADY_DECIDED`] if its outcome is known;
    /// [`Error::Conflict`](crate::kernel::Error::Conflict).
    pub async fn decide_outcome(
        &self,
        actor: &Actor,
        id: Id<Transaction>,
        moved: bool,
        receipt: Option<&str>,
    ) -> Result<Stored<Transaction>> {
        let user = self.require_staff(actor, Continue).await?;
        let receipt = Text::<100>::optional("receipt", receipt)?;
        let receipt = receipt.as_ref().map(|receipt| visible(receipt.as_str()));
        let receipt = receipt.as_deref();
        let command = self.command(actor, "decide_outcome", &(id, moved, receipt))?.by(user);
        self.decide(&command, id, |transaction, related| {
            transaction.require_disinterested(actor, related.context.inputs.booking)?;
            if !transaction.gateway.needs_person || transaction.is_mismatched() {
                return Err(transaction.refuse(Rule::ALREADY_DECIDED, "the outcome is already known"));
            }
            if transaction.status == TransactionStatus::Completed && !transaction.kind.is_incoming() {
                return if moved {
                    Ok(transaction.arrived())
                } else {
                    transaction.reclaim_outgoing(&related.context)
                };
            }
            if transaction.status.is_settled() || (!moved && !transaction.status.is_open()) {
                return Ok(transaction.confirm_unchanged());
            }
            if moved {
                let proof = Proof { receipt: receipt.map(str::to_owned), ..Proof::default() };
                return transaction.settled(&proof, &related.context);
            }
            let end = (TransactionStatus::Failed, Cause::Declined);
            transaction.fail("not_moved", "the money has not moved", end, &related.context)
        })
        .await
    }

    /// Runs at once the task that a decision has made due, if it has a provider.
    async fn now_due(&self, transaction: Stored<Transaction>) -> Result<Stored<Transaction>> {
        let now = self.engine.clock.now();
        if transaction.next_task(&self.engine.policy.payment).is_some_and(|(at, _)| at <= now) {
            // A failure here is not final: the task is due, and a worker runs it.
            match self.for_system().run_next_task(transaction.id).await {
                Ok(TaskOutcome::Done | TaskOutcome::NotDue) => {}
                Ok(TaskOutcome::Blocked(missing)) => {
                    let reason = missing.reason;
                    tracing::warn!(transaction = %transaction.id, reason, "a worker retries the task of a decision");
                }
                Err(error) => {
                    tracing::warn!(transaction = %transaction.id, %error, "a worker retries the task of a decision");
                }
            }
            return self.load(transaction.id).await;
        }
        Ok(transaction)
    }
}
