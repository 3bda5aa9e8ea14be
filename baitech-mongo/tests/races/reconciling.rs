//! Concurrent workers over two connections on reconciliations of the same statements: each transaction is
//! completed and marked once, and counted by one job.

use std::sync::Arc;

use baitech_core::{
    Marketplace,
    kernel::{Actor, Currency, Id, ManualClock, Money},
    ledger::Account,
    payment::{
        NewPayment, ReconcileRequest, Reconciliation, ReconciliationCounts, ReconciliationState,
        StatementPreset,
    },
    store::{LedgerReader, Put},
    testing::build::{self, kes},
    transaction::{PaymentMethod, Transaction, TransactionKind, TransactionStatus},
};

use crate::{
    money::Phone,
    world::{World, at_once, now},
};

const TOP_UPS: u64 = 620;
const TRANSFERS: usize = 12;

/// Completed top-ups and a statement with all of them; the last ten lines are one shilling short.
async fn topped_up(world: &World) -> String {
    let mut statement = "reference,amount,fee\n".to_owned();
    let mut writes = Vec::new();
    for n in 1..=TOP_UPS {
        let (kind, status) = (TransactionKind::WalletTopup, TransactionStatus::Completed);
        // Numbers above those that the engine draws on that day.
        let record = build::transaction(10_000 + n, &world.customer, kind, status, kes(10));
        let reference = record.gateway.reference.clone().unwrap();
        let amount = if n > TOP_UPS - 10 { 9 } else { 10 };
        statement += &format!("{reference},{amount},1\n");
        writes.push(Put::new(Transaction::from_record(record)).into());
    }
    world.store(writes).await;
    statement
}

/// Awaited transfers of a company and a statement with all of them.
async fn announced(world: &World, market: &Marketplace) -> String {
    let company = build::company(1);
    world.store([Put::new(company.clone()).into()]).await;
    let mut statement = "date,narration,reference,debit,credit\n".to_owned();
    for n in 0..TRANSFERS {
        let by_transfer = NewPayment { method: Some(PaymentMethod::BankTransfer), ..NewPayment::default() };
        let started = market.payments().top_up(&company.actor(), kes(100), &by_transfer).await.unwrap();
        statement += &format!("2026-03-02,Transfer {},FT{n},,100.00\n", started.transaction.number);
    }
    statement
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn concurrent_workers_on_the_same_statements_book_each_effect_once() {
    let world = World::new().await;
    let markets = [0, 1, 0, 1].map(|store: usize| {
        let store = Arc::new(world.stores[store].clone());
        let clock = Arc::new(ManualClock::at(now()));
        Marketplace::builder(store).clock(clock).gateway(Arc::new(Phone)).build()
    });
    let (mobile, bank) = (topped_up(&world).await, announced(&world, &markets[0]).await);
    let submit = async |method, statement: &String| -> Id<Reconciliation> {
        let format = (method == PaymentMethod::Mpesa).then_some(StatementPreset::Generic);
        let request = ReconcileRequest { method, format, period: None };
        let job = markets[0].payments().reconcile(&Actor::System, &request, statement.as_bytes()).await;
        job.unwrap().id
    };
    let mut jobs = Vec::new();
    for _ in 0..2 {
        jobs.push(submit(PaymentMethod::Mpesa, &mobile).await);
        jobs.push(submit(PaymentMethod::BankTransfer, &bank).await);
    }
    let work = markets.clone().map(|market| {
        let jobs = jobs.clone();
        async move {
            let payments = market.payments();
            for id in jobs {
                while !payments.advance_reconciliation(&Actor::System, id).await.unwrap().is_done() {}
            }
        }
    });
    at_once(work).await;

    let mut counts: Vec<ReconciliationCounts> = Vec::new();
    for id in &jobs {
        let view = markets[1].payments().reconciliation(&Actor::System, *id).await.unwrap();
        assert_eq!(view.state, ReconciliationState::Done);
        let findings = view.findings.unwrap();
        assert_eq!(findings.amount_differs.len() as u64, view.counts.amount_differs);
        counts.push(view.counts);
    }
    let sum = |count: fn(&ReconciliationCounts) -> u64| counts.iter().map(count).sum::<u64>();
    assert_eq!(sum(|counts| counts.transfers_completed), TRANSFERS as u64);
    assert_eq!(sum(|counts| counts.marked), TOP_UPS + TRANSFERS as u64);
    assert_eq!(sum(|counts| counts.amount_differs), 2 * 10);
    assert_eq!(sum(|counts| counts.matched + counts.amount_differs), 2 * (TOP_UPS + TRANSFERS as u64));
    let store = &world.stores[0];
    let balance = async |account| store.balance(account, Currency::KES).await.unwrap();
    assert_eq!(balance(Account::GatewayCharges).await, kes(-i64::try_from(TOP_UPS).unwrap()));
    assert_eq!(balance(Account::Wallet(build::company(1).id)).await, kes(1_200));
    let balances = store.trial_balance().await.unwrap();
    assert_eq!(balances, store.recount().await.unwrap());
    assert!(Money::sum(Currency::KES, balances.iter().map(|(_, balance)| *balance)).unwrap().is_zero());
}
