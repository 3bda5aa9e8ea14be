use baitech_core::{
    account::User,
    kernel::Id,
    payment::{Reconciliation, Webhook},
    transaction::{Transaction, TransactionNumber},
};

use crate::request::parameters;

parameters! {
    /// The transaction that the path names.
    Payment(Id<Transaction>) = "transaction",
    /// The call of a provider that the path names.
    Call(Id<Webhook>) = "webhook",
    /// The reconciliation that the path names.
    Job(Id<Reconciliation>) = "reconciliation",
    /// The number of a transaction that the path names.
    PaymentNumber(TransactionNumber) = "number",
    /// The company that the path names.
    Company(Id<User>) = "company",
    /// The year that the path names.
    Year(i32) = "year",
    /// The month that the path names, from 1.
    Month(u32) = "month",
}
