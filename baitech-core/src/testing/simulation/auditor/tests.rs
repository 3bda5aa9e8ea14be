//! Tests that the auditor finds broken rules.

use super::{super::store::Applied, Auditor};
use crate::{
    booking::{Booking, BookingRecord, BookingStatus},
    decide::search_change,
    kernel::{Id, Text},
    ledger::{Account, Entry, EntryRecord, Posting},
    store::Version,
    testing::build,
    transaction::{
        Amount, NewTransaction, PaymentMethod, Transaction, TransactionKind, TransactionNumber,
        TransactionStatus,
    },
};

fn entry(n: u64, cause: Id<Transaction>, postings: &[(Account, i64)]) -> Entry {
    let postings =
        postings.iter().map(|(account, amount)| Posting { account: *account, amount: build::kes(*amount) });
    let record = EntryRecord {
        id: build::id(n),
        cause: cause.into(),
        description: "test".to_owned(),
        at: build::start(),
        postings: postings.collect(),
    };
    Entry::new(record).expect("balanced")
}

fn applied(entries: Vec<Entry>) -> Applied {
    Applied { entries, ..Applied::default() }
}

/// A commit that writes a booking with its search entry.
fn writing(booking: Booking, entries: Vec<Entry>) -> Applied {
    let search = search_change(None, &booking, Version::FIRST).into_iter().collect();
    Applied { bookings: vec![booking], entries, search, ..Applied::default() }
}

fn payment(status: TransactionStatus, kind: TransactionKind) -> Transaction {
    let policy = crate::transaction::PaymentPolicy::default();
    let entropy = crate::kernel::SeededEntropy::new(1);
    let context = crate::transaction::Context {
        actor: crate::kernel::Actor::System,
        now: build::start(),
        policy: &policy,
        entropy: &entropy,
        inputs: crate::transaction::Inputs::default(),
    };
    let amount = Amount::whole(build::kes(1_000));
    let new = NewTransaction {
        booking: Some(build::id(1)),
        payee: Some(build::id(2)),
        ..NewTransaction::new(kind, PaymentMethod::Mpesa, amount)
    };
    let mut record = Transaction::begin(new, &context).expect("one currency").next.into_record();
    record.number = TransactionNumber::from_stored("TXN260302000001");
    record.status = status;
    Transaction::from_record(record)
}

const CLEARING: Account = Account::Clearing(PaymentMethod::Mpesa);

#[test]
fn negative_wallet_is_found() {
    let escrow = Account::Escrow(build::id(1));
    let mut auditor = Auditor::default();
    let hold = entry(1, build::id(9), &[(CLEARING, -1_000), (escrow, 1_000)]);
    assert_eq!(auditor.read(&applied(vec![hold])), Ok(()));
    let too_much = entry(2, build::id(9), &[(CLEARING, 1_001), (escrow, -1_001)]);
    assert!(auditor.read(&applied(vec![too_much])).unwrap_err().contains("stands at"));
}

#[test]
fn double_release_and_double_payout_are_found() {
    let (escrow, payable) = (Account::Escrow(build::id(1)), Account::Payable(build::id(2)));
    let mut auditor = Auditor::default();
    let hold = entry(1, build::id(9), &[(CLEARING, -1_000), (escrow, 1_000)]);
    let release = |n| entry(n, build::id(9), &[(escrow, -500), (payable, 500)]);
    assert_eq!(auditor.read(&applied(vec![hold, release(2)])), Ok(()));
    assert!(auditor.read(&applied(vec![release(3)])).unwrap_err().contains("released twice"));

    let mut auditor = Auditor::default();
    let reserved = Account::Reserved(build::id(8));
    let aside = entry(1, build::id(8), &[(payable, -1_000), (reserved, 1_000)]);
    let out = |n| entry(n, build::id(8), &[(reserved, -500), (CLEARING, 500)]);
    assert_eq!(auditor.read(&applied(vec![aside, out(2)])), Ok(()));
    assert!(auditor.read(&applied(vec![out(3)])).unwrap_err().contains("paid out twice"));
}

#[test]
fn unbooked_and_unapproved_payments_are_found() {
    let paid = payment(TransactionStatus::Completed, TransactionKind::BookingPayment);
    let commit = || Applied { transactions: vec![paid.clone()], ..applied(Vec::new()) };
    let mut auditor = Auditor::default();
    assert!(auditor.read(&commit()).unwrap_err().contains("the approved total is None"));
    auditor.note_approved(build::id(1), build::kes(999));
    assert!(auditor.read(&commit()).unwrap_err().contains("charges 1000"));
    auditor.note_approved(build::id(1), build::kes(1_000));
    assert!(auditor.read(&commit()).unwrap_err().contains("was not requested"));
}

#[test]
fn invalid_transitions_are_found() {
    let at =
        |status| Applied { transactions: vec![payment(status, TransactionKind::Tip)], ..applied(Vec::new()) };
    let mut auditor = Auditor::default();
    assert_eq!(auditor.read(&at(TransactionStatus::Processing)), Ok(()));
    assert!(
        auditor.read(&at(TransactionStatus::Pending)).unwrap_err().contains("from processing to pending")
    );

    let mut booking = build::booking(1, &build::customer(1), None, BookingStatus::Matching);
    let commit = |booking: &BookingRecord| writing(Booking::from_record(booking.clone()), Vec::new());
    assert_eq!(auditor.read(&commit(&booking)), Ok(()));
    booking.status = BookingStatus::Paid;
    assert!(auditor.read(&commit(&booking)).unwrap_err().contains("ends in another status"));
}

#[test]
fn outdated_search_entries_are_found() {
    let mut record = build::booking(1, &build::customer(1), None, BookingStatus::Matching);
    let mut auditor = Auditor::default();
    assert_eq!(auditor.read(&writing(Booking::from_record(record.clone()), Vec::new())), Ok(()));
    record.description = Text::from_stored("another text");
    let unindexed = Applied { search: Vec::new(), ..writing(Booking::from_record(record), Vec::new()) };
    assert!(auditor.read(&unindexed).unwrap_err().contains("an earlier state"));
}

#[test]
fn wrong_commission_reservations_are_found() {
    let technician = build::technician(1, crate::account::Category::Plumbing, build::nairobi());
    let open = Account::OpenCashJobs(technician.id);
    let at = |status| {
        let record = build::booking(1, &build::customer(1), Some(&technician), status);
        Booking::from_record(record)
    };
    let reserving =
        |amount: i64| vec![entry(1, build::id(9), &[(open, -amount), (Account::OpenAmounts, amount)])];
    let with = |status, entries| writing(at(status), entries);
    let read = |applied| Auditor::default().read(&applied);
    assert_eq!(read(with(BookingStatus::Accepted, reserving(460))), Ok(()));
    assert!(read(with(BookingStatus::Accepted, Vec::new())).unwrap_err().contains("460.00 KES is due"));
    assert!(read(with(BookingStatus::Assigned, reserving(460))).unwrap_err().contains("0.00 KES is due"));

    let mut auditor = Auditor::default();
    let owing = entry(1, build::id(9), &[(Account::Payable(technician.id), -541), (Account::Bank, 541)]);
    assert_eq!(auditor.read(&applied(vec![owing])), Ok(()));
    let past_the_limit = auditor.read(&with(BookingStatus::Accepted, reserving(460)));
    assert!(past_the_limit.unwrap_err().contains("a possible debt of 1001.00 KES"));
}
