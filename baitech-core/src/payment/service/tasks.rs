//! Due tasks of transactions: sending, querying, capturing, settling.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{Payments, webhooks::is_taken};
use crate::{
    account::User,
    decide::{Decision, Step, drive},
    engine::{Command, Engine},
    kernel::{Actor, Error, Id, Result, Rule},
    payment::{Capture, Charge, Contact, Operation, Original, PayOut, PaymentGateway, Query, RefundOrder},
    store::Stored,
    transaction::{
        Cause, ClientSecret, FraudCheck, GatewayError, Outcome, PaymentTask, Transaction, TransactionKind,
        TransactionStatus,
    },
    worker::{DueTask, MissingProvider, TaskOutcome},
};

impl Payments {
    /// The same commands with the system as the actor.
    pub(super) fn for_system(&self) -> Self {
        Self::new(self.engine.clone())
    }

    /// Runs the next due task of a transaction, unless it needs a provider that is not configured here.
    pub(super) async fn run_next_task(&self, id: Id<Transaction>) -> Result<TaskOutcome> {
        let seen = self.load(id).await?;
        let now = self.engine.clock.now();
        let Some((_, task)) = seen.next_task(&self.engine.policy.payment).filter(|(at, _)| *at <= now) else {
            // The queue has another time than the transaction, from an earlier policy. Writing the
            // transaction corrects it.
            self.rewrite(&seen).await?;
            return Ok(TaskOutcome::NotDue);
        };
        if let Some(missing) = self.missing_provider(&seen, task).await? {
            return Ok(TaskOutcome::Blocked(missing));
        }
        match task {
            PaymentTask::Send => drop(self.send(&seen).await?),
            PaymentTask::Query => self.query(&seen).await?,
            PaymentTask::Capture => self.capture(&seen).await?,
            PaymentTask::Release => self.release_authorization(&seen).await?,
            PaymentTask::FetchReceipt => self.fetch_receipt(&seen).await?,
            PaymentTask::Settle => return self.settle(&seen).await,
        }
        Ok(TaskOutcome::Done)
    }

    /// The provider that a task needs, if it is not configured in this process. Only that provider can move
    /// the transaction's money, so the task waits and is never skipped.
    async fn missing_provider(
        &self,
        seen: &Transaction,
        task: PaymentTask,
    ) -> Result<Option<MissingProvider>> {
        let Some(method) = seen.gateway.provider.filter(|_| task != PaymentTask::Settle) else {
            return Ok(None);
        };
        let Err(error) = self.engine.gateway(method) else {
            return Ok(None);
        };
        // Withdrawing an unsent transaction needs no provider.
        if task == PaymentTask::Send && !self.is_still_awaited(seen).await? {
            return Ok(None);
        }
        Ok(Some(MissingProvider { method, reason: error.to_string() }))
    }

    /// Sends a transaction to its provider. The first worker to record that it is being sent commits that,
    /// and only then sends it. If anything fails in between, the outcome is queried and the transaction is
    /// not sent again.
    pub(super) async fn send(&self, seen: &Stored<Transaction>) -> Result<Option<ClientSecret>> {
        if !self.is_still_awaited(seen).await? {
            let command = self.pinned_to(seen)?;
            self.decide(&command, seen.id, |transaction, related| {
                transaction.withdraw("the booking no longer awaits a payment", &related.context)
            })
            .await?;
            return Ok(None);
        }
        let gateway = self.gateway_of(seen)?;
        let command = self.pinned_to(seen)?;
        let sent =
            self.decide(&command, seen.id, |transaction, related| transaction.send(&related.context)).await?;
        let outcome = match self.carry_out(&**gateway, &sent).await {
            Ok(outcome) => outcome,
            Err(error) => {
                // The outcome is unknown; a query is due already.
                tracing::warn!(transaction = %sent.id, %error, "the outcome of an order is unknown");
                return Ok(None);
            }
        };
        let secret = match &outcome {
            Outcome::Accepted { client_secret, .. } => client_secret.clone(),
            _ => None,
        };
        self.take_in(&sent, &outcome).await?;
        Ok(secret)
    }

    /// Sends a transaction at once. A failure here is not final: the transaction is due, and a worker sends
    /// or queries it.
    pub(super) async fn send_now(&self, written: &Stored<Transaction>) -> Option<ClientSecret> {
        match self.for_system().send(written).await {
            Ok(secret) => secret,
            Err(error) => {
                tracing::warn!(transaction = %written.id, %error, "a worker sends or queries the transaction");
                None
            }
        }
    }

    /// Queries the outcome of a transaction.
    async fn query(&self, seen: &Stored<Transaction>) -> Result<()> {
        let gateway = self.gateway_of(seen)?;
        let sent_at = seen.gateway.sent_at.unwrap_or(seen.initiated_at);
        let repeatable = gateway.capabilities().repeatable_for;
        let answer = if seen.gateway.reference.is_none()
            && repeatable.is_some_and(|window| self.engine.clock.now() - sent_at < window)
        {
            // The same key means the same operation, so sending it again queries its outcome.
            self.carry_out(&**gateway, seen).await
        } else {
            gateway.query(&query_of(seen, sent_at)).await.map_err(unavailable)
        };
        match &answer {
            Ok(outcome) => self.take_in(seen, outcome).await?,
            Err(error) => {
                tracing::warn!(transaction = %seen.id, %error, "a provider did not answer a status query");
            }
        }
        let unanswered = match &answer {
            Ok(Outcome::Pending | Outcome::Accepted { .. }) | Err(_) => true,
            Ok(Outcome::Settled(_) | Outcome::Authorized { .. } | Outcome::Declined(_)) => false,
        };
        if !unanswered {
            return Ok(());
        }
        let asked = seen.gateway.queries;
        self.decide(&self.plain_command()?, seen.id, |transaction, related| {
            // In the meantime, another worker may have queried it, or a call may have reported the outcome.
            let open = transaction.status.is_open() || transaction.gateway.awaits_confirmation;
            if !open || transaction.gateway.queries != asked {
                return Ok(crate::decide::Decision::new(transaction));
            }
            transaction.unanswered(&related.context)
        })
        .await
        .map(drop)
    }

    async fn capture(&self, seen: &Stored<Transaction>) -> Result<()> {
        let gateway = self.gateway_of(seen)?;
        match gateway.capture(&capture_of(seen, "capture")).await {
            Ok(outcome @ (Outcome::Settled(_) | Outcome::Declined(_))) => self.take_in(seen, &outcome).await,
            Ok(_) => self.query_later(seen).await,
            Err(error) => {
                tracing::warn!(transaction = %seen.id, %error, "the outcome of a capture is unknown");
                self.query_later(seen).await
            }
        }
    }

    /// Voids an authorization that was not approved, or not reviewed in time.
    async fn release_authorization(&self, seen: &Stored<Transaction>) -> Result<()> {
        let gateway = self.gateway_of(seen)?;
        match gateway.release(&capture_of(seen, "release")).await {
            Ok(Outcome::Settled(_)) => {}
            // There is no authorization to void (any more); a query returns its outcome.
            Ok(Outcome::Declined(_)) => {
                let sent_at = seen.gateway.sent_at.unwrap_or(seen.initiated_at);
                return match gateway.query(&query_of(seen, sent_at)).await {
                    Ok(outcome @ (Outcome::Settled(_) | Outcome::Declined(_))) => {
                        self.take_in(seen, &outcome).await
                    }
                    Ok(_) => self.query_later(seen).await,
                    Err(error) => {
                        tracing::warn!(
                            transaction = %seen.id,
                            %error,
                            "a provider did not answer a status query"
                        );
                        self.query_later(seen).await
                    }
                };
            }
            Ok(_) => return self.query_later(seen).await,
            Err(error) => {
                tracing::warn!(transaction = %seen.id, %error, "the outcome of a release is unknown");
                return self.query_later(seen).await;
            }
        }
        let (status, code, reason) = if seen.fraud.as_ref().is_some_and(FraudCheck::is_open) {
            (TransactionStatus::Expired, "lapsed", "the payment was not reviewed in time")
        } else {
            (TransactionStatus::Failed, "not_approved", "the payment was not approved")
        };
        let cause = if status == TransactionStatus::Expired { Cause::TimedOut } else { Cause::Declined };
        self.decide(&self.plain_command()?, seen.id, |transaction, related| {
            transaction.fail(code, reason, (status, cause), &related.context)
        })
        .await
        .map(drop)
    }

    async fn fetch_receipt(&self, seen: &Stored<Transaction>) -> Result<()> {
        let gateway = self.gateway_of(seen)?;
        self.decide(&self.pinned_to(seen)?, seen.id, |transaction, _| Ok(transaction.receipt_requested()))
            .await?;
        // A receipt is optional: without one, the payment shows none.
        let sent_at = seen.gateway.sent_at.unwrap_or(seen.initiated_at);
        if let Err(error) = gateway.request_receipt(&query_of(seen, sent_at)).await {
            tracing::info!(transaction = %seen.id, %error, "the receipt could not be requested");
        }
        Ok(())
    }

    async fn query_later(&self, seen: &Stored<Transaction>) -> Result<()> {
        self.decide(&self.pinned_to(seen)?, seen.id, |transaction, related| {
            Ok(transaction.query_later(&related.context))
        })
        .await
        .map(drop)
    }

    /// Applies a provider's answer about the attempt that was read. Answers may arrive late, while another
    /// attempt is in progress.
    pub(super) async fn take_in(&self, seen: &Transaction, outcome: &Outcome) -> Result<()> {
        let (attempt, after_claim) = (seen.gateway.attempts, seen.gateway.awaits_confirmation);
        let taken = self
            .decide(&self.plain_command()?, seen.id, |transaction, related| match outcome {
                Outcome::Settled(proof) => transaction.settled(proof, &related.context),
                _ if transaction.gateway.attempts != attempt => Ok(Decision::new(transaction)),
                // Since the query was sent, a call has claimed that the payment arrived; another query has to
                // confirm that.
                _ if transaction.gateway.awaits_confirmation && !after_claim => {
                    Ok(Decision::new(transaction))
                }
                other => transaction.answered(other, &related.context),
            })
            .await;
        match taken {
            // A call of the provider has reported the same at the same time.
            Err(error) if is_taken(&error) => Ok(()),
            taken => taken.map(drop),
        }
    }

    /// Writes a transaction unchanged, which reschedules its next task.
    async fn rewrite(&self, seen: &Stored<Transaction>) -> Result<()> {
        self.commit_over(seen, Decision::new(seen.value.clone())).await
    }

    /// Commits a decision on a transaction as it was read; fails with a conflict if it has changed since.
    pub(super) async fn commit_over(
        &self,
        seen: &Stored<Transaction>,
        decision: Decision<Transaction>,
    ) -> Result<()> {
        let (command, now) = (self.pinned_to(seen)?, self.now(seen, None));
        let step = |_| std::future::ready(Ok(Step::change(seen.clone(), now, decision.clone())));
        drive(&self.engine, &*self.engine.transactions, &command, step).await.map(drop)
    }

    pub(super) fn plain_command(&self) -> Result<Command> {
        Command::new(&Actor::System, None, None, "task", &())
    }

    pub(super) fn pinned_to(&self, seen: &Stored<Transaction>) -> Result<Command> {
        Command::new(&Actor::System, Some(seen.version), None, "task", &())
    }

    pub(super) fn gateway_of(
        &self,
        transaction: &Transaction,
    ) -> Result<&std::sync::Arc<dyn PaymentGateway>> {
        let provider = transaction
            .gateway
            .provider
            .ok_or_else(|| Error::refused(Rule::PAYMENT_METHOD, "the transaction has no provider"))?;
        self.engine.gateway(provider)
    }

    /// Whether the booking of an unsent payment still awaits it.
    async fn is_still_awaited(&self, seen: &Transaction) -> Result<bool> {
        if seen.kind != TransactionKind::BookingPayment || seen.gateway.attempts > 0 {
            return Ok(true);
        }
        let booking = self.load_booking(seen.booking).await?;
        Ok(booking.is_some_and(|booking| booking.awaits_payment(seen.id)))
    }

    async fn contact(&self, user: Option<Id<User>>, transaction: &Transaction) -> Result<Contact> {
        let Some(id) = user else {
            return Err(Error::refused(Rule::NOT_ELIGIBLE, "the transaction has no user to contact"));
        };
        let user = self.user(id).await?;
        let phone = transaction.gateway.phone.as_deref();
        Ok(Contact {
            user: id,
            phone: Some(phone.map_or(user.phone.clone(), crate::kernel::PhoneNumber::from_stored)),
            email: Some(user.email.clone()),
            account: transaction.gateway.account.clone(),
        })
    }

    /// Makes the call.
    async fn carry_out(&self, gateway: &dyn PaymentGateway, sent: &Stored<Transaction>) -> Result<Outcome> {
        let (number, transaction) = (sent.number.clone(), sent.id);
        let idempotency_key = sent.idempotency_key();
        let callback_token = sent.gateway.token.clone().unwrap_or_default();
        let description = sent.kind.as_str().replace('_', " ");
        match sent.kind {
            TransactionKind::TechnicianPayout | TransactionKind::WalletWithdrawal => {
                let payee = self.contact(sent.payee, sent).await?;
                let amount = sent.amount.net;
                let order = PayOut {
                    transaction,
                    number,
                    payee,
                    amount,
                    description,
                    idempotency_key,
                    callback_token,
                };
                gateway.pay_out(&order).await.map_err(unavailable)
            }
            TransactionKind::Refund => {
                let original = self.original_of(sent).await?;
                let reason = sent.reason.as_ref().map(ToString::to_string).unwrap_or_default();
                let order = RefundOrder {
                    transaction,
                    number,
                    original,
                    amount: sent.amount.gross,
                    reason,
                    idempotency_key,
                    callback_token,
                };
                gateway.refund(&order).await.map_err(unavailable)
            }
            TransactionKind::BookingPayment
            | TransactionKind::WalletTopup
            | TransactionKind::Penalty
            | TransactionKind::Subscription
            | TransactionKind::Tip
            | TransactionKind::CancellationFee => {
                let payer = self.contact(sent.payer, sent).await?;
                let order = Charge {
                    transaction,
                    number,
                    payer,
                    amount: sent.amount.gross,
                    description,
                    capture: !sent.gateway.manual_capture,
                    idempotency_key,
                    callback_token,
                };
                gateway.charge(&order).await.map_err(unavailable)
            }
        }
    }

    async fn original_of(&self, refund: &Transaction) -> Result<Original> {
        let missing = || Error::refused(Rule::TRANSITION, "the refund has no payment");
        let original = self.load(refund.original.ok_or_else(missing)?).await?;
        let link = &original.gateway;
        let counts = original.refunds.iter().any(|known| known.transaction == Some(refund.id));
        // Money held apart has a receipt of its own; money that counted as the payment has the payment's
        // receipt.
        let apart = original.mismatch.as_ref().filter(|mismatch| !counts || mismatch.receipt == link.receipt);
        let amount = apart.and_then(|mismatch| mismatch.received).unwrap_or(original.amount.gross);
        let receipt = apart.and_then(|mismatch| mismatch.receipt.clone());
        let receipt = receipt.or_else(|| link.receipt.clone());
        let user = original.payer.or(refund.payee);
        let payer = match user {
            Some(_) => self.contact(user, refund).await?,
            None => Contact {
                user: Id::from_bytes([0; 12]),
                phone: refund.gateway.phone.as_deref().map(crate::kernel::PhoneNumber::from_stored),
                email: None,
                account: None,
            },
        };
        let mut returns = original.refunds.iter().filter_map(|part| part.transaction);
        let is_its_only = !counts || (returns.next() == Some(refund.id) && returns.next().is_none());
        let is_whole = refund.amount.gross == amount && is_its_only;
        Ok(Original {
            transaction: original.id,
            reference: link.reference.clone(),
            receipt,
            amount,
            payer,
            is_whole,
        })
    }
}

/// The error for a missing answer from a provider: the outcome is unknown.
#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn unavailable(error: GatewayError) -> Error {
    Error::Unavailable { reason: error.to_string() }
}

fn query_of(transaction: &Transaction, sent_at: DateTime<Utc>) -> Query {
    let operation = match transaction.kind {
        TransactionKind::TechnicianPayout | TransactionKind::WalletWithdrawal => Operation::PayOut,
        TransactionKind::Refund => Operation::Refund,
        _ => Operation::Charge,
    };
    let incoming = transaction.kind.is_incoming();
    Query {
        transaction: transaction.id,
        operation,
        reference: transaction.gateway.reference.clone(),
        idempotency_key: transaction.idempotency_key(),
        amount: if incoming { transaction.amount.gross } else { transaction.amount.net },
        sent_at,
        callback_token: transaction.gateway.token.clone().unwrap_or_default(),
    }
}

fn capture_of(transaction: &Transaction, what: &str) -> Capture {
    Capture {
        transaction: transaction.id,
        reference: transaction.gateway.reference.clone().unwrap_or_default(),
        amount: transaction.amount.gross,
        idempotency_key: format!("{}-{what}", transaction.idempotency_key()),
    }
}

#[async_trait]
impl DueTask for Transaction {
    async fn run_due_task(engine: &Arc<Engine>, id: Id<Self>) -> Result<TaskOutcome> {
        Payments::new(engine.clone()).run_next_task(id).await
    }
}
