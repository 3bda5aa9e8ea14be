//! Accounts that must not fall below zero.

use std::sync::Arc;

use super::{
    Fixture,
    fixture::together,
    given::{apply, pending, refuse, stored_booking},
};
use crate::{
    booking::{Booking, PaymentMethod},
    kernel::{Currency, Id, Money},
    ledger::{Account, Entry},
    store::{AggregateRef, ChangeSet, Committed, Put, Store, StoreError, Stored},
    testing::build::{customer, entry, id, kes},
};

const MPESA: Account = Account::Clearing(PaymentMethod::Mpesa);

fn wallet() -> Account {
    Account::Wallet(customer(1).id)
}

/// A commit of entries beside a new booking, which is their cause.
fn book(n: u64, moves: &[(Account, Account, Money)]) -> ChangeSet {
    let booking = Booking::from_record(pending(n));
    let cause = AggregateRef::Booking(booking.id);
    let numbered = (n * 100..).zip(moves);
    let entries: Vec<Entry> =
        numbered.map(|(number, (from, to, amount))| entry(number, cause, *from, *to, *amount)).collect();
    ChangeSet { entries, ..ChangeSet::new().write(Put::new(booking)) }
}

async fn balance(store: &dyn Store, account: Account) -> Money {
    store.balance(account, Currency::KES).await.unwrap()
}

async fn is_there(store: &dyn Store, n: u64) -> bool {
    let found: Option<Stored<Booking>> = store.load(pending(n).id).await.unwrap();
    found.is_some()
}

pub(super) async fn bound_what_is_held_for_somebody(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let accounts = [wallet(), Account::Escrow(id(1)), Account::Reserved(id(1))];
    for (n, account) in (0..).zip(accounts) {
        let number = n * 10;
        let error = refuse(&*store, book(number, &[(account, MPESA, kes(1))])).await;
        assert!(matches!(error, StoreError::Overdrawn(of) if of == account), "of nothing: {error:?}");
        apply(&*store, book(number + 1, &[(MPESA, account, kes(100))])).await;
        let error =
            refuse(&*store, book(number + 2, &[(account, MPESA, Money::from_minor(10_001, Currency::KES))]))
                .await;
        assert!(matches!(error, StoreError::Overdrawn(of) if of == account), "a cent too much: {error:?}");
        let dollars = Money::from_major(1, Currency::USD);
        let error = refuse(&*store, book(number + 2, &[(account, MPESA, dollars)])).await;
        assert!(matches!(error, StoreError::Overdrawn(of) if of == account), "another currency: {error:?}");
        assert_eq!(balance(&*store, account).await, kes(100));
        apply(&*store, book(number + 3, &[(account, MPESA, kes(100))])).await;
        assert_eq!(balance(&*store, account).await, kes(0), "all of it may go");
    }
    // The others may owe.
    for (n, account) in
        (40..).zip([Account::Payable(id(1)), Account::Receivable(id(1)), MPESA, Account::Bank])
    {
        apply(&*store, book(n, &[(account, Account::Losses, kes(5))])).await;
    }
    assert_eq!(store.recount().await.unwrap(), store.trial_balance().await.unwrap());
}

pub(super) async fn judge_a_set_by_its_sum(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let escrow = Account::Escrow(id(1));
    // In any order, as often as it likes: what counts is what is left.
    let through = [(wallet(), escrow, kes(70)), (MPESA, wallet(), kes(100)), (escrow, MPESA, kes(70))];
    apply(&*store, book(1, &through)).await;
    assert_eq!((balance(&*store, wallet()).await, balance(&*store, escrow).await), (kes(30), kes(0)));
    let too_much = [(wallet(), MPESA, kes(20)), (wallet(), MPESA, kes(20)), (MPESA, wallet(), kes(9))];
    let error = refuse(&*store, book(2, &too_much)).await;
    assert!(matches!(error, StoreError::Overdrawn(of) if of == wallet()), "{error:?}");
    let enough = [(wallet(), MPESA, kes(20)), (wallet(), MPESA, kes(20)), (MPESA, wallet(), kes(10))];
    apply(&*store, book(3, &enough)).await;
    assert_eq!(balance(&*store, wallet()).await, kes(0));
    // Of several, the first in the order of accounts.
    let both = [(wallet(), MPESA, kes(1)), (escrow, MPESA, kes(1))];
    let error = refuse(&*store, book(4, &both)).await;
    assert!(matches!(error, StoreError::Overdrawn(of) if of == escrow), "{error:?}");
}

pub(super) async fn bound_others_where_a_set_asks_for_it(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    for (place, account) in (0..).zip([Account::Payable(customer(1).id), Account::PlatformRevenue]) {
        let n = place * 10;
        let solvent = |changes| ChangeSet { solvent: vec![account], ..changes };
        apply(&*store, book(n + 1, &[(MPESA, account, kes(60))])).await;
        apply(&*store, book(n + 2, &[(MPESA, account, kes(40))])).await;
        let error = refuse(&*store, solvent(book(n + 3, &[(account, MPESA, kes(101))]))).await;
        assert!(matches!(error, StoreError::Overdrawn(of) if of == account), "{error:?}");
        apply(&*store, solvent(book(n + 3, &[(account, MPESA, kes(100))]))).await;
        apply(&*store, book(n + 4, &[(account, MPESA, kes(50))])).await;
        assert_eq!(balance(&*store, account).await, kes(-50), "who does not ask may take it below");
        // What raises it, and what leaves it as it is, is fine however low it is.
        apply(&*store, solvent(book(n + 5, &[(MPESA, account, kes(10))]))).await;
        apply(&*store, solvent(book(n + 6, &[(MPESA, account, kes(10)), (account, MPESA, kes(10))]))).await;
        let error = refuse(&*store, solvent(book(n + 7, &[(account, MPESA, kes(1))]))).await;
        assert!(matches!(error, StoreError::Overdrawn(of) if of == account), "{error:?}");
    }
    // A set that does not touch the account has nothing to prove.
    let untouched = ChangeSet { solvent: vec![Account::Losses], ..book(90, &[(MPESA, wallet(), kes(1))]) };
    apply(&*store, untouched).await;
    apply(&*store, ChangeSet { solvent: vec![Account::PlatformRevenue], ..book(91, &[]) }).await;
}

pub(super) async fn leave_nothing_of_what_they_refuse(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    apply(&*store, book(1, &[(MPESA, wallet(), kes(10))])).await;
    let before = store.trial_balance().await.unwrap();
    let escrow = Account::Escrow(id(1));
    refuse(&*store, book(2, &[(MPESA, Account::Bank, kes(7)), (wallet(), escrow, kes(11))])).await;
    assert!(!is_there(&*store, 2).await);
    assert_eq!(store.trial_balance().await.unwrap(), before);
    assert_eq!(store.recount().await.unwrap(), before);
    apply(&*store, book(2, &[(MPESA, Account::Bank, kes(7)), (wallet(), escrow, kes(10))])).await;
}

/// Commits all at once; how many were applied. The others must have been refused for lack of funds.
async fn race(fixture: &dyn Fixture, store: &Arc<dyn Store>, rivals: Vec<ChangeSet>) -> usize {
    let commits = rivals.into_iter().map(|changes| {
        let store = Arc::clone(store);
        async move { store.commit(changes).await }
    });
    let won = |result: &Result<Committed, StoreError>| match result {
        Ok(Committed::Applied) => true,
        Err(StoreError::Overdrawn(_)) => false,
        other => panic!("neither applied nor refused for lack of funds: {other:?}"),
    };
    together(fixture, commits).await.iter().filter(|result| won(result)).count()
}

pub(super) async fn let_spenders_take_what_there_is(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    for round in 0..5_u64 {
        let first = round * 100;
        apply(&*store, book(first, &[(MPESA, wallet(), kes(75))])).await;
        let spend = |n| {
            let n = first + n;
            book(n, &[(wallet(), Account::Escrow(Id::from_bytes(pending(n).id.to_bytes())), kes(10))])
        };
        let won = race(fixture, &store, (1..=20).map(spend).collect()).await;
        assert_eq!(won, 7, "round {round}: of 20 who each want 10 of 75");
        assert_eq!(balance(&*store, wallet()).await, kes(5));
        let mut stored = 0;
        for n in 1..=20 {
            stored += usize::from(is_there(&*store, first + n).await);
        }
        assert_eq!(stored, 7, "round {round}: nothing else of the others is there");
        apply(&*store, book(first + 50, &[(wallet(), MPESA, kes(5))])).await;
    }
    assert_eq!(store.recount().await.unwrap(), store.trial_balance().await.unwrap());
}

pub(super) async fn hold_common_accounts_solvent_in_a_race(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let revenue = Account::PlatformRevenue;
    for n in 1..=5 {
        apply(&*store, book(n, &[(MPESA, revenue, kes(15))])).await;
    }
    let spend = |n| ChangeSet { solvent: vec![revenue], ..book(n, &[(revenue, Account::Bank, kes(10))]) };
    let won = race(fixture, &store, (100..120).map(spend).collect()).await;
    assert_eq!(won, 7, "of 20 who each want 10 of 75");
    assert_eq!(balance(&*store, revenue).await, kes(5));
}

pub(super) async fn come_and_go_in_a_race(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    stored_booking(&*store, pending(9_999)).await;
    // Pairs of accounts pass the same shilling on, in circles that cross.
    let wallets: Vec<Account> = (0..4).map(|n| Account::Wallet(customer(n).id)).collect();
    let first: Vec<_> = wallets.iter().map(|wallet| (MPESA, *wallet, kes(3))).collect();
    apply(&*store, book(1, &first)).await;
    let pass = |n: u64| {
        let from = usize::try_from(n % 4).unwrap();
        let to = usize::try_from((n + 1 + n / 4 % 3) % 4).unwrap();
        book(n + 100, &[(wallets[from], wallets[to], kes(1)), (MPESA, Account::ProcessingRevenue, kes(1))])
    };
    let won = race(fixture, &store, (0..40).map(pass).collect()).await;
    assert!(won > 0);
    let mut sum = kes(0);
    for wallet in &wallets {
        let left = balance(&*store, *wallet).await;
        assert!(!left.is_negative(), "{wallet}: {left}");
        sum = sum.checked_add(left).unwrap();
    }
    assert_eq!(sum, kes(12), "none is lost and none is made");
    let fees = i64::try_from(won).unwrap();
    assert_eq!(balance(&*store, Account::ProcessingRevenue).await, kes(fees));
    assert_eq!(store.recount().await.unwrap(), store.trial_balance().await.unwrap());
}
