//! The contribution of a normalised transaction.

use super::{Account, Posting, Sum, difference::Notes, difference::OpeningIssue};
use crate::{
    booking::{Booking, BookingStatus},
    kernel::{Money, MoneyError},
    pricing::Shares,
    transaction::{PaymentMethod, Transaction, TransactionKind, TransactionRecord},
};

/// The postings of one transaction without the balancing one, and its contribution to the sums of its
/// parties.
#[derive(Debug, Default)]
pub(super) struct Contribution {
    pub(super) postings: Vec<Posting>,
    pub(super) sums: Vec<(Sum, Money)>,
}

impl Contribution {
    fn post(&mut self, account: Account, amount: Money) {
        if let Account::Wallet(user) = account {
            self.sums.push((Sum::Wallet(user), amount));
        }
        self.postings.push(Posting { account, amount });
    }

    fn post_others(&mut self, shares: &Shares) {
        self.post(Account::PlatformRevenue, shares.platform);
        self.post(Account::ProcessingRevenue, shares.processing);
        self.post(Account::WithholdingPayable, shares.withholding);
    }
}

pub(super) fn of(record: &TransactionRecord, booking: Option<&Booking>, notes: &mut Notes) -> Contribution {
    let transaction = Transaction::from_record(record.clone());
    let amounts = transaction.captured().and_then(|captured| Ok((captured, transaction.net_shares()?)));
    // Only arithmetic can fail, and the amounts of a normalised transaction have one currency and are far
    // from overflow.
    amounts
        .and_then(|(captured, shares)| contribution(record, booking, captured, &shares, notes))
        .unwrap_or_default()
}

fn contribution(
    record: &TransactionRecord,
    booking: Option<&Booking>,
    captured: Money,
    shares: &Shares,
    notes: &mut Notes,
) -> Result<Contribution, MoneyError> {
    let mut made = Contribution::default();
    let note = |notes: &mut Notes, what| notes.add(what, Some(captured), None);
    if captured.is_zero() {
        return Ok(made);
    }
    match record.kind {
        TransactionKind::BookingPayment => {
            match booking {
                None => note(notes, OpeningIssue::BookingMissing),
                Some(booking)
                    if matches!(booking.status, BookingStatus::Cancelled | BookingStatus::Refunded) =>
                {
                    note(notes, OpeningIssue::BookingEnded);
                }
                Some(_) => {}
            }
            received(&mut made, record, captured, shares, notes)?;
        }
        TransactionKind::Tip | TransactionKind::CancellationFee => {
            received(&mut made, record, captured, shares, notes)?;
        }
        TransactionKind::WalletTopup => {
            if shares.payout != captured {
                notes.add(OpeningIssue::TopUpFees, Some(shares.payout), Some(captured));
            }
            match record.payer.or(record.payee) {
                _ if record.method == PaymentMethod::Wallet => note(notes, OpeningIssue::SelfTopUp),
                Some(owner) => made.post(Account::Wallet(owner), captured),
                None => note(notes, OpeningIssue::PartyMissing),
            }
        }
        TransactionKind::WalletWithdrawal => match record.payee.or(record.payer) {
            Some(owner) => {
                made.post(Account::Wallet(owner), captured.negated());
                made.post_others(shares);
            }
            None => note(notes, OpeningIssue::PartyMissing),
        },
        TransactionKind::TechnicianPayout => match record.payee {
            Some(technician) => {
                made.post(Account::Payable(technician), shares.payout.negated());
                made.sums.push((Sum::PaidOut(technician), shares.payout));
                if record.method == PaymentMethod::Wallet {
                    made.post(Account::Wallet(technician), shares.payout);
                }
            }
            None => notes.add(OpeningIssue::PartyMissing, Some(shares.payout), None),
        },
        TransactionKind::Refund => note(notes, OpeningIssue::CountedWithPayment),
        TransactionKind::Penalty | TransactionKind::Subscription => note(notes, OpeningIssue::NoRules),
    }
    Ok(made)
}

/// The postings of a payment for work.
fn received(
    made: &mut Contribution,
    record: &TransactionRecord,
    captured: Money,
    shares: &Shares,
    notes: &mut Notes,
) -> Result<(), MoneyError> {
    let missing = |notes: &mut Notes, amount| notes.add(OpeningIssue::PartyMissing, Some(amount), None);
    if record.method == PaymentMethod::Cash {
        let others = captured.checked_sub(shares.payout)?;
        match record.payee {
            Some(technician) => {
                made.post_others(shares);
                made.post(Account::Payable(technician), others.negated());
            }
            // There is no debt without a debtor.
            None => missing(notes, others),
        }
        return Ok(());
    }
    if record.method == PaymentMethod::Wallet {
        match record.payer {
            Some(payer) => made.post(Account::Wallet(payer), captured.negated()),
            None => missing(notes, captured),
        }
    }
    if let Some(booking) = record.booking.filter(|_| record.escrow.held) {
        made.post(Account::Escrow(booking), captured);
        return Ok(());
    }
    made.post_others(shares);
    match record.payee {
        Some(technician) => {
            made.post(Account::Payable(technician), shares.payout);
            made.sums.push((Sum::Earned(technician), shares.payout));
            if record.settlement.settled_at.is_some() {
                made.sums.push((Sum::CalledPaid(technician), shares.payout));
            }
        }
        None => missing(notes, shares.payout),
    }
    Ok(())
}
