//! Reading Daraja's callbacks.

use std::collections::BTreeMap;

use baitech_core::{
    payment::{News, Notice, Subject, WebhookCall, WebhookError},
    transaction::{Outcome, Proof},
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use super::{Mpesa, ResultCode, json};
use crate::webhook::{is_under, read};

/// The fields of an object as raw JSON.
pub(super) type Fields<'a> = BTreeMap<String, &'a RawValue>;

/// The field of our id of an order, in Daraja's usual spelling and in that of some answers.
pub(super) const CONVERSATION: [&str; 2] = ["OriginatorConversationID", "OriginatorCoversationID"];

impl Mpesa {
    pub(super) fn read_callback(&self, call: &WebhookCall) -> Result<Vec<Notice>, WebhookError> {
        let fields: Fields<'_> = read(&call.body)?;
        let is_ours = self.config.webhook_token.as_ref().is_some_and(|token| is_under(token, &call.token));
        if is_ours || fields.contains_key("TransID") {
            // Callbacks under a transaction's token are about that transaction; under the provider's own
            // token they report unrequested deposits.
            let is_deposit = is_ours && fields.contains_key("TransID");
            return if is_deposit { self.read_deposit(&fields) } else { Err(WebhookError::Unexpected) };
        }
        let notice = if let Some(body) = fields.get("Body") {
            let body: Fields<'_> = read(body.get().as_bytes())?;
            match body.get("stkCallback") {
                Some(callback) => Some(read_prompt(&read(callback.get().as_bytes())?)?),
                None => None,
            }
        } else if let Some(result) = fields.get("Result") {
            Some(self.read_result(&read(result.get().as_bytes())?)?)
        } else if CONVERSATION.iter().any(|name| fields.contains_key(*name)) {
            Some(self.read_result(&fields)?)
        } else {
            // Daraja adds kinds of callbacks without notice: those about none of our orders are ignored.
            None
        };
        Ok(notice.into_iter().collect())
    }
}

pub(super) fn malformed(field: &str) -> WebhookError {
    WebhookError::Malformed(format!("{field} is missing or invalid"))
}

/// A field with text or a number, as text.
pub(super) fn text(fields: &Fields<'_>, field: &str) -> Option<String> {
    fields.get(field).and_then(|raw| json::text(raw)).filter(|text| !text.is_empty())
}

/// An id from Daraja, checked for length and characters.
pub(super) fn name(fields: &Fields<'_>, field: &str) -> Result<String, WebhookError> {
    let name = text(fields, field).ok_or_else(|| malformed(field))?;
    let is_plain = name.len() <= 128 && name.bytes().all(|byte| byte.is_ascii_graphic());
    if is_plain { Ok(name) } else { Err(malformed(field)) }
}

/// A list, or a single element in its place; empty for a missing or empty field.
pub(super) fn list<T: DeserializeOwned>(raw: Option<&&RawValue>) -> Vec<T> {
    let Some(written) = raw.map(|raw| raw.get()) else { return Vec::new() };
    serde_json::from_str(written)
        .or_else(|_| serde_json::from_str(written).map(|only| vec![only]))
        .unwrap_or_default()
}

/// Reads the outcome of an STK push.
fn read_prompt(callback: &Fields<'_>) -> Result<Notice, WebhookError> {
    #[derive(Deserialize)]
    struct Item {
        #[serde(rename = "Name")]
        name: String,
        #[serde(rename = "Value")]
        value: Option<Box<RawValue>>,
    }
    let reference = name(callback, "CheckoutRequestID")?;
    let code = ResultCode::new(&name(callback, "ResultCode")?);
    let mut id = format!("{reference}/{code}");
    let outcome = match code {
        ResultCode::Success => {
            let metadata: Fields<'_> = match callback.get("CallbackMetadata") {
                Some(raw) => read(raw.get().as_bytes())?,
                None => return Err(malformed("CallbackMetadata")),
            };
            let items: Vec<Item> = list(metadata.get("Item"));
            let value = |name: &str| items.iter().find(|item| item.name == name)?.value.as_deref();
            let amount = value("Amount").and_then(json::amount).ok_or_else(|| malformed("Amount"))?;
            let receipt = value("MpesaReceiptNumber").and_then(json::text).and_then(receipt);
            let receipt = receipt.ok_or_else(|| malformed("MpesaReceiptNumber"))?;
            // The id includes the amount: a callback with another amount is different news.
            id = format!("{id}/{receipt}/{}", amount.amount().normalize());
            let payer = value("PhoneNumber").and_then(json::text).and_then(shown_number);
            Outcome::Settled(Proof {
                reference: Some(reference.clone()),
                receipt: Some(receipt),
                amount: Some(amount),
                payer,
            })
        }
        ResultCode::StillProcessing => Outcome::Pending,
        code => Outcome::Declined(code.declined()),
    };
    let subject = Subject::Caller { reference: Some(reference) };
    Ok(Notice { id, subject, news: News::Outcome(outcome) })
}

/// A receipt number: letters and digits.
pub(super) fn receipt(text: String) -> Option<String> {
    let is_receipt = (1..=40).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_receipt.then_some(text)
}

/// A phone number as Daraja shows it, possibly with masked digits, without its blanks (`2547 ***** 126`);
/// `None` for a hash.
#[expect(clippy::needless_pass_by_value, reason = "it is passed to `and_then`")]
pub(super) fn shown_number(text: String) -> Option<String> {
    let text: String = text.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    let is_shown = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'*' | b'+');
    ((9..=15).contains(&text.len()) && text.bytes().all(is_shown)).then_some(text)
}
