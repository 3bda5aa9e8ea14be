//! Converts a user's document to a user.

use baitech_core::account::{
    self, CorporateProfile, KycStatus, PublicPlace, TechnicianProfile, User, UserRecord, UserStats,
    UserStatus,
};
use baitech_core::kernel::{Distance, Email, GeoPoint, Money, PhoneNumber, Role, Text};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::document::UserDocument;
use super::hours::availability;
use super::parts::{Address, Kyc, Licence, Place, PlaceDrawn, Stats};
use crate::money::{DEFAULT_CURRENCY, money};

/// The zone of technicians without one.
pub(crate) const DEFAULT_ZONE: Tz = Tz::Africa__Nairobi;

impl UserDocument {
    /// A user whose role or status cannot be read has the least authority until a person sets it.
    pub(crate) fn into_user(mut self) -> User {
        let technician = self.technician();
        let corporate = self.corporate();
        let created_at = self.created_at.unwrap_or_else(|| time_of(&self));
        let zone = self.time_zone.unwrap_or(DEFAULT_ZONE);
        let record = UserRecord {
            id: self.id,
            role: self.role.unwrap_or(Role::Customer),
            status: self.status.unwrap_or(UserStatus::Suspended),
            first_name: self.first_name.unwrap_or_else(|| Text::from_stored("")),
            last_name: self.last_name.unwrap_or_else(|| Text::from_stored("")),
            email: self.email.unwrap_or_else(|| Email::from_stored("")),
            phone: self.phone_number.unwrap_or_else(|| PhoneNumber::from_stored("")),
            username: self.username,
            bio: self.bio,
            gender: self.gender,
            date_of_birth: self.date_of_birth.map(|day| day.in_zone(zone)),
            picture: self.profile_picture,
            location: match (self.location, self.address) {
                // If the place has no point, the address was written later.
                (Some(place), None) => place.into_address(),
                (Some(place), Some(_)) if place.point.is_some() => place.into_address(),
                (_, address) => address.unwrap_or_default().into_domain(None),
            },
            public_place: self.place_drawn.and_then(PlaceDrawn::into_domain),
            technician,
            corporate,
            kyc: self.kyc.map(Kyc::into_domain).unwrap_or_default(),
            rating: self.rating.unwrap_or_default(),
            stats: self.stats.unwrap_or_default().into_domain(),
            created_at,
            updated_at: self.updated_at.unwrap_or(created_at),
        };
        User::from_record(record)
    }

    fn technician(&mut self) -> Option<TechnicianProfile> {
        if !self.has_profile() {
            return None;
        }
        let rate_currency = self.hourly_rate_currency.unwrap_or(DEFAULT_CURRENCY);
        let zone = self.time_zone.unwrap_or(DEFAULT_ZONE);
        Some(TechnicianProfile {
            skills: std::mem::take(&mut self.skills),
            availability: availability(
                std::mem::take(&mut self.availability),
                std::mem::take(&mut self.availability_exceptions),
                zone,
            ),
            time_zone: zone,
            hourly_rate: self.hourly_rate.map(|amount| money(amount, rate_currency)),
            service_radius: service_radius(self.service_radius),
            business_name: self.business_name.take(),
            years_of_experience: self.years_of_experience,
            licence: self.business_license.take().and_then(Licence::into_domain),
            insurance: self.insurance.take(),
        })
    }

    /// We store the zone of every profile. The earlier application gave every user a radius; there the role
    /// or a skill decides.
    fn has_profile(&self) -> bool {
        let by_role = self.role == Some(Role::Technician) && self.service_radius.is_some();
        self.time_zone.is_some() || !self.skills.is_empty() || by_role
    }

    fn corporate(&mut self) -> Option<CorporateProfile> {
        let company_name = self.company_name.take()?;
        Some(CorporateProfile {
            company_name,
            company_registration: self.company_registration.take(),
            department: self.department.take(),
            employee_count: self.employee_count,
            administrator: self.corporate_admin,
            billing: self.billing_info.take().unwrap_or_default(),
        })
    }
}

pub(crate) fn service_radius(kilometres: Option<f64>) -> Distance {
    kilometres.map_or_else(TechnicianProfile::default_service_radius, Distance::from_kilometres)
}

/// The creation time in a document's id.
fn time_of(document: &UserDocument) -> DateTime<Utc> {
    crate::value::oid(document.id).timestamp().to_chrono()
}

/// The place of a longitude and a latitude.
fn point_of(coordinates: &[f64]) -> Option<GeoPoint> {
    match coordinates {
        [longitude, latitude, ..] => GeoPoint::new(*longitude, *latitude).ok(),
        _ => None,
    }
}

impl PlaceDrawn {
    fn into_domain(self) -> Option<PublicPlace> {
        Some(PublicPlace::from_stored(point_of(&self.home)?, point_of(&self.point)?))
    }
}

impl Place {
    fn into_address(self) -> account::Address {
        let Self { kind: _, point, address, city, county, country } = self;
        account::Address { point, address, city, county, country }
    }
}

impl Address {
    fn into_domain(self, point: Option<GeoPoint>) -> account::Address {
        let Self { address, city, county, country } = self;
        account::Address { point, address, city, county, country }
    }
}

impl Licence {
    fn into_domain(self) -> Option<account::Licence> {
        let Self { number, verified } = self;
        (number.is_some() || verified.is_some())
            .then(|| account::Licence { number, verified: verified.unwrap_or(false) })
    }
}

impl Kyc {
    fn into_domain(self) -> account::Kyc {
        account::Kyc {
            status: self.read_status(),
            id_type: self.id_type,
            id_number: self.id_number,
            front_image: self.front_image,
            back_image: self.back_image,
            rejection_reason: self.rejection_reason,
            verified_by: self.verified_by,
            verified_at: self.verified_at,
        }
    }

    /// The earlier application stored only `verified`; an id number without it counts as submitted.
    pub(crate) fn read_status(&self) -> KycStatus {
        match self.status {
            Some(status) => status,
            None if self.verified.unwrap_or(false) => KycStatus::Verified,
            None if self.id_number.is_some() => KycStatus::Submitted,
            None => KycStatus::None,
        }
    }
}

impl Stats {
    pub(crate) fn into_domain(self) -> UserStats {
        let currency = self.currency.unwrap_or(DEFAULT_CURRENCY);
        let sum = |amount| -> Money { money(amount, currency) };
        UserStats {
            total_bookings: self.total_bookings.unwrap_or(0),
            completed_bookings: self.completed_bookings.unwrap_or(0),
            cancelled_bookings: self.cancelled_bookings.unwrap_or(0),
            total_earnings: self.total_earnings.map(sum),
            total_spent: self.total_spent.map(sum),
            response_minutes: self.response_time,
            arrivals: self.arrivals.unwrap_or(0),
            late_arrivals: self.late_arrivals.unwrap_or(0),
        }
    }
}
