use chrono::Weekday;
use rust_decimal::Decimal;

use super::{id, start};
use crate::{
    account::{
        Address, Availability, BillingInfo, Category, CorporateProfile, Kyc, KycStatus, PublicPlace, Rating,
        Skill, TechnicianProfile, TimeOfDay, User, UserRecord, UserStats, UserStatus,
    },
    kernel::{Email, GeoPoint, PhoneNumber, Role, Text},
};

/// Customers, technicians and companies have separate ranges of ids, addresses and phone numbers.
const fn apart(role: Role, n: u64) -> u64 {
    (role as u64) << 32 | n
}

/// An active user without optional fields.
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
        public_place: None,
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

/// The administrator of a new company.
#[must_use]
pub fn company(n: u64) -> User {
    let company = CorporateProfile {
        company_name: Text::from_stored(format!("Company {n}")),
        company_registration: None,
        department: None,
        employee_count: None,
        administrator: None,
        billing: BillingInfo::default(),
    };
    User::from_record(UserRecord { corporate: Some(company), ..user(Role::Corporate, n) })
}

/// An active technician with verified identity, one verified skill of four years, hours from 6:00 to 22:00
/// every day in Nairobi, and a radius of 10 km around home. The public place is the home itself, so that
/// tests know the exact distances.
#[must_use]
pub fn technician(n: u64, category: Category, home: GeoPoint) -> User {
    User::from_record(technician_record(n, category, home))
}

/// The record of [`technician`], for tests that change it before they create the user.
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
        public_place: Some(PublicPlace::from_stored(home, home)),
        technician: Some(profile),
        kyc: Kyc { status: KycStatus::Verified, verified_at: Some(start()), ..Kyc::default() },
        rating: Rating { average: Decimal::new(425, 2), count: 8 },
        ..user(Role::Technician, n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
