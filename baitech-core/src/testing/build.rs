//! Plain records to begin a test with. The same arguments give the same record; another number `n` gives one that shares no id,
//! number or unique field with it.

use std::collections::VecDeque;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc, Weekday};
use chrono_tz::Tz;
use rust_decimal::Decimal;

use crate::{
    account::{
        AccountEvent, Address, Availability, Category, CorporateProfile, Kyc, KycStatus, Rating, Skill,
        TechnicianProfile, TimeOfDay, User, UserRecord, UserStats, UserStatus,
    },
    booking::{
        ActualTimes, BookingEvent, BookingNumber, BookingRecord, BookingStatus, CancellationPolicy, Matching,
        Notes, Payment, PaymentMethod, PaymentTiming, Quality, ServiceLocation, StatusChange, TimeSlot,
        Transition, Urgency, Warranty,
    },
    kernel::{Actor, Currency, Email, GeoPoint, Id, Money, PhoneNumber, Rate, Role, Text},
    ledger::{Account, Entry, EntryRecord, Posting},
    pricing::Pricing,
    store::{AggregateRef, Event, EventKind, Fingerprint, Idempotency, IdempotencyKey, Version},
};

/// When everything here was made: Monday, 2 March 2026, 8:00 in Nairobi.
#[must_use]
pub fn start() -> DateTime<Utc> {
    "2026-03-02T05:00:00Z".parse().expect("a moment")
}

/// The `n`-th id; ids sort as their numbers do.
#[must_use]
pub fn id<T>(n: u64) -> Id<T> {
    let mut bytes = [0; 12];
    let (time, number) = bytes.split_at_mut(4);
    time.copy_from_slice(&u32::try_from(start().timestamp()).expect("before 2106").to_be_bytes());
    number.copy_from_slice(&n.to_be_bytes());
    Id::from_bytes(bytes)
}

/// A place by longitude and latitude.
#[must_use]
pub fn point(longitude: f64, latitude: f64) -> GeoPoint {
    GeoPoint::new(longitude, latitude).expect("a place on the Earth")
}

/// The middle of Nairobi.
#[must_use]
pub fn nairobi() -> GeoPoint {
    point(36.8219, -1.2921)
}

/// So many Kenyan shillings.
#[must_use]
pub fn kes(shillings: i64) -> Money {
    Money::from_major(shillings, Currency::KES)
}

/// Customers, technicians and companies count their ids, addresses and phone numbers apart.
const fn apart(role: Role, n: u64) -> u64 {
    (role as u64) << 32 | n
}

/// An active user without anything that is optional.
#[must_use]
pub fn user(role: Role, n: u64) -> UserRecord {
    let name = role.as_str();
    UserRecord {
        id: id(apart(role, n)),
        role,
        status: UserStatus::Active,
        first_name: Text::from_stored(name),
        last_name: Text::from_stored(format!("Number{n}")),
        email: Email::from_stored(format!("{name}{n}@example.ke")),
        phone: PhoneNumber::from_stored(format!("+2547{}{n:07}", role as u8)),
        username: None,
        bio: None,
        gender: None,
        date_of_birth: None,
        picture: None,
        location: Address::default(),
        technician: None,
        corporate: None,
        kyc: Kyc::default(),
        rating: Rating::default(),
        stats: UserStats::default(),
        created_at: start(),
        updated_at: start(),
    }
}

/// An active customer.
#[must_use]
pub fn customer(n: u64) -> User {
    User::from_record(user(Role::Customer, n))
}

/// A member of the staff.
#[must_use]
pub fn admin(n: u64) -> User {
    User::from_record(user(Role::Admin, n))
}

/// The administrator of a company of its own.
#[must_use]
pub fn company(n: u64) -> User {
    let company = CorporateProfile {
        company_name: Text::from_stored(format!("Company {n}")),
        company_registration: None,
        department: None,
        employee_count: None,
        administrator: None,
        billing: crate::account::BillingInfo::default(),
    };
    User::from_record(UserRecord { corporate: Some(company), ..user(Role::Corporate, n) })
}

/// An active technician with verified identity, one verified skill of four years, hours from 6:00 to 22:00 every day in Nairobi,
/// and a radius of 10 km around home.
#[must_use]
pub fn technician(n: u64, category: Category, home: GeoPoint) -> User {
    User::from_record(technician_record(n, category, home))
}

/// The record of [`technician`], to be changed before it becomes a user.
#[must_use]
pub fn technician_record(n: u64, category: Category, home: GeoPoint) -> UserRecord {
    let skill = Skill {
        element: Some(id(n)),
        name: Text::from_stored(category.as_str()),
        category,
        years_of_experience: 4,
        verified: true,
        verification_documents: Vec::new(),
    };
    let days = [0, 1, 2, 3, 4, 5, 6].map(|day| Weekday::try_from(day).expect("a weekday"));
    let hour = |hour| TimeOfDay::new(hour, 0).expect("an hour");
    let profile = TechnicianProfile {
        availability: Availability::on_weekdays(&days, hour(6), hour(22)),
        ..TechnicianProfile::new(vec![skill])
    };
    UserRecord {
        location: Address { point: Some(home), ..Address::default() },
        technician: Some(profile),
        kyc: Kyc { status: KycStatus::Verified, verified_at: Some(start()), ..Kyc::default() },
        rating: Rating { average: Decimal::new(425, 2), count: 8 },
        ..user(Role::Technician, n)
    }
}

/// Hours of one of the days after [`start`], in Nairobi.
#[must_use]
pub fn slot(days: u64, from_hour: u8, to_hour: u8) -> TimeSlot {
    let today = NaiveDate::from_ymd_opt(2026, 3, 2).expect("a date");
    let date = today + chrono::Days::new(days);
    let hour = |hour| TimeOfDay::new(hour, 0).expect("an hour");
    TimeSlot::new(date, hour(from_hour), hour(to_hour), Tz::Africa__Nairobi).expect("a slot")
}

/// A plumbing job in the middle of Nairobi, tomorrow from 10:00 to 12:00, for 2,738 KES in cash, in any status. The history leads
/// there on a shortest way of the state machine, a minute a step; from `assigned` on it has the technician, if one is given.
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

/// The golden price: 2,000 KES of work, 300 and 60 of fees, 378 of tax.
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

/// A shortest way through the state machine, from `pending`.
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
    panic!("the state machine has no way to {status}")
}

/// The `n`-th event of a commit that writes the aggregate to a version.
#[must_use]
pub fn event(target: AggregateRef, version: Version, n: u32, at: DateTime<Utc>) -> Event {
    let kind: EventKind = match target {
        AggregateRef::User(_) => AccountEvent::UserProfileChanged.into(),
        AggregateRef::Booking(_) => BookingEvent::BookingUpdated.into(),
    };
    // An id of its own for each aggregate, version and n.
    let name = format!("{target} {version} {n}");
    let mut bytes = [0; 12];
    bytes.copy_from_slice(&Fingerprint::of(name.as_bytes()).to_bytes()[..12]);
    Event { id: Id::from_bytes(bytes), aggregate: target, version, n, actor: Actor::System, at, kind }
}

/// An entry that moves an amount from one account to another.
#[must_use]
pub fn entry(n: u64, cause: AggregateRef, from: Account, to: Account, amount: Money) -> Entry {
    let postings = vec![Posting { account: from, amount: amount.negated() }, Posting { account: to, amount }];
    let description = "test".to_owned();
    Entry::new(EntryRecord { id: id(n), cause, description, at: start(), postings })
        .expect("a balanced entry")
}

/// The record of a request in the scope `test`, kept for a day after [`start`].
#[must_use]
pub fn idempotency(key: &str, request: &str, answer: &str) -> Idempotency {
    Idempotency {
        scope: "test".to_owned(),
        key: IdempotencyKey::new(key).expect("a key"),
        fingerprint: Fingerprint::of(request.as_bytes()),
        answer: answer.as_bytes().to_vec(),
        expires_at: Some(start() + TimeDelta::days(1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn people_of_all_roles_differ_in_every_unique_field() {
        let users: Vec<UserRecord> =
            Role::ALL.into_iter().flat_map(|role| [0, 1, 9_999_999].map(|n| user(role, n))).collect();
        for (index, one) in users.iter().enumerate() {
            assert_eq!(PhoneNumber::new(one.phone.as_str()).as_ref(), Ok(&one.phone));
            for other in &users[index + 1..] {
                assert!(one.id != other.id && one.email != other.email && one.phone != other.phone);
            }
        }
    }
}
