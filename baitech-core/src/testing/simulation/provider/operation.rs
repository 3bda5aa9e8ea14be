use chrono::TimeDelta;

use super::super::chance::Chance;
use crate::{
    kernel::{Id, Money},
    payment,
    transaction::{Declined, Outcome, Transaction},
};

/// The future outcome of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// The money moves.
    Move,
    /// A sum moves that differs from the request.
    MoveOther,
    /// Another payer pays.
    MoveFromElsewhere,
    /// The money is authorised.
    SetAside,
    /// The money does not move.
    Decline,
    /// The subscriber is busy; the order can be resent.
    Busy,
    /// The operation is reported as failed, but the money moves later.
    FailThenMove,
}

/// The progress of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    Open,
    SetAside,
    Moved,
    Refused,
}

/// One order that has reached the provider.
#[derive(Debug)]
pub(super) struct Operation {
    pub(super) transaction: Id<Transaction>,
    pub(super) kind: payment::Operation,
    pub(super) reference: String,
    /// The last segment of the webhook path.
    pub(super) token: String,
    pub(super) amount: Money,
    pub(super) payer: Option<String>,
    /// The charge that a refund refunds.
    pub(super) original: Option<usize>,
    pub(super) fate: Fate,
    pub(super) progress: Progress,
    pub(super) failed: bool,
    /// Whether our client received the provider's answer. Without it, only a webhook reports the order.
    pub(super) acknowledged: bool,
    /// Whether the transaction was also paid by a deposit.
    pub(super) paid_by_deposit: bool,
    /// The answer to status queries.
    pub(super) answer: Outcome,
    pub(super) moved: Option<Money>,
    /// The sum of refunds and chargebacks.
    pub(super) returned: Money,
    /// The contested amount, and whether we won.
    pub(super) contested: Option<(Money, Option<bool>)>,
    /// Whether the bank has changed its verdict.
    pub(super) verdict_reversed: bool,
}

impl Operation {
    /// Whether money may still move.
    pub(super) const fn is_open(&self) -> bool {
        matches!(self.progress, Progress::Open | Progress::SetAside)
    }

    /// The amount that moves if the operation succeeds.
    pub(super) fn moves(&self) -> Money {
        if self.fate == Fate::MoveOther {
            let half = self.amount.amount() / rust_decimal::Decimal::TWO;
            let other = if self.transaction.to_bytes()[11].is_multiple_of(2) {
                half.floor() + rust_decimal::Decimal::ONE
            } else {
                self.amount.amount() + half.floor()
            };
            return Money::new(other, self.amount.currency());
        }
        self.amount
    }

    /// Whether a status query returns the whole outcome.
    pub(super) fn is_plain(&self) -> bool {
        self.moves() == self.amount && self.fate != Fate::MoveFromElsewhere && !self.paid_by_deposit
    }

    /// The unrefunded rest of a charge.
    pub(super) fn left(&self) -> Money {
        let moved = self.moved.unwrap_or(Money::zero(self.amount.currency()));
        moved.checked_sub(self.returned).expect("small amounts")
    }

    /// The payer in the provider's notation.
    pub(super) fn shown_payer(&self, chance: &Chance) -> Option<String> {
        let payer = self.payer.as_deref()?;
        if self.fate == Fate::MoveFromElsewhere {
            return Some("254799999999".to_owned());
        }
        let digits: String = payer.chars().filter(char::is_ascii_digit).collect();
        match chance.below(3) {
            0 => None,
            1 => Some(digits),
            _ => {
                let masked = digits.char_indices().map(|(n, c)| if (4..8).contains(&n) { '*' } else { c });
                Some(masked.collect())
            }
        }
    }
}

pub(super) fn declined() -> Declined {
    Declined { code: "declined".to_owned(), reason: "declined".to_owned(), retry_after: None }
}

pub(super) fn busy() -> Declined {
    let retry_after = Some(TimeDelta::minutes(2));
    Declined { code: "busy".to_owned(), reason: "the subscriber is busy".to_owned(), retry_after }
}
