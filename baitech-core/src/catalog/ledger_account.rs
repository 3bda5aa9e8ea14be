use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{
    account::User,
    booking::Booking,
    kernel::{Id, ParseIdError},
    transaction::{PaymentMethod, Transaction},
};

/// An account of the ledger, named by the aggregate that it belongs to. A credit is positive: money that the
/// platform owes to a party, or has earned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Account {
    /// Money in transit through a payment provider.
    Clearing(PaymentMethod),
    /// The platform's bank account.
    Bank,
    /// Money held for a booking.
    Escrow(Id<Booking>),
    /// A user's wallet.
    Wallet(Id<User>),
    /// Money reserved for one transaction until its outcome is known: a pending payout or refund, a payment
    /// that does not match its request, money that a dispute took back.
    Reserved(Id<Transaction>),
    /// Money owed to a technician; negative if the technician owes the platform.
    Payable(Id<User>),
    /// Money owed by a customer or a company.
    Receivable(Id<User>),
    /// A user's pending top-ups, which count towards the limit of the wallet.
    OpenTopUps(Id<User>),
    /// A user's pending debt payments. Together they never exceed the debt.
    OpenDebtPayments(Id<User>),
    /// Commission that a technician will owe for accepted cash jobs that are not paid yet: zero or negative,
    /// like the debt that it becomes. It counts towards the debt limit.
    OpenCashJobs(Id<User>),
    /// The platform's fees.
    PlatformRevenue,
    /// The processing fees.
    ProcessingRevenue,
    /// Fees charged by payment providers.
    GatewayCharges,
    /// Discounts granted by the platform.
    Discounts,
    /// Tax withheld from technicians, owed to the revenue authority.
    WithholdingPayable,
    /// Value added tax owed to the revenue authority.
    VatPayable,
    /// Amounts written off.
    Losses,
    /// The contra account of pending amounts. It contains no money.
    OpenAmounts,
    /// The contra account of balances that were migrated from an earlier application.
    OpeningBalance,
}

impl Account {
    /// Whether no commit may take it below zero, because money held for a party cannot be spent twice.
    #[must_use]
    pub const fn is_bounded(self) -> bool {
        matches!(self, Self::Escrow(_) | Self::Wallet(_) | Self::Reserved(_))
    }

    /// Whether it is one of the platform's own accounts, which the entries of all users share.
    #[must_use]
    pub const fn is_common(self) -> bool {
        match self {
            Self::Escrow(_)
            | Self::Wallet(_)
            | Self::Reserved(_)
            | Self::Payable(_)
            | Self::Receivable(_)
            | Self::OpenTopUps(_)
            | Self::OpenDebtPayments(_)
            | Self::OpenCashJobs(_) => false,
            Self::Clearing(_)
            | Self::Bank
            | Self::PlatformRevenue
            | Self::ProcessingRevenue
            | Self::GatewayCharges
            | Self::Discounts
            | Self::WithholdingPayable
            | Self::VatPayable
            | Self::Losses
            | Self::OpenAmounts
            | Self::OpeningBalance => true,
        }
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Clearing(method) => write!(f, "clearing:{}", method.as_str()),
            Self::Bank => f.write_str("bank"),
            Self::Escrow(id) => write!(f, "escrow:{id}"),
            Self::Wallet(id) => write!(f, "wallet:{id}"),
            Self::Reserved(id) => write!(f, "reserved:{id}"),
            Self::Payable(id) => write!(f, "payable:{id}"),
            Self::Receivable(id) => write!(f, "receivable:{id}"),
            Self::OpenTopUps(id) => write!(f, "open_top_ups:{id}"),
            Self::OpenDebtPayments(id) => write!(f, "open_debt_payments:{id}"),
            Self::OpenCashJobs(id) => write!(f, "open_cash_jobs:{id}"),
            Self::PlatformRevenue => f.write_str("platform_revenue"),
            Self::ProcessingRevenue => f.write_str("processing_revenue"),
            Self::GatewayCharges => f.write_str("gateway_charges"),
            Self::Discounts => f.write_str("discounts"),
            Self::WithholdingPayable => f.write_str("withholding_payable"),
            Self::VatPayable => f.write_str("vat_payable"),
            Self::Losses => f.write_str("losses"),
            Self::OpenAmounts => f.write_str("open_amounts"),
            Self::OpeningBalance => f.write_str("opening_balance"),
        }
    }
}

/// The text is not the name of an account.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an account of the ledger")]
pub struct ParseAccountError(String);

impl FromStr for Account {
    type Err = ParseAccountError;

    fn from_str(text: &str) -> Result<Self, ParseAccountError> {
        let unknown = || ParseAccountError(text.to_owned());
        let (name, of) = text.split_once(':').unwrap_or((text, ""));
        let user = || of.parse().map_err(|_: ParseIdError| unknown());
        Ok(match name {
            "clearing" => {
                let method = PaymentMethod::ALL.into_iter().find(|method| method.as_str() == of);
                Self::Clearing(method.ok_or_else(unknown)?)
            }
            "bank" => Self::Bank,
            "escrow" => Self::Escrow(of.parse().map_err(|_: ParseIdError| unknown())?),
            "wallet" => Self::Wallet(user()?),
            "reserved" => Self::Reserved(of.parse().map_err(|_: ParseIdError| unknown())?),
            "payable" => Self::Payable(user()?),
            "receivable" => Self::Receivable(user()?),
            "open_top_ups" => Self::OpenTopUps(user()?),
            "open_debt_payments" => Self::OpenDebtPayments(user()?),
            "open_cash_jobs" => Self::OpenCashJobs(user()?),
            "platform_revenue" => Self::PlatformRevenue,
            "processing_revenue" => Self::ProcessingRevenue,
            "gateway_charges" => Self::GatewayCharges,
            "discounts" => Self::Discounts,
            "withholding_payable" => Self::WithholdingPayable,
            "vat_payable" => Self::VatPayable,
            "losses" => Self::Losses,
            "open_amounts" => Self::OpenAmounts,
            "opening_balance" => Self::OpeningBalance,
            _ => return Err(unknown()),
        })
    }
}

impl Serialize for Account {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Account {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
