//! Unrequested deposits (C2B).

use baitech_core::{
    kernel::Violation,
    payment::{News, Notice, Subject, WebhookError},
    transaction::{GatewayError, Proof, TransactionNumber},
};
use secrecy::ExposeSecret;
use serde_json::json as object;

use super::{
    Mpesa,
    callback::{Fields, malformed, name, receipt, shown_number, text},
    client::{NoReply, unknown},
    json, short_number,
};

impl Mpesa {
    /// Registers the URL at which Daraja reports unrequested deposits: once per short code, and again after
    /// the URL has changed.
    ///
    /// # Errors
    /// [`GatewayError`] if Daraja did not accept it, or if
    /// [`MpesaConfig::webhook_token`](super::MpesaConfig::webhook_token) is missing.
    pub async fn register_deposits(&self) -> Result<(), GatewayError> {
        let token = self.config.webhook_token.as_ref();
        let token = token.ok_or_else(|| GatewayError::new("no webhook token is configured"))?;
        let url = self.config.callback_url(token.expose_secret());
        let body = object!({
            "ShortCode": self.config.short_code,
            "ResponseType": "Completed",
            "ConfirmationURL": url,
            // A validation request looks like a deposit notice. It goes to a URL where it is not read as a
            // deposit and gets no answer, and Daraja then continues the payment.
            "ValidationURL": format!("{url}-check"),
        });
        let reply = self.post("mpesa/c2b/v2/registerurl", &body).await.map_err(NoReply::into_question)?;
        if reply.status.is_success() { Ok(()) } else { Err(unknown(&reply)) }
    }

    pub(super) fn read_deposit(&self, fields: &Fields<'_>) -> Result<Vec<Notice>, WebhookError> {
        let code = name(fields, "BusinessShortCode")?;
        if code != self.config.short_code && Some(&code) != self.config.till.as_ref() {
            return Err(WebhookError::Unexpected);
        }
        let receipt = name(fields, "TransID").ok().and_then(receipt).ok_or_else(|| malformed("TransID"))?;
        let amount = fields.get("TransAmount").and_then(|raw| json::amount(raw));
        let proof = Proof {
            reference: None,
            receipt: Some(receipt.clone()),
            amount: Some(amount.ok_or_else(|| malformed("TransAmount"))?),
            payer: text(fields, "MSISDN").and_then(shown_number),
        };
        let account = text(fields, "BillRefNumber").unwrap_or_default();
        let subject = Subject::Account(account_named(&account));
        Ok(vec![Notice { id: format!("deposit/{receipt}"), subject, news: News::Deposit(proof) }])
    }
}

/// The account that the payer named. Twelve digits that begin with a date are the digits of a transaction
/// number, under which a push is listed. No Kenyan phone number looks like one, since there is no 47th or
/// 41st month.
fn account_named(text: &str) -> String {
    let account: String = text.trim().chars().filter(|c| !c.is_control()).take(64).collect();
    if let Some(number) = short_number::complete(&account) {
        return number;
    }
    if let Some(number) = TransactionNumber::typed(&account) {
        return number.to_string();
    }
    let compact: String = account.chars().filter(char::is_ascii_digit).collect();
    let only_separated =
        account.chars().all(|c| c.is_ascii_digit() || c.is_whitespace() || "-_/.".contains(c));
    let account = if only_separated && compact.len() == 12 { compact } else { account };
    let within = |range: std::ops::Range<usize>, most: u32| {
        let number = account.get(range).and_then(|digits| digits.parse::<u32>().ok());
        number.is_some_and(|number| (1..=most).contains(&number))
    };
    let is_number = account.len() == 12
        && account.bytes().all(|byte| byte.is_ascii_digit())
        && within(2..4, 12)
        && within(4..6, 31);
    let number: Result<TransactionNumber, Violation> = format!("TXN{account}").parse();
    match number {
        Ok(number) if is_number => number.to_string(),
        _ => account,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortened_transaction_number_is_completed() {
        assert_eq!(account_named("260302000001"), "TXN260302000001");
        assert_eq!(account_named("260302x0lfls"), "TXN2603021000000");
        for typed in
            [" TXN260302000001 ", "txn-260302-000001", "260302-000001", "260302 000001", "TXN 260302/000001"]
        {
            assert_eq!(account_named(typed), "TXN260302000001", "{typed}");
        }
        for other in [
            "254712345678",
            "254110345678",
            "BK2603000001",
            "bk-2603-000001",
            "",
            "261302000001",
            "260332000001",
        ] {
            assert_eq!(account_named(other), other);
        }
    }
}
