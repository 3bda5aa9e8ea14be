//! Payouts, wallet withdrawals and weekly batches.

use baitech_core::{
    kernel::Rule,
    ledger::Account,
    payment::NewPayout,
    transaction::{GatewayError, PaymentMethod, TransactionKind, TransactionStatus},
};
use chrono::TimeDelta;

use crate::{
    provider::declined,
    support::{assert_forbidden, assert_refused, kes, run},
    till::Till,
};

#[test]
fn instant_payout_costs_one_percent_and_is_limited_to_the_balance() {
    let till = Till::new();
    till.released(PaymentMethod::Mpesa);
    let (technician, id) = (till.world.technician.actor(), till.world.technician.id);
    let ask =
        |amount| run(till.payments().request_payout(&technician, id, kes(amount), &NewPayout::default()));
    assert_refused(ask(2_279), Rule::INSUFFICIENT_FUNDS);
    let payout = ask(1_000).unwrap();
    assert_eq!((payout.amount.gross, payout.amount.net), (kes(1_000), kes(990)));
    assert_eq!(till.balance(Account::Reserved(payout.id)), 1_000);
    assert_refused(ask(1_279), Rule::INSUFFICIENT_FUNDS);
    till.call(payout.id, "p1;caller:;paid;990;SJP1;");
    assert_eq!(till.balance(Account::Payable(id)), 1_278);
    assert_eq!(till.balance(Account::PlatformRevenue), 310);
    assert_eq!(till.balance(Account::Clearing(PaymentMethod::Mpesa)), -1_748);
    let customer = till.customer();
    let asked = NewPayout::default();
    assert_forbidden(run(till.payments().request_payout(&customer, id, kes(10), &asked)));
    let elsewhere = NewPayout { phone_number: Some("0712 345 678".to_owned()), ..NewPayout::default() };
    let support = till.world.support.actor();
    assert_forbidden(run(till.payments().request_payout(&support, id, kes(10), &elsewhere)));
}

#[test]
fn failed_payout_returns_the_money_and_unknown_outcome_waits_for_a_person() {
    let till = Till::new();
    till.released(PaymentMethod::Mpesa);
    let (technician, id) = (till.world.technician.actor(), till.world.technician.id);
    let ask = || run(till.payments().request_payout(&technician, id, kes(1_000), &NewPayout::default()));
    till.mpesa.answers_with(declined("2001"));
    assert_eq!(ask().unwrap().status, TransactionStatus::Failed);
    assert_eq!(till.balance(Account::Payable(id)), 2_278);

    till.mpesa.answers_with(Err(GatewayError::new("time-out")));
    let payout = ask().unwrap();
    for _ in 0..40 {
        till.world.clock.advance(TimeDelta::hours(1));
        till.work();
    }
    let waiting = till.load(payout.id);
    assert!(waiting.status.is_open() && waiting.gateway.needs_person);
    assert_eq!(till.mpesa.count("pay_out"), 2, "it is not sent again");
    let support = till.world.support.actor();
    run(till.payments().decide_outcome(&support, payout.id, true, Some("SJP1"))).unwrap();
    assert_eq!(till.load(payout.id).status, TransactionStatus::Completed);
    assert_eq!(till.balance(Account::Reserved(payout.id)), 0);
    assert_refused(
        run(till.payments().decide_outcome(&support, payout.id, false, None)),
        Rule::ALREADY_DECIDED,
    );
}

#[test]
fn weekly_batch_pays_the_balance_net_of_debts_at_once() {
    let till = Till::new();
    till.released(PaymentMethod::Mpesa);
    // After a cash job, the technician owes 460.
    till.world.clock.advance(TimeDelta::hours(5));
    let mut request = crate::support::request();
    request.time_slot = crate::support::slot(2, "10:00", "12:00");
    let cash = till.world.request(&request).id;
    till.world.drive(cash, baitech_core::booking::BookingStatus::Paid);
    let technician = till.world.technician.id;
    assert_eq!(till.balance(Account::Payable(technician)), 1_818);
    // Monday, 2 March: the next batch is a week ahead.
    till.world.clock.advance(TimeDelta::days(8));
    till.work();
    let payouts = till.of_kind(TransactionKind::TechnicianPayout);
    assert_eq!(payouts.len(), 1);
    assert_eq!(payouts[0].amount.net, kes(1_818));
    assert_eq!(payouts[0].settlement.batch.as_deref(), Some("2026-03-10"));
    till.call(payouts[0].id, "p1;caller:;paid;1818;SJP1;");
    assert_eq!(till.balance(Account::Payable(technician)), 0);
    till.world.clock.advance(TimeDelta::days(30));
    till.work();
    assert_eq!(till.of_kind(TransactionKind::TechnicianPayout).len(), 1, "nothing else is owed");
}

#[test]
fn payout_below_the_minimum_waits_and_failed_payout_is_retried() {
    let mut policy = baitech_core::booking::BookingPolicy::default();
    policy.payment.payout_minimum = kes(3_000);
    let till = Till::with(|builder| builder.policy(policy));
    till.released(PaymentMethod::Mpesa);
    till.world.clock.advance(TimeDelta::days(22));
    till.work();
    assert_eq!(till.of_kind(TransactionKind::TechnicianPayout).len(), 0);

    let till = Till::new();
    till.released(PaymentMethod::Mpesa);
    till.mpesa.answers_with(declined("2001"));
    till.world.clock.advance(TimeDelta::days(8));
    till.work();
    assert_eq!(till.balance(Account::Payable(till.world.technician.id)), 2_278);
    till.world.clock.advance(TimeDelta::days(7));
    till.work();
    let payouts = till.of_kind(TransactionKind::TechnicianPayout);
    assert_eq!(payouts.len(), 2, "the next batch pays the failed amount");
}

#[test]
fn a_large_sum_is_paid_in_parts_that_the_provider_moves() {
    let till = Till::new();
    let technician = &till.world.technician;
    // A large tip.
    let id = till.released(PaymentMethod::Mpesa).0;
    let mut policy = baitech_core::booking::BookingPolicy::default();
    policy.payment.tip_limit = kes(1_000_000);
    let market = baitech_core::Marketplace::builder(till.world.store.clone())
        .clock(till.world.clock.clone())
        .gateway(till.mpesa.clone())
        .gateway(till.card.clone())
        .policy(policy)
        .build();
    till.card.answers_settled("ch_1");
    let by_card = baitech_core::payment::NewPayment {
        method: Some(PaymentMethod::Card),
        ..baitech_core::payment::NewPayment::default()
    };
    run(market.payments().tip(&till.customer(), id, kes(600_000), &by_card)).unwrap();
    till.world.clock.advance(TimeDelta::days(8));
    till.work();
    let mut paid: Vec<_> =
        till.of_kind(TransactionKind::TechnicianPayout).iter().map(|payout| payout.amount.net).collect();
    paid.sort_by_key(|amount| amount.amount());
    assert_eq!(paid, [kes(102_278), kes(250_000), kes(250_000)]);
    assert_eq!(till.balance(Account::Payable(technician.id)), 0);
}

#[test]
fn wallet_withdrawal_is_limited_to_the_balance() {
    let till = Till::new();
    till.fill_wallet(&till.world.customer, 1_000);
    let customer = till.customer();
    let withdraw = |amount| run(till.payments().withdraw(&customer, kes(amount), &NewPayout::default()));
    assert_refused(withdraw(1_001), Rule::INSUFFICIENT_FUNDS);
    let withdrawal = withdraw(400).unwrap();
    assert_eq!(till.balance(Account::Wallet(till.world.customer.id)), 600);
    till.call(withdrawal.id, "w1;caller:;failed;;;");
    assert_eq!(till.balance(Account::Wallet(till.world.customer.id)), 1_000);
    assert_eq!(till.load(withdrawal.id).status, TransactionStatus::Failed);
}

#[test]
fn technician_above_the_debt_limit_cannot_accept_cash_jobs() {
    let mut policy = baitech_core::booking::BookingPolicy::default();
    // The debt of two jobs, 460 each, exceeds the limit by one shilling.
    policy.payment.debt_limit = kes(919);
    use baitech_core::{booking::BookingStatus as Status, matching::Exclusion};
    let till = Till::with(|builder| builder.policy(policy));
    let (world, bookings) = (&till.world, till.world.bookings());
    let request = |day| {
        let mut request = crate::support::request();
        request.time_slot = crate::support::slot(day, "10:00", "12:00");
        world.request(&request).id
    };
    // Offered before the debt existed.
    let offered = request(2);
    world.drive(offered, Status::Assigned);
    world.book_until(Status::Paid);
    let technician = world.technician.actor();
    assert_refused(run(bookings.accept(&technician, offered)), Rule::DEBT_LIMIT);

    // Afterwards the job is offered to another technician, who lives farther away.
    let (customer, indebted) = (till.customer(), world.technician.id);
    let next = request(3);
    let why = |id| run(bookings.why_not(&customer, id, indebted)).unwrap();
    assert_eq!(why(next), Some(Exclusion::NoCash));
    assert_eq!(run(bookings.candidates(&customer, next, 10)).unwrap(), []);
    let other = world.add_technician(9, 6.0);
    assert_eq!(world.drive(next, Status::Assigned).technician, Some(other.id));
    // A job that is not paid in cash lowers the debt.
    let by_phone = till.booked(PaymentMethod::Mpesa).id;
    assert_eq!(why(by_phone), None);
    let offers = run(bookings.candidates(&customer, by_phone, 10)).unwrap();
    assert!(offers.iter().any(|offer| offer.technician == indebted));
}

#[test]
fn reported_return_of_a_payout_waits_for_a_person() {
    for arrived in [true, false] {
        let till = Till::new();
        till.released(PaymentMethod::Mpesa);
        let (technician, id) = (till.world.technician.actor(), till.world.technician.id);
        let asked = NewPayout::default();
        let payout = run(till.payments().request_payout(&technician, id, kes(1_000), &asked)).unwrap().id;
        till.call(payout, "p1;caller:;paid;990;SJP1;");
        let before = till.books();
        till.call(payout, "p2;caller:;failed;;;");
        assert!(till.load(payout).needs_person());
        assert_eq!(till.books(), before, "no money moves before staff decide");
        let support = till.world.support.actor();
        let decided = run(till.payments().decide_outcome(&support, payout, arrived, None)).unwrap();
        assert!(!decided.needs_person());
        if arrived {
            assert_eq!(till.books(), before);
        } else {
            assert_eq!(decided.status, TransactionStatus::Refunded);
            assert_eq!(till.balance(Account::Payable(id)), 2_278, "the fee is returned, too");
            assert_eq!(till.balance(Account::PlatformRevenue), 300);
            till.world.clock.advance(TimeDelta::days(8));
            till.work();
            assert_eq!(till.of_kind(TransactionKind::TechnicianPayout).len(), 2, "the next batch pays it");
        }
        let again = run(till.payments().decide_outcome(&support, payout, arrived, None));
        assert_refused(again, Rule::ALREADY_DECIDED);
    }
}

#[test]
fn failed_refund_of_an_unmatched_deposit_waits_for_a_person() {
    let till = Till::new();
    till.call_at("paybill", "d1;account:who knows;deposit;70;SJD3;254700000009");
    let kept = till.of_kind(TransactionKind::WalletTopup)[0].id;
    let support = till.world.support.actor();
    run(till.payments().decide_mismatch(&support, kept, false)).unwrap();
    till.mpesa.answers_with(declined("R000001"));
    till.work();
    let refund = till.of_kind(TransactionKind::Refund)[0].id;
    assert!(till.load(refund).status.is_open() && till.load(refund).needs_person());
    assert_eq!(till.balance(Account::Reserved(refund)), 70);
    run(till.payments().decide_outcome(&support, refund, true, None)).unwrap();
    assert_eq!(till.books(), [], "staff sent it back by hand");
}
