use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    kernel::{Id, Money, named},
    transaction::{PaymentMethod, PaymentTiming, Transaction},
};

named! {
    /// The payment state of a booking.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
    pub enum PaymentStatus {
        /// Not paid.
        #[default]
        Pending = "pending",
        /// Held in escrow.
        Held = "held",
        /// Paid.
        Completed = "completed",
        /// The last attempt failed.
        Failed = "failed",
        /// A part was refunded.
        PartiallyRefunded = "partially_refunded",
        /// All was refunded.
        Refunded = "refunded",
    }
}

impl PaymentStatus {
    /// Whether the customer's payment has arrived.
    #[must_use]
    pub const fn is_settled(self) -> bool {
        matches!(self, Self::Held | Self::Completed | Self::PartiallyRefunded)
    }
}

/// The payment summary of a booking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Payment {
    /// The state of the payment.
    pub status: PaymentStatus,
    /// The payment method; unknown in some bookings of the earlier application.
    pub method: Option<PaymentMethod>,
    /// When the customer pays.
    pub timing: PaymentTiming,
    /// The transaction that pays it.
    #[serde(rename = "transactionId")]
    pub transaction: Option<Id<Transaction>>,
    /// Transactions that pay for later additions to the price.
    #[serde(default)]
    pub supplements: Vec<Id<Transaction>>,
    /// The total received so far, before refunds; `None` before the first payment, and in bookings of the
    /// earlier application.
    #[serde(default)]
    pub paid: Option<Money>,
    /// Whether its money is in escrow now.
    #[serde(default)]
    pub held: bool,
    /// Whether the payment needs manual review before its money is released.
    #[serde(default)]
    pub on_hold: bool,
    /// When the payment arrived.
    pub paid_at: Option<DateTime<Utc>>,
    /// The tax withheld from it, by the policy of that time; `None` before that, and in bookings of the
    /// earlier application.
    pub withholding: Option<Money>,
    /// The commission reserved as the technician's future debt while an accepted cash job is unpaid; `None`
    /// for all other bookings, and for those accepted by an earlier version.
    #[serde(default)]
    pub reserved_commission: Option<Money>,
}

impl Payment {
    /// A payment that has not arrived yet.
    #[must_use]
    pub const fn pending(method: PaymentMethod, timing: PaymentTiming) -> Self {
        Self {
            status: PaymentStatus::Pending,
            method: Some(method),
            timing,
            transaction: None,
            supplements: Vec::new(),
            paid: None,
            held: false,
            on_hold: false,
            paid_at: None,
            withholding: None,
            reserved_commission: None,
        }
    }
}
