use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::gateway::WebhookCall;
use crate::{
    decide::{Aggregate, Decision, boxed_record, fields_of_record},
    kernel::{Code, Entropy, Error, Id, Result, Rule, Violation, after, debug_only, named},
    transaction::{PaymentEvent, PaymentMethod, PaymentPolicy, Transaction, WebhookPolicy},
};

named! {
    /// The status of a provider's call.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
    pub enum WebhookStatus {
        /// Stored, and not handled yet; or handled too early, to be retried.
        Received = "received",
        /// It took effect.
        Applied = "applied",
        /// It was known: the same notice was applied before, or the books already say so.
        Duplicate = "duplicate",
        /// It is not relevant to us, or changes nothing.
        Ignored = "ignored",
        /// It could not be booked automatically: its transaction awaits a decision of staff.
        NeedsPerson = "needs_person",
        /// It is not accepted: unsigned, forged, too old, unreadable, or for an unknown recipient.
        Rejected = "rejected",
        /// It failed as often as the policy allows. Staff can review and retry it.
        DeadLetter = "dead_letter",
    }
}

/// Everything that a store keeps of a call.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WebhookRecord {
    /// Its id.
    pub id: Id<Webhook>,
    /// The last segment of its path.
    #[serde(skip_serializing)]
    pub token: String,
    /// The kept headers, with lower-case names.
    #[serde(skip_serializing)]
    pub headers: Vec<(String, String)>,
    /// Its body, byte for byte.
    #[serde(skip_serializing)]
    pub body: Vec<u8>,
    /// When it was received.
    pub received_at: DateTime<Utc>,
    /// The status.
    pub status: WebhookStatus,
    /// Why it was rejected, is waiting, or is a dead letter.
    pub reason: Option<String>,
    /// The provider's method, if known.
    pub method: Option<PaymentMethod>,
    /// The transaction that it is about, once known.
    pub transaction: Option<Id<Transaction>>,
    /// The number of attempts since it was received, or since staff retried it.
    pub attempts: u32,
    /// When it is to be handled (again).
    pub next_at: Option<DateTime<Utc>>,
    /// When a store may delete it; `None` while it still has to be handled.
    #[serde(default)]
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was last written.
    pub updated_at: DateTime<Utc>,
}

debug_only! {
    /// Omits token, headers and body.
    WebhookRecord { id, received_at, status, reason, transaction, attempts }
}

/// A call of a payment provider, stored before it is read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Webhook(Box<WebhookRecord>);

boxed_record!(Webhook(WebhookRecord));

/// Headers that are kept of every call, for manual review.
const KEPT_HEADERS: [&str; 2] = ["content-type", "user-agent"];

impl Webhook {
    /// The maximum size of a body, in bytes.
    pub const MAX_BODY_BYTES: usize = 1024 * 1024;
    /// The maximum number of headers kept of a call.
    pub const MAX_HEADERS: usize = 16;
    /// The maximum size of a header, in bytes. A longer one is dropped, and the call counts as unsigned.
    pub const MAX_HEADER_BYTES: usize = 8 * 1024;
    /// The maximum length of a token, in bytes; our tokens are never longer.
    pub const MAX_TOKEN_BYTES: usize = 200;
    /// The maximum number of characters in a reason.
    const MAX_REASON: usize = 500;

    /// A received call, with its provider's method where that is known. The headers named in `verified` are
    /// kept (in lower case), and two that help manual review.
    ///
    /// # Errors
    /// A [`Violation`] of `body` or `token` with [`Code::TooLong`].
    pub fn receive(
        id: Id<Self>,
        call: WebhookCall,
        (method, verified): (Option<PaymentMethod>, &[&str]),
    ) -> Result<Decision<Self>, Violation> {
        let WebhookCall { token, headers, body, received_at } = call;
        if body.len() > Self::MAX_BODY_BYTES {
            let message = format!("must have at most {} bytes", Self::MAX_BODY_BYTES);
            return Err(Violation::new("body", Code::TooLong, message));
        }
        if token.len() > Self::MAX_TOKEN_BYTES {
            let message = format!("must have at most {} bytes", Self::MAX_TOKEN_BYTES);
            return Err(Violation::new("token", Code::TooLong, message));
        }
        let record = WebhookRecord {
            id,
            token,
            headers: kept(headers, verified),
            body,
            received_at,
            status: WebhookStatus::Received,
            reason: None,
            method,
            transaction: None,
            attempts: 0,
            next_at: Some(received_at),
            expires_at: None,
            updated_at: received_at,
        };
        Ok(Decision::new(Self(Box::new(record))).event(PaymentEvent::WebhookReceived))
    }

    /// The call as received.
    #[must_use]
    pub fn call(&self) -> WebhookCall {
        WebhookCall {
            token: self.token.clone(),
            headers: self.headers.clone(),
            body: self.body.clone(),
            received_at: self.received_at,
        }
    }

    /// Whether it still has to be handled.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.status == WebhookStatus::Received
    }

    /// Whether staff may retry it.
    #[must_use]
    pub const fn can_be_retried(&self) -> bool {
        matches!(self.0.status, WebhookStatus::DeadLetter | WebhookStatus::Rejected)
    }

    /// Records the result of handling it.
    pub fn handled(
        mut self,
        status: WebhookStatus,
        reason: Option<String>,
        about: (Option<PaymentMethod>, Option<Id<Transaction>>),
        (policy, now): (&WebhookPolicy, DateTime<Utc>),
    ) -> Decision<Self> {
        self.0.status = status;
        self.0.reason = reason.map(|reason| reason.chars().take(Self::MAX_REASON).collect());
        self.0.method = about.0.or(self.0.method);
        self.0.transaction = about.1.or(self.0.transaction);
        self.0.attempts = self.0.attempts.saturating_add(1);
        self.0.next_at = None;
        self.0.expires_at = Some(after(now, policy.keep_for));
        let applied = matches!(status, WebhookStatus::Applied | WebhookStatus::NeedsPerson);
        Decision::new(self).event(PaymentEvent::WebhookHandled { applied })
    }

    /// Postpones it, because its handling failed or what it is about does not exist yet. After the maximum
    /// number of attempts it becomes a dead letter, with the last reason.
    pub fn put_off(
        mut self,
        reason: &str,
        (policy, now, entropy): (&WebhookPolicy, DateTime<Utc>, &dyn Entropy),
    ) -> Decision<Self> {
        self.0.attempts = self.0.attempts.saturating_add(1);
        self.0.reason = Some(reason.chars().take(Self::MAX_REASON).collect());
        if self.attempts >= policy.max_attempts {
            self.0.status = WebhookStatus::DeadLetter;
            self.0.next_at = None;
            return Decision::new(self).event(PaymentEvent::WebhookDeadLettered);
        }
        self.0.next_at = Some(after(now, policy.wait(self.attempts, entropy)));
        Decision::new(self)
    }

    /// Staff retry it, with a new count of attempts.
    ///
    /// # Errors
    /// [`Rule::ALREADY_DECIDED`] for a call that is still waiting, or that was handled.
    pub fn retry(mut self, now: DateTime<Utc>) -> Result<Decision<Self>> {
        if !self.can_be_retried() {
            let status = self.status.as_str();
            let message =
                format!("the call is {status}; only dead letters and rejected calls can be retried");
            return Err(Error::refused(Rule::ALREADY_DECIDED, message));
        }
        self.0.status = WebhookStatus::Received;
        self.0.attempts = 0;
        self.0.next_at = Some(now);
        self.0.expires_at = None;
        Ok(Decision::new(self).event(PaymentEvent::WebhookRetried))
    }
}

/// The headers to keep: few, short, and with names in lower case.
fn kept(headers: Vec<(String, String)>, verified: &[&str]) -> Vec<(String, String)> {
    let is_wanted =
        |name: &str| verified.iter().chain(&KEPT_HEADERS).any(|wanted| wanted.eq_ignore_ascii_case(name));
    headers
        .into_iter()
        .filter(|(name, value)| is_wanted(name) && value.len() <= Webhook::MAX_HEADER_BYTES)
        .map(|(name, value)| (name.to_ascii_lowercase(), value))
        .take(Webhook::MAX_HEADERS)
        .collect()
}

impl Aggregate for Webhook {
    type Event = PaymentEvent;
    type Stage = WebhookStatus;
    type Policy = PaymentPolicy;

    fields_of_record!();

    fn due_at(&self, _: &PaymentPolicy) -> Option<DateTime<Utc>> {
        self.next_at.filter(|_| self.is_open())
    }
}
