use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::Booking;
use crate::{
    account::User,
    kernel::{Actor, ElementId, Error, Id, Kind, Result},
    pricing::Pricing,
};
use crate::{schedule::TimeSlot, transaction::PaymentMethod};

/// An offer that a technician declined or did not answer, as it was at that time. From then on, the
/// technician sees only this offer of the booking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeclinedOffer {
    /// The stored element's own id.
    #[serde(default, skip)]
    pub element: ElementId,
    /// The technician to whom the job was offered.
    pub technician: Id<User>,
    /// When the offer ended.
    pub declined_at: DateTime<Utc>,
    /// The slot that was offered.
    #[serde(rename = "timeSlot")]
    pub slot: TimeSlot,
    /// The price that was offered.
    pub pricing: Pricing,
    /// How it was to be paid.
    #[serde(rename = "paymentMethod")]
    pub method: Option<PaymentMethod>,
}

impl Booking {
    /// The offer that this actor declined.
    #[must_use]
    pub fn declined_offer(&self, actor: &Actor) -> Option<&DeclinedOffer> {
        let id = actor.id()?;
        self.declined_offers.iter().find(|offer| offer.technician == id)
    }

    /// Fails unless the actor is a party to this booking now. A technician who declined is not, because a
    /// more specific refusal would reveal the state of the booking.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for a technician who declined it, [`Error::NotFound`] for others.
    pub(crate) fn require_part(&self, actor: &Actor) -> Result<()> {
        if !self.parties(actor).is_empty() {
            return Ok(());
        }
        if self.is_visible_to(actor) {
            return Err(Error::forbidden("the offer has ended: you declined it or did not answer in time"));
        }
        Err(Error::not_found(Kind::Booking, self.id))
    }
}
