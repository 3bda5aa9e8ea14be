//! Findings that a person has to check.

use std::fmt;

use baitech_core::account::User;
use baitech_core::booking::Booking;
use baitech_core::kernel::Id;
use bson::{Bson, RawDocument};
use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{PrepareReport, Twins};
use crate::codec::Aggregate;
use crate::lenient::{Odd, Read, report_missing};

/// The maximum number of characters of a reported value.
const SHOWN: usize = 500;

/// A field that cannot be understood. It reads as missing, and a save does not change it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct OddField {
    /// The collection.
    pub collection: &'static str,
    /// The document's id.
    pub id: String,
    /// The path of the field: `skills.0.category`.
    pub field: String,
    /// Its value as JSON; `missing` for an absent field that every document should have.
    pub value: String,
}

/// Two bookings of a technician whose times, including travel, overlap. Only the first has a claim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DoubleBooking {
    /// The technician.
    pub technician: Id<User>,
    /// The booking that has the claim.
    pub held_by: Id<Booking>,
    /// The booking that needs the claim too.
    pub wanted_by: Id<Booking>,
    /// The start of the overlap.
    pub from: DateTime<Utc>,
    /// The end of the overlap, exclusive.
    pub until: DateTime<Utc>,
}

/// An active booking without a claim on its technician's time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Unclaimed {
    /// The booking.
    pub booking: Id<Booking>,
    /// Why its time cannot be claimed.
    pub reason: &'static str,
}

/// One line of the details of a [`PrepareReport`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "finding", rename_all = "snake_case", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum Finding {
    /// A document that cannot be read.
    Unreadable {
        /// The document and the reason.
        document: String,
    },
    /// A field that cannot be understood.
    OddField(OddField),
    /// Two bookings of one technician at the same time.
    DoubleBooking(DoubleBooking),
    /// An active booking without a claim.
    Unclaimed(Unclaimed),
    /// Two users with the same e-mail address or phone number.
    Twins(Twins),
    /// Another claim with two holders.
    Overlap {
        /// The claim.
        claim: String,
        /// The current holder.
        held_by: String,
        /// The second holder.
        wanted_by: String,
    },
    /// A contradiction within the transactions.
    Difference {
        /// The document, the contradiction, and the amounts.
        description: String,
    },
}

impl fmt::Display for OddField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {} is {}", self.collection, self.id, self.field, self.value)
    }
}

impl fmt::Display for DoubleBooking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { technician, held_by, wanted_by, from, until } = self;
        write!(f, "bookings {held_by} and {wanted_by} of technician {technician} from {from} to {until}")
    }
}

impl fmt::Display for Unclaimed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "booking {}: {}", self.booking, self.reason)
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { document } => write!(f, "unreadable: {document}"),
            Self::OddField(field) => write!(f, "odd field: {field}"),
            Self::DoubleBooking(both) => write!(f, "double booking: {both}"),
            Self::Unclaimed(booking) => write!(f, "no claim on time: {booking}"),
            Self::Twins(twins) => write!(f, "twins: {twins}"),
            Self::Overlap { claim, held_by, wanted_by } => {
                write!(f, "overlap: {claim} is held by {held_by} and needed by {wanted_by}")
            }
            Self::Difference { description } => write!(f, "difference: {description}"),
        }
    }
}

impl PrepareReport {
    /// All findings that a person has to check.
    pub fn findings(&self) -> impl Iterator<Item = Finding> {
        let unreadable =
            self.unreadable.iter().map(|document| Finding::Unreadable { document: document.clone() });
        let overlaps = self.overlaps.iter().map(|overlap| Finding::Overlap {
            claim: overlap.wanted.key.to_string(),
            held_by: overlap.held.holder.to_string(),
            wanted_by: overlap.wanted.holder.to_string(),
        });
        let differences = self.differences.iter();
        let differences = differences.map(|one| Finding::Difference { description: one.to_string() });
        unreadable
            .chain(self.double_bookings.iter().cloned().map(Finding::DoubleBooking))
            .chain(self.unclaimed.iter().cloned().map(Finding::Unclaimed))
            .chain(self.twins.iter().cloned().map(Finding::Twins))
            .chain(overlaps)
            .chain(self.odd_fields.iter().cloned().map(Finding::OddField))
            .chain(differences)
    }

    /// Adds the fields of a document that could not be understood.
    pub(super) fn add_odd<A: Aggregate>(&mut self, raw: &RawDocument, read: &Read<A>) {
        let mut odd = read.odd.clone();
        report_missing(raw, A::EXPECTED, &mut odd);
        let id = read.value.id().to_string();
        let field = |Odd { path, value }: Odd| OddField {
            collection: A::COLLECTION,
            id: id.clone(),
            field: path.to_string(),
            value: shown(value),
        };
        self.odd_fields.extend(odd.into_iter().map(field));
    }
}

fn shown(value: Bson) -> String {
    if matches!(value, Bson::Null) {
        return "missing".to_owned();
    }
    let mut text = value.to_string();
    if let Some((end, _)) = text.char_indices().nth(SHOWN) {
        text.truncate(end);
        text.push('…');
    }
    text
}
