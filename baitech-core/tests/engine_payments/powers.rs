//! Money commands that are refused to staff and other users.

use baitech_core::{
    account::{ProfileChange, UserStatus},
    kernel::{Actor, PageRequest, Rule},
    ledger::Account,
    payment::{NewPayment, NewPayout},
    transaction::{PaymentMethod, TransactionFilter, TransactionKind},
};

use crate::{
    support::{assert_forbidden, assert_not_found, assert_refused, kes, run},
    till::Till,
};

#[test]
fn staff_cannot_decide_on_their_own_money() {
    let till = Till::new();
    let (support, admin) = (till.world.support.actor(), till.world.admin.actor());
    let by_phone = NewPayment { method: Some(PaymentMethod::Mpesa), ..NewPayment::default() };
    let top_up = run(till.payments().top_up(&support, kes(5_000), &by_phone)).unwrap().transaction.id;
    till.call(top_up, "n1;caller:;paid;10;SJK1;");
    assert!(till.load(top_up).is_mismatched());
    for complete in [true, false] {
        assert_forbidden(run(till.payments().decide_mismatch(&support, top_up, complete)));
    }
    // A colleague cannot turn ten shillings into five thousand either.
    assert_refused(run(till.payments().decide_mismatch(&admin, top_up, true)), Rule::TRANSITION);
    run(till.payments().decide_mismatch(&admin, top_up, false)).unwrap();
    assert_eq!(till.balance(Account::Wallet(till.world.support.id)), 0);
    assert_eq!(till.balance(Account::Discounts), 0);

    till.fill_wallet(&till.world.support, 500);
    let top_ups = till.of_kind(TransactionKind::WalletTopup);
    let own = top_ups.iter().find(|top_up| top_up.status.is_settled()).unwrap().id;
    assert_forbidden(run(till.payments().refund(&support, own, kes(500), "mine")));
    run(till.payments().refund(&admin, own, kes(500), "asked for it")).unwrap();
}

#[test]
fn suspended_staff_cannot_decide() {
    let till = Till::new();
    let (_, payment) = till.held(PaymentMethod::Mpesa);
    let (support, admin) = (till.world.support.actor(), till.world.admin.actor());
    let accounts = till.world.market.accounts();
    run(accounts.set_status(&admin, till.world.support.id, UserStatus::Suspended)).unwrap();
    assert_refused(run(till.payments().refund(&support, payment, kes(100), "mine")), Rule::INACTIVE_USER);
    assert_refused(run(till.payments().review(&support, payment, true)), Rule::INACTIVE_USER);
}

#[test]
fn suspended_staff_see_their_own_payments_as_customers_do() {
    let till = Till::new();
    till.fill_wallet(&till.world.support, 500);
    let (_, foreign) = till.held(PaymentMethod::Mpesa);
    let own = till.of_kind(TransactionKind::WalletTopup).pop().unwrap();
    let (support, payments) = (till.world.support.actor(), till.payments());
    let filter = TransactionFilter { payer: Some(till.world.support.id), ..TransactionFilter::default() };
    let views = || {
        let listed = run(payments.list_views(&support, &filter, &PageRequest::default())).unwrap();
        let mut views = listed.items;
        views.push(run(payments.view(&support, own.id)).unwrap());
        views.push(run(payments.view_by_number(&support, &own.number)).unwrap());
        views.push(run(payments.view_of(&support, &till.load(own.id))).unwrap());
        views
    };
    for (status, sees_internals) in [(UserStatus::Active, true), (UserStatus::Suspended, false)] {
        let (admin, accounts) = (till.world.admin.actor(), till.world.market.accounts());
        run(accounts.set_status(&admin, till.world.support.id, status)).unwrap();
        let seen: Vec<_> = views().iter().map(|view| view.internals.is_some()).collect();
        assert_eq!(seen, [sees_internals; 4]);
        assert_eq!(run(payments.view_of(&support, &till.load(foreign))).is_ok(), sees_internals);
    }
    run(payments.receipt(&support, own.id)).unwrap();
    assert_not_found(run(payments.view_of(&support, &till.load(foreign))));
    assert_not_found(run(payments.view(&support, foreign)));
    assert_not_found(run(payments.receipt(&support, foreign)));
}

#[test]
fn support_staff_cannot_redirect_or_request_a_payout() {
    let till = Till::new();
    till.released(PaymentMethod::Mpesa);
    let (support, technician) = (till.world.support.actor(), till.world.technician.id);
    let number = ProfileChange { phone_number: Some("0700 999 999".to_owned()), ..ProfileChange::default() };
    let accounts = till.world.market.accounts();
    assert_forbidden(run(accounts.change_profile(&support, technician, &number)));
    let payout = |actor: Actor| {
        run(till.payments().request_payout(&actor, technician, kes(500), &NewPayout::default()))
    };
    assert_forbidden(payout(support));
    payout(till.world.admin.actor()).unwrap();

    run(accounts.set_status(&till.world.admin.actor(), technician, UserStatus::Suspended)).unwrap();
    assert_refused(payout(till.world.technician.actor()), Rule::INACTIVE_USER);
}

#[test]
fn large_unrequested_deposit_waits_for_a_person() {
    let till = Till::new();
    let phone = till.world.customer.phone.to_string();
    till.call_at("paybill", &format!("d1;account:{phone};deposit;20000;SJD1;254700000009"));
    let wallet = Account::Wallet(till.world.customer.id);
    let kept = till.of_kind(TransactionKind::WalletTopup).pop().unwrap();
    assert!(kept.is_mismatched());
    assert_eq!((till.balance(wallet), till.balance(Account::Reserved(kept.id))), (0, 20_000));
    run(till.payments().decide_mismatch(&till.world.support.actor(), kept.id, true)).unwrap();
    assert_eq!((till.balance(wallet), till.balance(Account::Reserved(kept.id))), (20_000, 0));
}
