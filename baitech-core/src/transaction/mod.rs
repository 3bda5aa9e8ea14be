//! Transactions: movements of money, and attempts at one.
//!
//! [`Transaction`] is the aggregate. Its decisions begin a movement, apply a provider's answers, hold money
//! in escrow and release it, refund it, and handle disputes with banks. They call no provider, and know the
//! booking that a transaction pays only as a [`PaidBooking`]. Commands on transactions are in
//! [`payment`](crate::payment).

mod addressee;
mod begin;
mod cash_payment;
mod context;
mod decision;
mod escrow;
mod event;
mod fraud;
mod method;
mod mismatch;
mod number;
mod open_amount;
mod outcome;
mod payout;
mod policy;
mod progress;
mod provider_move;
mod refund;
mod report;
mod repository;
mod review;
mod rules;
mod settle;
mod status;
mod timers;
#[expect(clippy::module_inception, reason = "every feature names its aggregate's file after the aggregate")]
mod transaction;
mod verdict;
mod view;
mod webhook_policy;

pub use crate::catalog::BookingId;
pub use addressee::Addressee;
pub use begin::NewTransaction;
pub use context::{Context, Inputs, PaidBooking};
pub use event::PaymentEvent;
pub use fraud::{FraudCheck, FraudDecision, FraudReason, FraudReview, FraudScorer, FraudSignals};
pub(crate) use method::require_method;
pub use method::{PaymentMethod, PaymentTiming};
pub use number::TransactionNumber;
pub(crate) use number::{is_numbered, without_separators};
pub use outcome::{ClientSecret, Declined, GatewayError, Outcome, Proof, Returned};
pub use policy::{OnProviderMove, OnSecondReceipt, PaymentPolicy};
pub(crate) use provider_move::{NewMove, OF_SAME_RECEIPT};
pub(crate) use report::Report;
pub use repository::{
    HistoryQuery, PaymentHistory, TransactionFilter, TransactionRepository, TransactionTotal,
};
pub use review::PersonTask;
pub(crate) use settle::{NEWS_CLAIMS, RECEIPT_CLAIMS};
pub use status::{Cause, TransactionKind, TransactionStatus, TransactionStep};
pub use timers::PaymentTask;
pub use transaction::{
    Amount, Chargeback, DocumentStamp, EscrowState, Failure, GatewayLink, Mismatch, MismatchKind, MoveDoubt,
    MoveState, PaymentOrigin, ProviderMove, ReconciliationStamp, Refund, SettlementState, Split, Transaction,
    TransactionRecord,
};
pub use view::{PaymentMeans, TransactionInternals, TransactionView};
pub use webhook_policy::WebhookPolicy;
