//! The commands and queries of payments: check the actor, load, decide, commit; then call the provider and
//! apply its answer.

mod charges;
mod comparison;
mod deposits;
mod documents;
mod news;
mod payouts;
mod queries;
mod reconciliation;
mod reconciling;
mod refunds;
mod reversals;
mod reviews;
mod tasks;
mod webhooks;

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::{
    account::User,
    booking::{self, Booking},
    decide::{Decision, Step, breach_of, drive, require_max_price},
    engine::{Access, Caller, Command, Engine},
    kernel::{Actor, Code, Error, Id, Kind, Money, Result, Text, Violation},
    ledger::Account,
    store::{Breach, IdempotencyKey, Limit, Stored, Version},
    transaction::{self, Context, Inputs, PaymentEvent, Transaction, TransactionStatus},
};

pub use charges::{NewPayment, StartedPayment};
pub use payouts::NewPayout;
pub use queries::WalletView;
pub use reconciliation::{ReconcileRequest, StatementPreset};

/// The commands and queries of payments. Cheap to clone.
///
/// A command may require the version that its caller saw ([`if_version`](Self::if_version)) and a maximum
/// price ([`max_price`](Self::max_price)), and becomes safe to repeat with an idempotency key
/// ([`idempotency_key`](Self::idempotency_key)).
#[derive(Debug, Clone)]
pub struct Payments {
    engine: Arc<Engine>,
    pinned: Option<Version>,
    key: Option<IdempotencyKey>,
    max_price: Option<Money>,
}

/// What a decision reads besides the transaction.
#[derive(Clone, Copy)]
struct Related<'a> {
    booking: Option<&'a Stored<Booking>>,
    /// The payments of that booking, including this one as stored.
    payments: &'a [Stored<Transaction>],
    context: transaction::Context<'a>,
}

/// The means of payment or the account to be paid, as its provider names it.
fn account_name(text: Option<&str>) -> Result<Option<String>, Violation> {
    let name = Text::<200>::optional("account", text)?.map(|name| name.to_string());
    if name.as_ref().is_some_and(|name| name.contains(['\n', '\r', '\t'])) {
        return Err(Violation::new("account", Code::Malformed, "must be a single line"));
    }
    Ok(name)
}

impl Payments {
    pub(crate) const fn new(engine: Arc<Engine>) -> Self {
        Self { engine, pinned: None, key: None, max_price: None }
    }

    /// Requires that the transaction (for the payment of a booking: the booking) still has this version.
    /// Otherwise commands fail with [`Error::Conflict`], which carries its current state.
    #[must_use]
    pub const fn if_version(mut self, version: Version) -> Self {
        self.pinned = Some(version);
        self
    }

    /// Sets the idempotency key of the next command. A repetition changes nothing and returns the same
    /// response.
    #[must_use]
    pub fn idempotency_key(mut self, key: IdempotencyKey) -> Self {
        self.key = Some(key);
        self
    }

    /// Sets the maximum price of the next command, as it was shown. A command whose price has risen above it
    /// is refused with [`Rule::COSTS_MORE`](crate::kernel::Rule::COSTS_MORE) and changes nothing.
    #[must_use]
    pub const fn max_price(mut self, most: Money) -> Self {
        self.max_price = Some(most);
        self
    }

    fn command(&self, actor: &Actor, name: &'static str, arguments: &impl Serialize) -> Result<Command> {
        Command::new(actor, self.pinned, self.key.as_ref(), name, arguments)
    }

    /// The same terms without a version: for a command whose version is that of another aggregate.
    fn unpinned(&self) -> Self {
        Self { pinned: None, ..self.clone() }
    }

    async fn require_actor(&self, actor: &Actor, access: Access) -> Result<Option<Caller>> {
        self.engine.require_actor(actor, access).await
    }

    async fn require_staff(&self, actor: &Actor, access: Access) -> Result<Option<Caller>> {
        let user = self.require_actor(actor, access).await?;
        Transaction::require_staff(&Engine::reading_as(actor, user.as_deref()))?;
        Ok(user)
    }

    /// Fails if the price is above the agreed maximum.
    fn require_max_price(&self, price: Money) -> Result<()> {
        require_max_price(self.max_price, price)
    }

    async fn load(&self, id: Id<Transaction>) -> Result<Stored<Transaction>> {
        let stored = self.engine.transactions.load(id).await?;
        stored.ok_or_else(|| Error::not_found(Kind::Transaction, id))
    }

    async fn load_booking(&self, id: Option<Id<Booking>>) -> Result<Option<Stored<Booking>>> {
        match id {
            Some(id) => Ok(self.engine.bookings.load(id).await?),
            None => Ok(None),
        }
    }

    async fn user(&self, id: Id<User>) -> Result<User> {
        let user = self.engine.users.load(id).await?.map(|stored| stored.value);
        user.ok_or_else(|| Error::not_found(Kind::User, id))
    }

    /// Loads a transaction and its booking, decides, and commits; repeats after a conflict. The result is
    /// recorded on the booking in the same commit.
    ///
    /// Decisions on a provider's reports must not depend on how often, or in which order, they arrive.
    async fn decide<F>(
        &self,
        command: &Command,
        id: Id<Transaction>,
        decide: F,
    ) -> Result<Stored<Transaction>>
    where
        F: Fn(Transaction, &Related<'_>) -> Result<Decision<Transaction>> + Send + Sync,
    {
        let transactions = &*self.engine.transactions;
        drive(&self.engine, transactions, command, |_| self.decide_once(command, id, &decide)).await
    }

    async fn decide_once<F>(
        &self,
        command: &Command,
        id: Id<Transaction>,
        decide: &F,
    ) -> Result<Step<Transaction>>
    where
        F: Fn(Transaction, &Related<'_>) -> Result<Decision<Transaction>> + Send + Sync,
    {
        let stored = self.load(id).await?;
        if !stored.is_visible_to(&command.actor) {
            return Err(Error::not_found(Kind::Transaction, id));
        }
        if command.pinned.is_some_and(|version| version != stored.version) {
            return Err(Error::Conflict(stored.into()));
        }
        let booking = self.load_booking(stored.booking).await?;
        let now = self.now(&stored, booking.as_ref());
        let payments = match &booking {
            Some(booking) if booking.payments().contains(&id) => self.engine.payments_of(booking).await?,
            Some(_) | None => Vec::new(),
        };
        let of_booking = self.engine.context(&command.actor, now);
        let inputs =
            Inputs { booking: booking.as_ref().map(|booking| booking.as_paid()), ..Inputs::default() };
        let context = Context { inputs, ..of_booking.for_transactions() };
        let related = Related { booking: booking.as_ref(), payments: &payments, context };
        // Amounts that are no longer open are removed from the limits before the limits are checked.
        let decided = |context: Context<'_>| {
            decide(stored.value.clone(), &Related { context, ..related })?.counted_out(&context)
        };
        let mut decision = decided(related.context)?;
        let breach = breach_of(&self.engine, &decision.effects.entries, &decision.effects.bounds).await?;
        if let Some(Breach { account: Account::Wallet(_), limit: Limit::Max(_) }) = breach {
            let inputs = Inputs { wallet_full: true, ..related.context.inputs };
            decision = decided(Context { inputs, ..related.context })?;
        }
        if is_idle(&stored, &decision) || self.was_applied_before(&decision).await? {
            return Ok(Step::Unchanged(stored));
        }
        let decision = record_on_booking(&stored, decision, &related, &of_booking)?;
        Ok(Step::change(stored, now, decision))
    }

    /// Whether this notice, or this receipt, has already taken effect. The transaction may take its own claim
    /// any number of times, so the claim is looked up here; the commit at the version that was read excludes
    /// races.
    async fn was_applied_before(&self, decision: &Decision<Transaction>) -> Result<bool> {
        let keys: Vec<_> = decision.effects.take.iter().map(|claim| claim.key.clone()).collect();
        if keys.is_empty() {
            return Ok(false);
        }
        Ok(!self.engine.claims.held(&keys).await?.is_empty())
    }

    /// The current time, but not before the last write of the aggregates to be written.
    fn now(&self, transaction: &Transaction, booking: Option<&Stored<Booking>>) -> DateTime<Utc> {
        let now = self.engine.clock.now().max(transaction.updated_at);
        booking.map_or(now, |booking| now.max(booking.updated_at))
    }
}

/// Whether a decision changes nothing.
fn is_idle(before: &Transaction, decision: &Decision<Transaction>) -> bool {
    decision.next == *before && decision.effects.changes_nothing()
}

/// Records the new state of a payment on its booking.
fn record_on_booking(
    before: &Transaction,
    decision: Decision<Transaction>,
    related: &Related<'_>,
    context: &booking::Context<'_>,
) -> Result<Decision<Transaction>> {
    let next = &decision.next;
    let Some(stored) = related.booking.filter(|booking| booking.payments().contains(&next.id)) else {
        return Ok(decision);
    };
    let is_held = |event: &PaymentEvent| matches!(event, PaymentEvent::EscrowHeld { .. });
    if decision.effects.events.iter().any(is_held) {
        let held = stored.value.clone().payment_held(next, context)?;
        return Ok(decision.with(Some(stored), held, context));
    }
    let ended = before.status.is_open()
        && matches!(
            next.status,
            TransactionStatus::Failed | TransactionStatus::Cancelled | TransactionStatus::Expired
        );
    let booking = stored.value.clone();
    let all = related.payments.iter().map(|other| if other.id == next.id { next } else { &other.value });
    let recorded = if ended {
        booking.payment_failed(next.id).and_then(|booking| booking.payments_changed(all))?
    } else {
        booking.payments_changed(all)?
    };
    if recorded.next == stored.value {
        return Ok(decision);
    }
    Ok(decision.with(Some(stored), recorded, context))
}
