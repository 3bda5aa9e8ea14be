//! How money comes in, is held, shared, given back and paid out: transactions, and one port for every payment provider.

mod document;
mod fraud;
mod fraud_rules;
pub mod gateway;
mod ledger_methods;
mod number;
pub mod reconcile;
mod status;
mod transaction;

pub use document::{
    Addressee, Document, DocumentKind, DocumentLine, DocumentRenderer, DocumentSum, RenderError,
};
pub use fraud::{FraudCheck, FraudDecision, FraudReason, FraudReview, FraudScorer, FraudSignals};
pub use fraud_rules::{FraudAgeBand, FraudBand, FraudPolicy, RuleFraudScorer};
pub use gateway::{
    Capabilities, Capture, Charge, ClientSecret, Contact, Declined, GatewayError, Limits, News, Notice,
    Operation, Original, Outcome, PayOut, PaymentGateway, Proof, Query, RefundOrder, Subject, WebhookCall,
    WebhookError,
};
pub use ledger_methods::{Cash, Wallet};
pub use number::TransactionNumber;
pub use status::{Cause, TransactionKind, TransactionStatus, TransactionStep};
pub use transaction::{
    Amount, Chargeback, DocumentStamp, EscrowState, Failure, GatewayLink, Mismatch, MismatchKind,
    PaymentOrigin, ReconciliationStamp, Refund, SettlementState, Split, Transaction, TransactionRecord,
};
