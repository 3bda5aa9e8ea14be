//! Deposits that name an account.

use baitech_core::{
    ledger::Account,
    payment::WebhookStatus,
    transaction::{TransactionKind, TransactionStatus},
};
use chrono::TimeDelta;

use crate::desk::{CLEARING, Desk};

#[tokio::test]
async fn push_also_reported_as_a_deposit_is_credited_once() {
    for deposit_first in [false, true] {
        let desk = Desk::open().await;
        let (id, payment) = desk.asked(1).await;
        let paid = desk.daraja.pay(&desk.prompt());
        let deposit = desk.daraja.as_deposit(&desk.prompt());
        let order = if deposit_first { [&deposit, &paid] } else { [&paid, &deposit] };
        for callback in order.into_iter().chain(order) {
            desk.receive(callback).await;
        }
        desk.later(TimeDelta::hours(1)).await;
        assert_eq!(desk.transactions().await.len(), 1, "deposit first: {deposit_first}");
        assert_eq!(desk.status(payment).await, TransactionStatus::Completed);
        assert_eq!(desk.books().await, [(CLEARING, -2_738), (Account::Escrow(id), 2_738)]);
    }
}

#[tokio::test]
async fn deposit_supplies_the_receipt_of_a_payment_settled_by_a_query() {
    let desk = Desk::open().await;
    let (id, payment) = desk.asked(1).await;
    desk.daraja.pay(&desk.prompt());
    desk.later(TimeDelta::seconds(75)).await;
    assert_eq!(desk.load(payment).await.gateway.receipt, None);
    desk.receive(&desk.daraja.as_deposit(&desk.prompt())).await;
    assert!(desk.load(payment).await.gateway.receipt.is_some());
    assert_eq!(desk.wallet().await, 0);
    assert_eq!(desk.books().await, [(CLEARING, -2_738), (Account::Escrow(id), 2_738)]);
}

#[tokio::test]
async fn deposit_that_names_the_transaction_pays_it() {
    let desk = Desk::open().await;
    let (id, payment) = desk.asked(1).await;
    desk.receive(&desk.daraja.refuse(&desk.prompt(), "1037")).await;
    let number = desk.load(payment).await.number.to_string();
    let digits = number.trim_start_matches("TXN");
    desk.receive(&desk.daraja.deposit("254722000009", digits, "2738.00")).await;
    assert_eq!(desk.status(payment).await, TransactionStatus::Completed);
    assert_eq!(desk.books().await, [(CLEARING, -2_738), (Account::Escrow(id), 2_738)]);

    // The second payment of the same transaction is credited to the wallet.
    desk.receive(&desk.daraja.deposit("254722000009", &number, "2738.00")).await;
    assert_eq!(desk.wallet().await, 2_738);
    desk.books().await;
}

#[tokio::test]
async fn wrong_deposit_is_reserved_and_the_push_still_pays() {
    for push_first in [false, true] {
        let desk = Desk::open().await;
        let (id, payment) = desk.asked(1).await;
        let number = desk.load(payment).await.number.to_string();
        let wrong = desk.daraja.deposit("254700000001", &number, "1000.00");
        desk.receive(&wrong).await;
        assert!(desk.load(payment).await.is_mismatched());
        let another = desk.daraja.deposit("254700000001", &number, "500.00");
        desk.receive(&another).await;
        assert_eq!(desk.wallet().await, 500, "the deposit is reserved");
        if push_first {
            desk.receive(&desk.daraja.pay(&desk.prompt())).await;
            assert_eq!(desk.status(payment).await, TransactionStatus::Completed);
            assert_eq!(desk.flagged().await, [payment], "the wrong deposit is still reserved");
        }
        desk.books().await;
        desk.payments().decide_mismatch(&desk.admin.actor(), payment, false).await.unwrap();
        assert_eq!(desk.flagged().await, []);
        desk.books().await;
        let paid = desk.daraja.pay(&desk.prompt());
        desk.receive(&paid).await;
        assert_eq!(desk.status(payment).await, TransactionStatus::Completed);
        assert_eq!(desk.balance(Account::Escrow(id)).await, 2_738);

        desk.work().await;
        let reversal = &desk.daraja.requests(baitech_providers::testing::Endpoint::Reversal)[0];
        assert_eq!(reversal["Amount"], 1_000, "push first: {push_first}");
        let receipt = reversal["TransactionID"].as_str().unwrap();
        assert!(receipt.starts_with("RKD"), "the deposit must be reversed, not the payment: {receipt}");
        desk.receive(&desk.daraja.carry_out(&desk.order())).await;
        // Repeated reports of both are duplicates.
        for callback in [&wrong, &another, &paid] {
            assert_eq!(desk.receive(callback).await, WebhookStatus::Duplicate);
        }
        let customer = Account::Wallet(desk.customer.id);
        assert_eq!(desk.books().await, [(CLEARING, -3_238), (Account::Escrow(id), 2_738), (customer, 500)]);
    }
}

#[tokio::test]
async fn deposit_is_credited_to_the_wallet_of_its_phone_number_or_waits_for_a_person() {
    let desk = Desk::open().await;
    let deposit = desk.daraja.deposit("254711111111", "0700000001", "700.00");
    assert_eq!(desk.receive(&deposit).await, WebhookStatus::Applied);
    assert_eq!(desk.receive(&deposit).await, WebhookStatus::Duplicate);
    assert_eq!(desk.wallet().await, 700);

    // The payer's number is masked, so a B2C refund is impossible, but a reversal is possible.
    let unknown = desk.daraja.deposit("2547 ***** 126", "rent", "300.00");
    assert_eq!(desk.receive(&unknown).await, WebhookStatus::NeedsPerson);
    let top_ups = desk.of_kind(TransactionKind::WalletTopup).await;
    let kept = top_ups.iter().find(|top_up| top_up.payer.is_none()).unwrap();
    assert_eq!(desk.flagged().await, [kept.id]);
    assert_eq!(kept.gateway.phone.as_deref(), Some("2547*****126"), "shown to staff");
    desk.payments().decide_mismatch(&desk.admin.actor(), kept.id, false).await.unwrap();
    desk.work().await;
    desk.receive(&desk.daraja.reject(&desk.order(), "R000002")).await;
    let refund = desk.of_kind(TransactionKind::Refund).await.pop().unwrap();
    assert_eq!(desk.flagged().await, [refund.id], "the money has no owner and waits for staff");
    assert_eq!(desk.balance(Account::Reserved(refund.id)).await, 300);
    desk.books().await;
}
