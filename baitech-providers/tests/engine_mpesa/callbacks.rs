//! Callbacks that are repeated, early, late, damaged or forged.

use baitech_core::{ledger::Account, payment::WebhookStatus, transaction::TransactionStatus};
use baitech_providers::testing::{Callback, Endpoint, Fault};
use chrono::TimeDelta;

use crate::desk::{CLEARING, Desk};

#[tokio::test]
async fn callback_before_the_push_response_completes_the_payment() {
    let desk = Desk::open().await;
    desk.daraja.fail(Endpoint::Push, Fault::Break { carried_out: true });
    let (id, payment) = desk.asked(1).await;
    assert_eq!(desk.load(payment).await.gateway.reference, None, "no answer yet");
    desk.receive(&desk.daraja.pay(&desk.prompt())).await;
    assert_eq!(desk.status(payment).await, TransactionStatus::Completed);
    desk.later(TimeDelta::hours(1)).await;
    assert_eq!(desk.books().await, [(CLEARING, -2_738), (Account::Escrow(id), 2_738)]);
}

#[tokio::test]
async fn repeated_callback_is_a_duplicate() {
    let desk = Desk::open().await;
    let (id, _) = desk.asked(1).await;
    let paid = desk.daraja.pay(&desk.prompt());
    assert_eq!(desk.receive(&paid).await, WebhookStatus::Applied);
    for _ in 0..3 {
        assert_eq!(desk.receive(&paid).await, WebhookStatus::Duplicate);
    }
    assert_eq!(desk.books().await, [(CLEARING, -2_738), (Account::Escrow(id), 2_738)]);
}

#[tokio::test]
async fn failure_callback_after_a_success_changes_nothing() {
    let desk = Desk::open().await;
    let (id, payment) = desk.asked(1).await;
    let failed = desk.daraja.refuse(&desk.prompt(), "1037");
    let paid = desk.daraja.pay(&desk.prompt());
    for callback in [&paid, &failed, &paid, &failed] {
        desk.receive(callback).await;
    }
    assert_eq!(desk.status(payment).await, TransactionStatus::Completed);
    assert_eq!(desk.books().await, [(CLEARING, -2_738), (Account::Escrow(id), 2_738)]);
}

#[tokio::test]
async fn callback_under_a_wrong_token_has_no_effect() {
    let desk = Desk::open().await;
    let (id, payment) = desk.asked(1).await;
    let paid = desk.daraja.pay(&desk.prompt());
    let elsewhere =
        |token: &str| Callback { url: format!("https://pay.example.com/{token}"), ..paid.clone() };
    for token in ["0123456789abcdef0123456789abcdef", ""] {
        let call = elsewhere(token).arriving_at(desk.now());
        assert_eq!(desk.payments().receive_webhook(call).await.unwrap(), None, "{token}");
    }
    let deposits = elsewhere(baitech_providers::testing::Daraja::WEBHOOK_TOKEN);
    assert_eq!(desk.receive(&deposits).await, WebhookStatus::Rejected);
    assert_eq!(desk.status(payment).await, TransactionStatus::Processing);
    assert_eq!(desk.balance(Account::Escrow(id)).await, 0);
    desk.receive(&paid).await;
    assert_eq!(desk.books().await, [(CLEARING, -2_738), (Account::Escrow(id), 2_738)]);
}

#[tokio::test]
async fn callback_about_another_push_moves_nothing_and_does_not_block_the_true_one() {
    for code in ["0", "1032"] {
        let desk = Desk::open().await;
        let (id, payment) = desk.asked(1).await;
        let prompt = desk.prompt();
        let forged = if code == "0" { desk.daraja.pay(&prompt) } else { desk.daraja.refuse(&prompt, code) };
        let forged = forged.replacing(&prompt, "ws_CO_99999999999999999999");
        desk.receive(&forged).await;
        let flagged = desk.load(payment).await;
        assert!(flagged.status.is_open() && flagged.needs_person());
        assert_eq!(desk.flagged().await, [payment]);
        assert_eq!(desk.balance(CLEARING).await, 0);

        desk.receive(&desk.daraja.pay(&prompt)).await;
        assert_eq!(desk.status(payment).await, TransactionStatus::Completed, "after {code}");
        assert_eq!(desk.flagged().await, [], "no decision is pending");
        assert_eq!(desk.books().await, [(CLEARING, -2_738), (Account::Escrow(id), 2_738)]);
    }
}

#[tokio::test]
async fn payment_with_a_forged_callback_is_still_queried() {
    let desk = Desk::open().await;
    let (id, payment) = desk.asked(1).await;
    let prompt = desk.prompt();
    let forged = desk.daraja.pay(&prompt).replacing(&prompt, "ws_CO_99999999999999999999");
    desk.receive(&forged).await;
    desk.later(TimeDelta::seconds(75)).await;
    assert_eq!(desk.status(payment).await, TransactionStatus::Completed);
    assert_eq!(desk.books().await, [(CLEARING, -2_738), (Account::Escrow(id), 2_738)]);
}

#[tokio::test]
async fn wrong_amount_pays_nothing_until_the_correct_callback() {
    let desk = Desk::open().await;
    let (id, payment) = desk.asked(1).await;
    let paid = desk.daraja.pay(&desk.prompt());
    desk.receive(&paid.replacing("2738.0", "1.0")).await;
    assert!(desk.load(payment).await.is_mismatched());
    assert_eq!(desk.balance(Account::Escrow(id)).await, 0);
    assert_eq!(desk.balance(Account::Reserved(payment)).await, 1);

    desk.receive(&paid).await;
    assert_eq!(desk.status(payment).await, TransactionStatus::Completed);
    assert_eq!(desk.flagged().await, []);
    assert_eq!(desk.books().await, [(CLEARING, -2_738), (Account::Escrow(id), 2_738)]);
}

#[tokio::test]
async fn masked_payer_is_compared_by_its_visible_digits() {
    for (shown, same) in [
        ("\"2547****0001\"", true),
        ("\"0700000001\"", true),
        ("254700000001", true),
        ("\"9f86d081884c7d659a2feaa0c55ad015\"", true),
        ("254700000002", false),
        ("\"2547****0002\"", false),
    ] {
        let desk = Desk::open().await;
        let (id, payment) = desk.asked(1).await;
        let callback = desk.daraja.pay(&desk.prompt()).replacing("254700000001", shown);
        desk.receive(&callback).await;
        let after = desk.load(payment).await;
        assert_eq!(after.status == TransactionStatus::Completed, same, "{shown}");
        assert_eq!(after.needs_person(), !same, "{shown}");
        let at = if same { Account::Escrow(id) } else { Account::Reserved(payment) };
        assert_eq!(desk.books().await, [(CLEARING, -2_738), (at, 2_738)]);
        if !same {
            desk.payments().decide_mismatch(&desk.admin.actor(), payment, true).await.unwrap();
            assert_eq!(desk.books().await, [(CLEARING, -2_738), (Account::Escrow(id), 2_738)]);
        }
    }
}

#[tokio::test]
async fn truncated_callback_is_rejected() {
    let desk = Desk::open().await;
    let (id, payment) = desk.asked(1).await;
    let paid = desk.daraja.pay(&desk.prompt());
    for length in (0..paid.body.len()).step_by(7) {
        let part = Callback { body: paid.body[..length].to_vec(), ..paid.clone() };
        assert_eq!(desk.receive(&part).await, WebhookStatus::Rejected, "{length} bytes");
    }
    let empty = paid.replacing("\"CallbackMetadata\"", "\"Metadata\"");
    assert_eq!(desk.receive(&empty).await, WebhookStatus::Rejected, "a success without an amount");
    assert_eq!(desk.status(payment).await, TransactionStatus::Processing);
    desk.receive(&paid).await;
    assert_eq!(desk.books().await, [(CLEARING, -2_738), (Account::Escrow(id), 2_738)]);
}
