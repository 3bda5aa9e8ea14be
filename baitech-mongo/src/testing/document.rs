//! The layout of a document, for benchmarks and tests that use the bare driver.

use baitech_core::booking::Booking;
use serde::{Deserialize, Serialize};

use crate::booking;

/// A booking as the store reads and writes it, for a typed collection of the driver's.
#[derive(Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BookingDocument(booking::BookingDocument);

impl From<Booking> for BookingDocument {
    fn from(booking: Booking) -> Self {
        Self(booking.into())
    }
}
