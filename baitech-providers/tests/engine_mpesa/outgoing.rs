//! Payouts and withdrawals.

use baitech_core::{
    ledger::Account,
    payment::{NewPayment, NewPayout, TransactionKind, TransactionStatus, WebhookStatus},
};
use baitech_providers::testing::{Endpoint, Fault};
use chrono::TimeDelta;

use crate::{
    desk::{CLEARING, Desk},
    engine::kes,
};

#[tokio::test]
async fn a_payout_that_is_refused_comes_with_the_next_batch() {
    let desk = Desk::open().await;
    desk.released(1).await;
    desk.later(TimeDelta::days(8)).await;
    desk.hear(&desk.daraja.reject(&desk.order(), "2001")).await;
    assert_eq!(desk.owed().await, 2_278);
    desk.books().await;
    desk.later(TimeDelta::days(7)).await;
    let payouts = desk.of_kind(TransactionKind::TechnicianPayout).await;
    assert_eq!(payouts.len(), 2);
    desk.hear(&desk.daraja.carry_out(&desk.order())).await;
    assert_eq!((desk.owed().await, desk.daraja.balance()), (0, 460));
    desk.books().await;
}

#[tokio::test]
async fn a_payout_whose_time_runs_out_in_the_queue_is_still_on_its_way() {
    let desk = Desk::open().await;
    desk.released(1).await;
    desk.later(TimeDelta::days(8)).await;
    let payout = desk.of_kind(TransactionKind::TechnicianPayout).await.pop().unwrap().id;
    desk.hear(&desk.daraja.queue_timeout(&desk.order())).await;
    assert_eq!(desk.status(payout).await, TransactionStatus::Processing);
    assert_eq!(desk.balance(Account::Reserved(payout)).await, 2_278);
    assert_eq!(desk.hear(&desk.daraja.carry_out(&desk.order())).await, WebhookStatus::Applied);
    assert_eq!(desk.status(payout).await, TransactionStatus::Completed);
    assert_eq!(desk.daraja.orders().len(), 1);
    desk.books().await;
}

#[tokio::test]
async fn an_instant_payout_without_an_answer_is_found_by_a_question() {
    for carried_out in [true, false] {
        let desk = Desk::open().await;
        desk.released(1).await;
        desk.daraja.fail(Endpoint::PayOut, Fault::Hang { carried_out });
        let technician = desk.technician.actor();
        let request = NewPayout::default();
        let payout = desk
            .payments()
            .request_payout(&technician, desk.technician.id, kes(1_000), &request)
            .await
            .unwrap();
        assert_eq!(payout.status, TransactionStatus::Pending);
        if carried_out {
            desk.daraja.carry_out(&desk.order());
        }
        desk.later(TimeDelta::seconds(75)).await;
        for answer in desk.daraja.answers() {
            desk.hear(&answer).await;
        }
        let status = desk.status(payout.id).await;
        if carried_out {
            assert_eq!(status, TransactionStatus::Completed);
            assert_eq!((desk.owed().await, desk.balance(CLEARING).await), (1_278, -1_748));
        } else {
            assert_eq!(status, TransactionStatus::Pending, "a payment that cannot be found may still come");
            assert_eq!(desk.balance(Account::Reserved(payout.id)).await, 1_000);
        }
        assert!(desk.daraja.orders().len() <= 1, "never sent again");
        desk.books().await;
    }
}

#[tokio::test]
async fn a_wallet_is_filled_and_emptied() {
    let desk = Desk::open().await;
    let customer = desk.customer.actor();
    desk.payments().top_up(&customer, kes(1_500), &NewPayment::default()).await.unwrap();
    desk.hear(&desk.daraja.pay(&desk.prompt())).await;
    assert_eq!(desk.wallet().await, 1_500);
    let out = desk.payments().withdraw(&customer, kes(600), &NewPayout::default()).await.unwrap();
    desk.hear(&desk.daraja.carry_out(&desk.order())).await;
    assert_eq!(desk.status(out.id).await, TransactionStatus::Completed);
    let failed = desk.payments().withdraw(&customer, kes(300), &NewPayout::default()).await.unwrap();
    desk.hear(&desk.daraja.reject(&desk.order(), "8")).await;
    assert_eq!(desk.status(failed.id).await, TransactionStatus::Failed);
    assert_eq!(desk.books().await, [(CLEARING, -900), (Account::Wallet(desk.customer.id), 900)]);
}
