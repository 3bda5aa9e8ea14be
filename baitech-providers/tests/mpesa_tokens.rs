//! Access tokens: one for all calls, renewed before the expiry, and replaced after a rejection.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::sync::Arc;

use baitech_core::{
    kernel::ManualClock,
    payment::{Operation, PaymentGateway},
};
use baitech_providers::{
    mpesa::{Mpesa, MpesaConfig},
    testing::{Daraja, Endpoint, Fault},
};
use chrono::TimeDelta;
use futures::future::join_all;
use support::{accepted, charge, clock, declined, kes, query};

async fn start() -> (Daraja, Mpesa, Arc<ManualClock>) {
    let (daraja, clock) = (Daraja::start().await, clock());
    let mpesa = Mpesa::new(daraja.config(), Arc::clone(&clock) as _).unwrap();
    (daraja, mpesa, clock)
}

async fn push(mpesa: &Mpesa, n: u8) {
    accepted(mpesa.charge(&charge(n, kes("100"))).await.unwrap());
}

#[tokio::test]
async fn concurrent_calls_share_one_token() {
    let (daraja, mpesa, _) = start().await;
    join_all((0..30).map(|n| push(&mpesa, n))).await;
    assert_eq!(daraja.tokens_granted(), 1);
    assert_eq!(daraja.prompts().len(), 30);
}

#[tokio::test]
async fn token_is_renewed_before_it_expires() {
    let (daraja, mpesa, clock) = start().await;
    push(&mpesa, 1).await;
    clock.advance(TimeDelta::seconds(3538));
    push(&mpesa, 2).await;
    assert_eq!(daraja.tokens_granted(), 1);
    clock.advance(TimeDelta::seconds(1));
    push(&mpesa, 3).await;
    assert_eq!(daraja.tokens_granted(), 2);
}

#[tokio::test]
async fn short_lived_token_is_renewed_halfway() {
    let (daraja, mpesa, clock) = start().await;
    daraja.set_token_lifetime(20);
    push(&mpesa, 1).await;
    clock.advance(TimeDelta::seconds(9));
    push(&mpesa, 2).await;
    assert_eq!(daraja.tokens_granted(), 1);
    clock.advance(TimeDelta::seconds(1));
    push(&mpesa, 3).await;
    assert_eq!(daraja.tokens_granted(), 2);
}

#[tokio::test]
async fn token_rejected_by_daraja_is_replaced_and_the_call_is_retried() {
    let (daraja, mpesa, _) = start().await;
    push(&mpesa, 1).await;
    daraja.revoke_tokens();
    join_all((2..10).map(|n| push(&mpesa, n))).await;
    assert_eq!(daraja.prompts().len(), 9, "no order is sent twice");
    assert_eq!(daraja.tokens_granted(), 2, "one token for all calls");
    let reference = daraja.prompts().remove(0);
    daraja.revoke_tokens();
    assert!(mpesa.query(&query(Operation::Charge, 1, Some(&reference), kes("100"))).await.is_ok());
}

#[tokio::test]
async fn call_is_retried_only_once() {
    let (daraja, mpesa, _) = start().await;
    let refusal = Fault::Answer {
        status: 401,
        body: r#"{"errorCode":"404.001.03","errorMessage":"Invalid Access Token"}"#.to_owned(),
    };
    daraja.fail(Endpoint::Push, refusal.clone());
    daraja.fail(Endpoint::Push, refusal);
    let outcome = mpesa.charge(&charge(1, kes("100"))).await.unwrap();
    assert_eq!(declined(outcome).code, "404.001.03");
    assert_eq!(daraja.requests(Endpoint::Push).len(), 2);
    push(&mpesa, 2).await;
}

#[tokio::test]
async fn call_without_a_token_is_not_sent() {
    let (daraja, mpesa, _) = start().await;
    for fault in [
        Fault::Break { carried_out: true },
        Fault::Answer { status: 503, body: String::new() },
        Fault::Answer { status: 200, body: "<html>".to_owned() },
        Fault::Answer { status: 200, body: r#"{"access_token":"","expires_in":"3599"}"#.to_owned() },
        Fault::Answer { status: 200, body: r#"{"access_token":"x","expires_in":"soon"}"#.to_owned() },
    ] {
        daraja.fail(Endpoint::Token, fault.clone());
        let refusal = declined(mpesa.charge(&charge(1, kes("100"))).await.unwrap());
        assert_eq!(refusal.code, "unavailable", "{fault:?}");
        assert!(refusal.retry_after.is_some());
        daraja.fail(Endpoint::Token, fault);
        assert!(mpesa.query(&query(Operation::Charge, 1, Some("ws_CO_1"), kes("100"))).await.is_err());
    }
    assert!(daraja.requests(Endpoint::Push).is_empty() && daraja.requests(Endpoint::PushQuery).is_empty());
}

#[tokio::test]
async fn wrong_credentials_are_not_retried() {
    let daraja = Daraja::start().await;
    let config = MpesaConfig { consumer_secret: "another".into(), ..daraja.config() };
    let mpesa = Mpesa::new(config, clock()).unwrap();
    let refusal = declined(mpesa.charge(&charge(1, kes("100"))).await.unwrap());
    assert_eq!((refusal.code.as_str(), refusal.retry_after), ("unauthorized", None));
}
