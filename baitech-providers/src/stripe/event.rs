//! Reading Stripe's events.

use baitech_core::{
    payment::{News, Notice, Subject, WebhookCall, WebhookError},
    transaction::{GatewayError, Outcome},
};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    Stripe,
    object::{Dispute, PaymentIntent, Refund, RefundedCharge, Transfer, canceled},
    signature::verify,
};
use crate::webhook::{is_under, read};

#[derive(Deserialize)]
struct Event<'a> {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    /// Missing in Stripe's thin events, which only name their object.
    #[serde(borrow)]
    data: Option<Data<'a>>,
}

#[derive(Deserialize)]
struct Data<'a> {
    #[serde(borrow)]
    object: Option<&'a RawValue>,
}

/// The kinds of events that are read; all others are ignored.
const KINDS: [&str; 13] = [
    "payment_intent.succeeded",
    "payment_intent.amount_capturable_updated",
    "payment_intent.payment_failed",
    "payment_intent.canceled",
    "charge.refunded",
    "refund.created",
    "refund.updated",
    "refund.failed",
    "charge.refund.updated",
    "charge.dispute.created",
    "charge.dispute.funds_withdrawn",
    "charge.dispute.closed",
    "transfer.reversed",
];

impl Stripe {
    pub(super) fn read_event(&self, call: &WebhookCall) -> Result<Vec<Notice>, WebhookError> {
        if !is_under(&self.config.webhook_token, &call.token) {
            return Err(WebhookError::Unexpected);
        }
        verify(
            call.header("stripe-signature"),
            &call.body,
            &self.config.webhook_secrets,
            self.config.signature_tolerance,
            call.received_at,
        )?;
        let event: Event<'_> = read(&call.body)?;
        if event.id.is_empty()
            || event.id.len() > 255
            || !event.id.bytes().all(|byte| byte.is_ascii_graphic())
        {
            return Err(WebhookError::Malformed("the event has no id".to_owned()));
        }
        if !KINDS.contains(&event.kind.as_str()) {
            return Ok(Vec::new());
        }
        let object = event.data.and_then(|data| data.object);
        let object = object.ok_or_else(|| WebhookError::Malformed("the event has no object".to_owned()))?;
        let object = object.get().as_bytes();
        let id = event.id;
        match event.kind.as_str() {
            "payment_intent.succeeded" | "payment_intent.amount_capturable_updated" => {
                let intent: PaymentIntent = read(object)?;
                let outcome = intent.outcome().map_err(odd)?;
                Ok(vec![Notice { id, subject: intent.subject(), news: News::Outcome(outcome) }])
            }
            "payment_intent.payment_failed" => {
                let intent: PaymentIntent = read(object)?;
                let outcome = Outcome::Declined(intent.failure());
                Ok(vec![Notice { id, subject: intent.subject(), news: News::Outcome(outcome) }])
            }
            "payment_intent.canceled" => {
                let intent: PaymentIntent = read(object)?;
                let outcome = Outcome::Declined(canceled());
                Ok(vec![Notice { id, subject: intent.subject(), news: News::Outcome(outcome) }])
            }
            "charge.refunded" => {
                let charge: RefundedCharge = read(object)?;
                let refunds = charge.refunds.iter().flat_map(|refunds| &refunds.data);
                let mut notices = refunds
                    .map(|refund| refund_notice(format!("{id}/{}", refund.id), refund))
                    .collect::<Result<Vec<_>, _>>()?;
                let total = charge.total().map_err(odd)?;
                notices.extend(total.map(|(subject, news)| Notice { id, subject, news }));
                Ok(notices)
            }
            "refund.created" | "refund.updated" | "refund.failed" | "charge.refund.updated" => {
                Ok(vec![refund_notice(id, &read(object)?)?])
            }
            "charge.dispute.created" | "charge.dispute.funds_withdrawn" | "charge.dispute.closed" => {
                let dispute: Dispute = read(object)?;
                let news = dispute_news(&dispute, &event.kind)?;
                Ok(news.into_iter().collect())
            }
            "transfer.reversed" => {
                let transfer: Transfer = read(object)?;
                let news = transfer.total().map_err(odd)?;
                Ok(vec![Notice { id, subject: transfer.subject(), news }])
            }
            _ => Ok(Vec::new()),
        }
    }
}

fn refund_notice(id: String, refund: &Refund) -> Result<Notice, WebhookError> {
    let (subject, news) = refund.news().map_err(odd)?;
    Ok(Notice { id, subject, news })
}

/// A dispute takes money once, but two events may report it: so its news is identified by the dispute.
fn dispute_news(dispute: &Dispute, kind: &str) -> Result<Option<Notice>, WebhookError> {
    if dispute.is_inquiry() {
        return Ok(None);
    }
    let subject: Subject =
        dispute.subject().ok_or_else(|| WebhookError::Malformed("the dispute names no charge".to_owned()))?;
    let dispute_id = dispute.id.clone();
    let (id, news) = if kind == "charge.dispute.closed" {
        let won = matches!(dispute.status.as_str(), "won" | "prevented");
        (format!("{dispute_id}/{}", dispute.status), News::ChargebackClosed { id: dispute_id, won })
    } else {
        let amount = dispute.amount().map_err(odd)?;
        let reason = dispute.reason.chars().take(60).collect();
        (format!("{dispute_id}/opened"), News::ChargebackOpened { id: dispute_id, amount, reason })
    };
    Ok(Some(Notice { id, subject, news }))
}

fn odd(error: GatewayError) -> WebhookError {
    WebhookError::Malformed(error.reason)
}
