//! Converts a booking to its document.

use baitech_core::{
    booking::{self, ActualTimes, Booking, BookingRecord, DisputeOutcome, Notes, PaymentStatus},
    schedule::TimeSlot,
};

use baitech_core::kernel::Money;

use super::document::BookingDocument;
use super::parts::{
    Cancellation, Corporate, DeclinedOffer, Dispute, Extra, Location, Material, Outcome, Payment,
    PriceChange, Quality, Recurrence, Reschedule, Resolution, Slot,
};
use crate::value::StoredDay;

impl From<Booking> for BookingDocument {
    fn from(booking: Booking) -> Self {
        let BookingRecord {
            id,
            number,
            customer,
            technician,
            preferred_technician,
            declined_by,
            declined_offers,
            service_category,
            service_type,
            description,
            urgency,
            images,
            location,
            slot,
            status,
            history,
            actual: ActualTimes { started_at, ended_at, worked_minutes },
            pricing,
            priced_for,
            open_request,
            payment,
            matching,
            cancellation_policy,
            cancellation_floor,
            cancellation,
            dispute,
            materials,
            additional_services,
            price_change,
            reschedule,
            early_start,
            warranty,
            warranty_for,
            corporate,
            reminders,
            quality,
            notes,
            source,
            recurrence,
            recurring_parent,
            deleted_at,
            created_at,
            updated_at,
        } = booking.into_record();
        Self {
            id,
            booking_number: number,
            customer,
            technician,
            preferred_technician,
            declined_by,
            declined_offers: declined_offers.into_iter().map(DeclinedOffer::from).collect(),
            service_category: Some(service_category),
            service_type: Some(service_type),
            description: Some(description),
            urgency: Some(urgency),
            images,
            service_location: Some(location.into()),
            time_slot: Some(slot.into()),
            status,
            status_history: history,
            actual_start_time: started_at,
            actual_end_time: ended_at,
            actual_duration: worked_minutes,
            pricing: pricing.into(),
            priced_for,
            open_request,
            payment: Some(payment.into()),
            matching_details: Some(matching),
            cancellation_policy: Some(cancellation_policy),
            cancellation_floor: Some(cancellation_floor),
            cancellation: cancellation.map(Cancellation::from),
            dispute: dispute.map(Dispute::from),
            materials_used: materials.into_iter().map(Material::from).collect(),
            additional_services: additional_services.into_iter().map(Extra::from).collect(),
            price_change: price_change.map(PriceChange::from),
            reschedule: reschedule.map(Reschedule::from),
            early_start,
            warranty: Some(warranty),
            warranty_for,
            corporate_details: corporate.map(Corporate::from),
            reminders,
            quality_check: Some(quality.into()),
            notes: Some(notes).filter(|notes| *notes != Notes::default()),
            source: Some(source),
            is_recurring: Some(recurrence.is_some()),
            recurrence: recurrence.map(Recurrence::from),
            recurring_parent,
            deleted_at,
            created_at: Some(created_at),
            updated_at: Some(updated_at),
        }
    }
}

impl From<booking::ServiceLocation> for Location {
    fn from(location: booking::ServiceLocation) -> Self {
        let booking::ServiceLocation {
            point,
            address,
            city,
            county,
            postal_code,
            landmarks,
            access_instructions,
        } = location;
        let kind = point.map(|_| "Point".to_owned());
        Self { kind, point, address, city, county, postal_code, landmarks, access_instructions }
    }
}

impl From<TimeSlot> for Slot {
    fn from(slot: TimeSlot) -> Self {
        let midnight = Self::midnight(&slot);
        let TimeSlot { date: _, start, end, estimated_minutes, zone } = slot;
        Self {
            date: Some(midnight),
            start_time: Some(start),
            end_time: Some(end),
            estimated_duration: Some(estimated_minutes),
            time_zone: Some(zone),
        }
    }
}

impl From<booking::Payment> for Payment {
    fn from(payment: booking::Payment) -> Self {
        let booking::Payment {
            status,
            method,
            timing,
            transaction,
            supplements,
            paid,
            held,
            on_hold,
            paid_at,
            withholding,
            reserved_commission,
        } = payment;
        Self {
            status: Some(status),
            method,
            timing: Some(timing),
            transaction_id: transaction,
            supplements,
            paid: paid.map(Money::amount),
            held: Some(held).filter(|held| *held != (status == PaymentStatus::Held)),
            on_hold: Some(on_hold).filter(|on_hold| *on_hold),
            paid_at,
            withholding: withholding.map(Money::amount),
            reserved_commission: reserved_commission.map(Money::amount),
        }
    }
}

impl From<booking::Cancellation> for Cancellation {
    fn from(cancellation: booking::Cancellation) -> Self {
        let booking::Cancellation { cancelled_by, cancelled_at, reason, cause, fee } = cancellation;
        Self {
            cancelled_by,
            cancelled_at: Some(cancelled_at),
            reason: Some(reason),
            cause,
            cancellation_fee: Some(fee.amount()),
        }
    }
}

impl From<booking::Dispute> for Dispute {
    fn from(dispute: booking::Dispute) -> Self {
        let booking::Dispute {
            raised_by,
            raised_at,
            raised_from,
            reason,
            category,
            status,
            escalated_at,
            evidence,
            resolution,
        } = dispute;
        Self {
            raised_by: Some(raised_by),
            raised_at: Some(raised_at),
            raised_from,
            reason: Some(reason),
            category: Some(category),
            status: Some(status),
            escalated_at,
            evidence,
            resolution: resolution.map(Resolution::from),
        }
    }
}

impl From<booking::Resolution> for Resolution {
    fn from(resolution: booking::Resolution) -> Self {
        let booking::Resolution { outcome, resolved_by, resolved_at, notes } = resolution;
        let (outcome, amount) = match outcome {
            DisputeOutcome::FullRefund => (Outcome::FullRefund, None),
            DisputeOutcome::PartialRefund(part) => (Outcome::PartialRefund, Some(part.amount())),
            DisputeOutcome::Release => (Outcome::Release, None),
        };
        Self { outcome, amount, resolved_by, resolved_at, notes }
    }
}

impl From<booking::Material> for Material {
    fn from(material: booking::Material) -> Self {
        let booking::Material { element, name, quantity, unit_price, total_price, provided_by } = material;
        Self {
            element,
            name,
            quantity: Some(quantity),
            unit_price: Some(unit_price.amount()),
            total_price: Some(total_price.amount()),
            provided_by: Some(provided_by),
        }
    }
}

impl From<booking::AdditionalService> for Extra {
    fn from(booking::AdditionalService { element, name, price }: booking::AdditionalService) -> Self {
        Self { element, name, price: Some(price.amount()) }
    }
}

impl From<booking::PriceChange> for PriceChange {
    fn from(change: booking::PriceChange) -> Self {
        let booking::PriceChange {
            proposed_by,
            proposed_at,
            reason,
            materials,
            services,
            pricing,
            status,
            decided_at,
        } = change;
        Self {
            proposed_by,
            proposed_at,
            reason,
            materials: materials.into_iter().map(Material::from).collect(),
            services: services.into_iter().map(Extra::from).collect(),
            pricing: pricing.into(),
            status,
            decided_at,
        }
    }
}

impl From<booking::RescheduleProposal> for Reschedule {
    fn from(proposal: booking::RescheduleProposal) -> Self {
        let booking::RescheduleProposal { proposed_by, proposed_at, slot, reason } = proposal;
        Self { proposed_by, proposed_at, slot: slot.into(), reason }
    }
}

impl From<booking::DeclinedOffer> for DeclinedOffer {
    fn from(offer: booking::DeclinedOffer) -> Self {
        let booking::DeclinedOffer { element, technician, declined_at, slot, pricing, method } = offer;
        Self {
            element,
            technician,
            declined_at,
            time_slot: slot.into(),
            pricing: pricing.into(),
            payment_method: method,
        }
    }
}

impl From<booking::CorporateDetails> for Corporate {
    fn from(details: booking::CorporateDetails) -> Self {
        let booking::CorporateDetails {
            company,
            project_name,
            project_code,
            department,
            approval,
            decided_by,
            decided_at,
        } = details;
        Self {
            company: Some(company),
            project_name,
            project_code,
            department,
            approval: Some(approval),
            decided_by,
            decided_at,
        }
    }
}

impl From<booking::Quality> for Quality {
    fn from(booking::Quality { checkpoints, check }: booking::Quality) -> Self {
        let mut quality = Self { checkpoints, checked: Some(check.is_some()), ..Self::default() };
        if let Some(booking::QualityCheck { checked_by, checked_at, score, notes }) = check {
            quality.checked_by = Some(checked_by);
            quality.checked_at = Some(checked_at);
            quality.score = Some(score);
            quality.notes = notes;
        }
        quality
    }
}

impl From<booking::Recurrence> for Recurrence {
    fn from(booking::Recurrence { rule, first, booked_until, next }: booking::Recurrence) -> Self {
        let (first, next) = (Some(first.into()), next.map(StoredDay::from));
        Self { rule, first, booked_until: booked_until.into(), next }
    }
}
