use std::borrow::Cow;

use super::Booking;
use crate::store::{Readers, SearchIndex, Searchable};

impl Booking {
    /// The texts by which its customer, its technician, its company and staff find a booking; `None` for a
    /// deleted one.
    pub(super) fn search_texts(&self) -> Option<Searchable<'_>> {
        if self.deleted_at.is_some() {
            return None;
        }
        let number = self.number.to_string();
        let parties = [Some(self.customer), self.technician, self.company()];
        Some(Searchable {
            index: SearchIndex::Bookings,
            readers: Readers::Only(parties.into_iter().flatten().map(|user| user.cast()).collect()),
            within: None,
            at: self.created_at,
            title: format!("{number} {}", self.service_type).into(),
            texts: vec![
                ("bookingNumber", number.into()),
                ("serviceType", Cow::Borrowed(self.service_type.as_str())),
                ("description", Cow::Borrowed(self.description.as_str())),
            ],
        })
    }
}
