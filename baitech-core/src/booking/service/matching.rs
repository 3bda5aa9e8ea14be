//! Finding technicians for jobs, and offering jobs to them.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, TimeZone, Utc};

use super::{Access::Begin, Bookings};
use crate::{
    account::{KycStatus, User, UserStamps, UserStatus},
    booking::{Alternative, Assignment, Booking, BookingStatus, Context},
    decide::{Decision, answered},
    kernel::{Actor, Distance, Error, Id, Kind, Result, Role, Rule, Zone},
    matching::{
        Candidate, CandidateQuery, Card, Exclusion, FIRST_SHARE, Job, JobDays, Ranked, WorkingHours,
        eligibility, first_share, is_settled, next_share, rank,
    },
    pricing::Pricing,
    schedule::{TimeSlot, cell_claim},
    store::{AggregateRef, Guard, Stored},
    transaction::PaymentMethod,
};

/// The technicians who can or cannot come to a job, as far as one search has looked them up.
#[derive(Debug, Default)]
struct Known {
    available: HashSet<Id<User>>,
    unavailable: HashSet<Id<User>>,
}

/// The name of the command that searches for a technician.
const SEARCH: &str = "search";

/// Offers a job to a technician. If the price is another technician's own rate, the job is offered at the
/// price from the price list.
///
/// The commit requires that the technician can still be booked: a technician who was suspended or lost the
/// verified identity in the meantime gets no offer.
fn offer(
    booking: Booking,
    assignment: Assignment,
    others_pay: Option<Pricing>,
    context: &Context<'_>,
) -> Result<Decision<Booking>> {
    let stamps = UserStamps {
        role: Some(Role::Technician),
        status: Some(UserStatus::Active),
        kyc: Some(KycStatus::Verified),
    };
    let guard = Guard::User { id: assignment.technician, stamps };
    let is_own = booking.priced_for.is_none_or(|technician| technician == assignment.technician);
    let booking = match others_pay.filter(|_| !is_own) {
        Some(pricing) => booking.priced_by_list(pricing, context)?,
        None => booking,
    };
    let mut decision = booking.assign(assignment, context)?;
    decision.effects.guards.push(guard);
    Ok(decision)
}

/// A technician who could do a job.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Offer {
    /// The technician.
    pub technician: Id<User>,
    /// The match score, 0 to 1.
    pub score: f64,
    /// The distance from the technician's public location, in whole kilometres.
    pub distance: Distance,
    /// The reason, in one line.
    pub reason: String,
}

impl Bookings {
    /// Searches for a technician and offers the job to the best match; begins matching if it has not begun.
    /// If no technician is found, the booking stays in `matching` (later searches use a wider radius) until
    /// the policy's limit, and is then cancelled.
    ///
    /// # Errors
    /// [`Rule::TRANSITION`]; [`Rule::APPROVAL_REQUIRED`]; [`Rule::INACTIVE_USER`], also for a suspended
    /// actor; [`Error::Conflict`] if the booking has changed in the meantime.
    pub async fn find_technician(&self, actor: &Actor, id: Id<Booking>) -> Result<Stored<Booking>> {
        let booking = self.get_as_party(actor, id).await?;
        // Beginning and searching are two commits, each with its own response under the key. A response of
        // the second means that both are done.
        let command = self.command(actor, SEARCH, &(id, ()))?;
        if let Some(answered) = answered(&self.engine, &*self.engine.bookings, &command).await? {
            return Ok(answered);
        }
        if self.pinned.is_some_and(|version| version != booking.version) {
            return Err(Error::Conflict(booking.into()));
        }
        if booking.status != BookingStatus::Matching {
            let begun = self
                .change(actor, id, ("begin_matching", Begin), &(), |booking, context| {
                    booking.begin_matching(context)
                })
                .await?;
            if begun.status != BookingStatus::Matching {
                // This request had begun the search before, and another command has ended it since.
                return Ok(begun);
            }
        }
        self.search(actor, id).await
    }

    /// Makes one search for a booking in `matching`.
    pub(super) async fn search(&self, actor: &Actor, id: Id<Booking>) -> Result<Stored<Booking>> {
        let seen = self.engine.bookings.load(id).await?.ok_or_else(|| Error::not_found(Kind::Booking, id))?;
        let look = |booking: Stored<Booking>, _| async move {
            let others_pay = self.list_price(&booking)?;
            let only = if others_pay.is_none() { booking.priced_for } else { None };
            Ok((self.best_assignment(&booking, only).await?, others_pay))
        };
        let decide = |booking: Booking, (assignment, others_pay), context: &Context<'_>| match assignment {
            Some(assignment) => offer(booking, assignment, others_pay, context),
            None => {
                booking.require_transition(BookingStatus::Assigned, &context.actor)?;
                let requested_at = booking.matching.requested_at.unwrap_or_else(|| booking.entered_at());
                let ends = context.policy.matching.gives_up_at(requested_at).min(booking.slot.ends_at());
                if context.now >= ends {
                    let reason = match booking.priced_for {
                        Some(_) => "the preferred technician is not available, and others cost more",
                        None => "no technician was found",
                    };
                    booking.cancel(reason, false, &context.as_system())
                } else {
                    booking.matching_attempted(context)
                }
            }
        };
        let here = self.clone().if_version(seen.version);
        here.change_looking(actor, id, (SEARCH, Begin), &(), (look, decide)).await
    }

    /// The best free technician and the alternatives; only the given technician where one is given. `None`
    /// if no technician is available.
    async fn best_assignment(&self, booking: &Booking, only: Option<Id<User>>) -> Result<Option<Assignment>> {
        // No technician can come to a job after its slot has ended.
        if self.engine.clock.now() >= booking.slot.ends_at() {
            return Ok(None);
        }
        let ranked = self.ranked_free(booking, only, 1 + self.engine.policy.matching.alternatives).await?;
        Ok(ranked.split_first().map(|(best, others)| Assignment {
            technician: best.technician,
            algorithm: self.engine.scorer.name().to_owned(),
            score: Some(best.score),
            alternatives: others.iter().map(|other| self.alternative(other)).collect(),
        }))
    }

    /// The customer, or an admin, chooses the technician.
    ///
    /// # Errors
    /// [`Rule::NOT_ELIGIBLE`] with the reason; [`Rule::TRANSITION`]; [`Rule::INACTIVE_USER`], also for a
    /// suspended actor; [`Error::Conflict`].
    pub async fn assign(
        &self,
        actor: &Actor,
        id: Id<Booking>,
        technician: Id<User>,
    ) -> Result<Stored<Booking>> {
        let look = |booking: Stored<Booking>, _| async move {
            // An actor who may not assign must not learn about technicians either.
            booking.require_transition(BookingStatus::Assigned, actor)?;
            if let Err(exclusion) = self.eligibility_of(&booking, technician).await? {
                return Err(Error::refused(Rule::NOT_ELIGIBLE, exclusion.to_string()));
            }
            self.list_price(&booking)
        };
        let decide = |booking: Booking, others_pay, context: &Context<'_>| {
            let assignment = Assignment {
                technician,
                algorithm: "manual".to_owned(),
                score: None,
                alternatives: booking.matching.alternatives.clone(),
            };
            offer(booking, assignment, others_pay, context)
        };
        self.change_looking(actor, id, ("assign", Begin), &technician, (look, decide)).await
    }

    /// The technicians who could do the job now, best first, at most `limit`. For the customer and staff.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Forbidden`].
    pub async fn candidates(&self, actor: &Actor, id: Id<Booking>, limit: usize) -> Result<Vec<Offer>> {
        let booking = self.get_as_owner(actor, id).await?;
        let ranked = self.ranked_free(&booking, None, limit.min(100)).await?;
        let offer = |ranked: Ranked| Offer {
            technician: ranked.technician,
            score: ranked.score,
            distance: ranked.distance.to_whole_kilometres(),
            reason: ranked.reason(),
        };
        Ok(ranked.into_iter().map(offer).collect())
    }

    /// Why a technician is not offered the job; `None` if the technician is eligible. For the customer and
    /// staff.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Forbidden`].
    pub async fn why_not(
        &self,
        actor: &Actor,
        id: Id<Booking>,
        technician: Id<User>,
    ) -> Result<Option<Exclusion>> {
        let booking = self.get_as_owner(actor, id).await?;
        let exclusion = self.eligibility_of(&booking, technician).await?.err();
        let is_other = booking.priced_for.is_some_and(|priced_for| priced_for != technician);
        if exclusion.is_none() && is_other && self.list_price(&booking)?.is_none() {
            return Ok(Some(Exclusion::PricedForAnother));
        }
        Ok(exclusion)
    }

    /// Fails unless the technician to whom a job is offered could also do it in another slot at its price.
    pub(super) async fn require_offer_stands(
        &self,
        booking: &Booking,
        slot: TimeSlot,
        (pricing, priced_for): (Pricing, Option<Id<User>>),
    ) -> Result<()> {
        let Some(technician) = booking.technician else {
            return Ok(());
        };
        let mut moved = booking.clone().into_record();
        moved.slot = slot;
        moved.pricing = pricing;
        moved.priced_for = priced_for;
        match self.eligibility_of(&Booking::from_record(moved), technician).await? {
            Ok(_) => Ok(()),
            Err(exclusion) => {
                let message =
                    format!("the technician with the offer is not available in that slot: {exclusion}");
                Err(Error::refused(Rule::NOT_ELIGIBLE, message))
            }
        }
    }

    async fn get_as_owner(&self, actor: &Actor, id: Id<Booking>) -> Result<Stored<Booking>> {
        let actor = &self.engine.reader(actor).await?;
        let booking = self.visible(actor, id).await?;
        if actor.is_staff() || actor.is_any(&[Some(booking.customer), Some(booking.payer())]) {
            return Ok(booking);
        }
        Err(Error::forbidden("only the customer and staff can list candidates"))
    }

    async fn eligibility_of(
        &self,
        booking: &Booking,
        technician: Id<User>,
    ) -> Result<Result<Distance, Exclusion>> {
        let user = self.engine.users.load(technician).await?.map(|stored| stored.value);
        let user = user.filter(|user| user.role == Role::Technician && user.technician.is_some());
        let user = user.ok_or_else(|| Error::not_found(Kind::User, technician))?;
        let Some(job) = self.job(booking) else { return Ok(Err(Exclusion::NoPlace)) };
        let eligible = self.eligibility_for(&job, booking.slot, &user).await?;
        if eligible.is_ok() && !self.without_cash(&[technician], booking).await?.is_empty() {
            return Ok(Err(Exclusion::NoCash));
        }
        Ok(eligible)
    }

    /// Whether a technician could do a job in a slot.
    pub(super) async fn eligibility_for(
        &self,
        job: &Job<'_>,
        slot: TimeSlot,
        technician: &User,
    ) -> Result<Result<Distance, Exclusion>> {
        let candidate = Candidate::from_user(technician, job.category);
        let Some((candidate, hours)) = candidate.zip(WorkingHours::from_user(technician)) else {
            return Ok(Err(Exclusion::NoSkill(job.category)));
        };
        let busy = self.busy(&[technician.id], slot).await?;
        Ok(eligibility(job, &candidate, &hours, !busy.is_empty()))
    }

    fn job<'a>(&self, booking: &'a Booking) -> Option<Job<'a>> {
        booking.matching_job(self.engine.policy.matching.radius_factor(self.waited(booking)))
    }

    /// The best `limit` technicians who can come at that time; only the given technician where one is given.
    ///
    /// Technicians are read from near to far, up to the distance at which a technician could still be among
    /// the best.
    async fn ranked_free(
        &self,
        booking: &Booking,
        only: Option<Id<User>>,
        limit: usize,
    ) -> Result<Vec<Ranked>> {
        let Some(job) = self.job(booking) else { return Ok(Vec::new()) };
        let time_zone = booking.slot.zone;
        let date = |moment: DateTime<Utc>| time_zone.from_utc_datetime(&moment.naive_utc()).date_naive();
        let days = JobDays { day: date(job.starts_at), today: date(self.engine.clock.now()) };
        let mut known = Known::default();
        // A technician given by id is read at any distance, and no other has to be.
        let zone = (job.category, Zone::of(job.point), limit);
        let first = || self.engine.zones.shares.get(&zone).unwrap_or(FIRST_SHARE).min(job.radius_factor);
        let mut share = if only.is_some() { 0.0 } else { first() };
        loop {
            let (category, near) = (job.category, job.point);
            let preferred = only.or(job.preferred);
            let query = CandidateQuery { category, near, share, preferred, days };
            let mut cards = self.engine.matching.candidates(&query).await?;
            cards.retain(|Card { candidate: Candidate { technician, .. }, .. }| {
                *technician != booking.customer && only.is_none_or(|only| only == *technician)
            });
            let found = cards.len();
            let is_last = only.is_some() || share >= job.radius_factor;
            // Fewer than `limit` technicians are not enough, even if all of them are free.
            if is_last || found >= limit {
                let ranked = self.best_available(booking, &job, cards, &mut known, limit).await?;
                if is_last || is_settled(&job, &ranked, limit, &*self.engine.scorer, share) {
                    if only.is_none() {
                        self.engine.zones.shares.insert(zone, first_share(share, found, limit));
                    }
                    return Ok(ranked);
                }
            }
            share = next_share(share, found, limit, job.radius_factor);
        }
    }

    /// The best `limit` of the given technicians who can come. Working hours are looked up for the best only:
    /// first for `limit` technicians, then for twice as many, until enough of them can come. Claims are
    /// looked up for those of them who have jobs around the day.
    async fn best_available(
        &self,
        booking: &Booking,
        job: &Job<'_>,
        cards: Vec<Card>,
        known: &mut Known,
        limit: usize,
    ) -> Result<Vec<Ranked>> {
        let mut candidates = Vec::with_capacity(cards.len());
        let mut workloads = HashMap::with_capacity(cards.len());
        let mut engaged = HashSet::new();
        for Card { candidate, workload, is_engaged } in cards {
            workloads.insert(candidate.technician, workload);
            if is_engaged {
                engaged.insert(candidate.technician);
            }
            candidates.push(candidate);
        }
        let mut looked_up = limit;
        loop {
            let scorer = &*self.engine.scorer;
            let mut best = rank(job, &candidates, &workloads, &known.unavailable, scorer, looked_up);
            let is_all = best.len() < looked_up;
            let ids = best.iter().map(|ranked| ranked.technician);
            let unknown: Vec<_> = ids.filter(|technician| !known.available.contains(technician)).collect();
            known.available.extend(self.available(&unknown, &engaged, booking, job).await?);
            known.unavailable.extend(unknown.iter().filter(|id| !known.available.contains(id)));
            best.retain(|ranked| known.available.contains(&ranked.technician));
            if is_all || best.len() >= limit {
                best.truncate(limit);
                return Ok(best);
            }
            looked_up = looked_up.saturating_mul(2);
        }
    }

    /// Those of the technicians whose working hours cover the job, who have no other booking at that time,
    /// and who may take it if it is paid in cash. Only `engaged` technicians have other bookings around the
    /// day.
    async fn available(
        &self,
        technicians: &[Id<User>],
        engaged: &HashSet<Id<User>>,
        booking: &Booking,
        job: &Job<'_>,
    ) -> Result<Vec<Id<User>>> {
        if technicians.is_empty() {
            return Ok(Vec::new());
        }
        let hours = self.engine.matching.working_hours(technicians).await?;
        let working = hours.into_iter().filter(|(_, hours)| hours.cover(job));
        let mut available: Vec<_> = working.map(|(technician, _)| technician).collect();
        let engaged: Vec<_> = available.iter().filter(|id| engaged.contains(id)).copied().collect();
        let busy = self.busy(&engaged, booking.slot).await?;
        available.retain(|technician| !busy.contains(technician));
        let without_cash = self.without_cash(&available, booking).await?;
        available.retain(|technician| !without_cash.contains(technician));
        Ok(available)
    }

    fn waited(&self, booking: &Booking) -> chrono::TimeDelta {
        let requested_at = booking.matching.requested_at.unwrap_or(booking.created_at);
        self.engine.clock.now() - requested_at
    }

    /// The technicians who may not accept the booking because it is paid in cash and its commission would
    /// raise their debt above the limit.
    async fn without_cash(&self, technicians: &[Id<User>], booking: &Booking) -> Result<Vec<Id<User>>> {
        let mut found = Vec::new();
        if booking.payment.method != Some(PaymentMethod::Cash) || technicians.is_empty() {
            return Ok(found);
        }
        let policy = &self.engine.policy;
        let own = booking.cash_commission(&booking.pricing, policy)?;
        let others_pay = self.list_price(booking)?;
        let of_others = others_pay.map_or(Ok(own), |pricing| booking.cash_commission(&pricing, policy))?;
        for technician in technicians {
            let is_own = booking.priced_for.is_none_or(|priced_for| priced_for == *technician);
            if self.owes_too_much(*technician, if is_own { own } else { of_others }).await? {
                found.push(*technician);
            }
        }
        Ok(found)
    }

    /// The technicians who have another booking at that time.
    pub(super) async fn busy(&self, technicians: &[Id<User>], slot: TimeSlot) -> Result<HashSet<Id<User>>> {
        if technicians.is_empty() {
            return Ok(HashSet::new());
        }
        let cells: Vec<i64> = slot.cells().collect();
        let mut keys = Vec::with_capacity(technicians.len().saturating_mul(cells.len()));
        let mut owners = std::collections::HashMap::with_capacity(keys.capacity());
        for technician in technicians {
            for cell in &cells {
                let key = cell_claim(*technician, *cell);
                owners.insert(key.clone(), *technician);
                keys.push(key);
            }
        }
        let held = self.engine.claims.held(&keys).await?;
        let bookings = held.into_iter().filter(|claim| matches!(claim.holder, AggregateRef::Booking(_)));
        Ok(bookings.filter_map(|claim| owners.get(&claim.key).copied()).collect())
    }

    fn alternative(&self, ranked: &Ranked) -> Alternative {
        let element = Some(Id::generate(self.engine.clock.now(), &*self.engine.entropy));
        Alternative::new(element, ranked)
    }
}
