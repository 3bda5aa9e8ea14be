//! Results of payouts, reversals and status queries.

use baitech_core::{
    payment::{News, Notice, Subject, WebhookError},
    transaction::{Declined, Outcome, Proof, Returned},
};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    Mpesa, ResultCode,
    callback::{CONVERSATION, Fields, list, malformed, name, receipt, shown_number, text},
    json,
};

/// The occasion of our status queries, which Daraja repeats in its answer. It identifies a failed query,
/// which says nothing about the transaction.
pub(super) const STATUS_QUESTION: &str = "Status of transaction";

/// The parameters of a result: keys with optional values.
struct Parameters(Vec<Parameter>);

#[derive(Deserialize)]
struct Parameter {
    #[serde(rename = "Key")]
    key: String,
    #[serde(rename = "Value")]
    value: Option<Box<RawValue>>,
}

impl Parameters {
    fn of(fields: &Fields<'_>, outer: &str, inner: &str) -> Self {
        let Some(raw) = fields.get(outer) else { return Self(Vec::new()) };
        let fields: Fields<'_> = serde_json::from_str(raw.get()).unwrap_or_default();
        Self(list(fields.get(inner)))
    }

    fn get(&self, key: &str) -> Option<&RawValue> {
        self.0.iter().find(|parameter| parameter.key == key)?.value.as_deref()
    }

    fn text(&self, key: &str) -> Option<String> {
        self.get(key).and_then(json::text).filter(|text| !text.is_empty())
    }
}

impl Mpesa {
    pub(super) fn read_result(&self, result: &Fields<'_>) -> Result<Notice, WebhookError> {
        let [usual, misspelt] = CONVERSATION;
        let reference = name(result, usual).or_else(|error| name(result, misspelt).map_err(|_| error))?;
        let parameters = Parameters::of(result, "ResultParameters", "ResultParameter");
        let code = result.get("ResultCode").map(|_| name(result, "ResultCode")).transpose()?;
        let code = code.map(|code| ResultCode::new(&code));
        let is_timeout = code.is_none() || is_timeout(result);
        // The queue's result is different news from M-Pesa's later result, even with the same code.
        let id = match &code {
            Some(code) if !is_timeout => format!("{reference}/{code}"),
            _ => format!("{reference}/timeout"),
        };
        if let Some(status) = parameters.text("TransactionStatus") {
            return self.read_status(id, &status, &parameters);
        }
        let is_question = Parameters::of(result, "ReferenceData", "ReferenceItem")
            .text("Occasion")
            .is_some_and(|occasion| occasion == STATUS_QUESTION);
        let subject = Subject::Caller { reference: Some(reference.clone()) };
        if is_question {
            return Ok(Notice { id, subject, news: News::Nothing });
        }
        // Daraja's documentation shows code 21 for a reversal that has moved the money: the data about the
        // money counts, not the code.
        let is_reversed = parameters.get("OriginalTransactionID").is_some()
            && parameters.get("TransCompletedTime").is_some();
        let outcome = match code {
            Some(ResultCode::Success) => Outcome::Settled(settled(reference, result, &parameters)?),
            Some(ResultCode::NotAllowed) if is_reversed => {
                Outcome::Settled(settled(reference, result, &parameters)?)
            }
            Some(code) if !is_timeout && code.is_refusal() => Outcome::Declined(code.declined()),
            // A queue time-out does not mean that the operation ended, and a code that is not a documented
            // refusal does not refuse it.
            Some(_) | None => Outcome::Pending,
        };
        Ok(Notice { id, subject, news: News::Outcome(outcome) })
    }

    /// The answer to a status query: the direction of the money shows whether it was about a charge.
    fn read_status(&self, id: String, status: &str, parameters: &Parameters) -> Result<Notice, WebhookError> {
        let is_us = |party: Option<&str>| {
            party.is_some_and(|party| {
                party == self.config.short_code || party == self.config.payer_short_code()
            })
        };
        let party = |key| parameters.text(key).map(|shown| party_number(&shown).to_owned());
        let (debited, credited) = (party("DebitPartyName"), party("CreditPartyName"));
        let id = format!("{id}/{}", status.to_lowercase().chars().take(20).collect::<String>());
        let amount = || parameters.get("Amount").and_then(json::amount).ok_or_else(|| malformed("Amount"));
        let receipt = || parameters.text("ReceiptNo").and_then(receipt);
        if is_us(debited.as_deref()) {
            let reference = parameters.text("OriginatorConversationID");
            let outcome = match status {
                "Completed" => Outcome::Settled(Proof {
                    reference: reference.clone(),
                    receipt: receipt(),
                    amount: Some(amount()?),
                    payer: None,
                }),
                "Failed" | "Declined" | "Cancelled" | "Expired" => Outcome::Declined(Declined {
                    code: status.to_lowercase(),
                    reason: ResultCode::Other(String::new()).reason().to_owned(),
                    retry_after: None,
                }),
                _ => Outcome::Pending,
            };
            return Ok(Notice { id, subject: Subject::Caller { reference }, news: News::Outcome(outcome) });
        }
        if !is_us(credited.as_deref()) {
            return Err(malformed("DebitPartyName"));
        }
        let news = match status {
            "Completed" => News::Details(Proof {
                reference: None,
                receipt: Some(receipt().ok_or_else(|| malformed("ReceiptNo"))?),
                amount: Some(amount()?),
                payer: debited.and_then(shown_number),
            }),
            // It was reversed in M-Pesa's portal.
            reversed if reversed.to_lowercase().contains("revers") => {
                let receipt = receipt().ok_or_else(|| malformed("ReceiptNo"))?;
                let id = format!("{receipt}/reversal");
                News::Returned(Returned::One { id, amount: Some(amount()?), failed: false })
            }
            _ => News::Nothing,
        };
        Ok(Notice { id, subject: Subject::Caller { reference: None }, news })
    }
}

/// The number in `254708374149 - Jane Doe`.
fn party_number(shown: &str) -> &str {
    shown.split_once(" - ").map_or(shown, |(number, _)| number).trim()
}

fn settled(reference: String, result: &Fields<'_>, parameters: &Parameters) -> Result<Proof, WebhookError> {
    if parameters.0.is_empty() && !result.contains_key("ResultParameters") {
        // The result of a reversal has a receipt but no amount.
        let number = text(result, "TransactionID").and_then(receipt);
        return Ok(Proof { reference: Some(reference), receipt: number, amount: None, payer: None });
    }
    let amount = parameters.get("TransactionAmount").or_else(|| parameters.get("Amount"));
    let amount = amount.and_then(json::amount).ok_or_else(|| malformed("TransactionAmount"))?;
    let number = parameters.text("TransactionReceipt").or_else(|| text(result, "TransactionID"));
    let number = number.and_then(receipt).ok_or_else(|| malformed("TransactionID"))?;
    Ok(Proof { reference: Some(reference), receipt: Some(number), amount: Some(amount), payer: None })
}

fn is_timeout(result: &Fields<'_>) -> bool {
    let description = text(result, "ResultDesc").unwrap_or_default().to_lowercase();
    ["timed out", "time out", "timeout", "time-out"].iter().any(|words| description.contains(words))
}
