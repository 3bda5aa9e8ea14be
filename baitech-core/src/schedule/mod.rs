//! When a job takes place, and how urgent it is.

mod slot;
mod urgency;

pub use slot::{SLOT_CLAIMS, TimeSlot, cell_claim};
pub use urgency::Urgency;
