use std::collections::VecDeque;

use chrono::{NaiveDate, TimeDelta};
use chrono_tz::Tz;

use super::{id, kes, nairobi, start};
use crate::{
    account::{Category, TimeOfDay, User},
    booking::{
        ActualTimes, ApprovalStatus, BookingNumber, BookingRecord, BookingStatus, CancellationPolicy,
        CorporateDetails, Matching, Notes, Payment, Quality, ServiceLocation, StatusChange, Transition,
        Warranty,
    },
    kernel::{Id, Rate, Text},
    pricing::Pricing,
    schedule::{TimeSlot, Urgency},
    transaction::{PaymentMethod, PaymentTiming},
};

/// The details of a booking for a company that has approved it.
#[must_use]
pub const fn corporate_details(company: Id<User>) -> CorporateDetails {
    CorporateDetails {
        company,
        project_name: None,
        project_code: None,
        department: None,
        approval: ApprovalStatus::Approved,
        decided_by: None,
        decided_at: None,
    }
}

/// A slot in Nairobi on the given day after [`start`].
#[must_use]
pub fn slot(days: u64, from_hour: u8, to_hour: u8) -> TimeSlot {
    let today = NaiveDate::from_ymd_opt(2026, 3, 2).expect("a date");
    let date = today + chrono::Days::new(days);
    let hour = |hour| TimeOfDay::new(hour, 0).expect("an hour");
    TimeSlot::new(date, hour(from_hour), hour(to_hour), Tz::Africa__Nairobi).expect("a slot")
}

/// A plumbing job in the centre of Nairobi, tomorrow from 10:00 to 12:00, for 2,738 KES in cash, in any
/// status. The history takes a shortest path through the state machine, with one minute per step. From
/// `assigned` on, it has the given technician.
#[must_use]
pub fn booking(n: u64, customer: &User, technician: Option<&User>, status: BookingStatus) -> BookingRecord {
    let path = path_to(status);
    let (customer, technician) = (customer.id, technician.map(|technician| technician.id));
    let had_technician = path.contains(&BookingStatus::Assigned);
    let mut now = start();
    let mut history = Vec::new();
    for status in path {
        history.push(StatusChange { status, changed_by: None, changed_at: now, reason: None, notes: None });
        now += TimeDelta::minutes(1);
    }
    BookingRecord {
        id: id(n),
        number: BookingNumber::from_stored(format!("BK2603{n:06}")),
        customer,
        technician: technician.filter(|_| had_technician),
        preferred_technician: None,
        declined_by: Vec::new(),
        declined_offers: Vec::new(),
        service_category: Category::Plumbing,
        service_type: Text::from_stored("tap repair"),
        description: Text::from_stored("The tap in the kitchen drips."),
        urgency: Urgency::Medium,
        images: Vec::new(),
        location: ServiceLocation::at(nairobi()),
        slot: slot(1, 10, 12),
        status,
        updated_at: history.last().map_or(now, |change| change.changed_at),
        history,
        actual: ActualTimes::default(),
        pricing: pricing(),
        priced_for: None,
        open_request: None,
        payment: Payment::pending(PaymentMethod::Cash, PaymentTiming::AfterVerification),
        matching: Matching::default(),
        cancellation_policy: CancellationPolicy::default(),
        cancellation_floor: Rate::ZERO,
        cancellation: None,
        dispute: None,
        materials: Vec::new(),
        additional_services: Vec::new(),
        price_change: None,
        reschedule: None,
        early_start: None,
        warranty: Warranty::default(),
        warranty_for: None,
        corporate: None,
        reminders: Vec::new(),
        quality: Quality::default(),
        notes: Notes::default(),
        source: "test".to_owned(),
        recurrence: None,
        recurring_parent: None,
        deleted_at: None,
        created_at: start(),
    }
}

/// The reference price: 2,000 KES of work, 300 and 60 of fees, and 378 of tax.
fn pricing() -> Pricing {
    Pricing {
        base_price: kes(2_000),
        service_charge: kes(2_000),
        platform_fee: kes(300),
        processing_fee: kes(60),
        tax: kes(378),
        discount: kes(0),
        total: kes(2_738),
    }
}

/// A shortest path through the state machine from `pending`.
fn path_to(status: BookingStatus) -> Vec<BookingStatus> {
    let mut paths = VecDeque::from([vec![BookingStatus::Pending]]);
    while let Some(path) = paths.pop_front() {
        let last = path[path.len() - 1];
        if last == status {
            return path;
        }
        let steps = Transition::TABLE.iter().filter(|step| step.from == last && !path.contains(&step.to));
        paths.extend(steps.map(|step| path.iter().copied().chain([step.to]).collect()));
    }
    panic!("the state machine has no path to {status}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::build::{customer, technician};

    #[test]
    fn a_history_follows_the_state_machine_to_every_status() {
        let (customer, technician) = (customer(1), technician(1, Category::Plumbing, nairobi()));
        for status in BookingStatus::ALL {
            let booking = booking(1, &customer, Some(&technician), status);
            assert_eq!(booking.history.last().map(|change| change.status), Some(status));
            for step in booking.history.windows(2) {
                assert!(!step[0].status.who_may(step[1].status).is_empty(), "{status}: {step:?}");
            }
            assert_eq!(
                booking.technician.is_some(),
                !matches!(
                    status,
                    BookingStatus::Pending | BookingStatus::Matching | BookingStatus::Cancelled
                ),
                "{status}"
            );
        }
    }
}
