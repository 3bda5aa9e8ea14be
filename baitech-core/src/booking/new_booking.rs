use chrono::NaiveDate;
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::{BookingPolicy, PaymentMethod, ServiceLocation, TimeSlot, Urgency};
use crate::{
    account::{Category, Image, TimeOfDay, User},
    kernel::{Code, GeoPoint, Id, Money, Result, Text, Violation, Violations},
};

/// A request for a service, as typed in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewBooking {
    /// What kind of work.
    pub service_category: Category,
    /// The service in the words of the price list.
    pub service_type: String,
    /// What is to be done, at most 1,000 characters.
    pub description: String,
    /// How soon.
    #[serde(default)]
    pub urgency: Urgency,
    /// At most five.
    #[serde(default)]
    pub images: Vec<Image>,
    /// Where.
    pub service_location: NewLocation,
    /// When.
    pub time_slot: NewTimeSlot,
    /// Whom the customer would like; the price is theirs.
    #[serde(default)]
    pub preferred_technician: Option<Id<User>>,
    /// How it will be paid.
    pub payment_method: PaymentMethod,
    /// The project it is for; only for corporate users.
    #[serde(default)]
    pub project: Option<Project>,
    /// An RFC 5545 rule by which it comes again.
    #[serde(default)]
    pub recurrence: Option<String>,
    /// A note for the technician.
    #[serde(default)]
    pub notes: Option<String>,
    /// Which application it comes from.
    #[serde(default)]
    pub source: Option<String>,
    /// For whom staff books; `None` for oneself.
    #[serde(default)]
    pub on_behalf_of: Option<Id<User>>,
    /// What staff takes off the price of the service.
    #[serde(default)]
    pub discount: Option<Money>,
}

/// A place, as typed in.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "as in `ServiceLocation`")]
pub struct NewLocation {
    /// Longitude and latitude in degrees. A request without them is refused: nobody lives at 0, 0.
    pub coordinates: (f64, f64),
    #[serde(default)]
    pub address: Option<String>,
    #[serde(default)]
    pub city: Option<String>,
    #[serde(default)]
    pub county: Option<String>,
    #[serde(default)]
    pub postal_code: Option<String>,
    #[serde(default)]
    pub landmarks: Option<String>,
    #[serde(default)]
    pub access_instructions: Option<String>,
}

/// A slot, as typed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewTimeSlot {
    /// The local day.
    pub date: NaiveDate,
    /// `HH:MM`, on a quarter of an hour.
    pub start_time: String,
    /// `HH:MM`, on a quarter of an hour; `24:00` is the end of the day.
    pub end_time: String,
    /// The length of the slot in minutes, so that a slot of an answer can be sent back; a request may leave
    /// it out.
    #[serde(default, skip_serializing)]
    pub estimated_duration: Option<u32>,
    /// The zone of the place, one of the policy's; where it is not given, the policy's own, or the zone of
    /// the booking that is moved.
    #[serde(default)]
    pub time_zone: Option<Tz>,
}

/// What a company books for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[expect(missing_docs, reason = "as in `CorporateDetails`")]
pub struct Project {
    pub name: Option<String>,
    pub code: Option<String>,
    pub department: Option<String>,
}

impl NewBooking {
    /// A request with no more than what every booking has.
    #[must_use]
    pub fn new(
        service_category: Category,
        service_type: &str,
        description: &str,
        service_location: NewLocation,
        time_slot: NewTimeSlot,
        payment_method: PaymentMethod,
    ) -> Self {
        Self {
            service_category,
            service_type: service_type.to_owned(),
            description: description.to_owned(),
            urgency: Urgency::default(),
            images: Vec::new(),
            service_location,
            time_slot,
            preferred_technician: None,
            payment_method,
            project: None,
            recurrence: None,
            notes: None,
            source: None,
            on_behalf_of: None,
            discount: None,
        }
    }
}

impl NewTimeSlot {
    /// Hours of a day in the policy's zone.
    #[must_use]
    pub fn new(date: NaiveDate, start_time: &str, end_time: &str) -> Self {
        Self {
            date,
            start_time: start_time.to_owned(),
            end_time: end_time.to_owned(),
            estimated_duration: None,
            time_zone: None,
        }
    }

    /// The slot, if it is one; in `zone` where the request names none.
    ///
    /// # Errors
    /// A [`Violation`] of a field of `timeSlot`; of `timeSlot.timeZone` for a zone that is neither `zone` nor
    /// one of the policy's.
    pub fn check(&self, zone: Tz, policy: &BookingPolicy) -> Result<TimeSlot, Violation> {
        let named = self.time_zone.unwrap_or(zone);
        if named != zone && named != policy.time_zone && !policy.time_zones.contains(&named) {
            let message = format!("bookings are not made in the zone {named}");
            return Err(Violation::new("timeSlot.timeZone", Code::Unknown, message));
        }
        let time = |field: &'static str, text: &str| {
            let parsed: Result<TimeOfDay, Violation> = text.parse();
            parsed.map_err(|violation| Violation { field: field.into(), ..violation })
        };
        let start = time("timeSlot.startTime", &self.start_time)?;
        let end = time("timeSlot.endTime", &self.end_time)?;
        let slot = TimeSlot::new(self.date, start, end, named)?;
        if self.estimated_duration.is_some_and(|minutes| minutes != slot.estimated_minutes) {
            let message =
                format!("these hours are {} minutes long; leave the duration out", slot.estimated_minutes);
            return Err(Violation::new("timeSlot.estimatedDuration", Code::OutOfRange, message));
        }
        Ok(slot)
    }
}

impl NewLocation {
    /// The place, if it is one.
    ///
    /// # Errors
    /// Violations of fields of `serviceLocation`.
    pub fn check(&self, violations: &mut Violations) -> Option<ServiceLocation> {
        const PARENT: &str = "serviceLocation";
        let (longitude, latitude) = self.coordinates;
        let point = GeoPoint::new(longitude, latitude)
            .map_err(|violation| Violation { field: "serviceLocation.coordinates".into(), ..violation });
        let point = violations.check(point);
        macro_rules! text {
            ($name:literal, $value:expr) => {
                violations
                    .check(Text::optional($name, $value.as_deref()).map_err(|v| v.within(PARENT)))
                    .flatten()
            };
        }
        let (address, city) = (text!("address", self.address), text!("city", self.city));
        let (county, postal_code) = (text!("county", self.county), text!("postalCode", self.postal_code));
        let landmarks = text!("landmarks", self.landmarks);
        let access_instructions = text!("accessInstructions", self.access_instructions);
        point.map(|point| ServiceLocation {
            point: Some(point),
            address,
            city,
            county,
            postal_code,
            landmarks,
            access_instructions,
        })
    }
}
