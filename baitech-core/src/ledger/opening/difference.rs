use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    account::User,
    kernel::{Id, Money},
    payment::Transaction,
    store::AggregateRef,
};

/// In which way what is stored contradicts itself or the books.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum OpeningIssue {
    /// The gross is not the sum of its parts.
    Parts,
    /// The amounts are of several currencies.
    Currencies,
    /// An amount is below zero where it cannot be.
    Negative,
    /// An amount is larger than can be true.
    TooLarge,
    /// It is held, but no money is there: it is not settled, or was given back.
    HeldWithoutMoney,
    /// It is held, but is of a kind or method that is never held, or names no booking.
    NeverHeld,
    /// It is held, and was released.
    HeldAndReleased,
    /// It was paid for a booking on which nobody works, and is kept for its customer.
    NobodyWorks,
    /// More was given back than came in.
    RefundedTooMuch,
    /// All was given back, and less is on record.
    RefundNotOnRecord,
    /// A part was given back, and nothing is on record.
    RefundUnknown,
    /// What was given back is on record, under another status.
    StatusOfRefund,
    /// Money was given back of what never came.
    RefundOfNothing,
    /// Money is on its way out, and nobody knows whether it arrived.
    OnItsWay,
    /// A party whose money it would be is not named.
    NobodyNamed,
    /// A wallet is filled out of itself.
    WalletIntoItself,
    /// The fees that a wallet's top-up states are left out.
    FeesLeftOut,
    /// It is for a booking that has ended without work.
    BookingEnded,
    /// It is for a booking that is not there.
    BookingMissing,
    /// Its booking names another payment.
    AnotherPayment,
    /// It gives back a payment, which tells of it.
    ToldByPayment,
    /// This kind has no rules.
    NoRules,
    /// A wallet would start below zero.
    WalletShort,
    /// A technician was paid more than was earned on record.
    PaidMoreThanEarned,
    /// What is called paid out has no payouts on record.
    PaidOutWithoutPayout,
}

impl OpeningIssue {
    /// What it is, in words.
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

/// Something that a person may have to look at. It stops nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OpeningDifference {
    /// Of what: a transaction, or the user whose account was adjusted.
    pub subject: AggregateRef,
    /// In which way.
    pub what: OpeningIssue,
    /// The amount that is stored.
    pub stated: Option<Money>,
    /// The amount that the books go by.
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

/// Takes down the differences of one transaction.
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
