//! The state and the answers of the test server.

use std::collections::BTreeSet;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{Callback, Daraja, Endpoint};

pub(super) const CONSUMER_KEY: &str = "consumer-key-of-the-test";
pub(super) const CONSUMER_SECRET: &str = "consumer-secret-of-the-test";
pub(super) const PASSKEY: &str = "passkey-of-the-test";
pub(super) const SECURITY_CREDENTIAL: &str = "security-credential-of-the-test";

/// An STK push.
#[derive(Debug)]
pub(super) struct Prompt {
    pub(super) id: String,
    merchant_id: String,
    account: String,
    phone: String,
    amount: i64,
    url: String,
    receipt: String,
    end: Option<String>,
}

/// A payout or a reversal.
#[derive(Debug)]
pub(super) struct Order {
    pub(super) id: String,
    conversation: String,
    /// The receipt of the reversed payment.
    reverses: Option<String>,
    phone: String,
    amount: i64,
    url: String,
    receipt: String,
    end: Option<String>,
}

#[derive(Debug)]
pub(super) struct Book {
    pub(super) token: Option<String>,
    pub(super) token_lifetime: u32,
    pub(super) tokens_granted: usize,
    pub(super) busy: BTreeSet<String>,
    pub(super) prompts: Vec<Prompt>,
    pub(super) orders: Vec<Order>,
    pub(super) answers: Vec<Callback>,
    deposits_url: Option<String>,
    deposited: i64,
    serial: u64,
}

impl Default for Book {
    fn default() -> Self {
        Self {
            token: None,
            token_lifetime: 3599,
            tokens_granted: 0,
            busy: BTreeSet::new(),
            prompts: Vec::new(),
            orders: Vec::new(),
            answers: Vec::new(),
            deposits_url: None,
            deposited: 0,
            serial: 0,
        }
    }
}

type Answer = (u16, Value);

pub(super) fn error(code: &str, message: &str) -> Value {
    json!({"requestId": "11728-2929992-1", "errorCode": code, "errorMessage": message})
}

fn bad(what: &str) -> Answer {
    (400, error("400.002.02", &format!("Bad Request - Invalid {what}")))
}

fn text<'a>(request: &'a Value, field: &str) -> &'a str {
    request[field].as_str().unwrap_or_default()
}

fn is_phone(phone: &str) -> bool {
    phone.len() == 12 && phone.starts_with("254") && phone.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_url(url: &str) -> bool {
    let words = ["mpesa", "m-pesa", "safaricom", "exe", "cmd", "sql", "query"];
    url.starts_with("https://") && !words.iter().any(|word| url.to_lowercase().contains(word))
}

impl Book {
    pub(super) fn answer(&mut self, endpoint: Endpoint, authorization: &str, request: &Value) -> Answer {
        if endpoint == Endpoint::Token {
            return self.grant(authorization);
        }
        let is_authorized =
            self.token.as_ref().is_some_and(|token| authorization == format!("Bearer {token}"));
        if !is_authorized {
            return (401, error("404.001.03", "Invalid Access Token"));
        }
        match endpoint {
            Endpoint::Token => unreachable!("answered above"),
            Endpoint::Push => self.push(request),
            Endpoint::PushQuery => self.push_query(request),
            Endpoint::PayOut => self.pay_out(request),
            Endpoint::Reversal => self.reverse(request),
            Endpoint::Status => self.status(request),
            Endpoint::Register => {
                self.deposits_url = Some(text(request, "ConfirmationURL").to_owned());
                (
                    200,
                    json!({
                        "OriginatorCoversationID": "1-2-3",
                        "ResponseCode": "0",
                        "ResponseDescription": "success",
                    }),
                )
            }
        }
    }

    fn grant(&mut self, authorization: &str) -> Answer {
        let expected = STANDARD.encode(format!("{CONSUMER_KEY}:{CONSUMER_SECRET}"));
        if authorization != format!("Basic {expected}") {
            return (400, error("400.008.01", "Invalid Authentication passed"));
        }
        self.tokens_granted += 1;
        let token = format!("access-token-{}", self.tokens_granted);
        self.token = Some(token.clone());
        (200, json!({"access_token": token, "expires_in": self.token_lifetime.to_string()}))
    }

    fn push(&mut self, request: &Value) -> Answer {
        if let Err(wrong) = check_password(request) {
            return wrong;
        }
        let phone = text(request, "PhoneNumber");
        let reference = text(request, "AccountReference");
        let Some(amount) = request["Amount"].as_i64().filter(|amount| *amount > 0) else {
            return bad("Amount");
        };
        if !is_phone(phone) || text(request, "PartyA") != phone {
            return bad("PhoneNumber");
        }
        if !is_url(text(request, "CallBackURL")) {
            return bad("CallBackURL");
        }
        if !(1..=12).contains(&reference.len()) || !(1..=13).contains(&text(request, "TransactionDesc").len())
        {
            return bad("AccountReference");
        }
        if self.busy.contains(phone) {
            let message =
                "Unable to lock subscriber, a transaction is already in process for the current subscriber";
            return (500, error("500.001.1001", message));
        }
        let serial = self.next();
        let prompt = Prompt {
            id: format!("ws_CO_{serial:020}"),
            merchant_id: format!("29115-{serial}-1"),
            account: reference.to_owned(),
            phone: phone.to_owned(),
            amount,
            url: text(request, "CallBackURL").to_owned(),
            receipt: format!("RKP{serial:07}"),
            end: None,
        };
        let answer = json!({
            "MerchantRequestID": prompt.merchant_id,
            "CheckoutRequestID": prompt.id,
            "ResponseCode": "0",
            "ResponseDescription": "Success. Request accepted for processing",
            "CustomerMessage": "Success. Request accepted for processing",
        });
        self.prompts.push(prompt);
        (200, answer)
    }

    fn push_query(&self, request: &Value) -> Answer {
        if let Err(wrong) = check_password(request) {
            return wrong;
        }
        let id = text(request, "CheckoutRequestID");
        let Some(prompt) = self.prompts.iter().find(|prompt| prompt.id == id) else {
            return bad("CheckoutRequestID");
        };
        match &prompt.end {
            None => (500, error("500.001.1001", "The transaction is being processed")),
            Some(code) => (
                200,
                json!({
                    "ResponseCode": "0",
                    "ResponseDescription": "The service request has been accepted successfully",
                    "MerchantRequestID": prompt.merchant_id,
                    "CheckoutRequestID": prompt.id,
                    "ResultCode": code,
                    "ResultDesc": description(code),
                }),
            ),
        }
    }

    fn pay_out(&mut self, request: &Value) -> Answer {
        let id = text(request, "OriginatorConversationID");
        if let Err(wrong) = check_operator(request, "InitiatorName") {
            return wrong;
        }
        if id.is_empty() || text(request, "CommandID") != "BusinessPayment" {
            return bad("OriginatorConversationID");
        }
        if self.orders.iter().any(|order| order.id == id) {
            return (500, error("500.002.1001", "Duplicate OriginatorConversationID."));
        }
        let Some(amount) = request["Amount"].as_i64().filter(|amount| *amount >= 10) else {
            return bad("Amount");
        };
        let phone = text(request, "PartyB");
        if !is_phone(phone) {
            return bad("PartyB");
        }
        self.take(Some(id), None, phone, amount, request)
    }

    fn reverse(&mut self, request: &Value) -> Answer {
        if let Err(wrong) = check_operator(request, "Initiator") {
            return wrong;
        }
        let receipt = text(request, "TransactionID");
        if text(request, "RecieverIdentifierType") != "11"
            || text(request, "CommandID") != "TransactionReversal"
        {
            return bad("RecieverIdentifierType");
        }
        let Some(amount) = request["Amount"].as_i64() else { return bad("Amount") };
        let paid = self.prompts.iter().find(|prompt| prompt.receipt == receipt);
        let phone = paid.map(|prompt| prompt.phone.clone()).unwrap_or_default();
        self.take(None, Some(receipt), &phone, amount, request)
    }

    fn take(
        &mut self,
        id: Option<&str>,
        reverses: Option<&str>,
        phone: &str,
        amount: i64,
        request: &Value,
    ) -> Answer {
        let serial = self.next();
        let order = Order {
            id: id.map_or_else(|| format!("71840-{serial}-07"), ToOwned::to_owned),
            conversation: format!("AG_20260302_{serial:020}"),
            reverses: reverses.map(ToOwned::to_owned),
            phone: phone.to_owned(),
            amount,
            url: text(request, "ResultURL").to_owned(),
            receipt: format!("RKO{serial:07}"),
            end: None,
        };
        let answer = accepted(&order.conversation, &order.id);
        self.orders.push(order);
        (200, answer)
    }

    /// Daraja finds an operation by its `OriginatorConversationID`, and answers by a callback.
    fn status(&mut self, request: &Value) -> Answer {
        if let Err(wrong) = check_operator(request, "Initiator") {
            return wrong;
        }
        let id = text(request, "OriginalConversationID");
        let serial = self.next();
        let (question, conversation) = (format!("30441-{serial}-1"), format!("AG_20260303_{serial:020}"));
        let us = format!("{} - BaiTech", Daraja::SHORT_CODE);
        let order = self.orders.iter().find(|order| order.id == id).map(|order| {
            let them = format!("{} - Jane Doe", order.phone);
            (&order.id, &order.receipt, order.amount, &order.end, us.clone(), them)
        });
        let prompt = self.prompts.iter().find(|prompt| prompt.id == id || prompt.merchant_id == id);
        let prompt = prompt.filter(|prompt| prompt.end.as_deref() == Some("0")).map(|prompt| {
            let them = format!("{} - Jane Doe", prompt.phone);
            (&prompt.merchant_id, &prompt.receipt, prompt.amount, &prompt.end, them, us)
        });
        let mut result = json!({
            "ResultType": 0,
            "ResultCode": 0,
            "ResultDesc": description("0"),
            "OriginatorConversationID": question,
            "ConversationID": conversation,
            "TransactionID": format!("RKS{serial:07}"),
            "ReferenceData": {"ReferenceItem": {"Key": "Occasion", "Value": text(request, "Occasion")}},
        });
        match order.or(prompt) {
            Some((of, receipt, amount, end, debited, credited)) => {
                let status = match end.as_deref() {
                    Some("0") => "Completed",
                    Some(_) => "Failed",
                    None => "Pending",
                };
                result["ResultParameters"] = json!({"ResultParameter": [
                    {"Key": "DebitPartyName", "Value": debited},
                    {"Key": "CreditPartyName", "Value": credited},
                    {"Key": "OriginatorConversationID", "Value": of},
                    {"Key": "InitiatedTime", "Value": 20_260_302_054_112_i64},
                    {"Key": "TransactionReason"},
                    {"Key": "TransactionStatus", "Value": status},
                    {"Key": "Amount", "Value": shillings(amount)},
                    {"Key": "ReceiptNo", "Value": receipt},
                ]});
            }
            None => {
                result["ResultCode"] = json!(2032);
                result["ResultDesc"] = json!("The transaction cannot be found.");
            }
        }
        self.answers.push(Callback::new(text(request, "ResultURL"), &json!({"Result": result})));
        (200, accepted(&conversation, &question))
    }

    pub(super) fn end_prompt(&mut self, id: &str, code: &str) -> Callback {
        let prompt = self.prompts.iter_mut().find(|prompt| prompt.id == id).expect("a push");
        prompt.end = Some(code.to_owned());
        let mut callback = json!({
            "MerchantRequestID": prompt.merchant_id,
            "CheckoutRequestID": prompt.id,
            "ResultCode": code.parse::<i64>().map_or_else(|_| json!(code), |code| json!(code)),
            "ResultDesc": description(code),
        });
        if code == "0" {
            callback["CallbackMetadata"] = json!({"Item": [
                {"Name": "Amount", "Value": shillings(prompt.amount)},
                {"Name": "MpesaReceiptNumber", "Value": prompt.receipt},
                {"Name": "Balance"},
                {"Name": "TransactionDate", "Value": 20_260_302_102_115_i64},
                {"Name": "PhoneNumber", "Value": prompt.phone.parse::<i64>().expect("digits")},
            ]});
        }
        Callback::new(&prompt.url, &json!({"Body": {"stkCallback": callback}}))
    }

    pub(super) fn end_order(&mut self, id: &str, code: &str) -> Callback {
        let order = self.orders.iter_mut().find(|order| order.id == id).expect("an order");
        order.end = Some(code.to_owned());
        let mut result = json!({
            "ResultType": 0,
            "ResultCode": code.parse::<i64>().map_or_else(|_| json!(code), |code| json!(code)),
            "ResultDesc": description(code),
            "OriginatorConversationID": order.id,
            "ConversationID": order.conversation,
            "TransactionID": order.receipt,
            "ReferenceData": {
                "ReferenceItem": {"Key": "QueueTimeoutURL", "Value": "https://internal.example/submit"},
            },
        });
        let them = format!("{} - Jane Doe", order.phone);
        if code == "0" {
            result["ResultParameters"] = match &order.reverses {
                None => json!({"ResultParameter": [
                    {"Key": "TransactionAmount", "Value": shillings(order.amount)},
                    {"Key": "TransactionReceipt", "Value": order.receipt},
                    {"Key": "ReceiverPartyPublicName", "Value": them},
                    {"Key": "TransactionCompletedDateTime", "Value": "02.03.2026 11:45:50"},
                    {"Key": "B2CUtilityAccountAvailableFunds", "Value": shillings(10_116)},
                    {"Key": "B2CRecipientIsRegisteredCustomer", "Value": "Y"},
                ]}),
                Some(original) => json!({"ResultParameter": [
                    {"Key": "Amount", "Value": order.amount},
                    {"Key": "TransCompletedTime", "Value": 20_260_302_153_225_i64},
                    {"Key": "OriginalTransactionID", "Value": original},
                    {"Key": "Charge", "Value": 0},
                    {"Key": "CreditPartyPublicName", "Value": them},
                ]}),
            };
        }
        Callback::new(&order.url, &json!({"Result": result}))
    }

    pub(super) fn queue_timeout(&self, id: &str) -> Callback {
        let order = self.orders.iter().find(|order| order.id == id).expect("an order");
        let result = json!({
            "ResultType": 1,
            "ResultCode": 1,
            "ResultDesc": "The service request has timed out.",
            "OriginatorConversationID": order.id,
            "ConversationID": order.conversation,
        });
        Callback::new(&order.url, &json!({"Result": result}))
    }

    pub(super) fn deposit(&mut self, phone: &str, account: &str, amount: &str) -> Callback {
        let serial = self.next();
        let shillings = amount.split('.').next().and_then(|shillings| shillings.parse::<i64>().ok());
        self.deposited += shillings.expect("an amount");
        self.report_deposit(&format!("RKD{serial:07}"), phone, account, amount)
    }

    pub(super) fn as_deposit(&self, id: &str) -> Callback {
        let prompt = self.prompts.iter().find(|prompt| prompt.id == id).expect("a push");
        assert_eq!(prompt.end.as_deref(), Some("0"), "the push is not paid");
        self.report_deposit(&prompt.receipt, &prompt.phone, &prompt.account, &format!("{}.00", prompt.amount))
    }

    fn report_deposit(&self, receipt: &str, phone: &str, account: &str, amount: &str) -> Callback {
        let url = self.deposits_url.as_deref().expect("a registered address");
        Callback::new(
            url,
            &json!({
                "TransactionType": "Pay Bill",
                "TransID": receipt,
                "TransTime": "20260302063845",
                "TransAmount": amount,
                "BusinessShortCode": Daraja::SHORT_CODE,
                "BillRefNumber": account,
                "InvoiceNumber": "",
                "OrgAccountBalance": "49197.00",
                "ThirdPartyTransID": "",
                "MSISDN": phone,
                "FirstName": "Jane",
            }),
        )
    }

    pub(super) fn balance(&self) -> i64 {
        let done = |end: &Option<String>| end.as_deref() == Some("0");
        let paid: i64 =
            self.prompts.iter().filter(|prompt| done(&prompt.end)).map(|prompt| prompt.amount).sum();
        let sent: i64 = self.orders.iter().filter(|order| done(&order.end)).map(|order| order.amount).sum();
        self.deposited + paid - sent
    }

    fn next(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }
}

fn accepted(conversation: &str, originator: &str) -> Value {
    json!({
        "ConversationID": conversation,
        "OriginatorConversationID": originator,
        "ResponseCode": "0",
        "ResponseDescription": "Accept the service request successfully.",
    })
}

fn check_password(request: &Value) -> Result<(), Answer> {
    let timestamp = text(request, "Timestamp");
    if timestamp.len() != 14 || text(request, "BusinessShortCode") != Daraja::SHORT_CODE {
        return Err(bad("Timestamp"));
    }
    let expected = STANDARD.encode(format!("{}{PASSKEY}{timestamp}", Daraja::SHORT_CODE));
    if text(request, "Password") == expected {
        Ok(())
    } else {
        Err((500, error("500.001.1001", "[MerchantValidate] - Wrong credentials")))
    }
}

fn check_operator(request: &Value, name: &str) -> Result<(), Answer> {
    if text(request, name).is_empty() || text(request, "SecurityCredential") != SECURITY_CREDENTIAL {
        return Err(bad("Initiator"));
    }
    for url in ["ResultURL", "QueueTimeOutURL"] {
        if !is_url(text(request, url)) {
            return Err(bad(url));
        }
    }
    let occasion = if name == "InitiatorName" { "Occassion" } else { "Occasion" };
    let is_remark = |field| (2..=100).contains(&text(request, field).len());
    if is_remark("Remarks") && is_remark(occasion) { Ok(()) } else { Err(bad("Remarks")) }
}

/// An amount as Daraja writes it: a number with a point.
fn shillings(amount: i64) -> Value {
    serde_json::from_str(&format!("{amount}.00")).expect("a number")
}

fn description(code: &str) -> &'static str {
    match code {
        "0" => "The service request is processed successfully.",
        "1" => "The balance is insufficient for the transaction.",
        "1001" => "Unable to lock subscriber, a transaction is already in process for the current subscriber",
        "1032" => "Request cancelled by user",
        "1037" => "DS timeout user cannot be reached",
        "2001" => "The initiator information is invalid.",
        _ => "The request failed.",
    }
}
