//! What a person has to look at.

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

/// So many characters of a value are told.
const SHOWN: usize = 500;

/// A field that cannot be understood. It reads as missing, and a save leaves it as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct OddField {
    /// The collection.
    pub collection: &'static str,
    /// The document's id.
    pub id: String,
    /// Where the field stands: `skills.0.category`.
    pub field: String,
    /// What it holds, as JSON; `missing` for a field that every document should have.
    pub value: String,
}

/// Two bookings that hold the same time of a technician, with the ways afterwards. Only the first has a claim
/// on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DoubleBooking {
    /// Whose time it is.
    pub technician: Id<User>,
    /// The booking that holds it now.
    pub held_by: Id<Booking>,
    /// The booking that should hold it, too.
    pub wanted_by: Id<Booking>,
    /// The beginning of what both hold.
    pub from: DateTime<Utc>,
    /// The end of what both hold, not included.
    pub until: DateTime<Utc>,
}

/// A booking that should hold time of a technician, and does not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Unclaimed {
    /// The booking.
    pub booking: Id<Booking>,
    /// Why no time can be held for it.
    pub reason: &'static str,
}

/// One line of the details of a [`PrepareReport`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "finding", rename_all = "snake_case", rename_all_fields = "camelCase")]
#[non_exhaustive]
pub enum Finding {
    /// A document that cannot be read.
    Unreadable {
        /// Which one, and why.
        document: String,
    },
    /// A field that cannot be understood.
    OddField(OddField),
    /// Two bookings at one time.
    DoubleBooking(DoubleBooking),
    /// A booking that holds no time.
    Unclaimed(Unclaimed),
    /// Two users with one address or number.
    Twins(Twins),
    /// Something else that two have, and only one may have.
    Overlap {
        /// What it is.
        claim: String,
        /// Who has it.
        held_by: String,
        /// Who should have it, too.
        wanted_by: String,
    },
    /// A contradiction in what transactions say.
    Difference {
        /// Which document, what, and the amounts.
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
            Self::Unclaimed(booking) => write!(f, "no time held: {booking}"),
            Self::Twins(twins) => write!(f, "twins: {twins}"),
            Self::Overlap { claim, held_by, wanted_by } => {
                write!(f, "overlap: {claim} held by {held_by}, wanted by {wanted_by}")
            }
            Self::Difference { description } => write!(f, "difference: {description}"),
        }
    }
}

impl PrepareReport {
    /// Everything that a person has to look at, one line each.
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

    /// Adds what could not be understood of a document.
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
