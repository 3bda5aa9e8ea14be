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
        Matching, Material, Notes, Payment, PaymentMethod, PaymentStatus, PaymentTiming, PriceChange,
        Quality, QualityCheck, Recurrence, Reminder, ReminderKind, RescheduleProposal, Resolution,
        ServiceLocation, StatusChange, Supplier, TimeSlot, Urgency, Warranty,
    },
    kernel::Currency,
    pricing::Pricing,
};

fn status() -> BoxedStrategy<BookingStatus> {
    select(BookingStatus::ALL.to_vec()).boxed()
}

fn approval() -> BoxedStrategy<ApprovalStatus> {
    select(vec![ApprovalStatus::Pending, ApprovalStatus::Approved, ApprovalStatus::Declined]).boxed()
}

/// Hours of some day, in some zone; some past midnight, as an earlier application left them.
pub fn time_slot() -> BoxedStrategy<TimeSlot> {
    (date(), time_of_day(), time_of_day(), zone(), 0..5_000_u32)
        .prop_filter_map("not in order", |(date, start, end, zone, estimated_minutes)| {
            let slot = TimeSlot { date, start, end, estimated_minutes, zone };
            (slot.starts_at() < slot.ends_at()).then_some(slot)
        })
        .boxed()
}

/// Lines of a price that need not add up.
pub fn pricing(currency: Currency) -> BoxedStrategy<Pricing> {
    vec(money(currency), 7)
        .prop_map(|lines| Pricing {
            base_price: lines[0],
            service_charge: lines[1],
            platform_fee: lines[2],
            processing_fee: lines[3],
            tax: lines[4],
            discount: lines[5],
            total: lines[6],
        })
        .boxed()
}

fn location() -> BoxedStrategy<ServiceLocation> {
    let place = (option::of(text()), option::of(text()), option::of(text()), option::of(text()));
    (geo_point().prop_map(Some), place, option::of(text()), option::of(text()))
        .prop_map(|(point, (address, city, county, postal_code), landmarks, access_instructions)| {
            ServiceLocation { point, address, city, county, postal_code, landmarks, access_instructions }
        })
        .boxed()
}

fn history() -> BoxedStrategy<Vec<StatusChange>> {
    let change = (status(), option::of(id()), moment(), option::of(words()), option::of(words())).prop_map(
        |(status, changed_by, changed_at, reason, notes)| StatusChange {
            status,
            changed_by,
            changed_at,
            reason,
            notes,
        },
    );
    vec(change, 0..6).boxed()
}

fn payment(currency: Currency) -> BoxedStrategy<Payment> {
    let timing = select(vec![PaymentTiming::AtAcceptance, PaymentTiming::AfterVerification]);
    let method = option::of(select(PaymentMethod::ALL.to_vec()));
    let paid = (
        option::of(moment()),
        option::of(money(currency)),
        vec(id(), 0..3),
        option::of(money(currency)),
        any::<(bool, bool)>(),
        option::of(money(currency)),
    );
    (select(PaymentStatus::ALL.to_vec()), method, timing, option::of(id()), paid)
        .prop_map(
            |(
                status,
                method,
                timing,
                transaction,
                (paid_at, withholding, supplements, paid, (held, on_hold), reserved_commission),
            )| Payment {
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
            },
        )
        .boxed()
}

fn matching() -> BoxedStrategy<Matching> {
    let alternative = (option::of(id()), id(), 0.0..=1.0, words())
        .prop_map(|(element, technician, score, reason)| Alternative { element, technician, score, reason });
    let time = || option::of(moment());
    (time(), time(), time(), option::of(words()), option::of(0.0..=1.0), vec(alternative, 0..3))
        .prop_map(|(requested_at, attempted_at, matched_at, algorithm, score, alternatives)| Matching {
            requested_at,
            attempted_at,
            matched_at,
            algorithm,
            score,
            alternatives,
        })
        .boxed()
}

fn cancellation_policy() -> BoxedStrategy<CancellationPolicy> {
    let tier = (0..200_u32, rate()).prop_map(|(notice_hours, rate)| CancellationTier { notice_hours, rate });
    (vec(tier, 0..4), rate(), rate())
        .prop_map(|(tiers, late_rate, platform_share)| CancellationPolicy {
            tiers,
            late_rate,
            platform_share,
        })
        .boxed()
}

fn cancellation(currency: Currency) -> BoxedStrategy<Cancellation> {
    use CancellationCause::{Customer, CustomerNoShow, Staff, System, Technician, TechnicianNoShow};
    let cause = select(vec![Customer, Technician, TechnicianNoShow, CustomerNoShow, Staff, System]);
    (option::of(id()), moment(), words(), option::of(cause), money(currency))
        .prop_map(|(cancelled_by, cancelled_at, reason, cause, fee)| Cancellation {
            cancelled_by,
            cancelled_at,
            reason,
            cause,
            fee,
        })
        .boxed()
}

/// What staff could decide.
pub(super) fn outcome(currency: Currency) -> BoxedStrategy<DisputeOutcome> {
    let partial = money(currency).prop_map(DisputeOutcome::PartialRefund);
    prop_oneof![Just(DisputeOutcome::FullRefund), partial, Just(DisputeOutcome::Release)].boxed()
}

fn dispute(currency: Currency) -> BoxedStrategy<Dispute> {
    use DisputeCategory::{Conduct, Damage, NotDone, Other, Payment, Price, Quality};
    use DisputeStatus::{Closed, Investigating, Open, Resolved};
    let category = select(vec![Quality, Price, Damage, NotDone, Conduct, Payment, Other]);
    let stage = select(vec![Open, Investigating, Resolved, Closed]);
    let evidence = (option::of(id()), id(), moment(), text(), vec(image(), 0..3)).prop_map(
        |(element, submitted_by, submitted_at, text, images)| Evidence {
            element,
            submitted_by,
            submitted_at,
            text,
            images,
        },
    );
    let resolution =
        (outcome(currency), id(), moment(), text()).prop_map(|(outcome, resolved_by, resolved_at, notes)| {
            Resolution { outcome, resolved_by, resolved_at, notes }
        });
    let raised = (id(), moment(), option::of(status()), text(), category);
    (raised, stage, option::of(moment()), vec(evidence, 0..3), option::of(resolution))
        .prop_map(|(raised, status, escalated_at, evidence, resolution)| {
            let (raised_by, raised_at, raised_from, reason, category) = raised;
            Dispute {
                raised_by,
                raised_at,
                raised_from,
                reason,
                category,
                status,
                escalated_at,
                evidence,
                resolution,
            }
        })
        .boxed()
}

fn material(currency: Currency) -> BoxedStrategy<Material> {
    let quantity = (1..1_000_000_i64, 0..4_u32).prop_map(|(units, digits)| Decimal::new(units, digits));
    let supplier = select(vec![Supplier::Technician, Supplier::Customer]);
    (option::of(id()), text(), quantity, money(currency), money(currency), supplier)
        .prop_map(|(element, name, quantity, unit_price, total_price, provided_by)| Material {
            element,
            name,
            quantity,
            unit_price,
            total_price,
            provided_by,
        })
        .boxed()
}

fn service(currency: Currency) -> BoxedStrategy<AdditionalService> {
    (option::of(id()), text(), money(currency))
        .prop_map(|(element, name, price)| AdditionalService { element, name, price })
        .boxed()
}

fn price_change(currency: Currency) -> BoxedStrategy<PriceChange> {
    let parts = (vec(material(currency), 0..3), vec(service(currency), 0..3));
    (id(), moment(), text(), parts, pricing(currency), approval(), option::of(moment()))
        .prop_map(|(proposed_by, proposed_at, reason, (materials, services), pricing, status, decided_at)| {
            PriceChange { proposed_by, proposed_at, reason, materials, services, pricing, status, decided_at }
        })
        .boxed()
}

fn reschedule() -> BoxedStrategy<RescheduleProposal> {
    (id(), moment(), time_slot(), option::of(text()))
        .prop_map(|(proposed_by, proposed_at, slot, reason)| RescheduleProposal {
            proposed_by,
            proposed_at,
            slot,
            reason,
        })
        .boxed()
}

fn warranty() -> BoxedStrategy<Warranty> {
    (any::<bool>(), option::of(0..1_000_u32), option::of(text()), option::of(moment()), vec(id(), 0..3))
        .prop_map(|(offered, days, terms, expires_at, claims)| Warranty {
            offered,
            days,
            terms,
            expires_at,
            claims,
        })
        .boxed()
}

fn corporate() -> BoxedStrategy<CorporateDetails> {
    let project = (option::of(text()), option::of(text()), option::of(text()));
    (id(), project, approval(), option::of(id()), option::of(moment()))
        .prop_map(|(company, (project_name, project_code, department), approval, decided_by, decided_at)| {
            CorporateDetails {
                company,
                project_name,
                project_code,
                department,
                approval,
                decided_by,
                decided_at,
            }
        })
        .boxed()
}

fn reminder() -> BoxedStrategy<Reminder> {
    (option::of(id()), select(ReminderKind::ALL.to_vec()), moment(), option::of(moment()))
        .prop_map(|(element, kind, scheduled_for, sent_at)| Reminder {
            element,
            kind,
            scheduled_for,
            sent_at,
        })
        .boxed()
}

fn quality() -> BoxedStrategy<Quality> {
    let checkpoint = (option::of(id()), text(), any::<bool>(), id(), moment(), option::of(text())).prop_map(
        |(element, name, passed, checked_by, checked_at, notes)| Checkpoint {
            element,
            name,
            passed,
            checked_by,
            checked_at,
            notes,
        },
    );
    let check =
        (id(), moment(), percent(), option::of(text())).prop_map(|(checked_by, checked_at, score, notes)| {
            QualityCheck { checked_by, checked_at, score, notes }
        });
    (vec(checkpoint, 0..3), option::of(check))
        .prop_map(|(checkpoints, check)| Quality { checkpoints, check })
        .boxed()
}

fn recurrence() -> BoxedStrategy<Recurrence> {
    let rule =
        select(vec!["FREQ=WEEKLY;COUNT=4", "FREQ=MONTHLY;BYMONTHDAY=1;COUNT=12"]).prop_map(str::to_owned);
    (rule, date(), date(), option::of(date()))
        .prop_map(|(rule, first, booked_until, next)| Recurrence { rule, first, booked_until, next })
        .boxed()
}

fn actual() -> BoxedStrategy<ActualTimes> {
    (option::of(moment()), option::of(moment()), option::of(0..100_000_i64))
        .prop_map(|(started_at, ended_at, worked_minutes)| ActualTimes {
            started_at,
            ended_at,
            worked_minutes,
        })
        .boxed()
}

fn notes() -> BoxedStrategy<Notes> {
    (option::of(text()), option::of(text()), option::of(text()))
        .prop_map(|(customer, technician, admin)| Notes { customer, technician, admin })
        .boxed()
}

/// Any booking.
pub fn booking_record() -> BoxedStrategy<BookingRecord> {
    currency().prop_flat_map(booking_record_in).boxed()
}

fn booking_record_in(currency: Currency) -> BoxedStrategy<BookingRecord> {
    let number = (0..10_000_000_000_u64).prop_map(|n| BookingNumber::from_stored(format!("BK{n:010}")));
    let declined = (vec(id(), 0..3), vec(declined_offer(currency), 0..3));
    let people = (id(), option::of(id()), option::of(id()), declined);
    let urgency = select(Urgency::ALL.to_vec());
    let work = (select(Category::ALL.to_vec()), text(), text(), urgency, vec(image(), 0..3), location());
    let course = (time_slot(), status(), history(), actual(), matching(), reminder_list(), quality());
    let counted = (option::of(id()), option::of(any::<u16>()));
    let price = (pricing(currency), payment(currency), cancellation_policy(), rate(), counted);
    let endings = (option::of(cancellation(currency)), option::of(dispute(currency)), option::of(moment()));
    let extras = (
        vec(material(currency), 0..3),
        vec(service(currency), 0..3),
        option::of(price_change(currency)),
        option::of(reschedule()),
        warranty(),
        option::of(id()),
        option::of(corporate()),
    );
    let rest = (notes(), words(), option::of(recurrence()), option::of(id()), option::of(moment()));
    ((id(), number), people, work, course, price, endings, extras, rest, (moment(), moment()))
        .prop_map(
            |((id, number), people, work, course, price, endings, extras, rest, (created_at, updated_at))| {
                let (customer, technician, preferred_technician, (declined_by, declined_offers)) = people;
                let (service_category, service_type, description, urgency, images, location) = work;
                let (slot, status, history, actual, matching, reminders, quality) = course;
                let (pricing, payment, cancellation_policy, cancellation_floor, counted) = price;
                let (priced_for, open_request) = counted;
                let (cancellation, dispute, early_start) = endings;
                let (
                    materials,
                    additional_services,
                    price_change,
                    reschedule,
                    warranty,
                    warranty_for,
                    corporate,
                ) = extras;
                let (notes, source, recurrence, recurring_parent, deleted_at) = rest;
                BookingRecord {
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
                    actual,
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
                }
            },
        )
        .boxed()
}

fn declined_offer(currency: Currency) -> BoxedStrategy<DeclinedOffer> {
    let method = option::of(select(PaymentMethod::ALL.to_vec()));
    (option::of(id()), id(), moment(), time_slot(), pricing(currency), method)
        .prop_map(|(element, technician, declined_at, slot, pricing, method)| DeclinedOffer {
            element,
            technician,
            declined_at,
            slot,
            pricing,
            method,
        })
        .boxed()
}

fn reminder_list() -> BoxedStrategy<Vec<Reminder>> {
    vec(reminder(), 0..4).boxed()
}
