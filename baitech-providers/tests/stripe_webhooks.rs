//! Events of Stripe: their news, and the refusal of invalid ones.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;

use std::sync::OnceLock;

use baitech_core::{
    payment::{News, Notice, PaymentGateway, Subject, WebhookCall, WebhookError},
    transaction::{Outcome, Returned},
};
use baitech_providers::{
    stripe::{Stripe, StripeConfig},
    testing::StripeServer,
};
use chrono::TimeDelta;
use proptest::prelude::*;
use support::{accepted, charge, declined, kes, now, only, settled, transaction};

const BODY: &str = concat!(
    r#"{"id":"evt_1","type":"payment_intent.succeeded","data":{"object":{"id":"pi_1","status":"succeeded","#,
    r#""amount_received":273800,"currency":"kes","latest_charge":{"id":"ch_1"},"metadata":"#,
    r#"{"transaction":"010101010101010101010101"}}}}"#,
);
const TOKEN: &str = "events0123456789abcdef";

fn stripe() -> &'static Stripe {
    static STRIPE: OnceLock<Stripe> = OnceLock::new();
    STRIPE.get_or_init(|| {
        let config = StripeConfig {
            secret_key: "sk_test".into(),
            webhook_secrets: vec!["whsec_new".into(), "whsec_of_the_test".into()],
            webhook_token: TOKEN.into(),
            ..StripeConfig::default()
        };
        Stripe::new(config).unwrap()
    })
}

/// A signed body.
fn signed(body: impl Into<Vec<u8>>) -> WebhookCall {
    let body = body.into();
    let header = StripeServer::sign(&body, now());
    WebhookCall {
        token: TOKEN.to_owned(),
        headers: vec![("stripe-signature".to_owned(), header)],
        body,
        received_at: now(),
    }
}

fn read(body: &str) -> Vec<Notice> {
    stripe().read_webhook(&signed(body)).unwrap()
}

#[test]
fn an_event_names_its_transaction_or_its_object() {
    let notice = only(read(BODY));
    assert_eq!((notice.id.as_str(), &notice.subject), ("evt_1", &Subject::Transaction(transaction(1))));
    let News::Outcome(outcome) = notice.news else { panic!("{notice:?}") };
    let proof = settled(outcome);
    assert_eq!((proof.amount, proof.receipt.as_deref()), (Some(kes("2738")), Some("ch_1")));
    for without in ["{}", r#"{"transaction":"nonsense"}"#] {
        let body = BODY.replace(r#"{"transaction":"010101010101010101010101"}"#, without);
        assert_eq!(only(read(&body)).subject, Subject::Reference("pi_1".to_owned()));
    }
}

#[test]
fn unrelated_event_has_no_news() {
    for kind in ["customer.created", "payout.paid", "charge.succeeded", ""] {
        assert_eq!(read(&BODY.replace("payment_intent.succeeded", kind)), []);
    }
}

#[test]
fn signature_is_verified_at_the_time_of_receipt() {
    let mut call = signed(BODY);
    call.received_at = now() + TimeDelta::seconds(300);
    assert!(stripe().read_webhook(&call).is_ok());
    call.received_at += TimeDelta::seconds(1);
    assert_eq!(stripe().read_webhook(&call), Err(WebhookError::Expired));
}

#[test]
fn unsigned_body_is_rejected() {
    let mut call = signed(BODY);
    call.headers.clear();
    assert_eq!(stripe().read_webhook(&call), Err(WebhookError::Unsigned));
    let mut call = signed(BODY);
    call.token.push('0');
    assert_eq!(stripe().read_webhook(&call), Err(WebhookError::Unexpected));
    let config = StripeConfig {
        secret_key: "sk_test".into(),
        webhook_secrets: vec!["whsec_of_somebody_else".into()],
        webhook_token: TOKEN.into(),
        ..StripeConfig::default()
    };
    let other = Stripe::new(config).unwrap();
    assert_eq!(other.read_webhook(&signed(BODY)), Err(WebhookError::BadSignature));
}

#[test]
fn signed_unreadable_body_is_malformed() {
    for body in [
        "",
        "{}",
        "[]",
        "jane@example.com",
        &BODY.replace("evt_1", ""),
        &BODY.replace("273800", "\"jane@example.com\""),
        &BODY.replace("273800", "2738.5"),
        &BODY.replace("\"kes\"", "\"jane\""),
        &BODY.replace("\"object\"", "\"jane\""),
    ] {
        match stripe().read_webhook(&signed(body)) {
            Err(WebhookError::Malformed(what)) => assert!(!what.contains("jane"), "{what}"),
            other => panic!("{body}: {other:?}"),
        }
    }
}

async fn start() -> (StripeServer, Stripe) {
    let server = StripeServer::start().await;
    let stripe = Stripe::new(server.config()).unwrap();
    (server, stripe)
}

/// All notices since the last call, with the kind of each event.
fn all_notices(server: &StripeServer, stripe: &Stripe) -> Vec<(String, Notice)> {
    let events = server.events();
    let notices = |event: &baitech_providers::testing::StripeEvent| {
        let notices = stripe.read_webhook(&event.arriving_at(now())).unwrap();
        notices.into_iter().map(|notice| (event.kind.clone(), notice)).collect::<Vec<_>>()
    };
    events.iter().flat_map(notices).collect()
}

#[tokio::test]
async fn failed_payment_can_succeed_later() {
    let (server, stripe) = start().await;
    let reference = accepted(stripe.charge(&charge(1, kes("100"))).await.unwrap());
    server.confirm(&reference, "pm_card_chargeDeclined");
    server.confirm(&reference, "pm_card_visa");
    let notices = all_notices(&server, &stripe);
    assert_eq!(notices.len(), 2);
    assert!(notices.iter().all(|(_, notice)| notice.subject == Subject::Transaction(transaction(1))));
    assert_ne!(notices[0].1.id, notices[1].1.id);
    let News::Outcome(failed) = notices[0].1.news.clone() else { panic!("{notices:?}") };
    assert_eq!(declined(failed).code, "card_declined");
    assert!(matches!(notices[1].1.news, News::Outcome(Outcome::Settled(_))));
}

#[tokio::test]
async fn authorization_is_reported() {
    let (server, stripe) = start().await;
    let mut order = charge(1, kes("100"));
    order.capture = false;
    let reference = accepted(stripe.charge(&order).await.unwrap());
    server.confirm(&reference, "pm_card_visa");
    stripe.release(&support::capture(&order, &reference, 1)).await.unwrap();
    let notices = all_notices(&server, &stripe);
    let authorized = Outcome::Authorized { reference };
    assert_eq!(notices[0].1.news, News::Outcome(authorized));
    let News::Outcome(voided) = notices[1].1.news.clone() else { panic!("{notices:?}") };
    assert_eq!(declined(voided).code, "canceled");
}

#[tokio::test]
async fn chargeback_is_reported_once() {
    let (server, stripe) = start().await;
    for won in [true, false] {
        let n = u8::from(won) + 1;
        let reference = accepted(stripe.charge(&charge(n, kes("100"))).await.unwrap());
        server.confirm(&reference, "pm_card_visa");
        let _paid = server.events();
        let dispute = server.dispute(&reference);
        server.close_dispute(&dispute, won);
        let notices: Vec<_> = all_notices(&server, &stripe).into_iter().map(|(_, notice)| notice).collect();
        let opened = News::ChargebackOpened {
            id: dispute.clone(),
            amount: kes("100"),
            reason: "fraudulent".to_owned(),
        };
        assert_eq!((&notices[0].news, &notices[1]), (&opened, &notices[0]), "two events, one piece of news");
        assert_eq!(notices[2].news, News::ChargebackClosed { id: dispute, won });
        assert!(notices.iter().all(|notice| notice.subject == Subject::Reference(reference.clone())));
    }
}

#[tokio::test]
async fn bank_inquiry_moves_no_money() {
    let (server, stripe) = start().await;
    let reference = accepted(stripe.charge(&charge(1, kes("100"))).await.unwrap());
    server.confirm(&reference, "pm_card_visa");
    let _paid = server.events();
    let inquiry = server.inquire(&reference);
    server.close_dispute(&inquiry, false);
    assert_eq!(all_notices(&server, &stripe), []);
}

#[test]
fn refunds_within_a_charge_event_are_read() {
    let body = concat!(
        r#"{"id":"evt_2","type":"charge.refunded","data":{"object":{"id":"ch_1","refunds":{"data":"#,
        r#"[{"id":"re_1","amount":100,"currency":"kes","status":"succeeded","metadata":"#,
        r#"{"transaction":"010101010101010101010101"}},{"id":"re_2","amount":200,"currency":"kes","#,
        r#""status":"pending","metadata":null}]}}}}"#,
    );
    let notices = read(body);
    assert_eq!(notices.len(), 2);
    assert_eq!(
        (notices[0].id.as_str(), &notices[0].subject),
        ("evt_2/re_1", &Subject::Transaction(transaction(1)))
    );
    let News::Outcome(outcome) = notices[0].news.clone() else { panic!("{notices:?}") };
    assert_eq!(settled(outcome).amount, Some(kes("1")));
    assert_eq!(notices[1].subject, Subject::Reference("re_2".to_owned()));
    assert_eq!(notices[1].news, News::Outcome(Outcome::Pending));
}

#[test]
fn refund_without_our_metadata_refers_to_its_payment() {
    let one = |id: &str, failed| Returned::One { id: id.to_owned(), amount: Some(kes("1000")), failed };
    for (kind, status, failed) in [
        ("refund.created", "pending", false),
        ("refund.created", "succeeded", false),
        ("refund.updated", "requires_action", false),
        ("charge.refund.updated", "succeeded", false),
        ("refund.failed", "failed", true),
        ("refund.updated", "canceled", true),
    ] {
        let body = format!(
            concat!(
                r#"{{"id":"evt_3","type":"{kind}","data":{{"object":{{"id":"re_9","object":"refund","#,
                r#""amount":100000,"currency":"kes","charge":"ch_1","payment_intent":"pi_1","#,
                r#""status":"{status}","metadata":{{}}}}}}}}"#,
            ),
            kind = kind,
            status = status
        );
        let notice = only(read(&body));
        assert_eq!(notice.subject, Subject::Reference("pi_1".to_owned()), "{kind}");
        assert_eq!(notice.news, News::Returned(one("re_9", failed)), "{kind} {status}");
    }
    let charge = concat!(
        r#"{"id":"evt_4","type":"charge.refunded","data":{"object":{"id":"ch_1","object":"charge","#,
        r#""payment_intent":"pi_1","amount_refunded":100000,"currency":"kes"}}}"#,
    );
    let notice = only(read(charge));
    assert_eq!(notice.subject, Subject::Reference("pi_1".to_owned()));
    assert_eq!(notice.news, News::Returned(Returned::Total { amount: kes("1000") }));
}

#[test]
fn transfer_event_reports_the_total_reversed() {
    for (reversed, amount) in [("false", "300"), ("true", "990")] {
        let body = format!(
            concat!(
                r#"{{"id":"evt_5","type":"transfer.reversed","data":{{"object":{{"id":"tr_1","#,
                r#""object":"transfer","amount":99000,"amount_reversed":30000,"currency":"kes","reversed":"#,
                r#"{reversed},"metadata":{{"transaction":"010101010101010101010101"}}}}}}}}"#,
            ),
            reversed = reversed
        );
        let notice = only(read(&body));
        assert_eq!(notice.subject, Subject::Transaction(transaction(1)));
        assert_eq!(notice.news, News::Returned(Returned::Total { amount: kes(amount) }));
    }
}

#[test]
fn events_without_an_object_are_ignored() {
    for body in [
        concat!(
            r#"{"id":"evt_6","object":"v2.core.event","type":"v1.billing.meter.error_report_triggered","#,
            r#""related_object":{"id":"mtr_1"}}"#,
        ),
        r#"{"id":"evt_7","type":"account.updated","data":{}}"#,
        r#"{"id":"evt_8","type":"payout.paid","data":{"object":null}}"#,
    ] {
        assert_eq!(read(body), [], "{body}");
    }
}

proptest! {
    #[test]
    fn damaged_body_is_rejected(at in any::<prop::sample::Index>(), bit in 0_u8..8) {
        let mut call = signed(BODY);
        *at.get_mut(&mut call.body) ^= 1 << bit;
        prop_assert_eq!(stripe().read_webhook(&call), Err(WebhookError::BadSignature));
    }

    #[test]
    fn truncated_body_is_rejected(at in 0..BODY.len()) {
        let mut call = signed(BODY);
        call.body.truncate(at);
        prop_assert_eq!(stripe().read_webhook(&call), Err(WebhookError::BadSignature));
    }

    #[test]
    fn damaged_signature_is_rejected(at in any::<prop::sample::Index>(), bit in 0_u8..7) {
        let mut call = signed(BODY);
        let mut header = call.headers[0].1.clone().into_bytes();
        *at.get_mut(&mut header) ^= 1 << bit;
        call.headers[0].1 = String::from_utf8(header).unwrap();
        prop_assert!(stripe().read_webhook(&call).is_err(), "{}", call.headers[0].1);
    }

    #[test]
    fn truncated_signature_is_rejected(at in any::<prop::sample::Index>()) {
        let mut call = signed(BODY);
        let end = at.index(call.headers[0].1.len());
        call.headers[0].1.truncate(end);
        prop_assert!(stripe().read_webhook(&call).is_err(), "{}", call.headers[0].1);
    }

    #[test]
    fn arbitrary_headers_do_not_panic(header in any::<String>()) {
        let mut call = signed(BODY);
        call.headers[0].1 = header;
        prop_assert!(stripe().read_webhook(&call).is_err());
    }

    #[test]
    fn signed_arbitrary_bytes_do_not_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(matches!(stripe().read_webhook(&signed(body)), Err(WebhookError::Malformed(_))));
    }

    #[test]
    fn signed_damaged_bodies_do_not_panic(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut body = BODY.as_bytes().to_vec();
        *at.get_mut(&mut body) = byte;
        let _ = stripe().read_webhook(&signed(body));
    }
}
