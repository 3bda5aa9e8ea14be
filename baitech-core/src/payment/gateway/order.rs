use std::fmt;

use chrono::{DateTime, Utc};

use crate::{
    account::User,
    kernel::{Email, Id, Money, PhoneNumber},
    payment::{Transaction, TransactionNumber},
};

/// How a provider reaches a person.
#[derive(Clone, PartialEq, Eq)]
pub struct Contact {
    /// Which user.
    pub user: Id<User>,
    /// The number that mobile money is asked from or paid to.
    pub phone: Option<PhoneNumber>,
    /// The address for the provider's own receipts.
    pub email: Option<Email>,
    /// The provider's own name for the person's means of payment or account: a payment method, a connected
    /// account.
    pub account: Option<String>,
}

impl fmt::Debug for Contact {
    /// Without anything personal: orders end up in logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Contact").field("user", &self.user).finish_non_exhaustive()
    }
}

/// What a payer is to pay.
#[derive(Clone, PartialEq, Eq)]
pub struct Charge {
    /// The transaction that this is.
    pub transaction: Id<Transaction>,
    /// Its number, for the payer's eyes.
    pub number: TransactionNumber,
    /// Who pays.
    pub payer: Contact,
    /// How much.
    pub amount: Money,
    /// For what, in a few words.
    pub description: String,
    /// Whether to take the money at once, or only to set it aside until somebody has looked at the payment.
    pub capture: bool,
    /// The same key is the same charge.
    pub idempotency_key: String,
    /// The last part of the path at which the provider calls back about this charge: opaque letters and
    /// digits.
    pub callback_token: String,
}

impl fmt::Debug for Charge {
    /// Without the token: who has it can call in the provider's name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Charge")
            .field("transaction", &self.transaction)
            .field("number", &self.number)
            .field("payer", &self.payer)
            .field("amount", &self.amount)
            .field("description", &self.description)
            .field("capture", &self.capture)
            .field("idempotency_key", &self.idempotency_key)
            .finish_non_exhaustive()
    }
}

/// Money that was set aside, to be taken or given up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capture {
    /// The transaction that this is.
    pub transaction: Id<Transaction>,
    /// The provider's name for the charge.
    pub reference: String,
    /// How much.
    pub amount: Money,
    /// The same key is the same operation.
    pub idempotency_key: String,
}

/// The payment that a refund is about.
#[derive(Clone, PartialEq, Eq)]
pub struct Original {
    /// The transaction.
    pub transaction: Id<Transaction>,
    /// The provider's name for the charge.
    pub reference: Option<String>,
    /// The number of the provider's receipt.
    pub receipt: Option<String>,
    /// What was captured.
    pub amount: Money,
    /// Who paid.
    pub payer: Contact,
    /// Whether this refund and nothing else gives all of it back.
    pub is_whole: bool,
}

impl fmt::Debug for Original {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Original")
            .field("transaction", &self.transaction)
            .field("amount", &self.amount)
            .field("is_whole", &self.is_whole)
            .finish_non_exhaustive()
    }
}

/// What a payer gets back.
#[derive(Clone, PartialEq, Eq)]
pub struct RefundOrder {
    /// The transaction that this refund is.
    pub transaction: Id<Transaction>,
    /// Its number.
    pub number: TransactionNumber,
    /// Of which payment.
    pub original: Original,
    /// How much.
    pub amount: Money,
    /// Why, in a few words.
    pub reason: String,
    /// The same key is the same refund.
    pub idempotency_key: String,
    /// As [`Charge::callback_token`].
    pub callback_token: String,
}

impl fmt::Debug for RefundOrder {
    /// Without the token: who has it can call in the provider's name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RefundOrder")
            .field("transaction", &self.transaction)
            .field("number", &self.number)
            .field("original", &self.original)
            .field("amount", &self.amount)
            .field("reason", &self.reason)
            .field("idempotency_key", &self.idempotency_key)
            .finish_non_exhaustive()
    }
}

/// What somebody is paid out.
#[derive(Clone, PartialEq, Eq)]
pub struct PayOut {
    /// The transaction that this is.
    pub transaction: Id<Transaction>,
    /// Its number.
    pub number: TransactionNumber,
    /// To whom.
    pub payee: Contact,
    /// How much.
    pub amount: Money,
    /// For what, in a few words.
    pub description: String,
    /// The same key is the same payout.
    pub idempotency_key: String,
    /// As [`Charge::callback_token`].
    pub callback_token: String,
}

impl fmt::Debug for PayOut {
    /// Without the token: who has it can call in the provider's name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PayOut")
            .field("transaction", &self.transaction)
            .field("number", &self.number)
            .field("payee", &self.payee)
            .field("amount", &self.amount)
            .field("description", &self.description)
            .field("idempotency_key", &self.idempotency_key)
            .finish_non_exhaustive()
    }
}

/// What kind of operation is asked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Operation {
    Charge,
    Refund,
    PayOut,
}

/// A question about an operation.
#[derive(Clone, PartialEq, Eq)]
pub struct Query {
    /// The transaction that was the operation.
    pub transaction: Id<Transaction>,
    /// What it was.
    pub operation: Operation,
    /// The provider's name for it, where the provider has answered at all.
    pub reference: Option<String>,
    /// The key under which it was sent.
    pub idempotency_key: String,
    /// How much it was.
    pub amount: Money,
    /// When it was sent.
    pub sent_at: DateTime<Utc>,
    /// As [`Charge::callback_token`].
    pub callback_token: String,
}

impl fmt::Debug for Query {
    /// Without the token: who has it can call in the provider's name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Query")
            .field("transaction", &self.transaction)
            .field("operation", &self.operation)
            .field("reference", &self.reference)
            .field("idempotency_key", &self.idempotency_key)
            .field("amount", &self.amount)
            .field("sent_at", &self.sent_at)
            .finish_non_exhaustive()
    }
}
