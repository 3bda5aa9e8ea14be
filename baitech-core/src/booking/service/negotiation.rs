//! Commands that need the other side's consent: a higher price, another slot, a company's approval.

use chrono::{DateTime, Utc};

use super::{Access::Continue, Bookings};
use crate::{
    booking::{Booking, BookingStatus, Context, NewPriceChange, NewTimeSlot},
    kernel::{Actor, Id, Result, Text},
    store::Stored,
};

impl Bookings {
    /// The technician proposes materials or services that raise the price.
    ///
    /// # Errors
    /// As [`Booking::propose_price_change`]; [`Conflict`](crate::kernel::Error::Conflict).
    pub async fn propose_price_change(
        &self,
        actor: &Actor,
        id: Id<Booking>,
        change: &NewPriceChange,
    ) -> Result<Stored<Booking>> {
        self.change(actor, id, ("propose_price", Continue), change, |booking, context| {
            booking.propose_price_change(change, context)
        })
        .await
    }

    /// The customer approves the higher price of the version that was shown
    /// ([`if_version`](Self::if_version)).
    ///
    /// # Errors
    /// As [`Booking::approve_price_change`]; [`Conflict`](crate::kernel::Error::Conflict).
    pub async fn approve_price_change(&self, actor: &Actor, id: Id<Booking>) -> Result<Stored<Booking>> {
        self.change(actor, id, ("approve_price", Continue), &(), |booking, context| {
            let decision = booking.approve_price_change(context)?;
            self.require_pin()?;
            self.require_max_price(decision.next.pricing.total)?;
            Ok(decision)
        })
        .await
    }

    /// The customer declines the higher price.
    ///
    /// # Errors
    /// As [`Booking::decline_price_change`]; [`Conflict`](crate::kernel::Error::Conflict).
    pub async fn decline_price_change(&self, actor: &Actor, id: Id<Booking>) -> Result<Stored<Booking>> {
        self.change(actor, id, ("decline_price", Continue), &(), |booking, context| {
            booking.decline_price_change(context)
        })
        .await
    }

    /// The customer moves the slot before a technician has accepted. The price is quoted anew under current
    /// demand. Moving to the same slot is allowed too: it replaces the own rate of a preferred technician who
    /// cannot come.
    ///
    /// # Errors
    /// As [`Booking::move_slot`]; [`CostsMore`](crate::kernel::Rule::COSTS_MORE) above the
    /// [maximum](Self::max_price); [`NotEligible`](crate::kernel::Rule::NOT_ELIGIBLE) where the technician
    /// to whom the job is offered cannot do it in that slot; violations of `timeSlot…`;
    /// [`Conflict`](crate::kernel::Error::Conflict).
    pub async fn move_slot(
        &self,
        actor: &Actor,
        id: Id<Booking>,
        slot: &NewTimeSlot,
    ) -> Result<Stored<Booking>> {
        let look = |booking: Stored<Booking>, _| async move {
            let slot = slot.check(booking.slot.zone, &self.engine.policy)?;
            let (pricing, priced_for) = self.requote(&booking, slot).await?;
            self.require_max_price(pricing.total)?;
            if booking.status == BookingStatus::Assigned {
                self.require_offer_stands(&booking, slot, (pricing, priced_for)).await?;
            }
            Ok((slot, (pricing, priced_for)))
        };
        let decide =
            |booking: Booking, (slot, price), context: &Context<'_>| booking.move_slot(slot, price, context);
        self.change_looking(actor, id, ("move_slot", Continue), slot, (look, decide)).await
    }

    /// One side proposes another slot for an accepted job.
    ///
    /// # Errors
    /// As [`Booking::propose_slot`]; violations of `timeSlot…` and `reason`;
    /// [`Conflict`](crate::kernel::Error::Conflict).
    pub async fn propose_slot(
        &self,
        actor: &Actor,
        id: Id<Booking>,
        slot: &NewTimeSlot,
        reason: Option<&str>,
    ) -> Result<Stored<Booking>> {
        let reason = Text::<500>::optional("reason", reason)?;
        self.change(actor, id, ("propose_slot", Continue), &(slot, &reason), |booking, context| {
            let slot = slot.check(booking.slot.zone, context.policy)?;
            booking.propose_slot(slot, reason.clone(), context)
        })
        .await
    }

    /// The other side approves the slot of the version that was shown ([`if_version`](Self::if_version)). The
    /// job and the claims on the technician's time move in one commit.
    ///
    /// # Errors
    /// As [`Booking::approve_slot`]; [`TimeSlotTaken`](crate::kernel::Rule::TIME_SLOT_TAKEN);
    /// [`Conflict`](crate::kernel::Error::Conflict).
    pub async fn approve_slot(&self, actor: &Actor, id: Id<Booking>) -> Result<Stored<Booking>> {
        self.change(actor, id, ("approve_slot", Continue), &(), |booking, context| {
            let decision = booking.approve_slot(context)?;
            self.require_pin()?;
            Ok(decision)
        })
        .await
    }

    /// The other side declines the slot, or the proposing side withdraws it.
    ///
    /// # Errors
    /// As [`Booking::decline_slot`]; [`Conflict`](crate::kernel::Error::Conflict).
    pub async fn decline_slot(&self, actor: &Actor, id: Id<Booking>) -> Result<Stored<Booking>> {
        self.change(actor, id, ("decline_slot", Continue), &(), |booking, context| {
            booking.decline_slot(context)
        })
        .await
    }

    /// The customer agrees that the technician may set out earlier than
    /// [`early_departure`](crate::booking::BookingPolicy::early_departure) before the start.
    ///
    /// # Errors
    /// As [`Booking::allow_early_start`]; [`Conflict`](crate::kernel::Error::Conflict).
    pub async fn allow_early_start(
        &self,
        actor: &Actor,
        id: Id<Booking>,
        from: DateTime<Utc>,
    ) -> Result<Stored<Booking>> {
        self.change(actor, id, ("allow_early_start", Continue), &from, |booking, context| {
            booking.allow_early_start(from, context)
        })
        .await
    }

    /// Ends a series: bookings already made stay, and no more follow. Takes the first booking of the series.
    ///
    /// # Errors
    /// As [`Booking::end_series`]; [`Conflict`](crate::kernel::Error::Conflict).
    pub async fn end_series(&self, actor: &Actor, id: Id<Booking>) -> Result<Stored<Booking>> {
        self.change(actor, id, ("end_series", Continue), &(), |booking, context| booking.end_series(context))
            .await
    }

    /// The company's administrator approves the price of the version that was shown
    /// ([`if_version`](Self::if_version)).
    ///
    /// # Errors
    /// As [`Booking::approve`]; [`Conflict`](crate::kernel::Error::Conflict).
    pub async fn approve(&self, actor: &Actor, id: Id<Booking>) -> Result<Stored<Booking>> {
        self.change(actor, id, ("approve", Continue), &(), |booking, context| {
            let decision = booking.approve(context)?;
            self.require_pin()?;
            self.require_max_price(decision.next.pricing.total)?;
            Ok(decision)
        })
        .await
    }

    /// The company's administrator refuses the price, which cancels the booking.
    ///
    /// # Errors
    /// As [`Booking::decline_approval`]; [`Conflict`](crate::kernel::Error::Conflict).
    pub async fn decline_approval(
        &self,
        actor: &Actor,
        id: Id<Booking>,
        reason: &str,
    ) -> Result<Stored<Booking>> {
        let reason = Text::<500>::new("reason", reason)?;
        let reason = reason.as_str();
        self.change(actor, id, ("decline_approval", Continue), &reason, |booking, context| {
            booking.decline_approval(reason, context)
        })
        .await
    }
}
