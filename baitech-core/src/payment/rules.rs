//! The rules by which payments refuse.

use crate::kernel::Rule;

impl Rule {
    /// The money is not there (or not held) yet.
    pub const PAYMENT_REQUIRED: Self = Self::new("payment_required");
    /// No gateway for that payment method is configured.
    pub const PAYMENT_METHOD: Self = Self::new("payment_method");
    /// The payment was declined by its provider.
    pub const PAYMENT_DECLINED: Self = Self::new("payment_declined");
    /// There is less money than this needs.
    pub const INSUFFICIENT_FUNDS: Self = Self::new("insufficient_funds");
    /// It is more than can be given back.
    pub const EXCEEDS_CAPTURE: Self = Self::new("exceeds_capture");
    /// A person has to look at the payment first.
    pub const UNDER_REVIEW: Self = Self::new("under_review");
    /// The technician owes the platform too much.
    pub const DEBT_LIMIT: Self = Self::new("debt_limit");
}
