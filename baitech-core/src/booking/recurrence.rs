mod rule;
mod until;

use chrono::{DateTime, NaiveDate, Utc};
use rrule::Frequency;
use rule::{begins_on, is_ambiguous, normalize, occurrences, parse, until, violation};

use super::{Booking, BookingEvent, BookingPolicy, Context, Party, Recurrence};
use crate::schedule::TimeSlot;
use crate::{
    decide::Decision,
    kernel::{Code, Result, Rule, Violation, before},
    pricing::Pricing,
};

impl Recurrence {
    /// A series that begins with a slot and follows an RFC 5545 rule of weeks or months: `FREQ`, `INTERVAL`,
    /// `COUNT`, `UNTIL`, `BYDAY`, `BYMONTHDAY`, `BYSETPOS` and `WKST`.
    ///
    /// An end that is a day (`UNTIL=20261231`) includes that day. An end with a time is compared with the
    /// start of each occurrence; without a `Z` it is in the local time of the job.
    ///
    /// # Errors
    /// A [`Violation`] of `recurrence` for a rule of more than 200 characters, one that cannot be parsed, has
    /// other parts, is not weekly or monthly, has more occurrences than the policy allows, ends before the
    /// first day or does not begin on it, or has no second occurrence.
    pub fn new(rule: &str, slot: &TimeSlot, policy: &BookingPolicy) -> Result<Self, Violation> {
        let rule = normalize(rule)?;
        let first = slot.date;
        if until(&rule)?.is_some_and(|until| !until.includes(first, slot)) {
            return Err(violation(Code::Order, "UNTIL must not be before the first booking of the series"));
        }
        let parsed =
            parse(&rule).ok_or_else(|| violation(Code::Malformed, "must be an RFC 5545 recurrence rule"))?;
        if !matches!(parsed.get_freq(), Frequency::Weekly | Frequency::Monthly) {
            return Err(violation(Code::OutOfRange, "FREQ must be WEEKLY or MONTHLY"));
        }
        if is_ambiguous(&parsed) {
            let message = "all weekdays or none must have a number, and BYSETPOS needs FREQ=MONTHLY";
            return Err(violation(Code::Malformed, message));
        }
        let most = policy.max_occurrences;
        if parsed.get_count().is_some_and(|count| count > u32::from(most)) {
            return Err(violation(Code::TooMany, format!("a series can have at most {most} bookings")));
        }
        let not_first = || violation(Code::OutOfRange, "the rule must include the day of the first booking");
        if !begins_on(&parsed, first) {
            return Err(not_first());
        }
        let dates = occurrences(&rule, first, slot, most).ok_or_else(|| {
            violation(Code::Malformed, "the rule does not fit the day of the first booking")
        })?;
        if dates.first() != Some(&first) {
            return Err(not_first());
        }
        let next = dates.into_iter().find(|date| *date > first);
        if next.is_none() {
            return Err(violation(Code::OutOfRange, "the rule must have a second occurrence"));
        }
        Ok(Self { rule, first, booked_until: first, next })
    }

    /// The series after its next occurrence was booked.
    #[must_use]
    fn advanced(&self, slot: &TimeSlot, policy: &BookingPolicy) -> Self {
        let booked_until = self.next.unwrap_or(self.booked_until);
        let dates = occurrences(&self.rule, self.first, slot, policy.max_occurrences).unwrap_or_default();
        let next = dates.into_iter().find(|date| *date > booked_until);
        Self { rule: self.rule.clone(), first: self.first, booked_until, next }
    }
}

impl Booking {
    /// When the occurrence on a day is booked: at the hour of the job, since an offer made at midnight would
    /// expire while technicians sleep.
    pub(super) fn recurs_at(&self, next: NaiveDate, policy: &BookingPolicy) -> DateTime<Utc> {
        before(self.slot.start.on(next, self.slot.zone), policy.recurrence_lead)
    }

    /// Books the next occurrence of the series, at the current price, in the same commit.
    ///
    /// # Errors
    /// [`Rule::ALREADY_DECIDED`] once the series has ended; [`Rule::TOO_EARLY`] before the next occurrence is
    /// due; a violation of `currency` for a company's series in another currency than the approval limit's.
    pub fn recur(self, pricing: Pricing, context: &Context<'_>) -> Result<Decision<Self>> {
        let (advanced, date) = self.advance_series(context)?;
        let next = advanced.next_occurrence(date, pricing, context)?;
        // An occurrence cannot be booked if its start passed while no task ran, or if a clock change skips
        // its hours.
        if next.slot.starts_at() <= context.now || next.slot.starts_at() >= next.slot.ends_at() {
            return Ok(Decision::new(advanced));
        }
        let recurred = BookingEvent::BookingRecurred { booking: next.id };
        let opening = next.opening_events();
        Ok(Decision::new(advanced).event(recurred).create(Decision::new(next).events(opening)))
    }

    /// Skips the next occurrence of the series, because its customer may not start new work at present.
    ///
    /// # Errors
    /// As [`recur`](Self::recur).
    pub fn leave_out_occurrence(self, context: &Context<'_>) -> Result<Decision<Self>> {
        self.advance_series(context).map(|(advanced, _)| Decision::new(advanced))
    }

    /// Ends the series: bookings already made stay, and no more follow. Applies to the first booking of the
    /// series, which carries it.
    ///
    /// # Errors
    /// [`Rule::ALREADY_DECIDED`] if no series is active;
    /// [`Error::Forbidden`](crate::kernel::Error::Forbidden) unless the actor is the customer or staff.
    pub fn end_series(mut self, context: &Context<'_>) -> Result<Decision<Self>> {
        self.require_party(&[Party::Customer, Party::Admin, Party::Support], &context.actor)?;
        if !self.stop_series() {
            let message = "the booking has no active series";
            return Err(self.refuse(Rule::ALREADY_DECIDED, message, &context.actor));
        }
        Ok(Decision::new(self).event(BookingEvent::BookingSeriesEnded))
    }

    /// Stops the series; returns `false` if it had already ended.
    pub(super) fn stop_series(&mut self) -> bool {
        self.0.recurrence.as_mut().and_then(|recurrence| recurrence.next.take()).is_some()
    }

    /// The booking with its series advanced by one occurrence, and the day of that occurrence.
    fn advance_series(mut self, context: &Context<'_>) -> Result<(Self, NaiveDate)> {
        let Some((recurrence, date)) = self.recurrence.clone().and_then(|r| r.next.map(|date| (r, date)))
        else {
            return Err(self.refuse(Rule::ALREADY_DECIDED, "the series has ended", &context.actor));
        };
        if context.now < self.recurs_at(date, context.policy) {
            return Err(self.refuse(
                Rule::TOO_EARLY,
                "the next booking of the series is not due",
                &context.actor,
            ));
        }
        self.0.recurrence = Some(recurrence.advanced(&self.slot, context.policy));
        Ok((self, date))
    }
}
