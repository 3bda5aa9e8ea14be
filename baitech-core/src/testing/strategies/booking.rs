use proptest::{collection::vec, option, prelude::*, sample::select};
use rust_decimal::Decimal;

use super::kernel::{
    currency, date, geo_point, id, image, moment, money, percent, rate, text, time_of_day, words, zone,
};
use crate::{
    account::Category,
    booking::{
        ActualTimes, AdditionalService, Alternative, ApprovalStatus, BookingNumber, BookingRecord,
        BookingStatus, Cancellation, CancellationCause, CancellationPolicy, CancellationTier, Checkpoint,
        CorporateDetails, DeclinedOffer, Dispute, DisputeCategory, DisputeOutcome, DisputeStatus, Evidence,
        Matching, Material, Notes, Payment, PaymentStatus, PriceChange, Quality, QualityCheck, Recurrence,
        Reminder, ReminderKind, RescheduleProposal, Resolution, ServiceLocation, StatusChange, Supplier,
        Warranty,
    },
    kernel::Currency,
    pricing::Pricing,
    schedule::{TimeSlot, Urgency},
    transaction::{PaymentMethod, PaymentTiming},
};

fn status() -> BoxedStrategy<BookingStatus> {
    select(&BookingStatus::ALL).boxed()
}

fn approval() -> BoxedStrategy<ApprovalStatus> {
    select(&[ApprovalStatus::Pending, ApprovalStatus::Approved, ApprovalStatus::Declined]).boxed()
}

/// A slot on any day in any zone. Some slots end after midnight, as in data of an earlier application.
pub fn time_slot() -> BoxedStrategy<TimeSlot> {
    (date(), time_of_day(), time_of_day(), zone(), 0..5_000_u32)
        .prop_filter_map("not in order", |(date, start, end, zone, estimated_minutes)| {
            let slot = TimeSlot { date, start, end, estimated_minutes, zone };
            (slot.starts_at() < slot.ends_at()).then_some(slot)
        })
        .boxed()
}

/// Price lines that need not add up.
pub fn pricing(currency: Currency) -> BoxedStrategy<Pricing> {
    strategy!(Pricing {
        base_price: money(currency),
        service_charge: money(currency),
        platform_fee: money(currency),
        processing_fee: money(currency),
        tax: money(currency),
        discount: money(currency),
        total: money(currency),
    })
}

fn location() -> BoxedStrategy<ServiceLocation> {
    strategy!(ServiceLocation {
        point: geo_point().prop_map(Some),
        address: option::of(text()),
        city: option::of(text()),
        county: option::of(text()),
        postal_code: option::of(text()),
        landmarks: option::of(text()),
        access_instructions: option::of(text()),
    })
}

fn status_change() -> BoxedStrategy<StatusChange> {
    strategy!(StatusChange {
        status: status(),
        changed_by: option::of(id()),
        changed_at: moment(),
        reason: option::of(words()),
        notes: option::of(words()),
    })
}

fn payment(currency: Currency) -> BoxedStrategy<Payment> {
    strategy!(Payment {
        status: select(&PaymentStatus::ALL),
        method: option::of(select(&PaymentMethod::ALL)),
        timing: select(&[PaymentTiming::AtAcceptance, PaymentTiming::AfterVerification]),
        transaction: option::of(id()),
        supplements: vec(id(), 0..3),
        paid: option::of(money(currency)),
        held: any::<bool>(),
        on_hold: any::<bool>(),
        paid_at: option::of(moment()),
        withholding: option::of(money(currency)),
        reserved_commission: option::of(money(currency)),
    })
}

fn matching() -> BoxedStrategy<Matching> {
    let alternative = strategy!(Alternative {
        element: option::of(id()),
        technician: id(),
        score: 0.0..=1.0,
        reason: words(),
    });
    strategy!(Matching {
        requested_at: option::of(moment()),
        attempted_at: option::of(moment()),
        matched_at: option::of(moment()),
        algorithm: option::of(words()),
        score: option::of(0.0..=1.0),
        alternatives: vec(alternative, 0..3),
    })
}

fn cancellation_policy() -> BoxedStrategy<CancellationPolicy> {
    let tier = strategy!(CancellationTier { notice_hours: 0..200_u32, rate: rate() });
    strategy!(CancellationPolicy { tiers: vec(tier, 0..4), late_rate: rate(), platform_share: rate() })
}

fn cancellation(currency: Currency) -> BoxedStrategy<Cancellation> {
    use CancellationCause::{Customer, CustomerNoShow, Staff, System, Technician, TechnicianNoShow};
    let causes = &[Customer, Technician, TechnicianNoShow, CustomerNoShow, Staff, System];
    strategy!(Cancellation {
        cancelled_by: option::of(id()),
        cancelled_at: moment(),
        reason: words(),
        cause: option::of(select(causes)),
        fee: money(currency),
    })
}

/// Any outcome of a dispute.
pub(super) fn outcome(currency: Currency) -> BoxedStrategy<DisputeOutcome> {
    let partial = money(currency).prop_map(DisputeOutcome::PartialRefund);
    prop_oneof![Just(DisputeOutcome::FullRefund), partial, Just(DisputeOutcome::Release)].boxed()
}

fn dispute(currency: Currency) -> BoxedStrategy<Dispute> {
    use DisputeCategory::{Conduct, Damage, NotDone, Other, Payment, Price, Quality};
    use DisputeStatus::{Closed, Investigating, Open, Resolved};
    let evidence = strategy!(Evidence {
        element: option::of(id()),
        submitted_by: id(),
        submitted_at: moment(),
        text: text(),
        images: vec(image(), 0..3),
    });
    let resolution = strategy!(Resolution {
        outcome: outcome(currency),
        resolved_by: id(),
        resolved_at: moment(),
        notes: text(),
    });
    strategy!(Dispute {
        raised_by: id(),
        raised_at: moment(),
        raised_from: option::of(status()),
        reason: text(),
        category: select(&[Quality, Price, Damage, NotDone, Conduct, Payment, Other]),
        status: select(&[Open, Investigating, Resolved, Closed]),
        escalated_at: option::of(moment()),
        evidence: vec(evidence, 0..3),
        resolution: option::of(resolution),
    })
}

fn material(currency: Currency) -> BoxedStrategy<Material> {
    strategy!(Material {
        element: option::of(id()),
        name: text(),
        quantity: (1..1_000_000_i64, 0..4_u32).prop_map(|(units, digits)| Decimal::new(units, digits)),
        unit_price: money(currency),
        total_price: money(currency),
        provided_by: select(&[Supplier::Technician, Supplier::Customer]),
    })
}

fn service(currency: Currency) -> BoxedStrategy<AdditionalService> {
    strategy!(AdditionalService { element: option::of(id()), name: text(), price: money(currency) })
}

fn price_change(currency: Currency) -> BoxedStrategy<PriceChange> {
    strategy!(PriceChange {
        proposed_by: id(),
        proposed_at: moment(),
        reason: text(),
        materials: vec(material(currency), 0..3),
        services: vec(service(currency), 0..3),
        pricing: pricing(currency),
        status: approval(),
        decided_at: option::of(moment()),
    })
}

fn reschedule() -> BoxedStrategy<RescheduleProposal> {
    strategy!(RescheduleProposal {
        proposed_by: id(),
        proposed_at: moment(),
        slot: time_slot(),
        reason: option::of(text()),
    })
}

fn warranty() -> BoxedStrategy<Warranty> {
    strategy!(Warranty {
        offered: any::<bool>(),
        days: option::of(0..1_000_u32),
        terms: option::of(text()),
        expires_at: option::of(moment()),
        claims: vec(id(), 0..3),
    })
}

fn corporate() -> BoxedStrategy<CorporateDetails> {
    strategy!(CorporateDetails {
        company: id(),
        project_name: option::of(text()),
        project_code: option::of(text()),
        department: option::of(text()),
        approval: approval(),
        decided_by: option::of(id()),
        decided_at: option::of(moment()),
    })
}

fn reminder() -> BoxedStrategy<Reminder> {
    strategy!(Reminder {
        element: option::of(id()),
        kind: select(&ReminderKind::ALL),
        scheduled_for: moment(),
        sent_at: option::of(moment()),
    })
}

fn quality() -> BoxedStrategy<Quality> {
    let checkpoint = strategy!(Checkpoint {
        element: option::of(id()),
        name: text(),
        passed: any::<bool>(),
        checked_by: id(),
        checked_at: moment(),
        notes: option::of(text()),
    });
    let check = strategy!(QualityCheck {
        checked_by: id(),
        checked_at: moment(),
        score: percent(),
        notes: option::of(text()),
    });
    strategy!(Quality { checkpoints: vec(checkpoint, 0..3), check: option::of(check) })
}

fn recurrence() -> BoxedStrategy<Recurrence> {
    let rule = select(&["FREQ=WEEKLY;COUNT=4", "FREQ=MONTHLY;BYMONTHDAY=1;COUNT=12"]);
    strategy!(Recurrence {
        rule: rule.prop_map(str::to_owned),
        first: date(),
        booked_until: date(),
        next: option::of(date()),
    })
}

fn actual() -> BoxedStrategy<ActualTimes> {
    strategy!(ActualTimes {
        started_at: option::of(moment()),
        ended_at: option::of(moment()),
        worked_minutes: option::of(0..100_000_i64),
    })
}

fn notes() -> BoxedStrategy<Notes> {
    strategy!(Notes {
        customer: option::of(text()),
        technician: option::of(text()),
        admin: option::of(text()),
    })
}

fn declined_offer(currency: Currency) -> BoxedStrategy<DeclinedOffer> {
    strategy!(DeclinedOffer {
        element: option::of(id()),
        technician: id(),
        declined_at: moment(),
        slot: time_slot(),
        pricing: pricing(currency),
        method: option::of(select(&PaymentMethod::ALL)),
    })
}

/// Any booking.
pub fn booking_record() -> BoxedStrategy<BookingRecord> {
    currency().prop_flat_map(booking_record_in).boxed()
}

fn booking_record_in(currency: Currency) -> BoxedStrategy<BookingRecord> {
    let number = (0..10_000_000_000_u64).prop_map(|n| BookingNumber::from_stored(format!("BK{n:010}")));
    strategy!(BookingRecord {
        id: id(),
        number: number,
        customer: id(),
        technician: option::of(id()),
        preferred_technician: option::of(id()),
        declined_by: vec(id(), 0..3),
        declined_offers: vec(declined_offer(currency), 0..3),
        service_category: select(&Category::ALL),
        service_type: text(),
        description: text(),
        urgency: select(&Urgency::ALL),
        images: vec(image(), 0..3),
        location: location(),
        slot: time_slot(),
        status: status(),
        history: vec(status_change(), 0..6),
        actual: actual(),
        pricing: pricing(currency),
        priced_for: option::of(id()),
        open_request: option::of(any::<u16>()),
        payment: payment(currency),
        matching: matching(),
        cancellation_policy: cancellation_policy(),
        cancellation_floor: rate(),
        cancellation: option::of(cancellation(currency)),
        dispute: option::of(dispute(currency)),
        materials: vec(material(currency), 0..3),
        additional_services: vec(service(currency), 0..3),
        price_change: option::of(price_change(currency)),
        reschedule: option::of(reschedule()),
        early_start: option::of(moment()),
        warranty: warranty(),
        warranty_for: option::of(id()),
        corporate: option::of(corporate()),
        reminders: vec(reminder(), 0..4),
        quality: quality(),
        notes: notes(),
        source: words(),
        recurrence: option::of(recurrence()),
        recurring_parent: option::of(id()),
        deleted_at: option::of(moment()),
        created_at: moment(),
        updated_at: moment(),
    })
}
