//! New bookings, and what they cost.

use std::sync::Arc;

use super::{Bookings, Effort::Begins};
use crate::{
    account::{Category, User},
    booking::{Booking, BookingDraft, NewBooking, PaymentMethod, Terms, TimeSlot, Urgency},
    decide::{Caller, Step, drive},
    kernel::{Actor, Code, Error, GeoPoint, Id, Kind, Money, Result, Role, Rule, Violation},
    matching::Candidate,
    pricing::{Demand, Pricing, Quote, QuoteRequest, hourly},
    store::Stored,
};

impl Bookings {
    /// What a booking would cost now, line by line. Nothing is stored or promised: demand changes.
    ///
    /// # Errors
    /// [`Error::Invalid`] as [`create`](Self::create).
    pub async fn quote(&self, actor: &Actor, request: &NewBooking) -> Result<Quote> {
        self.require_actor(actor, Begins).await?;
        let draft = request.check(&self.context(actor, self.engine.clock.now()))?;
        let customer =
            request.on_behalf_of.or(actor.id()).ok_or_else(|| Error::forbidden("a person books"))?;
        self.quote_draft(&draft, customer).await
    }

    /// Requests a service. With a key, repeating it books once.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every violation; [`Rule::InactiveUser`], [`Rule::PaymentMethod`],
    /// [`Rule::IdempotencyKeyReused`], [`Rule::CostsMore`] than [agreed](Self::agreed); [`Error::Forbidden`] for a discount, or a booking for somebody
    /// else, by others than staff.
    pub async fn create(&self, actor: &Actor, request: &NewBooking) -> Result<Stored<Booking>> {
        let user = self.require_actor(actor, Begins).await?;
        let command = self.command(actor, "create", request)?.by(user, Begins);
        let step = |caller| self.create_once(actor, caller, request);
        drive(&self.engine, &*self.engine.bookings, &command, step).await
    }

    async fn create_once(
        &self,
        actor: &Actor,
        caller: Caller,
        request: &NewBooking,
    ) -> Result<Step<Booking>> {
        let discounted = request.discount.is_some_and(|discount| !discount.is_zero());
        if request.on_behalf_of.is_some() || discounted {
            // The system books for nobody.
            if actor.id().is_none() || !actor.is_staff() {
                return Err(Error::forbidden("only staff books for others or gives a discount"));
            }
        }
        // Whoever gave themselves a discount would decide on money of their own.
        if discounted && request.on_behalf_of.is_none_or(|customer| actor.is_any(&[Some(customer)])) {
            return Err(Error::forbidden("nobody gives themselves a discount"));
        }
        let customer = match request.on_behalf_of {
            Some(id) => Arc::new(self.customer(id).await?),
            None => caller.ok_or_else(|| Error::forbidden("a person books"))?,
        };
        let now = self.engine.clock.now();
        let context = self.context(actor, now);
        let draft = request.check(&context)?;
        let company = customer.company();
        if request.project.is_some() && company.is_none() {
            return Err(Violation::new("project", Code::Unknown, "projects are for corporate users").into());
        }
        if draft.payment_method == PaymentMethod::BankTransfer && company.is_none() {
            return Err(Error::refused(Rule::PaymentMethod, "only companies book on account"));
        }
        let timing = self.engine.gateway(draft.payment_method)?.capabilities().timing;
        let pricing = self.quote_draft(&draft, customer.id).await?.pricing;
        self.require_agreed(pricing.total)?;
        let terms = Terms { customer: customer.id, company, pricing, timing };
        Ok(Step::create(now, Booking::request(draft, terms, &context)?))
    }

    async fn customer(&self, id: Id<User>) -> Result<User> {
        let user = self.engine.users.load(id).await?.map(|stored| stored.value);
        let user =
            user.ok_or_else(|| Violation::new("onBehalfOf", Code::Unknown, "there is no such user"))?;
        user.require_active()?;
        Ok(user)
    }

    async fn quote_draft(&self, draft: &BookingDraft, customer: Id<User>) -> Result<Quote> {
        let service = (draft.category, draft.service_type.as_str());
        let base = self.base_price(service, draft.preferred_technician, customer, draft.slot).await?;
        let base = base.ok_or_else(|| {
            Violation::new("serviceType", Code::Unknown, "the price list has no price for this service")
        })?;
        let currency = self.engine.policy.currency;
        if base.currency() != currency {
            let message = format!("this service is not priced in {}", currency.code());
            return Err(Violation::new("serviceType", Code::Currency, message).into());
        }
        let demand = self.demand(draft.category, draft.location.point, draft.slot).await?;
        self.price(base, draft.urgency, draft.slot, demand, (Money::zero(currency), draft.discount))
    }

    /// The price of a booking in another slot, under the demand of now. What was added during the work belongs to that work alone.
    pub(super) async fn requote(&self, booking: &Booking, slot: TimeSlot) -> Result<Pricing> {
        if booking.pricing.total.is_zero() {
            return Ok(booking.pricing);
        }
        let old = booking.pricing;
        let base = if booking.slot.estimated_minutes == slot.estimated_minutes {
            old.base_price
        } else {
            let service = (booking.service_category, booking.service_type.as_str());
            let listed =
                self.base_price(service, booking.preferred_technician, booking.customer, slot).await?;
            let listed = listed.filter(|price| price.currency() == old.currency());
            listed.ok_or_else(|| {
                let message = "there is no price for this service at another length; cancel and book anew";
                Violation::new("timeSlot.endTime", Code::Unknown, message)
            })?
        };
        let demand = self.demand(booking.service_category, booking.location.point, slot).await?;
        let nothing_added = Money::zero(old.currency());
        Ok(self.price(base, booking.urgency, slot, demand, (nothing_added, old.discount))?.pricing)
    }

    /// The price of the next of a series: as its customer approved it for the first, without what was added to that one, and without
    /// the demand of a moment that nobody watches. Never more than was approved.
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

    /// The hours of the preferred technician at the technician's own rate, else the price list's price. `None` without either.
    async fn base_price(
        &self,
        (category, service_type): (Category, &str),
        preferred: Option<Id<User>>,
        customer: Id<User>,
        slot: TimeSlot,
    ) -> Result<Option<Money>> {
        let minutes = slot.estimated_minutes;
        let own = match preferred {
            Some(technician) => self.hourly_rate(technician, customer, category).await?,
            None => None,
        };
        match own {
            Some(rate) => Ok(Some(hourly(rate, minutes)?)),
            None => Ok(self.engine.price_list.base_price(category, service_type, minutes)),
        }
    }

    /// A technician's own rate, of one who could be offered the job: nobody sets the price for others by being named.
    async fn hourly_rate(
        &self,
        technician: Id<User>,
        customer: Id<User>,
        category: Category,
    ) -> Result<Option<Money>> {
        let unknown = |message| Violation::new("preferredTechnician", Code::Unknown, message);
        if technician == customer {
            return Err(unknown("nobody works for themselves").into());
        }
        let user = self.engine.users.load(technician).await?.map(|stored| stored.value);
        let user = user.ok_or_else(|| unknown("there is no such technician"))?;
        let candidate = Candidate::from_user(&user, category).filter(|_| user.role == Role::Technician);
        let candidate = candidate.ok_or_else(|| unknown("this user is no technician"))?;
        let stands = candidate.is_active && candidate.is_verified && candidate.skill.is_some();
        Ok(candidate.hourly_rate.filter(|rate| stands && rate.currency() == self.engine.policy.currency))
    }

    /// Open requests against free technicians of the category around a place.
    async fn demand(&self, category: Category, place: Option<GeoPoint>, slot: TimeSlot) -> Result<Demand> {
        let Some(place) = place else { return Ok(Demand::default()) };
        let within = self.engine.policy.pricing.surcharges.demand.radius;
        let open_requests = self.engine.matching.open_requests(category, place, within).await?;
        if open_requests == 0 {
            return Ok(Demand { open_requests, free_technicians: 0 });
        }
        let candidates = self.engine.matching.candidates(category, place, within).await?;
        let ids: Vec<_> = candidates.iter().map(|candidate| candidate.technician).collect();
        let busy = self.busy(&ids, slot).await?;
        let free = ids.len().saturating_sub(busy.len());
        Ok(Demand { open_requests, free_technicians: u64::try_from(free).unwrap_or(u64::MAX) })
    }

    /// Books the next of a series, if it is due.
    pub(super) async fn recur(&self, id: Id<Booking>) -> Result<Stored<Booking>> {
        let seen = self.engine.bookings.load(id).await?.ok_or_else(|| Error::not_found(Kind::Booking, id))?;
        let due = seen.recurrence.as_ref().and_then(|recurrence| recurrence.next);
        let Some(date) = due else {
            return Err(Error::refused(Rule::AlreadyDecided, "the series has ended"));
        };
        let here = self.clone().at(seen.version);
        let customer = self.engine.users.load(seen.customer).await?;
        if customer.is_none_or(|customer| customer.require_active().is_err()) {
            return here
                .change(&Actor::System, id, ("recur", Begins), &date, |booking, context| {
                    booking.leave_out_occurrence(context)
                })
                .await;
        }
        let slot = TimeSlot { date, ..seen.slot };
        let pricing = self.series_price(&seen, slot)?;
        here.change(&Actor::System, id, ("recur", Begins), &date, |booking, context| {
            booking.recur(pricing, context)
        })
        .await
    }
}
