//! The objects of Stripe's interface, as far as they concern us.

use std::collections::BTreeMap;

use baitech_core::{
    kernel::{Id, Money},
    payment::{ClientSecret, Declined, GatewayError, Outcome, Proof, Subject, Transaction},
};
use serde::Deserialize;

use super::amount::from_stripe;

/// The name in our metadata under which a transaction's id stands.
const TRANSACTION: &str = "transaction";

/// What we have noted down on an object.
type Metadata = BTreeMap<String, String>;

/// An object by its id, or whole.
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

/// What was wrong.
#[derive(Deserialize)]
pub(super) struct Problem {
    #[serde(rename = "type", default)]
    pub(super) kind: String,
    pub(super) code: Option<String>,
    pub(super) message: Option<String>,
    pub(super) payment_intent: Option<Box<PaymentIntent>>,
}

impl Problem {
    /// The refusal that it is. Only what Stripe says of cards is written for who pays.
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

/// Money that somebody is asked for.
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
    /// What became of it.
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

    /// What became of it when it was asked for: the payer may have to go on.
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

/// Money that was given back.
#[derive(Deserialize)]
pub(super) struct Refund {
    pub(super) id: String,
    pub(super) status: Option<String>,
    amount: i64,
    currency: String,
    failure_reason: Option<String>,
    #[serde(default)]
    metadata: Option<Metadata>,
}

impl Refund {
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
                Outcome::Declined(declined(code, "The bank did not take the refund."))
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

/// A charge's refunds, where the version of the interface shows them.
#[derive(Deserialize)]
pub(super) struct RefundedCharge {
    pub(super) refunds: Option<List<Refund>>,
}

/// A page of objects.
#[derive(Deserialize)]
pub(super) struct List<T> {
    pub(super) data: Vec<T>,
}

/// Money that went to a connected account.
#[derive(Deserialize)]
pub(super) struct Transfer {
    pub(super) id: String,
    amount: i64,
    currency: String,
    #[serde(default)]
    pub(super) reversed: bool,
    #[serde(default)]
    metadata: Metadata,
}

impl Transfer {
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

    /// What is said of a transfer that was reversed as a whole.
    pub(super) fn taken_back() -> Declined {
        declined("reversed", "The payout was taken back.")
    }

    pub(super) fn is_of(&self, transaction: Id<Transaction>) -> bool {
        self.metadata.get(TRANSACTION).is_some_and(|id| id.parse() == Ok(transaction))
    }

    pub(super) fn subject(&self) -> Subject {
        subject(&self.metadata, &self.id)
    }
}

/// A transfer, or a part of one, taken back.
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

/// A card's holder contests a charge.
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

    /// A question of the bank, for which no money is taken.
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
    from_stripe(amount, currency).ok_or_else(|| GatewayError::new("it named a currency that does not exist"))
}

/// What is said of what somebody called off.
pub(super) fn canceled() -> Declined {
    declined("canceled", "The payment was cancelled.")
}

/// A refusal.
pub(super) fn declined(code: &str, reason: &str) -> Declined {
    Declined { code: code.chars().take(60).collect(), reason: reason.to_owned(), retry_after: None }
}
