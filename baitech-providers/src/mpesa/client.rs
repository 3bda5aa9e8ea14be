use baitech_core::transaction::{Declined, GatewayError, Outcome};
use chrono::TimeDelta;
use reqwest::StatusCode;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use super::{Mpesa, ResultCode, access_token::NoToken};
use crate::http::{self, Reply};

/// The wait before an order that was not carried out is sent again.
const LATER: TimeDelta = TimeDelta::minutes(2);

/// A refusal as Daraja reports it.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Refusal {
    #[serde(rename = "errorCode", default)]
    pub(super) code: String,
    #[serde(rename = "errorMessage", default)]
    pub(super) message: String,
}

/// Why a call has no usable answer.
pub(super) enum NoReply {
    /// It was not sent, and may be sent later.
    NotSent(Declined),
    /// It was sent, or may have been.
    Unknown(GatewayError),
}

impl NoReply {
    /// The error of a query, which has no effect.
    pub(super) fn into_question(self) -> GatewayError {
        match self {
            Self::NotSent(declined) => {
                GatewayError::new(format!("the query was not sent ({})", declined.code))
            }
            Self::Unknown(error) => error,
        }
    }

    /// The result of an order.
    pub(super) fn into_order(self) -> Result<Outcome, GatewayError> {
        match self {
            Self::NotSent(declined) => Ok(Outcome::Declined(declined)),
            Self::Unknown(error) => Err(error),
        }
    }
}

impl Mpesa {
    /// Sends a body to a path with a valid token; retries once with a new token if Daraja rejects the first.
    pub(super) async fn post(&self, path: &str, body: &Value) -> Result<Reply, NoReply> {
        let token = self.token().await?;
        let reply = self.post_under(&token, path, body).await?;
        if !is_unauthorized(&reply) {
            return Ok(reply);
        }
        self.tokens.forget(&token).await;
        let token = self.token().await?;
        self.post_under(&token, path, body).await
    }

    async fn token(&self) -> Result<SecretString, NoReply> {
        self.tokens.get(&self.config).await.map_err(|no_token| {
            let (code, retry_after) = match no_token {
                NoToken::Refused => {
                    tracing::error!("Daraja does not accept the consumer key and secret");
                    ("unauthorized", None)
                }
                NoToken::Unavailable(error) => {
                    tracing::warn!(%error, "no access token from Daraja");
                    ("unavailable", Some(LATER))
                }
            };
            NoReply::NotSent(unavailable(code, retry_after))
        })
    }

    async fn post_under(&self, token: &SecretString, path: &str, body: &Value) -> Result<Reply, NoReply> {
        let url = format!("{}/{path}", self.config.base_url.trim_end_matches('/'));
        let request = self.http.post(url).bearer_auth(token.expose_secret()).json(body);
        http::send(request).await.map_err(NoReply::Unknown)
    }
}

/// The direction of an order's money.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    /// Incoming. If an order that counts as refused was carried out after all, its callback reports it, and
    /// no payer is charged twice, since the payer confirms each push.
    In,
    /// Outgoing. A refused order may be sent again later, so only a documented refusal counts as one.
    Out,
}

/// The error codes with which Daraja, by its documentation, has not accepted an order.
const REFUSED_ERRORS: [(&str, &str); 12] = [
    ("400.001.01", "the authentication header is invalid"),
    ("400.002.01", "the access token is invalid"),
    ("400.002.02", "a field of the request is invalid"),
    ("400.002.05", "the payload of the request is invalid"),
    ("400.003.01", "the access token is invalid"),
    ("400.003.02", "a field of the request is invalid"),
    ("401.002.01", "the access token is invalid"),
    ("401.003.01", "the access token is invalid"),
    ("404.001.01", "the resource does not exist"),
    ("404.001.03", "the access token is invalid"),
    ("404.001.04", "the authentication header is invalid"),
    ("405.001", "the method is not allowed"),
];

/// Reads the answer to an order: accepted, refused or unknown.
///
/// Daraja answers with 500 both for refused and for lost orders. Only a known refusal counts as one.
pub(super) fn read_order<T: DeserializeOwned>(
    reply: &Reply,
    direction: Direction,
) -> Result<T, Result<Outcome, GatewayError>> {
    #[derive(Deserialize)]
    struct Response {
        #[serde(rename = "ResponseCode")]
        code: String,
    }
    if !reply.status.is_success() {
        return Err(refused(reply, direction));
    }
    let unreadable = || Err(GatewayError::new("the answer to an order is unreadable"));
    let response: Response = serde_json::from_slice(&reply.body).map_err(|_| unreadable())?;
    match ResultCode::new(&response.code) {
        ResultCode::Success => serde_json::from_slice(&reply.body).map_err(|_| unreadable()),
        code if direction == Direction::In || code.is_refusal() => {
            Err(Ok(Outcome::Declined(code.declined())))
        }
        code => Err(Err(GatewayError::new(format!("the answer to an order has the unknown code {code}")))),
    }
}

/// The refusal in an unsuccessful answer.
pub(super) fn refusal(reply: &Reply) -> Refusal {
    serde_json::from_slice(&reply.body).unwrap_or_default()
}

/// An unusable answer, described for the operator.
pub(super) fn unknown(reply: &Reply) -> GatewayError {
    let Refusal { code, message } = refusal(reply);
    GatewayError::new(format!("the answer is {} {code} {}", reply.status, without_numbers(&message)))
}

fn refused(reply: &Reply, direction: Direction) -> Result<Outcome, GatewayError> {
    let refusal = refusal(reply);
    let message = refusal.message.to_lowercase();
    let says = |words: &str| message.contains(words);
    let code = if refusal.code.is_empty() { reply.status.as_u16().to_string() } else { refusal.code };
    let declined = |retry_after| Ok(Outcome::Declined(unavailable(&code, retry_after)));
    if says("lock subscriber") || says("already in process") {
        return Ok(Outcome::Declined(ResultCode::SubscriberBusy.declined()));
    }
    if says("duplicate") {
        // The first order under this id may have been carried out.
        return Err(unknown(reply));
    }
    if reply.status == StatusCode::TOO_MANY_REQUESTS || says("spike arrest") || says("quota violation") {
        return declined(Some(LATER));
    }
    if says("wrong credentials") || says("merchant does not exist") || says("invalid access token") {
        return declined(None);
    }
    let is_documented = REFUSED_ERRORS.iter().any(|(known, _)| *known == code);
    let is_clients = reply.status.is_client_error()
        && !matches!(reply.status, StatusCode::REQUEST_TIMEOUT | StatusCode::CONFLICT);
    if is_clients && (is_documented || direction == Direction::In) {
        tracing::warn!(code, message = without_numbers(&message), "Daraja refused an order");
        declined(None)
    } else {
        Err(unknown(reply))
    }
}

fn is_unauthorized(reply: &Reply) -> bool {
    if reply.status.is_success() {
        return false;
    }
    let refusal = refusal(reply);
    reply.status == StatusCode::UNAUTHORIZED
        || refusal.code == "404.001.03"
        || refusal.message.to_lowercase().contains("invalid access token")
}

fn unavailable(code: &str, retry_after: Option<TimeDelta>) -> Declined {
    let reason = if retry_after.is_some() {
        "M-Pesa cannot be reached at the moment. Please try again in a few minutes."
    } else {
        "M-Pesa did not accept the request."
    };
    Declined { code: code.chars().take(40).collect(), reason: reason.to_owned(), retry_after }
}

/// A message without long numbers, which could be phone numbers.
fn without_numbers(message: &str) -> String {
    let mut short = String::new();
    let mut digits = 0;
    for c in message.chars().filter(|c| !c.is_control()).take(200) {
        digits = if c.is_ascii_digit() { digits + 1 } else { 0 };
        match digits {
            0..=4 => short.push(c),
            5 => short.push('…'),
            _ => {}
        }
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(status: u16, body: &str) -> Reply {
        Reply { status: StatusCode::from_u16(status).unwrap(), body: body.as_bytes().to_vec() }
    }

    fn order(status: u16, body: &str) -> Result<Outcome, GatewayError> {
        read_order::<Value>(&reply(status, body), Direction::In).unwrap_err()
    }

    fn payout(status: u16, body: &str) -> Result<Outcome, GatewayError> {
        read_order::<Value>(&reply(status, body), Direction::Out).unwrap_err()
    }

    #[test]
    fn outgoing_order_is_refused_only_by_a_documented_code() {
        for body in [r#"{"ResponseCode":"17"}"#, r#"{"ResponseCode":"R000001"}"#, r#"{"ResponseCode":"new"}"#]
        {
            assert!(payout(200, body).is_err(), "{body}");
            assert!(order(200, body).is_ok(), "{body}");
        }
        for (status, body) in
            [(403, "<html>"), (400, "{}"), (400, r#"{"errorCode":"400.009.99","errorMessage":"new"}"#)]
        {
            assert!(payout(status, body).is_err(), "{status} {body}");
        }
        let invalid = r#"{"errorCode":"400.002.02","errorMessage":"Bad Request - Invalid PartyB"}"#;
        assert_eq!(code(payout(400, invalid)), ("400.002.02".to_owned(), false));
        assert_eq!(code(payout(200, r#"{"ResponseCode":"2001"}"#)), ("2001".to_owned(), false));
        for zeros in [r#"{"ResponseCode":"0"}"#, r#"{"ResponseCode":"00000000"}"#] {
            assert!(read_order::<Value>(&reply(200, zeros), Direction::Out).is_ok(), "{zeros}");
        }
    }

    fn code(outcome: Result<Outcome, GatewayError>) -> (String, bool) {
        match outcome {
            Ok(Outcome::Declined(declined)) => (declined.code, declined.retry_after.is_some()),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_known_refusal_is_definite() {
        let busy = concat!(
            r#"{"errorCode":"500.001.1001","#,
            r#""errorMessage":"Unable to lock subscriber, a transaction is already in process for the "#,
            r#"current subscriber"}"#,
        );
        assert_eq!(code(order(500, busy)), ("1001".to_owned(), true));
        let phone = r#"{"errorCode":"400.002.02","errorMessage":"Bad Request - Invalid PhoneNumber"}"#;
        assert_eq!(code(order(400, phone)), ("400.002.02".to_owned(), false));
        assert_eq!(code(order(403, "<html>")), ("403".to_owned(), false));
        let spike = r#"{"errorCode":"500.003.02","errorMessage":"Error Occurred - Spike Arrest Violation"}"#;
        assert_eq!(code(order(500, spike)), ("500.003.02".to_owned(), true));
        let wrong = r#"{"errorCode":"500.001.1001","errorMessage":"[MerchantValidate] - Wrong credentials"}"#;
        assert_eq!(code(order(500, wrong)), ("500.001.1001".to_owned(), false));
        assert_eq!(code(order(200, r#"{"ResponseCode":"1"}"#)), ("1".to_owned(), false));
    }

    #[test]
    fn any_other_answer_is_an_unknown_outcome() {
        let duplicate = r#"{"errorCode":"400.002.02","errorMessage":"Duplicate OriginatorConversationID"}"#;
        for (status, body) in [
            (500, r#"{"errorCode":"500.003.1001","errorMessage":"Internal Server Error"}"#),
            (503, "<html>"),
            (502, ""),
            (400, duplicate),
            (408, ""),
            (409, ""),
            (302, ""),
            (200, ""),
            (200, "{}"),
            (200, r#"{"ResponseCode":0}"#),
            (200, "[1,2"),
        ] {
            assert!(order(status, body).is_err(), "{status} {body}");
        }
    }

    #[test]
    fn long_numbers_are_removed_from_messages() {
        assert_eq!(without_numbers("Invalid 254712345678, code 2001"), "Invalid 2547…, code 2001");
    }
}
