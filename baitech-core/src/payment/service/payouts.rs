//! Payouts: on demand, and by the weekly batch.

use chrono::TimeZone;
use serde::{Deserialize, Serialize};

use super::{Payments, account_name};
use crate::{
    account::{User, UserStamps},
    decide::{Decision, Step, drive},
    engine::{Access::Begin, Caller, Command},
    kernel::{Actor, Error, Id, Money, PhoneNumber, Result, Role, Rule, Violation},
    ledger::Account,
    payment::{Capabilities, Limits, PaymentGateway},
    store::{Guard, Stored},
    transaction::{Amount, NewTransaction, PaymentMethod, Transaction, TransactionKind},
    worker::{MissingProvider, TaskOutcome},
};

/// How a user wants to be paid out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct NewPayout {
    /// The provider; defaults to the policy's.
    pub method: Option<PaymentMethod>,
    /// The mobile money number to pay; defaults to the user's own.
    pub phone_number: Option<String>,
    /// The account, as its provider names it.
    pub account: Option<String>,
}

impl NewPayout {
    /// Fails for an invalid phone number or account.
    fn check(&self) -> Result<(), Violation> {
        self.phone_number.as_deref().map(PhoneNumber::new).transpose()?;
        account_name(self.account.as_deref()).map(drop)
    }
}

impl Payments {
    /// Pays out a technician's earnings at once, for a fee: all that is not held back by a dispute, or a part
    /// of it.
    ///
    /// # Errors
    /// [`Error::Forbidden`] unless the actor is the technician, or an admin who names no number and no
    /// account; [`Rule::INACTIVE_USER`] for a suspended user; [`Rule::INSUFFICIENT_FUNDS`];
    /// [`Rule::DEBT_LIMIT`] if the commission of accepted cash jobs would then exceed the debt limit;
    /// [`Rule::PAYMENT_METHOD`]; violations of `amount` and `phoneNumber`; [`Error::Unavailable`].
    pub async fn request_payout(
        &self,
        actor: &Actor,
        technician: Id<User>,
        amount: Money,
        request: &NewPayout,
    ) -> Result<Stored<Transaction>> {
        let user = self.require_owner(actor, technician).await?;
        if actor.id() != Some(technician) && (request.phone_number.is_some() || request.account.is_some()) {
            return Err(Error::forbidden("only the owner can name another number or account for a payout"));
        }
        self.check_amount(amount, None)?;
        request.check()?;
        let rate = self.engine.policy.payment.instant_fee;
        let lines = Amount::with_fee(amount, Transaction::instant_fee(amount, rate)?)?;
        let new = |method| NewTransaction {
            payee: Some(technician),
            ..NewTransaction::new(TransactionKind::TechnicianPayout, method, lines)
        };
        let arguments = (technician, amount, request);
        let command = self.unpinned().command(actor, "payout", &arguments)?.by(user);
        self.pay_out(&command, technician, request, new).await
    }

    /// Withdraws money from the actor's own wallet.
    ///
    /// # Errors
    /// [`Rule::INSUFFICIENT_FUNDS`]; [`Rule::PAYMENT_METHOD`]; violations of `amount` and `phoneNumber`;
    /// [`Error::Unavailable`].
    pub async fn withdraw(
        &self,
        actor: &Actor,
        amount: Money,
        request: &NewPayout,
    ) -> Result<Stored<Transaction>> {
        let owner = actor.id().ok_or_else(|| Error::forbidden("only users have a wallet"))?;
        let user = self.require_owner(actor, owner).await?;
        self.check_amount(amount, None)?;
        request.check()?;
        let new = |method| NewTransaction {
            payer: Some(owner),
            payee: Some(owner),
            ..NewTransaction::new(TransactionKind::WalletWithdrawal, method, Amount::whole(amount))
        };
        let command = self.unpinned().command(actor, "withdraw", &(amount, request))?.by(user);
        self.pay_out(&command, owner, request, new).await
    }

    async fn require_owner(&self, actor: &Actor, owner: Id<User>) -> Result<Option<Caller>> {
        let user = self.require_actor(actor, Begin).await?;
        if actor.is_admin() || actor.is_any(&[Some(owner)]) {
            return Ok(user);
        }
        Err(Error::forbidden("only the owner and admins can request a payout"))
    }

    async fn pay_out(
        &self,
        command: &Command,
        payee: Id<User>,
        request: &NewPayout,
        new: impl Fn(PaymentMethod) -> NewTransaction + Send + Sync,
    ) -> Result<Stored<Transaction>> {
        let step = |_| self.pay_out_once(&command.actor, payee, request, &new);
        let begun = drive(&self.engine, &*self.engine.transactions, command, step).await?;
        if begun.wants_sending() {
            self.send_now(&begun).await;
        }
        self.load(begun.id).await
    }

    async fn pay_out_once(
        &self,
        actor: &Actor,
        payee: Id<User>,
        request: &NewPayout,
        new: &(impl Fn(PaymentMethod) -> NewTransaction + Send + Sync),
    ) -> Result<Step<Transaction>> {
        let payee = self.user(payee).await?;
        let method = request.method.unwrap_or(self.engine.policy.payment.payout_method);
        let (gateway, limits) = self.paying_gateway(method)?;
        let phone = match &request.phone_number {
            Some(number) => PhoneNumber::new(number)?,
            None => payee.phone.clone(),
        };
        let new = NewTransaction {
            provider: Some(gateway.method()),
            phone: Some(phone.to_string()),
            account: account_name(request.account.as_deref())?,
            ..new(method)
        };
        if new.kind == TransactionKind::TechnicianPayout && payee.role != Role::Technician {
            return Err(Error::refused(Rule::NOT_ELIGIBLE, "only technicians can be paid out"));
        }
        gateway.capabilities().check(&limits, new.amount.net)?;
        let now = self.engine.clock.now();
        let mut decision = Transaction::begin_pay_out(new, &self.engine.transaction_context(actor, now))?;
        decision.next.mark_instant();
        let stamps = UserStamps { role: Some(payee.role), ..UserStamps::default() };
        decision.effects.guards.push(Guard::User { id: payee.id, stamps });
        Ok(Step::create(now, decision))
    }

    fn paying_gateway(&self, method: PaymentMethod) -> Result<(&std::sync::Arc<dyn PaymentGateway>, Limits)> {
        let gateway = self.engine.gateway(method)?;
        let limits = gateway.capabilities().pay_out.ok_or_else(|| {
            let message = format!("the payment method {} does not support payouts", method.as_str());
            Error::refused(Rule::PAYMENT_METHOD, message)
        })?;
        Ok((gateway, limits))
    }

    /// Runs the weekly batch for one earning: pays its technician the whole balance, net of the technician's
    /// debt. The first earning of a technician pays for all of them; nothing is left to do for the others.
    ///
    /// If the policy's payout method is not available here, or cannot move the amount, the technician stays
    /// due and the task is reported as blocked, so that no unpaid technician goes unnoticed.
    pub(super) async fn settle(&self, seen: &Stored<Transaction>) -> Result<TaskOutcome> {
        for _ in 1..MOST_LOOKS {
            match self.settle_once(seen).await {
                // A payout or a refund happened between reading the balance and the commit.
                Err(error) if matches!(error.rule(), Some(Rule::INSUFFICIENT_FUNDS | Rule::DEBT_LIMIT)) => {}
                settled => return settled,
            }
        }
        self.settle_once(seen).await
    }

    async fn settle_once(&self, seen: &Stored<Transaction>) -> Result<TaskOutcome> {
        let Some(technician) = seen.payee else {
            return self.end_settlement(seen, Decision::new(seen.value.clone())).await;
        };
        let currency = seen.amount.currency();
        let now = self.now(seen, None);
        let context = self.engine.transaction_context(&Actor::System, now);
        let owed = self.engine.ledger.balance(Account::Payable(technician), currency).await?;
        if owed.is_zero() || owed.is_negative() {
            return self.end_settlement(seen, seen.value.clone().settled_by(None, &context)).await;
        }
        let policy = &self.engine.policy.payment;
        let free = self.free_of(owed, technician).await?;
        let enough = !policy.payout_minimum.exceeds(free)? && !free.is_zero() && !free.is_negative();
        if !enough {
            return self.end_settlement(seen, seen.value.clone().settle_later(&context)).await;
        }
        let method = policy.payout_method;
        let blocked = |reason: String| TaskOutcome::Blocked(MissingProvider { method, reason });
        let (gateway, limits) = match self.paying_gateway(method) {
            Ok(found) => found,
            Err(error) => return Ok(blocked(error.to_string())),
        };
        let parts = parts_of(free, &gateway.capabilities(), &limits)?;
        if parts.is_empty() {
            return Ok(blocked(format!("the payment method {} cannot pay out {free}", method.as_str())));
        }
        let payee = self.user(technician).await?;
        let mut payouts = Vec::with_capacity(parts.len());
        for part in parts {
            let new = NewTransaction {
                payee: Some(technician),
                provider: Some(gateway.method()),
                phone: Some(payee.phone.to_string()),
                ..NewTransaction::new(
                    TransactionKind::TechnicianPayout,
                    policy.payout_method,
                    Amount::whole(part),
                )
            };
            let mut payout = Transaction::begin_pay_out(new, &context)?;
            let day = policy.time_zone.from_utc_datetime(&now.naive_utc()).date_naive();
            payout.next.mark_batch(day);
            payouts.push(payout);
        }
        let first = payouts.first().map(|payout| payout.next.id);
        let earning = seen.value.clone();
        // What has to stay for now is left to the next batch.
        let all_of_it = free == owed;
        let mut decision =
            if all_of_it { earning.settled_by(first, &context) } else { earning.settle_later(&context) };
        for payout in payouts {
            decision = decision.with(None, payout, &context);
        }
        self.end_settlement(seen, decision).await
    }

    /// The part of a technician's balance that can be paid out: all except what has to stay so that the
    /// commission of accepted cash jobs does not raise the debt above the limit.
    async fn free_of(&self, owed: Money, technician: Id<User>) -> Result<Money> {
        let (limit, currency) = (self.engine.policy.payment.debt_limit, owed.currency());
        if limit.currency() != currency {
            return Ok(owed);
        }
        let reserved = self.engine.ledger.balance(Account::OpenCashJobs(technician), currency).await?;
        Ok(owed.try_min(owed.checked_add(reserved)?.checked_add(limit)?)?)
    }

    async fn end_settlement(
        &self,
        seen: &Stored<Transaction>,
        decision: Decision<Transaction>,
    ) -> Result<TaskOutcome> {
        self.commit_over(seen, decision).await?;
        Ok(TaskOutcome::Done)
    }
}

/// The maximum number of tries of a batch whose balance keeps changing.
const MOST_LOOKS: u32 = 3;

/// The maximum number of payouts of one batch to one technician; the next batch pays the rest.
const MOST_PARTS: usize = 100;

/// Splits an amount into parts that a provider can move; what it cannot move (cents, or too little) stays.
fn parts_of(owed: Money, capabilities: &Capabilities, limits: &Limits) -> Result<Vec<Money>> {
    use crate::kernel::Rounding;
    let mut left = if capabilities.whole_units { owed.round(0, Rounding::Down) } else { owed };
    let mut parts = Vec::new();
    while parts.len() < MOST_PARTS && !left.is_zero() && !left.is_negative() {
        let part = limits.most.map_or(Ok(left), |most| most.try_min(left))?;
        if part.is_zero() || part.is_negative() || capabilities.check(limits, part).is_err() {
            break;
        }
        parts.push(part);
        left = left.checked_sub(part)?;
    }
    Ok(parts)
}
