//! The engine on a store, with a clock that the story advances and a permanent worker.

use std::{io::Write, sync::Arc};

use baitech::{
    Marketplace,
    booking::Booking,
    kernel::{Actor, Clock, Error, Id, ManualClock, Role, SeededEntropy},
    ports::Store,
    store::Stored,
};
use chrono::{DateTime, NaiveDateTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use futures::FutureExt;

use crate::{
    Result,
    cast::{Cast, Person},
    narrator::{Inbox, Narrator},
};

/// The time zone of the story.
pub(crate) const ZONE: Tz = Tz::Africa__Nairobi;

/// A Monday morning.
const BEGINNING: &str = "2026-11-23 08:00";

/// The interval at which the worker looks for due work.
const STEP: TimeDelta = TimeDelta::minutes(15);
const SEED: u64 = 2_611;

pub(crate) struct Stage<'a> {
    pub(crate) market: Marketplace,
    pub(crate) cast: Cast,
    clock: Arc<ManualClock>,
    narrator: Narrator<'a>,
}

impl<'a> Stage<'a> {
    pub(crate) fn new<S: Store + 'static>(store: Arc<S>, cast: Cast, out: &'a mut dyn Write) -> Result<Self> {
        let clock = Arc::new(ManualClock::at(moment(BEGINNING)?));
        let market = Marketplace::builder(store)
            .clock(clock.clone())
            .entropy(Arc::new(SeededEntropy::new(SEED)))
            .build();
        Ok(Self { market, cast, clock, narrator: Narrator::new(out) })
    }

    /// Prints the first lines: place, time and people.
    pub(crate) fn open(&mut self) -> Result<()> {
        let count = |role| self.cast.count(role);
        let people = format!(
            "A marketplace in Nairobi, with {} customers, {} technicians, {} companies and {} members of \
             staff.",
            count(Role::Customer),
            count(Role::Technician),
            count(Role::Corporate),
            count(Role::Admin) + count(Role::Support),
        );
        self.narrator.line(&people)?;
        self.narrator.line("Times are local; a line with a booking's number describes an event of the log.")
    }

    /// Begins a chapter.
    pub(crate) async fn chapter(&mut self, title: &str) -> Result<()> {
        self.settle().await?;
        self.narrator.chapter(title)
    }

    /// Advances the clock to a local time, `2026-11-23 08:05`, and runs work that becomes due meanwhile.
    pub(crate) async fn at(&mut self, local: &str) -> Result<()> {
        let until = moment(local)?;
        self.settle().await?;
        if until < self.clock.now() {
            return Err(format!("the story does not go back to {local}").into());
        }
        while self.clock.now() < until {
            self.clock.set(until.min(self.clock.now() + STEP));
            self.settle().await?;
        }
        Ok(())
    }

    /// Runs work that is due now, and prints the events. Boxed inside, since every line of a chapter awaits
    /// it.
    pub(crate) async fn settle(&mut self) -> Result<()> {
        let worker = self.market.worker();
        let work = worker.run_until_idle().boxed_local().await?;
        if let Some((target, error)) = work.failures.first() {
            return Err(format!("the worker failed at {target}: {error}").into());
        }
        worker.number_events().await?;
        let inbox = Inbox::default();
        let run = worker.consume(&inbox).boxed_local().await?;
        if let Some(failure) = run.failure {
            return Err(failure.into());
        }
        self.narrator.receive(inbox.events(), &self.market, &self.cast).boxed_local().await
    }

    /// Prints a sentence that is not about an event.
    pub(crate) async fn say(&mut self, text: &str) -> Result<()> {
        self.settle().await?;
        self.narrator.remark(self.clock.now(), text)
    }

    /// Prints a refusal of the engine with its reason. Fails if the command was not refused.
    pub(crate) async fn refused<T>(
        &mut self,
        attempt: &str,
        answer: std::result::Result<T, Error>,
    ) -> Result<()> {
        match answer {
            Ok(_) => Err(format!("the engine must refuse this command: {attempt}").into()),
            Err(error @ Error::Unavailable { .. }) => Err(error.into()),
            Err(error) => self.say(&format!("{attempt} — refused: {error}.")).await,
        }
    }

    /// The current state of a booking.
    pub(crate) async fn booking(&self, id: Id<Booking>) -> Result<Stored<Booking>> {
        Ok(self.market.bookings().get(&Actor::System, id).await?)
    }

    /// The technician to whom a booking is offered or assigned.
    pub(crate) async fn technician_of(&mut self, id: Id<Booking>) -> Result<Person> {
        self.settle().await?;
        let booking = self.booking(id).await?;
        let technician = booking.technician.ok_or_else(|| format!("{} has no technician", booking.number))?;
        self.cast.by_id(technician).cloned()
    }

    /// Prints the last lines, with the number of reminders.
    pub(crate) fn close(&mut self) -> Result<()> {
        self.narrator.count_reminders()
    }

    /// Prints a table.
    pub(crate) fn print(&mut self, text: &str) -> Result<()> {
        self.narrator.line(text)
    }
}

fn moment(local: &str) -> Result<DateTime<Utc>> {
    let local = NaiveDateTime::parse_from_str(local, "%Y-%m-%d %H:%M")?;
    let moment = ZONE.from_local_datetime(&local).single();
    Ok(moment.ok_or("the local time is invalid")?.to_utc())
}
