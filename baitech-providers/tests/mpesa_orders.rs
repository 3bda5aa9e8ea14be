//! Charges, payouts, refunds and queries with a server that speaks Daraja's protocol.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;

use std::time::Duration;

use baitech_core::{
    kernel::{Currency, Money, PhoneNumber},
    payment::{News, Notice, Operation, PaymentGateway, Subject, WebhookError},
    transaction::{Outcome, PaymentMethod, PaymentTiming, Proof},
};
use baitech_providers::{
    mpesa::{Mpesa, MpesaConfig},
    testing::{Callback, Daraja, Endpoint, Fault},
};
use chrono::TimeDelta;
use serde_json::json;
use support::{accepted, charge, clock, declined, kes, now, only, pay_out, query, refund, settled, token};

async fn start() -> (Daraja, Mpesa) {
    let daraja = Daraja::start().await;
    let mpesa = Mpesa::new(daraja.config(), clock()).unwrap();
    (daraja, mpesa)
}

fn read(mpesa: &Mpesa, callback: &Callback) -> Notice {
    only(mpesa.read_webhook(&callback.arriving_at(now())).unwrap())
}

fn outcome(notice: Notice) -> Outcome {
    match notice.news {
        News::Outcome(outcome) => outcome,
        other => panic!("{other:?}"),
    }
}

fn caller(reference: &str) -> Subject {
    Subject::Caller { reference: Some(reference.to_owned()) }
}

#[tokio::test]
async fn gateway_accepts_whole_shillings_within_bounds() {
    let (_daraja, mpesa) = start().await;
    assert_eq!(mpesa.method(), PaymentMethod::Mpesa);
    assert_eq!(mpesa.webhook_token(), Some(Daraja::WEBHOOK_TOKEN));
    let can = mpesa.capabilities();
    assert_eq!(can.timing, PaymentTiming::AtAcceptance);
    assert!(can.whole_units && !can.signs_webhooks && !can.authorizes && !can.ledger_only);
    assert_eq!((can.currencies.as_slice(), can.repeatable_for), (&[Currency::KES][..], None));
    assert_eq!(can.charge.most, Some(kes("250000")));
    assert_eq!(can.pay_out.unwrap().least, Some(kes("10")));
}

#[tokio::test]
async fn push_request_has_the_fields_that_daraja_requires() {
    let (daraja, mpesa) = start().await;
    let reference = accepted(mpesa.charge(&charge(1, kes("2738.00"))).await.unwrap());
    assert_eq!(daraja.prompts(), [reference]);
    let mut request = daraja.requests(Endpoint::Push).remove(0);
    assert!(request["Password"].take().is_string(), "the server has verified it");
    assert_eq!(
        request,
        json!({
            "BusinessShortCode": "600123",
            "Password": null,
            // Half past midnight in Nairobi.
            "Timestamp": "20260303003015",
            "TransactionType": "CustomerPayBillOnline",
            "Amount": 2738,
            "PartyA": "254712345678",
            "PartyB": "600123",
            "PhoneNumber": "254712345678",
            "CallBackURL": format!("https://pay.example.com/api/v1/webhooks/{}", token(1)),
            "AccountReference": "260302000001",
            "TransactionDesc": "Booking BK260",
        })
    );
}

#[tokio::test]
async fn till_is_paid_under_its_head_office_number() {
    let daraja = Daraja::start().await;
    let config = MpesaConfig {
        till: Some("5551234".to_owned()),
        callback_base: "https://pay.example.com/".to_owned(),
        callback_path: "/hooks/".to_owned(),
        ..daraja.config()
    };
    let mpesa = Mpesa::new(config, clock()).unwrap();
    accepted(mpesa.charge(&charge(1, kes("100"))).await.unwrap());
    let request = daraja.requests(Endpoint::Push).remove(0);
    assert_eq!(request["TransactionType"], "CustomerBuyGoodsOnline");
    assert_eq!((&request["BusinessShortCode"], &request["PartyB"]), (&json!("600123"), &json!("5551234")));
    assert_eq!(request["CallBackURL"], format!("https://pay.example.com/hooks/{}", token(1)));
}

#[tokio::test]
async fn a_payment_is_pending_until_the_subscriber_has_paid() {
    let (daraja, mpesa) = start().await;
    let amount = kes("2738");
    let reference = accepted(mpesa.charge(&charge(1, amount)).await.unwrap());
    let question = query(Operation::Charge, 1, Some(&reference), amount);
    assert_eq!(mpesa.query(&question).await, Ok(Outcome::Pending));
    let callback = daraja.pay(&reference);
    let proof = Proof { reference: Some(reference.clone()), ..Proof::default() };
    assert_eq!(
        mpesa.query(&question).await,
        Ok(Outcome::Settled(proof)),
        "the answer has neither amount nor receipt"
    );
    let notice = read(&mpesa, &callback);
    assert_eq!(notice, read(&mpesa, &callback), "a repeated callback is the same news");
    assert_eq!(notice.subject, caller(&reference));
    let proof = settled(outcome(notice));
    assert_eq!(proof.amount, Some(amount));
    assert_eq!(proof.reference, Some(reference));
    assert_eq!(proof.payer.as_deref(), Some("254712345678"));
    assert_eq!(proof.receipt.as_deref(), Some("RKP0000001"));
    let masked = read(&mpesa, &callback.replacing("254712345678", "\"2547****5678\""));
    assert_eq!(settled(outcome(masked)).payer.as_deref(), Some("2547****5678"));
}

#[tokio::test]
async fn payment_refused_by_the_subscriber_is_declined() {
    let (daraja, mpesa) = start().await;
    for (n, code) in ["1", "1032", "1037", "2001", "1019", "17", "SFC_IC0003"].into_iter().enumerate() {
        let n = u8::try_from(n).unwrap();
        let reference = accepted(mpesa.charge(&charge(n, kes("100"))).await.unwrap());
        let callback = daraja.refuse(&reference, code);
        let notice = read(&mpesa, &callback);
        assert_eq!(notice.id, format!("{reference}/{code}"));
        assert_eq!(notice.subject, caller(&reference));
        let reported = declined(outcome(notice));
        let asked = mpesa.query(&query(Operation::Charge, n, Some(&reference), kes("100"))).await.unwrap();
        assert_eq!(declined(asked), reported);
        assert_eq!((reported.code.as_str(), reported.retry_after), (code, None));
        assert!(reported.reason.ends_with('.'), "{}", reported.reason);
    }
}

#[tokio::test]
async fn busy_subscriber_is_retried_later() {
    let (daraja, mpesa) = start().await;
    daraja.set_busy("254712345678", true);
    let busy = declined(mpesa.charge(&charge(1, kes("100"))).await.unwrap());
    assert_eq!((busy.code.as_str(), busy.retry_after), ("1001", Some(TimeDelta::minutes(2))));
    daraja.set_busy("254712345678", false);
    let reference = accepted(mpesa.charge(&charge(1, kes("100"))).await.unwrap());
    let reported = declined(outcome(read(&mpesa, &daraja.refuse(&reference, "1001"))));
    assert_eq!(reported, busy, "also if only the callback reports it");
}

#[tokio::test]
async fn unanswered_push_has_an_unknown_outcome() {
    let daraja = Daraja::start().await;
    let config = MpesaConfig { timeout: Duration::from_secs(5), ..daraja.config() };
    let mpesa = Mpesa::new(config, clock()).unwrap();
    for (n, fault) in
        [Fault::Break { carried_out: true }, Fault::Hang { carried_out: true }].into_iter().enumerate()
    {
        daraja.fail(Endpoint::Push, fault);
        let n = u8::try_from(n).unwrap();
        assert!(mpesa.charge(&charge(n, kes("100"))).await.is_err());
        assert_eq!(mpesa.query(&query(Operation::Charge, n, None, kes("100"))).await, Ok(Outcome::Pending));
        let reference = daraja.prompts().pop().unwrap();
        let callback = daraja.pay(&reference);
        assert_eq!(callback.token(), token(n), "the token identifies the transaction");
        let notice = read(&mpesa, &callback);
        assert_eq!(notice.subject, caller(&reference));
        assert_eq!(settled(outcome(notice)).amount, Some(kes("100")));
    }
}

#[tokio::test]
async fn inconclusive_response_is_not_a_refusal() {
    let (daraja, mpesa) = start().await;
    let internal = r#"{"errorCode":"500.003.1001","errorMessage":"Internal Server Error"}"#;
    for (status, body) in [(500, internal), (502, ""), (504, "<html>"), (200, "{}"), (200, "")] {
        let fault = Fault::Answer { status, body: body.to_owned() };
        daraja.fail(Endpoint::Push, fault.clone());
        assert!(mpesa.charge(&charge(1, kes("100"))).await.is_err(), "{status}");
        daraja.fail(Endpoint::PayOut, fault.clone());
        assert!(mpesa.pay_out(&pay_out(1, kes("100"))).await.is_err(), "{status}");
        daraja.fail(Endpoint::PushQuery, fault);
        let question = query(Operation::Charge, 1, Some("ws_CO_1"), kes("100"));
        assert!(mpesa.query(&question).await.is_err(), "{status}");
    }
    // No server listens at this address.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let config = MpesaConfig { base_url: format!("http://{port}"), ..daraja.config() };
    let refused = Mpesa::new(config, clock()).unwrap();
    let question = query(Operation::Charge, 1, Some("ws_CO_1"), kes("100"));
    assert!(refused.query(&question).await.is_err());
}

#[tokio::test]
async fn query_of_an_unknown_push_is_an_error() {
    let (_daraja, mpesa) = start().await;
    let error = mpesa.query(&query(Operation::Charge, 1, Some("ws_CO_9"), kes("100"))).await.unwrap_err();
    assert!(error.reason.contains("400.002.02"), "{error}");
}

#[tokio::test]
async fn unsupported_amounts_and_currencies_are_refused_before_sending() {
    let (daraja, mpesa) = start().await;
    let usd = Money::from_major(100, Currency::USD);
    for (amount, code) in [
        (kes("100.50"), "fraction"),
        (kes("0"), "amount"),
        (kes("-5"), "amount"),
        (kes("250001"), "amount"),
        (usd, "currency"),
    ] {
        let refusal = declined(mpesa.charge(&charge(1, amount)).await.unwrap());
        assert_eq!(refusal.code, code, "{amount}");
    }
    let refusal = declined(mpesa.pay_out(&pay_out(1, kes("9"))).await.unwrap());
    assert_eq!(refusal.code, "amount");
    let mut no_phone = charge(1, kes("100"));
    no_phone.payer.phone = None;
    assert_eq!(declined(mpesa.charge(&no_phone).await.unwrap()).code, "no_phone");
    no_phone.payer.phone = Some(PhoneNumber::new("+256712345678").unwrap());
    assert_eq!(declined(mpesa.charge(&no_phone).await.unwrap()).code, "phone");
    for token in ["", "a/b", "abcsqlabc", "a b"] {
        let mut odd = charge(1, kes("100"));
        odd.callback_token = token.to_owned();
        assert_eq!(declined(mpesa.charge(&odd).await.unwrap()).code, "callback_token", "{token}");
    }
    let mut held = charge(1, kes("100"));
    held.capture = false;
    assert_eq!(declined(mpesa.charge(&held).await.unwrap()).code, "unsupported");
    assert_eq!(daraja.tokens_granted(), 0, "nothing was sent");
}

#[tokio::test]
async fn payout_result_refers_to_our_conversation_id() {
    let (daraja, mpesa) = start().await;
    let reference = accepted(mpesa.pay_out(&pay_out(1, kes("2278"))).await.unwrap());
    assert_eq!(daraja.orders(), std::slice::from_ref(&reference));
    let request = daraja.requests(Endpoint::PayOut).remove(0);
    assert_eq!(request["OriginatorConversationID"], reference);
    assert_eq!((&request["CommandID"], &request["Amount"]), (&json!("BusinessPayment"), &json!(2278)));
    assert_eq!((&request["PartyA"], &request["PartyB"]), (&json!("600123"), &json!("254712345678")));
    assert_eq!(request["ResultURL"], format!("https://pay.example.com/api/v1/webhooks/{}", token(1)));
    assert_eq!(request["ResultURL"], request["QueueTimeOutURL"]);
    let callback = daraja.carry_out(&reference);
    let notice = read(&mpesa, &callback);
    assert_eq!(notice, read(&mpesa, &callback));
    assert_eq!(notice.subject, caller(&reference));
    let proof = settled(outcome(notice));
    assert_eq!((proof.amount, proof.receipt.as_deref()), (Some(kes("2278")), Some("RKO0000001")));
    let other = accepted(mpesa.pay_out(&pay_out(2, kes("2278"))).await.unwrap());
    assert_ne!(other, reference);
    let notice = read(&mpesa, &daraja.reject(&other, "2001"));
    assert_eq!(notice.subject, caller(&other));
    assert_eq!(declined(outcome(notice)).code, "2001");
}

#[tokio::test]
async fn queue_timeout_leaves_the_payout_pending() {
    let (daraja, mpesa) = start().await;
    let reference = accepted(mpesa.pay_out(&pay_out(1, kes("100"))).await.unwrap());
    let given_up = read(&mpesa, &daraja.queue_timeout(&reference));
    assert_eq!(given_up.subject, caller(&reference));
    let later = read(&mpesa, &daraja.reject(&reference, "1"));
    assert_ne!(given_up.id, later.id, "a later result is different news, even with the same code");
    assert_eq!(outcome(given_up), Outcome::Pending);
    assert_eq!(declined(outcome(later)).code, "1");
    assert!(matches!(outcome(read(&mpesa, &daraja.carry_out(&reference))), Outcome::Settled(_)));
}

#[tokio::test]
async fn unanswered_payout_is_found_by_our_conversation_id() {
    let (daraja, mpesa) = start().await;
    let order = pay_out(1, kes("100"));
    daraja.fail(Endpoint::PayOut, Fault::Break { carried_out: true });
    assert!(mpesa.pay_out(&order).await.is_err());
    // The repeated order is known to the server. That is no refusal, since the first may have been carried
    // out.
    assert!(mpesa.pay_out(&order).await.is_err());
    let [reference] = <[String; 1]>::try_from(daraja.orders()).unwrap();
    let question = query(Operation::PayOut, 1, None, kes("100"));
    for (answer, expected) in [("Pending", None), ("Completed", Some(kes("100")))] {
        assert_eq!(mpesa.query(&question).await, Ok(Outcome::Pending), "the answer arrives as a callback");
        let [callback] = <[Callback; 1]>::try_from(daraja.answers()).unwrap();
        assert_eq!(callback.token(), token(1));
        let notice = read(&mpesa, &callback);
        assert_eq!(notice.subject, caller(&reference));
        match (outcome(notice), expected) {
            (Outcome::Pending, None) => {}
            (Outcome::Settled(proof), Some(amount)) => assert_eq!(proof.amount, Some(amount)),
            other => panic!("{answer}: {other:?}"),
        }
        daraja.carry_out(&reference);
    }
    daraja.reject(&reference, "1");
    mpesa.query(&question).await.unwrap();
    let notice = read(&mpesa, &daraja.answers()[0]);
    assert_eq!(declined(outcome(notice)).code, "failed");
}

#[tokio::test]
async fn failed_query_reports_no_outcome() {
    let (daraja, mpesa) = start().await;
    assert_eq!(mpesa.query(&query(Operation::PayOut, 1, None, kes("100"))).await, Ok(Outcome::Pending));
    let notice = read(&mpesa, &daraja.answers()[0]);
    assert_eq!(notice.news, News::Nothing);
    daraja.fail(Endpoint::Status, Fault::Answer { status: 400, body: String::new() });
    assert!(mpesa.query(&query(Operation::PayOut, 1, None, kes("100"))).await.is_err());
}

#[tokio::test]
async fn full_refund_is_reversed_and_partial_refund_is_paid_out() {
    let (daraja, mpesa) = start().await;
    let order = charge(1, kes("1000"));
    let reference = accepted(mpesa.charge(&order).await.unwrap());
    let paid = settled(outcome(read(&mpesa, &daraja.pay(&reference))));
    let whole = accepted(mpesa.refund(&refund(2, &order, &paid, kes("1000"))).await.unwrap());
    let request = daraja.requests(Endpoint::Reversal).remove(0);
    assert_eq!((&request["TransactionID"], &request["Amount"]), (&json!(paid.receipt), &json!(1000)));
    let notice = read(&mpesa, &daraja.carry_out(&whole));
    assert_eq!(notice.subject, caller(&whole));
    assert_eq!(settled(outcome(notice)).amount, Some(kes("1000")));
    // As on Daraja's page on reversals.
    let documented = daraja.carry_out(&whole).replacing("\"ResultCode\":0", "\"ResultCode\":21");
    assert_eq!(settled(outcome(read(&mpesa, &documented))).amount, Some(kes("1000")));
    assert_eq!(declined(outcome(read(&mpesa, &daraja.reject(&whole, "21")))).code, "21");
    assert_eq!(declined(outcome(read(&mpesa, &daraja.reject(&whole, "R000002")))).code, "R000002");
    // The payer already has the money.
    assert_eq!(outcome(read(&mpesa, &daraja.reject(&whole, "R000001"))), Outcome::Pending);

    let part = accepted(mpesa.refund(&refund(3, &order, &paid, kes("400"))).await.unwrap());
    assert_eq!(daraja.requests(Endpoint::PayOut).remove(0)["Amount"], 400);
    assert_eq!(settled(outcome(read(&mpesa, &daraja.carry_out(&part)))).amount, Some(kes("400")));
    let no_receipt = Proof { receipt: None, ..paid };
    accepted(mpesa.refund(&refund(4, &order, &no_receipt, kes("1000"))).await.unwrap());
    assert_eq!(daraja.requests(Endpoint::PayOut).len(), 2);
    assert_eq!(daraja.requests(Endpoint::Reversal).len(), 1);
}

#[tokio::test]
async fn receipt_of_a_payment_settled_by_a_query_arrives_as_details() {
    let (daraja, mpesa) = start().await;
    let reference = accepted(mpesa.charge(&charge(1, kes("100"))).await.unwrap());
    let _lost = daraja.pay(&reference);
    let question = query(Operation::Charge, 1, Some(&reference), kes("100"));
    mpesa.request_receipt(&question).await.unwrap();
    let [callback] = <[Callback; 1]>::try_from(daraja.answers()).unwrap();
    assert_eq!(callback.token(), token(1));
    let notice = read(&mpesa, &callback);
    assert_eq!(notice.subject, Subject::Caller { reference: None });
    let News::Details(proof) = notice.news else { panic!("{notice:?}") };
    assert_eq!(proof.receipt.as_deref(), Some("RKP0000001"));
    assert_eq!((proof.amount, proof.payer.as_deref()), (Some(kes("100")), Some("254712345678")));
    let nameless = query(Operation::Charge, 1, None, kes("100"));
    assert!(mpesa.request_receipt(&nameless).await.is_err());
}

#[tokio::test]
async fn a_deposit_names_its_account() {
    let (daraja, mpesa) = start().await;
    mpesa.register_deposits().await.unwrap();
    let callback = daraja.deposit("25470****149", "260302000001", "1500.00");
    assert_eq!(callback.token(), Daraja::WEBHOOK_TOKEN);
    let notice = read(&mpesa, &callback);
    assert_eq!(notice.subject, Subject::Account("TXN260302000001".to_owned()));
    let News::Deposit(proof) = notice.news else { panic!("{notice:?}") };
    assert_eq!((proof.amount, proof.receipt.as_deref()), (Some(kes("1500")), Some("RKD0000001")));
    assert_eq!(proof.payer.as_deref(), Some("25470****149"));
    // A hashed number is omitted.
    let hashed = daraja.deposit(&"ab".repeat(32), "0712345678", "10");
    let notice = read(&mpesa, &hashed);
    assert_eq!(notice.subject, Subject::Account("0712345678".to_owned()));
    assert!(matches!(notice.news, News::Deposit(Proof { payer: None, .. })));

    let unexpected = |call| mpesa.read_webhook(&call) == Err(WebhookError::Unexpected);
    let mut elsewhere = callback.arriving_at(now());
    elsewhere.token = token(1);
    assert!(unexpected(elsewhere), "under the token of a transaction");
    assert!(unexpected(callback.replacing("600123", "600124").arriving_at(now())), "to another number");
    let reference = accepted(mpesa.charge(&charge(1, kes("100"))).await.unwrap());
    let mut elsewhere = daraja.pay(&reference).arriving_at(now());
    elsewhere.token = Daraja::WEBHOOK_TOKEN.to_owned();
    assert!(unexpected(elsewhere), "a push under the token of deposits");
    let request = daraja.requests(Endpoint::Register).remove(0);
    let mut before = callback.arriving_at(now());
    before.token = request["ValidationURL"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    assert!(unexpected(before), "a validation request before a payment is not a deposit");

    let config = MpesaConfig { webhook_token: None, ..daraja.config() };
    let closed = Mpesa::new(config, clock()).unwrap();
    assert!(closed.register_deposits().await.is_err());
    assert_eq!(closed.read_webhook(&callback.arriving_at(now())), Err(WebhookError::Unexpected));
}
