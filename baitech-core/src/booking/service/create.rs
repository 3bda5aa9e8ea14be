//! New bookings and their prices.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::{Access::Begin, Bookings};
use crate::{
    account::{Category, User, UserStamps, UserStatus},
    booking::{Booking, BookingDraft, NewBooking, OPEN_REQUEST_CLAIMS, Terms, open_request_claim},
    decide::{Step, drive},
    engine::Caller,
    kernel::{Actor, Code, Error, Id, Kind, Money, Result, Role, Rule, Violation},
    ledger::Account,
    matching::Job,
    pricing::{Demand, Pricing, Quote, QuoteRequest, hourly},
    schedule::{TimeSlot, Urgency},
    store::{Guard, Stored},
    transaction::{PaymentTiming, TransactionKind, require_method},
};

/// A validated request, with its customer, company and terms.
struct Plan {
    draft: BookingDraft,
    customer: Id<User>,
    company: Option<Id<User>>,
    timing: PaymentTiming,
}

impl Bookings {
    /// What a booking would cost now, line by line. The quote is neither stored nor binding, since demand
    /// changes.
    ///
    /// # Errors
    /// As [`create`](Self::create), which accepts the same requests, except for the limits that apply only to
    /// a new booking ([`Rule::TOO_MANY_REQUESTS`], [`Rule::COSTS_MORE`]).
    pub async fn quote(&self, actor: &Actor, request: &NewBooking) -> Result<Quote> {
        let user = self.require_actor(actor, Begin).await?;
        let plan = self.plan(actor, user, request, self.engine.clock.now()).await?;
        Ok(self.quote_draft(&plan.draft, plan.customer).await?.0)
    }

    /// Requests a service. With an idempotency key, a repeated request books only once.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every violation; [`Rule::INACTIVE_USER`], [`Rule::PAYMENT_METHOD`],
    /// [`Rule::UNPAID_FEES`], [`Rule::TOO_MANY_REQUESTS`], [`Rule::IDEMPOTENCY_KEY_REUSED`],
    /// [`Rule::COSTS_MORE`] above the [maximum](Self::max_price); [`Error::Forbidden`] if an actor other than
    /// staff sets a discount or books for another user.
    pub async fn create(&self, actor: &Actor, request: &NewBooking) -> Result<Stored<Booking>> {
        let user = self.require_actor(actor, Begin).await?;
        let command = self.command(actor, "create", request)?.by(user).taking_any_of(OPEN_REQUEST_CLAIMS);
        let step = |caller| self.create_once(actor, caller, request);
        let created = drive(&self.engine, &*self.engine.bookings, &command, step).await;
        match (created, request.on_behalf_of.or(actor.id())) {
            // A fee became due between the check and the commit; checking again yields its amount.
            (Err(error), Some(customer)) if error.rule() == Some(Rule::DEBT_LIMIT) => {
                self.require_fees_paid(customer).await?;
                Err(error)
            }
            (created, _) => created,
        }
    }

    async fn create_once(
        &self,
        actor: &Actor,
        caller: Option<Caller>,
        request: &NewBooking,
    ) -> Result<Step<Booking>> {
        let now = self.engine.clock.now();
        let Plan { draft, customer, company, timing } = self.plan(actor, caller, request, now).await?;
        let (Quote { pricing, .. }, priced_for) = self.quote_draft(&draft, customer).await?;
        self.require_max_price(pricing.total)?;
        let place = self.free_place(customer).await?;
        let open_request = Some(place.ok_or_else(|| self.too_many_requests())?);
        let terms = Terms { customer, company, pricing, priced_for, open_request, timing };
        let mut decision = Booking::request(draft, terms, &self.context(actor, now))?;
        let stamps = UserStamps { status: Some(UserStatus::Active), ..UserStamps::default() };
        decision.effects.guards.push(Guard::User { id: customer, stamps });
        if company.is_none() {
            let min = self.engine.policy.payment.unpaid_fees_limit.negated();
            decision.effects.guards.push(Guard::Balance { account: Account::Receivable(customer), min });
        }
        Ok(Step::create(now, decision))
    }

    fn too_many_requests(&self) -> Error {
        let most = self.engine.policy.max_open_requests;
        let message = format!(
            "a customer can have at most {most} open requests; wait until a technician accepts one, or cancel one"
        );
        Error::refused(Rule::TOO_MANY_REQUESTS, message)
    }

    /// A free claim number for an open request of a customer; `None` if all are taken.
    async fn free_place(&self, customer: Id<User>) -> Result<Option<u16>> {
        /// The number of claims looked up at a time.
        const WINDOW: usize = 32;
        let most = self.engine.policy.max_open_requests;
        let mut random = [0; 2];
        self.engine.entropy.fill(&mut random);
        let first = u16::from_le_bytes(random).checked_rem(most).unwrap_or_default();
        let places: Vec<u16> = (first..most).chain(0..first).collect();
        for window in places.chunks(WINDOW) {
            let keys: Vec<_> = window.iter().map(|n| open_request_claim(customer, *n)).collect();
            let held = self.engine.claims.held(&keys).await?;
            let mut places = window.iter().zip(&keys);
            if let Some((place, _)) = places.find(|(_, key)| held.iter().all(|claim| claim.key != **key)) {
                return Ok(Some(*place));
            }
        }
        Ok(None)
    }

    /// Validates a request. Quotes and bookings share this function.
    async fn plan(
        &self,
        actor: &Actor,
        caller: Option<Caller>,
        request: &NewBooking,
        now: DateTime<Utc>,
    ) -> Result<Plan> {
        let discounted = request.discount.is_some_and(|discount| !discount.is_zero());
        if request.on_behalf_of.is_some() || discounted {
            // The system does not create bookings for users.
            if actor.id().is_none() || !actor.is_staff() {
                return Err(Error::forbidden("only staff can book for others or set a discount"));
            }
        }
        // A discount on one's own booking would be a decision on one's own money.
        if discounted && request.on_behalf_of.is_none_or(|customer| actor.is_any(&[Some(customer)])) {
            return Err(Error::forbidden("staff cannot set a discount on their own booking"));
        }
        let customer = match request.on_behalf_of {
            Some(id) => Arc::new(self.customer(id).await?),
            None => caller.ok_or_else(|| Error::forbidden("only a user can create a booking"))?.into_user(),
        };
        let draft = request.check(&self.context(actor, now))?;
        let company = customer.company();
        if request.project.is_some() && company.is_none() {
            return Err(
                Violation::new("project", Code::Unknown, "only corporate users can set a project").into()
            );
        }
        require_method(draft.payment_method, TransactionKind::BookingPayment, &customer)?;
        let timing = self.engine.gateway(draft.payment_method)?.capabilities().timing;
        if company.is_none() {
            self.require_fees_paid(customer.id).await?;
        }
        Ok(Plan { draft, customer: customer.id, company, timing })
    }

    /// Fails for a customer whose unpaid fees exceed the policy's limit.
    async fn require_fees_paid(&self, customer: Id<User>) -> Result<()> {
        let limit = self.engine.policy.payment.unpaid_fees_limit;
        let owed =
            self.engine.ledger.balance(Account::Receivable(customer), limit.currency()).await?.negated();
        if !owed.exceeds(limit)? {
            return Ok(());
        }
        let message = format!("fees of {owed} are unpaid; pay this debt (`pay_debt`) before you book again");
        Err(Error::refused(Rule::UNPAID_FEES, message))
    }

    async fn customer(&self, id: Id<User>) -> Result<User> {
        let user = self.engine.users.load(id).await?.map(|stored| stored.value);
        let user =
            user.ok_or_else(|| Violation::new("onBehalfOf", Code::Unknown, "the user does not exist"))?;
        user.require_active()?;
        Ok(user)
    }

    /// The price of a request, and the technician whose own rate it is, if any.
    async fn quote_draft(
        &self,
        draft: &BookingDraft,
        customer: Id<User>,
    ) -> Result<(Quote, Option<Id<User>>)> {
        let job = draft.location.point.map(|point| Job {
            category: draft.category,
            point,
            starts_at: draft.slot.starts_at(),
            ends_at: draft.slot.ends_at(),
            preferred: draft.preferred_technician,
            declined: &[],
            radius_factor: self.engine.policy.matching.radius_factor(TimeDelta::zero()),
        });
        let own = match (job, draft.preferred_technician) {
            (Some(job), Some(technician)) => self.own_rate(technician, customer, &job, draft.slot).await??,
            _ => None,
        };
        let service = (draft.category, draft.service_type.as_str());
        let base = self.base_price(service, draft.preferred_technician.zip(own), draft.slot)?;
        let (base, priced_for) = base.ok_or_else(|| {
            Violation::new("serviceType", Code::Unknown, "the price list has no price for this service")
        })?;
        let currency = self.engine.policy.currency;
        if base.currency() != currency {
            let message = format!("the service has no price in {}", currency.code());
            return Err(Violation::new("serviceType", Code::Currency, message).into());
        }
        let demand = self.demand(draft.category, draft.location.point, draft.slot).await?;
        let extras = (Money::zero(currency), draft.discount);
        Ok((self.price(base, draft.urgency, draft.slot, demand, extras)?, priced_for))
    }

    /// The price of a booking in another slot, under current demand, and the technician whose own rate it is,
    /// if any. Additions made during the work are not included.
    ///
    /// With a preferred technician, the price is computed entirely anew, because the technician's own rate
    /// may apply in one slot and not in another.
    pub(super) async fn requote(
        &self,
        booking: &Booking,
        slot: TimeSlot,
    ) -> Result<(Pricing, Option<Id<User>>)> {
        if booking.pricing.total.is_zero() {
            return Ok((booking.pricing, None));
        }
        let old = booking.pricing;
        let same_length = booking.slot.estimated_minutes == slot.estimated_minutes;
        let (base, priced_for) = if same_length && booking.preferred_technician.is_none() {
            (old.base_price, None)
        } else {
            let job = booking.matching_job(1.0);
            let job = job.map(|job| Job { starts_at: slot.starts_at(), ends_at: slot.ends_at(), ..job });
            // A job already offered to another technician is priced by the price list.
            let offered_to_other =
                booking.technician.is_some_and(|other| Some(other) != booking.preferred_technician);
            let own = match (job, booking.preferred_technician) {
                (_, Some(_)) if offered_to_other => None,
                // A user who is no longer a technician has no rate, but the booking can still be moved.
                (Some(job), Some(technician)) => {
                    self.own_rate(technician, booking.customer, &job, slot).await?.unwrap_or_default()
                }
                _ => None,
            };
            let service = (booking.service_category, booking.service_type.as_str());
            let priced = self.base_price(service, booking.preferred_technician.zip(own), slot)?;
            let priced = priced.filter(|(price, _)| price.currency() == old.currency());
            priced.ok_or_else(|| {
                let message =
                    "the service has no price in that slot; cancel the booking and create a new one";
                Violation::new("timeSlot.endTime", Code::Unknown, message)
            })?
        };
        let demand = self.demand(booking.service_category, booking.location.point, slot).await?;
        let nothing_added = Money::zero(old.currency());
        let quote = self.price(base, booking.urgency, slot, demand, (nothing_added, old.discount))?;
        Ok((quote.pricing, priced_for))
    }

    /// The price for other technicians of a job that is priced at one technician's own rate: the price from
    /// the price list, without a surcharge for current demand, since no customer sees it before it applies.
    /// `None` if it is above the price that the customer approved, where the list has no price, and where
    /// the price comes from the list already.
    pub(super) fn list_price(&self, booking: &Booking) -> Result<Option<Pricing>> {
        if booking.priced_for.is_none() {
            return Ok(None);
        }
        let (approved, slot) = (booking.pricing, booking.slot);
        let service_type = booking.service_type.as_str();
        let list = &self.engine.price_list;
        let listed = list.base_price(booking.service_category, service_type, slot.estimated_minutes);
        let Some(base) = listed.filter(|base| base.currency() == approved.currency()) else {
            return Ok(None);
        };
        let extras = (Money::zero(approved.currency()), approved.discount);
        let quoted = self.price(base, booking.urgency, slot, Demand::default(), extras)?.pricing;
        Ok(if quoted.total.exceeds(approved.total)? { None } else { Some(quoted) })
    }

    /// The price of the next occurrence of a series: as the customer approved it for the first one, without
    /// additions to that one, and without a surcharge for current demand, since no customer sees it before it
    /// applies. Never above the approved price.
    fn series_price(&self, booking: &Booking, slot: TimeSlot) -> Result<Pricing> {
        let approved = booking.pricing;
        let nothing_added = Money::zero(approved.currency());
        let extras = (nothing_added, approved.discount);
        let quoted =
            self.price(approved.base_price, booking.urgency, slot, Demand::default(), extras)?.pricing;
        Ok(if quoted.total.exceeds(approved.total)? { approved } else { quoted })
    }

    fn price(
        &self,
        base: Money,
        urgency: Urgency,
        slot: TimeSlot,
        demand: Demand,
        (added, discount): (Money, Money),
    ) -> Result<Quote> {
        let request =
            QuoteRequest { demand, services: added, discount, ..QuoteRequest::new(base, urgency, slot) };
        Ok(self.engine.policy.pricing.quote(&request)?)
    }

    /// The price at the technician's own rate and that technician, where the own rate applies; otherwise the
    /// price from the price list. `None` without either.
    fn base_price(
        &self,
        (category, service_type): (Category, &str),
        own: Option<(Id<User>, Money)>,
        slot: TimeSlot,
    ) -> Result<Option<(Money, Option<Id<User>>)>> {
        let minutes = slot.estimated_minutes;
        match own {
            Some((technician, rate)) => Ok(Some((hourly(rate, minutes)?, Some(technician)))),
            None => {
                let listed = self.engine.price_list.base_price(category, service_type, minutes);
                Ok(listed.map(|price| (price, None)))
            }
        }
    }

    /// A technician's own rate, if the technician is eligible for the job: naming an ineligible technician
    /// does not set the price for others. A violation if the user is not a technician.
    async fn own_rate(
        &self,
        technician: Id<User>,
        customer: Id<User>,
        job: &Job<'_>,
        slot: TimeSlot,
    ) -> Result<Result<Option<Money>, Violation>> {
        let unknown = |message| Ok(Err(Violation::new("preferredTechnician", Code::Unknown, message)));
        if technician == customer {
            return unknown("the customer cannot be the technician");
        }
        let Some(user) = self.engine.users.load(technician).await? else {
            return unknown("the technician does not exist");
        };
        let profile = user.technician.as_ref().filter(|_| user.role == Role::Technician);
        let Some(profile) = profile else {
            return unknown("the user is not a technician");
        };
        let rate = profile.hourly_rate.filter(|rate| rate.currency() == self.engine.policy.currency);
        if rate.is_none() {
            return Ok(Ok(None));
        }
        Ok(Ok(self.eligibility_for(job, slot, &user).await?.ok().and(rate)))
    }

    /// Books the next occurrence of a series, if it is due.
    pub(super) async fn recur(&self, id: Id<Booking>) -> Result<Stored<Booking>> {
        let seen = self.engine.bookings.load(id).await?.ok_or_else(|| Error::not_found(Kind::Booking, id))?;
        let due = seen.recurrence.as_ref().and_then(|recurrence| recurrence.next);
        let Some(date) = due else {
            return Err(Error::refused(Rule::ALREADY_DECIDED, "the series has ended"));
        };
        let here = self.clone().if_version(seen.version);
        let customer = self.engine.users.load(seen.customer).await?;
        let Some(customer) = customer.filter(|customer| customer.require_active().is_ok()) else {
            return here
                .change(&Actor::System, id, ("recur", Begin), &date, |booking, context| {
                    booking.leave_out_occurrence(context)
                })
                .await;
        };
        let guard = Guard::User { id: customer.id, stamps: UserStamps::of(&customer) };
        let slot = TimeSlot { date, ..seen.slot };
        let pricing = self.series_price(&seen, slot)?;
        here.change(&Actor::System, id, ("recur", Begin), &date, |booking, context| {
            let mut decision = booking.recur(pricing, context)?;
            decision.effects.guards.push(guard);
            Ok(decision)
        })
        .await
    }
}
