use std::{cmp::Reverse, collections::BTreeMap, sync::Arc};

use chrono::{SubsecRound, TimeDelta};

use super::{
    Fixture,
    fixture::together,
    given::{apply, rename, stored_user},
    pages::{assert_complete, assert_refuses_foreign_cursors, walk, walk_while_changing},
};
use crate::{
    kernel::{Currency, Money},
    ledger::{Account, AccountLine, Entry, EntryRecord, Posting},
    store::{AggregateRef, ChangeSet, Put},
    testing::build::{customer, entry, id, kes, start},
    transaction::PaymentMethod,
};

fn book(entries: Vec<Entry>, n: u64) -> ChangeSet {
    ChangeSet { entries, ..ChangeSet::new().write(Put::new(customer(n))) }
}

pub(super) async fn sums_postings(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let user = stored_user(&*store, customer(1)).await;
    let (cause, wallet) = (AggregateRef::User(user.id), Account::Wallet(user.id));
    assert_eq!(store.balance(wallet, Currency::KES).await.unwrap(), kes(0));
    let cents = |cents| Money::from_minor(cents, Currency::KES);
    let entries = vec![
        entry(1, cause, Account::Clearing(PaymentMethod::Mpesa), wallet, kes(1_000)),
        entry(2, cause, wallet, Account::Escrow(id(7)), cents(30_010)),
        entry(3, cause, Account::Bank, wallet, Money::from_minor(5, Currency::USD)),
    ];
    apply(&*store, ChangeSet { entries, ..rename(&user, "Payer") }).await;
    assert_eq!(store.balance(wallet, Currency::KES).await.unwrap(), cents(69_990));
    assert_eq!(store.balance(wallet, Currency::USD).await.unwrap(), Money::from_minor(5, Currency::USD));
    assert_eq!(store.balance(Account::Escrow(id(7)), Currency::KES).await.unwrap(), cents(30_010));
    assert_eq!(store.balance(Account::Escrow(id(8)), Currency::KES).await.unwrap(), kes(0));
    let mpesa = Account::Clearing(PaymentMethod::Mpesa);
    assert_eq!(store.balance(mpesa, Currency::KES).await.unwrap(), kes(-1_000));
}

pub(super) async fn shows_every_account(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    assert_eq!(store.trial_balance().await.unwrap(), []);
    let accounts = [
        Account::Clearing(PaymentMethod::Mpesa),
        Account::Clearing(PaymentMethod::Cash),
        Account::Bank,
        Account::Escrow(id(2)),
        Account::Escrow(id(1)),
        Account::Wallet(id(1)),
        Account::Reserved(id(1)),
        Account::Payable(id(1)),
        Account::Receivable(id(1)),
        Account::PlatformRevenue,
        Account::ProcessingRevenue,
        Account::GatewayCharges,
        Account::Discounts,
        Account::WithholdingPayable,
        Account::VatPayable,
        Account::Losses,
        Account::OpeningBalance,
    ];
    let cause = AggregateRef::User(customer(1).id);
    let mut expected = BTreeMap::new();
    let mut entries = Vec::new();
    for (n, pair) in (0..).zip(accounts.windows(2)) {
        for currency in [Currency::USD, Currency::KES] {
            // Each account receives more than it pays, since some accounts must not be negative.
            let amount = Money::from_major(100 - i64::from(n), currency);
            entries.push(entry(
                u64::from(n * 2 + u32::from(currency == Currency::KES)),
                cause,
                pair[0],
                pair[1],
                amount,
            ));
            for (account, amount) in [(pair[0], amount.negated()), (pair[1], amount)] {
                let sum = expected.entry((account, currency.code())).or_insert(Money::zero(currency));
                *sum = sum.checked_add(amount).unwrap();
            }
        }
    }
    // An account whose balance is zero again still has postings.
    entries.push(entry(900, cause, Account::Bank, Account::Wallet(id(9)), kes(5)));
    entries.push(entry(901, cause, Account::Wallet(id(9)), Account::Bank, kes(5)));
    expected.insert((Account::Wallet(id(9)), "KES"), kes(0));
    apply(&*store, book(entries, 1)).await;
    let expected: Vec<_> = expected.into_iter().map(|((account, _), amount)| (account, amount)).collect();
    assert_eq!(store.trial_balance().await.unwrap(), expected, "sorted by account and currency");
}

pub(super) async fn balances_under_races(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let write = |n: u64| {
        let store = Arc::clone(&store);
        async move {
            for round in 0..5 {
                let number = n * 5 + round;
                let cause = AggregateRef::User(customer(number).id);
                // All commits post to the same two accounts.
                let paid = entry(number * 2, cause, Account::Bank, Account::PlatformRevenue, kes(100));
                let back = entry(number * 2 + 1, cause, Account::PlatformRevenue, Account::Losses, kes(1));
                apply(&*store, book(vec![paid, back], number)).await;
            }
        }
    };
    together(fixture, (0..20).map(write)).await;
    let expected =
        [(Account::Bank, kes(-10_000)), (Account::PlatformRevenue, kes(9_900)), (Account::Losses, kes(100))];
    assert_eq!(store.trial_balance().await.unwrap(), expected);
}

pub(super) async fn recounts_to_the_same_balances(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    assert_eq!(store.recount().await.unwrap(), []);
    let write = |n: u64| {
        let store = Arc::clone(&store);
        async move {
            let cause = AggregateRef::User(customer(n).id);
            // The first postings on accounts that several commits share, and on one that they do not.
            let shared = Account::Payable(customer(n % 3).id);
            let entries = vec![
                entry(n * 3, cause, Account::Bank, shared, kes(7)),
                entry(n * 3 + 1, cause, shared, Account::Wallet(customer(n).id), kes(3)),
                entry(n * 3 + 2, cause, Account::Bank, shared, Money::from_minor(5, Currency::USD)),
            ];
            apply(&*store, book(entries, n)).await;
        }
    };
    together(fixture, (0..24).map(write)).await;
    let balances = store.trial_balance().await.unwrap();
    assert_eq!(store.recount().await.unwrap(), balances);
    let payable = store.balance(Account::Payable(customer(1).id), Currency::KES).await.unwrap();
    assert_eq!(payable, kes(8 * 4));
    for currency in [Currency::KES, Currency::USD] {
        let amounts = balances.iter().map(|(_, amount)| *amount);
        let sum = Money::sum(currency, amounts.filter(|amount| amount.currency() == currency)).unwrap();
        assert!(sum.is_zero(), "{sum}");
    }
}

/// Entries with postings on the bank account at ten times, several per time. Every fifth has two currencies;
/// every seventh has two postings on the account.
fn banking() -> Vec<Entry> {
    let mut entries = Vec::new();
    for n in 0..60_u64 {
        let place = i64::try_from(n).unwrap();
        let mut postings = vec![(Account::Bank, kes(place + 1)), (Account::Losses, kes(-place - 1))];
        if n % 5 == 0 {
            let cents = |cents| Money::from_minor(cents, Currency::USD);
            postings.extend([(Account::Losses, cents(-place - 7)), (Account::Bank, cents(place + 7))]);
        }
        if n % 7 == 0 {
            postings.extend([(Account::Bank, kes(2)), (Account::Discounts, kes(-2))]);
        }
        let at = start() + TimeDelta::microseconds(place * 37 % 10 * 700);
        let postings = postings.into_iter().map(|(account, amount)| Posting { account, amount }).collect();
        let (cause, description) = (AggregateRef::User(customer(n).id), format!("entry {n}"));
        entries.push(Entry::new(EntryRecord { id: id(n), cause, description, at, postings }).unwrap());
    }
    entries
}

/// The precision in which a store keeps the time of an entry.
fn millis(mut line: AccountLine) -> AccountLine {
    line.at = line.at.trunc_subsecs(3);
    line
}

pub(super) async fn lists_lines_without_gap_or_repeat(fixture: &dyn Fixture) {
    let store = &*fixture.store().await;
    let mut entries = banking();
    for (n, batch) in (0..).zip(entries.chunks(13)) {
        apply(store, book(batch.to_vec(), n)).await;
    }
    entries.sort_by_key(|entry| (Reverse(entry.at.timestamp_millis()), entry.id));
    for account in [Account::Bank, Account::Discounts, Account::Wallet(id(1))] {
        let expected: Vec<AccountLine> =
            entries.iter().flat_map(|entry| entry.lines_of(account)).map(millis).collect();
        for limit in [1, 7, 100] {
            let found = walk(limit, |page| async move { store.account_lines(account, &page).await }).await;
            let found: Vec<AccountLine> = found.into_iter().map(millis).collect();
            assert_eq!(found, expected, "{account} in pages of {limit}");
        }
    }
}

pub(super) async fn lists_lines_while_others_come(fixture: &dyn Fixture) {
    let store = &*fixture.store().await;
    apply(store, book(banking(), 1)).await;
    let list = |page| async move { store.account_lines(Account::Bank, &page).await };
    let found = walk_while_changing(6, list, |number, _| async move {
        let cause = AggregateRef::User(customer(100 + number).id);
        let other = entry(100 + number, cause, Account::Losses, Account::Bank, kes(1));
        apply(store, book(vec![other], 100 + number)).await;
    });
    let of = |line: &AccountLine| (line.entry, line.amount.currency().code());
    let seen = found.await.iter().map(of).enumerate().collect();
    let there = banking();
    assert_complete(seen, there.iter().flat_map(|entry| entry.lines_of(Account::Bank)).map(|line| of(&line)));
}

pub(super) async fn refuses_foreign_cursors(fixture: &dyn Fixture) {
    let store = &*fixture.store().await;
    assert_refuses_foreign_cursors(|page| async move { store.account_lines(Account::Bank, &page).await })
        .await;
}
