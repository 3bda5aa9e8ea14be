//! Converts users of the earlier application to users of the engine.

use baitech::{
    account::{
        Address, Availability, BillingInfo, CorporateProfile, Gender, Image, Kyc, KycStatus, Licence,
        PublicPlace, Rating, Skill, TechnicianProfile, TimeOfDay, User, UserRecord, UserStats, UserStatus,
        WeeklySlot,
    },
    kernel::{Currency, Distance, Email, GeoPoint, Id, Money, PhoneNumber, Role, Text},
};
use chrono::{DateTime, Utc};
use rust_decimal::Decimal;
use serde::Deserialize;

use crate::{Result, extended_json};

/// The users of an export, one document per line.
pub(crate) fn users(export: &str) -> Result<Vec<User>> {
    let documents = export.lines().filter(|line| !line.trim().is_empty());
    documents
        .map(|line| Ok(serde_json::from_value::<Document>(extended_json::plain(line)?)?.user()))
        .collect()
}

/// The fields of a document of `users` that the story needs; other fields are ignored.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Document {
    #[serde(rename = "_id")]
    id: Id<User>,
    role: Role,
    status: UserStatus,
    first_name: String,
    last_name: String,
    email: String,
    phone_number: String,
    bio: Option<String>,
    gender: Option<Gender>,
    date_of_birth: Option<DateTime<Utc>>,
    profile_picture: Option<Image>,
    #[serde(default)]
    location: Place,
    #[serde(default)]
    skills: Vec<Skill>,
    #[serde(default)]
    availability: Vec<Hours>,
    hourly_rate: Option<Decimal>,
    /// Kilometres.
    service_radius: Option<f64>,
    years_of_experience: Option<u32>,
    business_name: Option<String>,
    business_license: Option<LicenceDocument>,
    company_name: Option<String>,
    billing_info: Option<BillingInfo>,
    #[serde(default)]
    kyc: KycDocument,
    #[serde(default)]
    rating: Rating,
    #[serde(default)]
    stats: Stats,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

#[derive(Default, Deserialize)]
struct Place {
    coordinates: Option<(f64, f64)>,
    address: Option<String>,
    city: Option<String>,
    county: Option<String>,
    country: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Hours {
    day_of_week: u8,
    start_time: TimeOfDay,
    end_time: TimeOfDay,
    is_available: bool,
}

#[derive(Deserialize)]
struct LicenceDocument {
    number: Option<String>,
    #[serde(default)]
    verified: bool,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct KycDocument {
    #[serde(default)]
    verified: bool,
    id_number: Option<String>,
    verified_at: Option<DateTime<Utc>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Stats {
    total_bookings: u32,
    completed_bookings: u32,
    cancelled_bookings: u32,
}

impl Document {
    fn user(self) -> User {
        let technician = (self.role == Role::Technician).then(|| TechnicianProfile {
            availability: Availability {
                weekly: self.availability.into_iter().map(Hours::slot).collect(),
                exceptions: Vec::new(),
            },
            hourly_rate: self.hourly_rate.map(|rate| Money::new(rate, Currency::KES)),
            service_radius: self
                .service_radius
                .map_or_else(TechnicianProfile::default_service_radius, Distance::from_kilometres),
            business_name: self.business_name.map(Text::from_stored),
            years_of_experience: self.years_of_experience,
            licence: self
                .business_license
                .filter(|licence| licence.number.is_some())
                .map(|licence| Licence { number: licence.number, verified: licence.verified }),
            ..TechnicianProfile::new(self.skills)
        });
        let corporate = (self.role == Role::Corporate).then(|| CorporateProfile {
            company_name: Text::from_stored(self.company_name.unwrap_or_default()),
            company_registration: None,
            department: None,
            employee_count: None,
            administrator: None,
            billing: self.billing_info.unwrap_or_default(),
        });
        let location = self.location.address();
        // In the story, the public place is the home itself.
        let public_place = location.point.map(|home| PublicPlace::from_stored(home, home));
        User::from_record(UserRecord {
            id: self.id,
            role: self.role,
            status: self.status,
            first_name: Text::from_stored(self.first_name),
            last_name: Text::from_stored(self.last_name),
            email: Email::from_stored(self.email),
            phone: PhoneNumber::new(&self.phone_number)
                .unwrap_or_else(|_| PhoneNumber::from_stored(self.phone_number)),
            username: None,
            bio: self.bio.map(Text::from_stored),
            gender: self.gender,
            date_of_birth: self.date_of_birth.map(|date| date.date_naive()),
            picture: self.profile_picture,
            location,
            public_place,
            technician,
            corporate,
            kyc: self.kyc.kyc(),
            rating: self.rating,
            stats: UserStats {
                total_bookings: self.stats.total_bookings,
                completed_bookings: self.stats.completed_bookings,
                cancelled_bookings: self.stats.cancelled_bookings,
                ..UserStats::default()
            },
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

impl Place {
    fn address(self) -> Address {
        let point =
            self.coordinates.and_then(|(longitude, latitude)| GeoPoint::new(longitude, latitude).ok());
        Address { point, address: self.address, city: self.city, county: self.county, country: self.country }
    }
}

impl Hours {
    fn slot(self) -> WeeklySlot {
        WeeklySlot {
            element: None,
            day_of_week: self.day_of_week,
            start: self.start_time,
            end: self.end_time,
            is_available: self.is_available,
        }
    }
}

impl KycDocument {
    /// The earlier application stored only `verified`; an id number without it counts as submitted.
    fn kyc(self) -> Kyc {
        let status = match (self.verified, &self.id_number) {
            (true, _) => KycStatus::Verified,
            (false, Some(_)) => KycStatus::Submitted,
            (false, None) => KycStatus::None,
        };
        Kyc { status, id_number: self.id_number, verified_at: self.verified_at, ..Kyc::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use baitech::account::Category;

    #[test]
    fn every_exported_user_is_readable() {
        let users = users(include_str!("../data/users.json")).unwrap();
        assert_eq!(users.len(), 49);

        let plumber = users.iter().find(|user| user.email.as_str() == "user24@example.com").unwrap();
        assert_eq!((plumber.full_name().as_str(), plumber.phone.as_str()), ("James Mwangi", "+254710190056"));
        assert_eq!(plumber.kyc.status, KycStatus::Verified);
        let profile = plumber.technician.as_ref().unwrap();
        assert_eq!(profile.best_skill(Category::Plumbing).unwrap().years_of_experience, 2);
        assert_eq!(profile.service_radius, Distance::from_kilometres(24.0));
        assert_eq!(profile.availability.weekly.len(), 5);

        let electrician = users.iter().find(|user| user.email.as_str() == "user25@example.com").unwrap();
        assert_eq!(electrician.kyc.status, KycStatus::Submitted);
        let rate = electrician.technician.as_ref().unwrap().hourly_rate;
        assert_eq!(rate, Some(Money::from_minor(54_450, Currency::KES)));
    }
}
