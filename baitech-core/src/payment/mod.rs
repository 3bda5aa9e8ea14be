//! Payments: how money is collected, held, shared, refunded and paid out, with one port for every payment
//! provider.

mod begin;
mod cash_payment;
mod decision;
mod document;
mod escrow;
mod event;
mod fraud;
mod fraud_rules;
pub mod gateway;
mod ledger_methods;
mod method;
mod mismatch;
mod number;
mod open_amount;
mod payout;
mod policy;
mod progress;
mod provider_move;
pub mod reconcile;
mod reconciliation;
mod refund;
mod repository;
mod review;
mod rules;
mod service;
mod settle;
mod status;
mod stray;
mod timers;
mod transaction;
mod verdict;
mod view;
mod webhook;

pub use begin::NewTransaction;
pub use document::{
    Addressee, Document, DocumentKind, DocumentLine, DocumentRenderer, DocumentSum, RenderError,
};
pub use event::PaymentEvent;
pub use fraud::{FraudCheck, FraudDecision, FraudReason, FraudReview, FraudScorer, FraudSignals};
pub use fraud_rules::{FraudAgeBand, FraudBand, FraudPolicy, RuleFraudScorer};
pub use gateway::{
    Capabilities, Capture, Charge, ClientSecret, Contact, Declined, GatewayError, Limits, News, Notice,
    Operation, Original, Outcome, PayOut, PaymentGateway, Proof, Query, RefundOrder, Returned, Subject,
    WebhookCall, WebhookError, WebhookSource,
};
pub use ledger_methods::{BankTransfer, Cash, Wallet};
pub(crate) use method::require_method;
pub use number::TransactionNumber;
pub(crate) use number::{is_numbered, without_separators};
pub use policy::{OnProviderMove, OnSecondReceipt, PaymentPolicy};
pub use reconciliation::{
    AmountDifference, PendingMark, PendingReversal, Reconciliation, ReconciliationContent,
    ReconciliationCounts, ReconciliationFailure, ReconciliationFindings, ReconciliationPart,
    ReconciliationParts, ReconciliationPhase, ReconciliationProgress, ReconciliationRecord,
    ReconciliationRows, ReconciliationState, ReconciliationStatus, ReconciliationView, RefusedLine,
};
pub(crate) use reconciliation::{Compared, NewReconciliation, Pace, bounded_findings, marks_of};
pub use repository::{
    HistoryQuery, PaymentHistory, ReconciliationRepository, TransactionFilter, TransactionRepository,
    TransactionTotal, WebhookRepository,
};
pub use review::PersonTask;
pub use service::{
    NewPayment, NewPayout, Payments, ReconcileRequest, StartedPayment, StatementPreset, WalletView,
};
pub(crate) use settle::{NEWS_CLAIMS, RECEIPT_CLAIMS};
pub use status::{Cause, TransactionKind, TransactionStatus, TransactionStep};
pub(crate) use stray::StrayCalls;
pub use timers::PaymentTask;
pub use transaction::{
    Amount, Chargeback, DocumentStamp, EscrowState, Failure, GatewayLink, Mismatch, MismatchKind, MoveDoubt,
    MoveState, PaymentOrigin, ProviderMove, ReconciliationStamp, Refund, SettlementState, Split, Transaction,
    TransactionRecord,
};
pub use view::{PaymentMeans, TransactionInternals, TransactionView};
pub use webhook::{Webhook, WebhookPolicy, WebhookRecord, WebhookStatus};
