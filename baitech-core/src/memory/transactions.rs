use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap, HashSet},
};

use super::{
    groups::Groups,
    state::{Kept, Row, Table},
};
use crate::{
    account::User,
    booking::Booking,
    kernel::{Id, Money},
    store::StoreError,
    transaction::{
        HistoryQuery, PaymentHistory, Transaction, TransactionFilter, TransactionNumber, TransactionStatus,
        TransactionTotal,
    },
};

/// The key of a list of transactions.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Of {
    Everybody,
    Flagged,
    Payer(Id<User>),
    Payee(Id<User>),
    Booking(Id<Booking>),
    Address(String),
    Device(String),
}

/// The position in a list: newest first, then by id.
pub(super) type ListKey = (Reverse<i64>, Id<Transaction>);

/// The transactions and their indexes.
#[derive(Debug, Default)]
pub(super) struct Transactions {
    rows: HashMap<Id<Transaction>, Row<Transaction>>,
    by_number: HashMap<TransactionNumber, Id<Transaction>>,
    by_token: HashMap<String, Id<Transaction>>,
    by_reference: HashMap<String, Id<Transaction>>,
    lists: Groups<Of, ListKey>,
}

impl Kept for Transaction {
    type Table = Transactions;
}

impl Table<Transaction> for Transactions {
    fn get(&self, id: Id<Transaction>) -> Option<&Row<Transaction>> {
        self.rows.get(&id)
    }

    /// Fails if a number or provider reference belongs to another transaction: a stored one, or an earlier
    /// one in the list.
    fn check_unique(&self, transactions: Vec<&Transaction>) -> Result<(), StoreError> {
        let (mut numbers, mut references) = (HashMap::new(), HashMap::new());
        for transaction in transactions {
            let id = transaction.id;
            let owner = self.by_number.get(&transaction.number).or_else(|| numbers.get(&transaction.number));
            if owner.is_some_and(|owner| *owner != id) {
                return Err(StoreError::Duplicate { field: "transactionNumber" });
            }
            numbers.insert(transaction.number.clone(), id);
            if let Some(reference) = &transaction.gateway.reference {
                let owner = self.by_reference.get(reference).or_else(|| references.get(reference));
                if owner.is_some_and(|owner| *owner != id) {
                    return Err(StoreError::Duplicate { field: "gatewayReference" });
                }
                references.insert(reference.clone(), id);
            }
        }
        Ok(())
    }

    fn put(&mut self, row: Row<Transaction>) {
        let id = row.value.id;
        if let Some(previous) = self.rows.remove(&id) {
            self.forget(&previous.value);
        }
        self.remember(&row.value);
        self.rows.insert(id, row);
    }
}

impl Transactions {
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn by_number(&self, number: &TransactionNumber) -> Option<&Row<Transaction>> {
        self.get(*self.by_number.get(number)?)
    }

    pub(super) fn by_token(&self, token: &str) -> Option<&Row<Transaction>> {
        self.get(*self.by_token.get(token)?)
    }

    pub(super) fn by_reference(&self, reference: &str) -> Option<&Row<Transaction>> {
        self.get(*self.by_reference.get(reference)?)
    }

    pub(super) fn page(
        &self,
        filter: &TransactionFilter,
        after: Option<ListKey>,
        limit: usize,
    ) -> Vec<&Row<Transaction>> {
        let keys = self.lists.page([narrowest(filter)], after, limit, |(_, id)| {
            self.get(*id).is_some_and(|row| holds(filter, &row.value))
        });
        keys.into_iter().filter_map(|(_, id)| self.get(id)).collect()
    }

    pub(super) fn totals(&self, filter: &TransactionFilter) -> Vec<TransactionTotal> {
        let mut totals: BTreeMap<_, (u64, Money)> = BTreeMap::new();
        for transaction in self.list(&narrowest(filter)).filter(|transaction| holds(filter, transaction)) {
            let gross = transaction.amount.gross;
            let key = (transaction.kind, transaction.status, gross.currency().code());
            let (count, sum) = totals.entry(key).or_insert((0, Money::zero(gross.currency())));
            *count = count.saturating_add(1);
            *sum = sum.checked_add(gross).unwrap_or(*sum);
        }
        let total = |((kind, status, _), (count, gross))| TransactionTotal { kind, status, count, gross };
        totals.into_iter().map(total).collect()
    }

    pub(super) fn history(&self, query: &HistoryQuery) -> PaymentHistory {
        let mut history = PaymentHistory::default();
        for payment in self.list(&Of::Payer(query.payer)).filter(|payment| payment.kind.is_incoming()) {
            if payment.created_at >= query.attempts_since {
                history.attempts = history.attempts.saturating_add(1);
            }
            if payment.status == TransactionStatus::Failed && payment.created_at >= query.failures_since {
                history.failures = history.failures.saturating_add(1);
            }
            if payment.status.is_settled() && payment.created_at >= query.settled_since {
                let gross = payment.amount.gross;
                let before = history.settled_gross.unwrap_or(Money::zero(gross.currency()));
                if let Ok(sum) = before.checked_add(gross) {
                    history.settled = history.settled.saturating_add(1);
                    history.settled_gross = Some(sum);
                }
            }
        }
        let address = query.ip_address.clone().map(Of::Address);
        let device = query.device.clone().map(Of::Device);
        let sharing: HashSet<Id<User>> = address
            .iter()
            .chain(&device)
            .flat_map(|of| self.list(of))
            .filter(|payment| payment.created_at >= query.settled_since)
            .filter_map(|payment| payment.payer.filter(|payer| *payer != query.payer))
            .collect();
        history.payers_sharing_origin = u32::try_from(sharing.len()).unwrap_or(u32::MAX);
        history
    }

    fn list(&self, of: &Of) -> impl Iterator<Item = &Transaction> {
        self.lists.iter(of).filter_map(|(_, id)| self.get(*id)).map(|row| &row.value)
    }

    fn remember(&mut self, transaction: &Transaction) {
        let id = transaction.id;
        self.by_number.insert(transaction.number.clone(), id);
        if let Some(token) = &transaction.gateway.token {
            self.by_token.insert(token.clone(), id);
        }
        if let Some(reference) = &transaction.gateway.reference {
            self.by_reference.insert(reference.clone(), id);
        }
        for of in lists_of(transaction) {
            self.lists.insert(of, list_key(transaction));
        }
    }

    fn forget(&mut self, transaction: &Transaction) {
        self.by_number.remove(&transaction.number);
        if let Some(token) = &transaction.gateway.token {
            self.by_token.remove(token);
        }
        if let Some(reference) = &transaction.gateway.reference {
            self.by_reference.remove(reference);
        }
        for of in lists_of(transaction) {
            self.lists.remove(&of, &list_key(transaction));
        }
    }
}

pub(super) fn list_key(transaction: &Transaction) -> ListKey {
    (Reverse(transaction.created_at.timestamp_millis()), transaction.id)
}

fn lists_of(transaction: &Transaction) -> Vec<Of> {
    let mut lists = vec![Of::Everybody];
    lists.extend(transaction.payer.map(Of::Payer));
    lists.extend(transaction.payee.map(Of::Payee));
    lists.extend(transaction.booking.map(Of::Booking));
    if transaction.needs_person() {
        lists.push(Of::Flagged);
    }
    if transaction.kind.is_incoming() {
        lists.extend(transaction.origin.ip_address.clone().map(Of::Address));
        lists.extend(transaction.origin.device.clone().map(Of::Device));
    }
    lists
}

/// The list for a filter that is probably the shortest.
fn narrowest(filter: &TransactionFilter) -> Of {
    let booking = filter.booking.map(Of::Booking);
    let flagged = filter.flagged.then_some(Of::Flagged);
    let people = filter.payer.map(Of::Payer).or(filter.payee.map(Of::Payee));
    booking.or(flagged).or(people).unwrap_or(Of::Everybody)
}

fn holds(filter: &TransactionFilter, transaction: &Transaction) -> bool {
    let TransactionFilter { payer, payee, booking, kinds, statuses, method, from, until, flagged } = filter;
    payer.is_none_or(|payer| transaction.payer == Some(payer))
        && payee.is_none_or(|payee| transaction.payee == Some(payee))
        && booking.is_none_or(|booking| transaction.booking == Some(booking))
        && (kinds.is_empty() || kinds.contains(&transaction.kind))
        && (statuses.is_empty() || statuses.contains(&transaction.status))
        && method.is_none_or(|method| transaction.method == method)
        && from.is_none_or(|from| transaction.created_at >= from)
        && until.is_none_or(|until| transaction.created_at < until)
        && (!flagged || transaction.needs_person())
}
