//! Configurations: all errors are reported at once, and secrets are never shown.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod support;

use std::{sync::Arc, time::Duration};

use baitech_core::{
    kernel::{Currency, Money, SystemClock},
    payment::{Limits, PaymentGateway},
};
use baitech_providers::{
    ConfigError,
    mpesa::{Mpesa, MpesaConfig},
    stripe::{Stripe, StripeConfig},
    testing::{Daraja, StripeServer},
};
use chrono::TimeDelta;

fn fields(error: ConfigError) -> Vec<String> {
    match error {
        ConfigError::Invalid(found) => found.iter().map(|violation| violation.field.to_string()).collect(),
        other => panic!("{other}"),
    }
}

#[test]
fn all_mistakes_of_a_daraja_configuration_are_reported_at_once() {
    let error = Mpesa::new(MpesaConfig::at(""), Arc::new(SystemClock)).unwrap_err();
    assert_eq!(
        fields(error),
        [
            "baseUrl",
            "consumerKey",
            "consumerSecret",
            "shortCode",
            "passkey",
            "initiator",
            "securityCredential",
            "callbackBase"
        ]
    );
    let kes = |units| Some(Money::from_major(units, Currency::KES));
    let wrong = MpesaConfig {
        consumer_key: "with a space".into(),
        consumer_secret: "ok".into(),
        short_code: "1234".to_owned(),
        till: Some("x".to_owned()),
        payout_short_code: Some(String::new()),
        passkey: "ok".into(),
        initiator: "line\nbreak".to_owned(),
        security_credential: "ok".into(),
        callback_base: "http://pay.example.com".to_owned(),
        callback_path: "/api/v1/query/".to_owned(),
        webhook_token: Some("short".into()),
        charge: Limits { least: kes(10), most: kes(1) },
        pay_out: Limits { least: Some(Money::from_major(1, Currency::USD)), most: None },
        timeout: Duration::ZERO,
        connect_timeout: Duration::from_secs(301),
        ..MpesaConfig::at("ftp://example.com")
    };
    assert_eq!(
        fields(wrong.validate().unwrap_err()),
        [
            "baseUrl",
            "consumerKey",
            "shortCode",
            "till",
            "payoutShortCode",
            "initiator",
            "callbackBase",
            "callbackPath",
            "webhookToken",
            "charge",
            "payOut",
            "timeout",
            "connectTimeout"
        ]
    );
}

#[tokio::test]
async fn words_that_daraja_refuses_are_refused_in_the_configuration() {
    let daraja = Daraja::start().await;
    for word in ["mpesa", "M-Pesa", "Safaricom", "exe", "exec", "cmd", "SQL", "query"] {
        let base = MpesaConfig { callback_base: format!("https://example.com/{word}"), ..daraja.config() };
        assert_eq!(fields(base.validate().unwrap_err()), ["callbackBase"], "{word}");
        let path = MpesaConfig { callback_path: format!("/{word}/"), ..daraja.config() };
        assert_eq!(fields(path.validate().unwrap_err()), ["callbackPath"], "{word}");
        let token =
            MpesaConfig { webhook_token: Some(format!("0123456789abcdef{word}").into()), ..daraja.config() };
        assert_eq!(fields(token.validate().unwrap_err()), ["webhookToken"], "{word}");
    }
    for path in ["", "api/", "/api", "/a b/", "/a?b/"] {
        let path = MpesaConfig { callback_path: path.to_owned(), ..daraja.config() };
        assert_eq!(fields(path.validate().unwrap_err()), ["callbackPath"]);
    }
}

#[test]
fn all_mistakes_of_a_stripe_configuration_are_reported_at_once() {
    let error = Stripe::new(StripeConfig::default()).unwrap_err();
    assert_eq!(fields(error), ["secretKey", "webhookSecrets", "webhookToken"]);
    let wrong = StripeConfig {
        base_url: "https://user:password@example.com".to_owned(),
        secret_key: "sk\n".into(),
        webhook_secrets: vec!["whsec_ok".into(), "".into()],
        webhook_token: "0123456789/abcdef".into(),
        api_version: "2024 06".to_owned(),
        signature_tolerance: TimeDelta::zero(),
        pay_out: Limits {
            least: Some(Money::from_major(1, Currency::USD)),
            most: Some(Money::from_major(1, Currency::KES)),
        },
        timeout: Duration::ZERO,
        ..StripeConfig::default()
    };
    assert_eq!(
        fields(wrong.validate().unwrap_err()),
        [
            "baseUrl",
            "secretKey",
            "webhookSecrets",
            "webhookToken",
            "apiVersion",
            "signatureTolerance",
            "payOut",
            "timeout"
        ]
    );
}

#[tokio::test]
async fn secrets_are_never_shown() {
    let (daraja, server) = (Daraja::start().await, StripeServer::start().await);
    let mpesa_config = MpesaConfig {
        consumer_key: "SECRET1".into(),
        consumer_secret: "SECRET2".into(),
        passkey: "SECRET3".into(),
        security_credential: "SECRET4".into(),
        webhook_token: Some("SECRET5SECRET5SECRET5".into()),
        ..daraja.config()
    };
    let stripe_config = StripeConfig {
        secret_key: "SECRET6".into(),
        webhook_secrets: vec!["SECRET7".into(), "SECRET8".into()],
        webhook_token: "SECRET9SECRET9SECRET9".into(),
        ..server.config()
    };
    let mut shown = format!("{mpesa_config:?} {stripe_config:?}");
    let wrong = MpesaConfig { consumer_key: "SECRET0 ".into(), ..mpesa_config.clone() };
    let error = wrong.validate().unwrap_err();
    let mpesa = Mpesa::new(mpesa_config, support::clock()).unwrap();
    let stripe = Stripe::new(stripe_config).unwrap();
    shown += &format!("{error} {error:?} {mpesa:?} {stripe:?}");
    // Errors of calls contain no secret either; both servers refuse these calls.
    let charge = support::charge(1, support::kes("100"));
    shown += &format!("{:?} {:?}", mpesa.charge(&charge).await, stripe.charge(&charge).await);
    assert!(!shown.contains("SECRET"), "{shown}");
    assert!(!shown.contains("254712345678") && !shown.contains("jane@"), "{shown}");
}
