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

/// A booking as one actor may see it: the record without the fields that are hidden from the actor.
///
/// - Once the booking is `accepted`, its technician sees the place, the address, the access instructions, and
///   the customer's name and phone number. Before that, and after a cancellation, the technician sees only
///   the town and the county.
/// - Only staff see the staff's notes, and which other technicians declined.
/// - A technician who declined sees the offer as it was at that time. Later changes of the status, the slot,
///   the price and the version are hidden.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BookingView {
    /// The record without hidden fields.
    #[serde(flatten)]
    pub record: BookingRecord,
    /// The version to pass to commands as `if_version`.
    pub version: Version,
    /// The customer's name and phone number, if this actor may see them. `None` if the actor is the customer.
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
    /// Builds the view of a booking for an actor. `customer` is the booking's customer.
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

    /// Whether the view for this actor contains the customer's contact.
    pub(super) fn shows_contact(booking: &Booking, actor: &Actor) -> bool {
        let parties = booking.parties(actor);
        let may_know =
            [Party::Admin, Party::Support, Party::Customer].iter().any(|party| parties.contains(*party));
        let holds_job = parties.contains(Party::Technician) && was_accepted(booking);
        (may_know || *actor == Actor::System || holds_job) && actor.id() != Some(booking.customer)
    }
}

/// Removes the changes that were made to the booking after this technician declined.
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
    // The n-th `rejected` entry of the history belongs to the n-th technician of `declined_by`. A history of
    // the earlier application may lack the entry; then the whole history is hidden.
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

/// Whether the status implies that a technician has accepted. A cancelled booking counts as not accepted. The
/// history is not read, because in bookings of the earlier application it has a single entry.
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
