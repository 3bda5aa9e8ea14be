//! Limits hold for any interleaving, and include operations that are still in progress.

use std::sync::{Arc, Mutex};

use baitech_core::{
    account::{KycStatus, NewUser, User, UserRecord, UserStatus},
    booking::{Booking, BookingPolicy, BookingStatus as Status},
    kernel::{Actor, Code, Entropy, Id, Role, Rule, SeededEntropy},
    ledger::Account,
    payment::{NewPayment, NewPayout},
    schedule::Urgency,
    store::{ChangeSet, Commit, IdempotencyKey, Load, Put, Stored},
    testing::build,
    transaction::{MismatchKind, PaymentMethod, TransactionKind, TransactionStatus},
};

use futures::FutureExt;

use crate::{
    support::{self, assert_invalid, assert_refused, at_once, kes, run},
    till::Till,
};

fn limited(change: impl FnOnce(&mut BookingPolicy)) -> Till {
    let mut policy = BookingPolicy::default();
    change(&mut policy);
    Till::with(|builder| builder.policy(policy))
}

#[test]
fn twelve_concurrent_credit_payments_stay_within_the_limit() {
    let till = limited(|policy| policy.payment.credit_limit = kes(4 * 2_738 + 100));
    let company = build::company(1);
    till.world.add(&company);
    let mut request = support::request();
    request.payment_method = PaymentMethod::BankTransfer;
    let accepted: Vec<_> = (0..12)
        .map(|n| {
            till.world.add_technician(100 + n, 1.0);
            let booking = run(till.world.bookings().create(&company.actor(), &request)).unwrap();
            till.world.drive(booking.id, Status::Accepted)
        })
        .collect();
    let answers = at_once(12, |n| {
        let payments = till.payments().if_version(accepted[n].version);
        run(payments.pay(&company.actor(), accepted[n].id, &NewPayment::default())).map(drop)
    });
    let (paid, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!(paid.len(), 4);
    for refusal in refused {
        assert_refused(refusal, Rule::DEBT_LIMIT);
    }
    assert_eq!(till.balance(Account::Receivable(company.id)), -4 * 2_738);
}

#[test]
fn open_top_ups_count_towards_the_wallet_limit() {
    let till = limited(|policy| policy.payment.wallet_limit = kes(500));
    let (customer, wallet) = (till.customer(), Account::Wallet(till.world.customer.id));
    let open = Account::OpenTopUps(till.world.customer.id);
    let ask = |amount| run(till.payments().top_up(&customer, kes(amount), &NewPayment::default()));
    let answers = at_once(3, |_| ask(400));
    let (begun, refused): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!(begun.len(), 1);
    for refusal in refused {
        assert_invalid(refusal, &[("amount", Code::OutOfRange)]);
    }
    let first = begun.into_iter().next().unwrap().unwrap().transaction.id;
    assert_eq!((till.balance(open), till.balance(wallet)), (400, 0));
    let second = ask(100).unwrap().transaction.id;
    assert_invalid(ask(1), &[("amount", Code::OutOfRange)]);
    till.call(first, "n1;caller:;paid;400;SJK1;");
    assert_eq!((till.balance(open), till.balance(wallet)), (100, 400));
    till.call(second, "n2;caller:;failed;;;");
    assert_eq!((till.balance(open), till.balance(Account::OpenAmounts)), (0, 0));
    ask(100).unwrap();
}

#[test]
fn open_debt_payments_never_exceed_the_debt() {
    let till = Till::new();
    let id = till.world.book_until(Status::Arrived).id;
    till.world.clock.set(till.world.load(id).slot.starts_at() + chrono::TimeDelta::hours(1));
    run(till.world.bookings().report_customer_no_show(&till.world.technician.actor(), id)).unwrap();
    let customer = till.customer();
    let owed = -till.balance(Account::Receivable(till.world.customer.id));
    assert!(owed > 0);
    let ask = || run(till.payments().pay_debt(&customer, kes(owed), &NewPayment::default()));
    let answers = at_once(4, |_| ask());
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
    for refusal in answers.into_iter().filter(Result::is_err) {
        assert_refused(refusal, Rule::EXCEEDS_CAPTURE);
    }
    let payment = till.of_kind(TransactionKind::CancellationFee)[0].id;
    till.call(payment, &format!("n1;caller:;paid;{owed};SJK1;"));
    assert_eq!(till.balance(Account::Receivable(till.world.customer.id)), 0);
    assert_eq!(till.balance(Account::OpenDebtPayments(till.world.customer.id)), 0);
}

#[test]
fn top_up_above_the_wallet_limit_waits_for_a_person() {
    let till = limited(|policy| policy.payment.wallet_limit = kes(500));
    let (customer, wallet) = (till.customer(), Account::Wallet(till.world.customer.id));
    let begun = run(till.payments().top_up(&customer, kes(400), &NewPayment::default())).unwrap();
    let late = begun.transaction.id;
    till.call(late, "n1;caller:;failed;;;");
    assert_eq!(till.load(late).status, TransactionStatus::Failed);
    till.fill_wallet(&till.world.customer, 300);
    // The provider proves later that the first one succeeded.
    till.call(late, "n2;caller:;paid;400;SJK2;");
    let kept = till.load(late);
    assert_eq!(kept.mismatch.as_ref().map(|mismatch| mismatch.kind), Some(MismatchKind::Limit));
    assert!(kept.needs_person());
    assert_eq!((till.balance(wallet), till.balance(Account::Reserved(late))), (300, 400));
    let support = till.world.support.actor();
    let complete = || run(till.payments().decide_mismatch(&support, late, true));
    assert_invalid(complete(), &[("amount", Code::OutOfRange)]);
    let paid_out = baitech_core::payment::NewPayout::default();
    run(till.payments().withdraw(&customer, kes(250), &paid_out)).unwrap();
    complete().unwrap();
    assert_eq!((till.balance(wallet), till.balance(Account::Reserved(late))), (450, 0));

    let phone = till.world.customer.phone.to_string();
    till.call_at("paybill", &format!("d1;account:{phone};deposit;51;SJD1;254700000009"));
    let top_ups = till.of_kind(TransactionKind::WalletTopup);
    let deposit = top_ups.iter().find(|top_up| top_up.is_mismatched()).unwrap();
    assert_eq!(deposit.mismatch.as_ref().map(|mismatch| mismatch.kind), Some(MismatchKind::Limit));
    assert_eq!((till.balance(wallet), till.balance(Account::Reserved(deposit.id))), (450, 51));
}

#[test]
fn two_concurrent_payments_under_one_key_are_one() {
    let till = Till::new();
    let customer = till.customer();
    for round in 0..30 {
        let key = IdempotencyKey::new(&format!("key-{round}")).unwrap();
        let before = till.transactions().len();
        let answers = at_once(2, |_| {
            let payments = till.payments().idempotency_key(key.clone());
            run(payments.top_up(&customer, kes(10), &NewPayment::default())).map(|begun| begun.transaction.id)
        });
        assert_eq!(answers[0].as_ref().unwrap(), answers[1].as_ref().unwrap(), "round {round}");
        assert_eq!(till.transactions().len(), before + 1);
    }
    for round in 0..20 {
        let (_, payment) = Till::paid(&till, PaymentMethod::Mpesa);
        let key = IdempotencyKey::new(&format!("refund-{round}")).unwrap();
        let support = till.world.support.actor();
        let answers = at_once(2, |_| {
            let payments = till.payments().idempotency_key(key.clone());
            run(payments.refund(&support, payment, kes(2_738), "sorry")).map(|refund| refund.id)
        });
        assert_eq!(answers[0].as_ref().unwrap(), answers[1].as_ref().unwrap(), "round {round}");
    }
}

type Act = Box<dyn FnOnce() + Send>;

/// An entropy source that runs a task once. Commands read entropy between their load and their commit, so
/// that the task runs in between.
#[derive(Default)]
struct Meanwhile {
    random: Mutex<u64>,
    act: Mutex<Option<Act>>,
}

impl std::fmt::Debug for Meanwhile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Meanwhile")
    }
}

impl Entropy for Meanwhile {
    fn fill(&self, bytes: &mut [u8]) {
        let act = self.act.lock().unwrap().take();
        if let Some(act) = act {
            act();
        }
        let mut random = self.random.lock().unwrap();
        *random += 1;
        SeededEntropy::new(*random).fill(bytes);
    }
}

fn interrupted() -> (Till, Arc<Meanwhile>) {
    let meanwhile = Arc::new(Meanwhile::default());
    (Till::with(|builder| builder.entropy(meanwhile.clone())), meanwhile)
}

/// Changes a user directly in the store.
fn change_user(till: &Till, id: Id<User>, change: impl FnOnce(&mut UserRecord) + Send + 'static) -> Act {
    let store = till.world.store.clone();
    Box::new(move || {
        let user: Stored<User> = store.load(id).now_or_never().unwrap().unwrap().unwrap();
        let mut record = user.value.clone().into_record();
        change(&mut record);
        let put = Put::over(&user, User::from_record(record));
        let _ = store.commit(ChangeSet::new().write(put)).now_or_never().unwrap().unwrap();
    })
}

#[test]
fn user_suspended_during_a_command_cannot_accept_book_or_pay() {
    let (till, meanwhile) = interrupted();
    let suspend = |id| change_user(&till, id, |user| user.status = UserStatus::Suspended);
    let arm = |id| *meanwhile.act.lock().unwrap() = Some(suspend(id));
    let (technician, customer) = (till.world.technician.id, till.world.customer.id);
    let offered = till.world.book_until(Status::Assigned).id;
    arm(customer);
    assert_refused(
        run(till.world.bookings().create(&till.customer(), &support::request())),
        Rule::INACTIVE_USER,
    );
    assert_eq!(till.world.booking_count(), 1);
    change_user(&till, customer, |user| user.status = UserStatus::Active)();
    arm(customer);
    let asked = NewPayment::default();
    assert_refused(
        run(till.payments().top_up(&till.customer(), kes(10), &asked)).map(drop),
        Rule::INACTIVE_USER,
    );
    assert_eq!(till.transactions().len(), 0);
    arm(technician);
    let accepted = run(till.world.bookings().accept(&till.world.technician.actor(), offered));
    assert_refused(accepted, Rule::INACTIVE_USER);
    assert_eq!(till.world.load(offered).status, Status::Assigned);
}

/// Runs a task at the `n + 1`-th read of entropy.
fn after(meanwhile: &Arc<Meanwhile>, n: u32, act: Act) -> Act {
    (0..n).fold(act, |next, _| {
        let meanwhile = meanwhile.clone();
        Box::new(move || *meanwhile.act.lock().unwrap() = Some(next))
    })
}

#[test]
fn company_suspended_during_a_registration_gains_no_member() {
    let mut interrupted_at = 0;
    for n in 0.. {
        let (till, meanwhile) = interrupted();
        let company = build::company(1);
        till.world.add(&company);
        let mut member = NewUser::new(Role::Corporate, "Asha", "Otieno", "asha@example.ke", "+254700000077");
        member.corporate.clone_from(&company.corporate);
        member.corporate.as_mut().unwrap().administrator = Some(company.id);
        let suspend = change_user(&till, company.id, |user| user.status = UserStatus::Suspended);
        *meanwhile.act.lock().unwrap() = Some(after(&meanwhile, n, suspend));
        let joined = run(till.world.market.accounts().register(&till.world.admin.actor(), &member));
        if meanwhile.act.lock().unwrap().is_some() {
            joined.unwrap();
            break;
        }
        assert_refused(joined, Rule::INACTIVE_USER);
        interrupted_at += 1;
    }
    assert!(interrupted_at >= 2, "once before the company is read, and once between that and the commit");
}

#[test]
fn fee_due_during_a_command_prevents_the_booking() {
    let (till, meanwhile) = interrupted();
    let customer = till.world.customer.id;
    let store = till.world.store.clone();
    let owing = build::booking(900, &till.world.customer, None, Status::Cancelled);
    let fee = build::entry(900, owing.id.into(), Account::Receivable(customer), Account::Bank, kes(100));
    *meanwhile.act.lock().unwrap() = Some(Box::new(move || {
        let write = ChangeSet::new().write(Put::new(Booking::from_record(owing)));
        let changes = ChangeSet { entries: vec![fee], ..write };
        let _ = store.commit(changes).now_or_never().unwrap().unwrap();
    }));
    let booked = run(till.world.bookings().create(&till.customer(), &support::request()));
    assert_refused(booked, Rule::UNPAID_FEES);
    assert_eq!(till.world.booking_count(), 1, "only the cancelled one");
    assert_eq!(till.balance(Account::Receivable(customer)), -100);
}

#[test]
fn staff_suspended_during_a_command_cannot_decide() {
    let (till, meanwhile) = interrupted();
    let (_, payment) = till.paid(PaymentMethod::Mpesa);
    let support = &till.world.support;
    *meanwhile.act.lock().unwrap() =
        Some(change_user(&till, support.id, |user| user.status = UserStatus::Suspended));
    let refunded = run(till.payments().refund(&support.actor(), payment, kes(10), "sorry"));
    assert_refused(refunded, Rule::INACTIVE_USER);
    assert_eq!(till.of_kind(TransactionKind::Refund).len(), 0);
}

#[test]
fn refund_is_decided_again_after_a_concurrent_release() {
    let (till, meanwhile) = interrupted();
    let (booking, payment) = till.paid(PaymentMethod::Mpesa);
    let (market, admin) = (till.world.market.clone(), till.world.admin.actor());
    *meanwhile.act.lock().unwrap() = Some(Box::new(move || {
        let _ = market.payments().release(&admin, payment).now_or_never().unwrap().unwrap();
    }));
    let support = till.world.support.actor();
    let _ = run(till.payments().refund(&support, payment, kes(2_738), "sorry")).unwrap();
    assert!(till.load(payment).escrow.released_at.is_some(), "it was released first");
    assert_eq!(till.balance(Account::Escrow(booking)), 0);
    assert_eq!(till.balance(Account::Payable(till.world.technician.id)), 0, "taken back");
}

#[test]
fn weekly_batch_pays_the_rest_after_a_concurrent_payout() {
    let (till, meanwhile) = interrupted();
    till.released(PaymentMethod::Mpesa);
    let technician = till.world.technician.id;
    let (market, actor) = (till.world.market.clone(), till.world.technician.actor());
    till.world.clock.advance(chrono::TimeDelta::days(8));
    *meanwhile.act.lock().unwrap() = Some(Box::new(move || {
        let (payments, payout) = (market.payments(), NewPayout::default());
        let paid_out = payments.request_payout(&actor, technician, kes(1_000), &payout);
        let _ = paid_out.now_or_never().unwrap().unwrap();
    }));
    till.work();
    let payouts = till.of_kind(TransactionKind::TechnicianPayout);
    let amounts: Vec<_> = payouts.iter().map(|payout| payout.amount.gross).collect();
    assert_eq!(amounts, [kes(1_000), kes(1_278)]);
    assert_eq!(till.balance(Account::Payable(technician)), 0);
}

#[test]
fn technician_rejected_during_a_command_is_not_assigned_and_cannot_accept() {
    let (till, meanwhile) = interrupted();
    let (admin, customer) = (till.world.admin.actor(), till.customer());
    let reject = |id| change_user(&till, id, |user| user.kyc.status = KycStatus::Rejected);
    let id = till.world.book_until(Status::Assigned).id;
    run(till.world.bookings().reject(&till.world.technician.actor(), id, "no")).unwrap();
    run(till.world.bookings().find_technician(&admin, id)).unwrap();
    let chosen = till.world.add_technician(2, 1.0).id;
    *meanwhile.act.lock().unwrap() = Some(reject(chosen));
    assert_refused(run(till.world.bookings().assign(&customer, id, chosen)), Rule::NOT_ELIGIBLE);
    // A search that had found this technician finds another one.
    let (first, second) = (till.world.add_technician(3, 1.0).id, till.world.add_technician(4, 5.0).id);
    *meanwhile.act.lock().unwrap() = Some(reject(first));
    let found = run(till.world.bookings().find_technician(&admin, id)).unwrap();
    assert_eq!(found.technician, Some(second));
    *meanwhile.act.lock().unwrap() = Some(reject(second));
    let accepted = run(till.world.bookings().accept(&Actor::user(second, Role::Technician), id));
    assert_refused(accepted, Rule::NOT_ELIGIBLE);
}

#[test]
fn a_slot_moves_at_the_price_of_the_version_that_is_written() {
    let (till, meanwhile) = interrupted();
    let id = till.world.book_until(Status::Pending).id;
    let store = till.world.store.clone();
    *meanwhile.act.lock().unwrap() = Some(Box::new(move || {
        let booking: Stored<Booking> = store.load(id).now_or_never().unwrap().unwrap().unwrap();
        let mut record = booking.value.clone().into_record();
        record.urgency = Urgency::Emergency;
        let put = Put::over(&booking, Booking::from_record(record));
        let _ = store.commit(ChangeSet::new().write(put)).now_or_never().unwrap().unwrap();
    }));
    let before = till.world.load(id).pricing.total;
    let day = support::slot(3, "10:00", "12:00");
    let moved = run(till.world.bookings().move_slot(&till.customer(), id, &day)).unwrap();
    assert!(moved.pricing.total.amount() > before.amount(), "an emergency costs more");
}
