//! What a provider moves without our order: refunds and reversals made on its own page, and a bank's second
//! verdict.

use std::fmt::Write;

use rust_decimal::prelude::ToPrimitive;

use super::{Manner, Operation, Progress, Provider, State, Way};
use crate::{
    kernel::{Id, Money},
    payment::{self, News, Notice, Outcome, Returned, Subject, Transaction},
    testing::build::kes,
};

/// Money of an operation that went back without our order.
#[derive(Debug)]
pub(super) struct Return {
    id: String,
    /// Of which operation.
    operation: usize,
    amount: Money,
    /// Whether it failed after all, so that the money is where it was before.
    failed: bool,
}

/// By which events a card's provider tells what goes back of an operation: which of them it sends is chosen
/// once, on its page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// Each return by its name.
    Names,
    /// The sum of all returns so far, after each.
    Totals,
    /// Both.
    Both,
}

impl Provider {
    /// Somebody gives a charge or a payout back on the provider's own page, whole or in part; `false` where
    /// there is none.
    pub(in super::super) fn return_unasked(&self) -> bool {
        let mut state = self.state();
        let fitting = |index: &usize| state.operations.get(*index).is_some_and(|one| self.can_return(one));
        let candidates: Vec<usize> = (0..state.operations.len()).filter(fitting).collect();
        let Some(index) = self.chance.pick(&candidates).copied() else { return false };
        let operation = &mut state.operations[index];
        let left = operation.left();
        let whole = left.amount().to_i64().unwrap_or_default();
        let amount = if self.chance.percent(40) { left } else { kes(self.chance.between(1, whole)) };
        operation.give_back(amount);
        let comes_in = operation.kind == payment::Operation::PayOut;
        state.move_money(if comes_in { amount } else { amount.negated() });
        let id = match self.manner {
            Manner::Mobile => state.receipt(),
            Manner::Card => format!("re_{}", state.returns.len()),
        };
        state.returns.push(Return { id: id.clone(), operation: index, amount, failed: false });
        self.tell_return(&mut state, index, Returned::One { id, amount: Some(amount), failed: false });
        true
    }

    /// A return of money that had been told by its name fails after all; `false` where there is none.
    pub(in super::super) fn fail_return(&self) -> bool {
        let mut state = self.state();
        let of_charge = |one: &Return| {
            let operation = state.operations.get(one.operation);
            !one.failed && operation.is_some_and(|operation| operation.kind == payment::Operation::Charge)
        };
        let candidates: Vec<usize> =
            (0..state.returns.len()).filter(|index| of_charge(&state.returns[*index])).collect();
        let Some(index) = self.chance.pick(&candidates).copied().filter(|_| self.tells_failures()) else {
            return false;
        };
        let failed = &mut state.returns[index];
        failed.failed = true;
        let (operation, amount) = (failed.operation, failed.amount);
        let returned = Returned::One { id: failed.id.clone(), amount: Some(amount), failed: true };
        state.operations[operation].give_back(amount.negated());
        state.move_money(amount);
        self.tell_of(&mut state, operation, returned);
        true
    }

    /// Reports that a refund to a card failed, under the name that the provider reported before.
    fn tells_failures(&self) -> bool {
        self.manner == Manner::Card && self.style != Style::Totals
    }

    /// Another sum than all that is left is not given back on the page, and nothing that a bank holds.
    fn can_return(&self, operation: &Operation) -> bool {
        let as_asked = self.manner == Manner::Card || (operation.is_plain() && !operation.failed);
        matches!(operation.kind, payment::Operation::Charge | payment::Operation::PayOut)
            && operation.progress == Progress::Moved
            && !matches!(operation.contested, Some((_, None)))
            && as_asked
            && operation.left().amount() >= rust_decimal::Decimal::ONE
    }

    /// Tells of one return by its name, by the running total, or by both. Mobile money tells of few by a
    /// call, and of all by its statement.
    fn tell_return(&self, state: &mut State, index: usize, returned: Returned) {
        match self.manner {
            Manner::Mobile if self.chance.percent(70) => {}
            Manner::Mobile => self.tell_of(state, index, returned),
            Manner::Card => {
                if self.style != Style::Totals {
                    self.tell_of(state, index, returned);
                }
                self.tell_total(state, index);
            }
        }
    }

    /// Tells the running total of what went back of an operation: a refund of our own is in it.
    pub(super) fn tell_total(&self, state: &mut State, index: usize) {
        if self.manner == Manner::Card && self.style != Style::Names {
            let total = Returned::Total { amount: state.returned_of(index) };
            self.tell_of(state, index, total);
        }
    }

    fn tell_of(&self, state: &mut State, index: usize, returned: Returned) {
        let operation = &state.operations[index];
        let (token, subject) = match self.manner {
            Manner::Mobile => (operation.token.clone(), Subject::Caller { reference: None }),
            Manner::Card if self.chance.percent(50) => {
                (self.own_token().to_owned(), Subject::Reference(operation.reference.clone()))
            }
            Manner::Card => (self.own_token().to_owned(), Subject::Transaction(operation.transaction)),
        };
        let id = format!("{}-returned-{}", operation.reference, state.told.len());
        let notice = Notice { id, subject, news: News::Returned(returned) };
        self.tell(state, &token, vec![notice], Way::Certain);
    }

    /// A bank changes its verdict on a contested charge; `false` where there is none. Each changes once.
    pub(in super::super) fn judge_again(&self) -> bool {
        let mut state = self.state();
        let decided = |index: &usize| {
            let operation = &state.operations[*index];
            matches!(operation.contested, Some((_, Some(_)))) && !operation.judged_again
        };
        let candidates: Vec<usize> = (0..state.operations.len()).filter(decided).collect();
        let Some(index) = self.chance.pick(&candidates).copied() else { return false };
        let operation = &mut state.operations[index];
        let Some((amount, Some(before))) = operation.contested else { return false };
        let won = !before;
        operation.judged_again = true;
        operation.contested = Some((amount, Some(won)));
        let taken = if won { amount.negated() } else { amount };
        operation.give_back(taken);
        let transaction = operation.transaction;
        state.move_money(taken.negated());
        let id = format!("dp_{index}");
        let notice = Notice {
            id: format!("{id}-closed-again"),
            subject: Subject::Transaction(transaction),
            news: News::ChargebackClosed { id, won },
        };
        self.tell(&mut state, self.own_token(), vec![notice], Way::Certain);
        true
    }

    /// Whether the bank's last verdict on a contest is for us.
    pub(in super::super) fn bank_verdict(&self, id: &str) -> Option<bool> {
        let index: usize = id.strip_prefix("dp_")?.parse().ok()?;
        self.state().operations.get(index)?.contested?.1
    }

    /// Whether the money of a return is gone, by the provider's own page; `None` for what is none of its
    /// returns.
    pub(in super::super) fn has_returned(&self, id: &str) -> Option<bool> {
        let state = self.state();
        state.returns.iter().find(|one| one.id == id).map(|one| !one.failed)
    }

    /// All that has moved, line by line, as staff downloads it.
    pub(in super::super) fn statement(&self) -> String {
        let state = self.state();
        let mut lines = "reference,amount,description\n".to_owned();
        let mut line = |reference: &str, amount: Money, description: &str| {
            let _ = writeln!(lines, "{reference},{},{description}", amount.amount());
        };
        for operation in &state.operations {
            let (Some(moved), Some(receipt)) = (operation.moved, operation.receipt()) else { continue };
            let is_charge = operation.kind == payment::Operation::Charge;
            line(receipt, if is_charge { moved } else { moved.negated() }, "Payment");
        }
        for (receipt, amount) in &state.deposit_receipts {
            line(receipt, *amount, "Pay Bill");
        }
        for one in &state.returns {
            let Some(operation) = state.operations.get(one.operation) else { continue };
            let is_charge = operation.kind == payment::Operation::Charge;
            let amount = if is_charge { one.amount.negated() } else { one.amount };
            let of = operation.receipt().unwrap_or_default();
            line(&one.id, amount, &format!("Reversal of {of}"));
        }
        lines
    }

    /// What went back of a transaction without our order.
    pub(in super::super) fn returned_unasked(&self, transaction: Id<Transaction>) -> Vec<Money> {
        self.state().returns_of(transaction).map(|(_, amount)| amount).collect()
    }
}

impl State {
    /// What went back of a transaction without our order, and of which of its operations.
    pub(super) fn returns_of(
        &self,
        transaction: Id<Transaction>,
    ) -> impl Iterator<Item = (&Operation, Money)> {
        let gone = self.returns.iter().filter(|one| !one.failed);
        let with_operation = gone.filter_map(|one| Some((self.operations.get(one.operation)?, one.amount)));
        with_operation.filter(move |(operation, _)| operation.transaction == transaction)
    }

    /// All that went back of an operation by refunds and reversals, on our order or without.
    fn returned_of(&self, index: usize) -> Money {
        let is_own = |refund: &&Operation| {
            refund.original == Some(index)
                && refund.kind == payment::Operation::Refund
                && refund.progress == Progress::Moved
        };
        let own = self.operations.iter().filter(is_own).filter_map(|refund| refund.moved);
        let unasked = self.returns.iter().filter(|one| one.operation == index && !one.failed);
        let all = own.chain(unasked.map(|one| one.amount));
        let currency = self.operations[index].amount.currency();
        Money::sum(currency, all).expect("small amounts")
    }
}

impl Operation {
    fn give_back(&mut self, amount: Money) {
        self.returned = self.returned.checked_add(amount).expect("small amounts");
    }

    fn receipt(&self) -> Option<&str> {
        match &self.answer {
            Outcome::Settled(proof) => proof.receipt.as_deref(),
            _ => None,
        }
    }
}
