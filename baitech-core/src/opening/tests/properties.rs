use proptest::{option, prelude::*, sample::select};

use super::*;
use crate::{
    booking::{BookingStatus, PaymentStatus},
    pricing::Shares,
};

/// Amounts around zero, ordinary ones with fractions of a cent, and implausibly large ones.
fn money() -> impl Strategy<Value = Money> + Clone {
    let currency = prop_oneof![60 => Just(Currency::KES), 1 => Just(Currency::USD), 1 => Just(Currency::JPY)];
    let amount = prop_oneof![
        40 => (0_i64..1_000_000, 0_u32..5),
        4 => (-1_000_i64..0, Just(2)),
        2 => Just((0, 0)),
        1 => (any::<i64>(), 0_u32..5),
    ];
    (currency, amount)
        .prop_map(|(currency, (units, scale))| Money::new(rust_decimal::Decimal::new(units, scale), currency))
}

fn amount() -> impl Strategy<Value = Amount> {
    let any = (money(), money(), money(), money(), money()).prop_map(
        |(gross, platform_fee, processing_fee, tax, net)| Amount {
            gross,
            platform_fee,
            processing_fee,
            tax,
            net,
        },
    );
    // As the earlier application computed them: rates of the gross, in floating point.
    let made = (1_i64..50_000_000, 0_i64..30, 0_i64..10).prop_map(|(units, platform, processing)| {
        let of = |percent: i64| Money::new(rust_decimal::Decimal::new(units * percent, 6), Currency::KES);
        Amount {
            gross: of(100),
            platform_fee: of(platform),
            processing_fee: of(processing),
            tax: of(0),
            net: of(100 - platform - processing),
        }
    });
    prop_oneof![1 => any, 4 => made]
}

fn refund() -> impl Strategy<Value = Refund> {
    let portions = prop_oneof![
        3 => Just(None),
        1 => (money(), money(), money(), money()).prop_map(Some),
    ];
    (money(), portions).prop_map(|(amount, portions)| {
        let plain = given_back(amount);
        let portions = portions.map_or(plain.portions, |(payout, platform, processing, withholding)| {
            Shares { payout, platform, processing, withholding }
        });
        Refund { portions, ..plain }
    })
}

fn party() -> impl Strategy<Value = Option<Id<User>>> {
    option::weighted(0.8, (1_u8..4).prop_map(id))
}

prop_compose! {
    fn record()(
        kind in select(TransactionKind::ALL.to_vec()),
        method in select(PaymentMethod::ALL.to_vec()),
        status in select(TransactionStatus::ALL.to_vec()),
        (payer, payee) in (party(), party()),
        booking in option::weighted(0.8, 1_u8..6),
        amount in amount(),
        refunds in prop::collection::vec(refund(), 0..3),
        (held, released, settled) in any::<(bool, bool, bool)>(),
    ) -> TransactionRecord {
        let at = |is: bool| is.then(|| moment(5));
        TransactionRecord {
            payer,
            payee,
            booking: booking.map(id),
            amount,
            refunds,
            escrow: EscrowState { held, released_at: at(released), ..EscrowState::default() },
            settlement: SettlementState { settled_at: at(settled), ..SettlementState::default() },
            ..payment(0, kind, method, status)
        }
    }
}

/// Bookings of any status, with or without a technician; some name a payment.
fn bookings() -> impl Strategy<Value = BTreeMap<u8, Booking>> {
    let booking = (select(BookingStatus::ALL.to_vec()), party(), option::weighted(0.2, 0_u8..12));
    prop::collection::btree_map(1_u8..6, booking, 0..5).prop_map(|all| {
        let made = |(n, (status, technician, transaction)): (u8, (_, _, Option<u8>))| {
            let customer = crate::testing::build::customer(1);
            let mut record = crate::testing::build::booking(u64::from(n), &customer, None, status);
            record.id = id(n);
            record.technician = technician;
            record.payment.transaction = transaction.map(id);
            (n, Booking::from_record(record))
        };
        all.into_iter().map(made).collect()
    })
}

fn world() -> impl Strategy<Value = (Vec<Transaction>, BTreeMap<u8, Booking>)> {
    let numbered = |records: Vec<TransactionRecord>| {
        let ids = (10_u8..).map(id);
        records
            .into_iter()
            .zip(ids)
            .map(|(record, id)| Transaction::from_record(TransactionRecord { id, ..record }))
    };
    let transactions = prop::collection::vec(record(), 1..12);
    (transactions.prop_map(move |records| numbered(records).collect()), bookings())
}

fn booking_of<'a>(transaction: &Transaction, bookings: &'a BTreeMap<u8, Booking>) -> Option<&'a Booking> {
    bookings.values().find(|booking| Some(booking.id) == transaction.booking)
}

/// Opens the books, and applies the corrections of the plans.
fn open(
    transactions: &mut [Transaction],
    bookings: &mut BTreeMap<u8, Booking>,
) -> (Balances, Vec<Id<Entry>>, usize) {
    let mut ledger = OpeningLedger::new(migration());
    let (mut balances, mut ids, mut written) = (Balances::new(), Vec::new(), 0);
    for transaction in transactions {
        let plan = ledger.add(transaction, booking_of(transaction, bookings));
        ids.extend(plan.entry.iter().map(|entry| entry.id));
        post(&mut balances, plan.entry);
        if let Some(next) = plan.correct {
            *transaction = next;
            written += 1;
        }
        if let Some(next) = plan.link {
            let stored = bookings.values_mut().find(|booking| booking.id == next.id).unwrap();
            *stored = next;
            written += 1;
        }
    }
    let report = ledger.finish();
    ids.extend(report.adjustments.iter().map(|entry| entry.id));
    post(&mut balances, report.adjustments);
    let mut totals: BTreeMap<&str, Money> = BTreeMap::new();
    for (_, total) in &report.totals {
        let sum = totals.entry(total.currency().code()).or_insert(Money::zero(total.currency()));
        *sum = sum.checked_add(*total).unwrap();
    }
    assert!(totals.values().all(|sum| sum.is_zero()), "{totals:?}");
    (balances, ids, written)
}

fn sums(balances: &Balances) -> BTreeMap<&'static str, Money> {
    let mut sums = BTreeMap::new();
    for ((_, currency), balance) in balances {
        let sum = sums.entry(*currency).or_insert(Money::zero(balance.currency()));
        *sum = sum.checked_add(*balance).unwrap();
    }
    sums
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn books_open_in_balance_for_any_stored_data((mut transactions, mut bookings) in world()) {
        let (balances, mut ids, _) = open(&mut transactions, &mut bookings);
        prop_assert!(sums(&balances).values().all(|sum| sum.is_zero()));
        for ((account, _), balance) in &balances {
            prop_assert!(!account.is_bounded() || !balance.is_negative(), "{account}: {balance}");
            prop_assert_eq!(*balance, balance.to_minor_unit());
        }
        let made = ids.len();
        ids.sort();
        ids.dedup();
        prop_assert_eq!(ids.len(), made, "an id of its own for each");
    }

    #[test]
    fn opening_is_idempotent((mut transactions, mut bookings) in world()) {
        let (balances, ids, _) = open(&mut transactions, &mut bookings);
        let (again, same, written) = open(&mut transactions, &mut bookings);
        prop_assert_eq!(again, balances);
        prop_assert_eq!(same, ids);
        prop_assert_eq!(written, 0);
    }

    #[test]
    fn order_of_transactions_does_not_matter((transactions, bookings) in world(), turn in any::<prop::sample::Index>()) {
        let (balances, ..) = open(&mut transactions.clone(), &mut bookings.clone());
        let mut turned = transactions.clone();
        turned.rotate_left(turn.index(transactions.len()));
        let (other, ..) = open(&mut turned, &mut bookings.clone());
        prop_assert_eq!(&other, &balances);
        turned.reverse();
        let (other, ..) = open(&mut turned, &mut bookings.clone());
        prop_assert_eq!(&other, &balances);
    }

    #[test]
    fn escrow_equals_the_held_amounts((mut transactions, mut bookings) in world()) {
        let (balances, ..) = open(&mut transactions, &mut bookings);
        let mut held: BTreeMap<(Account, &'static str), Money> = BTreeMap::new();
        for transaction in &transactions {
            let escrow = &transaction.escrow;
            if !escrow.held {
                continue;
            }
            let captured = transaction.captured().unwrap();
            prop_assert!(escrow.released_at.is_none() && !captured.is_zero() && !captured.is_negative());
            prop_assert_eq!(transaction.net_shares().unwrap().total().unwrap(), captured);
            let key = (Account::Escrow(transaction.booking.unwrap()), captured.currency().code());
            let sum = held.entry(key).or_insert(Money::zero(captured.currency()));
            *sum = sum.checked_add(captured).unwrap();
        }
        let escrows: BTreeMap<_, _> =
            balances.into_iter().filter(|((account, _), _)| matches!(account, Account::Escrow(_))).collect();
        prop_assert_eq!(escrows, held);
    }

    #[test]
    fn contributing_transactions_are_valid_for_the_engine((mut transactions, mut bookings) in world()) {
        let mut ledger = OpeningLedger::new(migration());
        for transaction in &mut transactions {
            let plan = ledger.add(transaction, booking_of(transaction, &bookings));
            if let Some(next) = plan.correct {
                *transaction = next;
            }
            if plan.entry.is_none() {
                continue;
            }
            prop_assert_eq!(transaction.amount.shares().total().unwrap(), transaction.amount.gross);
            let (captured, shares) = (transaction.captured().unwrap(), transaction.net_shares().unwrap());
            prop_assert_eq!(shares.total().unwrap(), captured);
            let Shares { payout, platform, processing, withholding } = shares;
            prop_assert!(![payout, platform, processing, withholding].into_iter().any(Money::is_negative));
        }
        let (_, _, _) = open(&mut transactions, &mut bookings);
        for booking in bookings.values() {
            let payment =
                transactions.iter().find(|transaction| booking.payment.transaction == Some(transaction.id));
            let Some(payment) = payment.filter(|payment| payment.booking == Some(booking.id)) else {
                continue;
            };
            if payment.kind == TransactionKind::BookingPayment && payment.escrow.held {
                prop_assert!(booking.payment.held);
                prop_assert!(booking.payment.status != PaymentStatus::Pending);
            }
        }
    }
}
