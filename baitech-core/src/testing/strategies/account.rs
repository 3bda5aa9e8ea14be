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

/// Where somebody lives, as far as it is known.
pub fn address() -> BoxedStrategy<Address> {
    let line = || option::of(words());
    (option::of(geo_point()), line(), line(), line(), line())
        .prop_map(|(point, address, city, county, country)| Address { point, address, city, county, country })
        .boxed()
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
    let slot = (option::of(id()), 0..7_u8, hours(), any::<bool>()).prop_map(
        |(element, day_of_week, (start, end), is_available)| WeeklySlot {
            element,
            day_of_week,
            start,
            end,
            is_available,
        },
    );
    let exception = (option::of(id()), date(), hours(), any::<bool>(), option::of(text())).prop_map(
        |(element, date, (start, end), is_available, reason)| AvailabilityException {
            element,
            date,
            start,
            end,
            is_available,
            reason,
        },
    );
    (vec(slot, 0..5), vec(exception, 0..3))
        .prop_map(|(weekly, exceptions)| Availability { weekly, exceptions })
        .boxed()
}

fn skill() -> BoxedStrategy<Skill> {
    let category = select(Category::ALL.to_vec());
    let documents = vec(words(), 0..3);
    (option::of(id()), text(), category, 0..60_u32, any::<bool>(), documents)
        .prop_map(|(element, name, category, years_of_experience, verified, verification_documents)| Skill {
            element,
            name,
            category,
            years_of_experience,
            verified,
            verification_documents,
        })
        .boxed()
}

/// What makes a user bookable, with prices in a currency.
pub fn technician_profile(currency: Currency) -> BoxedStrategy<TechnicianProfile> {
    let licence =
        (option::of(words()), any::<bool>()).prop_map(|(number, verified)| Licence { number, verified });
    let insurance = (option::of(words()), option::of(words()), any::<bool>())
        .prop_map(|(provider, policy_number, verified)| Insurance { provider, policy_number, verified });
    let business = (option::of(text()), option::of(0..60_u32), option::of(licence), option::of(insurance));
    let terms = (option::of(money(currency)), 0..200_u32);
    (vec(skill(), 0..4), availability(), zone(), terms, business)
        .prop_map(|(skills, availability, time_zone, (hourly_rate, half_kilometres), business)| {
            let (business_name, years_of_experience, licence, insurance) = business;
            TechnicianProfile {
                skills,
                availability,
                time_zone,
                hourly_rate,
                service_radius: Distance::from_kilometres(f64::from(half_kilometres) / 2.0),
                business_name,
                years_of_experience,
                licence,
                insurance,
            }
        })
        .boxed()
}

fn corporate_profile() -> BoxedStrategy<CorporateProfile> {
    let line = || option::of(words());
    let billing = (line(), line(), line(), line()).prop_map(
        |(tax_id, billing_email, billing_address, payment_terms)| BillingInfo {
            tax_id,
            billing_email,
            billing_address,
            payment_terms,
        },
    );
    (text(), line(), line(), option::of(any::<u32>()), option::of(id()), billing)
        .prop_map(
            |(company_name, company_registration, department, employee_count, administrator, billing)| {
                CorporateProfile {
                    company_name,
                    company_registration,
                    department,
                    employee_count,
                    administrator,
                    billing,
                }
            },
        )
        .boxed()
}

/// The check of an identity, at any point.
pub fn kyc() -> BoxedStrategy<Kyc> {
    use KycStatus::{None, Rejected, Submitted, Verified};
    let id_type = select(vec![IdType::NationalId, IdType::Passport, IdType::DriversLicense]);
    let line = || option::of(words());
    let decision = (option::of(text()), option::of(id()), option::of(moment()));
    (select(vec![None, Submitted, Verified, Rejected]), option::of(id_type), line(), line(), line(), decision)
        .prop_map(|(status, id_type, id_number, front_image, back_image, decision)| {
            let (rejection_reason, verified_by, verified_at) = decision;
            Kyc {
                status,
                id_type,
                id_number,
                front_image,
                back_image,
                rejection_reason,
                verified_by,
                verified_at,
            }
        })
        .boxed()
}

fn stats(currency: Currency) -> BoxedStrategy<UserStats> {
    let amount = || option::of(money(currency));
    let minutes = (0..100_000_i64).prop_map(|hundredths| Decimal::new(hundredths, 2));
    let arrivals = (0..1_000_u32, 0..1_000_u32);
    (0..1_000_u32, 0..1_000_u32, 0..1_000_u32, amount(), amount(), option::of(minutes), arrivals)
        .prop_map(
            |(
                total_bookings,
                completed_bookings,
                cancelled_bookings,
                total_earnings,
                total_spent,
                minutes,
                (arrivals, late_arrivals),
            )| {
                UserStats {
                    total_bookings,
                    completed_bookings,
                    cancelled_bookings,
                    total_earnings,
                    total_spent,
                    response_minutes: minutes,
                    arrivals,
                    late_arrivals,
                }
            },
        )
        .boxed()
}

/// Any user.
pub fn user_record() -> BoxedStrategy<UserRecord> {
    currency().prop_flat_map(user_record_in).boxed()
}

fn user_record_in(currency: Currency) -> BoxedStrategy<UserRecord> {
    let status = select(UserStatus::ALL.to_vec());
    let gender = select(vec![Gender::Male, Gender::Female, Gender::Other, Gender::PreferNotToSay]);
    let rating = (0..=500_i64, 0..10_000_u32)
        .prop_map(|(hundredths, count)| Rating { average: Decimal::new(hundredths, 2), count });
    let names = (text(), text(), email(), phone_number(), option::of(username()));
    let person = (option::of(text()), option::of(gender), option::of(date()), option::of(image()), address());
    let profiles = (option::of(technician_profile(currency)), option::of(corporate_profile()), kyc());
    let rest = (rating, stats(currency), moment(), moment());
    (id(), select(Role::ALL.to_vec()), status, names, person, profiles, rest)
        .prop_map(|(id, role, status, names, person, profiles, rest)| {
            let (first_name, last_name, email, phone, username) = names;
            let (bio, gender, date_of_birth, picture, location) = person;
            let (technician, corporate, kyc) = profiles;
            let (rating, stats, created_at, updated_at) = rest;
            UserRecord {
                id,
                role,
                status,
                first_name,
                last_name,
                email,
                phone,
                username,
                bio,
                gender,
                date_of_birth,
                picture,
                public_place: location.point.map(|home| PublicPlace::draw(home, &SeededEntropy::new(7))),
                location,
                technician,
                corporate,
                kyc,
                rating,
                stats,
                created_at,
                updated_at,
            }
        })
        .boxed()
}
