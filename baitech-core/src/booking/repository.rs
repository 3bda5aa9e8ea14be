use async_trait::async_trait;

use super::{Booking, BookingNumber, BookingStatus};
use crate::{
    account::User,
    kernel::{Id, Page, PageRequest},
    store::{Load, StoreError, Stored},
};

/// Which bookings to list. Every field that is set has to match; deleted bookings are never listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BookingFilter {
    /// Made by this customer.
    pub customer: Option<Id<User>>,
    /// Offered to or done by this technician.
    pub technician: Option<Id<User>>,
    /// Made for this company.
    pub company: Option<Id<User>>,
    /// In one of these statuses; in any if empty.
    pub statuses: Vec<BookingStatus>,
}

/// Reads bookings.
#[async_trait]
pub trait BookingRepository: Load<Booking> {
    /// The booking with this number. Deleted bookings are found too, as by [`load`](Load::load).
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], [`StoreError::Unavailable`].
    async fn find_by_number(&self, number: &BookingNumber) -> Result<Option<Stored<Booking>>, StoreError>;

    /// Bookings by time of creation in milliseconds, newest first; within the same millisecond, smaller ids
    /// first. A booking that the store cannot read is skipped and logged: its page is shorter, and the list
    /// continues after it.
    ///
    /// # Errors
    /// [`StoreError::Cursor`], [`StoreError::Unavailable`].
    async fn list_bookings(
        &self,
        filter: &BookingFilter,
        page: &PageRequest,
    ) -> Result<Page<Stored<Booking>>, StoreError>;

    /// The number of bookings per status, in the order of [`BookingStatus::ALL`]. Statuses without bookings
    /// are left out.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn count_by_status(&self, filter: &BookingFilter) -> Result<Vec<(BookingStatus, u64)>, StoreError>;
}
