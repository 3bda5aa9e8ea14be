//! A provider of mobile money: it accepts an order at once, and reports the outcome later by a callback.

use std::sync::Mutex;

use baitech::{
    chrono::{DateTime, Utc},
    kernel::{Currency, Money},
    payment::{
        Capabilities, Charge, Limits, News, Notice, PayOut, PaymentGateway, RefundOrder, Subject,
        WebhookCall, WebhookError,
    },
    transaction::{GatewayError, Outcome, PaymentMethod, PaymentTiming, Proof},
};

/// An order that the provider has accepted and will call back about.
#[derive(Debug)]
struct Taken {
    token: String,
    amount: Money,
}

#[derive(Debug, Default)]
pub(crate) struct PhoneMoney {
    taken: Mutex<Vec<Taken>>,
}

impl PhoneMoney {
    /// The callbacks of all new orders, each with its own receipt.
    pub(crate) fn calls(&self, now: DateTime<Utc>) -> Vec<WebhookCall> {
        let taken = self.taken.lock().map(|mut taken| std::mem::take(&mut *taken)).unwrap_or_default();
        let call = |order: Taken| WebhookCall {
            body: format!("{} SJK{}", order.amount.amount(), &order.token[..7].to_uppercase()).into_bytes(),
            token: order.token,
            headers: Vec::new(),
            received_at: now,
        };
        taken.into_iter().map(call).collect()
    }

    fn take(&self, token: &str, amount: Money, key: &str) -> Result<Outcome, GatewayError> {
        let mut taken = self.taken.lock().map_err(|_| GatewayError::new("the provider is down"))?;
        taken.push(Taken { token: token.to_owned(), amount });
        Ok(Outcome::Accepted { reference: format!("ws_CO_{key}"), client_secret: None })
    }
}

#[async_trait::async_trait]
impl PaymentGateway for PhoneMoney {
    fn method(&self) -> PaymentMethod {
        PaymentMethod::Mpesa
    }

    fn capabilities(&self) -> Capabilities {
        let kes = |shillings| Some(Money::from_major(shillings, Currency::KES));
        let limits = Limits { least: kes(10), most: kes(250_000) };
        Capabilities {
            timing: PaymentTiming::AtAcceptance,
            currencies: vec![Currency::KES],
            whole_units: true,
            charge: limits,
            pay_out: Some(limits),
            refund: Some(limits),
            signs_webhooks: false,
            authorizes: false,
            repeatable_for: None,
            ledger_only: false,
        }
    }

    async fn charge(&self, charge: &Charge) -> Result<Outcome, GatewayError> {
        self.take(&charge.callback_token, charge.amount, &charge.idempotency_key)
    }

    async fn refund(&self, refund: &RefundOrder) -> Result<Outcome, GatewayError> {
        self.take(&refund.callback_token, refund.amount, &refund.idempotency_key)
    }

    async fn pay_out(&self, pay_out: &PayOut) -> Result<Outcome, GatewayError> {
        self.take(&pay_out.callback_token, pay_out.amount, &pay_out.idempotency_key)
    }

    fn read_webhook(&self, call: &WebhookCall) -> Result<Vec<Notice>, WebhookError> {
        let malformed = || WebhookError::Malformed("an amount and a receipt are expected".to_owned());
        let text = std::str::from_utf8(&call.body).map_err(|_| malformed())?;
        let (amount, receipt) = text.split_once(' ').ok_or_else(malformed)?;
        let amount = Money::new(amount.parse().map_err(|_| malformed())?, Currency::KES);
        let proof = Proof { receipt: Some(receipt.to_owned()), amount: Some(amount), ..Proof::default() };
        Ok(vec![Notice {
            id: receipt.to_owned(),
            subject: Subject::Caller { reference: None },
            news: News::Outcome(Outcome::Settled(proof)),
        }])
    }
}
