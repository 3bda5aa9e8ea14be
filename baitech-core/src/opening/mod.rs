//! The opening ledger: converts the transactions of an earlier application, which had no ledger, into opening
//! entries.
//!
//! Each transaction that moved money contributes one entry, balanced by [`Account::OpeningBalance`]. The
//! balance of that account is the money that should be with the providers and the bank on the day of the
//! migration. Each entry names its transaction as its cause, has the description `opening balance`, and
//! derives its id from the transaction's, so that a repeated migration creates no entry twice.
//!
//! # Contributions
//!
//! Shares are those of the stored amount, less what each party has refunded (the *net shares*); *captured* is
//! their sum. A settled transaction is `completed`, `partially_refunded` or `refunded`.
//!
//! | kind | state | postings (credit +) |
//! |---|---|---|
//! | any | not settled, or refunded in full | none |
//! | `booking_payment` | held | escrow of the booking + captured |
//! | `booking_payment` | released or never held, not cash | payable of the technician, platform, processing, withholding: each + its net share |
//! | `booking_payment` | no technician on the booking, not cash | escrow of the booking + captured: the money still belongs to the customer |
//! | `tip`, `cancellation_fee` | not cash | as a released payment |
//! | `booking_payment`, `tip`, `cancellation_fee` | cash | the technician has received all of it: platform, processing, withholding each + its net share, payable − their sum |
//! | any of these | by wallet | in addition: wallet of the payer − captured (refunds went into the wallet) |
//! | `wallet_topup` | | wallet + captured; the engine knows no fees on top-ups and ignores them |
//! | `wallet_withdrawal` | | wallet − captured; platform, processing, withholding each + its net share |
//! | `technician_payout` | | payable − the net payout: its stated fees are those of the payment that it pays out |
//! | `technician_payout` | by wallet | in addition: wallet of the technician + the net payout |
//! | `refund` | | none: the refunded payment accounts for it |
//! | `penalty`, `subscription` | | none: they have no rules |
//!
//! Then come the adjustments, at most one per account, with the account's user as their cause:
//! - A wallet that would start below zero starts at zero: the missing money is not on record.
//! - A technician's recorded earnings, other than cash, are owed less the greater of two sums: recorded
//!   payouts, and shares that `settlement.settledAt` marks as paid out. Both describe the same money. Payouts
//!   above the recorded earnings are not reclaimed.
//! - A cash debt stays a debt: a payable may start below zero.
//!
//! The opening balance also balances the adjustments. Nothing is written off: a person must decide that an
//! amount is lost.
//!
//! # Contradictions
//!
//! No contradiction is an error. Each impossible value is read in one defined way and reported as an
//! [`OpeningDifference`]. If the engine could not continue from the stored data, the [`OpeningPlan`] contains
//! the corrected documents to store. The corrected documents lead to the same entry again.
//!
//! | stored | read as |
//! |---|---|
//! | gross is not the sum of its parts | the gross counts, net is the remainder; parts below zero or above the gross share it in proportion |
//! | amounts of several currencies, below zero, or beyond [`OpeningLedger::LARGEST`] | contributes nothing, holds nothing |
//! | held, but not settled, or refunded in full | not held |
//! | held, but cash, not a booking payment, or without a booking | not held |
//! | held, and released | released |
//! | neither held nor released, and the transaction does not name its technician | the booking's technician is paid |
//! | refunds above the payment | the later refunds are cut |
//! | `refunded`, with smaller or no recorded refunds | the rest was refunded too |
//! | `partially_refunded`, without a recorded refund | nothing was refunded, until a person finds out more |
//! | refunded in part or in full, under another status | the status follows the refunds |
//! | refunded before it was settled | nothing was refunded |
//! | outgoing, with an unknown outcome | expired; a proof can still complete it |
//! | settled for a booking that is cancelled, refunded or missing | as its flags say; a person decides where the money goes |
//! | a booking with several settled payments | it names the first; a person decides where the others go |
//! | a wallet paid from itself, or an unnamed party | contributes the shares of the other parties |
//!
//! # Guarantees
//!
//! For each payment, its entry puts exactly [`captured`](Transaction::captured) of the corrected transaction
//! into escrow, or zero unless `escrow.held`: a later release or refund empties exactly what was opened. The
//! booking of a settled payment names the payment, and so is not charged again. No bounded account starts
//! below zero. The order of the transactions does not matter.

mod difference;
mod normal;
mod postings;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
pub use difference::{OpeningDifference, OpeningIssue};
use postings::Contribution;

use crate::ledger::{Account, Entry, EntryRecord, Posting};
use crate::{
    account::User,
    booking::{Booking, BookingStatus},
    kernel::{Currency, Id, Money},
    store::{AggregateRef, Fingerprint},
    transaction::Transaction,
};

const DESCRIPTION: &str = "opening balance";

/// What to store for one transaction.
#[derive(Debug, Clone, Default)]
pub struct OpeningPlan {
    /// Its contribution; `None` for nothing.
    pub entry: Option<Entry>,
    /// The corrected transaction, from which the engine can continue; `None` if it needs no correction.
    pub correct: Option<Transaction>,
    /// Its booking, corrected to name its payment; `None` if it needs no correction.
    pub link: Option<Booking>,
    /// Whether the booking then has a due task for the payment: to become paid, or to release held money.
    pub due: bool,
    /// Contradictions in the stored data, or with the ledger.
    pub differences: Vec<OpeningDifference>,
}

/// The adjustments and totals at the end.
#[derive(Debug, Clone, Default)]
pub struct OpeningReport {
    /// Entries that keep wallets and payables from starting with an unexplained balance. At most one per
    /// account and currency.
    pub adjustments: Vec<Entry>,
    /// The reason for each adjustment.
    pub differences: Vec<OpeningDifference>,
    /// Number of transactions added.
    pub transactions: u64,
    /// Number of transactions that contribute an entry.
    pub contributing: u64,
    /// The sums of all entries by account name (`escrow`, `wallet`, `payable`, …) and currency. The sums of
    /// each currency add up to zero.
    pub totals: Vec<(String, Money)>,
}

/// A sum that is kept for a user.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Sum {
    Wallet(Id<User>),
    Earned(Id<User>),
    PaidOut(Id<User>),
    CalledPaid(Id<User>),
}

/// Accumulates the opening entries of an earlier application's transactions. Add every transaction once, in
/// any order.
///
/// It keeps a few sums per user, and which transaction pays which booking: the first one that is added if
/// there are several.
#[derive(Debug, Clone)]
pub struct OpeningLedger {
    at: DateTime<Utc>,
    /// Currencies are stored as codes, since `Currency` has no order.
    sums: BTreeMap<(Sum, &'static str), Money>,
    totals: BTreeMap<(String, &'static str), Money>,
    payments: BTreeMap<Id<Booking>, Id<Transaction>>,
    transactions: u64,
    contributing: u64,
}

impl OpeningLedger {
    /// Larger amounts, in whole units of the currency, count as mistakes, so that the sum of many amounts
    /// does not overflow.
    pub const LARGEST: i64 = 1_000_000_000_000;

    /// Starts an opening ledger at this time.
    #[must_use]
    pub const fn new(at: DateTime<Utc>) -> Self {
        Self {
            at,
            sums: BTreeMap::new(),
            totals: BTreeMap::new(),
            payments: BTreeMap::new(),
            transactions: 0,
            contributing: 0,
        }
    }

    /// The contribution of one transaction, and the corrections that the engine needs. `booking` is the
    /// transaction's booking.
    pub fn add(&mut self, transaction: &Transaction, booking: Option<&Booking>) -> OpeningPlan {
        self.transactions = self.transactions.saturating_add(1);
        let booking = booking.filter(|booking| transaction.booking == Some(booking.id));
        let mut notes = difference::Notes::of(transaction.id);
        let normal = normal::normalised(transaction, booking, &mut notes);
        let contribution = if normal.usable {
            postings::of(&normal.record, booking, &mut notes)
        } else {
            Contribution::default()
        };
        for (sum, amount) in contribution.sums {
            add_to(&mut self.sums, (sum, amount.currency().code()), amount);
        }
        let id = transaction.id;
        let entry = self.entry(&format!("transaction {id}"), id.into(), contribution.postings);
        self.contributing = self.contributing.saturating_add(u64::from(entry.is_some()));
        let changed = normal.record != **transaction;
        let mut record = normal.record;
        if changed {
            record.updated_at = record.updated_at.max(self.at);
        }
        let next = Transaction::from_record(record);
        let link =
            booking.filter(|_| normal.usable).and_then(|booking| self.linked(booking, &next, &mut notes));
        let due = link.as_ref().is_some_and(|booking| match booking.status {
            BookingStatus::Verified | BookingStatus::PaymentPending => true,
            BookingStatus::Paid => booking.payment.held,
            _ => false,
        });
        let correct = changed.then_some(next);
        OpeningPlan { entry, correct, link, due, differences: notes.taken() }
    }

    /// The adjustments, once every transaction was added.
    #[must_use]
    pub fn finish(mut self) -> OpeningReport {
        let mut report = OpeningReport::default();
        let sums = std::mem::take(&mut self.sums);
        let sum_of = |sum: Sum, currency: Currency| {
            sums.get(&(sum, currency.code())).copied().unwrap_or(Money::zero(currency))
        };
        let mut accounts: Vec<(Account, Currency)> = sums
            .iter()
            .map(|((sum, _), amount)| {
                let account = match *sum {
                    Sum::Wallet(user) => Account::Wallet(user),
                    Sum::Earned(user) | Sum::PaidOut(user) | Sum::CalledPaid(user) => Account::Payable(user),
                };
                (account, amount.currency())
            })
            .collect();
        accounts.sort_by_key(|(account, currency)| (*account, currency.code()));
        accounts.dedup();
        for (account, currency) in accounts {
            let (user, adjusted) = match account {
                Account::Wallet(user) => (user, of_wallet(sum_of(Sum::Wallet(user), currency))),
                Account::Payable(user) => {
                    let [earned, paid, called_paid] =
                        [Sum::Earned(user), Sum::PaidOut(user), Sum::CalledPaid(user)]
                            .map(|sum| sum_of(sum, currency));
                    (user, of_payable(earned, paid, called_paid))
                }
                _ => continue,
            };
            let Some((amount, what)) = adjusted else { continue };
            let postings = vec![Posting { account, amount }];
            report.differences.push(OpeningDifference::of_account(user, what, amount));
            report.adjustments.extend(self.entry(
                &format!("{account} {}", currency.code()),
                user.into(),
                postings,
            ));
        }
        report.transactions = self.transactions;
        report.contributing = self.contributing;
        report.totals = self.totals.into_iter().map(|((name, _), sum)| (name, sum)).collect();
        report
    }

    /// The booking with its payment, if it does not name it yet: so that it is not charged again, and held
    /// money can be released.
    fn linked(
        &mut self,
        booking: &Booking,
        payment: &Transaction,
        notes: &mut difference::Notes,
    ) -> Option<Booking> {
        let captured = payment.captured().ok().filter(|captured| !captured.is_zero())?;
        if payment.kind != crate::transaction::TransactionKind::BookingPayment {
            return None;
        }
        let named = booking.payment.transaction.unwrap_or(payment.id);
        if *self.payments.entry(booking.id).or_insert(named) != payment.id {
            notes.add(OpeningIssue::AnotherPayment, Some(captured), None);
            return None;
        }
        let mut record = booking.clone().into_record();
        record.payment.transaction = Some(payment.id);
        record.payment.method = Some(payment.method);
        record.payment.paid_at = record.payment.paid_at.or(payment.completed_at);
        record.payment.withholding = Some(payment.amount.tax);
        let named = Booking::from_record(record);
        let next = named.payments_changed([payment]).ok()?.next;
        if next == *booking {
            return None;
        }
        let mut record = next.into_record();
        record.updated_at = record.updated_at.max(self.at);
        Some(Booking::from_record(record))
    }

    /// Creates an entry of these postings, balanced by the opening balance, with an id derived from its name.
    fn entry(&mut self, name: &str, cause: AggregateRef, mut postings: Vec<Posting>) -> Option<Entry> {
        let currency = postings.first()?.amount.currency();
        // Amounts are below `LARGEST`, so neither can fail. An error is logged, since a missing entry must
        // not go unnoticed.
        let tell = |error: &dyn std::fmt::Display| tracing::error!(%error, name, "an opening entry could not be created");
        let sum = Money::sum(currency, postings.iter().map(|posting| posting.amount));
        let sum = sum.inspect_err(|error| tell(error)).ok()?;
        postings.push(Posting { account: Account::OpeningBalance, amount: sum.negated() });
        let id = id_of(name);
        let description = DESCRIPTION.to_owned();
        let entry = Entry::new(EntryRecord { id, cause, description, at: self.at, postings });
        let entry = entry.inspect_err(|error| tell(error)).ok()?;
        for posting in &entry.postings {
            let name = name_of(posting.account);
            add_to(&mut self.totals, (name, posting.amount.currency().code()), posting.amount);
        }
        Some(entry)
    }
}

/// The adjustment of a wallet that would start below zero.
fn of_wallet(balance: Money) -> Option<(Money, OpeningIssue)> {
    balance.is_negative().then(|| (balance.negated(), OpeningIssue::WalletShort))
}

/// The adjustment of a payable; the module's documentation describes the rule.
fn of_payable(earned: Money, paid: Money, called_paid: Money) -> Option<(Money, OpeningIssue)> {
    if paid.amount() > earned.amount() {
        let more = paid.checked_sub(earned).ok()?;
        return Some((more, OpeningIssue::PaidMoreThanEarned));
    }
    if called_paid.amount() > paid.amount() {
        let more = paid.checked_sub(called_paid).ok()?;
        return Some((more, OpeningIssue::PaidOutWithoutPayout));
    }
    None
}

fn add_to<K: Ord>(sums: &mut BTreeMap<K, Money>, key: K, amount: Money) {
    let sum = sums.entry(key).or_insert(Money::zero(amount.currency()));
    // Each amount is below `LARGEST`, so the sum of any realistic number of them fits.
    *sum = sum.checked_add(amount).unwrap_or(*sum);
}

fn id_of(name: &str) -> Id<Entry> {
    let digest = Fingerprint::of(format!("{DESCRIPTION} {name}").as_bytes()).to_bytes();
    let mut bytes = [0; 12];
    for (byte, of_digest) in bytes.iter_mut().zip(digest) {
        *byte = of_digest;
    }
    Id::from_bytes(bytes)
}

fn name_of(account: Account) -> String {
    let text = account.to_string();
    text.split_once(':').map_or(text.clone(), |(name, _)| name.to_owned())
}
