//! Charges, refunds, payouts and queries with a server that speaks Stripe's protocol.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;

use std::time::Duration;

use baitech_core::{
    kernel::{Currency, Money},
    payment::{Charge, News, Operation, PayOut, PaymentGateway, Subject},
    transaction::{ClientSecret, Outcome, PaymentMethod, Returned},
};
use baitech_providers::{
    stripe::{Stripe, StripeConfig, TransferReversal},
    testing::{Fault, StripeServer},
};
use chrono::TimeDelta;
use support::{
    accepted, capture, charge, declined, kes, now, only, pay_out, query, refund, settled, transaction,
};

async fn start() -> (StripeServer, Stripe) {
    let server = StripeServer::start().await;
    let stripe = Stripe::new(server.config()).unwrap();
    (server, stripe)
}

/// A charge of a saved card.
fn card(n: u8, amount: Money, method: &str) -> Charge {
    let mut charge = charge(n, amount);
    charge.payer.account = Some(method.to_owned());
    charge
}

fn transfer(n: u8, amount: Money) -> PayOut {
    let mut pay_out = pay_out(n, amount);
    pay_out.payee.account = Some("acct_1".to_owned());
    pay_out
}

fn fields(body: &str) -> Vec<(String, String)> {
    let url = reqwest::Url::parse(&format!("http://form/?{body}")).unwrap();
    url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}

fn field(body: &str, name: &str) -> Option<String> {
    fields(body).into_iter().find(|(known, _)| known == name).map(|(_, value)| value)
}

#[tokio::test]
async fn gateway_accepts_cards_and_authorizations() {
    let (_server, stripe) = start().await;
    assert_eq!((stripe.method(), stripe.also_serves()), (PaymentMethod::Stripe, &[PaymentMethod::Card][..]));
    let can = stripe.capabilities();
    assert!(can.signs_webhooks && can.authorizes && !can.whole_units && !can.ledger_only);
    assert_eq!(can.repeatable_for, Some(TimeDelta::hours(24)));
    assert_eq!(stripe.webhook_token(), Some("events0123456789abcdef"));
}

#[tokio::test]
async fn payer_without_a_saved_card_continues_with_the_client_secret() {
    let (server, stripe) = start().await;
    let outcome = stripe.charge(&charge(1, kes("2738"))).await.unwrap();
    let Outcome::Accepted { reference, client_secret } = outcome else { panic!("{outcome:?}") };
    assert_eq!(client_secret, Some(ClientSecret::new(format!("{reference}_secret_of_the_payer"))));
    let (call, body) = server.calls().remove(0);
    assert_eq!(call, "POST /v1/payment_intents");
    let mut sent = fields(&body);
    sent.sort();
    let expected = [
        ("amount", "273800"),
        ("automatic_payment_methods[enabled]", "true"),
        ("capture_method", "automatic"),
        ("currency", "kes"),
        ("description", "Booking BK2603000001"),
        ("metadata[number]", "TXN260302000001"),
        ("metadata[transaction]", "010101010101010101010101"),
        ("receipt_email", "jane@example.com"),
    ];
    assert_eq!(sent, expected.map(|(name, value)| (name.to_owned(), value.to_owned())));

    let question = query(Operation::Charge, 1, Some(&reference), kes("2738"));
    assert_eq!(stripe.query(&question).await, Ok(Outcome::Pending));
    server.confirm(&reference, "pm_card_visa");
    let asked = settled(stripe.query(&question).await.unwrap());
    assert_eq!(asked.amount, Some(kes("2738")));
    assert!(asked.receipt.as_deref().is_some_and(|receipt| receipt.starts_with("ch_")));
    let notice = only(stripe.read_webhook(&server.events()[0].arriving_at(now())).unwrap());
    assert_eq!(notice.subject, Subject::Transaction(transaction(1)));
    assert_eq!(notice.news, News::Outcome(Outcome::Settled(asked)));
}

#[tokio::test]
async fn saved_card_pays_at_once_or_is_declined() {
    let (server, stripe) = start().await;
    let proof = settled(stripe.charge(&card(1, kes("100.50"), "pm_card_visa")).await.unwrap());
    assert_eq!(proof.amount, Some(kes("100.50")));
    let refusal = declined(stripe.charge(&card(2, kes("100"), "pm_card_chargeDeclined")).await.unwrap());
    assert_eq!(
        (refusal.code.as_str(), refusal.reason.as_str()),
        ("card_declined", "Your card was declined.")
    );
    let outcome = stripe.charge(&card(3, kes("100"), "pm_card_authenticationRequired")).await.unwrap();
    assert!(matches!(outcome, Outcome::Accepted { client_secret: Some(_), .. }), "the payer has to confirm");
    let refusal = declined(stripe.charge(&card(4, kes("100"), "pm_nonsense")).await.unwrap());
    assert_eq!(refusal.code, "resource_missing");
    settled(stripe.charge(&card(5, kes("100"), "cus_1/pm_card_visa")).await.unwrap());
    let body = server.calls().pop().unwrap().1;
    assert_eq!(field(&body, "customer").as_deref(), Some("cus_1"));
    assert_eq!(field(&body, "payment_method").as_deref(), Some("pm_card_visa"));
}

#[tokio::test]
async fn authorization_is_captured_or_voided() {
    let (_server, stripe) = start().await;
    let hold = |n| {
        let mut order = card(n, kes("500"), "pm_card_visa");
        order.capture = false;
        order
    };
    let authorized = |outcome: Outcome| match outcome {
        Outcome::Authorized { reference } => reference,
        other => panic!("{other:?}"),
    };
    let order = hold(1);
    let reference = authorized(stripe.charge(&order).await.unwrap());
    let question = query(Operation::Charge, 1, Some(&reference), kes("500"));
    authorized(stripe.query(&question).await.unwrap());
    let taken = settled(stripe.capture(&capture(&order, &reference, 1)).await.unwrap());
    assert_eq!(taken.amount, Some(kes("500")));
    let again = settled(stripe.capture(&capture(&order, &reference, 2)).await.unwrap());
    assert_eq!(again, taken, "it was already captured");
    let refusal = declined(stripe.release(&capture(&order, &reference, 3)).await.unwrap());
    assert_eq!(refusal.code, "payment_intent_unexpected_state");

    let order = hold(2);
    let reference = authorized(stripe.charge(&order).await.unwrap());
    for n in [4, 5] {
        let released = settled(stripe.release(&capture(&order, &reference, n)).await.unwrap());
        assert_eq!((released.amount, released.reference.as_deref()), (None, Some(reference.as_str())));
    }
    let refusal = declined(stripe.capture(&capture(&order, &reference, 6)).await.unwrap());
    assert_eq!(refusal.code, "payment_intent_unexpected_state");
    let question = query(Operation::Charge, 2, Some(&reference), kes("500"));
    assert_eq!(declined(stripe.query(&question).await.unwrap()).code, "canceled");
}

#[tokio::test]
async fn repeated_key_returns_the_same_order() {
    let (server, stripe) = start().await;
    let order = card(1, kes("100"), "pm_card_visa");
    let first = stripe.charge(&order).await.unwrap();
    assert_eq!(stripe.charge(&order).await.unwrap(), first);
    let other = Charge { amount: kes("101"), ..order };
    assert!(stripe.charge(&other).await.is_err(), "the first order under the key may have been carried out");
    assert_eq!(server.count("payment_intent"), 1);
    let declined_order = card(2, kes("100"), "pm_card_chargeDeclined");
    let refusal = stripe.charge(&declined_order).await.unwrap();
    assert_eq!(stripe.charge(&declined_order).await.unwrap(), refusal);
}

#[tokio::test]
async fn unanswered_order_is_resent_and_executed_once() {
    let (server, stripe) = start().await;
    let faults = [
        Fault::Break { carried_out: true },
        Fault::Break { carried_out: false },
        Fault::Hang { carried_out: true },
    ];
    for (n, fault) in faults.into_iter().enumerate() {
        let n = u8::try_from(n).unwrap() + 1;
        let config = StripeConfig { timeout: Duration::from_secs(1), ..server.config() };
        let impatient = Stripe::new(config).unwrap();
        let order = card(n, kes("100"), "pm_card_visa");
        server.fail(fault.clone());
        assert!(impatient.charge(&order).await.is_err());
        let question = query(Operation::Charge, n, None, kes("100"));
        assert_eq!(stripe.query(&question).await, Ok(Outcome::Pending));
        let proof = settled(stripe.charge(&order).await.unwrap());
        server.fail(fault.clone());
        let back = refund(n, &order, &proof, kes("60"));
        assert!(impatient.refund(&back).await.is_err());
        settled(stripe.refund(&back).await.unwrap());
        server.fail(fault);
        let out = transfer(n, kes("40"));
        assert!(impatient.pay_out(&out).await.is_err());
        settled(stripe.pay_out(&out).await.unwrap());
        let counts = ["payment_intent", "refund", "transfer"].map(|kind| server.count(kind));
        assert_eq!(counts, [usize::from(n); 3]);
    }
}

#[tokio::test]
async fn inconclusive_response_is_not_a_refusal() {
    let (server, stripe) = start().await;
    let body = r#"{"error":{"type":"api_error","message":"Something went wrong"}}"#.to_owned();
    for status in [401, 403, 409, 429, 500, 502, 503] {
        server.fail(Fault::Answer { status, body: body.clone() });
        assert!(stripe.charge(&card(1, kes("100"), "pm_card_visa")).await.is_err(), "{status}");
        server.fail(Fault::Answer { status, body: body.clone() });
        assert!(stripe.query(&query(Operation::Charge, 1, Some("pi_1"), kes("100"))).await.is_err());
    }
    for odd in ["<html>", "{}", r#"{"id":"pi_1","status":"succeeded","currency":"zzz"}"#] {
        server.fail(Fault::Answer { status: 200, body: odd.to_owned() });
        assert!(stripe.charge(&card(1, kes("100"), "pm_card_visa")).await.is_err(), "{odd}");
    }
    assert!(stripe.query(&query(Operation::Charge, 1, Some("pi_9"), kes("100"))).await.is_err());
    assert!(stripe.query(&query(Operation::Charge, 1, Some("../v1/balance"), kes("100"))).await.is_err());
}

#[tokio::test]
async fn refunds_never_exceed_the_payment() {
    let (server, stripe) = start().await;
    let order = card(1, kes("1000"), "pm_card_visa");
    let paid = settled(stripe.charge(&order).await.unwrap());
    let first = settled(stripe.refund(&refund(2, &order, &paid, kes("600"))).await.unwrap());
    assert_eq!(first.amount, Some(kes("600")));
    // Staff find out whether the payer has the money.
    let unknown = stripe.refund(&refund(3, &order, &paid, kes("600"))).await.unwrap_err();
    assert!(unknown.reason.contains("charge_already_refunded"), "{unknown}");
    settled(stripe.refund(&refund(4, &order, &paid, kes("400"))).await.unwrap());
    let question = query(Operation::Refund, 2, first.reference.as_deref(), kes("600"));
    assert_eq!(settled(stripe.query(&question).await.unwrap()), first);
    assert_eq!(server.count("refund"), 2);
    let mut nameless = refund(5, &order, &paid, kes("1"));
    (nameless.original.reference, nameless.original.receipt) = (None, None);
    assert_eq!(declined(stripe.refund(&nameless).await.unwrap()).code, "no_charge");
    for wrong in ["-5", "0"] {
        let refusal = declined(stripe.refund(&refund(6, &order, &paid, kes(wrong))).await.unwrap());
        assert_eq!(refusal.code, "amount");
    }
}

#[tokio::test]
async fn a_refund_may_wait_for_the_bank() {
    let (server, stripe) = start().await;
    server.set_slow_refunds(true);
    for succeeded in [true, false] {
        let n = if succeeded { 1 } else { 2 };
        let order = card(n, kes("100"), "pm_card_visa");
        let paid = settled(stripe.charge(&order).await.unwrap());
        let reference = accepted(stripe.refund(&refund(n + 10, &order, &paid, kes("100"))).await.unwrap());
        let question = query(Operation::Refund, n + 10, Some(&reference), kes("100"));
        assert_eq!(stripe.query(&question).await, Ok(Outcome::Pending));
        let _before = server.events();
        server.finish_refund(&reference, succeeded);
        let asked = stripe.query(&question).await.unwrap();
        let notice = only(stripe.read_webhook(&server.events()[0].arriving_at(now())).unwrap());
        assert_eq!(notice.subject, Subject::Transaction(transaction(n + 10)));
        assert_eq!(notice.news, News::Outcome(asked.clone()));
        if succeeded {
            assert_eq!(settled(asked).amount, Some(kes("100")));
        } else {
            assert_eq!(declined(asked).code, "lost_or_stolen_card");
        }
    }
}

#[tokio::test]
async fn a_payout_is_a_transfer_to_a_connected_account() {
    let (server, stripe) = start().await;
    for account in [None, Some(String::new())] {
        let mut nowhere = pay_out(1, kes("100"));
        nowhere.payee.account = account;
        assert_eq!(declined(stripe.pay_out(&nowhere).await.unwrap()).code, "no_account");
    }
    assert!(server.calls().is_empty());
    let mut wrong = pay_out(1, kes("100"));
    wrong.payee.account = Some("nonsense".to_owned());
    assert_eq!(declined(stripe.pay_out(&wrong).await.unwrap()).code, "resource_missing");
    let paid = settled(stripe.pay_out(&transfer(2, kes("2278"))).await.unwrap());
    assert_eq!(paid.amount, Some(kes("2278")));
    let object = server.object(paid.reference.as_deref().unwrap());
    assert_eq!((object["destination"].as_str(), object["amount"].as_i64()), (Some("acct_1"), Some(227_800)));
    let question = query(Operation::PayOut, 2, paid.reference.as_deref(), kes("2278"));
    assert_eq!(settled(stripe.query(&question).await.unwrap()), paid);
}

#[tokio::test]
async fn unanswered_payout_is_found_by_its_transaction() {
    let (server, stripe) = start().await;
    let question = query(Operation::PayOut, 1, None, kes("100"));
    settled(stripe.pay_out(&transfer(2, kes("100"))).await.unwrap());
    assert_eq!(stripe.query(&question).await, Ok(Outcome::Pending));
    server.fail(Fault::Break { carried_out: true });
    assert!(stripe.pay_out(&transfer(1, kes("100"))).await.is_err());
    let found = settled(stripe.query(&question).await.unwrap());
    assert_eq!(settled(stripe.pay_out(&transfer(1, kes("100"))).await.unwrap()), found);
}

#[tokio::test]
async fn payout_can_be_reversed_in_parts_and_in_full() {
    let (server, stripe) = start().await;
    let paid = settled(stripe.pay_out(&transfer(1, kes("1000"))).await.unwrap());
    let reference = paid.reference.clone().unwrap();
    let reverse = |n: u8, amount| TransferReversal {
        transaction: transaction(1),
        transfer: reference.clone(),
        amount,
        idempotency_key: format!("reversal-{n}"),
    };
    let part = settled(stripe.reverse_transfer(&reverse(1, kes("400"))).await.unwrap());
    assert_eq!(part.amount, Some(kes("400")));
    assert_eq!(settled(stripe.reverse_transfer(&reverse(1, kes("400"))).await.unwrap()), part, "once");
    let question = query(Operation::PayOut, 1, Some(&reference), kes("1000"));
    assert_eq!(settled(stripe.query(&question).await.unwrap()), paid, "the rest was paid out");
    let refusal = declined(stripe.reverse_transfer(&reverse(2, kes("601"))).await.unwrap());
    assert_eq!(refusal.code, "amount_too_large");
    settled(stripe.reverse_transfer(&reverse(3, kes("600"))).await.unwrap());
    assert_eq!(declined(stripe.query(&question).await.unwrap()).code, "reversed");
    let news: Vec<_> = server
        .events()
        .iter()
        .filter(|event| event.kind == "transfer.reversed")
        .map(|event| only(stripe.read_webhook(&event.arriving_at(now())).unwrap()))
        .collect();
    assert!(news.iter().all(|notice| notice.subject == Subject::Transaction(transaction(1))));
    for (notice, amount) in news.iter().zip(["400", "1000"]) {
        assert_eq!(notice.news, News::Returned(Returned::Total { amount: kes(amount) }));
    }
}

#[tokio::test]
async fn amounts_are_sent_in_the_minor_units_of_stripe() {
    let (server, stripe) = start().await;
    for (n, (amount, currency, count)) in [
        ("10.05", Currency::USD, "1005"),
        ("500", Currency::JPY, "500"),
        ("5", Currency::UGX, "500"),
        ("5.120", Currency::KWD, "5120"),
    ]
    .into_iter()
    .enumerate()
    {
        let money = Money::new(amount.parse().unwrap(), currency);
        let proof =
            settled(stripe.charge(&card(u8::try_from(n).unwrap(), money, "pm_card_visa")).await.unwrap());
        assert_eq!(proof.amount, Some(money));
        assert_eq!(field(&server.calls().pop().unwrap().1, "amount").as_deref(), Some(count));
    }
    let sent = server.calls().len();
    let fraction = Money::new("5.5".parse().unwrap(), Currency::UGX);
    assert_eq!(declined(stripe.charge(&charge(9, fraction)).await.unwrap()).code, "amount");
    let config = StripeConfig { currencies: vec![Currency::USD], ..server.config() };
    let dollars = Stripe::new(config).unwrap();
    assert_eq!(declined(dollars.charge(&charge(9, kes("100"))).await.unwrap()).code, "currency");
    assert_eq!(server.calls().len(), sent, "nothing was sent");
}
