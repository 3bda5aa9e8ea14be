//! A provider's statement against the books, in batches.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Mutex,
};

use baitech_core::{
    booking::PaymentMethod,
    kernel::Actor,
    ledger::Account,
    payment::{
        NewPayment, ReconcileProgress, ReconcileRequest, ReconcileStep, StatementPreset,
        reconcile::ReconciliationReport,
    },
};
use chrono::TimeDelta;

use crate::{
    support::{kes, run},
    till::Till,
};

const PAYMENTS: usize = 120;

/// Many top-ups, and the statement that has them all, each with a charge of one shilling.
fn topped_up(till: &Till) -> String {
    let mut statement = "reference,amount,fee\n".to_owned();
    for n in 0..PAYMENTS {
        till.mpesa.says_settled(&format!("SJK{n}"));
        run(till.payments().top_up(&till.customer(), kes(10), &NewPayment::default())).unwrap();
        statement += &format!("SJK{n},10,1\n");
        till.world.clock.advance(TimeDelta::days(3));
    }
    assert_eq!(till.balance(Account::Wallet(till.world.customer.id)), 1_200);
    statement
}

fn request() -> ReconcileRequest {
    ReconcileRequest { method: PaymentMethod::Mpesa, format: Some(StatementPreset::Generic), period: None }
}

fn reconcile(till: &Till, statement: &str) -> (ReconciliationReport, Vec<ReconcileProgress>) {
    let seen = Mutex::new(Vec::new());
    let note = |progress| seen.lock().unwrap().push(progress);
    let request = request();
    let report = till.payments();
    let report = report.reconcile_with(&Actor::System, &request, statement.as_bytes(), &note);
    let report = run(report).unwrap();
    (report, seen.into_inner().unwrap())
}

#[test]
fn transactions_are_marked_in_batches_with_progress_and_each_once() {
    let till = Till::new();
    let statement = topped_up(&till);
    let (report, progress) = reconcile(&till, &statement);
    assert_eq!(report.matched.len(), PAYMENTS);
    assert_eq!((report.rows.read, report.rows.accounted()), (120, 120));
    let expected =
        [50, 100, 120].map(|done| ReconcileProgress { step: ReconcileStep::Marks, done, total: PAYMENTS });
    assert_eq!(progress, expected);
    assert_eq!(till.balance(Account::GatewayCharges), -120);
    let (books, events) = (till.books(), till.world.events().len());
    reconcile(&till, &statement);
    assert_eq!((till.books(), till.world.events().len()), (books, events), "repeating it changes nothing");
}

#[test]
fn a_reconciliation_that_dies_in_the_middle_goes_on_where_it_was() {
    let till = Till::new();
    let statement = topped_up(&till);
    let die = |_: ReconcileProgress| panic!("the process is killed");
    let request = request();
    let payments = till.payments();
    let dying = payments.reconcile_with(&Actor::System, &request, statement.as_bytes(), &die);
    assert!(catch_unwind(AssertUnwindSafe(|| run(dying))).is_err());
    assert_eq!(till.balance(Account::GatewayCharges), -50, "the first batch is booked");
    let (report, _) = reconcile(&till, &statement);
    assert_eq!(report.matched.len(), PAYMENTS);
    assert_eq!(till.balance(Account::GatewayCharges), -120, "each charge is booked once");
}

#[test]
fn two_reconciliations_at_once_book_each_charge_once() {
    let till = Till::new();
    let statement = topped_up(&till);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| reconcile(&till, &statement));
        }
    });
    assert_eq!(till.balance(Account::GatewayCharges), -120);
    till.books();
}
