use chrono::{DateTime, NaiveDate, Utc};

use super::{
    Booking, BookingEvent, BookingPolicy, BookingStatus, Parties, Party, StatusChange, open_request_claim,
};
use crate::{
    account::User,
    decide::{self, Aggregate, Decision, SerialNumber, fields_of_record},
    kernel::{Actor, Error, Id, Refusal, Result, Role, Rule},
    store::{AggregateRef, Searchable, Stored},
    transaction::{self, Transaction},
};

/// What a decision on a booking depends on besides the booking itself.
pub type Context<'a> = decide::Context<'a, BookingPolicy, Inputs<'a>>;

/// What a command has read besides the aggregate that it decides on.
#[derive(Debug, Clone, Copy, Default)]
pub struct Inputs<'a> {
    /// The transactions that pay the booking: its payment first, then payments for additions.
    pub payments: &'a [Stored<Transaction>],
}

impl<'a> Context<'a> {
    /// The context of a decision on a transaction in the same commit.
    pub(crate) fn for_transactions(&self) -> transaction::Context<'a> {
        self.part()
    }
}

impl Inputs<'_> {
    /// Whether a payment is in progress.
    pub(crate) fn has_open_payment(&self) -> bool {
        self.payments.iter().any(|payment| payment.status.is_open())
    }
}

impl Decision<Booking> {
    /// Makes one transition of the state machine, with its side effects: the history entry, the event, the
    /// claims on the technician's time, the actual times, the reserved commission.
    ///
    /// # Errors
    /// [`Rule::TRANSITION`] if the table has no such transition for this actor; errors of money
    /// arithmetic.
    pub(super) fn step(
        mut self,
        to: BookingStatus,
        context: &Context<'_>,
        reason: Option<&str>,
    ) -> Result<Self> {
        self.next.require_transition(to, &context.actor)?;
        let from = self.next.status;
        let booking = &mut self.next.0;
        let (mut take, mut free) = (Vec::new(), Vec::new());
        if let Some(technician) = booking.technician {
            match (from.holds_time(), to.holds_time()) {
                (false, true) => take = booking.slot.claim_keys(technician),
                (true, false) => free = booking.slot.claim_keys(technician),
                (true, true) | (false, false) => {}
            }
        }
        if !to.is_open_request()
            && let Some(n) = booking.open_request.take()
        {
            free.push(open_request_claim(booking.customer, n));
        }
        let technician = booking.technician;
        booking.status = to;
        booking.history.push(StatusChange {
            status: to,
            changed_by: context.actor.id(),
            changed_at: context.now,
            reason: reason.map(str::to_owned),
            notes: None,
        });
        match to {
            BookingStatus::InProgress if booking.actual.started_at.is_none() => {
                booking.actual.started_at = Some(context.now);
            }
            BookingStatus::Completed if from == BookingStatus::InProgress => {
                booking.actual.ended_at = Some(context.now);
                let worked = self.next.worked(context.now).num_minutes();
                self.next.0.actual.worked_minutes = Some(worked);
            }
            _ => {}
        }
        let event = BookingEvent::BookingStatusChanged { from, to, technician };
        self.take_all(take).free_all(free).event(event).adjust_commission(context)
    }
}

impl Booking {
    /// The roles of an actor in this booking. Staff with a stake in the booking do not count as staff, since
    /// no user may decide on their own money: an administrator who books for themselves is an ordinary
    /// customer.
    #[must_use]
    pub fn parties(&self, actor: &Actor) -> Parties {
        let (id, role) = match *actor {
            Actor::System => return Parties::of(&[Party::System]),
            Actor::Anonymous => return Parties::NOBODY,
            Actor::User { id, role } => (id, role),
        };
        let mut parties = Parties::NOBODY;
        for (is, party) in [
            (self.customer == id || self.company() == Some(id), Party::Customer),
            (self.technician == Some(id), Party::Technician),
        ] {
            if is {
                parties = parties.with(party);
            }
        }
        if self.has_stake(id) {
            return parties;
        }
        match role {
            Role::Admin => parties.with(Party::Admin),
            Role::Support => parties.with(Party::Support),
            Role::Customer | Role::Technician | Role::Corporate => parties,
        }
    }

    /// Whether a user has a stake in the outcome of this booking: its customer, its technician, its company.
    #[must_use]
    pub fn has_stake(&self, user: Id<User>) -> bool {
        [Some(self.customer), self.technician, self.company()].contains(&Some(user))
    }

    pub(super) fn company(&self) -> Option<Id<User>> {
        self.corporate.as_ref().map(|corporate| corporate.company)
    }

    /// The technician whose job this is, and the local calendar day of the job; `None` if the booking is not
    /// a job or is deleted. Stores count jobs by it.
    #[must_use]
    pub fn job(&self) -> Option<(Id<User>, NaiveDate)> {
        let technician = self.technician.filter(|_| self.status.is_job() && self.deleted_at.is_none())?;
        Some((technician, self.slot.date))
    }

    /// The transactions that pay the booking: its payment first, then payments for additions.
    #[must_use]
    pub fn payments(&self) -> Vec<Id<Transaction>> {
        self.payment.transaction.iter().chain(&self.payment.supplements).copied().collect()
    }

    /// Whether an actor may see this booking at all. Its parties and staff may; technicians who declined an
    /// offer of it may too, but see only that offer.
    #[must_use]
    pub fn is_visible_to(&self, actor: &Actor) -> bool {
        !self.parties(actor).is_empty() || self.declined_offer(actor).is_some()
    }

    /// The statuses that the table allows this actor to request now.
    pub fn allowed(&self, actor: &Actor) -> impl Iterator<Item = BookingStatus> {
        let (from, parties) = (self.status, self.parties(actor));
        from.next().filter(move |to| from.who_may(*to).meets(parties))
    }

    /// Fails unless the table allows this actor the transition.
    pub(super) fn require_transition(&self, to: BookingStatus, actor: &Actor) -> Result<()> {
        let who = self.status.who_may(to);
        if who.meets(self.parties(actor)) {
            return Ok(());
        }
        let from = self.status;
        let message = if who.is_empty() {
            format!("a booking with status {from} cannot become {to}")
        } else {
            let actor = self.parties(actor);
            let actor = if actor.is_empty() { "others".to_owned() } else { actor.to_string() };
            format!("only {who} can change the status from {from} to {to}, not {actor}")
        };
        Err(Error::Refused(Box::new(Refusal {
            requested: Some(to.as_str()),
            ..self.refusal(Rule::TRANSITION, message, actor)
        })))
    }

    /// Fails unless the actor is one of these parties.
    pub(super) fn require_party(&self, parties: &[Party], actor: &Actor) -> Result<()> {
        let wanted = Parties::of(parties);
        if wanted.meets(self.parties(actor)) {
            return Ok(());
        }
        Err(Error::forbidden(format!("only the {wanted} of the booking can do this")))
    }

    /// Fails unless the booking is in one of these statuses.
    pub(super) fn require_status(&self, statuses: &[BookingStatus], what: &str, actor: &Actor) -> Result<()> {
        if statuses.contains(&self.status) {
            return Ok(());
        }
        let message = format!("{what} is not possible while the booking is {}", self.status);
        Err(self.refuse(Rule::TRANSITION, message, actor))
    }

    /// A refusal that names the current status and the allowed ones.
    pub(super) fn refuse(&self, rule: Rule, message: impl Into<String>, actor: &Actor) -> Error {
        Error::Refused(Box::new(self.refusal(rule, message.into(), actor)))
    }

    fn refusal(&self, rule: Rule, message: String, actor: &Actor) -> Refusal {
        let allowed = self.allowed(actor).map(BookingStatus::as_str).collect();
        Refusal { rule, message, state: Some(self.status.as_str()), requested: None, allowed }
    }
}

impl Aggregate for Booking {
    type Event = BookingEvent;
    type Stage = BookingStatus;
    type Policy = BookingPolicy;

    fields_of_record!();

    fn due_at(&self, policy: &BookingPolicy) -> Option<DateTime<Utc>> {
        self.next_task(policy).map(|(at, _)| at)
    }

    fn serial_number(&mut self) -> Option<&mut dyn SerialNumber> {
        Some(&mut self.0.number)
    }

    fn participants(&self) -> Vec<AggregateRef> {
        [Some(self.customer), self.technician, self.company()].into_iter().flatten().map(Into::into).collect()
    }

    fn searchable(&self) -> Option<Searchable<'_>> {
        self.search_texts()
    }
}
