//! The rules by which booking commands are refused.

use crate::kernel::Rule;

impl Rule {
    /// The technician has another booking at that time.
    pub const TIME_SLOT_TAKEN: Self = Self::new("time_slot_taken");
    /// The technician cannot do this job: category, area, hours, verification or an earlier refusal.
    pub const NOT_ELIGIBLE: Self = Self::new("not_eligible");
    /// The company has not approved the booking.
    pub const APPROVAL_REQUIRED: Self = Self::new("approval_required");
    /// The customer has to pay outstanding fees before the next booking.
    pub const UNPAID_FEES: Self = Self::new("unpaid_fees");
    /// The customer has reached the maximum number of open requests.
    pub const TOO_MANY_REQUESTS: Self = Self::new("too_many_requests");
}
