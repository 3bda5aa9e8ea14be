use chrono::{DateTime, Utc};

use crate::{
    account::User,
    kernel::{Email, Id, Money, PhoneNumber, debug_only},
    transaction::{Transaction, TransactionNumber},
};

/// How a provider reaches a user.
#[derive(Clone, PartialEq, Eq)]
pub struct Contact {
    /// The user.
    pub user: Id<User>,
    /// The mobile money number to charge or to pay.
    pub phone: Option<PhoneNumber>,
    /// The email address for the provider's own receipts.
    pub email: Option<Email>,
    /// The provider's id of the user's means of payment or account: a payment method, a connected account.
    pub account: Option<String>,
}

debug_only! {
    /// Omits personal data, since orders end up in logs.
    Contact { user }
}

/// A charge to a payer.
#[derive(Clone, PartialEq, Eq)]
pub struct Charge {
    /// The transaction of this charge.
    pub transaction: Id<Transaction>,
    /// Its number, shown to the payer.
    pub number: TransactionNumber,
    /// The payer.
    pub payer: Contact,
    /// The amount.
    pub amount: Money,
    /// What it is for, in a few words.
    pub description: String,
    /// Whether to capture the money at once, or only to authorize it until the payment has been reviewed.
    pub capture: bool,
    /// The idempotency key: the same key means the same charge.
    pub idempotency_key: String,
    /// The last path segment of the provider's callback URL for this charge: opaque letters and digits.
    pub callback_token: String,
}

debug_only! {
    /// Omits the token, which allows calls in the provider's name.
    Charge { transaction, number, payer, amount, description, capture, idempotency_key }
}

/// Authorized money to capture or to void.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Capture {
    /// The transaction of the charge.
    pub transaction: Id<Transaction>,
    /// The provider's reference of the charge.
    pub reference: String,
    /// The amount.
    pub amount: Money,
    /// The idempotency key: the same key means the same operation.
    pub idempotency_key: String,
}

/// The payment that is refunded.
#[derive(Clone, PartialEq, Eq)]
pub struct Original {
    /// The transaction.
    pub transaction: Id<Transaction>,
    /// The provider's reference of the charge.
    pub reference: Option<String>,
    /// The number of the provider's receipt.
    pub receipt: Option<String>,
    /// The captured amount.
    pub amount: Money,
    /// The payer.
    pub payer: Contact,
    /// Whether this refund alone returns the whole payment.
    pub is_whole: bool,
}

debug_only! {
    Original { transaction, amount, is_whole }
}

/// A refund to a payer.
#[derive(Clone, PartialEq, Eq)]
pub struct RefundOrder {
    /// The transaction of this refund.
    pub transaction: Id<Transaction>,
    /// Its number.
    pub number: TransactionNumber,
    /// The payment that is refunded.
    pub original: Original,
    /// The amount.
    pub amount: Money,
    /// The reason, in a few words.
    pub reason: String,
    /// The idempotency key: the same key means the same refund.
    pub idempotency_key: String,
    /// As [`Charge::callback_token`].
    pub callback_token: String,
}

debug_only! {
    /// Omits the token, which allows calls in the provider's name.
    RefundOrder { transaction, number, original, amount, reason, idempotency_key }
}

/// A payout.
#[derive(Clone, PartialEq, Eq)]
pub struct PayOut {
    /// The transaction of this payout.
    pub transaction: Id<Transaction>,
    /// Its number.
    pub number: TransactionNumber,
    /// The payee.
    pub payee: Contact,
    /// The amount.
    pub amount: Money,
    /// What it is for, in a few words.
    pub description: String,
    /// The idempotency key: the same key means the same payout.
    pub idempotency_key: String,
    /// As [`Charge::callback_token`].
    pub callback_token: String,
}

debug_only! {
    /// Omits the token, which allows calls in the provider's name.
    PayOut { transaction, number, payee, amount, description, idempotency_key }
}

/// The kind of operation that is queried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are self-explanatory")]
pub enum Operation {
    Charge,
    Refund,
    PayOut,
}

/// A query about an operation.
#[derive(Clone, PartialEq, Eq)]
pub struct Query {
    /// The transaction of the operation.
    pub transaction: Id<Transaction>,
    /// The kind of operation.
    pub operation: Operation,
    /// The provider's reference, if the provider has answered at all.
    pub reference: Option<String>,
    /// The idempotency key under which it was sent.
    pub idempotency_key: String,
    /// The amount.
    pub amount: Money,
    /// When it was sent.
    pub sent_at: DateTime<Utc>,
    /// As [`Charge::callback_token`].
    pub callback_token: String,
}

debug_only! {
    /// Omits the token, which allows calls in the provider's name.
    Query { transaction, operation, reference, idempotency_key, amount, sent_at }
}
