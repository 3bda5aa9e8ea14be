//! Webhooks of the provider, and forged webhooks.

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};

use super::{Manner, Operation, Progress, Provider, State};
use crate::{
    kernel::Clock,
    payment::{News, Notice, Subject, WebhookCall, WebhookError},
    transaction::Outcome,
};

/// The notices of a webhook that the provider has sent.
#[derive(Debug)]
pub(super) struct ReportedCall {
    notices: Vec<Notice>,
}

/// A webhook in transit.
#[derive(Debug, Clone)]
pub(in super::super) struct Call {
    pub(in super::super) at: DateTime<Utc>,
    pub(in super::super) call: WebhookCall,
}

/// The reliability of a webhook's delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Delivery {
    /// The webhook may be lost, since a status query returns the same information.
    Unreliable,
    /// The webhook is sent until it arrives, since no status query returns its information.
    Reliable,
}

impl Provider {
    pub(super) const fn own_token(&self) -> &'static str {
        match self.manner {
            Manner::Mobile => "c3d1f0a97e6b4c2d8f10aa35b7e4d9c1",
            Manner::Card => "5f0e2b7c9a1d4e83b6f7d2c4a8190e5b",
        }
    }

    /// Sends webhooks about the outcome of an operation.
    pub(super) fn report_outcome(&self, state: &mut State, index: usize) {
        let operation = &state.operations[index];
        let news = News::Outcome(operation.answer.clone());
        let word = match operation.answer {
            Outcome::Settled(_) => "settled",
            Outcome::Authorized { .. } => "authorized",
            Outcome::Declined(_) => "failed",
            Outcome::Accepted { .. } | Outcome::Pending => return,
        };
        let (token, subject) = match self.manner {
            Manner::Mobile => {
                (operation.token.clone(), Subject::Caller { reference: Some(operation.reference.clone()) })
            }
            Manner::Card if self.chance.percent(50) => {
                (self.own_token().to_owned(), Subject::Reference(operation.reference.clone()))
            }
            Manner::Card => (self.own_token().to_owned(), Subject::Transaction(operation.transaction)),
        };
        let mut notices = vec![Notice { id: format!("{}-{word}", operation.reference), subject, news }];
        if self.manner == Manner::Card && self.chance.percent(15) {
            // The same fact as an event of the charge and as an event of the payment.
            let again = notices[0].clone();
            notices.push(Notice { id: format!("{}-again", again.id), ..again });
        }
        let way = self.delivery_of(operation);
        self.send(state, &token, notices, way);
    }

    /// The webhook of a fact that a status query can return may be lost.
    fn delivery_of(&self, operation: &Operation) -> Delivery {
        let late = operation.failed && operation.progress == Progress::Moved;
        let known = operation.acknowledged || self.manner == Manner::Card;
        if operation.is_plain() && known && !late { Delivery::Unreliable } else { Delivery::Reliable }
    }

    pub(super) fn send(&self, state: &mut State, token: &str, notices: Vec<Notice>, way: Delivery) {
        let number = state.sent.len();
        state.sent.push(ReportedCall { notices });
        let body = format!("{{\"sent\":{number}}}").into_bytes();
        if way == Delivery::Unreliable && self.chance.fault(5) {
            let call = self.signed(token, body);
            state.dropped.push(call);
            return;
        }
        let copies = if self.chance.fault(5) { 1 + self.chance.below(3) } else { 1 };
        for _ in 0..copies {
            let call = self.signed(token, body.clone());
            state.calls.push(Call { at: self.arrival(), call });
        }
        if self.chance.fault(12) {
            let forged = self.forged(token, &body);
            state.calls.push(Call { at: self.arrival(), call: forged });
        }
    }

    fn arrival(&self) -> DateTime<Utc> {
        let seconds = match self.chance.below(20) {
            0 if !self.chance.is_calm() => self.chance.between(3_600, 40 * 3_600),
            1..=5 => self.chance.between(60, 600),
            _ => self.chance.between(0, 20),
        };
        self.clock.now() + TimeDelta::seconds(seconds)
    }

    fn signed(&self, token: &str, body: Vec<u8>) -> WebhookCall {
        let signature = self.signature(&body);
        let headers = match self.manner {
            Manner::Mobile => Vec::new(),
            Manner::Card => vec![("stripe-signature".to_owned(), signature)],
        };
        WebhookCall { token: token.to_owned(), headers, body, received_at: self.clock.now() }
    }

    fn signature(&self, body: &[u8]) -> String {
        let mut hash = Sha256::new();
        hash.update(self.own_token());
        hash.update(body);
        hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// A forged or truncated webhook.
    fn forged(&self, token: &str, body: &[u8]) -> WebhookCall {
        let mut call = self.signed(token, body.to_vec());
        match (self.manner, self.chance.below(3)) {
            (_, 0) => call.body.truncate(body.len() / 2),
            (Manner::Mobile, _) => call.token = format!("{:032x}", self.chance.below(u64::MAX)),
            (Manner::Card, 1) => call.headers.clear(),
            (Manner::Card, _) => {
                call.headers = vec![("stripe-signature".to_owned(), "00".repeat(32))];
            }
        }
        call
    }

    /// Returns one of the webhooks that have arrived, or of all webhooks in transit if time does not matter.
    pub(in super::super) fn next_call(&self, any: bool) -> Option<Call> {
        let now = self.clock.now();
        let mut state = self.state();
        let ready: Vec<usize> =
            (0..state.calls.len()).filter(|index| any || state.calls[*index].at <= now).collect();
        let index = self.chance.pick(&ready).copied()?;
        Some(state.calls.swap_remove(index))
    }

    /// Takes all webhooks in transit, in the order in which they were sent.
    pub(in super::super) fn take_calls(&self) -> Vec<Call> {
        std::mem::take(&mut self.state().calls)
    }

    /// Sends an unconfirmed webhook again.
    pub(in super::super) fn send_again(&self, call: Call) {
        let at = self.clock.now() + TimeDelta::minutes(self.chance.between(1, 60));
        self.state().calls.push(Call { at, ..call });
    }

    /// Delivers the dropped webhooks after all. For an order whose answer was lost, there may be no other
    /// report.
    pub(in super::super) fn send_dropped(&self) {
        let at = self.clock.now();
        let mut state = self.state();
        let dropped = std::mem::take(&mut state.dropped);
        state.calls.extend(dropped.into_iter().map(|call| Call { at, call }));
    }

    pub(super) fn read(&self, call: &WebhookCall) -> Result<Vec<Notice>, WebhookError> {
        if self.manner == Manner::Card {
            let signature = call.header("stripe-signature").ok_or(WebhookError::Unsigned)?;
            if signature != self.signature(&call.body) {
                return Err(WebhookError::BadSignature);
            }
        }
        let malformed = || WebhookError::Malformed("the call was not sent by this provider".to_owned());
        let text = std::str::from_utf8(&call.body).map_err(|_| malformed())?;
        let number = text.strip_prefix("{\"sent\":").and_then(|rest| rest.strip_suffix('}'));
        let number: usize = number.and_then(|digits| digits.parse().ok()).ok_or_else(malformed)?;
        let state = self.state();
        state.sent.get(number).map(|call| call.notices.clone()).ok_or_else(malformed)
    }
}
