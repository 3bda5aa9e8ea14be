//! Simulated payment providers: each keeps its own truth of what money moved, answers late or never, and
//! calls back twice, out of order, or not at all.

mod calls;
mod gateway;
mod operation;
mod unasked;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

pub(super) use calls::Call;
use calls::{Told, Way};
use chrono::{DateTime, TimeDelta, Utc};
use operation::{Fate, Operation, Progress};
use unasked::{Return, Style};

use super::chance::Chance;
use crate::{
    booking::PaymentMethod,
    kernel::{Clock, Currency, Id, ManualClock, Money},
    payment::{self, News, Notice, Outcome, Proof, Subject, Transaction},
};

/// After which model a provider behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// Mobile money: calls without a signature to a secret address, each order carried out anew, answers
    /// without amounts.
    Mobile,
    /// Cards: signed calls, orders that may be repeated under their key, charges that may be set aside and
    /// contested.
    Card,
}

/// A payment provider with a truth of its own.
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
    /// Transactions that somebody has paid besides.
    paid_besides: BTreeSet<Id<Transaction>>,
    /// The keys of orders that were refused at the door, and are as often as they come.
    refused: BTreeSet<String>,
    by_transaction: BTreeMap<Id<Transaction>, Vec<usize>>,
    /// What is going to happen to an operation, and when.
    upcoming: BTreeSet<(DateTime<Utc>, usize)>,
    told: Vec<Told>,
    /// Calls that are under way.
    calls: Vec<Call>,
    /// Calls that were lost.
    dropped: Vec<crate::payment::WebhookCall>,
    /// What we hold there: the statement's last line.
    held: BTreeMap<&'static str, Money>,
    /// What was asked that no honest client asks.
    complaints: Vec<String>,
    receipts: u64,
    /// What came without being asked for: to which account, how much.
    deposits: Vec<(String, Money)>,
    /// The same, by their receipts.
    deposit_receipts: Vec<(String, Money)>,
    /// What went back without our order.
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

    /// From now on no order to pay somebody is told to have failed and carried out all the same: what such
    /// words leave in the books depends on which is heard first.
    pub(super) fn keep_word(&self) {
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

    /// What we hold there, by the provider's own books.
    pub(super) fn held(&self, currency: Currency) -> Money {
        self.state().held.get(currency.code()).copied().unwrap_or(Money::zero(currency))
    }

    /// What every order of a transaction has moved, and what went back without our order: into our hands
    /// above zero.
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

    /// What came without being asked for: to which account, how much.
    pub(super) fn deposits(&self) -> Vec<(String, Money)> {
        self.state().deposits.clone()
    }

    /// What was asked that no honest client asks.
    pub(super) fn complaints(&self) -> Vec<String> {
        self.state().complaints.clone()
    }

    /// Whether the money of a transaction has moved; `None` while that is open.
    pub(super) fn verdict(&self, transaction: Id<Transaction>) -> Option<bool> {
        let state = self.state();
        let of_it = state.by_transaction.get(&transaction).map(Vec::as_slice).unwrap_or_default();
        let of_it = || of_it.iter().filter_map(|index| state.operations.get(*index));
        if of_it().any(|operation| operation.progress == Progress::Moved) {
            return Some(true);
        }
        if of_it().any(Operation::is_open) { None } else { Some(false) }
    }

    /// Lets everything happen that has come due.
    pub(super) fn pass_time(&self) {
        let now = self.clock.now();
        loop {
            let next = self.state().upcoming.first().copied().filter(|(at, _)| *at <= now);
            let Some((at, index)) = next else { return };
            self.state().upcoming.remove(&(at, index));
            self.happen(index);
        }
    }

    /// What a payer, a bank or the provider does with an operation.
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
                self.tell_outcome(&mut state, index);
            }
            _ if short => {
                let operation = &mut state.operations[index];
                operation.progress = Progress::Refused;
                operation.answer = Outcome::Declined(operation::declined());
                self.tell_outcome(&mut state, index);
            }
            Fate::SetAside => {
                let operation = &mut state.operations[index];
                operation.progress = Progress::SetAside;
                operation.answer = Outcome::Authorized { reference: operation.reference.clone() };
                self.tell_outcome(&mut state, index);
            }
            Fate::Move | Fate::MoveOther | Fate::MoveFromElsewhere | Fate::FailThenMove => {
                self.move_it(&mut state, index);
                self.tell_outcome(&mut state, index);
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
            self.tell_total(state, index);
        }
    }

    /// Somebody pays into an account without being asked.
    ///
    /// Who names a transaction whose prompt is still open has dismissed the prompt, or pays it besides.
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
        self.tell(&mut state, self.own_token(), vec![notice], Way::Certain);
    }

    /// A prompt is dismissed, or will be paid besides: then its call alone tells by which receipt.
    pub(super) fn set_prompt_aside(&self, transaction: Id<Transaction>, dismissed: bool) {
        let mut state = self.state();
        let of_it = state.by_transaction.get(&transaction).cloned().unwrap_or_default();
        state.paid_besides.insert(transaction);
        for index in of_it {
            let operation = &mut state.operations[index];
            if operation.is_open() {
                operation.beside_deposit = true;
                if dismissed && !operation.failed {
                    operation.fate = Fate::Decline;
                }
            }
        }
    }

    /// A card's holder contests a charge; `false` where there is none to contest.
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
        self.tell(&mut state, self.own_token(), vec![notice], Way::Certain);
        true
    }

    /// The bank decides on a contested charge; `false` where there is none.
    pub(super) fn judge(&self) -> bool {
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
        self.tell(&mut state, self.own_token(), vec![notice], Way::Certain);
        true
    }
}

/// Whether the refunded charge still has that much left and is not disputed. Mobile money is
/// sent to whom one likes.
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
