use async_trait::async_trait;
use baitech_core::{
    kernel::{Code, Money},
    payment::{
        Capabilities, Capture, Charge, Limits, Notice, Operation, PayOut, PaymentGateway, Query, RefundOrder,
        WebhookCall, WebhookError,
    },
    transaction::{Declined, GatewayError, Outcome, PaymentMethod, PaymentTiming, Proof},
};
use chrono::TimeDelta;
use secrecy::ExposeSecret;

use super::{
    Stripe,
    amount::to_stripe,
    client::{Answer, Form, segment},
    object::{List, PaymentIntent, Problem, Refund, Transfer, declined},
};

/// A charge captures the money at once if [`Charge::capture`] is true; otherwise it only authorises the
/// money. Authorisations lapse after about seven days.
///
/// A successful release is [`Outcome::Settled`] without an amount. The gateway declines some orders before it
/// calls Stripe, with one of these codes:
///
/// - `amount`: the amount is outside the limits, or has a fraction of Stripe's smallest unit;
/// - `currency`: the currency is not supported;
/// - `no_account`: the payout is for a user without a connected account;
/// - `no_charge`: the payment to refund has no reference and no receipt.
///
/// All other codes follow from Stripe's answer.
#[async_trait]
impl PaymentGateway for Stripe {
    fn method(&self) -> PaymentMethod {
        PaymentMethod::Stripe
    }

    fn also_serves(&self) -> &[PaymentMethod] {
        &[PaymentMethod::Card]
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            timing: PaymentTiming::AtAcceptance,
            currencies: self.config.currencies.clone(),
            whole_units: false,
            charge: self.config.charge,
            pay_out: Some(self.config.pay_out),
            refund: Some(Limits::default()),
            signs_webhooks: true,
            authorizes: true,
            repeatable_for: Some(TimeDelta::hours(24)),
            ledger_only: false,
        }
    }

    fn signature_headers(&self) -> &[&'static str] {
        &["stripe-signature"]
    }

    fn webhook_token(&self) -> Option<&str> {
        Some(self.config.webhook_token.expose_secret())
    }

    async fn charge(&self, charge: &Charge) -> Result<Outcome, GatewayError> {
        let amount = match self.count(charge.amount, &self.config.charge) {
            Ok(amount) => amount,
            Err(declined) => return Ok(Outcome::Declined(declined)),
        };
        let mut form = order(charge.transaction.to_string(), charge.number.as_str());
        form.extend([
            ("amount", amount.to_string()),
            ("currency", charge.amount.currency().code().to_lowercase()),
            ("capture_method", if charge.capture { "automatic" } else { "manual" }.to_owned()),
            ("description", charge.description.clone()),
            ("automatic_payment_methods[enabled]", "true".to_owned()),
        ]);
        if let Some(email) = &charge.payer.email {
            form.push(("receipt_email", email.as_str().to_owned()));
        }
        if let Some(account) = &charge.payer.account {
            let (customer, method) = match account.split_once('/') {
                Some((customer, method)) => (Some(customer), method),
                None => (None, account.as_str()),
            };
            form.extend(customer.map(|customer| ("customer", customer.to_owned())));
            form.extend([
                ("payment_method", method.to_owned()),
                ("confirm", "true".to_owned()),
                // The charge has no return page, so it must not redirect the payer.
                ("automatic_payment_methods[allow_redirects]", "never".to_owned()),
            ]);
        }
        let answer = self.post("v1/payment_intents", &form, &charge.idempotency_key).await?;
        outcome(answer, PaymentIntent::into_charge)
    }

    async fn capture(&self, capture: &Capture) -> Result<Outcome, GatewayError> {
        let amount = match self.count(capture.amount, &Limits::default()) {
            Ok(amount) => amount,
            Err(declined) => return Ok(Outcome::Declined(declined)),
        };
        let path = format!("v1/payment_intents/{}/capture", segment(&capture.reference)?);
        let form = vec![("amount_to_capture", amount.to_string())];
        match self.post::<PaymentIntent>(&path, &form, &capture.idempotency_key).await? {
            Ok(intent) => intent.outcome(),
            Err(problem) => match intent_in_the_way(&problem, "succeeded") {
                // The intent is already captured, perhaps by a call whose answer was lost.
                Some(intent) => intent.outcome(),
                None => Ok(Outcome::Declined(problem.declined())),
            },
        }
    }

    async fn release(&self, capture: &Capture) -> Result<Outcome, GatewayError> {
        let path = format!("v1/payment_intents/{}/cancel", segment(&capture.reference)?);
        let released =
            || Outcome::Settled(Proof { reference: Some(capture.reference.clone()), ..Proof::default() });
        match self.post::<PaymentIntent>(&path, &Form::new(), &capture.idempotency_key).await? {
            Ok(intent) if intent.status == "canceled" => Ok(released()),
            Ok(_) => Ok(Outcome::Pending),
            Err(problem) if intent_in_the_way(&problem, "canceled").is_some() => Ok(released()),
            Err(problem) => Ok(Outcome::Declined(problem.declined())),
        }
    }

    async fn refund(&self, refund: &RefundOrder) -> Result<Outcome, GatewayError> {
        let amount = match self.count(refund.amount, &Limits::default()) {
            Ok(amount) => amount,
            Err(declined) => return Ok(Outcome::Declined(declined)),
        };
        let original = &refund.original;
        let Some(charge) = original.reference.as_ref().or(original.receipt.as_ref()) else {
            let reason = "The payment is not known to the payment provider.";
            return Ok(Outcome::Declined(declined("no_charge", reason)));
        };
        let field = if charge.starts_with("pi_") { "payment_intent" } else { "charge" };
        let mut form = order(refund.transaction.to_string(), refund.number.as_str());
        form.extend([(field, charge.clone()), ("amount", amount.to_string())]);
        let answer = self.post("v1/refunds", &form, &refund.idempotency_key).await?;
        outgoing(answer, Refund::into_order)
    }

    async fn pay_out(&self, pay_out: &PayOut) -> Result<Outcome, GatewayError> {
        let amount = match self.count(pay_out.amount, &self.config.pay_out) {
            Ok(amount) => amount,
            Err(declined) => return Ok(Outcome::Declined(declined)),
        };
        let Some(account) = pay_out.payee.account.as_ref().filter(|account| !account.is_empty()) else {
            let reason = "An account is needed for the payout.";
            return Ok(Outcome::Declined(declined("no_account", reason)));
        };
        let mut form = order(pay_out.transaction.to_string(), pay_out.number.as_str());
        form.extend([
            ("amount", amount.to_string()),
            ("currency", pay_out.amount.currency().code().to_lowercase()),
            ("destination", account.clone()),
            ("description", pay_out.description.clone()),
            // `find_transfer` searches for this group if the answer was lost.
            ("transfer_group", pay_out.transaction.to_string()),
        ]);
        let answer = self.post("v1/transfers", &form, &pay_out.idempotency_key).await?;
        outgoing(answer, |transfer: Transfer| transfer.outcome())
    }

    /// Without a reference, a payout is found by its transaction. A charge or a refund cannot be found
    /// without a reference, so its outcome stays [`Outcome::Pending`]. During
    /// [`Capabilities::repeatable_for`], the engine does not send this query without a reference. It repeats
    /// the order with the same idempotency key instead.
    async fn query(&self, query: &Query) -> Result<Outcome, GatewayError> {
        let Some(reference) = query.reference.as_deref() else {
            return match query.operation {
                Operation::PayOut => self.find_transfer(query).await,
                Operation::Charge | Operation::Refund => Ok(Outcome::Pending),
            };
        };
        let id = segment(reference)?;
        match query.operation {
            Operation::Charge => {
                let intent: PaymentIntent = known(self.get(&format!("v1/payment_intents/{id}")).await?)?;
                intent.outcome()
            }
            Operation::Refund => {
                let refund: Refund = known(self.get(&format!("v1/refunds/{id}")).await?)?;
                refund.outcome()
            }
            Operation::PayOut => {
                let transfer: Transfer = known(self.get(&format!("v1/transfers/{id}")).await?)?;
                transfer.outcome()
            }
        }
    }

    fn read_webhook(&self, call: &WebhookCall) -> Result<Vec<Notice>, WebhookError> {
        self.read_event(call)
    }
}

impl Stripe {
    /// Checks an amount against the limits, and converts it to Stripe's unit.
    pub(super) fn count(&self, amount: Money, limits: &Limits) -> Result<i64, Declined> {
        let checked = self.capabilities().check(limits, amount).and_then(|()| to_stripe(amount));
        checked.map_err(|violation| {
            let code = match violation.code {
                Code::Currency => "currency",
                _ => "amount",
            };
            declined(code, &violation.message)
        })
    }

    async fn find_transfer(&self, query: &Query) -> Result<Outcome, GatewayError> {
        let path = format!("v1/transfers?limit=10&transfer_group={}", query.transaction);
        let transfers: List<Transfer> = known(self.get(&path).await?)?;
        let ours = transfers.data.iter().find(|transfer| transfer.is_of(query.transaction));
        ours.map_or(Ok(Outcome::Pending), Transfer::outcome)
    }
}

/// The metadata of every order. Stripe repeats it in events about the order, so they find the transaction.
pub(super) fn order(transaction: String, number: &str) -> Form {
    let mut form = vec![("metadata[transaction]", transaction)];
    if !number.is_empty() {
        form.push(("metadata[number]", number.to_owned()));
    }
    form
}

fn outcome<T>(
    answer: Answer<T>,
    read: impl FnOnce(T) -> Result<Outcome, GatewayError>,
) -> Result<Outcome, GatewayError> {
    match answer {
        Ok(object) => read(object),
        Err(problem) => Ok(Outcome::Declined(problem.declined())),
    }
}

/// The outcome of an order for outgoing money. Only a refusal that Stripe documents is [`Outcome::Declined`].
/// After any other error, the money may have moved, so the outcome is unknown.
pub(super) fn outgoing<T>(
    answer: Answer<T>,
    read: impl FnOnce(T) -> Result<Outcome, GatewayError>,
) -> Result<Outcome, GatewayError> {
    match answer {
        Ok(object) => read(object),
        Err(problem) if problem.is_refusal() => Ok(Outcome::Declined(problem.declined())),
        Err(problem) => Err(GatewayError::new(format!("the answer is {}", problem.declined().code))),
    }
}

/// The object that a query returned. A refused query is an error, because the outcome stays unknown.
fn known<T>(answer: Answer<T>) -> Result<T, GatewayError> {
    answer
        .map_err(|problem| GatewayError::new(format!("the query was refused ({})", problem.declined().code)))
}

/// The payment intent in a problem, if Stripe refused the order because the intent has this status.
fn intent_in_the_way<'a>(problem: &'a Problem, status: &str) -> Option<&'a PaymentIntent> {
    let intent = problem.payment_intent.as_deref()?;
    let is_it = problem.code.as_deref() == Some("payment_intent_unexpected_state") && intent.status == status;
    is_it.then_some(intent)
}
