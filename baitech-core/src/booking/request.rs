use chrono::NaiveDate;
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::{
    ActualTimes, Booking, BookingEvent, BookingNumber, BookingRecord, BookingStatus, Context,
    CorporateDetails, Matching, Notes, Payment, PaymentMethod, PaymentTiming, Quality, Recurrence, Reminder,
    ReminderKind, ServiceLocation, StatusChange, TimeSlot, Urgency, Warranty, reschedule::check_slot,
};
use crate::{
    account::{Category, Image, TimeOfDay, User},
    decide::Decision,
    kernel::{Code, Error, GeoPoint, Id, Money, Rate, Result, Text, Violation, Violations},
    pricing::Pricing,
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
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[expect(missing_docs, reason = "as in `ServiceLocation`")]
pub struct NewLocation {
    /// Longitude and latitude in degrees.
    pub coordinates: (f64, f64),
    pub address: Option<String>,
    pub city: Option<String>,
    pub county: Option<String>,
    pub postal_code: Option<String>,
    pub landmarks: Option<String>,
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
    /// The zone of the place; the policy's where it is not given.
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
        Self { date, start_time: start_time.to_owned(), end_time: end_time.to_owned(), time_zone: None }
    }

    /// The slot, if it is one.
    ///
    /// # Errors
    /// A [`Violation`] of a field of `timeSlot`.
    pub fn check(&self, zone: Tz) -> Result<TimeSlot, Violation> {
        let time = |field: &'static str, text: &str| {
            let parsed: Result<TimeOfDay, Violation> = text.parse();
            parsed.map_err(|violation| Violation { field: field.into(), ..violation })
        };
        let start = time("timeSlot.startTime", &self.start_time)?;
        let end = time("timeSlot.endTime", &self.end_time)?;
        TimeSlot::new(self.date, start, end, self.time_zone.unwrap_or(zone))
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
            point,
            address,
            city,
            county,
            postal_code,
            landmarks,
            access_instructions,
        })
    }
}

/// A request with every field checked: all that is missing is its price and its number.
#[derive(Debug, Clone, PartialEq)]
pub struct BookingDraft {
    pub(super) category: Category,
    pub(super) service_type: Text<100>,
    description: Text<1000>,
    pub(super) urgency: Urgency,
    images: Vec<Image>,
    pub(super) location: ServiceLocation,
    pub(super) slot: TimeSlot,
    pub(super) preferred_technician: Option<Id<User>>,
    pub(super) payment_method: PaymentMethod,
    project: (Option<Text<150>>, Option<Text<50>>, Option<Text<100>>),
    recurrence: Option<Recurrence>,
    notes: Option<Text<1000>>,
    source: String,
    pub(super) discount: Money,
}

impl NewBooking {
    /// Checks every field of the request.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every violation.
    pub fn check(&self, context: &Context<'_>) -> Result<BookingDraft> {
        let policy = context.policy;
        let mut violations = Violations::new();
        let service_type = violations.check(Text::new("serviceType", &self.service_type));
        let description = violations.check(Text::new("description", &self.description));
        let location = self.service_location.check(&mut violations);
        let slot = violations.check(self.time_slot.check(policy.time_zone).and_then(|slot| {
            check_slot(&slot, context)?;
            Ok(slot)
        }));
        if self.images.len() > 5 {
            violations.push(Violation::new("images", Code::TooMany, "at most five images"));
        }
        if self.images.iter().any(|image| image.url.is_empty() || image.url.len() > 500) {
            violations.push(Violation::new(
                "images",
                Code::Malformed,
                "an image has a URL of at most 500 characters",
            ));
        }
        let project = self.project.clone().unwrap_or_default();
        let name = violations.check(Text::optional("project.name", project.name.as_deref())).flatten();
        let code = violations.check(Text::optional("project.code", project.code.as_deref())).flatten();
        let department =
            violations.check(Text::optional("project.department", project.department.as_deref())).flatten();
        let recurrence = match (&self.recurrence, &slot) {
            (Some(rule), Some(slot)) => violations.check(Recurrence::new(rule, slot.date, policy)),
            _ => None,
        };
        let notes = violations.check(Text::optional("notes", self.notes.as_deref())).flatten();
        let source = self.source.as_deref().unwrap_or("api");
        let source = violations.check(Text::<50>::new("source", source)).map(|text| text.to_string());
        let discount = violations.check(self.check_discount(context));
        match (service_type, description, location, slot, source, discount) {
            (
                Some(service_type),
                Some(description),
                Some(location),
                Some(slot),
                Some(source),
                Some(discount),
            ) => {
                violations.into_result()?;
                Ok(BookingDraft {
                    category: self.service_category,
                    service_type,
                    description,
                    urgency: self.urgency,
                    images: self.images.clone(),
                    location,
                    slot,
                    preferred_technician: self.preferred_technician,
                    payment_method: self.payment_method,
                    project: (name, code, department),
                    recurrence,
                    notes,
                    source,
                    discount,
                })
            }
            _ => Err(Error::Invalid(violations)),
        }
    }

    fn check_discount(&self, context: &Context<'_>) -> Result<Money, Violation> {
        let currency = context.policy.currency;
        let discount = self.discount.unwrap_or(Money::zero(currency));
        if discount.currency() != currency {
            let message = format!("bookings are priced in {}", currency.code());
            return Err(Violation::new("discount", Code::Currency, message));
        }
        if discount.is_negative() {
            return Err(Violation::new("discount", Code::OutOfRange, "a discount is not below zero"));
        }
        Ok(discount)
    }
}

/// Who books, and on which terms.
#[derive(Debug, Clone)]
pub struct Terms {
    /// Its number.
    pub number: BookingNumber,
    /// Who books.
    pub customer: Id<User>,
    /// For which company.
    pub company: Option<Id<User>>,
    /// What it costs.
    pub pricing: Pricing,
    /// When it is paid.
    pub timing: PaymentTiming,
}

impl Booking {
    /// A new booking.
    ///
    /// # Errors
    /// None at present; a decision like every other.
    pub fn request(draft: BookingDraft, terms: Terms, context: &Context<'_>) -> Result<Decision<Self>> {
        let corporate = terms
            .company
            .map(|company| CorporateDetails::new(company, draft.project, terms.pricing.total, context));
        let approval = corporate.as_ref().filter(|c| c.decided_at.is_none()).map(|c| c.company);
        let mut confirmation = Reminder::new(ReminderKind::BookingConfirmation, context.now);
        confirmation.sent_at = Some(context.now);
        let booking = Self(BookingRecord {
            id: context.id(),
            number: terms.number,
            customer: terms.customer,
            technician: None,
            preferred_technician: draft.preferred_technician,
            declined_by: Vec::new(),
            service_category: draft.category,
            service_type: draft.service_type,
            description: draft.description,
            urgency: draft.urgency,
            images: draft.images,
            location: draft.location,
            slot: draft.slot,
            status: BookingStatus::Pending,
            history: vec![StatusChange {
                status: BookingStatus::Pending,
                changed_by: context.actor.id(),
                changed_at: context.now,
                reason: None,
                notes: None,
            }],
            actual: ActualTimes::default(),
            pricing: terms.pricing,
            payment: Payment::pending(draft.payment_method, terms.timing),
            matching: Matching::default(),
            cancellation_policy: context.policy.cancellation.clone(),
            cancellation_floor: Rate::ZERO,
            cancellation: None,
            dispute: None,
            materials: Vec::new(),
            additional_services: Vec::new(),
            price_change: None,
            reschedule: None,
            warranty: Warranty::default(),
            warranty_for: None,
            corporate,
            reminders: vec![confirmation],
            quality: Quality::default(),
            notes: Notes { customer: draft.notes, ..Notes::default() },
            source: draft.source,
            recurrence: draft.recurrence,
            recurring_parent: None,
            deleted_at: None,
            created_at: context.now,
            updated_at: context.now,
        });
        let customer = booking.customer;
        let mut decision = Decision::new(booking)
            .event(BookingEvent::BookingCreated { customer })
            .event(BookingEvent::BookingReminder { reminder: ReminderKind::BookingConfirmation });
        if let Some(company) = approval {
            decision = decision.event(BookingEvent::BookingApprovalRequested { company });
        }
        Ok(decision)
    }

    /// The booking of the next occurrence of a series: the same job on another day, requested anew.
    pub(super) fn next_occurrence(
        &self,
        date: NaiveDate,
        number: BookingNumber,
        pricing: Pricing,
        context: &Context<'_>,
    ) -> Self {
        let mut next = self.copy_for(number, TimeSlot { date, ..self.slot }, pricing, context);
        next.0.recurring_parent = Some(self.id);
        next.0.corporate = self.corporate.as_ref().map(|c| {
            let project = (c.project_name.clone(), c.project_code.clone(), c.department.clone());
            CorporateDetails::new(c.company, project, pricing.total, context)
        });
        next
    }

    /// The booking in which a warranty is fulfilled: for the same customer, by the same technician where possible, at no price.
    pub(super) fn warranty_booking(
        &self,
        number: BookingNumber,
        slot: TimeSlot,
        description: Text<1000>,
        context: &Context<'_>,
    ) -> Self {
        let mut next = self.copy_for(number, slot, Pricing::free(self.pricing.currency()), context);
        next.0.description = description;
        next.0.preferred_technician = self.technician;
        next.0.warranty_for = Some(self.id);
        next.0.corporate = self.corporate.clone().map(|mut corporate| {
            corporate.approval = super::ApprovalStatus::Approved;
            corporate
        });
        next
    }

    fn copy_for(
        &self,
        number: BookingNumber,
        slot: TimeSlot,
        pricing: Pricing,
        context: &Context<'_>,
    ) -> Self {
        let first = StatusChange {
            status: BookingStatus::Pending,
            changed_by: context.actor.id(),
            changed_at: context.now,
            reason: None,
            notes: None,
        };
        let mut confirmation = Reminder::new(ReminderKind::BookingConfirmation, context.now);
        confirmation.sent_at = Some(context.now);
        let method = self.payment.method.unwrap_or(PaymentMethod::Cash);
        Self(BookingRecord {
            id: context.id(),
            number,
            technician: None,
            declined_by: Vec::new(),
            slot,
            status: BookingStatus::Pending,
            history: vec![first],
            actual: ActualTimes::default(),
            pricing,
            payment: Payment::pending(method, self.payment.timing),
            matching: Matching::default(),
            cancellation_policy: context.policy.cancellation.clone(),
            cancellation_floor: Rate::ZERO,
            cancellation: None,
            dispute: None,
            materials: Vec::new(),
            additional_services: Vec::new(),
            price_change: None,
            reschedule: None,
            warranty: Warranty::default(),
            reminders: vec![confirmation],
            quality: Quality::default(),
            notes: Notes { customer: self.notes.customer.clone(), ..Notes::default() },
            recurrence: None,
            deleted_at: None,
            created_at: context.now,
            updated_at: context.now,
            ..self.0.clone()
        })
    }
}
