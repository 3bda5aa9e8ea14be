//! The engine continues with the opening entries of an earlier application's payments.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use baitech_core::{
    booking::{Booking, BookingStatus, PaymentStatus},
    kernel::{Currency, Error, Id, Money, Rule},
    ledger::{Account, Entry},
    opening::OpeningLedger,
    pricing::Shares,
    store::{ChangeSet, Commit, LedgerReader, Load, Put},
    testing::build,
    transaction::{
        Amount, EscrowState, GatewayLink, PaymentMethod, Refund, Transaction, TransactionKind,
        TransactionNumber, TransactionRecord, TransactionStatus,
    },
};
use support::{World, run};

const PAYMENT: u64 = 77;

fn kes(shillings: i64) -> Money {
    build::kes(shillings)
}

/// The stored payment of 2,738 for a booking: held, by mobile money, without a provider name.
fn payment(booking: &Booking) -> TransactionRecord {
    let (kind, status) = (TransactionKind::BookingPayment, TransactionStatus::Completed);
    TransactionRecord {
        number: TransactionNumber::from_stored("TXN260301000001".to_owned()),
        payer: Some(booking.customer),
        payee: booking.technician,
        booking: Some(booking.id),
        amount: Amount {
            gross: kes(2_738),
            platform_fee: kes(300),
            processing_fee: kes(60),
            tax: kes(100),
            net: kes(2_278),
        },
        splits: Vec::new(),
        escrow: EscrowState { held: true, held_at: Some(build::start()), ..EscrowState::default() },
        gateway: GatewayLink::default(),
        reason: None,
        requested_by: None,
        ..build::transaction(PAYMENT, &build::customer(1), kind, status, kes(2_738))
    }
}

/// A world with a booking and a payment of the earlier application, and with their opening entries.
fn opened(status: BookingStatus, change: impl FnOnce(&mut TransactionRecord)) -> (World, Id<Transaction>) {
    let world = World::new();
    let booking = build::booking(5, &world.customer, Some(&world.technician), status);
    let booking = Booking::from_record(booking);
    let mut record = payment(&booking);
    change(&mut record);
    let transaction = Transaction::from_record(record);
    let mut ledger = OpeningLedger::new(world.now());
    let plan = ledger.add(&transaction, Some(&booking));
    let entries: Vec<Entry> = plan.entry.into_iter().chain(ledger.finish().adjustments).collect();
    let changes = ChangeSet::new()
        .write(Put::new(plan.correct.unwrap_or(transaction)))
        .write(Put::new(plan.link.unwrap_or(booking)));
    let _ = run(world.store.commit(ChangeSet { entries, ..changes })).unwrap();
    (world, build::id(PAYMENT))
}

fn balance(world: &World, account: Account) -> Money {
    run(world.store.balance(account, Currency::KES)).unwrap()
}

fn load(world: &World, id: Id<Transaction>) -> Transaction {
    run(Load::<Transaction>::load(&*world.store, id)).unwrap().unwrap().value
}

fn booking() -> Id<Booking> {
    build::id(5)
}

fn part_given_back(amount: Money) -> Refund {
    let portions = Shares { payout: amount, platform: kes(0), processing: kes(0), withholding: kes(0) };
    let reason = "late".to_owned();
    Refund { element: None, transaction: None, amount, portions, reason, refunded_at: build::start() }
}

#[test]
fn imported_held_payment_can_be_released() {
    let (world, id) = opened(BookingStatus::Completed, |_| {});
    assert_eq!(balance(&world, Account::Escrow(booking())), kes(2_738));
    assert_eq!(world.load(booking()).payment.status, PaymentStatus::Held);
    run(world.market.payments().release(&world.admin.actor(), id)).unwrap();
    assert_eq!(balance(&world, Account::Escrow(booking())), kes(0));
    assert_eq!(balance(&world, Account::Payable(world.technician.id)), kes(2_278));
    assert_eq!(balance(&world, Account::PlatformRevenue), kes(300));
    let again = run(world.market.payments().release(&world.admin.actor(), id));
    assert!(matches!(again, Err(Error::Refused(refusal)) if refusal.rule == Rule::ALREADY_DECIDED));
}

#[test]
fn imported_held_payment_can_be_refunded_in_full() {
    let (world, id) = opened(BookingStatus::Cancelled, |record| {
        record.status = TransactionStatus::PartiallyRefunded;
        record.refunds.push(part_given_back(kes(738)));
    });
    assert_eq!(balance(&world, Account::Escrow(booking())), kes(2_000));
    let payments = world.market.payments();
    run(payments.refund(&world.admin.actor(), id, kes(1_500), "not done")).unwrap();
    run(payments.refund(&world.admin.actor(), id, kes(500), "not done")).unwrap();
    assert_eq!(balance(&world, Account::Escrow(booking())), kes(0));
    assert_eq!(balance(&world, Account::Wallet(world.customer.id)), kes(2_000));
    assert_eq!(load(&world, id).status, TransactionStatus::Refunded);
    let more = run(payments.refund(&world.admin.actor(), id, kes(1), "not done"));
    assert!(matches!(
        more,
        Err(Error::Refused(refusal))
            if refusal.rule == Rule::TRANSITION || refusal.rule == Rule::EXCEEDS_CAPTURE
    ));
}

#[test]
fn refund_of_an_imported_released_payment_leaves_every_party_at_zero() {
    let (world, id) = opened(BookingStatus::Paid, |record| {
        record.escrow.released_at = Some(build::start());
        record.status = TransactionStatus::PartiallyRefunded;
        record.refunds.push(part_given_back(kes(1_000)));
        // The earlier application computed its shares with floating-point numbers.
        record.amount.net = Money::from_minor(227_799, Currency::KES);
    });
    assert_eq!(balance(&world, Account::Escrow(booking())), kes(0));
    assert_eq!(balance(&world, Account::Payable(world.technician.id)), kes(1_278));
    let payments = world.market.payments();
    for part in [kes(700), kes(1_000), kes(38)] {
        run(payments.refund(&world.admin.actor(), id, part, "not done")).unwrap();
    }
    for account in [
        Account::Payable(world.technician.id),
        Account::PlatformRevenue,
        Account::ProcessingRevenue,
        Account::WithholdingPayable,
    ] {
        assert_eq!(balance(&world, account), kes(0), "{account}");
    }
    assert_eq!(balance(&world, Account::Wallet(world.customer.id)), kes(1_738));
}

#[test]
fn imported_settled_payment_is_linked_to_its_booking_and_not_paid_again() {
    let (world, id) = opened(BookingStatus::PaymentPending, |record| record.escrow.held = false);
    let booking = world.load(booking());
    assert_eq!((booking.payment.transaction, booking.payment.status), (Some(id), PaymentStatus::Completed));
    let asked = world.market.payments().if_version(booking.version);
    let again = run(asked.pay(&world.customer.actor(), booking.id, &Default::default()));
    assert!(matches!(again, Err(Error::Refused(refusal)) if refusal.rule == Rule::ALREADY_DECIDED));
}

#[test]
fn imported_cash_is_the_technicians_debt_and_its_refund_reverses_the_shares() {
    let (world, id) = opened(BookingStatus::Paid, |record| record.method = PaymentMethod::Cash);
    assert!(!load(&world, id).escrow.held);
    assert_eq!(balance(&world, Account::Payable(world.technician.id)), kes(-460));
    run(world.market.payments().refund(&world.admin.actor(), id, kes(2_738), "not done")).unwrap();
    assert_eq!(balance(&world, Account::Payable(world.technician.id)), kes(-2_738));
    assert_eq!(balance(&world, Account::PlatformRevenue), kes(0));
    assert_eq!(balance(&world, Account::Wallet(world.customer.id)), kes(2_738));
}

#[test]
fn payment_before_assignment_is_held_until_the_job_is_done() {
    let unassigned = |record: &mut TransactionRecord| {
        record.escrow.held = false;
        record.payee = None;
    };
    let (world, id) = opened(BookingStatus::Matching, unassigned);
    assert_eq!(balance(&world, Account::Escrow(booking())), kes(2_738));
    world.drive(booking(), BookingStatus::Completed);
    run(world.market.payments().release(&world.admin.actor(), id)).unwrap();
    assert_eq!(balance(&world, Account::Escrow(booking())), kes(0));
    assert_eq!(balance(&world, Account::Payable(world.technician.id)), kes(2_278));

    // It is refunded if no technician accepts.
    let (world, id) = opened(BookingStatus::Matching, unassigned);
    let bookings = world.bookings().max_price(kes(0));
    run(bookings.cancel(&world.customer.actor(), booking(), "no need")).unwrap();
    assert_eq!(balance(&world, Account::Escrow(booking())), kes(0));
    assert_eq!(balance(&world, Account::Wallet(world.customer.id)), kes(2_738));
    assert_eq!(load(&world, id).status, TransactionStatus::Refunded);
}
