//! Converts a user to its document.

use baitech_core::account::{
    self, AvailabilityException, BillingInfo, CorporateProfile, KycStatus, PublicPlace, TechnicianProfile,
    User, UserRecord, UserStats, WeeklySlot,
};
use baitech_core::kernel::GeoPoint;

use super::document::UserDocument;
use super::parts::{Address, Exception, Kyc, Licence, Place, PlaceDrawn, Slot, Stats};
use crate::money::unless_default;
use crate::value::StoredDay;

impl From<User> for UserDocument {
    fn from(user: User) -> Self {
        let public_point = user.public_point();
        let UserRecord {
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
            location,
            public_place,
            technician,
            corporate,
            kyc,
            rating,
            stats,
            created_at,
            updated_at,
        } = user.into_record();
        let (location, address) = place(location);
        let mut document = Self {
            id,
            role: Some(role),
            status: Some(status),
            first_name: Some(first_name),
            last_name: Some(last_name),
            email: Some(email),
            phone_number: Some(phone),
            username,
            bio,
            gender,
            date_of_birth: date_of_birth.map(StoredDay::from),
            profile_picture: picture,
            location,
            public_place: public_point.map(Place::at),
            place_drawn: public_place.map(PlaceDrawn::from),
            address,
            skills: Vec::new(),
            availability: Vec::new(),
            availability_exceptions: Vec::new(),
            time_zone: None,
            hourly_rate: None,
            hourly_rate_currency: None,
            service_radius: None,
            business_name: None,
            years_of_experience: None,
            business_license: None,
            insurance: None,
            company_name: None,
            company_registration: None,
            department: None,
            employee_count: None,
            corporate_admin: None,
            billing_info: None,
            kyc: Some(kyc.into()),
            rating: Some(rating),
            stats: Some(stats.into()),
            created_at: Some(created_at),
            updated_at: Some(updated_at),
        };
        if let Some(technician) = technician {
            document.set_technician(technician);
        }
        if let Some(corporate) = corporate {
            document.set_corporate(corporate);
        }
        document
    }
}

impl UserDocument {
    fn set_technician(&mut self, technician: TechnicianProfile) {
        let TechnicianProfile {
            skills,
            availability,
            time_zone,
            hourly_rate,
            service_radius,
            business_name,
            years_of_experience,
            licence,
            insurance,
        } = technician;
        self.skills = skills;
        self.availability = availability.weekly.into_iter().map(Slot::from).collect();
        self.availability_exceptions = availability.exceptions.into_iter().map(Exception::from).collect();
        self.time_zone = Some(time_zone);
        self.hourly_rate = hourly_rate.map(|rate| rate.amount());
        self.hourly_rate_currency = hourly_rate.and_then(|rate| unless_default(rate.currency()));
        self.service_radius = Some(service_radius.kilometres());
        self.business_name = business_name;
        self.years_of_experience = years_of_experience;
        self.business_license =
            licence.map(|account::Licence { number, verified }| Licence { number, verified: Some(verified) });
        self.insurance = insurance;
    }

    fn set_corporate(&mut self, corporate: CorporateProfile) {
        let CorporateProfile {
            company_name,
            company_registration,
            department,
            employee_count,
            administrator,
            billing,
        } = corporate;
        self.company_name = Some(company_name);
        self.company_registration = company_registration;
        self.department = department;
        self.employee_count = employee_count;
        self.corporate_admin = administrator;
        self.billing_info = Some(billing).filter(|billing| *billing != BillingInfo::default());
    }
}

/// A place if there is a point, otherwise a separate address.
fn place(location: account::Address) -> (Option<Place>, Option<Address>) {
    let account::Address { point, address, city, county, country } = location;
    if point.is_some() {
        let kind = Some("Point".to_owned());
        return (Some(Place { kind, point, address, city, county, country }), None);
    }
    let address = Address { address, city, county, country };
    (None, Some(address).filter(|address| *address != Address::default()))
}

impl Place {
    /// A point without an address.
    pub(crate) fn at(point: GeoPoint) -> Self {
        Self { kind: Some("Point".to_owned()), point: Some(point), ..Self::default() }
    }
}

impl From<PublicPlace> for PlaceDrawn {
    fn from(place: PublicPlace) -> Self {
        let pair = |point: GeoPoint| vec![point.longitude(), point.latitude()];
        Self { home: pair(place.home()), point: pair(place.point()) }
    }
}

impl From<WeeklySlot> for Slot {
    fn from(WeeklySlot { element, day_of_week, start, end, is_available }: WeeklySlot) -> Self {
        Self { element, day_of_week, start_time: start, end_time: end, is_available: Some(is_available) }
    }
}

impl From<AvailabilityException> for Exception {
    fn from(exception: AvailabilityException) -> Self {
        let AvailabilityException { element, date, start, end, is_available, reason } = exception;
        Self { element, date: date.into(), start_time: start, end_time: end, is_available, reason }
    }
}

impl From<account::Kyc> for Kyc {
    fn from(kyc: account::Kyc) -> Self {
        let account::Kyc {
            status,
            id_type,
            id_number,
            front_image,
            back_image,
            rejection_reason,
            verified_by,
            verified_at,
        } = kyc;
        Self {
            status: Some(status),
            verified: Some(status == KycStatus::Verified),
            id_type,
            id_number,
            front_image,
            back_image,
            rejection_reason,
            verified_by,
            verified_at,
        }
    }
}

impl From<UserStats> for Stats {
    fn from(stats: UserStats) -> Self {
        let UserStats {
            total_bookings,
            completed_bookings,
            cancelled_bookings,
            total_earnings,
            total_spent,
            response_minutes,
            arrivals,
            late_arrivals,
        } = stats;
        Self {
            total_bookings: Some(total_bookings),
            completed_bookings: Some(completed_bookings),
            cancelled_bookings: Some(cancelled_bookings),
            total_earnings: total_earnings.map(|sum| sum.amount()),
            total_spent: total_spent.map(|sum| sum.amount()),
            currency: total_earnings.or(total_spent).and_then(|sum| unless_default(sum.currency())),
            response_time: response_minutes,
            arrivals: (arrivals > 0).then_some(arrivals),
            late_arrivals: (late_arrivals > 0).then_some(late_arrivals),
        }
    }
}
