//! The simulated providers as implementations of the gateway port.

use async_trait::async_trait;
use chrono::TimeDelta;

use super::{
    Delivery, Manner, Provider, State,
    operation::{self, Fate, Operation, Progress},
};
use crate::{
    kernel::{Clock, Currency, Id, Money},
    payment::{
        self, Capabilities, Capture, Charge, Contact, Limits, News, Notice, PayOut, PaymentGateway, Query,
        RefundOrder, Subject, WebhookCall, WebhookError,
    },
    transaction::{GatewayError, Outcome, PaymentMethod, PaymentTiming, Proof, Transaction},
};

type Answer = Result<Outcome, GatewayError>;

/// An order of any kind.
struct Order<'a> {
    transaction: Id<Transaction>,
    kind: payment::Operation,
    key: &'a str,
    token: &'a str,
    amount: Money,
    who: &'a Contact,
    original: Option<&'a payment::Original>,
    capture: bool,
}

impl Provider {
    /// Takes an order over a connection that may fail before and after the provider handles it.
    async fn take(&self, order: Order<'_>) -> Answer {
        self.chance.maybe_yield().await;
        if self.chance.fault(25) {
            return Err(lost());
        }
        let (answer, index) = self.carry_out(&order);
        if self.chance.fault(20) {
            return Err(lost());
        }
        if let Some(operation) = index.and_then(|index| self.state().operations.get_mut(index).map(|_| index))
        {
            self.state().operations[operation].acknowledged = true;
        }
        self.chance.maybe_yield().await;
        Ok(answer)
    }

    fn carry_out(&self, order: &Order<'_>) -> (Outcome, Option<usize>) {
        let mut state = self.state();
        if let Some(index) = state.by_key.get(order.key).copied() {
            if self.manner == Manner::Mobile {
                state.complaints.push(format!("the order {} was sent twice", order.key));
            }
            return (state.operations[index].answer.clone(), Some(index));
        }
        if state.refused.contains(order.key) || self.chance.fault(25) {
            // Refused immediately: the order has no effect.
            state.refused.insert(order.key.to_owned());
            return (Outcome::Declined(operation::declined()), None);
        }
        let index = self.open(&mut state, order);
        let at_once = self.manner == Manner::Card && self.chance.percent(60);
        drop(state);
        if at_once {
            self.happen(index);
        } else {
            let seconds = match self.chance.below(10) {
                0 if !self.chance.is_calm() => self.chance.between(3_600, 30 * 3_600),
                1..=3 => self.chance.between(60, 900),
                _ => self.chance.between(1, 60),
            };
            let at = self.clock.now() + TimeDelta::seconds(seconds);
            self.state().upcoming.insert((at, index));
        }
        (self.state().operations[index].answer.clone(), Some(index))
    }

    fn open(&self, state: &mut State, order: &Order<'_>) -> usize {
        let index = state.operations.len();
        let reference = format!("{}{index:06}", if self.manner == Manner::Mobile { "ws_" } else { "pi_" });
        let original = order.original.and_then(|original| original.reference.as_deref());
        let original = original.and_then(|reference| state.by_reference.get(reference).copied());
        let operation = Operation {
            transaction: order.transaction,
            kind: order.kind,
            reference: reference.clone(),
            token: order.token.to_owned(),
            amount: order.amount,
            payer: order.who.phone.as_ref().map(ToString::to_string),
            original,
            fate: self.fate(state.keeps_word, order),
            progress: Progress::Open,
            failed: false,
            acknowledged: false,
            paid_by_deposit: state.paid_besides.contains(&order.transaction),
            answer: Outcome::Accepted { reference: reference.clone(), client_secret: None },
            moved: None,
            returned: Money::zero(order.amount.currency()),
            contested: None,
            verdict_reversed: false,
        };
        state.operations.push(operation);
        state.by_key.insert(order.key.to_owned(), index);
        state.by_reference.insert(reference, index);
        state.by_transaction.entry(order.transaction).or_default().push(index);
        index
    }

    fn fate(&self, keeps_word: bool, order: &Order<'_>) -> Fate {
        if order.kind == payment::Operation::Charge && !order.capture {
            return if self.chance.fault(10) { Fate::Decline } else { Fate::SetAside };
        }
        let charge = order.kind == payment::Operation::Charge;
        let mobile = self.manner == Manner::Mobile;
        if self.chance.fault(8) {
            return Fate::Decline;
        }
        if mobile && self.chance.fault(12) {
            return Fate::Busy;
        }
        if mobile && (charge || !keeps_word) && self.chance.fault(20) {
            return Fate::FailThenMove;
        }
        if mobile && charge && self.chance.fault(25) {
            return Fate::MoveOther;
        }
        if mobile && charge && self.chance.fault(25) {
            return Fate::MoveFromElsewhere;
        }
        Fate::Move
    }

    /// The answer to a status query. For mobile money, it contains only whether money moved.
    fn answer(&self, query: &Query) -> Answer {
        let state = self.state();
        let by_reference = query.reference.as_ref().and_then(|reference| state.by_reference.get(reference));
        let by_key = state.by_key.get(&query.idempotency_key);
        // A prompt cannot be found by our key.
        let prompt = self.manner == Manner::Mobile && query.operation == payment::Operation::Charge;
        let found = by_reference.or_else(|| by_key.filter(|_| !prompt));
        let Some(operation) = found.and_then(|index| state.operations.get(*index)) else {
            return Err(GatewayError::new("simulated: there is no such operation"));
        };
        match (&operation.answer, self.manner) {
            // A webhook reports what the query cannot return.
            (Outcome::Settled(_), Manner::Mobile) if !operation.is_plain() => Ok(Outcome::Pending),
            (Outcome::Settled(proof), Manner::Mobile) if operation.kind == payment::Operation::Charge => {
                Ok(Outcome::Settled(Proof { reference: proof.reference.clone(), ..Proof::default() }))
            }
            (Outcome::Accepted { .. }, _) => Ok(Outcome::Pending),
            (answer, _) => Ok(answer.clone()),
        }
    }

    fn end_authorization(&self, capture: &Capture, takes: bool) -> Outcome {
        let mut state = self.state();
        let Some(index) = state.by_reference.get(&capture.reference).copied() else {
            return Outcome::Declined(operation::declined());
        };
        match (state.operations[index].progress, takes) {
            (Progress::SetAside, true) => {
                self.move_it(&mut state, index);
                self.report_outcome(&mut state, index);
            }
            (Progress::SetAside, false) => {
                let operation = &mut state.operations[index];
                operation.progress = Progress::Refused;
                operation.answer = Outcome::Declined(operation::declined());
            }
            (Progress::Moved, false) => return Outcome::Declined(operation::declined()),
            (Progress::Open | Progress::Moved | Progress::Refused, _) => {}
        }
        state.operations[index].answer.clone()
    }
}

#[async_trait]
impl PaymentGateway for Provider {
    fn method(&self) -> PaymentMethod {
        self.name()
    }

    fn also_serves(&self) -> &[PaymentMethod] {
        match self.manner {
            Manner::Mobile => &[],
            Manner::Card => &[PaymentMethod::Card],
        }
    }

    fn capabilities(&self) -> Capabilities {
        let kes = |shillings| Some(Money::from_major(shillings, Currency::KES));
        let card = self.manner == Manner::Card;
        let bounds = Limits { least: kes(1), most: kes(250_000) };
        Capabilities {
            timing: PaymentTiming::AtAcceptance,
            currencies: vec![Currency::KES],
            whole_units: !card,
            charge: bounds,
            pay_out: Some(Limits { least: kes(10), most: kes(250_000) }),
            refund: Some(bounds),
            signs_webhooks: card,
            authorizes: card,
            repeatable_for: card.then(|| TimeDelta::hours(24)),
            ledger_only: false,
        }
    }

    fn signature_headers(&self) -> &[&'static str] {
        &["stripe-signature"]
    }

    fn webhook_token(&self) -> Option<&str> {
        Some(self.own_token())
    }

    async fn charge(&self, charge: &Charge) -> Answer {
        self.take(Order {
            transaction: charge.transaction,
            kind: payment::Operation::Charge,
            key: &charge.idempotency_key,
            token: &charge.callback_token,
            amount: charge.amount,
            who: &charge.payer,
            original: None,
            capture: charge.capture,
        })
        .await
    }

    async fn capture(&self, capture: &Capture) -> Answer {
        self.chance.maybe_yield().await;
        if self.chance.fault(20) {
            return Err(lost());
        }
        let answer = self.end_authorization(capture, true);
        self.chance.maybe_yield().await;
        if self.chance.fault(20) { Err(lost()) } else { Ok(answer) }
    }

    async fn release(&self, capture: &Capture) -> Answer {
        self.chance.maybe_yield().await;
        if self.chance.fault(20) {
            return Err(lost());
        }
        let answer = self.end_authorization(capture, false);
        self.chance.maybe_yield().await;
        if self.chance.fault(20) { Err(lost()) } else { Ok(answer) }
    }

    async fn refund(&self, refund: &RefundOrder) -> Answer {
        self.take(Order {
            transaction: refund.transaction,
            kind: payment::Operation::Refund,
            key: &refund.idempotency_key,
            token: &refund.callback_token,
            amount: refund.amount,
            who: &refund.original.payer,
            original: Some(&refund.original),
            capture: true,
        })
        .await
    }

    async fn pay_out(&self, pay_out: &PayOut) -> Answer {
        self.take(Order {
            transaction: pay_out.transaction,
            kind: payment::Operation::PayOut,
            key: &pay_out.idempotency_key,
            token: &pay_out.callback_token,
            amount: pay_out.amount,
            who: &pay_out.payee,
            original: None,
            capture: true,
        })
        .await
    }

    async fn query(&self, query: &Query) -> Answer {
        self.chance.maybe_yield().await;
        if self.chance.fault(10) {
            return Err(lost());
        }
        let answer = self.answer(query);
        self.chance.maybe_yield().await;
        answer
    }

    async fn request_receipt(&self, query: &Query) -> Result<(), GatewayError> {
        self.chance.maybe_yield().await;
        let mut state = self.state();
        let found = query.reference.as_ref().and_then(|reference| state.by_reference.get(reference)).copied();
        let Some(operation) = found.and_then(|index| state.operations.get(index)) else {
            return Err(GatewayError::new("simulated: there is no such operation"));
        };
        let Outcome::Settled(proof) = operation.answer.clone() else { return Ok(()) };
        let (token, reference) = (operation.token.clone(), operation.reference.clone());
        let notice = Notice {
            id: format!("{reference}-details"),
            subject: Subject::Caller { reference: None },
            news: News::Details(proof),
        };
        self.send(&mut state, &token, vec![notice], Delivery::Unreliable);
        Ok(())
    }

    fn read_webhook(&self, call: &WebhookCall) -> Result<Vec<Notice>, WebhookError> {
        self.read(call)
    }
}

fn lost() -> GatewayError {
    GatewayError::new("simulated: no answer")
}
