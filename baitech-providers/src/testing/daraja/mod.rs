mod book;
mod callback;

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use axum::{
    Router,
    body::Bytes,
    http::{HeaderMap, Method, Uri},
    response::Response,
};
use serde_json::Value;
use tokio::sync::Notify;

pub use callback::Callback;

use self::book::Book;
use super::{
    Fault,
    server::{Server, json},
};
use crate::mpesa::MpesaConfig;

/// An endpoint of Daraja.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// An access token.
    Token,
    /// An STK push.
    Push,
    /// A status query of an STK push.
    PushQuery,
    /// A B2C payment.
    PayOut,
    /// A reversal.
    Reversal,
    /// A status query of a transaction.
    Status,
    /// The registration of the deposit URL.
    Register,
}

impl Endpoint {
    fn of(path: &str) -> Option<Self> {
        Some(match path {
            "/oauth/v1/generate" => Self::Token,
            "/mpesa/stkpush/v1/processrequest" => Self::Push,
            "/mpesa/stkpushquery/v1/query" => Self::PushQuery,
            "/mpesa/b2c/v3/paymentrequest" => Self::PayOut,
            "/mpesa/reversal/v1/request" => Self::Reversal,
            "/mpesa/transactionstatus/v1/query" => Self::Status,
            "/mpesa/c2b/v2/registerurl" => Self::Register,
            _ => return None,
        })
    }
}

#[derive(Debug, Default)]
struct State {
    book: Book,
    faults: VecDeque<(Endpoint, Fault)>,
    requests: Vec<(Endpoint, Value)>,
    kept_back: Option<Endpoint>,
}

/// A server that speaks Daraja's protocol.
#[derive(Debug)]
pub struct Daraja {
    server: Server,
    state: Arc<Mutex<State>>,
    release_answers: Arc<Notify>,
}

impl Daraja {
    /// The number of the pay bill.
    pub const SHORT_CODE: &str = "600123";
    /// The token in the deposit URL.
    pub const WEBHOOK_TOKEN: &str = "deposits0123456789abcdef";

    /// Starts one on a free port.
    pub async fn start() -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let release_answers = Arc::new(Notify::new());
        let shared = (Arc::clone(&state), Arc::clone(&release_answers));
        let router =
            Router::new().fallback(move |method: Method, uri: Uri, headers: HeaderMap, body: Bytes| {
                answer(shared.clone(), method, uri, headers, body)
            });
        Self { server: Server::start(router).await, state, release_answers }
    }

    /// A configuration that fits this server.
    #[must_use]
    pub fn config(&self) -> MpesaConfig {
        MpesaConfig {
            consumer_key: book::CONSUMER_KEY.into(),
            consumer_secret: book::CONSUMER_SECRET.into(),
            short_code: Self::SHORT_CODE.to_owned(),
            passkey: book::PASSKEY.into(),
            initiator: "operator".to_owned(),
            security_credential: book::SECURITY_CREDENTIAL.into(),
            callback_base: "https://pay.example.com".to_owned(),
            webhook_token: Some(Self::WEBHOOK_TOKEN.into()),
            timeout: Duration::from_secs(10),
            ..MpesaConfig::at(self.server.url())
        }
    }

    /// Fails the next call to an endpoint. Several calls add up.
    pub fn fail(&self, endpoint: Endpoint, fault: Fault) {
        self.state().faults.push_back((endpoint, fault));
    }

    /// From now on holds back the answers of an endpoint: calls are carried out, but their callers wait.
    pub fn withhold_answers(&self, endpoint: Endpoint) {
        self.state().kept_back = Some(endpoint);
    }

    /// Sends all answers that were held back.
    pub fn release_answers(&self) {
        self.state().kept_back = None;
        self.release_answers.notify_waiters();
    }

    /// The requests to an endpoint, in order.
    #[must_use]
    pub fn requests(&self, endpoint: Endpoint) -> Vec<Value> {
        self.state()
            .requests
            .iter()
            .filter(|(known, _)| *known == endpoint)
            .map(|(_, body)| body.clone())
            .collect()
    }

    /// Sets the lifetime of granted tokens in seconds.
    pub fn set_token_lifetime(&self, seconds: u32) {
        self.state().book.token_lifetime = seconds;
    }

    /// Revokes all granted tokens.
    pub fn revoke_tokens(&self) {
        self.state().book.token = None;
    }

    /// The number of granted tokens.
    #[must_use]
    pub fn tokens_granted(&self) -> usize {
        self.state().book.tokens_granted
    }

    /// Sets whether a subscriber (`254712345678`) is busy with another prompt.
    pub fn set_busy(&self, phone: &str, is_busy: bool) {
        let busy = &mut self.state().book.busy;
        if is_busy {
            busy.insert(phone.to_owned());
        } else {
            busy.remove(phone);
        }
    }

    /// The `CheckoutRequestID`s of all pushes, in order.
    #[must_use]
    pub fn prompts(&self) -> Vec<String> {
        self.state().book.prompts.iter().map(|prompt| prompt.id.clone()).collect()
    }

    /// The `OriginatorConversationID`s of all payouts and reversals, in order.
    #[must_use]
    pub fn orders(&self) -> Vec<String> {
        self.state().book.orders.iter().map(|order| order.id.clone()).collect()
    }

    /// Lets the subscriber pay a push.
    ///
    /// # Panics
    /// If there is no such push.
    pub fn pay(&self, checkout: &str) -> Callback {
        self.state().book.end_prompt(checkout, "0")
    }

    /// Ends a push with a code other than 0.
    ///
    /// # Panics
    /// If there is no such push.
    pub fn refuse(&self, checkout: &str, code: &str) -> Callback {
        self.state().book.end_prompt(checkout, code)
    }

    /// Carries out a payout or a reversal.
    ///
    /// # Panics
    /// If there is no such order.
    pub fn carry_out(&self, conversation: &str) -> Callback {
        self.state().book.end_order(conversation, "0")
    }

    /// Ends a payout or a reversal with a code other than 0.
    ///
    /// # Panics
    /// If there is no such order.
    pub fn reject(&self, conversation: &str, code: &str) -> Callback {
        self.state().book.end_order(conversation, code)
    }

    /// Reports a queue time-out of a payout or a reversal, which may still be carried out.
    ///
    /// # Panics
    /// If there is no such order.
    pub fn queue_timeout(&self, conversation: &str) -> Callback {
        self.state().book.queue_timeout(conversation)
    }

    /// The answers to all status queries since the last call.
    #[must_use]
    pub fn answers(&self) -> Vec<Callback> {
        self.state().book.answers.drain(..).collect()
    }

    /// Makes an unrequested deposit.
    ///
    /// # Panics
    /// If no deposit URL is registered.
    pub fn deposit(&self, phone: &str, account: &str, amount: &str) -> Callback {
        self.state().book.deposit(phone, account, amount)
    }

    /// The payment of a push, reported as a deposit too.
    ///
    /// # Panics
    /// If it is not paid, or no deposit URL is registered.
    #[must_use]
    pub fn as_deposit(&self, checkout: &str) -> Callback {
        self.state().book.as_deposit(checkout)
    }

    /// The shillings received, less those sent.
    #[must_use]
    pub fn balance(&self) -> i64 {
        self.state().book.balance()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no test has panicked inside")
    }
}

async fn answer(
    (state, release_answers): (Arc<Mutex<State>>, Arc<Notify>),
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(endpoint) = Endpoint::of(uri.path()) else {
        return json(404, &book::error("404.001.01", "Resource not found"));
    };
    let expected = if endpoint == Endpoint::Token { Method::GET } else { Method::POST };
    if method != expected {
        return json(405, &book::error("405.001", "Method Not Allowed"));
    }
    let authorization =
        headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let request: Value = serde_json::from_slice(&body).unwrap_or_default();
    let fault = {
        let mut state = state.lock().expect("no test has panicked inside");
        state.requests.push((endpoint, request.clone()));
        let position = state.faults.iter().position(|(known, _)| *known == endpoint);
        position.and_then(|position| state.faults.remove(position)).map(|(_, fault)| fault)
    };
    let carry_out = || {
        let mut state = state.lock().expect("no test has panicked inside");
        let (status, body) = state.book.answer(endpoint, authorization, &request);
        json(status, &body)
    };
    match fault {
        Some(fault) => fault.answer(carry_out).await,
        None => {
            let answer = carry_out();
            loop {
                let gone = release_answers.notified();
                if state.lock().expect("no test has panicked inside").kept_back != Some(endpoint) {
                    return answer;
                }
                gone.await;
            }
        }
    }
}
