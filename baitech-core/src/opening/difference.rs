use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    account::User,
    kernel::{Id, Money},
    store::AggregateRef,
    transaction::Transaction,
};

/// How stored data contradicts itself or the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum OpeningIssue {
    /// The gross is not the sum of its parts.
    Parts,
    /// The amounts are in several currencies.
    Currencies,
    /// An amount is below zero where it cannot be.
    Negative,
    /// An amount is implausibly large.
    TooLarge,
    /// Marked as held, but without money: it is not settled, or was refunded.
    HeldWithoutMoney,
    /// Marked as held, but its kind or method is never held, or it names no booking.
    NeverHeld,
    /// Marked as both held and released.
    HeldAndReleased,
    /// Paid for a booking without a technician; kept for the customer.
    #[serde(rename = "nobody_works")]
    NoTechnician,
    /// The refunds exceed the payment.
    RefundedTooMuch,
    /// Refunded in full, but the recorded refunds are smaller.
    RefundNotOnRecord,
    /// Refunded in part, without a recorded refund.
    RefundUnknown,
    /// The recorded refunds do not match the status.
    StatusOfRefund,
    /// A refund of a payment that never arrived.
    #[serde(rename = "refund_of_nothing")]
    RefundBeforePayment,
    /// An outgoing payment with an unknown outcome.
    #[serde(rename = "on_its_way")]
    OutcomeUnknown,
    /// A party to the money is not named.
    #[serde(rename = "nobody_named")]
    PartyMissing,
    /// A wallet is topped up from itself.
    #[serde(rename = "wallet_into_itself")]
    SelfTopUp,
    /// A wallet top-up states fees; they are ignored.
    #[serde(rename = "fees_left_out")]
    TopUpFees,
    /// Its booking ended without work.
    BookingEnded,
    /// Its booking does not exist.
    BookingMissing,
    /// Its booking names another payment.
    AnotherPayment,
    /// A refund transaction, which is already counted with its payment.
    #[serde(rename = "told_by_payment")]
    CountedWithPayment,
    /// The engine has no rules for this kind.
    NoRules,
    /// A wallet would start below zero.
    WalletShort,
    /// A technician was paid more than the recorded earnings.
    PaidMoreThanEarned,
    /// Shares are marked as paid out, without recorded payouts.
    PaidOutWithoutPayout,
}

impl OpeningIssue {
    /// A description in words.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Parts => "the gross is not the sum of its parts; the net is computed as the remainder",
            Self::Currencies => "the transaction has several currencies and is not counted",
            Self::Negative => "the transaction has a negative amount and is not counted",
            Self::TooLarge => "the transaction has an implausibly large amount and is not counted",
            Self::HeldWithoutMoney => "marked as held, but without money; read as not held",
            Self::NeverHeld => "marked as held, but this kind of money is never held; read as not held",
            Self::HeldAndReleased => "marked as held and as released; read as released",
            Self::NoTechnician => "paid for a booking without a technician; held for the customer",
            Self::RefundedTooMuch => "the refunds exceed the payment; the later ones are cut",
            Self::RefundNotOnRecord => {
                "refunded in full, but the recorded refunds are smaller; read as refunded in full"
            }
            Self::RefundUnknown => "partially refunded, but without a recorded refund; read as not refunded",
            Self::StatusOfRefund => "the status does not match the recorded refunds; it is corrected",
            Self::RefundBeforePayment => "refunded before it was paid; read as not refunded",
            Self::OutcomeUnknown => "an outgoing payment with an unknown outcome; read as expired",
            Self::PartyMissing => "a party of the transaction is missing; its part is not counted",
            Self::SelfTopUp => "a wallet topped up from itself; not counted",
            Self::TopUpFees => "a top-up with fees; the whole amount is credited to the wallet",
            Self::BookingEnded => "the booking has ended, but its money was not refunded",
            Self::BookingMissing => "the booking does not exist",
            Self::AnotherPayment => "the booking names another payment",
            Self::CountedWithPayment => "a refund; it is counted with its payment",
            Self::NoRules => "this kind of transaction has no rules and is not counted",
            Self::WalletShort => "the wallet would start with a negative balance; it starts at zero",
            Self::PaidMoreThanEarned => {
                "the payouts exceed the recorded earnings; the excess is not reclaimed"
            }
            Self::PaidOutWithoutPayout => {
                "marked as paid out, but without recorded payouts; not owed any more"
            }
        }
    }
}

impl fmt::Display for OpeningIssue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A finding that a person may have to examine. It does not stop the migration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OpeningDifference {
    /// The transaction, or the user whose account was adjusted.
    pub subject: AggregateRef,
    /// The kind of difference.
    pub what: OpeningIssue,
    /// The stored amount.
    pub stated: Option<Money>,
    /// The amount that the opening ledger uses.
    pub derived: Option<Money>,
}

impl OpeningDifference {
    pub(super) const fn of_account(user: Id<User>, what: OpeningIssue, amount: Money) -> Self {
        Self { subject: AggregateRef::User(user), what, stated: None, derived: Some(amount) }
    }
}

impl fmt::Display for OpeningDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.subject, self.what)?;
        if let Some(stated) = self.stated {
            write!(f, "; stored amount {stated}")?;
        }
        if let Some(derived) = self.derived {
            write!(f, "; used amount {derived}")?;
        }
        Ok(())
    }
}

/// Collects the differences of one transaction.
#[derive(Debug)]
pub(super) struct Notes {
    subject: AggregateRef,
    differences: Vec<OpeningDifference>,
}

impl Notes {
    pub(super) const fn of(transaction: Id<Transaction>) -> Self {
        Self { subject: AggregateRef::Transaction(transaction), differences: Vec::new() }
    }

    pub(super) fn add(&mut self, what: OpeningIssue, stated: Option<Money>, derived: Option<Money>) {
        self.differences.push(OpeningDifference { subject: self.subject, what, stated, derived });
    }

    pub(super) fn taken(self) -> Vec<OpeningDifference> {
        self.differences
    }
}
