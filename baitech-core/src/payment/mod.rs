//! Payments: the commands and queries on [transactions](crate::transaction), with one port for every payment
//! provider, an inbox for the providers' calls, and the reconciliation of their statements.

mod document;
mod fraud_rules;
pub mod gateway;
mod ledger_methods;
pub mod reconcile;
mod reconciliation;
mod repository;
mod service;
mod stray;
mod webhook;

pub use document::{Document, DocumentKind, DocumentLine, DocumentRenderer, DocumentSum, RenderError};
pub use fraud_rules::{FraudAgeBand, FraudBand, FraudPolicy, RuleFraudScorer};
pub use gateway::{
    Capabilities, Capture, Charge, Contact, Limits, News, Notice, Operation, Original, PayOut,
    PaymentGateway, Query, RefundOrder, Subject, WebhookCall, WebhookError, WebhookSource,
};
pub use ledger_methods::{BankTransfer, Cash, Wallet};
pub use reconciliation::{
    AmountDifference, PendingMark, PendingReversal, Reconciliation, ReconciliationContent,
    ReconciliationCounts, ReconciliationFailure, ReconciliationFindings, ReconciliationPart,
    ReconciliationParts, ReconciliationPhase, ReconciliationProgress, ReconciliationRecord,
    ReconciliationRows, ReconciliationState, ReconciliationStatus, ReconciliationView, RefusedLine,
};
pub(crate) use reconciliation::{Compared, NewReconciliation, Pace, bounded_findings, marks_of};
pub use repository::{ReconciliationRepository, WebhookRepository};
pub use service::{
    NewPayment, NewPayout, Payments, ReconcileRequest, StartedPayment, StatementPreset, WalletView,
};
pub(crate) use stray::StrayCalls;
pub use webhook::{Webhook, WebhookRecord, WebhookStatus};
