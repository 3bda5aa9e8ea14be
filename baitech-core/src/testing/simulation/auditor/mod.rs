//! The auditor: it knows only the rules, and reads only stored data and the providers' own statements.
//!
//! It checks every commit, the whole ledger from time to time, and stricter rules once no work is left.

mod books;
mod cash_jobs;
mod paths;
mod payments;
mod rest;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use books::Books;
use payments::Movements;

use super::{events::Totals, store::Applied};
use crate::{
    account::User,
    booking::Booking,
    decide::Aggregate,
    kernel::{Id, Money},
    ledger::{Account, Entry},
    store::{AggregateRef, SearchEntry, SearchIndex, SearchKey, Searchable},
    transaction::{Transaction, TransactionKind, TransactionStatus},
};

/// The description of a broken rule.
pub(super) type Finding = String;
pub(super) type Verdict = Result<(), Finding>;

/// The auditor with all the data that it has seen.
#[derive(Debug, Default)]
pub(super) struct Auditor {
    books: Books,
    movements: BTreeMap<Id<Transaction>, Movements>,
    bookings: BTreeMap<Id<Booking>, Booking>,
    transactions: BTreeMap<Id<Transaction>, Transaction>,
    /// The highest total that the payer of a booking has approved.
    approved: BTreeMap<Id<Booking>, Money>,
    /// The number of requests per user and kind of transaction, each under its own key.
    asked: BTreeMap<(Id<User>, TransactionKind), u32>,
    made: BTreeMap<(Id<User>, TransactionKind), u32>,
    totals: Totals,
    /// What a search finds of each booking.
    texts: BTreeMap<SearchKey, Option<SearchEntry>>,
}

impl Auditor {
    /// Notes that the payer of a booking has approved a total.
    pub(super) fn note_approved(&mut self, booking: Id<Booking>, total: Money) {
        let most = self.approved.entry(booking).or_insert(total);
        if total.amount() > most.amount() {
            *most = total;
        }
    }

    /// Notes a request for a movement of money under a new key.
    pub(super) fn note_request(&mut self, who: Id<User>, kind: TransactionKind) {
        *self.asked.entry((who, kind)).or_default() += 1;
    }

    pub(super) fn transactions(&self) -> impl Iterator<Item = &Transaction> {
        self.transactions.values()
    }

    pub(super) fn bookings(&self) -> impl Iterator<Item = &Booking> {
        self.bookings.values()
    }

    /// What all commits add up to.
    pub(super) const fn totals(&self) -> &Totals {
        &self.totals
    }

    /// Checks one commit.
    pub(super) fn read(&mut self, applied: &Applied) -> Verdict {
        self.totals.note(applied);
        self.check_texts(applied)?;
        for entry in &applied.entries {
            self.books.post(entry)?;
            self.note_movement(entry)?;
        }
        self.books.check_touched()?;
        for booking in &applied.bookings {
            paths::check_booking(self.bookings.get(&booking.id), booking)?;
        }
        for transaction in &applied.transactions {
            let before = self.transactions.get(&transaction.id);
            paths::check_transaction(before, transaction)?;
            if before.is_none() {
                self.check_requested(transaction)?;
            }
        }
        let released = |entry: &&Entry| payments::is_release(entry);
        for entry in applied.entries.iter().filter(released) {
            self.check_release(entry, applied)?;
        }
        let mut before = Vec::with_capacity(applied.bookings.len());
        for booking in &applied.bookings {
            if !self.bookings.contains_key(&booking.id) {
                // The customer approves the price by booking.
                self.note_approved(booking.id, booking.pricing.total);
            }
            before.push(self.bookings.insert(booking.id, booking.clone()));
        }
        self.check_cash_jobs(&before, &applied.bookings)?;
        for transaction in &applied.transactions {
            self.transactions.insert(transaction.id, transaction.clone());
        }
        for transaction in &applied.transactions {
            self.check_payment(transaction)?;
        }
        Ok(())
    }

    /// Checks that a search finds each booking by its current texts, and shows it to its current parties.
    fn check_texts(&mut self, applied: &Applied) -> Verdict {
        self.texts.extend(applied.search.iter().map(|change| (change.key, change.entry.clone())));
        for booking in &applied.bookings {
            let key = SearchKey { index: SearchIndex::Bookings, id: booking.id.cast() };
            let expected = booking.searchable().as_ref().map(Searchable::entry);
            if self.texts.get(&key) != Some(&expected) {
                return Err(format!("a search finds an earlier state of {}", booking.number));
            }
        }
        Ok(())
    }

    fn note_movement(&mut self, entry: &Entry) -> Verdict {
        if let AggregateRef::Transaction(id) = entry.cause {
            self.movements.entry(id).or_default().note(id, entry)?;
        }
        let (mut subject, mut leaves, mut lost) = (entry.cause, false, false);
        for posting in &entry.postings {
            match posting.account {
                Account::Reserved(id) if posting.amount.is_negative() => subject = id.into(),
                Account::Reserved(id) => {
                    self.movements.entry(id).or_default().note_set_aside(posting.amount)?;
                }
                Account::Clearing(_) if !posting.amount.is_negative() => leaves = true,
                // A loss is money that left without our order.
                Account::Losses if posting.amount.is_negative() => lost = true,
                _ => {}
            }
        }
        match subject {
            AggregateRef::Transaction(id) if leaves && !(lost && subject == entry.cause) => {
                self.movements.entry(id).or_default().note_left(id)
            }
            _ => Ok(()),
        }
    }

    /// Checks that no charge exceeds the approved total, and that each request has at most one transaction.
    fn check_requested(&mut self, transaction: &Transaction) -> Verdict {
        let gross = transaction.amount.gross;
        if transaction.kind == TransactionKind::BookingPayment {
            let approved = transaction.booking.and_then(|booking| self.approved.get(&booking));
            if approved.is_none_or(|approved| gross.amount() > approved.amount()) {
                return Err(format!(
                    "{} charges {gross}, the approved total is {approved:?}",
                    transaction.number
                ));
            }
            return Ok(());
        }
        let by_hand = transaction.requested_by.is_some()
            && !matches!(transaction.kind, TransactionKind::Refund | TransactionKind::BookingPayment);
        if let (true, Some(who)) = (by_hand, transaction.requested_by) {
            let key = (who, transaction.kind);
            let made = self.made.entry(key).or_default();
            *made += 1;
            if *made > self.asked.get(&key).copied().unwrap_or_default() {
                return Err(format!("{who} has more transactions of {} than requests", transaction.kind));
            }
        }
        Ok(())
    }

    /// Checks that no money is released while the booking is disputed or the payment waits for staff.
    fn check_release(&self, entry: &Entry, applied: &Applied) -> Verdict {
        let AggregateRef::Transaction(id) = entry.cause else { return Ok(()) };
        let after = applied.transactions.iter().find(|transaction| transaction.id == id);
        let Some(payment) = after.or_else(|| self.transactions.get(&id)) else { return Ok(()) };
        let Some(booking_id) = payment.booking.filter(|_| payment.kind == TransactionKind::BookingPayment)
        else {
            return Ok(());
        };
        let booking = applied.bookings.iter().find(|booking| booking.id == booking_id);
        let booking = booking.or_else(|| self.bookings.get(&booking_id));
        if booking.is_some_and(|booking| booking.status == crate::booking::BookingStatus::Disputed) {
            return Err(format!("{} was released while its booking is disputed", payment.number));
        }
        let review = payment.fraud.as_ref().and_then(|fraud| fraud.review.as_ref());
        if review.is_some_and(|review| !review.approved) {
            return Err(format!("{} was released although staff had rejected it", payment.number));
        }
        if payment.provider_moves.iter().any(|moved| moved.state == crate::transaction::MoveState::Open) {
            return Err(format!(
                "{} was released before staff decided on the refund that its provider reported",
                payment.number
            ));
        }
        // The fee of a cancelled booking is due at once, even if the rest waits for staff.
        let cancelled =
            booking.is_some_and(|booking| booking.status == crate::booking::BookingStatus::Cancelled);
        if waits_for_review(payment) && !cancelled {
            return Err(format!("{} was released while it waits for staff", payment.number));
        }
        Ok(())
    }
}

/// Whether a fraud review or a bank's decision is open, by the document alone.
fn waits_for_review(payment: &Transaction) -> bool {
    let fraud = payment.fraud.as_ref().is_some_and(|fraud| {
        fraud.decision == crate::transaction::FraudDecision::Review && fraud.review.is_none()
    });
    let contested =
        |chargeback: &crate::transaction::Chargeback| chargeback.won.is_none() || chargeback.contradicted;
    fraud
        || payment.chargeback.as_ref().is_some_and(contested)
        || payment.provider_moves.iter().any(|moved| moved.state == crate::transaction::MoveState::Open)
}

/// Whether a person has to do something about a transaction, by the document alone.
fn waits_for_staff(transaction: &Transaction) -> bool {
    waits_for_review(transaction)
        || transaction.gateway.needs_person
        || transaction.mismatch.as_ref().is_some_and(|mismatch| mismatch.decided.is_none())
}

const fn has_moved(status: TransactionStatus) -> bool {
    matches!(
        status,
        TransactionStatus::Completed | TransactionStatus::PartiallyRefunded | TransactionStatus::Refunded
    )
}
