use proptest::{collection::vec, option, prelude::*, sample::select};
use rust_decimal::Decimal;

use super::kernel::{
    currency, date, email, geo_point, id, image, moment, money, phone_number, text, time_of_day, username,
    words, zone,
};
use crate::{
    account::{
        Address, Availability, AvailabilityException, BillingInfo, Category, CorporateProfile, Gender,
        IdType, Insurance, Kyc, KycStatus, Licence, PublicPlace, Rating, Skill, TechnicianProfile, TimeOfDay,
        UserRecord, UserStats, UserStatus, WeeklySlot,
    },
    kernel::{Currency, Distance, Role, SeededEntropy},
};

/// An address with optional parts.
pub fn address() -> BoxedStrategy<Address> {
    strategy!(Address {
        point: option::of(geo_point()),
        address: option::of(words()),
        city: option::of(words()),
        county: option::of(words()),
        country: option::of(words()),
    })
}

/// Hours within a day.
fn hours() -> impl Strategy<Value = (TimeOfDay, TimeOfDay)> + Clone {
    (time_of_day(), time_of_day()).prop_map(|(one, other)| {
        let last_minute = |time: TimeOfDay| time.minutes() == TimeOfDay::END_OF_DAY.minutes() - 1;
        match (one.min(other), one.max(other)) {
            (start, end) if start == end || last_minute(end) => (TimeOfDay::MIDNIGHT, TimeOfDay::END_OF_DAY),
            hours => hours,
        }
    })
}

/// Weekly hours and exceptions, in any order.
pub fn availability() -> BoxedStrategy<Availability> {
    let slot = hours().prop_flat_map(|(start, end)| {
        strategy!(WeeklySlot {
            element: option::of(id()),
            day_of_week: 0..7_u8,
            start: Just(start),
            end: Just(end),
            is_available: any::<bool>(),
        })
    });
    let exception = hours().prop_flat_map(|(start, end)| {
        strategy!(AvailabilityException {
            element: option::of(id()),
            date: date(),
            start: Just(start),
            end: Just(end),
            is_available: any::<bool>(),
            reason: option::of(text()),
        })
    });
    strategy!(Availability { weekly: vec(slot, 0..5), exceptions: vec(exception, 0..3) })
}

fn skill() -> BoxedStrategy<Skill> {
    strategy!(Skill {
        element: option::of(id()),
        name: text(),
        category: select(&Category::ALL),
        years_of_experience: 0..60_u32,
        verified: any::<bool>(),
        verification_documents: vec(words(), 0..3),
    })
}

/// A technician's profile with prices in a currency.
pub fn technician_profile(currency: Currency) -> BoxedStrategy<TechnicianProfile> {
    let licence = strategy!(Licence { number: option::of(words()), verified: any::<bool>() });
    let insurance = strategy!(Insurance {
        provider: option::of(words()),
        policy_number: option::of(words()),
        verified: any::<bool>(),
    });
    let radius = (0..200_u32).prop_map(|halves| Distance::from_kilometres(f64::from(halves) / 2.0));
    strategy!(TechnicianProfile {
        skills: vec(skill(), 0..4),
        availability: availability(),
        time_zone: zone(),
        hourly_rate: option::of(money(currency)),
        service_radius: radius,
        business_name: option::of(text()),
        years_of_experience: option::of(0..60_u32),
        licence: option::of(licence),
        insurance: option::of(insurance),
    })
}

fn corporate_profile() -> BoxedStrategy<CorporateProfile> {
    let billing = strategy!(BillingInfo {
        tax_id: option::of(words()),
        billing_email: option::of(words()),
        billing_address: option::of(words()),
        payment_terms: option::of(words()),
    });
    strategy!(CorporateProfile {
        company_name: text(),
        company_registration: option::of(words()),
        department: option::of(words()),
        employee_count: option::of(any::<u32>()),
        administrator: option::of(id()),
        billing: billing,
    })
}

/// Any type of identity document.
pub(crate) fn id_type() -> impl Strategy<Value = IdType> + Clone {
    select(&[IdType::NationalId, IdType::Passport, IdType::DriversLicense])
}

/// An identity check in any status.
pub fn kyc() -> BoxedStrategy<Kyc> {
    strategy!(Kyc {
        status: select(&KycStatus::ALL),
        id_type: option::of(id_type()),
        id_number: option::of(words()),
        front_image: option::of(words()),
        back_image: option::of(words()),
        rejection_reason: option::of(text()),
        verified_by: option::of(id()),
        verified_at: option::of(moment()),
    })
}

/// A decimal of two digits after the point.
fn hundredths(most: i64) -> impl Strategy<Value = Decimal> + Clone {
    (0..=most).prop_map(|hundredths| Decimal::new(hundredths, 2))
}

fn stats(currency: Currency) -> BoxedStrategy<UserStats> {
    strategy!(UserStats {
        total_bookings: 0..1_000_u32,
        completed_bookings: 0..1_000_u32,
        cancelled_bookings: 0..1_000_u32,
        total_earnings: option::of(money(currency)),
        total_spent: option::of(money(currency)),
        response_minutes: option::of(hundredths(99_999)),
        arrivals: 0..1_000_u32,
        late_arrivals: 0..1_000_u32,
    })
}

/// Any user.
pub fn user_record() -> BoxedStrategy<UserRecord> {
    currency().prop_flat_map(user_record_in).boxed()
}

fn user_record_in(currency: Currency) -> BoxedStrategy<UserRecord> {
    let genders = &[Gender::Male, Gender::Female, Gender::Other, Gender::PreferNotToSay];
    strategy!(UserRecord {
        id: id(),
        role: select(&Role::ALL),
        status: select(&UserStatus::ALL),
        first_name: text(),
        last_name: text(),
        email: email(),
        phone: phone_number(),
        username: option::of(username()),
        bio: option::of(text()),
        gender: option::of(select(genders)),
        date_of_birth: option::of(date()),
        picture: option::of(image()),
        location: address(),
        public_place: Just(None),
        technician: option::of(technician_profile(currency)),
        corporate: option::of(corporate_profile()),
        kyc: kyc(),
        rating: strategy!(Rating { average: hundredths(500), count: 0..10_000_u32 }),
        stats: stats(currency),
        created_at: moment(),
        updated_at: moment(),
    })
    .prop_map(|user| UserRecord {
        public_place: user.location.point.map(|home| PublicPlace::draw(home, &SeededEntropy::new(7))),
        ..user
    })
    .boxed()
}
