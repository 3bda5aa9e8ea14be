use chrono::TimeDelta;

use super::super::chance::Chance;
use crate::{
    kernel::{Id, Money},
    payment::{self, Declined, Outcome, Transaction},
};

/// What is going to become of an operation, whoever is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// The money moves.
    Move,
    /// Another sum than was asked for comes.
    MoveOther,
    /// Somebody else pays.
    MoveFromElsewhere,
    /// The money is set aside.
    SetAside,
    /// The money does not move.
    Decline,
    /// The subscriber is busy: it may be sent anew.
    Busy,
    /// It counts as failed, and moves all the same, later.
    FailThenMove,
}

/// How far an operation is.
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
    /// The last part of the path to call back at.
    pub(super) token: String,
    pub(super) amount: Money,
    pub(super) payer: Option<String>,
    /// The charge that a refund is of.
    pub(super) original: Option<usize>,
    pub(super) fate: Fate,
    pub(super) progress: Progress,
    pub(super) failed: bool,
    /// Whether our client was told of the order's arrival. Who was not can only learn of it by a call.
    pub(super) acknowledged: bool,
    /// Somebody has paid the transaction in another way meanwhile.
    pub(super) beside_deposit: bool,
    /// What is answered to who asks.
    pub(super) answer: Outcome,
    pub(super) moved: Option<Money>,
    /// Given back since, by refunds and by the bank.
    pub(super) returned: Money,
    /// How much of it is contested, and whether that was won.
    pub(super) contested: Option<(Money, Option<bool>)>,
    /// Whether the bank has changed its verdict.
    pub(super) judged_again: bool,
}

impl Operation {
    /// Whether money may still move.
    pub(super) const fn is_open(&self) -> bool {
        matches!(self.progress, Progress::Open | Progress::SetAside)
    }

    /// What moves, if it does.
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

    /// Whether a question can tell all that there is to tell.
    pub(super) fn is_plain(&self) -> bool {
        self.moves() == self.amount && self.fate != Fate::MoveFromElsewhere && !self.beside_deposit
    }

    /// What is left of a charge.
    pub(super) fn left(&self) -> Money {
        let moved = self.moved.unwrap_or(Money::zero(self.amount.currency()));
        moved.checked_sub(self.returned).expect("small amounts")
    }

    /// Who paid, as the provider shows it.
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
    Declined { code: "declined".to_owned(), reason: "it was declined".to_owned(), retry_after: None }
}

pub(super) fn busy() -> Declined {
    let retry_after = Some(TimeDelta::minutes(2));
    Declined { code: "busy".to_owned(), reason: "the subscriber is busy".to_owned(), retry_after }
}
