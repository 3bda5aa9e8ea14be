mod book;
mod objects;

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
use baitech_core::payment::WebhookCall;
use chrono::{DateTime, Utc};
use serde_json::Value;

use self::book::{Book, Call};
use super::{
    Fault,
    server::{Server, json},
};
use crate::stripe::{StripeConfig, signature::signature};

const SECRET_KEY: &str = "sk_test_of_the_test";
const WEBHOOK_SECRET: &str = "whsec_of_the_test";
const WEBHOOK_TOKEN: &str = "events0123456789abcdef";

/// An event from Stripe, which the test delivers: late, twice, out of order, or never.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StripeEvent {
    /// Its id: `evt_…`.
    pub id: String,
    /// Its kind: `payment_intent.succeeded`.
    pub kind: String,
    /// The whole body.
    pub body: Vec<u8>,
}

impl StripeEvent {
    /// The webhook call, signed and received at a time.
    #[must_use]
    pub fn arriving_at(&self, received_at: DateTime<Utc>) -> WebhookCall {
        let header = StripeServer::sign(&self.body, received_at);
        WebhookCall {
            token: WEBHOOK_TOKEN.to_owned(),
            headers: vec![("stripe-signature".to_owned(), header)],
            body: self.body.clone(),
            received_at,
        }
    }
}

#[derive(Debug, Default)]
struct State {
    book: Book,
    faults: VecDeque<Fault>,
    calls: Vec<(String, String)>,
}

/// A server that speaks Stripe's protocol.
///
/// Payment methods: `pm_card_visa` pays; `pm_card_chargeDeclined` is declined;
/// `pm_card_authenticationRequired` waits for the payer.
#[derive(Debug)]
pub struct StripeServer {
    server: Server,
    state: Arc<Mutex<State>>,
}

impl StripeServer {
    /// Starts one on a free port.
    pub async fn start() -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        let router =
            Router::new().fallback(move |method: Method, uri: Uri, headers: HeaderMap, body: Bytes| {
                answer(Arc::clone(&shared), method, uri, headers, body)
            });
        Self { server: Server::start(router).await, state }
    }

    /// A configuration that fits this server.
    #[must_use]
    pub fn config(&self) -> StripeConfig {
        StripeConfig {
            base_url: self.server.url(),
            secret_key: SECRET_KEY.into(),
            webhook_secrets: vec![WEBHOOK_SECRET.into()],
            webhook_token: WEBHOOK_TOKEN.into(),
            timeout: Duration::from_secs(10),
            ..StripeConfig::default()
        }
    }

    /// The signature header of a body that is sent at a time.
    ///
    /// # Panics
    /// Never: HMAC accepts a key of any length.
    #[must_use]
    pub fn sign(body: &[u8], at: DateTime<Utc>) -> String {
        let moment = at.timestamp().to_string();
        let signature =
            signature(&WEBHOOK_SECRET.into(), &moment, body).expect("a key of any length will do");
        format!("t={moment},v1={signature}")
    }

    /// Fails the next call. Several calls add up.
    pub fn fail(&self, fault: Fault) {
        self.state().faults.push_back(fault);
    }

    /// All requests, in order: method and path, and the body of each.
    #[must_use]
    pub fn calls(&self) -> Vec<(String, String)> {
        self.state().calls.clone()
    }

    /// The current state of an object.
    ///
    /// # Panics
    /// If there is none.
    #[must_use]
    pub fn object(&self, id: &str) -> Value {
        self.state().book.object(id).clone()
    }

    /// The number of objects of a kind: `transfer`, `payment_intent`, `refund`.
    #[must_use]
    pub fn count(&self, kind: &str) -> usize {
        self.state().book.count(kind)
    }

    /// Lets the payer's device confirm a payment with this payment method.
    ///
    /// # Panics
    /// If there is no such payment intent that waits.
    pub fn confirm(&self, intent: &str, method: &str) {
        self.state().book.confirm(intent, method);
    }

    /// Sets whether refunds wait for the bank from now on.
    pub fn set_slow_refunds(&self, are_slow: bool) {
        self.state().book.slow_refunds = are_slow;
    }

    /// Lets the bank complete or fail a refund.
    ///
    /// # Panics
    /// If there is no such refund.
    pub fn finish_refund(&self, refund: &str, succeeded: bool) {
        self.state().book.finish_refund(refund, succeeded);
    }

    /// Refunds a payment or a part of it in Stripe's dashboard, without our metadata; returns the refund's
    /// id.
    ///
    /// # Panics
    /// If there is no such payment intent, or the amount exceeds its rest.
    pub fn refund_in_dashboard(&self, intent: &str, amount: i64) -> String {
        self.state().book.refund_in_dashboard(intent, amount)
    }

    /// Lets the connected account return a part of a transfer.
    ///
    /// # Panics
    /// If there is no such transfer, or the amount exceeds its rest.
    pub fn reverse_part(&self, transfer: &str, amount: i64) {
        self.state().book.reverse_part(transfer, amount);
    }

    /// Lets the connected account return a whole transfer.
    ///
    /// # Panics
    /// If there is no such transfer.
    pub fn reverse_transfer(&self, transfer: &str) {
        self.state().book.reverse_all(transfer);
    }

    /// Lets the card holder dispute a payment; returns the dispute's id.
    ///
    /// # Panics
    /// If there is no such payment intent.
    #[must_use]
    pub fn dispute(&self, intent: &str) -> String {
        self.state().book.dispute(intent, "needs_response")
    }

    /// Opens an inquiry of the bank about a payment, which takes no money; returns the dispute's id.
    ///
    /// # Panics
    /// If there is no such payment intent.
    #[must_use]
    pub fn inquire(&self, intent: &str) -> String {
        self.state().book.dispute(intent, "warning_needs_response")
    }

    /// Decides a dispute.
    ///
    /// # Panics
    /// If there is no such dispute.
    pub fn close_dispute(&self, dispute: &str, won: bool) {
        self.state().book.close_dispute(dispute, won);
    }

    /// All events since the last call.
    #[must_use]
    pub fn events(&self) -> Vec<StripeEvent> {
        self.state().book.events.drain(..).collect()
    }

    /// The account's balance in Stripe's unit: captured amounts, less those refunded, transferred, or lost to
    /// a bank.
    #[must_use]
    pub fn balance(&self) -> i64 {
        self.state().book.balance()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no test has panicked inside")
    }
}

async fn answer(
    state: Arc<Mutex<State>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(ToOwned::to_owned);
    let body = String::from_utf8_lossy(&body).into_owned();
    let fault = {
        let mut state = state.lock().expect("no test has panicked inside");
        state.calls.push((format!("{method} {}", uri.path()), body.clone()));
        state.faults.pop_front()
    };
    let carry_out = || {
        if header("authorization") != Some(format!("Bearer {SECRET_KEY}"))
            || header("stripe-version").is_none()
        {
            return json(401, &book::error("invalid_request_error", "", "Invalid API Key provided"));
        }
        let call = Call {
            is_post: method == Method::POST,
            path: uri.path().trim_start_matches('/').to_owned(),
            form: form(if method == Method::POST { &body } else { uri.query().unwrap_or_default() }),
            key: header("idempotency-key"),
        };
        let mut state = state.lock().expect("no test has panicked inside");
        let (status, body) = state.book.answer(&call);
        json(status, &body)
    };
    match fault {
        Some(fault) => fault.answer(carry_out).await,
        None => carry_out(),
    }
}

/// The fields of a form, in order.
fn form(encoded: &str) -> Vec<(String, String)> {
    let url = reqwest::Url::parse(&format!("http://form/?{encoded}")).expect("a form");
    url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}
