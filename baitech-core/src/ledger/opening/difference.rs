use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    account::User,
    kernel::{Id, Money},
    payment::Transaction,
    store::AggregateRef,
};

/// How stored data contradicts itself or the books.
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
    NobodyWorks,
    /// The refunds exceed the payment.
    RefundedTooMuch,
    /// Refunded in full, but the recorded refunds are smaller.
    RefundNotOnRecord,
    /// Refunded in part, without a recorded refund.
    RefundUnknown,
    /// The recorded refunds do not match the status.
    StatusOfRefund,
    /// A refund of a payment that never arrived.
    RefundOfNothing,
    /// An outgoing payment with an unknown outcome.
    OnItsWay,
    /// A party to the money is not named.
    NobodyNamed,
    /// A wallet is topped up from itself.
    WalletIntoItself,
    /// A wallet top-up states fees; they are ignored.
    FeesLeftOut,
    /// Its booking ended without work.
    BookingEnded,
    /// Its booking does not exist.
    BookingMissing,
    /// Its booking names another payment.
    AnotherPayment,
    /// A refund transaction, which is already counted with its payment.
    ToldByPayment,
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
            Self::Parts => "the gross is not the sum of its parts; net is the remainder",
            Self::Currencies => "several currencies in one transaction; it counts for nothing",
            Self::Negative => "an amount below zero; it counts for nothing",
            Self::TooLarge => "an amount too large to be true; it counts for nothing",
            Self::HeldWithoutMoney => "held, but no money is there; not held",
            Self::NeverHeld => "held, but such money never is; not held",
            Self::HeldAndReleased => "held and released; released",
            Self::NobodyWorks => "paid for a booking on which nobody works; held for its customer",
            Self::RefundedTooMuch => "more given back than came in; cut",
            Self::RefundNotOnRecord => "refunded, with less on record; all of it counts as given back",
            Self::RefundUnknown => "partially refunded, with nothing on record; nothing counts as given back",
            Self::StatusOfRefund => "given back under another status; the status follows",
            Self::RefundOfNothing => "given back before it came; nothing counts as given back",
            Self::OnItsWay => "on its way out, its end unknown; expired",
            Self::NobodyNamed => "nobody is named whose money it would be; that part counts for nothing",
            Self::WalletIntoItself => "a wallet filled out of itself; it counts for nothing",
            Self::FeesLeftOut => "a top-up with fees; the wallet has all of it",
            Self::BookingEnded => "the booking has ended, and its money is still here",
            Self::BookingMissing => "the booking is not there",
            Self::AnotherPayment => "the booking names another payment",
            Self::ToldByPayment => "a refund; it counts with the payment that it gives back",
            Self::NoRules => "this kind has no rules; it counts for nothing",
            Self::WalletShort => "the wallet would start below zero; it starts at zero",
            Self::PaidMoreThanEarned => "paid out more than earned on record; nothing is asked back",
            Self::PaidOutWithoutPayout => "called paid out, without payouts on record; not owed any more",
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
    /// The amount that the books use.
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
            write!(f, "; stored {stated}")?;
        }
        if let Some(derived) = self.derived {
            write!(f, "; taken as {derived}")?;
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
