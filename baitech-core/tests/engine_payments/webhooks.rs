//! Webhooks are stored first, verified, and applied once, in any order.

use baitech_core::{
    booking::BookingStatus as Status,
    kernel::{Actor, Code, PageRequest, Rule},
    ledger::Account,
    payment::{Webhook, WebhookCall, WebhookStatus},
    transaction::{PaymentMethod, TransactionKind, TransactionStatus},
};
use chrono::TimeDelta;

use crate::{
    support::{assert_invalid, assert_refused, kes, run},
    till::Till,
};

fn statuses(till: &Till) -> Vec<WebhookStatus> {
    let page = PageRequest::new(100, None).unwrap();
    let all = run(till.payments().list_webhooks(&Actor::System, &[], &page)).unwrap();
    let mut all: Vec<_> = all.items.iter().map(|webhook| (webhook.id, webhook.status)).collect();
    all.reverse();
    all.into_iter().map(|(_, status)| status).collect()
}

/// A policy that refunds a second receipt of one payment at once.
fn refunding() -> Till {
    let mut policy = baitech_core::booking::BookingPolicy::default();
    policy.payment.on_second_receipt = baitech_core::transaction::OnSecondReceipt::Refund;
    Till::with(|builder| builder.policy(policy))
}

#[test]
fn second_receipt_waits_for_a_person_unless_the_policy_refunds_it() {
    for complete in [true, false] {
        let till = Till::new();
        let id = till.accepted(PaymentMethod::Mpesa);
        let payment = till.pay(id).unwrap().transaction.id;
        till.call(payment, "n1;caller:;paid;2738;SJK1;");
        till.call(payment, "n2;caller:;paid;2738;SJK2;");
        till.call(payment, "n3;caller:;paid;2738;SJK2;");
        let [.., held, again] = till.webhook_results()[..] else { panic!("three calls") };
        assert_eq!((held, again), (WebhookStatus::NeedsPerson, WebhookStatus::Duplicate));
        assert_eq!(till.mpesa.count("refund"), 0, "an unsigned webhook starts no refund");
        let [additional] = &till.of_kind(TransactionKind::WalletTopup)[..] else {
            panic!("one additional transaction")
        };
        assert_eq!(additional.mismatch.as_ref().unwrap().receipt.as_deref(), Some("SJK2"));
        assert_eq!(till.balance(Account::Reserved(additional.id)), 2_738);
        assert!(!till.load(payment).needs_person(), "the payment itself continues");
        let support = till.world.support.actor();
        run(till.payments().decide_mismatch(&support, additional.id, complete)).unwrap();
        if complete {
            assert_eq!(till.balance(Account::Wallet(till.world.customer.id)), 2_738);
        } else {
            till.work();
            let refund = till.of_kind(TransactionKind::Refund).pop().unwrap();
            till.call(refund.id, "n4;caller:;paid;2738;SJR2;");
        }
        assert_eq!(till.balance(Account::Escrow(id)), 2_738);
        assert_eq!(till.balance(Account::Reserved(additional.id)), 0);
    }

    let till = refunding();
    let id = till.accepted(PaymentMethod::Mpesa);
    let payment = till.pay(id).unwrap().transaction.id;
    till.call(payment, "n1;caller:;paid;2738;SJK1;");
    till.call(payment, "n2;caller:;paid;2738;SJK2;");
    let [refund] = &till.of_kind(TransactionKind::Refund)[..] else { panic!("one refund") };
    assert_eq!(refund.amount.gross, kes(2_738));
    till.work();
    assert_eq!(till.mpesa.count("refund"), 1);
}

#[test]
fn deposit_matches_its_payment_by_any_notation_of_its_number_or_booking() {
    let separated =
        |number: &str, at: usize| format!("{}-{} {}", &number[..at], &number[at..at + 4], &number[at + 4..]);
    for of_booking in [true, false] {
        for style in 0..3 {
            let till = Till::new();
            let id = till.accepted(PaymentMethod::Mpesa);
            let payment = till.pay(id).unwrap().transaction;
            let number =
                if of_booking { till.world.load(id).number.to_string() } else { payment.number.to_string() };
            let account = match style {
                0 => number.to_lowercase(),
                1 => separated(&number, if of_booking { 2 } else { 3 }),
                _ => format!(" {number}. "),
            };
            till.call_at("paybill", &format!("d1;account:{account};deposit;2738;SJD1;254700000009"));
            assert_eq!(till.balance(Account::Escrow(id)), 2_738, "{account}");
            assert_eq!(till.load(payment.id).status, TransactionStatus::Completed, "{account}");
            till.call_at("paybill", &format!("d2;account:{account};deposit;2738;SJD2;254700000009"));
            let wallet = Account::Wallet(till.world.customer.id);
            assert_eq!(till.balance(wallet), 2_738, "another payment of the same payer");
        }
    }
    let till = Till::new();
    let id = till.accepted(PaymentMethod::Mpesa);
    let number = till.world.load(id).number.clone();
    till.call_at("paybill", &format!("d1;account:{number};deposit;500;SJD1;254700000009"));
    assert_eq!(till.balance(Account::Wallet(till.world.customer.id)), 500, "no payment was started");
}

#[test]
fn webhook_of_a_megabyte_is_stored() {
    let till = Till::new();
    let id = till.accepted(PaymentMethod::Mpesa);
    let payment = till.pay(id).unwrap().transaction.id;
    let mut call = "n1;caller:;paid;2738;SJK1;".to_owned();
    call.push_str(&" ".repeat(1024 * 1024 - call.len()));
    till.call(payment, &call);
    assert_eq!(statuses(&till), [WebhookStatus::Applied]);
}

#[test]
fn webhook_repeated_eight_times_pays_once() {
    let till = Till::new();
    let id = till.accepted(PaymentMethod::Mpesa);
    let payment = till.pay(id).unwrap().transaction.id;
    for _ in 0..8 {
        till.call(payment, "n1;caller:;paid;2738;SJK1;");
    }
    assert_eq!(till.balance(Account::Escrow(id)), 2_738);
    let statuses = statuses(&till);
    assert_eq!(statuses.iter().filter(|status| **status == WebhookStatus::Applied).count(), 1);
    assert_eq!(statuses.iter().filter(|status| **status == WebhookStatus::Duplicate).count(), 7);
    assert_eq!(till.load(payment).gateway.receipt.as_deref(), Some("SJK1"));
}

#[test]
fn rejected_webhook_is_stored_without_effect() {
    let till = Till::new();
    let id = till.accepted(PaymentMethod::Mpesa);
    let payment = till.pay(id).unwrap().transaction.id;
    for wrong in ["forged;caller:;paid;2738;SJK1;", "n1;caller:;paid", "", "n1;nobody;paid;1;;"] {
        till.call(payment, wrong);
    }
    assert_eq!(statuses(&till), [WebhookStatus::Rejected; 4]);
    assert_eq!(till.books(), []);
    assert_eq!(till.load(payment).status, TransactionStatus::Processing);
    let huge = WebhookCall {
        token: "paybill".to_owned(),
        headers: Vec::new(),
        body: vec![b'x'; Webhook::MAX_BODY_BYTES + 1],
        received_at: till.world.now(),
    };
    assert_invalid(run(till.payments().receive_webhook(huge)), &[("body", Code::TooLong)]);
}

#[test]
fn early_webhook_waits_for_its_transaction() {
    let till = Till::new();
    till.call_at("cards", "n1;reference:ref-late;paid;2738;ch_1;");
    assert_eq!(statuses(&till), [WebhookStatus::Received]);
    let id = till.accepted(PaymentMethod::Card);
    till.card.answers_with(Ok(baitech_core::transaction::Outcome::Accepted {
        reference: "ref-late".to_owned(),
        client_secret: None,
    }));
    till.pay(id).unwrap();
    till.world.clock.advance(TimeDelta::seconds(5));
    till.work();
    assert_eq!(statuses(&till), [WebhookStatus::Applied]);
    assert_eq!(till.balance(Account::Escrow(id)), 2_738);

    till.call_at("cards", "n2;reference:ref-never;paid;1;ch_2;");
    for _ in 0..30 {
        till.world.clock.advance(TimeDelta::hours(6));
        till.work();
    }
    assert!(statuses(&till).contains(&WebhookStatus::DeadLetter), "it waits for staff");
}

#[test]
fn a_wrong_amount_or_payer_never_completes_a_payment() {
    for (news, kept, complete) in [
        ("n1;caller:;paid;2700;SJK1;", 2_700, true),
        ("n1;caller:;paid;3000;SJK1;", 3_000, true),
        ("n1;caller:;paid;2700;SJK1;", 2_700, false),
        ("n1;caller:;paid;2738;SJK1;2547****9999", 2_738, false),
    ] {
        let till = refunding();
        let id = till.accepted(PaymentMethod::Mpesa);
        let payment = till.pay(id).unwrap().transaction.id;
        till.call(payment, news);
        let flagged = till.load(payment);
        assert!(flagged.is_mismatched() && flagged.status.is_open() && flagged.needs_person());
        assert_eq!(till.balance(Account::Reserved(payment)), kept);
        assert_eq!(till.balance(Account::Escrow(id)), 0);
        till.call(payment, "n2;caller:;paid;2700;SJK2;");
        assert_eq!(till.balance(Account::Escrow(id)), 0, "wrong money does not count before staff decide");
        let additional = till.of_kind(TransactionKind::Refund)[0].clone();
        till.work();
        till.call(additional.id, "n9;caller:;paid;2700;SJR2;");
        let support = till.world.support.actor();
        run(till.payments().decide_mismatch(&support, payment, complete)).unwrap();
        assert_refused(
            run(till.payments().decide_mismatch(&support, payment, complete)),
            Rule::ALREADY_DECIDED,
        );
        assert_eq!(till.balance(Account::Reserved(payment)), 0);
        let wallet = till.balance(Account::Wallet(till.world.customer.id));
        if complete {
            assert_eq!(till.balance(Account::Escrow(id)), 2_738);
            assert_eq!(wallet, (kept - 2_738).max(0));
            assert_eq!(till.balance(Account::Discounts), (kept - 2_738).min(0));
            assert_eq!(till.load(payment).status, TransactionStatus::Completed);
        } else {
            assert_eq!(till.load(payment).status, TransactionStatus::Failed);
            let refunds = till.of_kind(TransactionKind::Refund);
            let refund = refunds.iter().find(|refund| refund.id != additional.id).unwrap();
            assert_eq!(refund.amount.gross, kes(kept));
            till.work();
            till.call(refund.id, &format!("n3;caller:;paid;{kept};SJR1;"));
            assert_eq!(till.books(), []);
        }
    }
}

#[test]
fn correct_payment_completes_after_a_wrong_one_which_is_refunded() {
    let till = Till::new();
    let id = till.accepted(PaymentMethod::Mpesa);
    let payment = till.pay(id).unwrap().transaction.id;
    till.call(payment, "n1;caller:;paid;2700;SJK1;");
    till.call(payment, "n2;caller:;paid;2738;SJK2;");
    let paid = till.load(payment);
    assert_eq!((paid.status, paid.needs_person()), (TransactionStatus::Completed, true));
    assert_eq!(paid.gateway.receipt.as_deref(), Some("SJK2"));
    assert_eq!((till.balance(Account::Escrow(id)), till.balance(Account::Reserved(payment))), (2_738, 2_700));
    let support = till.world.support.actor();
    let decide = |complete| run(till.payments().decide_mismatch(&support, payment, complete));
    assert_refused(decide(true), Rule::TRANSITION);
    let decided = decide(false).unwrap();
    assert_eq!((decided.status, decided.needs_person()), (TransactionStatus::Completed, false));
    assert_eq!(decided.captured().unwrap(), kes(2_738), "the payment itself is not refunded");
    till.work();
    let refund = till.of_kind(TransactionKind::Refund).pop().unwrap();
    till.call(refund.id, "n3;caller:;paid;2700;SJR1;");
    assert_eq!(
        till.books(),
        [(Account::Clearing(PaymentMethod::Mpesa), -2_738), (Account::Escrow(id), 2_738)]
    );
}

#[test]
fn corrected_report_of_the_same_money_completes_the_payment() {
    for wrong in ["n1;caller:;paid;1;SJK1;", "n1;caller:;paid;2738;SJK1;2547****9999"] {
        let till = Till::new();
        let id = till.accepted(PaymentMethod::Mpesa);
        let payment = till.pay(id).unwrap().transaction.id;
        till.call(payment, wrong);
        assert!(till.load(payment).is_mismatched());
        till.call(payment, &format!("n2;caller:;paid;2738;SJK1;{}", till.world.customer.phone));
        let paid = till.load(payment);
        assert_eq!((paid.status, paid.needs_person()), (TransactionStatus::Completed, false));
        assert_eq!(
            till.books(),
            [(Account::Clearing(PaymentMethod::Mpesa), -2_738), (Account::Escrow(id), 2_738)]
        );
    }
}

#[test]
fn report_without_a_payer_does_not_clear_a_payer_mismatch() {
    let till = Till::new();
    let id = till.accepted(PaymentMethod::Mpesa);
    let payment = till.pay(id).unwrap().transaction.id;
    till.call(payment, "n1;caller:;paid;2738;SJK1;2547****9999");
    till.call(payment, "n2;caller:;paid;2738;SJK1;");
    assert!(till.load(payment).is_mismatched());
    assert_eq!(till.balance(Account::Escrow(id)), 0);
}

#[test]
fn webhook_about_another_operation_waits_for_a_person_and_blocks_nothing() {
    let till = Till::new();
    let id = till.accepted(PaymentMethod::Mpesa);
    let payment = till.pay(id).unwrap().transaction.id;
    till.call(payment, "n1;caller:somebody-else;paid;2738;SJK1;");
    assert!(till.load(payment).is_mismatched());
    assert_eq!(till.books(), []);
    till.world.clock.advance(TimeDelta::seconds(75));
    till.work();
    assert_eq!(till.mpesa.count("query"), 1, "it is still queried");
    till.call(payment, "n2;caller:;paid;2738;SJK2;");
    assert!(!till.load(payment).needs_person());
    assert_eq!(till.balance(Account::Escrow(id)), 2_738);
}

#[test]
fn large_unsigned_payment_is_confirmed_before_it_counts() {
    let mut policy = baitech_core::booking::BookingPolicy::default();
    policy.payment.confirm_above = kes(2_737);
    let till = Till::with(|builder| builder.policy(policy));
    let id = till.accepted(PaymentMethod::Mpesa);
    let payment = till.pay(id).unwrap().transaction.id;
    till.call(payment, "n1;caller:;paid;2738;SJK1;");
    assert_eq!(till.books(), [], "the webhook is unsigned");
    till.mpesa.answers_with(Ok(baitech_core::transaction::Outcome::Settled(
        baitech_core::transaction::Proof::default(),
    )));
    till.work();
    assert_eq!(till.balance(Account::Escrow(id)), 2_738);
    assert_eq!(till.load(payment).gateway.receipt.as_deref(), Some("SJK1"));
}

#[test]
fn late_success_pays_and_a_second_success_is_refunded() {
    let till = Till::new();
    let id = till.accepted(PaymentMethod::Mpesa);
    let first = till.pay(id).unwrap().transaction.id;
    till.call(first, "n1;caller:;failed;;;");
    assert_eq!(till.load(first).status, TransactionStatus::Failed);
    let second = till.pay(id).unwrap().transaction.id;
    till.call(second, "n2;caller:;paid;2738;SJK2;");
    assert_eq!(till.balance(Account::Escrow(id)), 2_738);
    till.call(first, "n3;caller:;paid;2738;SJK1;");
    assert_eq!(till.load(first).status, TransactionStatus::Refunded, "the booking is paid already");
    assert_eq!(till.balance(Account::Escrow(id)), 2_738);
    till.world.drive(id, Status::Paid);

    let till = Till::new();
    let id = till.accepted(PaymentMethod::Mpesa);
    let only = till.pay(id).unwrap().transaction.id;
    till.call(only, "n1;caller:;failed;;;");
    till.call(only, "n2;caller:;paid;2738;SJK1;");
    assert_eq!(till.load(only).status, TransactionStatus::Completed, "no other payment arrived");
    assert_eq!(till.balance(Account::Escrow(id)), 2_738);
}

#[test]
fn unrequested_deposit_is_credited_to_its_account_or_waits_for_a_person() {
    let till = Till::new();
    let id = till.accepted(PaymentMethod::Mpesa);
    let payment = till.pay(id).unwrap().transaction;
    till.call_at("paybill", &format!("d1;account:{};deposit;2738;SJD1;254700000009", payment.number));
    assert_eq!(till.balance(Account::Escrow(id)), 2_738, "paid by naming the transaction");

    let again = format!("d9;account:{};deposit;2738;SJD1;254700000009", payment.number);
    till.call_at("paybill", &again);
    assert_eq!(
        till.balance(Account::Wallet(till.world.customer.id)),
        0,
        "the same payment in another notation"
    );

    let phone = till.world.customer.phone.to_string();
    till.call_at("paybill", &format!("d2;account:{phone};deposit;500;SJD2;254700000009"));
    till.call_at("paybill", &format!("d2;account:{phone};deposit;500;SJD2;254700000009"));
    assert_eq!(till.balance(Account::Wallet(till.world.customer.id)), 500, "once");

    till.call_at("paybill", "d3;account:who knows;deposit;70;SJD3;254700000009");
    let top_ups = till.of_kind(TransactionKind::WalletTopup);
    let unknown = top_ups.iter().find(|top_up| top_up.payer.is_none()).unwrap();
    assert!(unknown.is_mismatched());
    assert_eq!(till.balance(Account::Reserved(unknown.id)), 70);
    run(till.payments().decide_mismatch(&till.world.support.actor(), unknown.id, false)).unwrap();
    till.work();
    let refund = till.of_kind(TransactionKind::Refund).pop().unwrap();
    assert_eq!(refund.amount.gross, kes(70));
    assert_eq!(till.balance(Account::Reserved(refund.id)), 70);
}

#[test]
fn status_query_without_a_receipt_requests_it_once() {
    let till = Till::new();
    let id = till.accepted(PaymentMethod::Mpesa);
    let payment = till.pay(id).unwrap().transaction.id;
    till.mpesa.answers_with(Ok(baitech_core::transaction::Outcome::Settled(
        baitech_core::transaction::Proof::default(),
    )));
    till.world.clock.advance(TimeDelta::seconds(75));
    till.work();
    assert_eq!(till.load(payment).gateway.receipt, None);
    till.call(payment, "n5;caller:;details;2738;SJK5;");
    assert_eq!(till.load(payment).gateway.receipt.as_deref(), Some("SJK5"));
    till.work();
    assert_eq!(till.balance(Account::Escrow(id)), 2_738);
}
