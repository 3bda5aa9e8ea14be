//! The commands and queries about bookings: check the actor, load, decide, commit.

mod commands;
mod create;
mod demand;
mod disputes;
mod matching;
mod negotiation;
mod queries;
mod tasks;
mod zones;

use std::{future::Future, sync::Arc};

use chrono::{DateTime, Utc};
use serde::Serialize;

pub use matching::Offer;
pub(crate) use zones::Zones;

use super::{Booking, Context, Inputs};
use crate::{
    decide::{Decision, change_looking, require_max_price},
    engine::{Access, Caller, Command, Engine},
    kernel::{Actor, Code, Current, Error, Id, Money, Result, Violation},
    store::{IdempotencyKey, Stored, Version},
    transaction::Transaction,
};

/// The commands and queries of bookings. Cheap to clone.
///
/// A command may require the version that its caller saw ([`if_version`](Self::if_version)), and becomes safe
/// to repeat with an idempotency key ([`idempotency_key`](Self::idempotency_key)):
///
/// ```
/// # use baitech_core::{
/// #     booking::{Booking, Bookings},
/// #     kernel::{Actor, Id, Result},
/// #     store::{IdempotencyKey, Stored},
/// # };
/// # async fn example(
/// #     bookings: Bookings,
/// #     customer: &Actor,
/// #     seen: Stored<Booking>,
/// #     key: IdempotencyKey,
/// # ) -> Result<()> {
/// let bookings = bookings.if_version(seen.version).idempotency_key(key);
/// let cancelled = bookings.cancel(customer, seen.id, "found another technician").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Bookings {
    engine: Arc<Engine>,
    pinned: Option<Version>,
    key: Option<IdempotencyKey>,
    max_price: Option<Money>,
}

impl Bookings {
    pub(crate) const fn new(engine: Arc<Engine>) -> Self {
        Self { engine, pinned: None, key: None, max_price: None }
    }

    /// Requires that the booking still has this version. Otherwise commands fail with [`Error::Conflict`],
    /// which carries the current booking.
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

    /// Sets the maximum that the caller agrees to pay: the total of a booking, or the fee of a cancellation,
    /// as shown. A command whose price has risen above it is refused with
    /// [`Rule::COSTS_MORE`](crate::kernel::Rule::COSTS_MORE) and changes nothing.
    #[must_use]
    pub const fn max_price(mut self, most: Money) -> Self {
        self.max_price = Some(most);
        self
    }

    /// Fails if the price is above the agreed maximum.
    fn require_max_price(&self, price: Money) -> Result<()> {
        require_max_price(self.max_price, price)
    }

    /// Fails unless the command names the version that its caller saw, because its meaning depends on what
    /// was shown.
    fn require_pin(&self) -> Result<()> {
        if self.pinned.is_some() {
            return Ok(());
        }
        let message = "is required: an approval must name the version of the booking that was shown";
        Err(Violation::new("version", Code::Required, message).into())
    }

    fn context<'a>(&'a self, actor: &Actor, now: DateTime<Utc>) -> Context<'a> {
        self.engine.context(actor, now)
    }

    fn command(&self, actor: &Actor, name: &'static str, arguments: &impl Serialize) -> Result<Command> {
        Command::new(actor, self.pinned, self.key.as_ref(), name, arguments)
    }

    /// Runs a command on one booking.
    async fn change<F>(
        &self,
        actor: &Actor,
        id: Id<Booking>,
        terms: (&'static str, Access),
        arguments: &(impl Serialize + Sync),
        decide: F,
    ) -> Result<Stored<Booking>>
    where
        F: Fn(Booking, &Context<'_>) -> Result<Decision<Booking>> + Send + Sync,
    {
        let look = |_, _| std::future::ready(Ok(()));
        self.change_looking(
            actor,
            id,
            terms,
            arguments,
            (look, |booking, (), context: &Context<'_>| decide(booking, context)),
        )
        .await
    }

    /// Runs a command on one booking whose decision needs more than the booking. `look` reads the rest for
    /// the version that is decided on.
    async fn change_looking<X, L, Looked, F>(
        &self,
        actor: &Actor,
        id: Id<Booking>,
        (name, access): (&'static str, Access),
        arguments: &(impl Serialize + Sync),
        (look, decide): (L, F),
    ) -> Result<Stored<Booking>>
    where
        X: Send,
        L: Fn(Stored<Booking>, Option<Caller>) -> Looked + Send + Sync,
        Looked: Future<Output = Result<X>> + Send,
        F: Fn(Booking, X, &Context<'_>) -> Result<Decision<Booking>> + Send + Sync,
    {
        let user = self.require_actor(actor, access).await?;
        let command = self.command(actor, name, &(id, arguments))?.by(user);
        self.carry_out(&command, id, (look, decide)).await
    }

    async fn carry_out<X, L, Looked, F>(
        &self,
        command: &Command,
        id: Id<Booking>,
        (look, decide): (L, F),
    ) -> Result<Stored<Booking>>
    where
        X: Send,
        L: Fn(Stored<Booking>, Option<Caller>) -> Looked + Send + Sync,
        Looked: Future<Output = Result<X>> + Send,
        F: Fn(Booking, X, &Context<'_>) -> Result<Decision<Booking>> + Send + Sync,
    {
        let (engine, actor) = (&*self.engine, &command.actor);
        let look = &look;
        let look_if_visible = |booking: Stored<Booking>, caller| async move {
            let payments = engine.payments_of(&booking).await?;
            booking.require_part(actor)?;
            Ok((look(booking, caller).await?, payments))
        };
        let decide = |booking, (seen, payments): (X, Vec<Stored<Transaction>>), now| {
            let inputs = Inputs { payments: &payments };
            decide(booking, seen, &Context { inputs, ..engine.context(actor, now) })
        };
        match change_looking(engine, &*engine.bookings, command, id, look_if_visible, decide).await {
            // A version mismatch is found before the decision, and its error carries the booking.
            Err(Error::Conflict(Current::Booking(now))) => {
                now.require_part(actor)?;
                Err(Error::Conflict(Current::Booking(now)))
            }
            changed => changed,
        }
    }

    async fn require_actor(&self, actor: &Actor, access: Access) -> Result<Option<Caller>> {
        self.engine.require_actor(actor, access).await
    }
}
