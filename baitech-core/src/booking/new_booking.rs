use chrono::NaiveDate;
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::{BookingPolicy, ServiceLocation};
use crate::{
    account::{Category, Image, TimeOfDay, User},
    kernel::{Code, GeoPoint, Id, Money, Result, Text, Violation, Violations},
};
use crate::{
    schedule::{TimeSlot, Urgency},
    transaction::PaymentMethod,
};

/// A request for a service, not yet validated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewBooking {
    /// The kind of work.
    pub service_category: Category,
    /// The service, as the price list names it.
    pub service_type: String,
    /// The work to do, at most 1,000 characters.
    pub description: String,
    /// How urgent the work is.
    #[serde(default)]
    pub urgency: Urgency,
    /// At most five pictures.
    #[serde(default)]
    pub images: Vec<Image>,
    /// The place of the job.
    pub service_location: NewLocation,
    /// The time of the job.
    pub time_slot: NewTimeSlot,
    /// The technician whom the customer prefers. The price is that technician's.
    #[serde(default)]
    pub preferred_technician: Option<Id<User>>,
    /// How it will be paid.
    pub payment_method: PaymentMethod,
    /// The project that it is for; only for corporate users.
    #[serde(default)]
    pub project: Option<Project>,
    /// An RFC 5545 rule by which it recurs.
    #[serde(default)]
    pub recurrence: Option<String>,
    /// A note for the technician.
    #[serde(default)]
    pub notes: Option<String>,
    /// The application that it is requested from.
    #[serde(default)]
    pub source: Option<String>,
    /// The customer for whom staff book; `None` for the actor's own booking.
    #[serde(default)]
    pub on_behalf_of: Option<Id<User>>,
    /// A discount that staff give on the price of the service.
    #[serde(default)]
    pub discount: Option<Money>,
}

/// A place, not yet validated.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(missing_docs, reason = "as in `ServiceLocation`")]
pub struct NewLocation {
    /// Longitude and latitude in degrees. A request without them is refused.
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

/// A slot, not yet validated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewTimeSlot {
    /// The local day.
    pub date: NaiveDate,
    /// `HH:MM`, on a quarter of an hour.
    pub start_time: String,
    /// `HH:MM`, on a quarter of an hour; `24:00` is the end of the day.
    pub end_time: String,
    /// The length of the slot in minutes. It is accepted so that a slot from a response can be sent back, and
    /// may be left out.
    #[serde(default, skip_serializing)]
    pub estimated_duration: Option<u32>,
    /// The zone of the place, one of the policy's. Defaults to the policy's own zone, or to that of the
    /// booking being moved.
    #[serde(default)]
    pub time_zone: Option<Tz>,
}

/// The project of a company's booking.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[expect(missing_docs, reason = "as in `CorporateDetails`")]
pub struct Project {
    pub name: Option<String>,
    pub code: Option<String>,
    pub department: Option<String>,
}

impl NewBooking {
    /// A request with the required fields only.
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
    /// A slot in the policy's zone.
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

    /// Validates the slot; `zone` is the default time zone.
    ///
    /// # Errors
    /// A [`Violation`] of a field of `timeSlot`; one of `timeSlot.timeZone` for a zone that is neither `zone`
    /// nor one of the policy's.
    pub fn check(&self, zone: Tz, policy: &BookingPolicy) -> Result<TimeSlot, Violation> {
        let named = self.time_zone.unwrap_or(zone);
        if named != zone && named != policy.time_zone && !policy.time_zones.contains(&named) {
            let message = format!("the time zone {named} is not supported");
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
            let message = format!("the slot has {} minutes; omit the duration", slot.estimated_minutes);
            return Err(Violation::new("timeSlot.estimatedDuration", Code::OutOfRange, message));
        }
        Ok(slot)
    }
}

impl NewLocation {
    /// Validates the place.
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
