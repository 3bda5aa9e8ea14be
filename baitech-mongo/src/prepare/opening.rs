//! The step that posts the opening ledger from the transactions of the earlier application.
//!
//! It iterates over the transactions three times, so that no commit takes a wallet below zero: the first pass
//! computes and adjusts the accounts, the second posts entries that lower no wallet, the third posts the
//! rest. Each batch is one commit, including the documents that have to change; an existing entry was
//! committed earlier, together with its documents.

use std::collections::{BTreeMap, BTreeSet};

use baitech_core::booking::Booking;
use baitech_core::kernel::Id;
use baitech_core::ledger::{Account, Entry};
use baitech_core::opening::{OpeningLedger, OpeningPlan, OpeningReport};
use baitech_core::store::{ChangeSet, Put, Stored};
use baitech_core::transaction::Transaction;
use bson::{DateTime, Document, RawDocumentBuf, doc};
use futures::TryStreamExt;

use super::differences::{self, Differences};
use super::{PrepareError, PrepareReport};
use crate::MongoStore;
use crate::codec::Aggregate;
use crate::load::stored;
use crate::value::oid;

/// The number of transactions in one commit, with their bookings.
const SIZE: usize = 100;

/// The passes over the transactions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pass {
    SumUp,
    Credit,
    Debit,
}

impl Pass {
    /// Whether this pass posts the plan.
    fn takes(self, plan: &OpeningPlan) -> bool {
        let debits = plan.entry.as_ref().is_some_and(lowers_a_wallet);
        match self {
            Self::SumUp => false,
            Self::Credit => !debits,
            Self::Debit => debits,
        }
    }
}

fn lowers_a_wallet(entry: &Entry) -> bool {
    let mut postings = entry.postings.iter();
    postings.any(|posting| matches!(posting.account, Account::Wallet(_)) && posting.amount.is_negative())
}

pub(super) async fn open(store: &MongoStore, report: &mut PrepareReport) -> Result<(), PrepareError> {
    let mut books = Books { store, at: DateTime::now(), report, differences: Differences::default() };
    let OpeningReport { adjustments, differences, totals, .. } = books.go_through(Pass::SumUp).await?;
    books.report.opening = totals;
    let mut by_user: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for difference in differences {
        by_user.entry(difference.subject).or_default().push(difference);
    }
    for differences in by_user.values() {
        books.differences.add(store.database(), differences).await?;
    }
    // Stored before the first change, since corrected documents no longer show the differences.
    books.differences.flush(store.database()).await?;
    for entries in adjustments.chunks(SIZE) {
        books.commit(ChangeSet { entries: entries.to_vec(), ..ChangeSet::new() }).await?;
    }
    books.go_through(Pass::Credit).await?;
    books.go_through(Pass::Debit).await?;
    differences::report(store.database(), books.report).await?;
    Ok(())
}

#[derive(Debug)]
struct Books<'a> {
    store: &'a MongoStore,
    at: DateTime,
    report: &'a mut PrepareReport,
    differences: Differences,
}

impl Books<'_> {
    async fn go_through(&mut self, pass: Pass) -> Result<OpeningReport, PrepareError> {
        let mut ledger = OpeningLedger::new(self.at.to_chrono());
        let transactions = self.store.raw(Transaction::COLLECTION);
        let mut found = transactions.find(doc! {}).sort(doc! { "_id": 1 }).await?;
        let mut batch = Vec::with_capacity(SIZE);
        while let Some(raw) = found.try_next().await? {
            self.report.watch.step();
            if pass == Pass::SumUp {
                self.report.transactions = self.report.transactions.saturating_add(1);
                if let Ok(read) = Transaction::read(&raw) {
                    self.report.add_odd(&raw, &read);
                }
            }
            match stored::<Transaction>(raw) {
                Ok(transaction) => batch.push(transaction),
                Err(unreadable) if pass == Pass::SumUp => self.report.unreadable.push(unreadable.to_string()),
                Err(_) => {}
            }
            if batch.len() == SIZE {
                self.batch(&mut ledger, pass, std::mem::take(&mut batch)).await?;
            }
        }
        self.batch(&mut ledger, pass, batch).await?;
        Ok(ledger.finish())
    }

    async fn batch(
        &mut self,
        ledger: &mut OpeningLedger,
        pass: Pass,
        transactions: Vec<Stored<Transaction>>,
    ) -> Result<(), PrepareError> {
        let mut bookings = self.bookings_of(&transactions).await?;
        let mut changes = ChangeSet::new();
        let mut links: BTreeMap<Id<Booking>, bool> = BTreeMap::new();
        for transaction in transactions {
            let booking = transaction.booking.and_then(|id| bookings.get_mut(&id));
            let plan = ledger.add(&transaction, booking.as_deref().map(|stored| &stored.value));
            if pass == Pass::SumUp {
                self.differences.add(self.store.database(), &plan.differences).await?;
                continue;
            }
            if !pass.takes(&plan) {
                continue;
            }
            changes.entries.extend(plan.entry);
            if let Some(next) = plan.correct {
                self.report.corrected = self.report.corrected.saturating_add(1);
                changes.writes.push(Put::over(&transaction, next).into());
            }
            if let (Some(next), Some(stored)) = (plan.link, booking) {
                stored.value = next;
                links.insert(stored.id, plan.due);
            }
        }
        for (id, due) in links {
            let Some(booking) = bookings.get(&id) else { continue };
            self.report.linked = self.report.linked.saturating_add(1);
            let due_at = due.then(|| self.at.to_chrono());
            changes.writes.push(Put::over(booking, booking.value.clone()).due_at(due_at).into());
        }
        self.commit(changes).await
    }

    async fn bookings_of(
        &self,
        transactions: &[Stored<Transaction>],
    ) -> Result<BTreeMap<Id<Booking>, Stored<Booking>>, PrepareError> {
        let ids: BTreeSet<Id<Booking>> = transactions.iter().filter_map(|one| one.booking).collect();
        if ids.is_empty() {
            return Ok(BTreeMap::new());
        }
        let ids: Vec<_> = ids.into_iter().map(oid).collect();
        let found = self.store.raw(Booking::COLLECTION).find(doc! { "_id": { "$in": ids } }).await?;
        let found: Vec<RawDocumentBuf> = found.try_collect().await?;
        // An unreadable booking was reported when its claims were derived.
        let readable = found.into_iter().filter_map(|raw| stored::<Booking>(raw).ok());
        Ok(readable.map(|booking| (booking.id, booking)).collect())
    }

    /// Commits the entries that do not exist yet.
    async fn commit(&mut self, mut changes: ChangeSet) -> Result<(), PrepareError> {
        let ids: Vec<_> = changes.entries.iter().map(|entry| oid(entry.id)).collect();
        if !ids.is_empty() {
            let ledger = self.store.database().collection::<Document>(crate::ledger::COLLECTION);
            let there = ledger.distinct("_id", doc! { "_id": { "$in": ids } }).await?;
            changes.entries.retain(|entry| !there.contains(&oid(entry.id).into()));
        }
        if changes.entries.is_empty() && changes.writes.is_empty() {
            return Ok(());
        }
        let made = u64::try_from(changes.entries.len()).unwrap_or(u64::MAX);
        self.store.commit_preparing(changes).await?;
        self.report.opened = self.report.opened.saturating_add(made);
        Ok(())
    }
}
