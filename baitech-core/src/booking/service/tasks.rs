//! Due tasks of bookings: the worker's side of `timers`.

use std::sync::Arc;

use async_trait::async_trait;

use super::{Access::Continue, Bookings};
use crate::{
    booking::{Booking, BookingStatus, Task},
    engine::Engine,
    kernel::{Actor, Error, Id, Kind, Result, Rule},
    worker::{DueTask, TaskOutcome},
};

impl Bookings {
    /// Runs the next due task of a booking. The task requires the version at which it was found due, so that
    /// two concurrent workers run it once.
    async fn run_next_task(&self, id: Id<Booking>) -> Result<TaskOutcome> {
        let actor = &Actor::System;
        let seen = self.engine.bookings.load(id).await?.ok_or_else(|| Error::not_found(Kind::Booking, id))?;
        let here = self.clone().if_version(seen.version);
        let now = self.engine.clock.now();
        let Some((_, task)) = seen.next_task(&self.engine.policy).filter(|(at, _)| *at <= now) else {
            // The queue has another time than the booking, from an earlier policy. Writing the booking
            // corrects it.
            here.change(actor, id, ("reschedule_task", Continue), &(), |booking, _| {
                Ok(crate::decide::Decision::new(booking))
            })
            .await?;
            return Ok(TaskOutcome::NotDue);
        };
        match task {
            Task::Recur => drop(self.recur(id).await?),
            Task::Match if seen.status == BookingStatus::Matching => drop(self.search(actor, id).await?),
            Task::Match | Task::Rematch => {
                here.change(actor, id, ("task", Continue), &(), |booking, context| {
                    booking.run_task(task, context)
                })
                .await?;
                // A search that fails here is repeated: the booking is in `matching`, and its task is due.
                match self.search(actor, id).await {
                    Ok(_) | Err(Error::Conflict(_)) => {}
                    Err(error) if error.rule() == Some(Rule::TRANSITION) => {}
                    Err(error) => return Err(error),
                }
            }
            Task::ExpireOffer
            | Task::ExpirePayment
            | Task::AutoVerify
            | Task::FollowAutomaticSteps
            | Task::ReleaseEscrow
            | Task::Remind(_)
            | Task::EscalateDispute => {
                here.change(actor, id, ("task", Continue), &(), |booking, context| {
                    booking.run_task(task, context)
                })
                .await?;
            }
        }
        Ok(TaskOutcome::Done)
    }
}

#[async_trait]
impl DueTask for Booking {
    async fn run_due_task(engine: &Arc<Engine>, id: Id<Self>) -> Result<TaskOutcome> {
        Bookings::new(engine.clone()).run_next_task(id).await
    }
}
