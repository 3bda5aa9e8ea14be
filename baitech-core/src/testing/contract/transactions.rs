use std::{cmp::Reverse, collections::BTreeMap};

use chrono::TimeDelta;

use super::{
    Fixture,
    given::{apply, refuse, stored_transaction},
    pages::{assert_complete, assert_refuses_foreign_cursors, walk, walk_while_changing},
};
use crate::{
    kernel::{Id, Money, PageRequest},
    ports::Store,
    store::{ChangeSet, Put, StoreError, Stored},
    testing::build::{self, customer, id, kes, start},
    transaction::{
        FraudCheck, FraudDecision, FraudReview, HistoryQuery, PaymentHistory, PaymentMethod, PaymentOrigin,
        Transaction, TransactionFilter, TransactionKind, TransactionNumber, TransactionRecord,
        TransactionStatus, TransactionTotal,
    },
};

/// A booking's payment of customer 1, sent to the provider.
fn sent(n: u64) -> TransactionRecord {
    let (kind, status) = (TransactionKind::BookingPayment, TransactionStatus::Processing);
    build::transaction(n, &customer(1), kind, status, kes(2_738))
}

/// A write of the transaction after a change of its record, a minute later.
fn change(
    transaction: &Stored<Transaction>,
    change: impl FnOnce(&mut TransactionRecord),
) -> Put<Transaction> {
    let mut record = transaction.value.clone().into_record();
    record.updated_at += TimeDelta::minutes(1);
    change(&mut record);
    Put::over(transaction, Transaction::from_record(record))
}

pub(super) async fn are_found_by_their_fields(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let one = stored_transaction(&*store, sent(1)).await;
    stored_transaction(&*store, sent(2)).await;
    let nothing_sent = TransactionRecord { gateway: Default::default(), ..sent(3) };
    stored_transaction(&*store, nothing_sent).await;
    for found in [
        store.find_transaction_by_number(&one.number).await.unwrap(),
        store.find_by_token("token1").await.unwrap(),
        store.find_by_reference("ws_CO_1").await.unwrap(),
    ] {
        let found = found.expect("is found");
        assert_eq!((&found.value, found.version), (&one.value, one.version));
    }
    let found = store.find_by_token("token1").await.unwrap().expect("is found");
    let moved = change(&found, |record| {
        record.gateway.token = Some("other".to_owned());
        record.gateway.reference = None;
    });
    apply(&*store, ChangeSet::new().write(moved)).await;
    assert!(store.find_by_token("token1").await.unwrap().is_none(), "no longer under the old token");
    assert!(store.find_by_reference("ws_CO_1").await.unwrap().is_none());
    assert_eq!(store.find_by_token("other").await.unwrap().map(|found| found.id), Some(one.id));
    let unknown = TransactionNumber::from_stored("TXN260302999999");
    assert!(store.find_transaction_by_number(&unknown).await.unwrap().is_none());
    assert!(store.find_by_token("").await.unwrap().is_none(), "a missing token is not an empty token");
    assert!(store.find_by_reference("").await.unwrap().is_none());
}

pub(super) async fn refuse_taken_numbers_and_references(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let first = stored_transaction(&*store, sent(1)).await;
    let second = stored_transaction(&*store, sent(2)).await;
    let double_number = |record: &mut TransactionRecord| record.number = first.number.clone();
    let double_reference =
        |record: &mut TransactionRecord| record.gateway.reference = first.gateway.reference.clone();
    let new = |change: &dyn Fn(&mut TransactionRecord)| {
        let mut record = sent(3);
        change(&mut record);
        Put::new(Transaction::from_record(record))
    };
    for (taken, puts) in [
        ("transactionNumber", [new(&double_number), change(&second, double_number)]),
        ("gatewayReference", [new(&double_reference), change(&second, double_reference)]),
    ] {
        for put in puts {
            let error = refuse(&*store, ChangeSet::new().write(put)).await;
            assert!(matches!(error, StoreError::Duplicate { field } if field == taken), "{taken}: {error:?}");
        }
    }
    let twins = [3, 4].map(|n| {
        let mut record = sent(n);
        record.gateway.reference = Some("twin".to_owned());
        Put::new(Transaction::from_record(record))
    });
    let error = refuse(&*store, twins.into_iter().fold(ChangeSet::new(), ChangeSet::write)).await;
    assert!(
        matches!(error, StoreError::Duplicate { field: "gatewayReference" }),
        "both in one set: {error:?}"
    );
    // A reference that is no longer used is free. Transactions without a reference do not collide.
    let given_up = change(&first, |record| record.gateway.reference = None);
    apply(&*store, ChangeSet::new().write(given_up)).await;
    let mut heir = sent(5);
    heir.gateway.reference.clone_from(&first.gateway.reference);
    stored_transaction(&*store, heir).await;
    for n in [6, 7] {
        let mut record = sent(n);
        record.gateway.reference = None;
        stored_transaction(&*store, record).await;
    }
}

/// Transactions of every kind and status, of three users and two bookings, by two methods; four per creation
/// time.
fn all() -> Vec<TransactionRecord> {
    let mut records = Vec::new();
    for n in 0..108_u64 {
        let index = usize::try_from(n).unwrap();
        let (kind, status) = (TransactionKind::ALL[index % 9], TransactionStatus::ALL[index / 9 % 9]);
        let amount = Money::from_minor(i64::try_from(n * 101).unwrap() + 1, kes(0).currency());
        let mut record = build::transaction(n, &customer(n % 3), kind, status, amount);
        record.created_at = start() + TimeDelta::milliseconds(i64::try_from((n * 7 % 108) / 4).unwrap());
        record.booking = (n % 4 < 2).then(|| id(n % 4));
        if kind.is_incoming() && n % 2 == 0 {
            record.payee = Some(customer(7).id);
        }
        if n % 5 == 0 {
            record.method = PaymentMethod::Card;
        }
        record.gateway.needs_person = n % 6 == 0;
        records.push(record);
    }
    records
}

async fn stored(store: &dyn Store) -> Vec<TransactionRecord> {
    let mut records = all();
    for batch in records.chunks(18) {
        let puts = batch.iter().cloned().map(Transaction::from_record).map(Put::new);
        apply(store, puts.fold(ChangeSet::new(), ChangeSet::write)).await;
    }
    records.sort_by_key(|record| (Reverse(record.created_at), record.id));
    records
}

async fn listed(store: &dyn Store, filter: &TransactionFilter) -> Vec<Id<Transaction>> {
    let found = walk(10, |page| async move { store.list_transactions(filter, &page).await }).await;
    found.into_iter().map(|transaction| transaction.id).collect()
}

fn holds(filter: &TransactionFilter, record: &TransactionRecord) -> bool {
    filter.payer.is_none_or(|payer| record.payer == Some(payer))
        && filter.payee.is_none_or(|payee| record.payee == Some(payee))
        && filter.booking.is_none_or(|booking| record.booking == Some(booking))
        && (filter.kinds.is_empty() || filter.kinds.contains(&record.kind))
        && (filter.statuses.is_empty() || filter.statuses.contains(&record.status))
        && filter.method.is_none_or(|method| record.method == method)
        && filter.from.is_none_or(|from| record.created_at >= from)
        && filter.until.is_none_or(|until| record.created_at < until)
        && (!filter.flagged || record.gateway.needs_person)
}

/// Every condition alone, and several together.
fn filters() -> Vec<TransactionFilter> {
    use TransactionKind::{BookingPayment, Refund, TechnicianPayout};
    use TransactionStatus::{Completed, Failed, Refunded};
    let none = TransactionFilter::default;
    let payer = Some(customer(1).id);
    let parts = [
        TransactionFilter { payer, ..none() },
        TransactionFilter { payer: Some(customer(9).id), ..none() },
        TransactionFilter { payee: Some(customer(7).id), ..none() },
        TransactionFilter { booking: Some(id(1)), ..none() },
        TransactionFilter { flagged: true, ..none() },
        TransactionFilter { method: Some(PaymentMethod::Card), ..none() },
        TransactionFilter { kinds: vec![Refund, TechnicianPayout, Refund], ..none() },
        TransactionFilter { statuses: vec![Completed], ..none() },
        TransactionFilter { payer, payee: Some(customer(7).id), booking: Some(id(0)), ..none() },
        none(),
    ];
    let mut filters = Vec::new();
    for part in parts {
        let middle = start() + TimeDelta::milliseconds(9);
        let later = Some(start() + TimeDelta::milliseconds(20));
        filters.extend([
            TransactionFilter { from: Some(middle), ..part.clone() },
            TransactionFilter {
                from: Some(middle - TimeDelta::microseconds(1)),
                until: later,
                ..part.clone()
            },
            TransactionFilter { statuses: vec![Refunded, Completed, Failed], ..part.clone() },
            TransactionFilter {
                kinds: vec![BookingPayment],
                method: Some(PaymentMethod::Mpesa),
                ..part.clone()
            },
            part,
        ]);
    }
    filters
}

pub(super) async fn are_listed_and_totalled_by_filter(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let records = stored(&*store).await;
    for filter in filters() {
        let expected: Vec<&TransactionRecord> =
            records.iter().filter(|record| holds(&filter, record)).collect();
        let ids: Vec<Id<Transaction>> = expected.iter().map(|record| record.id).collect();
        assert_eq!(listed(&*store, &filter).await, ids, "{filter:?}");
        let mut totals: BTreeMap<_, (u64, Money)> = BTreeMap::new();
        for record in expected {
            let (count, sum) = totals.entry((record.kind, record.status)).or_insert((0, kes(0)));
            *count += 1;
            *sum = sum.checked_add(record.amount.gross).unwrap();
        }
        let total = |((kind, status), (count, gross))| TransactionTotal { kind, status, count, gross };
        let totals: Vec<TransactionTotal> = totals.into_iter().map(total).collect();
        assert_eq!(store.total_transactions(&filter).await.unwrap(), totals, "{filter:?}");
    }
    let everything = PageRequest::new(100, None).unwrap();
    let page = store.list_transactions(&TransactionFilter::default(), &everything).await.unwrap();
    let whole: Vec<TransactionRecord> =
        page.items.into_iter().map(|transaction| transaction.value.into_record()).collect();
    assert_eq!(whole, records[..100], "items have all their fields");
}

pub(super) async fn total_each_currency_apart(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let usd = |cents| Money::from_minor(cents, crate::kernel::Currency::USD);
    let (kind, status) = (TransactionKind::Tip, TransactionStatus::Completed);
    for (n, amount) in (0..).zip([kes(5), usd(7), kes(6), usd(1)]) {
        stored_transaction(&*store, build::transaction(n, &customer(1), kind, status, amount)).await;
    }
    let total = |gross| TransactionTotal { kind, status, count: 2, gross };
    let totals = store.total_transactions(&TransactionFilter::default()).await.unwrap();
    assert_eq!(totals, [total(kes(11)), total(usd(8))], "sorted by the currency's code");
}

pub(super) async fn are_paged_while_others_come_and_change(fixture: &dyn Fixture) {
    let store = &*fixture.store().await;
    let records = stored(store).await;
    let list = |page| async move { store.list_transactions(&TransactionFilter::default(), &page).await };
    let found = walk_while_changing(11, list, |number, first: Option<Stored<Transaction>>| async move {
        // New transactions before, after and among the listed ones; the first one of the page changes its
        // status.
        for (place, millis) in (0..).zip([1_000, -1_000, i64::try_from(number).unwrap() + 5]) {
            let mut record = sent((200 + number) * 10 + place);
            record.created_at += TimeDelta::milliseconds(millis);
            stored_transaction(store, record).await;
        }
        if let Some(first) = first {
            let moved = change(&first, |record| record.status = TransactionStatus::Cancelled);
            apply(store, ChangeSet::new().write(moved)).await;
        }
    });
    let seen = found.await.into_iter().map(|found| (Reverse(found.created_at), found.id));
    assert_complete(seen.collect(), records.iter().map(|record| record.id));
}

pub(super) async fn are_flagged_until_staff_decide(fixture: &dyn Fixture) {
    let store = fixture.store().await;
    let check = FraudCheck {
        score: 50,
        decision: FraudDecision::Review,
        reasons: Vec::new(),
        checked_at: start(),
        review: None,
    };
    stored_transaction(&*store, sent(1)).await;
    let suspect = TransactionRecord { fraud: Some(check), ..sent(2) };
    let suspect = stored_transaction(&*store, suspect).await;
    let mut lost = sent(3);
    lost.gateway.needs_person = true;
    let lost = stored_transaction(&*store, lost).await;
    let flagged = TransactionFilter { flagged: true, ..TransactionFilter::default() };
    assert_eq!(listed(&*store, &flagged).await, [suspect.id, lost.id]);
    let reviewed = change(&suspect, |record| {
        let review = FraudReview { approved: true, reviewed_by: customer(9).id, reviewed_at: start() };
        record.fraud.as_mut().unwrap().review = Some(review);
    });
    let found = change(&lost, |record| record.gateway.needs_person = false);
    apply(&*store, ChangeSet::new().write(reviewed)).await;
    assert_eq!(listed(&*store, &flagged).await, [lost.id]);
    apply(&*store, ChangeSet::new().write(found)).await;
    assert_eq!(listed(&*store, &flagged).await, []);
}

pub(super) async fn report_the_history_of_a_payer(fixture: &dyn Fixture) {
    use TransactionKind::{BookingPayment, Refund, TechnicianPayout, Tip, WalletTopup};
    use TransactionStatus::{Completed, Failed, PartiallyRefunded, Processing};
    let store = fixture.store().await;
    let origin = |address: &str, device: &str| PaymentOrigin {
        ip_address: Some(address.to_owned()),
        device: Some(device.to_owned()),
        location: None,
    };
    let ours = || origin("41.90.2.1", "phone");
    // Hours before the start, the payer, the kind and the origin.
    let past = [
        (0, 1, Tip, Processing, ours()),
        (1, 1, BookingPayment, Failed, ours()),
        (2, 1, WalletTopup, Completed, ours()),
        (5, 1, BookingPayment, PartiallyRefunded, origin("41.90.2.9", "other phone")),
        (30, 1, BookingPayment, Failed, ours()),
        (90, 1, BookingPayment, Completed, ours()),
        (1, 1, Refund, Completed, ours()),
        (1, 2, BookingPayment, Failed, origin("41.90.2.1", "laptop")),
        (3, 2, BookingPayment, Failed, origin("41.90.2.1", "phone")),
        (4, 3, BookingPayment, Failed, origin("41.90.2.7", "phone")),
        (5, 4, TechnicianPayout, Completed, ours()),
        (99, 5, BookingPayment, Completed, ours()),
    ];
    for (n, (hours, who, kind, status, origin)) in (1..).zip(past) {
        let mut record = build::transaction(n, &customer(who), kind, status, kes(i64::try_from(n).unwrap()));
        record.created_at = start() - TimeDelta::hours(hours);
        record.origin = origin;
        stored_transaction(&*store, record).await;
    }
    let since = |hours| start() - TimeDelta::hours(hours);
    let query = HistoryQuery {
        payer: customer(1).id,
        attempts_since: since(1),
        failures_since: since(24),
        settled_since: since(48),
        ip_address: Some("41.90.2.1".to_owned()),
        device: Some("phone".to_owned()),
    };
    let expected = PaymentHistory {
        attempts: 2,
        failures: 1,
        settled: 2,
        settled_gross: Some(kes(3 + 4)),
        payers_sharing_origin: 2,
    };
    assert_eq!(store.payment_history(&query).await.unwrap(), expected);
    let wider = HistoryQuery { failures_since: since(100), settled_since: since(100), ..query.clone() };
    let expected = PaymentHistory {
        failures: 2,
        settled: 3,
        settled_gross: Some(kes(3 + 4 + 6)),
        payers_sharing_origin: 3,
        ..expected
    };
    assert_eq!(store.payment_history(&wider).await.unwrap(), expected);
    let nowhere = HistoryQuery { ip_address: None, device: Some("laptop".to_owned()), ..query.clone() };
    assert_eq!(store.payment_history(&nowhere).await.unwrap().payers_sharing_origin, 1);
    let stranger = HistoryQuery { payer: customer(9).id, ip_address: None, device: None, ..query };
    assert_eq!(store.payment_history(&stranger).await.unwrap(), PaymentHistory::default());
}

pub(super) async fn refuse_foreign_cursors(fixture: &dyn Fixture) {
    let store = &*fixture.store().await;
    assert_refuses_foreign_cursors(|page| async move {
        store.list_transactions(&TransactionFilter::default(), &page).await
    })
    .await;
}
