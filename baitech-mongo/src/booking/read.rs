//! Converts a booking's document to a booking.

use baitech_core::account::{Category, TimeOfDay, User};
use baitech_core::kernel::{Currency, Id, Money, Rate, Text};
use baitech_core::{
    booking::{self, ActualTimes, Booking, BookingRecord, DisputeOutcome, PaymentStatus},
    schedule::TimeSlot,
    transaction::PaymentTiming,
};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use rust_decimal::Decimal;

use super::document::BookingDocument;
use super::parts::{
    Cancellation, Corporate, DeclinedOffer, Dispute, Extra, Location, Material, Outcome, Payment,
    PriceChange, Quality, Recurrence, Reschedule, Resolution, Slot,
};
use crate::money::money;
use crate::value::{StoredDay, day_of, oid};

/// The zone of slots without one.
const DEFAULT_ZONE: Tz = Tz::Africa__Nairobi;

impl BookingDocument {
    pub(crate) fn into_booking(self) -> Booking {
        let created_at = self.created_at.unwrap_or_else(|| oid(self.id).timestamp().to_chrono());
        let pricing = self.pricing.into_domain();
        let currency = pricing.currency();
        let customer = self.customer;
        let slot = self.time_slot.unwrap_or_default().into_domain(created_at);
        let record = BookingRecord {
            id: self.id,
            number: self.booking_number,
            customer,
            technician: self.technician,
            preferred_technician: self.preferred_technician,
            declined_by: self.declined_by,
            declined_offers: self
                .declined_offers
                .into_iter()
                .map(|part| part.into_domain(created_at))
                .collect(),
            service_category: self.service_category.unwrap_or(Category::Other),
            service_type: self.service_type.unwrap_or_else(blank),
            description: self.description.unwrap_or_else(blank),
            urgency: self.urgency.unwrap_or_default(),
            images: self.images,
            location: self.service_location.unwrap_or_default().into_domain(),
            slot,
            status: self.status,
            history: self.status_history,
            actual: ActualTimes {
                started_at: self.actual_start_time,
                ended_at: self.actual_end_time,
                worked_minutes: self.actual_duration,
            },
            pricing,
            priced_for: self.priced_for,
            open_request: self.open_request,
            payment: self.payment.unwrap_or_default().into_domain(currency),
            matching: self.matching_details.unwrap_or_default(),
            cancellation_policy: self.cancellation_policy.unwrap_or_default(),
            cancellation_floor: self.cancellation_floor.unwrap_or(Rate::ZERO),
            cancellation: self.cancellation.map(|part| part.into_domain(created_at, currency)),
            dispute: self.dispute.map(|part| part.into_domain(customer, created_at, currency)),
            materials: self.materials_used.into_iter().map(|part| part.into_domain(currency)).collect(),
            additional_services: self
                .additional_services
                .into_iter()
                .map(|part| part.into_domain(currency))
                .collect(),
            price_change: self.price_change.map(PriceChange::into_domain),
            reschedule: self.reschedule.map(|part| part.into_domain(created_at)),
            early_start: self.early_start,
            warranty: self.warranty.unwrap_or_default(),
            warranty_for: self.warranty_for,
            corporate: self.corporate_details.and_then(Corporate::into_domain),
            reminders: self.reminders,
            quality: self.quality_check.unwrap_or_default().into_domain(),
            notes: self.notes.unwrap_or_default(),
            source: self.source.unwrap_or_default(),
            recurrence: self.recurrence.map(|part: Recurrence| part.into_domain(&slot)),
            recurring_parent: self.recurring_parent,
            deleted_at: self.deleted_at,
            created_at,
            updated_at: self.updated_at.unwrap_or(created_at),
        };
        Booking::from_record(record)
    }
}

fn amount(stored: Option<Decimal>, currency: Currency) -> Money {
    money(stored.unwrap_or_default(), currency)
}

fn blank<const MAX: usize>() -> Text<MAX> {
    Text::from_stored("")
}

impl Location {
    fn into_domain(self) -> booking::ServiceLocation {
        booking::ServiceLocation {
            point: self.point,
            address: self.address,
            city: self.city,
            county: self.county,
            postal_code: self.postal_code,
            landmarks: self.landmarks,
            access_instructions: self.access_instructions,
        }
    }
}

impl Slot {
    /// A missing day is the day on which the booking was created. A missing time is computed from the other
    /// time and the duration; otherwise the slot covers the day from its start or to its end, so that the
    /// technician is not booked twice.
    fn into_domain(self, created_at: DateTime<Utc>) -> TimeSlot {
        let zone = self.time_zone.unwrap_or(DEFAULT_ZONE);
        let length = self.estimated_duration.and_then(|minutes| u16::try_from(minutes).ok());
        let length = length.filter(|minutes| *minutes > 0);
        let by_length = |time: TimeOfDay, apart: fn(u16, u16) -> Option<u16>| {
            let minutes = apart(time.minutes(), length?)?;
            TimeOfDay::new(u8::try_from(minutes / 60).ok()?, u8::try_from(minutes % 60).ok()?)
        };
        let (start, end) = match (self.start_time, self.end_time) {
            (Some(start), Some(end)) => (start, end),
            (Some(start), None) => {
                (start, by_length(start, u16::checked_add).unwrap_or(TimeOfDay::END_OF_DAY))
            }
            (None, Some(end)) => (by_length(end, u16::checked_sub).unwrap_or(TimeOfDay::MIDNIGHT), end),
            (None, None) => (TimeOfDay::MIDNIGHT, TimeOfDay::END_OF_DAY),
        };
        let minutes = self.estimated_duration.unwrap_or_else(|| TimeSlot::clock_minutes(start, end));
        let date = day_of(self.date.unwrap_or(created_at), zone);
        TimeSlot { date, start, end, estimated_minutes: minutes, zone }
    }

    pub(super) fn midnight(slot: &TimeSlot) -> DateTime<Utc> {
        TimeOfDay::MIDNIGHT.on(slot.date, slot.zone)
    }
}

impl Payment {
    fn into_domain(self, currency: Currency) -> booking::Payment {
        let status = self.status.unwrap_or_default();
        booking::Payment {
            status,
            method: self.method,
            // The earlier application held no money before the work, so the customer is not asked for it now.
            timing: self.timing.unwrap_or(PaymentTiming::AfterVerification),
            transaction: self.transaction_id,
            supplements: self.supplements,
            paid: self.paid.map(|stored| money(stored, currency)),
            held: self.held.unwrap_or(status == PaymentStatus::Held),
            on_hold: self.on_hold.unwrap_or(false),
            paid_at: self.paid_at,
            withholding: self.withholding.map(|stored| money(stored, currency)),
            reserved_commission: self.reserved_commission.map(|stored| money(stored, currency)),
        }
    }
}

impl Cancellation {
    fn into_domain(self, created_at: DateTime<Utc>, currency: Currency) -> booking::Cancellation {
        booking::Cancellation {
            cancelled_by: self.cancelled_by,
            cancelled_at: self.cancelled_at.unwrap_or(created_at),
            reason: self.reason.unwrap_or_default(),
            cause: self.cause,
            fee: amount(self.cancellation_fee, currency),
        }
    }
}

impl Dispute {
    fn into_domain(
        self,
        customer: Id<User>,
        created_at: DateTime<Utc>,
        currency: Currency,
    ) -> booking::Dispute {
        booking::Dispute {
            raised_by: self.raised_by.unwrap_or(customer),
            raised_at: self.raised_at.unwrap_or(created_at),
            raised_from: self.raised_from,
            reason: self.reason.unwrap_or_else(blank),
            category: self.category.unwrap_or_default(),
            status: self.status.unwrap_or_default(),
            escalated_at: self.escalated_at,
            evidence: self.evidence,
            resolution: self.resolution.and_then(|part| part.into_domain(currency)),
        }
    }
}

impl Resolution {
    /// A partial refund without an amount reads as no decision.
    fn into_domain(self, currency: Currency) -> Option<booking::Resolution> {
        let outcome = match (self.outcome, self.amount) {
            (Outcome::FullRefund, _) => DisputeOutcome::FullRefund,
            (Outcome::Release, _) => DisputeOutcome::Release,
            (Outcome::PartialRefund, Some(part)) => DisputeOutcome::PartialRefund(money(part, currency)),
            (Outcome::PartialRefund, None) => return None,
        };
        let Self { resolved_by, resolved_at, notes, .. } = self;
        Some(booking::Resolution { outcome, resolved_by, resolved_at, notes })
    }
}

impl Material {
    fn into_domain(self, currency: Currency) -> booking::Material {
        booking::Material {
            element: self.element,
            name: self.name,
            quantity: self.quantity.unwrap_or(Decimal::ONE),
            unit_price: amount(self.unit_price, currency),
            total_price: amount(self.total_price, currency),
            provided_by: self.provided_by.unwrap_or(booking::Supplier::Technician),
        }
    }
}

impl Extra {
    fn into_domain(self, currency: Currency) -> booking::AdditionalService {
        let Self { element, name, price } = self;
        booking::AdditionalService { element, name, price: amount(price, currency) }
    }
}

impl PriceChange {
    fn into_domain(self) -> booking::PriceChange {
        let pricing = self.pricing.into_domain();
        let currency = pricing.currency();
        booking::PriceChange {
            proposed_by: self.proposed_by,
            proposed_at: self.proposed_at,
            reason: self.reason,
            materials: self.materials.into_iter().map(|part| part.into_domain(currency)).collect(),
            services: self.services.into_iter().map(|part| part.into_domain(currency)).collect(),
            pricing,
            status: self.status,
            decided_at: self.decided_at,
        }
    }
}

impl Reschedule {
    fn into_domain(self, created_at: DateTime<Utc>) -> booking::RescheduleProposal {
        let Self { proposed_by, proposed_at, slot, reason } = self;
        booking::RescheduleProposal { proposed_by, proposed_at, slot: slot.into_domain(created_at), reason }
    }
}

impl DeclinedOffer {
    fn into_domain(self, created_at: DateTime<Utc>) -> booking::DeclinedOffer {
        let Self { element, technician, declined_at, time_slot, pricing, payment_method } = self;
        booking::DeclinedOffer {
            element,
            technician,
            declined_at,
            slot: time_slot.into_domain(created_at),
            pricing: pricing.into_domain(),
            method: payment_method,
        }
    }
}

impl Corporate {
    fn into_domain(self) -> Option<booking::CorporateDetails> {
        Some(booking::CorporateDetails {
            company: self.company?,
            project_name: self.project_name,
            project_code: self.project_code,
            department: self.department,
            approval: self.approval.unwrap_or(booking::ApprovalStatus::Pending),
            decided_by: self.decided_by,
            decided_at: self.decided_at,
        })
    }
}

impl Quality {
    fn into_domain(self) -> booking::Quality {
        let check = match (self.checked_by, self.checked_at, self.score) {
            (Some(checked_by), Some(checked_at), Some(score)) => {
                Some(booking::QualityCheck { checked_by, checked_at, score, notes: self.notes })
            }
            _ => None,
        };
        booking::Quality { checkpoints: self.checkpoints, check }
    }
}

impl Recurrence {
    fn into_domain(self, slot: &TimeSlot) -> booking::Recurrence {
        let Self { rule, first, booked_until, next } = self;
        let day = |stored: StoredDay| stored.in_zone(slot.zone);
        let first = first.map_or(slot.date, day);
        booking::Recurrence { rule, first, booked_until: day(booked_until), next: next.map(day) }
    }
}
