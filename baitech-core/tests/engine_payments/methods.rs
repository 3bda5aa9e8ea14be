//! The payment methods of each kind of transaction, and the withdrawal of waiting payments.

use baitech_core::{
    booking::{Booking, BookingStatus as Status, PaymentStatus},
    kernel::{Id, Result, Rule},
    ledger::Account,
    payment::{NewPayment, StartedPayment},
    store::{ChangeSet, Commit, Put},
    testing::build,
    transaction::{PaymentMethod, Transaction, TransactionKind, TransactionStatus},
};

use crate::{
    support::{self, assert_forbidden, assert_not_found, assert_refused, kes, run},
    till::Till,
};

fn by(method: PaymentMethod) -> NewPayment {
    NewPayment { method: Some(method), ..NewPayment::default() }
}

fn transfer() -> NewPayment {
    by(PaymentMethod::BankTransfer)
}

#[test]
fn bank_transfers_are_refused_for_everyone_except_companies() {
    let till = Till::new();
    let customer = till.customer();
    let mut request = support::request();
    request.payment_method = PaymentMethod::BankTransfer;
    let bookings = till.world.bookings();
    assert_refused(run(bookings.create(&customer, &request)), Rule::PAYMENT_METHOD);
    assert_refused(run(bookings.quote(&customer, &request)), Rule::PAYMENT_METHOD);
    assert_refused(run(till.payments().top_up(&customer, kes(500), &transfer())), Rule::PAYMENT_METHOD);

    let id = till.accepted(PaymentMethod::Cash);
    let version = till.world.load(id).version;
    let pay = run(till.payments().if_version(version).pay(&customer, id, &transfer()));
    assert_refused(pay, Rule::PAYMENT_METHOD);
    till.world.clock.set(till.world.load(id).slot.starts_at());
    run(till.world.as_shown(id).cancel(&customer, id, "no need")).unwrap();
    assert_refused(run(till.payments().pay_debt(&customer, kes(10), &transfer())), Rule::PAYMENT_METHOD);

    let till = Till::new();
    let (done, _) = till.paid(PaymentMethod::Mpesa);
    assert_refused(
        run(till.payments().tip(&till.customer(), done, kes(50), &transfer())),
        Rule::PAYMENT_METHOD,
    );
}

#[test]
fn cash_pays_only_bookings_and_a_wallet_cannot_top_up_a_wallet() {
    let till = Till::new();
    let customer = till.customer();
    let (done, _) = till.paid(PaymentMethod::Mpesa);
    let cash = by(PaymentMethod::Cash);
    assert_refused(run(till.payments().tip(&customer, done, kes(50), &cash)), Rule::PAYMENT_METHOD);
    assert_refused(run(till.payments().top_up(&customer, kes(50), &cash)), Rule::PAYMENT_METHOD);
    let wallet = by(PaymentMethod::Wallet);
    assert_refused(run(till.payments().top_up(&customer, kes(50), &wallet)), Rule::PAYMENT_METHOD);
}

#[test]
fn payment_requested_from_a_provider_cannot_be_withdrawn() {
    let till = Till::new();
    let id = till.accepted(PaymentMethod::Cash);
    till.world.drive(id, Status::PaymentPending);
    let version = till.world.load(id).version;
    let mpesa = by(PaymentMethod::Mpesa);
    let payment =
        run(till.payments().if_version(version).pay(&till.customer(), id, &mpesa)).unwrap().transaction;
    assert_eq!(payment.status, TransactionStatus::Processing);
    assert_refused(run(till.payments().withdraw_payment(&till.customer(), payment.id)), Rule::TRANSITION);
    let technician = till.world.technician.actor();
    assert_refused(run(till.world.bookings().confirm_cash(&technician, id)), Rule::UNDECIDED);
}

/// An awaited bank transfer for a booking of a private customer, as an earlier version created it.
fn awaited_transfer(till: &Till, id: Id<Booking>) -> Id<Transaction> {
    let booking = till.world.load(id);
    let (kind, status) = (TransactionKind::BookingPayment, TransactionStatus::Processing);
    let mut record = build::transaction(900, &till.world.customer, kind, status, booking.pricing.total);
    record.booking = Some(id);
    record.payee = booking.technician;
    record.method = PaymentMethod::BankTransfer;
    record.gateway.provider = Some(PaymentMethod::BankTransfer);
    record.gateway.sent_at = Some(till.world.now());
    let payment = record.id;
    let mut noted = booking.value.clone().into_record();
    noted.payment.transaction = Some(payment);
    let changes = ChangeSet::new()
        .write(Put::new(Transaction::from_record(record)))
        .write(Put::over(&booking, Booking::from_record(noted)));
    let _ = run(till.world.store.commit(changes)).unwrap();
    payment
}

fn topping_up(till: &Till) -> Result<StartedPayment> {
    let company = build::company(1);
    till.world.add(&company);
    run(till.payments().top_up(&company.actor(), kes(5_000), &transfer()))
}

#[test]
fn bank_transfer_can_be_withdrawn_until_its_money_arrives() {
    let till = Till::new();
    let started = topping_up(&till).unwrap().transaction;
    let company = build::company(1).actor();
    assert_eq!(started.status, TransactionStatus::Processing);
    let withdraw = |actor| run(till.payments().withdraw_payment(actor, started.id));
    let stranger = till.world.stranger.actor();
    assert_not_found(withdraw(&stranger));
    assert_eq!(withdraw(&company).unwrap().status, TransactionStatus::Cancelled);
    assert_refused(withdraw(&company), Rule::TRANSITION);

    // Money that arrives after the withdrawal is credited to the payer.
    let statement = format!(
        "date,narration,reference,debit,credit\n2026-03-02,Transfer {},FT1,,5000.00\n",
        started.number
    );
    let ask = baitech_core::payment::ReconcileRequest {
        method: PaymentMethod::BankTransfer,
        format: None,
        period: None,
    };
    let _ = till.reconcile(&till.world.admin.actor(), &ask, &statement).unwrap();
    assert_eq!(till.balance(Account::Wallet(build::company(1).id)), 5_000);
}

#[test]
fn staff_can_withdraw_a_bank_transfer_and_others_cannot() {
    let till = Till::new();
    let started = topping_up(&till).unwrap().transaction;
    let withdraw = |actor| run(till.payments().withdraw_payment(actor, started.id));
    let technician = till.world.technician.actor();
    assert_not_found(withdraw(&technician));
    let support = till.world.support.actor();
    assert_eq!(withdraw(&support).unwrap().status, TransactionStatus::Cancelled);
}

#[test]
fn cash_confirmation_cancels_a_waiting_payment() {
    let till = Till::new();
    let id = till.accepted(PaymentMethod::Cash);
    till.world.drive(id, Status::PaymentPending);
    let payment = awaited_transfer(&till, id);
    let technician = till.world.technician.actor();
    let stranger = till.world.stranger.actor();
    assert_not_found(run(till.world.bookings().confirm_cash(&stranger, id)));
    assert_forbidden(run(till.world.bookings().confirm_cash(&till.customer(), id)));
    let paid = run(till.world.bookings().confirm_cash(&technician, id)).unwrap();
    assert_eq!((paid.status, paid.payment.status), (Status::Paid, PaymentStatus::Completed));
    assert_eq!(till.load(payment).status, TransactionStatus::Cancelled);
    assert_eq!(till.balance(Account::Escrow(id)), 0);
}

#[test]
fn booking_cancellation_cancels_a_waiting_payment() {
    let till = Till::new();
    let id = till.accepted(PaymentMethod::Cash);
    let payment = awaited_transfer(&till, id);
    run(till.world.as_shown(id).cancel(&till.customer(), id, "no need")).unwrap();
    assert_eq!(till.load(payment).status, TransactionStatus::Cancelled);
}
