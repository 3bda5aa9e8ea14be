use std::{collections::BTreeMap, sync::Arc};

use super::{
    Fixture,
    fixture::together,
    given::{apply, rename, stored_user},
};
use crate::{
    booking::PaymentMethod,
    kernel::{Currency, Money},
    ledger::{Account, Entry},
    store::{AggregateRef, ChangeSet, Put},
    testing::build::{customer, entry, id, kes},
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
            // Each is given more than it gives: some must not fall below zero.
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
    // An account that went back to zero has had postings all the same.
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
                // Everybody books on the same two accounts.
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
