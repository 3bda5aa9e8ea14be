//! What the provider tells by itself, and what strangers pretend to tell.

use chrono::{DateTime, TimeDelta, Utc};
use sha2::{Digest, Sha256};

use super::{Manner, Operation, Progress, Provider, State};
use crate::{
    kernel::Clock,
    payment::{News, Notice, Outcome, Subject, WebhookCall, WebhookError},
};

/// What one call tells, and whether it was ever sent by the provider.
#[derive(Debug)]
pub(super) struct Told {
    notices: Vec<Notice>,
}

/// A call under way.
#[derive(Debug, Clone)]
pub(in super::super) struct Call {
    pub(in super::super) at: DateTime<Utc>,
    pub(in super::super) call: WebhookCall,
}

/// How surely a call arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// Perhaps not at all: a question can tell as much.
    Perhaps,
    /// Nothing else tells it, so that it is sent until it has arrived.
    Certain,
}

impl Provider {
    pub(super) const fn own_token(&self) -> &'static str {
        match self.manner {
            Manner::Mobile => "c3d1f0a97e6b4c2d8f10aa35b7e4d9c1",
            Manner::Card => "5f0e2b7c9a1d4e83b6f7d2c4a8190e5b",
        }
    }

    /// Tells what has become of an operation.
    pub(super) fn tell_outcome(&self, state: &mut State, index: usize) {
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
            // The same fact, told as an event of the charge and as one of the payment.
            let again = notices[0].clone();
            notices.push(Notice { id: format!("{}-again", again.id), ..again });
        }
        let way = self.way_of(operation);
        self.tell(state, &token, notices, way);
    }

    /// A fact that a question can tell may be told by no call.
    fn way_of(&self, operation: &Operation) -> Way {
        let late = operation.failed && operation.progress == Progress::Moved;
        let known = operation.acknowledged || self.manner == Manner::Card;
        if operation.is_plain() && known && !late { Way::Perhaps } else { Way::Certain }
    }

    pub(super) fn tell(&self, state: &mut State, token: &str, notices: Vec<Notice>, way: Way) {
        let number = state.told.len();
        state.told.push(Told { notices });
        let body = format!("{{\"told\":{number}}}").into_bytes();
        if way == Way::Perhaps && self.chance.fault(5) {
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

    /// What a stranger sends, or what is left of a call on a bad line.
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

    /// One of the calls that have come by now, or of all where nobody waits.
    pub(in super::super) fn next_call(&self, any: bool) -> Option<Call> {
        let now = self.clock.now();
        let mut state = self.state();
        let ready: Vec<usize> =
            (0..state.calls.len()).filter(|index| any || state.calls[*index].at <= now).collect();
        let index = self.chance.pick(&ready).copied()?;
        Some(state.calls.swap_remove(index))
    }

    /// All calls that are under way, in the order in which they were made.
    pub(in super::super) fn take_calls(&self) -> Vec<Call> {
        std::mem::take(&mut self.state().calls)
    }

    /// A call that nobody has confirmed is sent again.
    pub(in super::super) fn send_again(&self, call: Call) {
        let at = self.clock.now() + TimeDelta::minutes(self.chance.between(1, 60));
        self.state().calls.push(Call { at, ..call });
    }

    /// What was dropped comes after all: of an order whose answer its client has lost, nothing else may tell.
    pub(in super::super) fn send_what_was_dropped(&self) {
        let at = self.clock.now();
        let mut state = self.state();
        let dropped = std::mem::take(&mut state.dropped);
        state.calls.extend(dropped.into_iter().map(|call| Call { at, call }));
    }

    pub(super) fn read(&self, call: &WebhookCall) -> Result<Vec<Notice>, WebhookError> {
        if self.manner == Manner::Card {
            let told = call.header("stripe-signature").ok_or(WebhookError::Unsigned)?;
            if told != self.signature(&call.body) {
                return Err(WebhookError::BadSignature);
            }
        }
        let malformed = || WebhookError::Malformed("this is no call of ours".to_owned());
        let text = std::str::from_utf8(&call.body).map_err(|_| malformed())?;
        let number = text.strip_prefix("{\"told\":").and_then(|rest| rest.strip_suffix('}'));
        let number: usize = number.and_then(|digits| digits.parse().ok()).ok_or_else(malformed)?;
        let state = self.state();
        state.told.get(number).map(|told| told.notices.clone()).ok_or_else(malformed)
    }
}
