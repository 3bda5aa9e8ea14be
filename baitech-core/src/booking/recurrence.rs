use chrono::{DateTime, Datelike, NaiveDate, TimeZone, Utc};
use rrule::{Frequency, RRule, RRuleSet, Unvalidated};

use super::{Booking, BookingEvent, BookingNumber, BookingPolicy, Context, Party, Recurrence};
use crate::{
    decide::Decision,
    kernel::{Code, Result, Rule, Violation},
    pricing::Pricing,
};

impl Recurrence {
    /// A series that begins on a day, by an RFC 5545 rule of weeks or months.
    ///
    /// # Errors
    /// A [`Violation`] of `recurrence`: a rule that cannot be read, that is not weekly or monthly, that never ends before the
    /// policy's most occurrences would, or that has no second occurrence.
    pub fn new(rule: &str, first: NaiveDate, policy: &BookingPolicy) -> Result<Self, Violation> {
        let violation = |code, message: String| Violation::new("recurrence", code, message);
        let rule = rule.trim().trim_start_matches("RRULE:").to_uppercase();
        let parsed = parse(&rule).ok_or_else(|| {
            violation(Code::Malformed, "this is not an RFC 5545 recurrence rule".to_owned())
        })?;
        if !matches!(parsed.get_freq(), Frequency::Weekly | Frequency::Monthly) {
            return Err(violation(Code::OutOfRange, "bookings recur weekly or monthly".to_owned()));
        }
        let most = policy.max_occurrences;
        if parsed.get_count().is_some_and(|count| count > u32::from(most)) {
            return Err(violation(Code::TooMany, format!("a series has at most {most} bookings")));
        }
        let dates = occurrences(&rule, first, most)
            .ok_or_else(|| violation(Code::Malformed, "this rule does not fit the first day".to_owned()))?;
        let next = dates.into_iter().find(|date| *date > first);
        if next.is_none() {
            return Err(violation(Code::OutOfRange, "this rule has no second occurrence".to_owned()));
        }
        Ok(Self { rule, first, booked_until: first, next })
    }

    /// The series once the next occurrence has its booking.
    #[must_use]
    fn advanced(&self, policy: &BookingPolicy) -> Self {
        let booked_until = self.next.unwrap_or(self.booked_until);
        let dates = occurrences(&self.rule, self.first, policy.max_occurrences).unwrap_or_default();
        let next = dates.into_iter().find(|date| *date > booked_until);
        Self { rule: self.rule.clone(), first: self.first, booked_until, next }
    }
}

impl Booking {
    /// When the occurrence on a day is to be booked: at the hour of the job, since an offer made at midnight would lapse while
    /// the technicians sleep.
    pub(super) fn recurs_at(&self, next: NaiveDate, policy: &BookingPolicy) -> DateTime<Utc> {
        self.slot.start.on(next, self.slot.zone) - policy.recurrence_lead
    }

    /// Books the next of the series: it comes with the decision, under the price of now.
    ///
    /// # Errors
    /// [`Rule::AlreadyDecided`] once the series has ended; [`Rule::TooEarly`] before the next one is due.
    pub fn recur(
        self,
        number: BookingNumber,
        pricing: Pricing,
        context: &Context<'_>,
    ) -> Result<Decision<Self>> {
        let (advanced, date) = self.advance_series(context)?;
        let next = advanced.next_occurrence(date, number, pricing, context);
        // Nobody can come any more to a day that went by while nobody worked, nor to hours that a change of the clocks skips.
        if next.slot.starts_at() <= context.now || next.slot.starts_at() >= next.slot.ends_at() {
            return Ok(Decision::new(advanced));
        }
        let mut decision = Decision::new(advanced).event(BookingEvent::BookingRecurred { booking: next.id });
        decision.also_events = next.opening_events();
        decision.also = Some(next);
        Ok(decision)
    }

    /// Passes over the next of the series: its customer may not begin anything at present.
    ///
    /// # Errors
    /// As [`recur`](Self::recur).
    pub fn leave_out_occurrence(self, context: &Context<'_>) -> Result<Decision<Self>> {
        self.advance_series(context).map(|(advanced, _)| Decision::new(advanced))
    }

    /// Ends the series: what is booked stays, and no other follows. On the booking that carries the series, its first.
    ///
    /// # Errors
    /// [`Rule::AlreadyDecided`] without a series that goes on; [`Error::Forbidden`](crate::kernel::Error::Forbidden) for others than
    /// the customer and the staff.
    pub fn end_series(mut self, context: &Context<'_>) -> Result<Decision<Self>> {
        self.require_party(&[Party::Customer, Party::Admin, Party::Support], &context.actor)?;
        if !self.stop_series() {
            let message = "this booking carries no series that goes on";
            return Err(self.refuse(Rule::AlreadyDecided, message, &context.actor));
        }
        Ok(Decision::new(self).event(BookingEvent::BookingSeriesEnded))
    }

    /// Lets nothing follow any more; `false` where nothing would have.
    pub(super) fn stop_series(&mut self) -> bool {
        self.0.recurrence.as_mut().and_then(|recurrence| recurrence.next.take()).is_some()
    }

    /// The booking with its series one occurrence on, and the day of that occurrence.
    fn advance_series(mut self, context: &Context<'_>) -> Result<(Self, NaiveDate)> {
        let Some((recurrence, date)) = self.recurrence.clone().and_then(|r| r.next.map(|date| (r, date)))
        else {
            return Err(self.refuse(Rule::AlreadyDecided, "the series has ended", &context.actor));
        };
        if context.now < self.recurs_at(date, context.policy) {
            return Err(self.refuse(Rule::TooEarly, "the next of the series is not due", &context.actor));
        }
        self.0.recurrence = Some(recurrence.advanced(context.policy));
        Ok((self, date))
    }
}

fn parse(rule: &str) -> Option<RRule<Unvalidated>> {
    rule.parse().ok()
}

/// The days of a series, its first among them, at most so many.
fn occurrences(rule: &str, first: NaiveDate, most: u16) -> Option<Vec<NaiveDate>> {
    let start =
        rrule::Tz::UTC.with_ymd_and_hms(first.year(), first.month(), first.day(), 0, 0, 0).single()?;
    let set: RRuleSet = parse(rule)?.build(start).ok()?;
    Some(set.all(most).dates.into_iter().map(|date| date.date_naive()).collect())
}
