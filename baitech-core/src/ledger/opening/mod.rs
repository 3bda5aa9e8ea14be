//! The opening ledger: what the transactions of an earlier application, which kept no books, leave in ours.
//!
//! Each transaction that moved money contributes one entry, balanced by [`Account::OpeningBalance`]: the
//! counterweight is what should lie with the providers and the bank on the day of the migration. Each is
//! caused by its transaction, described `opening balance`, and has an id that follows from the transaction's,
//! so that no entry is made twice however often it is tried.
//!
//! # What contributes what
//!
//! Shares are those of the stored amount, less what each party has given back (the *net shares*); *captured*
//! is their sum. A settled transaction is one that is `completed`, `partially_refunded` or `refunded`.
//!
//! | kind | state | postings (credit +) |
//! |---|---|---|
//! | any | not settled, or all of it given back | none |
//! | `booking_payment` | held | escrow of the booking + captured |
//! | `booking_payment` | released or never held, not cash | payable of the technician, platform, processing, withholding: each + its net share |
//! | `booking_payment` | nobody works on the booking, not cash | escrow of the booking + captured: the money is still the customer's |
//! | `tip`, `cancellation_fee` | not cash | as a released payment |
//! | `booking_payment`, `tip`, `cancellation_fee` | cash | the technician has all of it in hand: platform, processing, withholding each + its net share, payable − their sum |
//! | any of these | by wallet | besides: wallet of the payer − captured (what was given back went into it) |
//! | `wallet_topup` | | wallet + captured; fees that it states are not known to the engine and left out |
//! | `wallet_withdrawal` | | wallet − captured; platform, processing, withholding each + its net share |
//! | `technician_payout` | | payable − the net payout: the fees beside it are those of the payment that it pays out |
//! | `technician_payout` | by wallet | besides: wallet of the technician + the net payout |
//! | `refund` | | none: the payment that it gives back tells of it |
//! | `penalty`, `subscription` | | none: they have no rules |
//!
//! Then come the adjustments, one an account at most, caused by its user:
//! - A wallet that would start below zero starts at zero: what is missing is not on record.
//! - What a technician has earned, other than in cash, is owed less the greater of two sums: payouts on
//!   record, and shares that `settlement.settledAt` calls paid out. They tell of the same money. More than
//!   was earned on record is not asked back.
//! - A debt from cash stays a debt: a payable may start below zero.
//!
//! Adjustments are balanced by the opening balance too. Nothing is written off: that an amount is lost is for
//! a person to find.
//!
//! # What contradicts itself
//!
//! Nothing here fails. What cannot be true is read in one defined way, told as an [`OpeningDifference`], and
//! where the engine could not go on from what is stored, the [`OpeningPlan`] says what to write instead. What
//! it says to write leads to the same entry again.
//!
//! | stored | read as |
//! |---|---|
//! | gross is not the sum of its parts | the gross counts, net is the remainder; parts below zero or above the gross share it in proportion |
//! | amounts of several currencies, below zero, or beyond [`OpeningLedger::LARGEST`] | contributes nothing, holds nothing |
//! | held, but not settled, or all given back | not held |
//! | held, but cash, no booking's payment, or without a booking | not held |
//! | held, and released | released |
//! | neither held nor released, by a technician that the transaction does not name | the booking's technician is paid |
//! | given back more than came in | the later refunds are cut |
//! | `refunded`, with less or nothing on record | the rest was given back too |
//! | `partially_refunded`, with nothing on record | nothing was given back, until a person knows more |
//! | given back in part or whole, under another status | the status follows the refunds |
//! | given back before it was settled | nothing was given back |
//! | money on its way out, with an unknown end | expired; a proof can still complete it |
//! | settled for a booking that is cancelled, refunded or not there | as its flags say; a person decides where it goes |
//! | a booking with several settled payments | it names the first; where the others go, a person decides |
//! | wallet paid from itself, or a party not named | contributes what the others have |
//!
//! # What it promises
//!
//! For each payment, what the entry puts into escrow is [`captured`](Transaction::captured) of the
//! transaction as it is to be stored, and zero unless `escrow.held`: a later release or refund empties
//! exactly what was opened. The booking of a settled payment names it, and so is not charged again. No
//! bounded account starts below zero. The order of the transactions does not matter.

mod difference;
mod normal;
mod postings;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
pub use difference::{OpeningDifference, OpeningIssue};
use postings::Contribution;

use super::{Account, Entry, EntryRecord, Posting};
use crate::{
    account::User,
    booking::{Booking, BookingStatus},
    kernel::{Currency, Id, Money},
    payment::Transaction,
    store::{AggregateRef, Fingerprint},
};

const DESCRIPTION: &str = "opening balance";

/// What is to be done about one transaction.
#[derive(Debug, Clone, Default)]
pub struct OpeningPlan {
    /// What it contributes; `None` for nothing.
    pub entry: Option<Entry>,
    /// The transaction as it is to be stored, so that the engine can go on from it; `None` where it is as it
    /// should be.
    pub correct: Option<Transaction>,
    /// Its booking as it is to be stored, so that it names its payment; `None` where it is as it should be.
    pub link: Option<Booking>,
    /// Whether the booking then wants something done by itself that concerns the payment: to become paid, or
    /// to release what is held.
    pub due: bool,
    /// Where what is stored contradicts itself or the books.
    pub differences: Vec<OpeningDifference>,
}

/// What the accounts of people need at the end.
#[derive(Debug, Clone, Default)]
pub struct OpeningReport {
    /// Entries that keep wallets and payables from starting with what nobody can know. At most one an account
    /// and currency.
    pub adjustments: Vec<Entry>,
    /// Why, one each.
    pub differences: Vec<OpeningDifference>,
    /// Transactions looked at.
    pub transactions: u64,
    /// Of these, those that contribute an entry.
    pub contributing: u64,
    /// The sums of all entries by name of the account (`escrow`, `wallet`, `payable`, …) and currency; each
    /// currency's sum to zero.
    pub totals: Vec<(String, Money)>,
}

/// What a user's account comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Sum {
    Wallet(Id<User>),
    Earned(Id<User>),
    PaidOut(Id<User>),
    CalledPaid(Id<User>),
}

/// Sums up what the transactions of an earlier application leave in the books. Give it every one of them,
/// once, in any order.
///
/// It keeps a few sums a user, and which transaction pays which booking; the first that is given where there
/// are several.
#[derive(Debug, Clone)]
pub struct OpeningLedger {
    at: DateTime<Utc>,
    /// The currency by its code, since it has no order of its own.
    sums: BTreeMap<(Sum, &'static str), Money>,
    totals: BTreeMap<(String, &'static str), Money>,
    payments: BTreeMap<Id<Booking>, Id<Transaction>>,
    transactions: u64,
    contributing: u64,
}

impl OpeningLedger {
    /// Larger amounts, in whole units of the currency, are taken for mistakes: the sum of many must still be
    /// a number.
    pub const LARGEST: i64 = 1_000_000_000_000;

    /// Books that open at this moment.
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

    /// Says what one transaction contributes, and what has to be written for the engine to go on from it.
    /// `booking` is the one that it is for.
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

    /// What is left to be adjusted once every transaction was added.
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

    /// The booking, if it has to learn of its payment: so that it is not charged again, and what is held
    /// finds its way out.
    fn linked(
        &mut self,
        booking: &Booking,
        payment: &Transaction,
        notes: &mut difference::Notes,
    ) -> Option<Booking> {
        let captured = payment.captured().ok().filter(|captured| !captured.is_zero())?;
        if payment.kind != crate::payment::TransactionKind::BookingPayment {
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

    /// The entry of these postings, balanced by the opening balance, under an id that follows from its name.
    fn entry(&mut self, name: &str, cause: AggregateRef, mut postings: Vec<Posting>) -> Option<Entry> {
        let currency = postings.first()?.amount.currency();
        // Amounts are below `LARGEST`, so that neither fails; an entry that is missing must not go unseen.
        let tell = |error: &dyn std::fmt::Display| tracing::error!(%error, name, "there is no opening entry");
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

/// What a wallet is given so that it does not start below zero.
fn of_wallet(balance: Money) -> Option<(Money, OpeningIssue)> {
    balance.is_negative().then(|| (balance.negated(), OpeningIssue::WalletShort))
}

/// What a payable is changed by: see the module's own words.
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
    // Each amount is below `LARGEST`, so that a sum of any number of them that can be stored is a number.
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
