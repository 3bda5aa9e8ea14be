use async_trait::async_trait;

use super::{Booking, BookingNumber, BookingStatus};
use crate::{
    account::User,
    kernel::{Id, Page, PageRequest},
    store::{Load, StoreError, Stored},
};

/// Which bookings to list. Every part that is set must hold; deleted bookings are never listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BookingFilter {
    /// Made by this customer.
    pub customer: Option<Id<User>>,
    /// Offered to or done by this technician.
    pub technician: Option<Id<User>>,
    /// Made for this company.
    pub company: Option<Id<User>>,
    /// In one of these statuses; any where empty.
    pub statuses: Vec<BookingStatus>,
}

/// Reads bookings.
#[async_trait]
pub trait BookingRepository: Load<Booking> {
    /// The booking with this number; also a deleted one, as [`load`](Load::load) finds it.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], [`StoreError::Unavailable`].
    async fn find_by_number(&self, number: &BookingNumber) -> Result<Option<Stored<Booking>>, StoreError>;

    /// Bookings by the time of their creation to the millisecond, the newest first; of the same millisecond,
    /// the smaller id first. One that the store cannot read is left out and logged; a page may then hold
    /// fewer, and the list still goes on behind it.
    ///
    /// # Errors
    /// [`StoreError::Cursor`], [`StoreError::Unavailable`].
    async fn list_bookings(
        &self,
        filter: &BookingFilter,
        page: &PageRequest,
    ) -> Result<Page<Stored<Booking>>, StoreError>;

    /// How many bookings there are in each status that has any, in the order of [`BookingStatus::ALL`].
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    async fn count_by_status(&self, filter: &BookingFilter) -> Result<Vec<(BookingStatus, u64)>, StoreError>;
}
