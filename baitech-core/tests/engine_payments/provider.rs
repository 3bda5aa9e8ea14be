//! A payment provider whose answers are set by the test.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use baitech_core::{
    kernel::{Currency, Money},
    payment::{
        Capabilities, Capture, Charge, Limits, News, Notice, PayOut, PaymentGateway, Query, RefundOrder,
        Subject, WebhookCall, WebhookError,
    },
    transaction::{Declined, GatewayError, Outcome, PaymentMethod, PaymentTiming, Proof, Returned},
};

pub(crate) type Answer = Result<Outcome, GatewayError>;

/// A call to the provider: the operation, the amount and the idempotency key.
pub(crate) type Call = (&'static str, Money, String);

#[derive(Debug)]
pub(crate) struct Provider {
    method: PaymentMethod,
    currency: Currency,
    capabilities: Capabilities,
    pub(crate) answers: Mutex<VecDeque<Answer>>,
    pub(crate) calls: Mutex<Vec<Call>>,
}

impl Provider {
    /// Mobile money: unsigned calls, whole shillings, at most 250,000.
    pub(crate) fn mpesa() -> Arc<Self> {
        Self::mobile(Currency::KES)
    }

    /// Mobile money in the given currency.
    pub(crate) fn mobile(currency: Currency) -> Arc<Self> {
        let kes = |shillings| Some(Money::from_major(shillings, currency));
        let limits = Limits { least: kes(1), most: kes(250_000) };
        Arc::new(Self::new(
            PaymentMethod::Mpesa,
            currency,
            Capabilities {
                timing: PaymentTiming::AtAcceptance,
                currencies: vec![currency],
                whole_units: true,
                charge: limits,
                pay_out: Some(Limits { least: kes(10), ..limits }),
                refund: Some(limits),
                signs_webhooks: false,
                authorizes: false,
                repeatable_for: None,
                ledger_only: false,
            },
        ))
    }

    /// Cards: signed calls, separate authorisation and capture, idempotency keys that hold for a day.
    pub(crate) fn card() -> Arc<Self> {
        let unbounded = Limits::default();
        Arc::new(Self::new(
            PaymentMethod::Stripe,
            Currency::KES,
            Capabilities {
                timing: PaymentTiming::AtAcceptance,
                currencies: Vec::new(),
                whole_units: false,
                charge: unbounded,
                pay_out: Some(unbounded),
                refund: Some(unbounded),
                signs_webhooks: true,
                authorizes: true,
                repeatable_for: Some(chrono::TimeDelta::hours(24)),
                ledger_only: false,
            },
        ))
    }

    fn new(method: PaymentMethod, currency: Currency, capabilities: Capabilities) -> Self {
        Self { method, currency, capabilities, answers: Mutex::default(), calls: Mutex::default() }
    }

    /// Sets the next answer. Without a set answer, the provider accepts every order and reports an unknown
    /// outcome.
    pub(crate) fn answers_with(&self, answer: Answer) {
        self.answers.lock().unwrap().push_back(answer);
    }

    pub(crate) fn answers_settled(&self, receipt: &str) {
        let proof = Proof { receipt: Some(receipt.to_owned()), ..Proof::default() };
        self.answers_with(Ok(Outcome::Settled(proof)));
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    /// The number of calls of an operation.
    pub(crate) fn count(&self, operation: &str) -> usize {
        self.calls().iter().filter(|(name, ..)| *name == operation).count()
    }

    fn answer(&self, name: &'static str, amount: Money, key: &str, default: Outcome) -> Answer {
        self.calls.lock().unwrap().push((name, amount, key.to_owned()));
        self.answers.lock().unwrap().pop_front().unwrap_or(Ok(default))
    }
}

fn accepted(key: &str) -> Outcome {
    Outcome::Accepted { reference: format!("ref-{key}"), client_secret: None }
}

pub(crate) fn declined(code: &str) -> Answer {
    let (code, reason) = (code.to_owned(), "no".to_owned());
    Ok(Outcome::Declined(Declined { code, reason, retry_after: None }))
}

#[async_trait::async_trait]
impl PaymentGateway for Provider {
    fn method(&self) -> PaymentMethod {
        self.method
    }

    fn also_serves(&self) -> &[PaymentMethod] {
        if self.method == PaymentMethod::Stripe { &[PaymentMethod::Card] } else { &[] }
    }

    fn capabilities(&self) -> Capabilities {
        self.capabilities.clone()
    }

    fn webhook_token(&self) -> Option<&str> {
        Some(if self.method == PaymentMethod::Stripe { "cards" } else { "paybill" })
    }

    async fn charge(&self, charge: &Charge) -> Answer {
        let name = if charge.capture { "charge" } else { "authorize" };
        self.answer(name, charge.amount, &charge.idempotency_key, accepted(&charge.idempotency_key))
    }

    async fn capture(&self, capture: &Capture) -> Answer {
        let key = &capture.idempotency_key;
        self.answer("capture", capture.amount, key, Outcome::Settled(Proof::default()))
    }

    async fn release(&self, capture: &Capture) -> Answer {
        let key = &capture.idempotency_key;
        self.answer("release", capture.amount, key, Outcome::Settled(Proof::default()))
    }

    async fn refund(&self, refund: &RefundOrder) -> Answer {
        self.answer("refund", refund.amount, &refund.idempotency_key, accepted(&refund.idempotency_key))
    }

    async fn pay_out(&self, pay_out: &PayOut) -> Answer {
        self.answer("pay_out", pay_out.amount, &pay_out.idempotency_key, accepted(&pay_out.idempotency_key))
    }

    async fn query(&self, query: &Query) -> Answer {
        self.answer("query", query.amount, &query.idempotency_key, Outcome::Pending)
    }

    /// Reads a call of the form `id;subject;news;amount;receipt;payer`. A call that contains `forged` is
    /// refused.
    fn read_webhook(&self, call: &WebhookCall) -> Result<Vec<Notice>, WebhookError> {
        let text = String::from_utf8(call.body.clone())
            .map_err(|_| WebhookError::Malformed("no text".to_owned()))?;
        if text.contains("forged") {
            return Err(WebhookError::BadSignature);
        }
        let parts: Vec<&str> = text.split(';').collect();
        let [id, subject, news, amount, receipt, payer] = parts[..] else {
            return Err(WebhookError::Malformed("six parts".to_owned()));
        };
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let amount = some(amount).map(|amount| Money::new(amount.parse().unwrap(), self.currency));
        let proof = Proof { reference: None, receipt: some(receipt), amount, payer: some(payer) };
        let subject = match subject.split_once(':') {
            Some(("caller", reference)) => Subject::Caller { reference: some(reference) },
            Some(("reference", reference)) => Subject::Reference(reference.to_owned()),
            Some(("account", account)) => Subject::Account(account.to_owned()),
            _ => return Err(WebhookError::Malformed("no subject".to_owned())),
        };
        let news = match news {
            "paid" => News::Outcome(Outcome::Settled(proof)),
            "failed" => News::Outcome(declined("1032").unwrap()),
            "deposit" => News::Deposit(proof),
            "details" => News::Details(proof),
            "contested" => News::ChargebackOpened {
                id: "dp_1".to_owned(),
                amount: proof.amount.unwrap(),
                reason: "fraudulent".to_owned(),
            },
            "contested-again" => News::ChargebackOpened {
                id: "dp_2".to_owned(),
                amount: proof.amount.unwrap(),
                reason: "fraudulent".to_owned(),
            },
            "refunded" => News::Returned(Returned::One {
                id: proof.receipt.unwrap(),
                amount: proof.amount,
                failed: false,
            }),
            "refund-failed" => News::Returned(Returned::One {
                id: proof.receipt.unwrap(),
                amount: proof.amount,
                failed: true,
            }),
            "total" => News::Returned(Returned::Total { amount: proof.amount.unwrap() }),
            "won" => News::ChargebackClosed { id: "dp_1".to_owned(), won: true },
            "lost" => News::ChargebackClosed { id: "dp_1".to_owned(), won: false },
            _ => News::Nothing,
        };
        Ok(vec![Notice { id: id.to_owned(), subject, news }])
    }
}
