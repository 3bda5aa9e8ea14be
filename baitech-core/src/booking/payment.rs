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

/// How far the payment of a booking is.
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
    /// A part was given back.
    PartiallyRefunded,
    /// All was given back.
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

    /// Whether the customer's money has come in.
    #[must_use]
    pub const fn is_settled(self) -> bool {
        matches!(self, Self::Held | Self::Completed | Self::PartiallyRefunded)
    }
}

/// The payment of a booking, in short.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Payment {
    /// How far it is.
    pub status: PaymentStatus,
    /// How it is paid; unknown in some bookings of the earlier application.
    pub method: Option<PaymentMethod>,
    /// When.
    pub timing: PaymentTiming,
    /// The transaction that pays it.
    #[serde(rename = "transactionId")]
    pub transaction: Option<Id<Transaction>>,
    /// Transactions that pay what was added to the price since.
    #[serde(default)]
    pub supplements: Vec<Id<Transaction>>,
    /// What has come in for it, all in all, whatever was given back since; `None` before, and in bookings of
    /// the earlier application.
    #[serde(default)]
    pub paid: Option<Money>,
    /// Whether its money lies in escrow now.
    #[serde(default)]
    pub held: bool,
    /// Whether a person has to look at the payment before its money is released.
    #[serde(default)]
    pub on_hold: bool,
    /// When the money came.
    pub paid_at: Option<DateTime<Utc>>,
    /// What was withheld of it for the tax authority, by the policy of that moment; `None` before, and in
    /// bookings of the earlier application.
    pub withholding: Option<Money>,
    /// The commission that is reserved for it as the technician's coming debt, while an accepted job in cash
    /// is not paid; `None` for all other bookings, and for those that an earlier version accepted.
    #[serde(default)]
    pub reserved_commission: Option<Money>,
}

impl Payment {
    /// A payment that has yet to come.
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
