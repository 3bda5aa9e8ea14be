use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    kernel::{Id, Money},
    payment::Transaction,
};

/// How a customer pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum PaymentMethod {
    Mpesa,
    Card,
    Stripe,
    Wallet,
    Cash,
    BankTransfer,
}

impl PaymentMethod {
    /// Every method.
    pub const ALL: [Self; 6] =
        [Self::Mpesa, Self::Card, Self::Stripe, Self::Wallet, Self::Cash, Self::BankTransfer];

    /// The name in documents and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Mpesa => "mpesa",
            Self::Card => "card",
            Self::Stripe => "stripe",
            Self::Wallet => "wallet",
            Self::Cash => "cash",
            Self::BankTransfer => "bank_transfer",
        }
    }
}

/// When the customer pays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentTiming {
    /// The money is held from acceptance on.
    AtAcceptance,
    /// The money is paid once the work is verified.
    AfterVerification,
}

/// The payment state of a booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentStatus {
    /// Not paid.
    #[default]
    Pending,
    /// Held in escrow.
    Held,
    /// Paid.
    Completed,
    /// The last attempt failed.
    Failed,
    /// A part was refunded.
    PartiallyRefunded,
    /// All was refunded.
    Refunded,
}

impl PaymentStatus {
    /// Every status.
    pub const ALL: [Self; 6] =
        [Self::Pending, Self::Held, Self::Completed, Self::Failed, Self::PartiallyRefunded, Self::Refunded];

    /// The name in documents and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Held => "held",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::PartiallyRefunded => "partially_refunded",
            Self::Refunded => "refunded",
        }
    }

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
