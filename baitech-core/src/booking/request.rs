use chrono::NaiveDate;

use super::{
    ActualTimes, ApprovalStatus, Booking, BookingDraft, BookingEvent, BookingNumber, BookingRecord,
    BookingStatus, Context, CorporateDetails, Matching, Notes, Payment, Quality, Reminder, ReminderKind,
    StatusChange, Warranty,
};
use crate::{
    account::User,
    decide::Decision,
    kernel::{Id, Rate, Result, Text},
    pricing::Pricing,
    store::ClaimKey,
};
use crate::{
    schedule::TimeSlot,
    transaction::{PaymentMethod, PaymentTiming},
};

/// The customer, price and terms of a new booking.
#[derive(Debug, Clone)]
pub struct Terms {
    /// The customer.
    pub customer: Id<User>,
    /// The company that it is booked for.
    pub company: Option<Id<User>>,
    /// The price.
    pub pricing: Pricing,
    /// The technician whose own rate determines the price.
    pub priced_for: Option<Id<User>>,
    /// The number of its claim among the customer's open requests.
    pub open_request: Option<u16>,
    /// When the customer pays.
    pub timing: PaymentTiming,
}

impl Booking {
    /// A new booking.
    ///
    /// # Errors
    /// A violation of `currency` where a company books in another currency than the approval limit's.
    pub fn request(draft: BookingDraft, terms: Terms, context: &Context<'_>) -> Result<Decision<Self>> {
        let corporate = terms
            .company
            .map(|company| CorporateDetails::new(company, draft.project, terms.pricing.total, context))
            .transpose()?;
        let booking = Self::from_record(BookingRecord {
            id: context.id(),
            number: BookingNumber::pending(),
            customer: terms.customer,
            technician: None,
            preferred_technician: draft.preferred_technician,
            declined_by: Vec::new(),
            declined_offers: Vec::new(),
            service_category: draft.category,
            service_type: draft.service_type,
            description: draft.description,
            urgency: draft.urgency,
            images: draft.images,
            location: draft.location,
            slot: draft.slot,
            status: BookingStatus::Pending,
            history: vec![requested(context)],
            actual: ActualTimes::default(),
            pricing: terms.pricing,
            priced_for: terms.priced_for,
            open_request: terms.open_request,
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
            early_start: None,
            warranty: Warranty::default(),
            warranty_for: None,
            corporate,
            reminders: vec![confirmation(context)],
            quality: Quality::default(),
            notes: Notes { customer: draft.notes, ..Notes::default() },
            source: draft.source,
            recurrence: draft.recurrence,
            recurring_parent: None,
            deleted_at: None,
            created_at: context.now,
            updated_at: context.now,
        });
        let events = booking.opening_events();
        let take = terms.open_request.map(|n| open_request_claim(terms.customer, n));
        Ok(Decision::new(booking).events(events).take_all(take))
    }

    /// The events of a new booking.
    pub(super) fn opening_events(&self) -> Vec<BookingEvent> {
        let mut events = BookingEvent::of_new(self.customer).to_vec();
        let corporate = self.corporate.as_ref().filter(|c| c.approval == ApprovalStatus::Pending);
        events.extend(
            corporate.map(|corporate| BookingEvent::BookingApprovalRequested { company: corporate.company }),
        );
        events
    }

    /// The booking of the next occurrence of a series: the same job on another day, requested anew.
    pub(super) fn next_occurrence(
        &self,
        date: NaiveDate,
        pricing: Pricing,
        context: &Context<'_>,
    ) -> Result<Self> {
        let mut next = self.copy_for(TimeSlot { date, ..self.slot }, pricing, context);
        next.0.recurring_parent = Some(self.id);
        let corporate = self.corporate.as_ref().map(|c| {
            let project = (c.project_name.clone(), c.project_code.clone(), c.department.clone());
            CorporateDetails::new(c.company, project, pricing.total, context)
        });
        next.0.corporate = corporate.transpose()?;
        Ok(next)
    }

    /// A zero-price booking under the warranty, for the same customer. The same technician is preferred.
    pub(super) fn warranty_booking(
        &self,
        slot: TimeSlot,
        description: Text<1000>,
        context: &Context<'_>,
    ) -> Self {
        let mut next = self.copy_for(slot, Pricing::free(self.pricing.currency()), context);
        next.0.description = description;
        next.0.preferred_technician = self.technician;
        next.0.priced_for = None;
        next.0.warranty_for = Some(self.id);
        next.0.corporate = self.corporate.clone().map(|mut corporate| {
            corporate.approval = ApprovalStatus::Approved;
            corporate
        });
        next
    }

    fn copy_for(&self, slot: TimeSlot, pricing: Pricing, context: &Context<'_>) -> Self {
        let method = self.payment.method.unwrap_or(PaymentMethod::Cash);
        Self::from_record(BookingRecord {
            id: context.id(),
            number: BookingNumber::pending(),
            technician: None,
            declined_by: Vec::new(),
            declined_offers: Vec::new(),
            slot,
            status: BookingStatus::Pending,
            history: vec![requested(context)],
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
            early_start: None,
            warranty: Warranty::default(),
            reminders: vec![confirmation(context)],
            quality: Quality::default(),
            notes: Notes { customer: self.notes.customer.clone(), ..Notes::default() },
            warranty_for: None,
            recurrence: None,
            recurring_parent: None,
            open_request: None,
            deleted_at: None,
            created_at: context.now,
            updated_at: context.now,
            ..(*self.0).clone()
        })
    }
}

/// The namespace of claims for open requests of customers.
pub const OPEN_REQUEST_CLAIMS: &str = "booking.open";

/// The claim for one of the open requests that a customer may have.
#[must_use]
pub fn open_request_claim(customer: Id<User>, n: u16) -> ClaimKey {
    ClaimKey::new(OPEN_REQUEST_CLAIMS, format_args!("{customer}/{n}"))
}

/// The first history entry of every booking.
fn requested(context: &Context<'_>) -> StatusChange {
    StatusChange {
        status: BookingStatus::Pending,
        changed_by: context.actor.id(),
        changed_at: context.now,
        reason: None,
        notes: None,
    }
}

/// The confirmation of a request, marked as sent because its event is in the commit that stores the request.
fn confirmation(context: &Context<'_>) -> Reminder {
    let sent_at = Some(context.now);
    Reminder { sent_at, ..Reminder::new(ReminderKind::BookingConfirmation, context.now) }
}
