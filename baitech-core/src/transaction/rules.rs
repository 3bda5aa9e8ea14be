//! The rules by which payment commands are refused.

use crate::kernel::Rule;

impl Rule {
    /// The payment has not arrived (or is not held) yet.
    pub const PAYMENT_REQUIRED: Self = Self::new("payment_required");
    /// No gateway for that payment method is configured.
    pub const PAYMENT_METHOD: Self = Self::new("payment_method");
    /// The payment was declined by its provider.
    pub const PAYMENT_DECLINED: Self = Self::new("payment_declined");
    /// The available money is not enough.
    pub const INSUFFICIENT_FUNDS: Self = Self::new("insufficient_funds");
    /// The amount is more than can be refunded.
    pub const EXCEEDS_CAPTURE: Self = Self::new("exceeds_capture");
    /// The payment needs manual review first.
    pub const UNDER_REVIEW: Self = Self::new("under_review");
    /// The debt to the platform exceeds its limit.
    pub const DEBT_LIMIT: Self = Self::new("debt_limit");
}
