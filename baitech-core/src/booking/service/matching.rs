//! Who could do a job, and who gets it.

use std::collections::HashSet;

use super::{Bookings, Effort::GoesOn};
use crate::{
    account::User,
    booking::{
        Alternative, Assignment, Booking, BookingStatus, Context, TimeSlot, cell_claim, timers::day_around,
    },
    decide::answered,
    kernel::{Actor, Distance, Error, Id, Kind, Result, Role, Rule, before},
    matching::{Candidate, Exclusion, Job, Ranked, eligibility, rank},
    store::{AggregateRef, Stored},
};

/// The name of the command that offers a job to somebody.
const SEARCH: &str = "search";

/// A technician who could do a job.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Offer {
    /// Who.
    pub technician: Id<User>,
    /// How well, 0 to 1.
    pub score: f64,
    /// How far from the technician's public place, in whole kilometres.
    pub distance: Distance,
    /// Why, in one line.
    pub reason: String,
}

impl Bookings {
    /// Looks for a technician and offers the job to the best: begins the search where that has not begun. Without one, the booking stays
    /// in `matching` (later searches reach farther), and is cancelled once the policy gives up.
    ///
    /// # Errors
    /// [`Rule::Transition`]; [`Rule::ApprovalRequired`]; [`Error::Conflict`] where somebody else was quicker.
    pub async fn find_technician(&self, actor: &Actor, id: Id<Booking>) -> Result<Stored<Booking>> {
        let booking = self.get(actor, id).await?;
        // Beginning and searching are two commits, each with its own answer under the key: where the second has one, both are done.
        let command = self.command(actor, SEARCH, &(id, ()))?;
        if let Some(answered) = answered(&self.engine, &*self.engine.bookings, &command).await? {
            return Ok(answered);
        }
        if self.pinned.is_some_and(|version| version != booking.version) {
            return Err(Error::Conflict(booking.into()));
        }
        if booking.status != BookingStatus::Matching {
            let begun = self
                .change(actor, id, ("begin_matching", GoesOn), &(), |booking, context| {
                    booking.begin_matching(context)
                })
                .await?;
            if begun.status != BookingStatus::Matching {
                // This request had begun the search before, and somebody else has ended it since.
                return Ok(begun);
            }
        }
        self.search(actor, id).await
    }

    /// One search for a booking in `matching`.
    pub(super) async fn search(&self, actor: &Actor, id: Id<Booking>) -> Result<Stored<Booking>> {
        let seen = self.engine.bookings.load(id).await?.ok_or_else(|| Error::not_found(Kind::Booking, id))?;
        let look = |booking: Stored<Booking>, _| async move { self.best_assignment(&booking).await };
        let decide = |booking: Booking, assignment, context: &Context<'_>| match assignment {
            Some(assignment) => booking.assign(assignment, context),
            None => {
                booking.require_transition(BookingStatus::Assigned, &context.actor)?;
                let requested_at = booking.matching.requested_at.unwrap_or_else(|| booking.entered_at());
                let ends = context.policy.matching.gives_up_at(requested_at).min(booking.slot.ends_at());
                if context.now >= ends {
                    booking.cancel("nobody could be found", false, &context.as_system())
                } else {
                    booking.matching_attempted(context)
                }
            }
        };
        let here = self.clone().at(seen.version);
        here.change_looking(actor, id, (SEARCH, GoesOn), &(), (look, decide)).await
    }

    /// The best technician who is free, and who else could come; `None` where nobody can.
    async fn best_assignment(&self, booking: &Booking) -> Result<Option<Assignment>> {
        // Nobody can come to a job whose time is over.
        if self.engine.clock.now() >= booking.slot.ends_at() {
            return Ok(None);
        }
        let ranked = self.ranked_free(booking, 1 + self.engine.policy.matching.alternatives).await?;
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
    /// [`Rule::NotEligible`] with the reason; [`Rule::Transition`]; [`Error::Conflict`].
    pub async fn assign(
        &self,
        actor: &Actor,
        id: Id<Booking>,
        technician: Id<User>,
    ) -> Result<Stored<Booking>> {
        let look = |booking: Stored<Booking>, _| async move {
            // Who may not assign is not told about technicians either.
            booking.require_transition(BookingStatus::Assigned, actor)?;
            if let Err(exclusion) = self.eligibility_of(&booking, technician).await? {
                return Err(Error::refused(Rule::NotEligible, exclusion.to_string()));
            }
            Ok(())
        };
        let decide = |booking: Booking, (), context: &Context<'_>| {
            let assignment = Assignment {
                technician,
                algorithm: "manual".to_owned(),
                score: None,
                alternatives: booking.matching.alternatives.clone(),
            };
            booking.assign(assignment, context)
        };
        self.change_looking(actor, id, ("assign", GoesOn), &technician, (look, decide)).await
    }

    /// Who could do the job now, the best first; at most `limit`. For the customer and staff.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Forbidden`].
    pub async fn candidates(&self, actor: &Actor, id: Id<Booking>, limit: usize) -> Result<Vec<Offer>> {
        let booking = self.get_as_owner(actor, id).await?;
        let ranked = self.ranked_free(&booking, limit.min(100)).await?;
        let offer = |ranked: Ranked| Offer {
            technician: ranked.technician,
            score: ranked.score,
            distance: ranked.distance.to_whole_kilometres(),
            reason: ranked.reason(),
        };
        Ok(ranked.into_iter().map(offer).collect())
    }

    /// Why a technician is not offered the job; `None` where nothing stands against it. For the customer and staff.
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
        Ok(self.eligibility_of(&booking, technician).await?.err())
    }

    /// Fails unless the technician to whom a job is offered could do it in another slot, too.
    pub(super) async fn require_offer_stands(&self, booking: &Booking, slot: TimeSlot) -> Result<()> {
        let Some(technician) = booking.technician else {
            return Ok(());
        };
        let mut moved = booking.clone().into_record();
        moved.slot = slot;
        match self.eligibility_of(&Booking::from_record(moved), technician).await? {
            Ok(_) => Ok(()),
            Err(exclusion) => {
                let message = format!("the technician who was asked cannot come then: {exclusion}");
                Err(Error::refused(Rule::NotEligible, message))
            }
        }
    }

    async fn get_as_owner(&self, actor: &Actor, id: Id<Booking>) -> Result<Stored<Booking>> {
        let booking = self.get(actor, id).await?;
        if actor.is_staff() || actor.is_any(&[Some(booking.customer), Some(booking.payer())]) {
            return Ok(booking);
        }
        Err(Error::forbidden("the customer and staff see who could come"))
    }

    async fn eligibility_of(
        &self,
        booking: &Booking,
        technician: Id<User>,
    ) -> Result<Result<Distance, Exclusion>> {
        let user = self.engine.users.load(technician).await?.map(|stored| stored.value);
        let user = user.filter(|user| user.role == Role::Technician);
        let candidate = user.and_then(|user| Candidate::from_user(&user, booking.service_category));
        let candidate = candidate.ok_or_else(|| Error::not_found(Kind::User, technician))?;
        let Some(job) = self.job(booking) else { return Ok(Err(Exclusion::NoPlace)) };
        let busy = self.busy(&[technician], booking.slot).await?;
        Ok(eligibility(&job, &candidate, !busy.is_empty()))
    }

    fn job<'a>(&self, booking: &'a Booking) -> Option<Job<'a>> {
        Job::of(booking, self.engine.policy.matching.radius_factor(self.waited(booking)))
    }

    /// The best `limit` technicians without another booking at that time.
    ///
    /// Claims are looked up for the best only, and the ranking is repeated without those who are busy: that is less to read than
    /// the claims of everybody around.
    async fn ranked_free(&self, booking: &Booking, limit: usize) -> Result<Vec<Ranked>> {
        let Some(job) = self.job(booking) else { return Ok(Vec::new()) };
        let reach = self.engine.policy.matching.search_radius(self.waited(booking));
        let mut candidates = self.engine.matching.candidates(job.category, job.point, reach).await?;
        candidates.retain(|candidate| candidate.technician != booking.customer);
        let ids: Vec<_> = candidates.iter().map(|candidate| candidate.technician).collect();
        let day = day_around(job.starts_at, booking.slot.zone);
        let today = day_around(self.engine.clock.now(), booking.slot.zone);
        let week = before(today.start, chrono::TimeDelta::days(6))..today.end;
        let workloads = self.engine.matching.workloads(&ids, day, week).await?;
        let mut busy = HashSet::new();
        loop {
            let ranked = rank(&job, &candidates, &workloads, &busy, &*self.engine.scorer, limit);
            let best: Vec<_> = ranked.iter().map(|ranked| ranked.technician).collect();
            let found_busy = self.busy(&best, booking.slot).await?;
            if found_busy.is_empty() {
                return Ok(ranked);
            }
            busy.extend(found_busy);
        }
    }

    fn waited(&self, booking: &Booking) -> chrono::TimeDelta {
        let requested_at = booking.matching.requested_at.unwrap_or(booking.created_at);
        self.engine.clock.now() - requested_at
    }

    /// Those of the technicians who hold another booking at that time.
    pub(super) async fn busy(&self, technicians: &[Id<User>], slot: TimeSlot) -> Result<HashSet<Id<User>>> {
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
        Alternative { element, ..ranked.alternative() }
    }
}
