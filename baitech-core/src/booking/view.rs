use serde::Serialize;

use super::{
    ActualTimes, Booking, BookingRecord, BookingStatus, DeclinedOffer, Matching, Notes, Party, Payment,
    Quality, Warranty,
};
use crate::transaction::PaymentMethod;
use crate::{
    account::User,
    kernel::{Actor, Id},
    store::{Stored, Version},
};

/// The view of a booking for one actor: the record without what the actor may not see.
///
/// The technician sees the place, the address, access instructions and the customer's name and phone from
/// `accepted` on, and only the town and the county before. Only staff see staff's notes and the names of
/// other technicians who declined. A technician who declined sees the offer as it was then, and nothing
/// later: neither status, slot, price nor version.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BookingView {
    /// The record without hidden fields.
    #[serde(flatten)]
    pub record: BookingRecord,
    /// The version to name in commands.
    pub version: Version,
    /// The contact at the place, if this actor may see it; customers are not shown their own number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_contact: Option<Contact>,
    /// The statuses that this actor can request now.
    pub allowed: Vec<BookingStatus>,
}

/// A person's name and phone number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Contact {
    /// First and last name.
    pub name: String,
    /// The phone number.
    pub phone_number: String,
}

impl BookingView {
    /// The view of a booking for an actor.
    #[must_use]
    pub fn new(stored: &Stored<Booking>, actor: &Actor, customer: Option<&User>) -> Self {
        let booking = &stored.value;
        let parties = booking.parties(actor);
        let is_staff =
            parties.contains(Party::Admin) || parties.contains(Party::Support) || *actor == Actor::System;
        let is_customer = parties.contains(Party::Customer);
        let holds_job = parties.contains(Party::Technician) && was_accepted(booking);
        let mut record = booking.clone().into_record();
        let mut version = stored.version;
        if !(is_staff || is_customer || holds_job) {
            record.location = record.location.town();
        }
        if !is_staff {
            // Only staff may know that a payment is under review.
            record.payment.on_hold = false;
            if !holds_job {
                record.payment.reserved_commission = None;
            }
            record.notes.admin = None;
            let own = |id: &Id<User>| actor.id() == Some(*id);
            if parties.is_empty() {
                hide_what_followed(&mut record, booking.declined_offer(actor), &own);
                version = Version::FIRST;
            }
            record.declined_offers.retain(|offer| own(&offer.technician));
            record.declined_by.retain(own);
            for change in record.history.iter_mut().filter(|line| line.status == BookingStatus::Rejected) {
                change.changed_by = change.changed_by.filter(own);
            }
        }
        if !(is_staff || is_customer) {
            record.matching.alternatives.clear();
        }
        let contact = customer
            .filter(|_| Self::shows_contact(booking, actor))
            .map(|user| Contact { name: user.full_name(), phone_number: user.phone.to_string() });
        let allowed = booking.allowed(actor).collect();
        Self { record, version, customer_contact: contact, allowed }
    }

    /// Whether a view for this actor shows how to reach the customer.
    pub(super) fn shows_contact(booking: &Booking, actor: &Actor) -> bool {
        let parties = booking.parties(actor);
        let may_know =
            [Party::Admin, Party::Support, Party::Customer].iter().any(|party| parties.contains(*party));
        let holds_job = parties.contains(Party::Technician) && was_accepted(booking);
        (may_know || *actor == Actor::System || holds_job) && actor.id() != Some(booking.customer)
    }
}

/// Removes from the record what happened after this technician declined.
fn hide_what_followed(
    record: &mut BookingRecord,
    offer: Option<&DeclinedOffer>,
    own: &impl Fn(&Id<User>) -> bool,
) {
    record.status = BookingStatus::Rejected;
    if let Some(offer) = offer {
        record.slot = offer.slot;
        record.pricing = offer.pricing;
        record.payment.method = offer.method;
        record.updated_at = offer.declined_at;
    }
    record.recurrence = None;
    record.deleted_at = None;
    record.open_request = None;
    record.priced_for = record.priced_for.filter(own);
    // Each `rejected` entry of the history matches one entry of `declined_by`, in the same order. Histories
    // of the earlier application are shorter.
    let mut refusals =
        record.history.iter().enumerate().filter(|(_, line)| line.status == BookingStatus::Rejected);
    let own_refusal = record.declined_by.iter().position(own).and_then(|n| refusals.nth(n));
    let kept = own_refusal.map_or(0, |(index, _)| index + 1);
    record.history.truncate(kept);
    record.technician = None;
    record.preferred_technician = record.preferred_technician.filter(own);
    record.images = Vec::new();
    record.actual = ActualTimes::default();
    record.payment = Payment {
        method: record.payment.method,
        timing: record.payment.timing,
        ..Payment::pending(PaymentMethod::Cash, record.payment.timing)
    };
    record.matching = Matching::default();
    record.cancellation = None;
    record.dispute = None;
    record.materials = Vec::new();
    record.additional_services = Vec::new();
    record.price_change = None;
    record.reschedule = None;
    record.early_start = None;
    record.warranty = Warranty::default();
    record.corporate = None;
    record.reminders = Vec::new();
    record.quality = Quality::default();
    record.notes = Notes::default();
}

/// Whether a technician has ever accepted: by status, since histories of the earlier application have a
/// single entry.
const fn was_accepted(booking: &Booking) -> bool {
    !matches!(
        booking.0.status,
        BookingStatus::Pending
            | BookingStatus::Matching
            | BookingStatus::Assigned
            | BookingStatus::Rejected
            | BookingStatus::Cancelled
    )
}
