//! Simulated payment providers. Each keeps its own record of moved money, answers late or never, and sends
//! webhooks twice, out of order, or not at all.

mod calls;
mod gateway;
mod operation;
mod unordered;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

pub(super) use calls::Call;
use calls::{Delivery, ReportedCall};
use chrono::{DateTime, TimeDelta, Utc};
use operation::{Fate, Operation, Progress};
use unordered::{Return, Style};

use super::chance::Chance;
use crate::{
    kernel::{Clock, Currency, Id, ManualClock, Money},
    payment::{self, News, Notice, Subject},
    transaction::{Outcome, PaymentMethod, Proof, Transaction},
};

/// The kind of behaviour of a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// Mobile money: unsigned webhooks to a secret address, no idempotency keys, answers without amounts.
    Mobile,
    /// Cards: signed webhooks, idempotent orders, authorisation before capture, chargebacks.
    Card,
}

/// A payment provider with its own record of moved money.
#[derive(Debug)]
pub(super) struct Provider {
    manner: Manner,
    clock: Arc<ManualClock>,
    chance: Arc<Chance>,
    style: Style,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    operations: Vec<Operation>,
    by_key: BTreeMap<String, usize>,
    by_reference: BTreeMap<String, usize>,
    keeps_word: bool,
    /// Transactions that were also paid by a deposit.
    paid_besides: BTreeSet<Id<Transaction>>,
    /// The keys of orders that are refused on every attempt.
    refused: BTreeSet<String>,
    by_transaction: BTreeMap<Id<Transaction>, Vec<usize>>,
    /// The scheduled events of operations.
    upcoming: BTreeSet<(DateTime<Utc>, usize)>,
    sent: Vec<ReportedCall>,
    /// Webhooks in transit.
    calls: Vec<Call>,
    /// Lost webhooks.
    dropped: Vec<crate::payment::WebhookCall>,
    /// Our balance at the provider, as on the last line of its statement.
    held: BTreeMap<&'static str, Money>,
    /// Invalid orders that a correct client never sends.
    complaints: Vec<String>,
    receipts: u64,
    /// Unrequested deposits: the account and the amount.
    deposits: Vec<(String, Money)>,
    /// Unrequested deposits by their receipts.
    deposit_receipts: Vec<(String, Money)>,
    /// Refunds and returns without our order.
    returns: Vec<Return>,
}

impl State {
    fn move_money(&mut self, amount: Money) {
        let currency = amount.currency();
        let held = self.held.entry(currency.code()).or_insert(Money::zero(currency));
        *held = held.checked_add(amount).expect("amounts of a simulation are small");
    }

    fn receipt(&mut self) -> String {
        self.receipts += 1;
        format!("R{:09}", self.receipts)
    }
}

impl Provider {
    pub(super) fn new(manner: Manner, clock: Arc<ManualClock>, chance: Arc<Chance>) -> Self {
        let style = [Style::Names, Style::Totals, Style::Both][chance.below(3) as usize];
        Self { manner, clock, chance, style, state: Mutex::default() }
    }

    /// Prevents payouts that are reported as failed and are carried out later. Their effect on the ledger
    /// depends on which report arrives first.
    pub(super) fn stop_late_payouts(&self) {
        self.state().keeps_word = true;
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) const fn name(&self) -> PaymentMethod {
        match self.manner {
            Manner::Mobile => PaymentMethod::Mpesa,
            Manner::Card => PaymentMethod::Stripe,
        }
    }

    /// Our balance at the provider, by its own record.
    pub(super) fn held(&self, currency: Currency) -> Money {
        self.state().held.get(currency.code()).copied().unwrap_or(Money::zero(currency))
    }

    /// The amounts that all orders of a transaction moved, and the movements without our order. Amounts that
    /// we received are positive.
    pub(super) fn moved(&self, transaction: Id<Transaction>) -> Vec<Money> {
        let state = self.state();
        let of_it = state.by_transaction.get(&transaction).map(Vec::as_slice).unwrap_or_default();
        let operations = of_it.iter().filter_map(|index| state.operations.get(*index));
        let signed = |operation: &Operation, amount: Money| {
            if operation.kind == payment::Operation::Charge { amount } else { amount.negated() }
        };
        let moved = operations.clone().filter_map(|of| Some(signed(of, of.moved?)));
        let lost = operations.filter_map(|of| match of.contested {
            Some((amount, Some(false))) => Some(amount.negated()),
            _ => None,
        });
        let back = state.returns_of(transaction).map(|(of, amount)| signed(of, amount).negated());
        moved.chain(lost).chain(back).collect()
    }

    /// Unrequested deposits: the account and the amount.
    pub(super) fn deposits(&self) -> Vec<(String, Money)> {
        self.state().deposits.clone()
    }

    /// Invalid orders that a correct client never sends.
    pub(super) fn complaints(&self) -> Vec<String> {
        self.state().complaints.clone()
    }

    /// Whether the money of a transaction has moved; `None` while the outcome is open.
    pub(super) fn verdict(&self, transaction: Id<Transaction>) -> Option<bool> {
        let state = self.state();
        let of_it = state.by_transaction.get(&transaction).map(Vec::as_slice).unwrap_or_default();
        let of_it = || of_it.iter().filter_map(|index| state.operations.get(*index));
        if of_it().any(|operation| operation.progress == Progress::Moved) {
            return Some(true);
        }
        if of_it().any(Operation::is_open) { None } else { Some(false) }
    }

    /// Runs all scheduled events that are due.
    pub(super) fn pass_time(&self) {
        let now = self.clock.now();
        loop {
            let next = self.state().upcoming.first().copied().filter(|(at, _)| *at <= now);
            let Some((at, index)) = next else { return };
            self.state().upcoming.remove(&(at, index));
            self.happen(index);
        }
    }

    /// Applies an event of a payer, a bank or the provider to an operation.
    fn happen(&self, index: usize) {
        let mut state = self.state();
        let Some(operation) = state.operations.get(index) else { return };
        if !operation.is_open() {
            return;
        }
        let (fate, kind) = (operation.fate, operation.kind);
        let short = kind == payment::Operation::Refund && !refundable(self.manner, &state, index);
        match fate {
            Fate::Decline | Fate::Busy | Fate::FailThenMove if !operation.failed => {
                let busy = fate == Fate::Busy;
                let declined = if busy { operation::busy() } else { operation::declined() };
                let operation = &mut state.operations[index];
                operation.failed = true;
                operation.answer = Outcome::Declined(declined);
                if fate == Fate::FailThenMove {
                    let later = self.chance.between(1, 48 * 60);
                    state.upcoming.insert((self.clock.now() + TimeDelta::minutes(later), index));
                } else {
                    operation.progress = Progress::Refused;
                }
                self.report_outcome(&mut state, index);
            }
            _ if short => {
                let operation = &mut state.operations[index];
                operation.progress = Progress::Refused;
                operation.answer = Outcome::Declined(operation::declined());
                self.report_outcome(&mut state, index);
            }
            Fate::SetAside => {
                let operation = &mut state.operations[index];
                operation.progress = Progress::SetAside;
                operation.answer = Outcome::Authorized { reference: operation.reference.clone() };
                self.report_outcome(&mut state, index);
            }
            Fate::Move | Fate::MoveOther | Fate::MoveFromElsewhere | Fate::FailThenMove => {
                self.move_it(&mut state, index);
                self.report_outcome(&mut state, index);
            }
            Fate::Decline | Fate::Busy => {}
        }
    }

    fn move_it(&self, state: &mut State, index: usize) {
        let receipt = state.receipt();
        let operation = &mut state.operations[index];
        let amount = operation.moves();
        let payer = operation.shown_payer(&self.chance);
        let proof = Proof {
            reference: Some(operation.reference.clone()),
            receipt: Some(receipt),
            amount: Some(amount),
            payer,
        };
        operation.progress = Progress::Moved;
        operation.moved = Some(amount);
        operation.answer = Outcome::Settled(proof);
        let (original, kind) = (operation.original, operation.kind);
        if kind == payment::Operation::Charge {
            state.move_money(amount);
        } else {
            state.move_money(amount.negated());
        }
        let Some(index) = original else { return };
        if let Some(original) = state.operations.get_mut(index) {
            original.returned = original.returned.checked_add(amount).expect("small amounts");
        }
        if kind == payment::Operation::Refund {
            self.report_total(state, index);
        }
    }

    /// Makes an unrequested deposit.
    ///
    /// If the deposit names a transaction whose prompt is still open, the payer has dismissed the prompt or
    /// pays it in addition.
    pub(super) fn deposit(&self, account: &str, amount: Money, payer: Option<String>) {
        let mut state = self.state();
        let receipt = state.receipt();
        state.move_money(amount);
        state.deposits.push((account.to_owned(), amount));
        state.deposit_receipts.push((receipt.clone(), amount));
        let proof = Proof { reference: None, receipt: Some(receipt.clone()), amount: Some(amount), payer };
        let notice = Notice {
            id: format!("deposit-{receipt}"),
            subject: Subject::Account(account.to_owned()),
            news: News::Deposit(proof),
        };
        self.send(&mut state, self.own_token(), vec![notice], Delivery::Reliable);
    }

    /// The prompt is dismissed, or is paid in addition. In the second case only its webhook contains its
    /// receipt.
    pub(super) fn dismiss_prompt(&self, transaction: Id<Transaction>, dismissed: bool) {
        let mut state = self.state();
        let of_it = state.by_transaction.get(&transaction).cloned().unwrap_or_default();
        state.paid_besides.insert(transaction);
        for index in of_it {
            let operation = &mut state.operations[index];
            if operation.is_open() {
                operation.paid_by_deposit = true;
                if dismissed && !operation.failed {
                    operation.fate = Fate::Decline;
                }
            }
        }
    }

    /// A card holder contests a charge; `false` if there is none.
    pub(super) fn contest(&self) -> bool {
        let mut state = self.state();
        let candidates: Vec<usize> = (0..state.operations.len())
            .filter(|index| {
                let operation = &state.operations[*index];
                operation.kind == payment::Operation::Charge
                    && operation.progress == Progress::Moved
                    && operation.contested.is_none()
                    && operation.left().amount() > rust_decimal::Decimal::ZERO
            })
            .collect();
        let Some(index) = self.chance.pick(&candidates).copied() else { return false };
        let operation = &mut state.operations[index];
        let amount = operation.left();
        operation.contested = Some((amount, None));
        let (id, transaction) = (format!("dp_{index}"), operation.transaction);
        let news = News::ChargebackOpened { id: id.clone(), amount, reason: "fraudulent".to_owned() };
        let notice = Notice { id: format!("{id}-opened"), subject: Subject::Transaction(transaction), news };
        self.send(&mut state, self.own_token(), vec![notice], Delivery::Reliable);
        true
    }

    /// The bank decides on a contested charge; `false` if there is none.
    pub(super) fn decide_chargeback(&self) -> bool {
        let mut state = self.state();
        let open: Vec<usize> = (0..state.operations.len())
            .filter(|index| matches!(state.operations[*index].contested, Some((_, None))))
            .collect();
        let Some(index) = self.chance.pick(&open).copied() else { return false };
        let won = self.chance.percent(40);
        let operation = &mut state.operations[index];
        let amount = operation.contested.map_or(operation.amount, |(amount, _)| amount);
        operation.contested = Some((amount, Some(won)));
        let (id, transaction) = (format!("dp_{index}"), operation.transaction);
        if !won {
            operation.returned = operation.returned.checked_add(amount).expect("small amounts");
            state.move_money(amount.negated());
        }
        let news = News::ChargebackClosed { id: id.clone(), won };
        let notice = Notice { id: format!("{id}-closed"), subject: Subject::Transaction(transaction), news };
        self.send(&mut state, self.own_token(), vec![notice], Delivery::Reliable);
        true
    }
}

/// Whether the charge has enough unrefunded money and is not contested. Mobile money can always be sent.
fn refundable(manner: Manner, state: &State, index: usize) -> bool {
    if manner == Manner::Mobile {
        return true;
    }
    let refund = &state.operations[index];
    let Some(original) = refund.original.and_then(|original| state.operations.get(original)) else {
        return true;
    };
    let contested = matches!(original.contested, Some((_, None)));
    !contested && refund.amount.amount() <= original.left().amount()
}
