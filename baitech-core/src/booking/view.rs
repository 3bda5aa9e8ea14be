use serde::Serialize;

use super::{Booking, BookingRecord, BookingStatus, Party, ServiceLocation};
use crate::{
    account::User,
    kernel::{Actor, Id},
    store::{Stored, Version},
};

/// What one actor sees of a booking: the whole record without what is not theirs to see.
///
/// The technician sees the address, the way in and the customer's name and phone from `accepted` on, and before that only the point and
/// the town; staff's notes and the others' names among those who declined are for staff.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BookingView {
    /// The record, with what is hidden taken out.
    #[serde(flatten)]
    pub record: BookingRecord,
    /// The version to pin commands to.
    pub version: Version,
    /// Whom to ask for at the door, where this actor may know.
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
        if !(is_staff || is_customer || holds_job) {
            let ServiceLocation { point, city, county, .. } = record.location;
            record.location = ServiceLocation { city, county, ..ServiceLocation::at(point) };
        }
        if !is_staff {
            record.notes.admin = None;
            let own = |id: &Id<User>| actor.id() == Some(*id);
            record.declined_by.retain(own);
        }
        if !(is_staff || is_customer) {
            record.matching.alternatives.clear();
        }
        let contact = customer
            .filter(|_| is_staff || is_customer || holds_job)
            .map(|user| Contact { name: user.full_name(), phone_number: user.phone.to_string() });
        let allowed = booking.allowed(actor).collect();
        Self { record, version: stored.version, customer_contact: contact, allowed }
    }
}

/// Whether its technician has ever promised to come: by status, since histories of the earlier application have one line.
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
