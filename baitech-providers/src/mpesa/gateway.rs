use async_trait::async_trait;
use baitech_core::{
    kernel::Currency,
    payment::{
        Capabilities, Charge, Notice, Operation, PayOut, PaymentGateway, Query, RefundOrder, WebhookCall,
        WebhookError,
    },
    transaction::{GatewayError, Outcome, PaymentMethod, PaymentTiming, Proof},
};
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::{json, value::RawValue};

use super::{
    Mpesa, ResultCode,
    client::{NoReply, refusal, unknown},
    json as exact,
};

/// Charges are STK pushes; a status query of one returns neither amount nor receipt. Payouts and partial
/// refunds are B2C payments, full refunds are reversals; their outcome arrives as a callback, also after
/// [`query`](PaymentGateway::query).
///
/// Before any call, an order is declined with the code `currency`, `fraction` (of a shilling), `amount` (out
/// of bounds), `no_phone`, `phone` (not of a Kenyan mobile network) or `callback_token` (not of letters and
/// digits, or with a word that Daraja refuses; a token in hexadecimal digits has none). `unavailable` and
/// `unauthorized` mean that Daraja gave us no access token, so that nothing was sent. All other codes are
/// Daraja's; see [`ResultCode`].
#[async_trait]
impl PaymentGateway for Mpesa {
    fn method(&self) -> PaymentMethod {
        PaymentMethod::Mpesa
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            timing: PaymentTiming::AtAcceptance,
            currencies: vec![Currency::KES],
            whole_units: true,
            charge: self.config.charge,
            pay_out: Some(self.config.pay_out),
            // Reversals have fewer limits; these apply to every refund.
            refund: Some(self.config.pay_out),
            signs_webhooks: false,
            authorizes: false,
            repeatable_for: None,
            ledger_only: false,
        }
    }

    fn webhook_token(&self) -> Option<&str> {
        self.config.webhook_token.as_ref().map(ExposeSecret::expose_secret)
    }

    async fn charge(&self, charge: &Charge) -> Result<Outcome, GatewayError> {
        if charge.capture { self.push(charge).await } else { Ok(Outcome::unsupported()) }
    }

    async fn refund(&self, refund: &RefundOrder) -> Result<Outcome, GatewayError> {
        self.give_back(refund).await
    }

    async fn pay_out(&self, pay_out: &PayOut) -> Result<Outcome, GatewayError> {
        self.pay(pay_out).await
    }

    async fn query(&self, query: &Query) -> Result<Outcome, GatewayError> {
        match (query.operation, &query.reference) {
            (Operation::Charge, Some(reference)) => self.ask_prompt(reference).await,
            // A push without an answer has no id to query; its callback still comes.
            (Operation::Charge, None) => Ok(Outcome::Pending),
            (Operation::Refund | Operation::PayOut, _) => {
                self.ask_status(query, self.config.payer_short_code()).await.map(|()| Outcome::Pending)
            }
        }
    }

    async fn request_receipt(&self, query: &Query) -> Result<(), GatewayError> {
        if query.reference.is_none() {
            return Err(GatewayError::new("a charge without a reference cannot be asked about"));
        }
        self.ask_status(query, &self.config.short_code).await
    }

    fn read_webhook(&self, call: &WebhookCall) -> Result<Vec<Notice>, WebhookError> {
        self.read_callback(call)
    }
}

impl Mpesa {
    /// Queries the outcome of an STK push. While it is pending, Daraja answers with an error.
    async fn ask_prompt(&self, reference: &str) -> Result<Outcome, GatewayError> {
        #[derive(Deserialize)]
        struct Answer<'a> {
            #[serde(rename = "CheckoutRequestID")]
            reference: String,
            #[serde(rename = "ResultCode", borrow)]
            code: &'a RawValue,
        }
        let (password, timestamp) = self.password(self.clock.now());
        let body = json!({
            "BusinessShortCode": self.config.short_code,
            "Password": password,
            "Timestamp": timestamp,
            "CheckoutRequestID": reference,
        });
        let reply = self.post("mpesa/stkpushquery/v1/query", &body).await.map_err(NoReply::into_question)?;
        if !reply.status.is_success() {
            let refusal = refusal(&reply);
            let is_pending = refusal.code == "500.001.1001" && refusal.message.contains("being processed");
            return if is_pending { Ok(Outcome::Pending) } else { Err(unknown(&reply)) };
        }
        let unreadable = || GatewayError::new("the answer to a query is unreadable");
        let answer: Answer<'_> = serde_json::from_slice(&reply.body).map_err(|_| unreadable())?;
        if answer.reference != reference {
            return Err(GatewayError::new("the answer is about another charge"));
        }
        let code = exact::text(answer.code).ok_or_else(unreadable)?;
        Ok(match ResultCode::new(&code) {
            ResultCode::Success => {
                Outcome::Settled(Proof { reference: Some(answer.reference), ..Proof::default() })
            }
            ResultCode::StillProcessing => Outcome::Pending,
            code => Outcome::Declined(code.declined()),
        })
    }
}
