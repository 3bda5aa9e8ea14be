use std::{fmt, ops::Deref};

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{PaymentEvent, Transaction, gateway::WebhookCall};
use crate::{
    booking::{BookingPolicy, PaymentMethod},
    decide::{Aggregate, Decision},
    kernel::{Code, Current, Id, Kind, Violation, after},
    store::{AggregateRef, Put, Stored, Write},
};

/// How far a call of a provider is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WebhookStatus {
    /// Stored, and not looked at yet; or looked at too early, and to be looked at again.
    Received,
    /// It took effect, or told what was known.
    Applied,
    /// The same news was applied before.
    Duplicate,
    /// It tells nothing that concerns us.
    Ignored,
    /// It proves nothing: not signed, forged, too old, unreadable, or for nobody.
    Rejected,
}

impl WebhookStatus {
    /// Every status.
    pub const ALL: [Self; 5] =
        [Self::Received, Self::Applied, Self::Duplicate, Self::Ignored, Self::Rejected];

    /// The name in documents and on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Applied => "applied",
            Self::Duplicate => "duplicate",
            Self::Ignored => "ignored",
            Self::Rejected => "rejected",
        }
    }
}

/// Everything that a store keeps of a call.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WebhookRecord {
    /// Its id.
    pub id: Id<Webhook>,
    /// The last part of the path that it came under.
    #[serde(skip_serializing)]
    pub token: String,
    /// Its headers that matter, with lower-case names.
    #[serde(skip_serializing)]
    pub headers: Vec<(String, String)>,
    /// Its body, to the byte.
    #[serde(skip_serializing)]
    pub body: Vec<u8>,
    /// When it came.
    pub received_at: DateTime<Utc>,
    /// How far it is.
    pub status: WebhookStatus,
    /// Why it was rejected, or waits.
    pub reason: Option<String>,
    /// Whose call it is, once that is known.
    pub method: Option<PaymentMethod>,
    /// The transaction that it is about, once that is known.
    pub transaction: Option<Id<Transaction>>,
    /// How often it was looked at.
    pub attempts: u32,
    /// When it is to be looked at (again).
    pub next_at: Option<DateTime<Utc>>,
    /// When it was last written.
    pub updated_at: DateTime<Utc>,
}

impl fmt::Debug for WebhookRecord {
    /// Without token, headers and body.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookRecord")
            .field("id", &self.id)
            .field("received_at", &self.received_at)
            .field("status", &self.status)
            .field("reason", &self.reason)
            .field("transaction", &self.transaction)
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}

/// A call of a payment provider: stored as it came before anybody looks at it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Webhook(Box<WebhookRecord>);

impl Deref for Webhook {
    type Target = WebhookRecord;

    fn deref(&self) -> &WebhookRecord {
        &self.0
    }
}

/// The headers that adapters verify calls by; all others are forgotten.
const KEPT_HEADERS: [&str; 3] = ["stripe-signature", "content-type", "user-agent"];

impl Webhook {
    /// The most bytes that a body may have.
    pub const MAX_BODY_BYTES: usize = 64 * 1024;
    /// How often a call is looked at that comes too early for what it is about.
    const MAX_ATTEMPTS: u32 = 24;
    /// How long it waits the first time; twice as long each time after that …
    const FIRST_WAIT: TimeDelta = TimeDelta::seconds(5);
    /// … but no longer than this: all in all about three days, as long as providers send a call again.
    const LONGEST_WAIT: TimeDelta = TimeDelta::hours(6);

    /// A call that has come.
    ///
    /// # Errors
    /// A [`Violation`] of `body` with [`Code::TooLong`].
    pub fn receive(id: Id<Self>, call: WebhookCall) -> Result<Decision<Self>, Violation> {
        let WebhookCall { token, mut headers, body, received_at } = call;
        if body.len() > Self::MAX_BODY_BYTES {
            let message = format!("a call has at most {} bytes", Self::MAX_BODY_BYTES);
            return Err(Violation::new("body", Code::TooLong, message));
        }
        headers.retain(|(name, _)| KEPT_HEADERS.contains(&name.as_str()));
        let record = WebhookRecord {
            id,
            token,
            headers,
            body,
            received_at,
            status: WebhookStatus::Received,
            reason: None,
            method: None,
            transaction: None,
            attempts: 0,
            next_at: Some(received_at),
            updated_at: received_at,
        };
        Ok(Decision::new(Self(Box::new(record))).event(PaymentEvent::WebhookReceived))
    }

    /// The call that a store keeps.
    #[must_use]
    pub fn from_record(record: WebhookRecord) -> Self {
        Self(Box::new(record))
    }

    /// What a store keeps.
    #[must_use]
    pub fn into_record(self) -> WebhookRecord {
        *self.0
    }

    /// The call as it came.
    #[must_use]
    pub fn call(&self) -> WebhookCall {
        WebhookCall {
            token: self.token.clone(),
            headers: self.headers.clone(),
            body: self.body.clone(),
            received_at: self.received_at,
        }
    }

    /// Whether somebody still has to look at it.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.status == WebhookStatus::Received
    }

    /// Notes what became of it.
    pub fn handled(
        mut self,
        status: WebhookStatus,
        reason: Option<String>,
        about: (Option<PaymentMethod>, Option<Id<Transaction>>),
    ) -> Decision<Self> {
        self.0.status = status;
        self.0.reason = reason;
        self.0.method = about.0.or(self.0.method);
        self.0.transaction = about.1.or(self.0.transaction);
        self.0.attempts = self.0.attempts.saturating_add(1);
        self.0.next_at = None;
        let applied = status == WebhookStatus::Applied;
        Decision::new(self).event(PaymentEvent::WebhookHandled { applied })
    }

    /// Puts it off: what it is about is not there yet. After several times it counts as a call for nobody.
    pub fn put_off(mut self, reason: &str, now: DateTime<Utc>) -> Decision<Self> {
        let before = self.attempts;
        if before.saturating_add(1) >= Self::MAX_ATTEMPTS {
            return self.handled(WebhookStatus::Rejected, Some(reason.to_owned()), (None, None));
        }
        let doubled = Self::FIRST_WAIT.checked_mul(2_i32.saturating_pow(before));
        let wait = doubled.map_or(Self::LONGEST_WAIT, |wait| wait.min(Self::LONGEST_WAIT));
        self.0.attempts = before.saturating_add(1);
        self.0.reason = Some(reason.to_owned());
        self.0.next_at = Some(after(now, wait));
        Decision::new(self)
    }
}

impl Aggregate for Webhook {
    type Event = PaymentEvent;
    type Stage = WebhookStatus;

    const KIND: Kind = Kind::Webhook;

    fn reference(id: Id<Self>) -> AggregateRef {
        AggregateRef::Webhook(id)
    }

    fn write(put: Put<Self>) -> Write {
        Write::Webhook(Box::new(put))
    }

    fn current(stored: Stored<Self>) -> Current {
        Current::Webhook(Box::new(stored))
    }

    fn id(&self) -> Id<Self> {
        self.id
    }

    fn stage(&self) -> WebhookStatus {
        self.status
    }

    fn updated_at(&self) -> DateTime<Utc> {
        self.updated_at
    }

    fn touch(&mut self, now: DateTime<Utc>) {
        self.0.updated_at = now;
    }

    fn due_at(&self, _: &BookingPolicy) -> Option<DateTime<Utc>> {
        self.next_at.filter(|_| self.is_open())
    }
}
