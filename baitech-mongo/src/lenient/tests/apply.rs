//! Changing values that were read.

use std::fmt::Debug;

use baitech_core::account::{Category, Skill, User};
use baitech_core::booking::{Booking, BookingStatus, StatusChange};
use baitech_core::kernel::Text;
use baitech_core::testing::build;
use baitech_core::transaction::Transaction;

use super::documents::Place;
use crate::codec::Aggregate;

/// A kind of document that can be changed outside the corrupted path.
pub(super) trait Kind: Aggregate + Clone + Debug + PartialEq {
    /// The same with other fields changed; `None` if the corrupted path is among them.
    fn changed(&self, place: &Place) -> Option<Self>;
}

pub(super) fn change<A: Kind>(value: &A, place: &Place) -> Option<A> {
    value.changed(place)
}

fn is_under(place: &Place, field: &str) -> bool {
    place.0.first().is_some_and(|first| first == field)
}

impl Kind for User {
    fn changed(&self, place: &Place) -> Option<Self> {
        let mut record = self.clone().into_record();
        if is_under(place, "bio") {
            return None;
        }
        record.bio = Some(Text::from_stored("changed"));
        if let Some(technician) =
            record.technician.as_mut().filter(|_| place.0.len() > 1 || !is_under(place, "skills"))
        {
            technician.skills.push(Skill {
                element: Some(build::id(7)),
                name: Text::from_stored("Drains"),
                category: Category::Plumbing,
                years_of_experience: 3,
                verified: false,
                verification_documents: Vec::new(),
            });
        }
        Some(Self::from_record(record))
    }
}

impl Kind for Booking {
    fn changed(&self, place: &Place) -> Option<Self> {
        let mut record = self.clone().into_record();
        if is_under(place, "source") {
            return None;
        }
        record.source = "changed".to_owned();
        if place.0.len() > 1 || !is_under(place, "statusHistory") {
            record.history.push(StatusChange {
                status: BookingStatus::Pending,
                changed_by: None,
                changed_at: build::start(),
                reason: None,
                notes: None,
            });
        }
        Some(Self::from_record(record))
    }
}

impl Kind for Transaction {
    fn changed(&self, place: &Place) -> Option<Self> {
        let mut record = self.clone().into_record();
        if is_under(place, "reason") {
            return None;
        }
        record.reason = Some(Text::from_stored("changed"));
        Some(Self::from_record(record))
    }
}
