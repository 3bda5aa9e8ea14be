//! Bounds of account balances.

use std::sync::Arc;

use super::{
    Fixture,
    fixture::together,
    given::{apply, pending, refuse, stored_booking},
};
use crate::{
    booking::Booking,
    kernel::{Currency, Id, Money},
    ledger::{Account, Entry},
    ports::Store,
    store::{AggregateRef, Bound, ChangeSet, Committed, Put, StoreError, Stored},
    testing::build::{customer, entry, id, kes},
    transaction::PaymentMethod,
};

const MPESA: Account = Account::Clearing(PaymentMethod::Mpesa);

fn wallet() -> Account {
    Account::Wallet(customer(1).id)
}

/// A commit of entries with a new booking as their cause.
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

/// Whether the error is a breach of a bound of this account.
fn is_breach(error: &StoreError, account: Account) -> bool {
    matches!(error, StoreError::OutOfBounds(breach) if breach.account == account)
}

async fn is_there(store: &dyn Store, n: u64) -> bool {
    let found: Option<Stored<Booking>> = store.load(pending(n).id).await.unwrap();
    found.is_some()
}

pub(super) async fn keep_held_money_non_negative(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let accounts = [wallet(), Account::Escrow(id(1)), Account::Reserved(id(1))];
    for (n, account) in (0..).zip(accounts) {
        let number = n * 10;
        let error = refuse(&*store, book(number, &[(account, MPESA, kes(1))])).await;
        assert!(is_breach(&error, account), "an empty wallet: {error:?}");
        apply(&*store, book(number + 1, &[(MPESA, account, kes(100))])).await;
        let error =
            refuse(&*store, book(number + 2, &[(account, MPESA, Money::from_minor(10_001, Currency::KES))]))
                .await;
        assert!(is_breach(&error, account), "a cent too much: {error:?}");
        let dollars = Money::from_major(1, Currency::USD);
        let error = refuse(&*store, book(number + 2, &[(account, MPESA, dollars)])).await;
        assert!(is_breach(&error, account), "another currency: {error:?}");
        assert_eq!(balance(&*store, account).await, kes(100));
        apply(&*store, book(number + 3, &[(account, MPESA, kes(100))])).await;
        assert_eq!(balance(&*store, account).await, kes(0), "the whole balance can be spent");
    }
    // Other accounts may be negative.
    for (n, account) in
        (40..).zip([Account::Payable(id(1)), Account::Receivable(id(1)), MPESA, Account::Bank])
    {
        apply(&*store, book(n, &[(account, Account::Losses, kes(5))])).await;
    }
    assert_eq!(store.recount().await.unwrap(), store.trial_balance().await.unwrap());
}

pub(super) async fn check_the_sum_of_a_set(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let escrow = Account::Escrow(id(1));
    // The order and number of postings do not matter; the final balance counts.
    let through = [(wallet(), escrow, kes(70)), (MPESA, wallet(), kes(100)), (escrow, MPESA, kes(70))];
    apply(&*store, book(1, &through)).await;
    assert_eq!((balance(&*store, wallet()).await, balance(&*store, escrow).await), (kes(30), kes(0)));
    let too_much = [(wallet(), MPESA, kes(20)), (wallet(), MPESA, kes(20)), (MPESA, wallet(), kes(9))];
    let error = refuse(&*store, book(2, &too_much)).await;
    assert!(is_breach(&error, wallet()), "{error:?}");
    let enough = [(wallet(), MPESA, kes(20)), (wallet(), MPESA, kes(20)), (MPESA, wallet(), kes(10))];
    apply(&*store, book(3, &enough)).await;
    assert_eq!(balance(&*store, wallet()).await, kes(0));
    // Of several breaches, the first in the order of accounts is reported.
    let both = [(wallet(), MPESA, kes(1)), (escrow, MPESA, kes(1))];
    let error = refuse(&*store, book(4, &both)).await;
    assert!(is_breach(&error, escrow), "{error:?}");
}

pub(super) async fn enforce_minimums_of_a_set(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let account = Account::Payable(customer(1).id);
    let bounded = |changes, min| ChangeSet { bounds: vec![Bound::at_least(account, kes(min))], ..changes };
    apply(&*store, book(1, &[(MPESA, account, kes(60))])).await;
    apply(&*store, book(2, &[(MPESA, account, kes(40))])).await;
    let error = refuse(&*store, bounded(book(3, &[(account, MPESA, kes(101))]), 0)).await;
    assert!(is_breach(&error, account), "{error:?}");
    apply(&*store, bounded(book(3, &[(account, MPESA, kes(100))]), 0)).await;
    apply(&*store, book(4, &[(account, MPESA, kes(50))])).await;
    assert_eq!(balance(&*store, account).await, kes(-50), "without a bound the balance may become negative");
    // A set that does not lower the balance is accepted at any balance.
    apply(&*store, bounded(book(5, &[(MPESA, account, kes(10))]), 0)).await;
    apply(&*store, bounded(book(6, &[(MPESA, account, kes(10)), (account, MPESA, kes(10))]), 0)).await;
    let error = refuse(&*store, bounded(book(7, &[(account, MPESA, kes(1))]), 0)).await;
    assert!(is_breach(&error, account), "{error:?}");
    // A negative minimum allows that debt, also for an account without postings.
    apply(&*store, bounded(book(7, &[(account, MPESA, kes(60))]), -100)).await;
    let error = refuse(&*store, bounded(book(8, &[(account, MPESA, kes(1))]), -100)).await;
    assert!(is_breach(&error, account), "{error:?}");
    let fresh = Account::Receivable(customer(2).id);
    let at_least = |min| ChangeSet {
        bounds: vec![Bound::at_least(fresh, kes(min))],
        ..book(9, &[(fresh, MPESA, kes(10))])
    };
    let error = refuse(&*store, at_least(-9)).await;
    assert!(is_breach(&error, fresh), "{error:?}");
    apply(&*store, at_least(-10)).await;
    // The bound does not apply to a set without postings on the account.
    apply(&*store, bounded(book(90, &[(MPESA, wallet(), kes(1))]), 1_000)).await;
}

pub(super) async fn enforce_maximums_of_a_set(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let at_most = |changes, max| ChangeSet { bounds: vec![Bound::at_most(wallet(), kes(max))], ..changes };
    let error = refuse(&*store, at_most(book(1, &[(MPESA, wallet(), kes(101))]), 100)).await;
    assert!(is_breach(&error, wallet()), "{error:?}");
    apply(&*store, at_most(book(1, &[(MPESA, wallet(), kes(100))]), 100)).await;
    let error = refuse(&*store, at_most(book(2, &[(MPESA, wallet(), kes(1))]), 100)).await;
    assert!(is_breach(&error, wallet()), "{error:?}");
    apply(&*store, book(2, &[(MPESA, wallet(), kes(50))])).await;
    // A set that lowers the balance, or changes another currency, is accepted at any balance.
    apply(&*store, at_most(book(3, &[(wallet(), MPESA, kes(10))]), 100)).await;
    let dollars = Money::from_major(500, Currency::USD);
    apply(&*store, at_most(book(4, &[(MPESA, wallet(), dollars)]), 100)).await;
    assert_eq!(balance(&*store, wallet()).await, kes(140));
}

pub(super) async fn enforce_bounds_of_two_accounts(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let open = Account::OpenTopUps(customer(1).id);
    let bound = Bound::at_most(wallet(), kes(100)).counting(open);
    let bounded = |changes| ChangeSet { bounds: vec![bound], ..changes };
    apply(&*store, bounded(book(1, &[(Account::OpenAmounts, open, kes(60))]))).await;
    let error = refuse(&*store, bounded(book(2, &[(MPESA, wallet(), kes(41))]))).await;
    assert!(is_breach(&error, wallet()), "{error:?}");
    apply(&*store, bounded(book(2, &[(MPESA, wallet(), kes(40))]))).await;
    let error = refuse(&*store, bounded(book(3, &[(Account::OpenAmounts, open, kes(1))]))).await;
    assert!(is_breach(&error, wallet()), "{error:?}");
    // A transfer between the two accounts does not change their sum and is always accepted.
    apply(&*store, book(3, &[(MPESA, wallet(), kes(500))])).await;
    let arrives = [(open, Account::OpenAmounts, kes(60)), (MPESA, wallet(), kes(60))];
    apply(&*store, bounded(book(4, &arrives))).await;
    assert_eq!((balance(&*store, wallet()).await, balance(&*store, open).await), (kes(600), kes(0)));
}

pub(super) async fn refuse_bounds_of_common_accounts(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    for bound in [
        Bound::at_least(Account::PlatformRevenue, kes(0)),
        Bound::at_most(wallet(), kes(10)).counting(MPESA),
        Bound::at_most(wallet(), kes(10)).counting(wallet()),
    ] {
        let changes = ChangeSet { bounds: vec![bound], ..book(1, &[]) };
        let error = refuse(&*store, changes).await;
        assert!(matches!(error, StoreError::Malformed(_)), "{error:?}");
    }
}

pub(super) async fn leave_no_effect_of_refused_sets(fixture: &dyn Fixture) {
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

/// Commits all sets concurrently and returns how many were applied. The others must be refused for lack of
/// funds.
async fn race(fixture: &dyn Fixture, store: &Arc<dyn Store>, rivals: Vec<ChangeSet>) -> usize {
    let commits = rivals.into_iter().map(|changes| {
        let store = Arc::clone(store);
        async move { store.commit(changes).await }
    });
    let won = |result: &Result<Committed, StoreError>| match result {
        Ok(Committed::Applied) => true,
        Err(StoreError::OutOfBounds(_)) => false,
        other => panic!("expected an applied set or a refusal for lack of funds, got {other:?}"),
    };
    together(fixture, commits).await.iter().filter(|result| won(result)).count()
}

pub(super) async fn let_racing_spenders_use_the_whole_balance(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    for round in 0..5_u64 {
        let first = round * 100;
        apply(&*store, book(first, &[(MPESA, wallet(), kes(75))])).await;
        let spend = |n| {
            let n = first + n;
            book(n, &[(wallet(), Account::Escrow(Id::from_bytes(pending(n).id.to_bytes())), kes(10))])
        };
        let won = race(fixture, &store, (1..=20).map(spend).collect()).await;
        assert_eq!(won, 7, "round {round}: 20 sets that each spend 10 of 75");
        assert_eq!(balance(&*store, wallet()).await, kes(5));
        let mut stored = 0;
        for n in 1..=20 {
            stored += usize::from(is_there(&*store, first + n).await);
        }
        assert_eq!(stored, 7, "round {round}: refused sets left no other effect");
        apply(&*store, book(first + 50, &[(wallet(), MPESA, kes(5))])).await;
    }
    assert_eq!(store.recount().await.unwrap(), store.trial_balance().await.unwrap());
}

pub(super) async fn enforce_a_bound_in_a_race(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let owing = Account::Receivable(customer(1).id);
    let owe = |n| ChangeSet {
        bounds: vec![Bound::at_least(owing, kes(-75))],
        ..book(n, &[(owing, Account::Escrow(Id::from_bytes(pending(n).id.to_bytes())), kes(10))])
    };
    let won = race(fixture, &store, (1..=20).map(owe).collect()).await;
    assert_eq!(won, 7, "20 sets that each spend 10 of 75");
    assert_eq!(balance(&*store, owing).await, kes(-70));
}

pub(super) async fn enforce_a_bound_of_a_sum_in_a_race(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    for round in 0..5_u64 {
        let first = round * 100;
        let owner = customer(round + 1).id;
        let (account, open) = (Account::Wallet(owner), Account::OpenTopUps(owner));
        let bound = Bound::at_most(account, kes(75)).counting(open);
        // Half of the sets credit one account of the sum, and half the other.
        let add = |n| {
            let to =
                if n % 2 == 0 { (MPESA, account, kes(10)) } else { (Account::OpenAmounts, open, kes(10)) };
            ChangeSet { bounds: vec![bound], ..book(first + n, &[to]) }
        };
        let won = race(fixture, &store, (1..=20).map(add).collect()).await;
        assert_eq!(won, 7, "round {round}: 20 sets that each add 10 up to 75");
        let sum = balance(&*store, account).await.checked_add(balance(&*store, open).await).unwrap();
        assert_eq!(sum, kes(70));
    }
    assert_eq!(store.recount().await.unwrap(), store.trial_balance().await.unwrap());
}

pub(super) async fn are_conserved_in_a_race(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    stored_booking(&*store, pending(9_999)).await;
    // Pairs of accounts transfer the same shilling in overlapping circles.
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
    assert_eq!(sum, kes(12), "the total does not change");
    let fees = i64::try_from(won).unwrap();
    assert_eq!(balance(&*store, Account::ProcessingRevenue).await, kes(fees));
    assert_eq!(store.recount().await.unwrap(), store.trial_balance().await.unwrap());
}
