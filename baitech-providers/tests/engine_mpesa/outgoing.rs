//! Payouts and withdrawals.

use baitech_core::{
    ledger::Account,
    payment::{NewPayment, NewPayout, WebhookStatus},
    transaction::{TransactionKind, TransactionStatus},
};
use baitech_providers::{
    mpesa::ResultCode,
    testing::{Endpoint, Fault},
};
use chrono::TimeDelta;
use proptest::prelude::*;

use crate::{
    desk::{CLEARING, Desk},
    engine::kes,
};

#[tokio::test]
async fn refused_payout_is_retried_in_the_next_batch() {
    let desk = Desk::open().await;
    desk.released(1).await;
    desk.later(TimeDelta::days(8)).await;
    desk.receive(&desk.daraja.reject(&desk.order(), "2001")).await;
    assert_eq!(desk.owed().await, 2_278);
    desk.books().await;
    desk.later(TimeDelta::days(7)).await;
    let payouts = desk.of_kind(TransactionKind::TechnicianPayout).await;
    assert_eq!(payouts.len(), 2);
    desk.receive(&desk.daraja.carry_out(&desk.order())).await;
    assert_eq!((desk.owed().await, desk.daraja.balance()), (0, 460));
    desk.books().await;
}

#[tokio::test]
async fn payout_that_times_out_in_the_queue_stays_in_progress() {
    let desk = Desk::open().await;
    desk.released(1).await;
    desk.later(TimeDelta::days(8)).await;
    let payout = desk.of_kind(TransactionKind::TechnicianPayout).await.pop().unwrap().id;
    desk.receive(&desk.daraja.queue_timeout(&desk.order())).await;
    assert_eq!(desk.status(payout).await, TransactionStatus::Processing);
    assert_eq!(desk.balance(Account::Reserved(payout)).await, 2_278);
    assert_eq!(desk.receive(&desk.daraja.carry_out(&desk.order())).await, WebhookStatus::Applied);
    assert_eq!(desk.status(payout).await, TransactionStatus::Completed);
    assert_eq!(desk.daraja.orders().len(), 1);
    desk.books().await;
}

#[tokio::test]
async fn unanswered_instant_payout_is_settled_by_a_query() {
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
            desk.receive(&answer).await;
        }
        let status = desk.status(payout.id).await;
        if carried_out {
            assert_eq!(status, TransactionStatus::Completed);
            assert_eq!((desk.owed().await, desk.balance(CLEARING).await), (1_278, -1_748));
        } else {
            assert_eq!(
                status,
                TransactionStatus::Pending,
                "the status query does not find the payment, so its outcome stays open"
            );
            assert_eq!(desk.balance(Account::Reserved(payout.id)).await, 1_000);
        }
        assert!(desk.daraja.orders().len() <= 1, "it is not sent again");
        desk.books().await;
    }
}

#[tokio::test]
async fn wallet_is_topped_up_and_withdrawn() {
    let desk = Desk::open().await;
    let customer = desk.customer.actor();
    desk.payments().top_up(&customer, kes(1_500), &NewPayment::default()).await.unwrap();
    desk.receive(&desk.daraja.pay(&desk.prompt())).await;
    assert_eq!(desk.wallet().await, 1_500);
    let out = desk.payments().withdraw(&customer, kes(600), &NewPayout::default()).await.unwrap();
    desk.receive(&desk.daraja.carry_out(&desk.order())).await;
    assert_eq!(desk.status(out.id).await, TransactionStatus::Completed);
    let failed = desk.payments().withdraw(&customer, kes(300), &NewPayout::default()).await.unwrap();
    desk.receive(&desk.daraja.reject(&desk.order(), "8")).await;
    assert_eq!(desk.status(failed.id).await, TransactionStatus::Failed);
    assert_eq!(desk.books().await, [(CLEARING, -900), (Account::Wallet(desk.customer.id), 900)]);
}

/// Where Daraja reports a code: in its answer to the order, as an error of that answer, or in the callback.
#[derive(Debug, Clone, Copy)]
enum Place {
    Answer,
    Error(u16),
    Callback,
}

/// The number of orders for a payout within some weeks, if Daraja reports this code.
async fn orders_after(code: &str, place: Place) -> usize {
    let desk = Desk::open().await;
    desk.released(1).await;
    let misleading = |status, body: serde_json::Value| {
        desk.daraja.fail(Endpoint::PayOut, Fault::Misleading { status, body: body.to_string() });
    };
    match place {
        Place::Answer => misleading(200, serde_json::json!({"ResponseCode": code})),
        Place::Error(status) => {
            misleading(status, serde_json::json!({"errorCode": code, "errorMessage": "as told"}));
        }
        Place::Callback => {}
    }
    desk.later(TimeDelta::days(8)).await;
    if matches!(place, Place::Callback) {
        desk.receive(&desk.daraja.reject(&desk.order(), code)).await;
    }
    // Two more batches and all status queries.
    for _ in 0..2 {
        desk.later(TimeDelta::days(7)).await;
    }
    let orders = desk.daraja.orders().len();
    assert_eq!(orders, desk.daraja.requests(Endpoint::PayOut).len());
    orders
}

/// Whether an error is documented as a refusal, or is one by its message.
fn is_documented_error(status: u16, code: &str) -> bool {
    let documented = [
        "400.001.01",
        "400.002.01",
        "400.002.02",
        "400.002.05",
        "400.003.01",
        "400.003.02",
        "401.002.01",
        "401.003.01",
        "404.001.01",
        "404.001.03",
        "404.001.04",
        "405.001",
    ];
    status == 401 || status == 429 || documented.contains(&code)
}

#[test]
fn unknown_result_codes_do_not_cause_a_second_payout() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let place =
        prop_oneof![Just(Place::Answer), Just(Place::Callback), (400_u16..600).prop_map(Place::Error),];
    let code = prop_oneof![
        "[1-9][0-9]{0,4}",
        "[0-9]{3}\\.[0-9]{3}\\.[0-9]{2,4}",
        "[A-Z]{1,3}_?[A-Z]{0,2}[0-9]{1,6}",
        Just("00000000".to_owned()),
        Just("R000001".to_owned()),
        Just("17".to_owned()),
        Just("4999".to_owned()),
    ];
    proptest!(ProptestConfig::with_cases(40), |(code in code, place in place)| {
        let refused = match place {
            Place::Answer | Place::Callback => ResultCode::new(&code).is_refusal(),
            Place::Error(status) => is_documented_error(status, &code),
        };
        prop_assume!(!refused);
        prop_assert_eq!(runtime.block_on(orders_after(&code, place)), 1, "{} {:?}", code, place);
    });
    // The next batch pays after a documented refusal, which shows that the table is not empty.
    assert_eq!(runtime.block_on(orders_after("2001", Place::Callback)), 2);
}
