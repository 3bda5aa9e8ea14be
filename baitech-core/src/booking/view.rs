use serde::Serialize;

use super::{
    ActualTimes, Booking, BookingRecord, BookingStatus, DeclinedOffer, Matching, Notes, Party, Payment,
    PaymentMethod, Quality, Warranty,
};
use crate::{
    account::User,
    kernel::{Actor, Id},
    store::{Stored, Version},
};

/// What one actor sees of a booking: the whole record without what is not theirs to see.
///
/// The technician sees the place, the address, the way in and the customer's name and phone from `accepted`
/// on, and before that only the town and the county; staff's notes and the others' names among those who
/// declined are for staff. Who declined sees what was offered, until they declined, and nothing of what came
/// after: neither status, slot, price nor version.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BookingView {
    /// The record, with what is hidden taken out.
    #[serde(flatten)]
    pub record: BookingRecord,
    /// The version to pin commands to.
    pub version: Version,
    /// Whom to ask for at the door, where this actor may know; customers are not shown their own number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_contact: Option<Contact>,
    /// The statuses that this actor could ask for now.
    pub allowed: Vec<BookingStatus>,
}

/// How to reach somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Contact {
    /// First and last name.
    pub name: String,
    /// The number.
    pub phone_number: String,
}

impl BookingView {
    /// What an actor sees of a booking.
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
            // That somebody looks at a payment is nobody else's to know.
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

/// Takes out of the record what happened after this technician declined.
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
    // One rejection is one name among those who declined, in the same order. Histories of the earlier
    // application are shorter.
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

/// Whether its technician has ever promised to come: by status, since histories of the earlier application
/// have one line.
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
