//! Orders and queries to Daraja.

use baitech_core::{
    kernel::{Code, Money, PhoneNumber, Violation},
    payment::{Charge, Contact, PayOut, Query, RefundOrder},
    transaction::{Declined, GatewayError, Outcome},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use chrono::{DateTime, Utc};
use chrono_tz::Africa::Nairobi;
use rust_decimal::prelude::ToPrimitive;
use secrecy::ExposeSecret;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{
    Mpesa,
    client::{Direction, read_order},
    config::refused_word,
    results::STATUS_QUESTION,
    short_number,
};

/// Daraja's identifier type of a short code.
const SHORT_CODE: &str = "4";
/// Daraja's identifier type of the receiver in a reversal.
const REVERSAL_RECEIVER: &str = "11";

#[derive(Deserialize)]
struct PromptTaken {
    #[serde(rename = "CheckoutRequestID")]
    reference: String,
}

#[derive(Deserialize)]
struct OrderTaken {
    // Some answers of Daraja misspell the name.
    #[serde(rename = "OriginatorConversationID", alias = "OriginatorCoversationID", default)]
    reference: String,
}

impl Mpesa {
    /// Sends an STK push: asks a subscriber to pay on the phone.
    pub(super) async fn push(&self, charge: &Charge) -> Result<Outcome, GatewayError> {
        let prompt = self.check(&charge.payer, charge.amount, Bounds::Charge, &charge.callback_token);
        let prompt = match prompt {
            Ok(prompt) => prompt,
            Err(declined) => return Ok(Outcome::Declined(declined)),
        };
        let (kind, receiver) = match &self.config.till {
            Some(till) => ("CustomerBuyGoodsOnline", till),
            None => ("CustomerPayBillOnline", &self.config.short_code),
        };
        let (password, timestamp) = self.password(self.clock.now());
        let body = json!({
            "BusinessShortCode": self.config.short_code,
            "Password": password,
            "Timestamp": timestamp,
            "TransactionType": kind,
            "Amount": prompt.shillings,
            "PartyA": prompt.phone,
            "PartyB": receiver,
            "PhoneNumber": prompt.phone,
            "CallBackURL": prompt.callback_url,
            "AccountReference": account_reference(charge.number.as_str()),
            "TransactionDesc": plain(&charge.description, 13),
        });
        let reply = match self.post("mpesa/stkpush/v1/processrequest", &body).await {
            Ok(reply) => reply,
            Err(no_reply) => return no_reply.into_order(),
        };
        match read_order::<PromptTaken>(&reply, Direction::In) {
            Ok(PromptTaken { reference }) if reference.is_empty() => {
                Err(GatewayError::new("the answer accepts an order without an id"))
            }
            Ok(PromptTaken { reference }) => Ok(Outcome::Accepted { reference, client_secret: None }),
            Err(other) => other,
        }
    }

    /// Sends a payout to a subscriber.
    pub(super) async fn pay(&self, pay_out: &PayOut) -> Result<Outcome, GatewayError> {
        let PayOut { payee, amount, description, idempotency_key, callback_token, number, .. } = pay_out;
        let checked = self.check(payee, *amount, Bounds::PayOut, callback_token);
        self.b2c(checked, idempotency_key, description, number.as_str()).await
    }

    /// Refunds a payer: a full refund with a known receipt by reversal, any other by a B2C payment.
    pub(super) async fn give_back(&self, refund: &RefundOrder) -> Result<Outcome, GatewayError> {
        let RefundOrder { original, amount, reason, idempotency_key, callback_token, number, .. } = refund;
        if let Some(receipt) = original.receipt.as_deref()
            && original.is_whole
            && original.amount == *amount
        {
            return self.reverse(receipt, *amount, reason, number.as_str(), callback_token).await;
        }
        let checked = self.check(&original.payer, *amount, Bounds::PayOut, callback_token);
        self.b2c(checked, idempotency_key, reason, number.as_str()).await
    }

    async fn b2c(
        &self,
        checked: Result<Checked, Declined>,
        idempotency_key: &str,
        remarks: &str,
        number: &str,
    ) -> Result<Outcome, GatewayError> {
        let checked = match checked {
            Ok(checked) => checked,
            Err(declined) => return Ok(Outcome::Declined(declined)),
        };
        let name = conversation_id(idempotency_key);
        let body = json!({
            "OriginatorConversationID": name,
            "InitiatorName": self.config.initiator,
            "SecurityCredential": self.config.security_credential.expose_secret(),
            "CommandID": "BusinessPayment",
            "Amount": checked.shillings,
            "PartyA": self.config.payer_short_code(),
            "PartyB": checked.phone,
            "Remarks": remark(remarks),
            "QueueTimeOutURL": checked.callback_url,
            "ResultURL": checked.callback_url,
            // Daraja's spelling.
            "Occassion": plain(number, 100),
        });
        self.order("mpesa/b2c/v3/paymentrequest", &body, Some(name)).await
    }

    async fn reverse(
        &self,
        receipt: &str,
        amount: Money,
        reason: &str,
        number: &str,
        token: &str,
    ) -> Result<Outcome, GatewayError> {
        let checked = self.whole_shillings(amount, Bounds::Charge);
        let (shillings, callback_url) =
            match checked.and_then(|shillings| Ok((shillings, self.callback(token)?))) {
                Ok(checked) => checked,
                Err(declined) => return Ok(Outcome::Declined(declined)),
            };
        let body = json!({
            "Initiator": self.config.initiator,
            "SecurityCredential": self.config.security_credential.expose_secret(),
            "CommandID": "TransactionReversal",
            "TransactionID": receipt,
            "Amount": shillings,
            "ReceiverParty": self.config.short_code,
            // Daraja's spelling.
            "RecieverIdentifierType": REVERSAL_RECEIVER,
            "ResultURL": callback_url,
            "QueueTimeOutURL": callback_url,
            "Remarks": remark(reason),
            "Occasion": plain(number, 100),
        });
        self.order("mpesa/reversal/v1/request", &body, None).await
    }

    async fn order(&self, path: &str, body: &Value, name: Option<String>) -> Result<Outcome, GatewayError> {
        let reply = match self.post(path, body).await {
            Ok(reply) => reply,
            Err(no_reply) => return no_reply.into_order(),
        };
        match read_order::<OrderTaken>(&reply, Direction::Out) {
            Ok(OrderTaken { reference }) => {
                let reference = Some(reference).filter(|reference| !reference.is_empty()).or(name);
                let reference = reference
                    .ok_or_else(|| GatewayError::new("the answer accepts an order without an id"))?;
                Ok(Outcome::Accepted { reference, client_secret: None })
            }
            Err(other) => other,
        }
    }

    /// Queries the status of a transaction. The answer arrives as a callback.
    pub(super) async fn ask_status(&self, query: &Query, party: &str) -> Result<(), GatewayError> {
        let name = query.reference.clone().unwrap_or_else(|| conversation_id(&query.idempotency_key));
        let callback_url = self.callback(&query.callback_token).map_err(|declined| {
            GatewayError::new(format!("the callback URL is not usable ({})", declined.code))
        })?;
        let body = json!({
            "Initiator": self.config.initiator,
            "SecurityCredential": self.config.security_credential.expose_secret(),
            "CommandID": "TransactionStatusQuery",
            // Daraja's documentation uses both names for the field.
            "OriginalConversationID": name,
            "OriginatorConversationID": name,
            "PartyA": party,
            "IdentifierType": SHORT_CODE,
            "ResultURL": callback_url,
            "QueueTimeOutURL": callback_url,
            "Remarks": STATUS_QUESTION,
            "Occasion": STATUS_QUESTION,
        });
        let reply = self.post("mpesa/transactionstatus/v1/query", &body).await;
        let reply = reply.map_err(super::client::NoReply::into_question)?;
        match read_order::<OrderTaken>(&reply, Direction::Out) {
            Ok(_) => Ok(()),
            Err(Ok(_)) => Err(super::client::unknown(&reply)),
            Err(Err(error)) => Err(error),
        }
    }

    /// The password at a time, and that time in Daraja's format.
    pub(super) fn password(&self, now: DateTime<Utc>) -> (String, String) {
        let timestamp = now.with_timezone(&Nairobi).format("%Y%m%d%H%M%S").to_string();
        let plain = format!("{}{}{timestamp}", self.config.short_code, self.config.passkey.expose_secret());
        (STANDARD.encode(plain), timestamp)
    }

    fn check(
        &self,
        contact: &Contact,
        amount: Money,
        bounds: Bounds,
        token: &str,
    ) -> Result<Checked, Declined> {
        let shillings = self.whole_shillings(amount, bounds)?;
        let phone = subscriber(contact.phone.as_ref())?;
        Ok(Checked { shillings, phone, callback_url: self.callback(token)? })
    }

    fn whole_shillings(&self, amount: Money, bounds: Bounds) -> Result<i64, Declined> {
        use baitech_core::payment::PaymentGateway;
        let limits = match bounds {
            Bounds::Charge => &self.config.charge,
            Bounds::PayOut => &self.config.pay_out,
        };
        self.capabilities().check(limits, amount).map_err(|violation| declined(&violation))?;
        amount.amount().to_i64().filter(|shillings| *shillings > 0).ok_or_else(|| {
            declined(&Violation::new("amount", Code::OutOfRange, "the amount must be above zero"))
        })
    }

    /// The callback URL with a transaction's token; declined if Daraja would refuse it.
    fn callback(&self, token: &str) -> Result<String, Declined> {
        let is_plain = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if is_plain && refused_word(token).is_none() {
            return Ok(self.config.callback_url(token));
        }
        let reason = "M-Pesa did not accept the request.".to_owned();
        Err(Declined { code: "callback_token".to_owned(), reason, retry_after: None })
    }
}

#[derive(Clone, Copy)]
enum Bounds {
    Charge,
    PayOut,
}

/// The checked parts of an order.
struct Checked {
    shillings: i64,
    phone: String,
    callback_url: String,
}

fn declined(violation: &Violation) -> Declined {
    let code = match violation.code {
        Code::Currency => "currency",
        Code::Malformed => "fraction",
        _ => "amount",
    };
    Declined { code: code.to_owned(), reason: violation.message.to_string(), retry_after: None }
}

/// A Kenyan mobile number as Daraja writes it: `254712345678`.
fn subscriber(phone: Option<&PhoneNumber>) -> Result<String, Declined> {
    let refuse = |code: &str, reason: &str| Declined {
        code: code.to_owned(),
        reason: reason.to_owned(),
        retry_after: None,
    };
    let phone = phone.ok_or_else(|| refuse("no_phone", "A phone number is needed for M-Pesa."))?;
    let digits = phone.as_str().trim_start_matches('+');
    let is_kenyan = digits.len() == 12
        && (digits.starts_with("2547") || digits.starts_with("2541"))
        && digits.bytes().all(|byte| byte.is_ascii_digit());
    if is_kenyan {
        Ok(digits.to_owned())
    } else {
        Err(refuse("phone", "M-Pesa needs a Kenyan mobile number."))
    }
}

/// The account reference of a payment, at most twelve characters: the digits of the transaction number.
fn account_reference(number: &str) -> String {
    plain(&short_number::shorten(number), 12)
}

/// Our conversation id of an operation, in Daraja's format, derived from the idempotency key.
pub(super) fn conversation_id(idempotency_key: &str) -> String {
    let digest = Sha256::digest(idempotency_key.as_bytes());
    let hex: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("BT-{hex}")
}

/// The letters and digits of a text, cut to the length that Daraja accepts.
fn plain(text: &str, most: usize) -> String {
    let kept = text.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { ' ' });
    let words: String = kept.collect();
    let words = words.split_whitespace().collect::<Vec<_>>().join(" ");
    let cut: String = words.chars().take(most).collect();
    let cut = cut.trim_end();
    if cut.is_empty() { "Payment".chars().take(most).collect() } else { cut.to_owned() }
}

fn remark(text: &str) -> String {
    let remark = plain(text, 100);
    // One character is too short for Daraja.
    if remark.len() < 2 { "Payment".to_owned() } else { remark }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn account_reference_of_a_payment_fits() {
        assert_eq!(account_reference("TXN260302000001"), "260302000001");
        assert_eq!(account_reference("TXN2603021000000"), "260302X0LFLS");
        assert_eq!(account_reference("something else"), "something el");
    }

    #[test]
    fn only_kenyan_mobile_numbers_are_accepted() {
        let read = |text: &str| subscriber(Some(&PhoneNumber::new(text).unwrap()));
        assert_eq!(read("0712345678").unwrap(), "254712345678");
        assert_eq!(read("0110345678").unwrap(), "254110345678");
        assert_eq!(read("+256712345678").unwrap_err().code, "phone");
        assert_eq!(subscriber(None).unwrap_err().code, "no_phone");
    }

    proptest! {
        #[test]
        fn any_text_is_cut_to_fit(text in any::<String>(), most in 1_usize..120) {
            let plain = plain(&text, most);
            prop_assert!((1..=most).contains(&plain.len()), "{plain:?}");
            prop_assert!(plain.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b' '));
            prop_assert!((2..=100).contains(&remark(&text).len()));
        }

        #[test]
        fn same_key_gives_the_same_conversation_id(key in any::<String>(), other in any::<String>()) {
            prop_assert_eq!(conversation_id(&key), conversation_id(&key));
            prop_assert_eq!(conversation_id(&key).len(), 35);
            prop_assert_eq!(conversation_id(&key) == conversation_id(&other), key == other);
        }
    }
}
