//! Payment providers of the tests.

use std::sync::{
    Mutex,
    atomic::{AtomicU8, Ordering},
};

use baitech_core::{
    kernel::{Currency, Money},
    payment::{
        Capabilities, Charge, Limits, News, Notice, PayOut, PaymentGateway, RefundOrder, Subject,
        WebhookCall, WebhookError,
    },
    transaction::{
        ClientSecret, FraudCheck, FraudDecision, FraudReason, FraudScorer, FraudSignals, GatewayError,
        Outcome, PaymentMethod, PaymentTiming, Proof,
    },
};
use baitech_http::async_trait;
use chrono::{DateTime, Utc};
use serde_json::Value;

/// Mobile money: unsigned webhooks under the token of their transaction.
#[derive(Debug, Default)]
pub struct MobileMoney {
    charges: Mutex<Vec<Charge>>,
}

impl MobileMoney {
    /// The charges so far, in order.
    pub fn charges(&self) -> Vec<Charge> {
        self.charges.lock().unwrap().clone()
    }

    /// The webhook path of the latest charge, and the webhook's body when it is paid.
    pub fn callback(&self) -> (String, Value) {
        let charge = self.charges().pop().unwrap();
        let body = serde_json::json!({
            "reference": reference(&charge),
            "receipt": format!("R{}", charge.number),
            "amount": charge.amount,
        });
        (format!("/api/v1/webhooks/{}", charge.callback_token), body)
    }
}

fn reference(charge: &Charge) -> String {
    format!("ws_{}", charge.number)
}

#[async_trait]
impl PaymentGateway for MobileMoney {
    fn method(&self) -> PaymentMethod {
        PaymentMethod::Mpesa
    }

    fn capabilities(&self) -> Capabilities {
        let kes = |shillings| Some(Money::from_major(shillings, Currency::KES));
        let limits = Limits { least: kes(10), most: kes(250_000) };
        Capabilities {
            currencies: vec![Currency::KES],
            whole_units: true,
            charge: limits,
            pay_out: Some(limits),
            signs_webhooks: false,
            ledger_only: false,
            ..Capabilities::of_ledger(PaymentTiming::AtAcceptance)
        }
    }

    async fn charge(&self, charge: &Charge) -> Result<Outcome, GatewayError> {
        self.charges.lock().unwrap().push(charge.clone());
        Ok(Outcome::Accepted { reference: reference(charge), client_secret: None })
    }

    async fn refund(&self, refund: &RefundOrder) -> Result<Outcome, GatewayError> {
        Ok(Outcome::Settled(Proof { receipt: Some(format!("R{}", refund.number)), ..Proof::default() }))
    }

    async fn pay_out(&self, pay_out: &PayOut) -> Result<Outcome, GatewayError> {
        Ok(Outcome::Settled(Proof { receipt: Some(format!("R{}", pay_out.number)), ..Proof::default() }))
    }

    fn read_webhook(&self, call: &WebhookCall) -> Result<Vec<Notice>, WebhookError> {
        let body: Value = serde_json::from_slice(&call.body)
            .map_err(|error| WebhookError::Malformed(format!("{error}, and here is a secret: hunter2")))?;
        let text = |name: &str| body[name].as_str().map(str::to_owned);
        let proof = Proof {
            reference: text("reference"),
            receipt: text("receipt"),
            amount: serde_json::from_value(body["amount"].clone()).ok(),
            payer: None,
        };
        let id = text("receipt").ok_or(WebhookError::Unexpected)?;
        let subject = Subject::Caller { reference: text("reference") };
        Ok(vec![Notice { id, subject, news: News::Outcome(Outcome::Settled(proof)) }])
    }
}

/// Cards: the payer's device continues a payment with a secret. Webhooks are signed, and all use one token.
#[derive(Debug)]
pub struct Cards;

impl Cards {
    pub const PATH: &str = "/api/v1/webhooks/cards-3f9a";
    pub const SIGNATURE: (&str, &str) = ("Stripe-Signature", "good");
}

#[async_trait]
impl PaymentGateway for Cards {
    fn method(&self) -> PaymentMethod {
        PaymentMethod::Stripe
    }

    fn also_serves(&self) -> &[PaymentMethod] {
        &[PaymentMethod::Card]
    }

    fn capabilities(&self) -> Capabilities {
        let capabilities = Capabilities::of_ledger(PaymentTiming::AtAcceptance);
        Capabilities { ledger_only: false, authorizes: true, ..capabilities }
    }

    fn signature_headers(&self) -> &[&'static str] {
        &["Stripe-Signature"]
    }

    fn webhook_token(&self) -> Option<&str> {
        Some("cards-3f9a")
    }

    async fn charge(&self, charge: &Charge) -> Result<Outcome, GatewayError> {
        let reference = format!("pi_{}", charge.number);
        let secret = ClientSecret::new(format!("{reference}_secret_7c"));
        Ok(Outcome::Accepted { reference, client_secret: Some(secret) })
    }

    fn read_webhook(&self, call: &WebhookCall) -> Result<Vec<Notice>, WebhookError> {
        match call.header("stripe-signature") {
            None => return Err(WebhookError::Unsigned),
            Some("good") => {}
            Some(_) => return Err(WebhookError::BadSignature),
        }
        let body: Value =
            serde_json::from_slice(&call.body).map_err(|error| WebhookError::Malformed(error.to_string()))?;
        let reference = body["payment"].as_str().ok_or(WebhookError::Unexpected)?.to_owned();
        let proof = Proof { reference: Some(reference.clone()), ..Proof::default() };
        let news = News::Outcome(Outcome::Settled(proof));
        Ok(vec![Notice { id: reference.clone(), subject: Subject::Reference(reference), news }])
    }
}

/// A fraud check with a score that the test sets.
#[derive(Debug, Default)]
pub struct Scores(AtomicU8);

impl Scores {
    pub fn set(&self, score: u8) {
        self.0.store(score, Ordering::Relaxed);
    }
}

impl FraudScorer for Scores {
    fn score(&self, _: &FraudSignals, now: DateTime<Utc>) -> FraudCheck {
        let score = self.0.load(Ordering::Relaxed);
        let decision = match score {
            0..=30 => FraudDecision::Approve,
            31..=70 => FraudDecision::Review,
            _ => FraudDecision::Block,
        };
        let explanation = "many recent payments".to_owned();
        let reason = FraudReason { rule: "velocity".to_owned(), points: score, explanation };
        FraudCheck { score, decision, reasons: vec![reason], checked_at: now, review: None }
    }
}
