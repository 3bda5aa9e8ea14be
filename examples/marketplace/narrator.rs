//! A consumer of the log: it turns events into sentences.

use std::{
    collections::BTreeMap,
    io::Write,
    sync::{Mutex, PoisonError},
};

use async_trait::async_trait;

use baitech::{
    Consumer, ConsumerError, LoggedEvent, Marketplace,
    booking::{Booking, BookingEvent, ReminderKind},
    kernel::Actor,
    store::{AggregateRef, ChangeSet, ConsumerName, Event, EventKind, Stored},
};
use chrono::{DateTime, NaiveDate, Utc};

use crate::{Result, cast::Cast, sentences, stage::ZONE};

/// The width of the column of booking numbers.
const NUMBER_WIDTH: usize = 12;
/// The width at which sentences are wrapped.
const TEXT_WIDTH: usize = 96;

/// The consumer that collects new events for the narrator.
#[derive(Debug, Default)]
pub(crate) struct Inbox(Mutex<Vec<Event>>);

impl Inbox {
    /// The collected events.
    pub(crate) fn events(self) -> Vec<Event> {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Consumer for Inbox {
    fn name(&self) -> ConsumerName {
        const NAME: ConsumerName = ConsumerName::new("narrator");
        NAME
    }

    fn batch(&self) -> usize {
        100
    }

    async fn handle(&self, events: &[LoggedEvent]) -> std::result::Result<ChangeSet, ConsumerError> {
        let mut collected = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        collected.extend(events.iter().map(|logged| logged.event.clone()));
        Ok(ChangeSet::new())
    }
}

pub(crate) struct Narrator<'a> {
    out: &'a mut dyn Write,
    chapters: u32,
    day: Option<NaiveDate>,
    reminders: BTreeMap<&'static str, u32>,
}

impl<'a> Narrator<'a> {
    pub(crate) fn new(out: &'a mut dyn Write) -> Self {
        Self { out, chapters: 0, day: None, reminders: BTreeMap::new() }
    }

    pub(crate) fn line(&mut self, text: &str) -> Result<()> {
        Ok(writeln!(self.out, "{text}")?)
    }

    pub(crate) fn chapter(&mut self, title: &str) -> Result<()> {
        self.chapters += 1;
        self.day = None;
        Ok(writeln!(self.out, "\n{}. {title}", self.chapters)?)
    }

    /// Prints a sentence that belongs to no booking.
    pub(crate) fn remark(&mut self, at: DateTime<Utc>, text: &str) -> Result<()> {
        self.sentence(at, "", text)
    }

    /// Prints events in the order in which they happened; events of the same time by booking.
    pub(crate) async fn receive(
        &mut self,
        events: Vec<Event>,
        market: &Marketplace,
        cast: &Cast,
    ) -> Result<()> {
        let mut received = Vec::with_capacity(events.len());
        for event in events {
            let about = about(&event, market).await?;
            let number = about.as_ref().map(|booking| booking.number.to_string()).unwrap_or_default();
            received.push((event.at, number, event.subject.number(), event.n, event, about));
        }
        received.sort_by(|a, b| (a.0, &a.1, a.2, a.3).cmp(&(b.0, &b.1, b.2, b.3)));
        for (at, number, _, _, event, about) in received {
            match (&event.kind, about) {
                (EventKind::Booking(BookingEvent::BookingReminder { reminder }), _) => {
                    *self.reminders.entry(reminder_name(*reminder)).or_default() += 1;
                }
                (EventKind::Booking(kind), Some(booking)) => {
                    if let Some(text) = sentences::about_booking(&event, kind, &booking, cast) {
                        self.sentence(at, &number, &text)?;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Prints the number of reminders, which are sent to phones and not part of the story.
    pub(crate) fn count_reminders(&mut self) -> Result<()> {
        let counts: Vec<String> =
            self.reminders.iter().map(|(name, count)| format!("{count} {name}")).collect();
        Ok(writeln!(self.out, "\nThe platform also sent {}.", counts.join(", "))?)
    }

    fn sentence(&mut self, at: DateTime<Utc>, number: &str, text: &str) -> Result<()> {
        let local = at.with_timezone(&ZONE);
        if self.day.replace(local.date_naive()) != Some(local.date_naive()) {
            writeln!(self.out, "\n  {}", local.format("%A %-d %B %Y"))?;
        }
        let mut lines = wrap(text, TEXT_WIDTH).into_iter();
        let first = lines.next().unwrap_or_default();
        writeln!(self.out, "  {}  {number:NUMBER_WIDTH$}  {first}", local.format("%H:%M"))?;
        for line in lines {
            writeln!(self.out, "         {:NUMBER_WIDTH$}  {line}", "")?;
        }
        Ok(())
    }
}

/// The current state of an event's booking.
async fn about(event: &Event, market: &Marketplace) -> Result<Option<Stored<Booking>>> {
    match event.aggregate() {
        Some(AggregateRef::Booking(id)) => Ok(Some(market.bookings().get(&Actor::System, id).await?)),
        _ => Ok(None),
    }
}

const fn reminder_name(kind: ReminderKind) -> &'static str {
    match kind {
        ReminderKind::BookingConfirmation => "confirmations",
        ReminderKind::TechnicianArrival => "reminders of a visit",
        ReminderKind::PaymentReminder => "reminders to pay",
        ReminderKind::ReviewRequest => "requests for a review",
    }
}

/// Wraps a text between words into lines of at most `width` characters.
fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::wrap;

    #[test]
    fn lines_wrap_between_words_without_losing_any() {
        let text = "one two three four";
        assert_eq!(wrap(text, 9), ["one two", "three", "four"]);
        assert_eq!(wrap(text, 9).join(" "), text);
        assert_eq!(wrap("incomprehensibility", 4), ["incomprehensibility"]);
    }
}
