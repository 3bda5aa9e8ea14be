//! Those who come near a limit at the same time: together they stay within it.

use std::sync::Arc;

use baitech_core::{
    Marketplace,
    booking::{Booking, BookingPolicy, BookingStatus, PaymentMethod},
    kernel::{Actor, Currency, Error, ManualClock, Money, Role, Rule},
    ledger::Account,
    payment::{NewPayment, TransactionKind},
    store::{LedgerReader, Put},
    testing::build::{self, kes},
};

use crate::world::{World, at_once, now};

const RIVALS: u64 = 12;

/// Engines over both connections, with these limits.
fn limited(world: &World, change: impl Fn(&mut BookingPolicy)) -> Vec<Marketplace> {
    let market = |store: &baitech_mongo::MongoStore| {
        let mut policy = BookingPolicy::default();
        change(&mut policy);
        let clock = Arc::new(ManualClock::at(now()));
        Marketplace::builder(Arc::new(store.clone())).clock(clock).policy(policy).build()
    };
    world.stores.iter().map(market).collect()
}

async fn balance(world: &World, account: Account) -> Money {
    world.stores[0].balance(account, Currency::KES).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn payments_on_credit_at_once_stay_within_the_limit() {
    let world = World::new().await;
    let markets = limited(&world, |policy| policy.payment.credit_limit = kes(4 * 2_738 + 100));
    let company = build::company(1);
    let technician = world.technician(1).await;
    world.store([Put::new(company.clone()).into()]).await;
    let bookings: Vec<Booking> = (0..RIVALS)
        .map(|n| {
            let mut record = build::booking(n, &company, Some(&technician), BookingStatus::Accepted);
            record.payment.method = Some(PaymentMethod::BankTransfer);
            Booking::from_record(record)
        })
        .collect();
    world.store(bookings.iter().map(|booking| Put::new(booking.clone()).into())).await;
    let pay = |(n, booking): (usize, &Booking)| {
        let payments = markets[n % 2].payments().agreed(booking.pricing.total);
        let (actor, id) = (Actor::user(company.id, Role::Corporate), booking.id);
        async move { payments.pay(&actor, id, &NewPayment::default()).await.map(drop) }
    };
    let answers = at_once(bookings.iter().enumerate().map(pay)).await;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 4, "{answers:?}");
    for refusal in answers.into_iter().filter_map(Result::err) {
        assert_eq!(refusal.rule(), Some(Rule::DebtLimit), "{refusal:?}");
    }
    assert_eq!(balance(&world, Account::Receivable(company.id)).await, kes(-4 * 2_738));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn top_ups_begun_at_once_stay_within_the_wallet_limit() {
    let world = World::new().await;
    let markets: Vec<Marketplace> = limited(&world, |policy| policy.payment.wallet_limit = kes(350));
    let company = build::company(1);
    world.store([Put::new(company.clone()).into()]).await;
    let owner = company.id;
    let ask = |n: u64| {
        let payments = markets[usize::try_from(n).unwrap() % 2].payments();
        let request = NewPayment { method: Some(PaymentMethod::BankTransfer), ..NewPayment::default() };
        async move {
            payments
                .top_up(&Actor::user(owner, Role::Corporate), kes(100), &request)
                .await
                .map(|begun| begun.transaction)
        }
    };
    let answers = at_once((0..RIVALS).map(ask)).await;
    let begun: Vec<_> = answers.iter().filter_map(|answer| answer.as_ref().ok()).collect();
    assert_eq!(begun.len(), 3, "{answers:?}");
    assert!(begun.iter().all(|begun| begun.kind == TransactionKind::WalletTopup));
    assert!(
        answers
            .iter()
            .filter_map(|answer| answer.as_ref().err())
            .all(|error| matches!(error, Error::Invalid(_)))
    );
    let sum = balance(&world, Account::Wallet(owner)).await;
    let open = balance(&world, Account::OpenTopUps(owner)).await;
    assert_eq!(sum.checked_add(open).unwrap(), kes(300));
}
