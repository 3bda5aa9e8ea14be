//! Movements without our order: refunds and reversals on the provider's dashboard, and second verdicts of a
//! bank.

use std::fmt::Write;

use rust_decimal::prelude::ToPrimitive;

use super::{Delivery, Manner, Operation, Progress, Provider, State};
use crate::{
    kernel::{Id, Money},
    payment::{self, News, Notice, Subject},
    testing::build::kes,
    transaction::{Outcome, Returned, Transaction},
};

/// A refund or return of an operation's money without our order.
#[derive(Debug)]
pub(super) struct Return {
    id: String,
    /// The index of the operation.
    operation: usize,
    amount: Money,
    /// Whether it failed later, so that the money did not move.
    failed: bool,
}

/// The events by which a card provider reports refunds of an operation. An operation uses one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Style {
    /// One event per refund, with its name.
    Names,
    /// The running total of all refunds after each refund.
    Totals,
    /// Both kinds of events.
    Both,
}

impl Provider {
    /// Returns a charge or a payout on the provider's dashboard, in whole or in part; `false` if there is
    /// none.
    pub(in super::super) fn return_without_order(&self) -> bool {
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
        self.report_return(&mut state, index, Returned::One { id, amount: Some(amount), failed: false });
        true
    }

    /// Fails a return that was reported by its name; `false` if there is none.
    pub(in super::super) fn fail_return(&self) -> bool {
        let mut state = self.state();
        let of_charge = |one: &Return| {
            let operation = state.operations.get(one.operation);
            !one.failed && operation.is_some_and(|operation| operation.kind == payment::Operation::Charge)
        };
        let candidates: Vec<usize> =
            (0..state.returns.len()).filter(|index| of_charge(&state.returns[*index])).collect();
        let Some(index) = self.chance.pick(&candidates).copied().filter(|_| self.reports_failures()) else {
            return false;
        };
        let failed = &mut state.returns[index];
        failed.failed = true;
        let (operation, amount) = (failed.operation, failed.amount);
        let returned = Returned::One { id: failed.id.clone(), amount: Some(amount), failed: true };
        state.operations[operation].give_back(amount.negated());
        state.move_money(amount);
        self.report_return_by_name(&mut state, operation, returned);
        true
    }

    /// Reports the failure of a refund to a card, under the name that the provider reported before.
    fn reports_failures(&self) -> bool {
        self.manner == Manner::Card && self.style != Style::Totals
    }

    /// The dashboard returns only the whole rest in this case, and no contested charges.
    fn can_return(&self, operation: &Operation) -> bool {
        let as_asked = self.manner == Manner::Card || (operation.is_plain() && !operation.failed);
        matches!(operation.kind, payment::Operation::Charge | payment::Operation::PayOut)
            && operation.progress == Progress::Moved
            && !matches!(operation.contested, Some((_, None)))
            && as_asked
            && operation.left().amount() >= rust_decimal::Decimal::ONE
    }

    /// Reports a return by its name, by the running total, or by both. Mobile money reports a few returns by
    /// webhook and all of them in its statement.
    fn report_return(&self, state: &mut State, index: usize, returned: Returned) {
        match self.manner {
            Manner::Mobile if self.chance.percent(70) => {}
            Manner::Mobile => self.report_return_by_name(state, index, returned),
            Manner::Card => {
                if self.style != Style::Totals {
                    self.report_return_by_name(state, index, returned);
                }
                self.report_total(state, index);
            }
        }
    }

    /// Reports the running total of an operation's refunds, including our own.
    pub(super) fn report_total(&self, state: &mut State, index: usize) {
        if self.manner == Manner::Card && self.style != Style::Names {
            let total = Returned::Total { amount: state.returned_of(index) };
            self.report_return_by_name(state, index, total);
        }
    }

    fn report_return_by_name(&self, state: &mut State, index: usize, returned: Returned) {
        let operation = &state.operations[index];
        let (token, subject) = match self.manner {
            Manner::Mobile => (operation.token.clone(), Subject::Caller { reference: None }),
            Manner::Card if self.chance.percent(50) => {
                (self.own_token().to_owned(), Subject::Reference(operation.reference.clone()))
            }
            Manner::Card => (self.own_token().to_owned(), Subject::Transaction(operation.transaction)),
        };
        let id = format!("{}-returned-{}", operation.reference, state.sent.len());
        let notice = Notice { id, subject, news: News::Returned(returned) };
        self.send(state, &token, vec![notice], Delivery::Reliable);
    }

    /// A bank changes its verdict on a contested charge; `false` if there is none. Each verdict changes at
    /// most once.
    pub(in super::super) fn reverse_verdict(&self) -> bool {
        let mut state = self.state();
        let decided = |index: &usize| {
            let operation = &state.operations[*index];
            matches!(operation.contested, Some((_, Some(_)))) && !operation.verdict_reversed
        };
        let candidates: Vec<usize> = (0..state.operations.len()).filter(decided).collect();
        let Some(index) = self.chance.pick(&candidates).copied() else { return false };
        let operation = &mut state.operations[index];
        let Some((amount, Some(before))) = operation.contested else { return false };
        let won = !before;
        operation.verdict_reversed = true;
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
        self.send(&mut state, self.own_token(), vec![notice], Delivery::Reliable);
        true
    }

    /// Whether the bank's last verdict is in our favour.
    pub(in super::super) fn bank_verdict(&self, id: &str) -> Option<bool> {
        let index: usize = id.strip_prefix("dp_")?.parse().ok()?;
        self.state().operations.get(index)?.contested?.1
    }

    /// Whether the money of a return has moved, by the provider's dashboard; `None` for an unknown return.
    pub(in super::super) fn has_returned(&self, id: &str) -> Option<bool> {
        let state = self.state();
        state.returns.iter().find(|one| one.id == id).map(|one| !one.failed)
    }

    /// The statement of all movements, as staff download it.
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

    /// The returns of a transaction without our order.
    pub(in super::super) fn returned_without_order(&self, transaction: Id<Transaction>) -> Vec<Money> {
        self.state().returns_of(transaction).map(|(_, amount)| amount).collect()
    }
}

impl State {
    /// The returns of a transaction without our order, each with its operation.
    pub(super) fn returns_of(
        &self,
        transaction: Id<Transaction>,
    ) -> impl Iterator<Item = (&Operation, Money)> {
        let gone = self.returns.iter().filter(|one| !one.failed);
        let with_operation = gone.filter_map(|one| Some((self.operations.get(one.operation)?, one.amount)));
        with_operation.filter(move |(operation, _)| operation.transaction == transaction)
    }

    /// All refunds and reversals of an operation, with and without our order.
    fn returned_of(&self, index: usize) -> Money {
        let is_own = |refund: &&Operation| {
            refund.original == Some(index)
                && refund.kind == payment::Operation::Refund
                && refund.progress == Progress::Moved
        };
        let own = self.operations.iter().filter(is_own).filter_map(|refund| refund.moved);
        let unordered = self.returns.iter().filter(|one| one.operation == index && !one.failed);
        let all = own.chain(unordered.map(|one| one.amount));
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
