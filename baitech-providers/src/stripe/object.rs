//! The parts of Stripe's objects that the gateway reads.

use std::collections::BTreeMap;

use baitech_core::{
    kernel::{Id, Money},
    payment::{News, Subject},
    transaction::{ClientSecret, Declined, GatewayError, Outcome, Proof, Returned, Transaction},
};
use serde::Deserialize;

use super::amount::from_stripe;

/// The metadata key of a transaction's id.
const TRANSACTION: &str = "transaction";

/// Our metadata on an object.
type Metadata = BTreeMap<String, String>;

/// A reference to an object: its id, or the whole object.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Reference {
    Id(String),
    Object { id: String },
}

impl Reference {
    pub(super) fn id(&self) -> &str {
        match self {
            Self::Id(id) | Self::Object { id } => id,
        }
    }
}

/// The description of an error.
#[derive(Deserialize)]
pub(super) struct Problem {
    #[serde(rename = "type", default)]
    pub(super) kind: String,
    pub(super) code: Option<String>,
    pub(super) message: Option<String>,
    pub(super) payment_intent: Option<Box<PaymentIntent>>,
}

/// The codes with which Stripe documents that it has not carried out a refund, a transfer or a reversal. Any
/// other answer leaves the outcome of outgoing money unknown: the order is repeated under the same key, and
/// finally a person decides. `charge_already_refunded` is not in the list: the payer has the money, perhaps
/// by another operation.
const REFUSALS: [&str; 30] = [
    "account_closed",
    "account_country_invalid_address",
    "account_invalid",
    "account_number_invalid",
    "amount_too_large",
    "amount_too_small",
    "balance_insufficient",
    "charge_disputed",
    "charge_expired_for_capture",
    "charge_not_refundable",
    "country_unsupported",
    "insufficient_capabilities_for_transfer",
    "insufficient_funds",
    "invalid_charge_amount",
    "livemode_mismatch",
    "not_allowed_on_standard_account",
    "parameter_invalid_empty",
    "parameter_invalid_integer",
    "parameter_invalid_string_blank",
    "parameter_missing",
    "parameter_unknown",
    "parameters_exclusive",
    "payouts_not_allowed",
    "refund_disputed_payment",
    "resource_missing",
    "testmode_charges_only",
    "transfer_source_balance_parameters_mismatch",
    "transfers_not_allowed",
    "url_invalid",
    "currency_not_supported",
];

impl Problem {
    /// Whether Stripe documents it as a refusal of outgoing money. An invalid request without a code is one
    /// by its type.
    pub(super) fn is_refusal(&self) -> bool {
        match self.code.as_deref().filter(|code| !code.is_empty()) {
            Some(code) => REFUSALS.contains(&code),
            None => self.kind == "invalid_request_error",
        }
    }

    /// The refusal. Only Stripe's messages about cards are written for payers.
    pub(super) fn declined(&self) -> Declined {
        let code = self.code.as_deref().filter(|code| !code.is_empty()).unwrap_or(&self.kind);
        let code = if code.is_empty() { "declined" } else { code };
        let message = self.message.as_deref().filter(|_| self.kind == "card_error");
        Declined {
            code: code.chars().take(60).collect(),
            reason: message.unwrap_or("The payment could not be made.").chars().take(300).collect(),
            retry_after: None,
        }
    }
}

/// A payment intent.
#[derive(Deserialize)]
pub(super) struct PaymentIntent {
    pub(super) id: String,
    pub(super) status: String,
    #[serde(default)]
    amount_received: i64,
    currency: String,
    latest_charge: Option<Reference>,
    client_secret: Option<String>,
    last_payment_error: Option<Problem>,
    #[serde(default)]
    metadata: Metadata,
}

impl PaymentIntent {
    /// Its outcome.
    pub(super) fn outcome(&self) -> Result<Outcome, GatewayError> {
        Ok(match (self.status.as_str(), &self.last_payment_error) {
            ("succeeded", _) => Outcome::Settled(Proof {
                reference: Some(self.id.clone()),
                receipt: self.latest_charge.as_ref().map(|charge| charge.id().to_owned()),
                amount: Some(money(self.amount_received, &self.currency)?),
                payer: None,
            }),
            ("requires_capture", _) => Outcome::Authorized { reference: self.id.clone() },
            ("canceled", _) => Outcome::Declined(canceled()),
            ("requires_payment_method", Some(problem)) => Outcome::Declined(problem.declined()),
            _ => Outcome::Pending,
        })
    }

    /// Its outcome as the answer to a charge: the payer may have to continue.
    pub(super) fn into_charge(self) -> Result<Outcome, GatewayError> {
        Ok(match self.outcome()? {
            Outcome::Pending => Outcome::Accepted {
                reference: self.id,
                client_secret: self.client_secret.map(ClientSecret::new),
            },
            known => known,
        })
    }

    /// Why the last attempt failed.
    pub(super) fn failure(&self) -> Declined {
        self.last_payment_error
            .as_ref()
            .map_or_else(|| declined("payment_failed", "The payment failed."), Problem::declined)
    }

    pub(super) fn subject(&self) -> Subject {
        subject(&self.metadata, &self.id)
    }
}

/// A refund.
#[derive(Deserialize)]
pub(super) struct Refund {
    pub(super) id: String,
    pub(super) status: Option<String>,
    amount: i64,
    currency: String,
    failure_reason: Option<String>,
    payment_intent: Option<Reference>,
    charge: Option<Reference>,
    #[serde(default)]
    metadata: Option<Metadata>,
}

impl Refund {
    /// Whether it was made on our order.
    fn is_ours(&self) -> bool {
        let named = self.metadata.as_ref().and_then(|metadata| metadata.get(TRANSACTION));
        named.is_some_and(|id| id.parse::<Id<Transaction>>().is_ok())
    }

    /// The news and its subject: the outcome of our own refund, or a return of the payment's money by any
    /// other refund.
    pub(super) fn news(&self) -> Result<(Subject, News), GatewayError> {
        let payment = self.payment_intent.as_ref().or(self.charge.as_ref());
        let Some(payment) = payment.filter(|_| !self.is_ours()) else {
            return Ok((self.subject(), News::Outcome(self.outcome()?)));
        };
        let failed = matches!(self.status.as_deref(), Some("failed" | "canceled"));
        // A pending refund has already left our balance.
        let amount = Some(money(self.amount, &self.currency)?);
        let returned = Returned::One { id: self.id.clone(), amount, failed };
        Ok((Subject::Reference(payment.id().to_owned()), News::Returned(returned)))
    }

    pub(super) fn outcome(&self) -> Result<Outcome, GatewayError> {
        Ok(match self.status.as_deref() {
            Some("succeeded") => Outcome::Settled(Proof {
                reference: Some(self.id.clone()),
                receipt: Some(self.id.clone()),
                amount: Some(money(self.amount, &self.currency)?),
                payer: None,
            }),
            Some("failed") => {
                let code = self.failure_reason.as_deref().unwrap_or("refund_failed");
                Outcome::Declined(declined(code, "The bank did not accept the refund."))
            }
            Some("canceled") => Outcome::Declined(canceled()),
            _ => Outcome::Pending,
        })
    }

    pub(super) fn into_order(self) -> Result<Outcome, GatewayError> {
        Ok(match self.outcome()? {
            Outcome::Pending => Outcome::Accepted { reference: self.id, client_secret: None },
            known => known,
        })
    }

    pub(super) fn subject(&self) -> Subject {
        self.metadata
            .as_ref()
            .map_or_else(|| Subject::Reference(self.id.clone()), |metadata| subject(metadata, &self.id))
    }
}

/// A refunded charge.
#[derive(Deserialize)]
pub(super) struct RefundedCharge {
    id: String,
    amount_refunded: Option<i64>,
    currency: Option<String>,
    payment_intent: Option<Reference>,
    /// Its refunds, if the API version includes them. The list may be truncated.
    pub(super) refunds: Option<List<Refund>>,
}

impl RefundedCharge {
    /// The total refunded so far, if present.
    pub(super) fn total(&self) -> Result<Option<(Subject, News)>, GatewayError> {
        let Some((amount, currency)) = self.amount_refunded.zip(self.currency.as_deref()) else {
            return Ok(None);
        };
        let amount = money(amount, currency)?;
        let payment = self.payment_intent.as_ref().map_or(self.id.as_str(), Reference::id);
        Ok(Some((Subject::Reference(payment.to_owned()), News::Returned(Returned::Total { amount }))))
    }
}

/// A page of objects.
#[derive(Deserialize)]
pub(super) struct List<T> {
    pub(super) data: Vec<T>,
}

/// A transfer to a connected account.
#[derive(Deserialize)]
pub(super) struct Transfer {
    pub(super) id: String,
    amount: i64,
    currency: String,
    #[serde(default)]
    pub(super) reversed: bool,
    #[serde(default)]
    amount_reversed: i64,
    #[serde(default)]
    metadata: Metadata,
}

impl Transfer {
    /// The total reversed so far.
    pub(super) fn total(&self) -> Result<News, GatewayError> {
        let amount = if self.reversed { self.amount } else { self.amount_reversed };
        Ok(News::Returned(Returned::Total { amount: money(amount, &self.currency)? }))
    }

    pub(super) fn outcome(&self) -> Result<Outcome, GatewayError> {
        if self.reversed {
            return Ok(Outcome::Declined(Self::taken_back()));
        }
        Ok(Outcome::Settled(Proof {
            reference: Some(self.id.clone()),
            receipt: Some(self.id.clone()),
            amount: Some(money(self.amount, &self.currency)?),
            payer: None,
        }))
    }

    /// The refusal of a fully reversed transfer.
    pub(super) fn taken_back() -> Declined {
        declined("reversed", "The payout was reversed.")
    }

    pub(super) fn is_of(&self, transaction: Id<Transaction>) -> bool {
        self.metadata.get(TRANSACTION).is_some_and(|id| id.parse() == Ok(transaction))
    }

    pub(super) fn subject(&self) -> Subject {
        subject(&self.metadata, &self.id)
    }
}

/// A full or partial reversal of a transfer.
#[derive(Deserialize)]
pub(super) struct Reversal {
    id: String,
    amount: i64,
    currency: String,
}

impl Reversal {
    pub(super) fn outcome(&self) -> Result<Outcome, GatewayError> {
        Ok(Outcome::Settled(Proof {
            reference: Some(self.id.clone()),
            receipt: Some(self.id.clone()),
            amount: Some(money(self.amount, &self.currency)?),
            payer: None,
        }))
    }
}

/// A dispute of a charge by the card holder.
#[derive(Deserialize)]
pub(super) struct Dispute {
    pub(super) id: String,
    amount: i64,
    currency: String,
    #[serde(default)]
    pub(super) reason: String,
    pub(super) status: String,
    payment_intent: Option<Reference>,
    charge: Option<Reference>,
}

impl Dispute {
    pub(super) fn amount(&self) -> Result<Money, GatewayError> {
        money(self.amount, &self.currency)
    }

    /// Whether it is only an inquiry of the bank, which takes no money.
    pub(super) fn is_inquiry(&self) -> bool {
        self.status.starts_with("warning_")
    }

    pub(super) fn subject(&self) -> Option<Subject> {
        let charge = self.payment_intent.as_ref().or(self.charge.as_ref())?;
        Some(Subject::Reference(charge.id().to_owned()))
    }
}

fn subject(metadata: &Metadata, id: &str) -> Subject {
    let transaction = metadata.get(TRANSACTION).and_then(|id| id.parse().ok());
    transaction.map_or_else(|| Subject::Reference(id.to_owned()), Subject::Transaction)
}

fn money(amount: i64, currency: &str) -> Result<Money, GatewayError> {
    from_stripe(amount, currency).ok_or_else(|| GatewayError::new("the answer has an unknown currency"))
}

/// The refusal of a cancelled operation.
pub(super) fn canceled() -> Declined {
    declined("canceled", "The payment was cancelled.")
}

/// A refusal.
pub(super) fn declined(code: &str, reason: &str) -> Declined {
    Declined { code: code.chars().take(60).collect(), reason: reason.to_owned(), retry_after: None }
}
