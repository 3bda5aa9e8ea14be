//! Sentences about events.

use baitech::{
    booking::{Booking, BookingEvent, BookingStatus, CancellationCause, DisputeOutcome},
    kernel::Actor,
    schedule::TimeSlot,
    store::Event,
};

use crate::{cast::Cast, money};

/// A sentence about a booking's event; `None` for events that the story omits.
pub(crate) fn about_booking(
    event: &Event,
    kind: &BookingEvent,
    booking: &Booking,
    cast: &Cast,
) -> Option<String> {
    let who = match event.actor {
        Actor::System => "The system",
        Actor::Anonymous => "A visitor",
        Actor::User { id, .. } => cast.name(id),
    };
    let technician = booking.technician.map_or("the technician", |id| cast.name(id));
    let company = |id| cast.name(id).to_owned();
    Some(match kind {
        BookingEvent::BookingCreated { .. } => created(event, booking, cast),
        BookingEvent::BookingStatusChanged { from, to, technician } => {
            let technician = technician.map_or("no technician", |id| cast.name(id));
            status_changed(*from, *to, who, technician, booking, cast)?
        }
        BookingEvent::BookingApprovalRequested { company: id } => {
            format!("{} has to approve {}.", company(*id), money::text(booking.pricing.total))
        }
        BookingEvent::BookingApprovalDecided { approved: true } => format!("{who} approves the price."),
        BookingEvent::BookingApprovalDecided { approved: false } => format!("{who} refuses the price."),
        BookingEvent::BookingPriceChangeRequested { total } => {
            let reason = booking.price_change.as_ref().map_or("", |change| change.reason.as_str());
            format!("{who} asks for a higher price, {}: {reason}", money::text(*total))
        }
        BookingEvent::BookingPriceChangeDecided { approved: true, total } => {
            format!("{who} approves the new price, {}.", money::text(*total))
        }
        BookingEvent::BookingPriceChangeDecided { approved: false, .. } => {
            format!("{who} declines the new price.")
        }
        BookingEvent::BookingRescheduleProposed { .. } => {
            let slot = booking.reschedule.as_ref().map(|proposal| slot(&proposal.slot)).unwrap_or_default();
            format!("{who} proposes {slot}.")
        }
        BookingEvent::BookingRescheduleDeclined => format!("{who} declines the new time."),
        BookingEvent::BookingRescheduled => format!("{who} approves the new time, {}.", slot(&booking.slot)),
        BookingEvent::BookingPaymentReceived { amount } => {
            format!("{who} confirms {} in cash.", money::text(*amount))
        }
        BookingEvent::BookingEvidenceAdded { .. } => {
            let evidence = booking.dispute.as_ref().and_then(|dispute| dispute.evidence.last());
            format!("{who} adds evidence: “{}”", evidence.map_or("", |evidence| evidence.text.as_str()))
        }
        BookingEvent::BookingDisputeInvestigated => format!("{who} investigates the dispute."),
        BookingEvent::BookingDisputeResolved { outcome } => resolved(who, *outcome, booking),
        BookingEvent::BookingDisputeClosed => format!("{who} closes the dispute."),
        BookingEvent::BookingWarrantyClaimed { .. } => format!("{who} claims the warranty."),
        BookingEvent::BookingRecurred { .. } => "The next booking of the series is created.".to_owned(),
        BookingEvent::BookingUpdated => match booking.warranty.days {
            Some(days) if booking.warranty.expires_at.is_none() => {
                format!("{technician} gives a warranty of {days} days.")
            }
            _ => format!("{who} writes a note."),
        },
        _ => return None,
    })
}

fn created(event: &Event, booking: &Booking, cast: &Cast) -> String {
    let customer = cast.name(booking.customer);
    let (service, slot) = (booking.service_type.as_str(), slot(&booking.slot));
    let total = money::text(booking.pricing.total);
    match (event.actor, booking.warranty_for) {
        (_, Some(_)) => format!("Under the warranty, for {customer}: {slot}, {total}."),
        (Actor::System | Actor::Anonymous, None) => {
            format!("“{service}” again for {customer}: {slot}, {total}.")
        }
        (Actor::User { .. }, None) => format!("{customer} asks for “{service}”: {slot}, {total}."),
    }
}

fn status_changed(
    from: BookingStatus,
    to: BookingStatus,
    who: &str,
    technician: &str,
    booking: &Booking,
    cast: &Cast,
) -> Option<String> {
    Some(match (from, to) {
        (BookingStatus::Pending, BookingStatus::Matching) => return None,
        (_, BookingStatus::Matching) => "The search for another technician starts.".to_owned(),
        (_, BookingStatus::Assigned) => offered(technician, booking, cast),
        (_, BookingStatus::Accepted) => format!("{technician} accepts."),
        (_, BookingStatus::Rejected) if who == technician => {
            format!("{technician} declines: {}.", last_reason(booking, to).unwrap_or("no reason given"))
        }
        (_, BookingStatus::Rejected) => format!("{technician} does not answer; the offer expires."),
        (_, BookingStatus::EnRoute) => format!("{technician} sets out."),
        (_, BookingStatus::Arrived) => format!("{technician} arrives."),
        (BookingStatus::Paused, BookingStatus::InProgress) => "The work resumes.".to_owned(),
        (_, BookingStatus::InProgress) => "The work begins.".to_owned(),
        (_, BookingStatus::Paused) => {
            format!("The work is paused: {}.", last_reason(booking, to).unwrap_or("a break"))
        }
        (BookingStatus::Disputed, BookingStatus::Completed) => return None,
        (_, BookingStatus::Completed) => {
            format!(
                "{technician} completes the job after {} minutes of work.",
                booking.actual.worked_minutes?
            )
        }
        (_, BookingStatus::Verified) if who == "The system" => {
            "The system verifies the work, which was not disputed within a day.".to_owned()
        }
        (_, BookingStatus::Verified) => format!("{who} verifies the work."),
        (_, BookingStatus::PaymentPending) if booking.pricing.total.is_zero() => return None,
        (_, BookingStatus::PaymentPending) => format!("{} are due.", money::text(booking.pricing.total)),
        (_, BookingStatus::Paid) if booking.pricing.total.is_zero() => "No payment is due.".to_owned(),
        (_, BookingStatus::Paid) => "Paid.".to_owned(),
        (_, BookingStatus::Cancelled) => cancelled(who, booking),
        (_, BookingStatus::Disputed) => {
            let reason = booking.dispute.as_ref().map_or("", |dispute| dispute.reason.as_str());
            format!("{who} opens a dispute: “{reason}”")
        }
        // The dispute's own event covers this.
        (_, BookingStatus::Refunded) => return None,
        (_, BookingStatus::Pending) => return None,
    })
}

/// The reason of the booking's last transition to a status.
fn last_reason(booking: &Booking, status: BookingStatus) -> Option<&str> {
    booking.history.iter().rfind(|change| change.status == status)?.reason.as_deref()
}

fn offered(technician: &str, booking: &Booking, cast: &Cast) -> String {
    let matching = &booking.matching;
    let score = matching.score.map(|score| format!(" (score {score:.2})")).unwrap_or_default();
    let others: Vec<String> = matching
        .alternatives
        .iter()
        .map(|other| format!("{} ({:.2})", cast.name(other.technician), other.score))
        .collect();
    if others.is_empty() {
        format!("Offered to {technician}{score}.")
    } else {
        format!("Offered to {technician}{score}, before {}.", others.join(", "))
    }
}

fn cancelled(who: &str, booking: &Booking) -> String {
    let Some(cancellation) = &booking.cancellation else {
        return format!("{who} cancels.");
    };
    let fee = if cancellation.fee.is_zero() {
        "no fee".to_owned()
    } else {
        format!("a fee of {} is owed", money::text(cancellation.fee))
    };
    let reason = &cancellation.reason;
    match cancellation.cause {
        Some(CancellationCause::TechnicianNoShow) => {
            format!("{who} cancels, since the technician did not come: “{reason}”; {fee}.")
        }
        Some(CancellationCause::CustomerNoShow) => format!("{who} cancels: {reason}; {fee}."),
        Some(CancellationCause::System) => format!("Cancelled by the system: {reason}; {fee}."),
        Some(CancellationCause::Customer | CancellationCause::Technician | CancellationCause::Staff)
        | None => format!("{who} cancels: “{reason}”; {fee}."),
    }
}

fn resolved(who: &str, outcome: DisputeOutcome, booking: &Booking) -> String {
    let resolution = booking.dispute.as_ref().and_then(|dispute| dispute.resolution.as_ref());
    let notes = resolution.map_or("", |resolution| resolution.notes.as_str());
    match outcome {
        DisputeOutcome::FullRefund => format!("{who} decides on a full refund: “{notes}”"),
        DisputeOutcome::PartialRefund(amount) => {
            format!("{who} decides on a refund of {}: “{notes}”", money::text(amount))
        }
        DisputeOutcome::Release => format!("{who} decides in favour of the technician: “{notes}”"),
    }
}

/// `Mon 23 Nov, 10:00–12:00`.
pub(crate) fn slot(slot: &TimeSlot) -> String {
    format!("{}, {}–{}", slot.date.format("%a %-d %b"), slot.start, slot.end)
}
