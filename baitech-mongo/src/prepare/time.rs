//! Claims of bookings on technicians' time.

use std::collections::BTreeMap;

use baitech_core::store::{AggregateRef, Claim, ClaimKey};
use baitech_core::{
    booking::Booking,
    schedule::{SLOT_CLAIMS, TimeSlot},
};
use chrono::{DateTime, Utc};
use futures::TryStreamExt;
use mongodb::Database;
use mongodb::error::Error;

use super::batch::Batch;
use super::derive::{in_order, readable};
use super::{DoubleBooking, Overlap, PrepareReport, Unclaimed};
use crate::codec::Aggregate;

/// Claims the technician's time for every active booking. Claims that fail are reported, two overlapping
/// bookings as one finding.
pub(super) async fn claims(database: &Database, report: &mut PrepareReport) -> Result<(), Error> {
    let others = std::mem::take(&mut report.overlaps);
    let mut batch = Batch::new(database);
    let mut bookings = in_order(database, Booking::COLLECTION).await?;
    while let Some(raw) = bookings.try_next().await? {
        report.bookings = report.bookings.saturating_add(1);
        let odd_before = report.odd_fields.len();
        let Some(booking) = readable::<Booking>(&raw, report) else { continue };
        if !booking.status.holds_time() {
            continue;
        }
        let mut odd = report.odd_fields.iter().skip(odd_before);
        let has_day = !odd.any(|odd| matches!(odd.field.as_str(), "timeSlot" | "timeSlot.date"));
        let technician = match (booking.technician, obstacle(&booking, has_day)) {
            (Some(technician), None) => technician,
            (technician, obstacle) => {
                let no_technician = technician.is_none().then_some("it has no technician");
                let reason = no_technician.or(obstacle).unwrap_or_default();
                report.unclaimed.push(Unclaimed { booking: booking.id, reason });
                continue;
            }
        };
        let holder = AggregateRef::Booking(booking.id);
        let keys = booking.slot.claim_keys(technician);
        batch.add(keys.into_iter().map(|key| Claim { key, holder }), report).await?;
    }
    batch.flush(report).await?;
    let found = std::mem::replace(&mut report.overlaps, others);
    double_bookings(found, report);
    Ok(())
}

/// Why a booking's time cannot be claimed.
fn obstacle(booking: &Booking, has_day: bool) -> Option<&'static str> {
    if !has_day {
        Some("the day of its slot is missing or unreadable")
    } else if booking.slot.starts_at() >= booking.slot.ends_at() {
        Some("its slot ends when it starts")
    } else {
        None
    }
}

/// One finding for each pair of bookings and each contiguous overlap.
fn double_bookings(overlaps: Vec<Overlap>, report: &mut PrepareReport) {
    let mut cells: BTreeMap<_, Vec<i64>> = BTreeMap::new();
    for overlap in overlaps {
        let both = match (overlap.held.holder, overlap.wanted.holder, parsed(&overlap.wanted.key)) {
            (AggregateRef::Booking(held), AggregateRef::Booking(wanted), Some((technician, cell))) => {
                Some(((held, wanted, technician), cell))
            }
            _ => None,
        };
        match both {
            Some((key, cell)) => cells.entry(key).or_default().push(cell),
            None => report.overlaps.push(overlap),
        }
    }
    for ((held_by, wanted_by, technician), mut cells) in cells {
        cells.sort_unstable();
        for stretch in cells.chunk_by(|one, next| one.saturating_add(1) == *next) {
            let (Some(first), Some(last)) = (stretch.first(), stretch.last()) else { continue };
            let (Some(from), Some(until)) = (start_of(*first), start_of(last.saturating_add(1))) else {
                continue;
            };
            report.double_bookings.push(DoubleBooking { technician, held_by, wanted_by, from, until });
        }
    }
}

/// The technician and the cell of a claim.
fn parsed(key: &ClaimKey) -> Option<(baitech_core::kernel::Id<baitech_core::account::User>, i64)> {
    let rest = key.as_str().strip_prefix(SLOT_CLAIMS)?.strip_prefix('/')?;
    let (technician, cell) = rest.split_once('/')?;
    Some((technician.parse().ok()?, cell.parse().ok()?))
}

fn start_of(cell: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(cell.checked_mul(TimeSlot::CELL.num_seconds())?, 0)
}
