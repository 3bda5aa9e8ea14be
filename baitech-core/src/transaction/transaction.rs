use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{FraudCheck, TransactionKind, TransactionNumber, TransactionStatus};
use crate::{
    account::User,
    catalog::BookingId,
    decide::boxed_record,
    kernel::{Currency, ElementId, Id, Money, MoneyError, Rate, Text, debug_only, named},
    pricing::Shares,
    transaction::PaymentMethod,
};

/// The amount of a transaction. The gross amount is exactly the sum of the other lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Amount {
    /// The total.
    pub gross: Money,
    /// The platform's fee.
    pub platform_fee: Money,
    /// The fee for handling the payment.
    pub processing_fee: Money,
    /// The tax withheld from the technician.
    pub tax: Money,
    /// The remainder, which the technician gets.
    pub net: Money,
}

impl Amount {
    /// An amount without any fees.
    #[must_use]
    pub const fn whole(gross: Money) -> Self {
        let zero = Money::zero(gross.currency());
        Self { gross, platform_fee: zero, processing_fee: zero, tax: zero, net: gross }
    }

    /// An amount with a fee for the platform.
    ///
    /// # Errors
    /// [`MoneyError::Currencies`], [`MoneyError::Overflow`].
    pub fn with_fee(gross: Money, fee: Money) -> Result<Self, MoneyError> {
        Ok(Self { platform_fee: fee, net: gross.checked_sub(fee)?, ..Self::whole(gross) })
    }

    /// An amount with these shares.
    ///
    /// # Errors
    /// [`MoneyError::Currencies`], [`MoneyError::Overflow`].
    pub fn shared(shares: Shares) -> Result<Self, MoneyError> {
        let Shares { payout, platform, processing, withholding } = shares;
        let gross = shares.total()?;
        Ok(Self { gross, platform_fee: platform, processing_fee: processing, tax: withholding, net: payout })
    }

    /// The shares of the parties.
    #[must_use]
    pub const fn shares(&self) -> Shares {
        let Self { gross: _, platform_fee, processing_fee, tax, net } = *self;
        Shares { payout: net, platform: platform_fee, processing: processing_fee, withholding: tax }
    }

    /// The currency of all lines.
    #[must_use]
    pub const fn currency(&self) -> Currency {
        self.gross.currency()
    }
}

/// A recipient's part of the gross amount. The parts sum to it exactly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Split {
    /// The stored element's own id.
    #[serde(default, skip)]
    pub element: ElementId,
    /// The recipient; `None` for the platform and the tax authority.
    pub recipient: Option<Id<User>>,
    /// The amount.
    pub amount: Money,
    /// The share of the gross amount, rounded down to a basis point.
    pub percentage: Rate,
    /// The purpose.
    pub description: String,
}

/// The escrow state of a payment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EscrowState {
    /// Whether it is held now.
    pub held: bool,
    /// When it was put into escrow.
    pub held_at: Option<DateTime<Utc>>,
    /// When it was released to its recipients.
    pub released_at: Option<DateTime<Utc>>,
    /// The condition of release, in words.
    pub release_condition: Option<String>,
    /// The part of the technician's released share that a dispute has frozen until it is resolved.
    pub frozen: Option<Money>,
}

/// A refund to the payer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Refund {
    /// The stored element's own id.
    #[serde(default, skip)]
    pub element: ElementId,
    /// The refund transaction; `None` in transactions of the earlier application.
    pub transaction: Option<Id<Transaction>>,
    /// The amount.
    pub amount: Money,
    /// The part that each party contributes.
    pub portions: Shares,
    /// The reason.
    pub reason: String,
    /// When it was decided.
    pub refunded_at: DateTime<Utc>,
}

/// A transaction's counterpart at its provider.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct GatewayLink {
    /// The secret last path segment of the provider's callback URL.
    #[serde(skip_serializing)]
    pub token: Option<String>,
    /// The provider in whose account the money is; `None` if it moves only in the ledger.
    pub provider: Option<PaymentMethod>,
    /// The provider's reference of the operation: `CheckoutRequestID`, `pi_…`.
    pub reference: Option<String>,
    /// The number of the provider's receipt or charge.
    pub receipt: Option<String>,
    /// The phone number that is charged or paid.
    pub phone: Option<String>,
    /// The payer's means of payment or the payee's account, as the provider names it.
    pub account: Option<String>,
    /// The number of times it was sent, each time with another idempotency key.
    pub attempts: u32,
    /// When it was last sent.
    pub sent_at: Option<DateTime<Utc>>,
    /// When it is to be sent or queried next.
    pub next_at: Option<DateTime<Utc>>,
    /// The number of queries since it was last sent.
    pub queries: u32,
    /// Whether to authorize only, until the payment was reviewed.
    pub manual_capture: bool,
    /// When the provider authorized it.
    pub authorized_at: Option<DateTime<Utc>>,
    /// An unsigned call claims that it is paid, and a query has to confirm it.
    pub awaits_confirmation: bool,
    /// Its outcome is unknown, and staff have to find it out.
    pub needs_person: bool,
    /// Whether its amount counts as open towards a limit.
    pub counts_as_open: bool,
}

debug_only! {
    /// Omits token, phone and account.
    GatewayLink {
        provider, reference, receipt, attempts, sent_at, next_at, queries, awaits_confirmation, needs_person
    }
}

/// Why a transaction failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// The provider's code, or ours.
    pub code: String,
    /// The reason, fit to show to the payer.
    pub reason: String,
    /// When it failed.
    pub at: DateTime<Utc>,
}

/// How a payment differs from the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MismatchKind {
    /// Another amount or currency.
    Amount,
    /// Another payer.
    Payer,
    /// Another operation.
    Reference,
    /// It is the right payment, but the wallet would exceed its limit.
    Limit,
}

/// A payment that does not match the request. It is held apart until staff decide.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Mismatch {
    /// How it differs.
    pub kind: MismatchKind,
    /// The amount received; `None` if it is unknown.
    pub received: Option<Money>,
    /// The provider's receipt.
    pub receipt: Option<String>,
    /// When it was reported.
    pub at: DateTime<Utc>,
    /// When staff decided, and who.
    pub decided: Option<(DateTime<Utc>, Id<User>)>,
}

/// A charge that the card holder contests with the bank.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Chargeback {
    /// The provider's id of the dispute.
    pub id: String,
    /// The contested amount.
    pub amount: Money,
    /// The reason, in the provider's words.
    pub reason: String,
    /// When it was raised.
    pub opened_at: DateTime<Utc>,
    /// Whether it was won; `None` until it is decided.
    pub won: Option<bool>,
    /// The bank has reported contradictory verdicts. The booked one stands until staff have found out which
    /// is right.
    #[serde(default)]
    pub contradicted: bool,
    /// The refund that books the loss.
    #[serde(default)]
    pub refund: Option<Id<Transaction>>,
}

/// Money of a transaction that its provider moved back without our order: a refund of a payment, a reversal
/// of a payout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProviderMove {
    /// The provider's id; `None` while only a running total reports it.
    pub id: Option<String>,
    /// The amount; `None` if the provider did not report it.
    pub amount: Option<Money>,
    /// When it was reported.
    pub at: DateTime<Utc>,
    /// Its state in the books.
    pub state: MoveState,
    /// Why staff had to decide; `None` if it was booked automatically.
    pub doubt: Option<MoveDoubt>,
    /// The refund that books it, for a payment.
    pub transaction: Option<Id<Transaction>>,
    /// When staff decided, and who.
    pub decided: Option<(DateTime<Utc>, Id<User>)>,
}

named! {
    /// The state of a [`ProviderMove`] in the books.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
    pub enum MoveState {
        /// It is posted in the ledger.
        Booked = "booked",
        /// Staff have to decide. Nothing of the transaction is released or refunded until then.
        Open = "open",
        /// Staff decided not to book it.
        Dismissed = "dismissed",
        /// The provider reported its failure before its success: no money has moved.
        Failed = "failed",
    }
}

named! {
    /// Why a [`ProviderMove`] is not booked automatically.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
    pub enum MoveDoubt {
        /// The policy leaves all of them to staff.
        Policy = "policy",
        /// The provider's call is not signed.
        Unsigned = "unsigned",
        /// The amount is unknown.
        UnknownAmount = "unknown_amount",
        /// The amount is in another currency than the transaction.
        Currency = "currency",
        /// The amount is more than is left of the transaction.
        Exceeds = "exceeds",
        /// The booking is disputed.
        Disputed = "disputed",
        /// The payer contests the payment with the bank.
        Contested = "contested",
        /// The money never counted as the payment: it is held apart and awaits a decision.
        KeptApart = "kept_apart",
        /// The owner of the account to which it would return is unknown.
        NoOwner = "no_owner",
    }
}

/// How earnings are paid out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SettlementState {
    /// When the next batch handles it.
    pub scheduled_for: Option<DateTime<Utc>>,
    /// When a batch paid it, or found that nothing is owed any more.
    pub settled_at: Option<DateTime<Utc>>,
    /// The payout that paid it.
    pub payout: Option<Id<Transaction>>,
    /// The batch of a payout: the day of settlement.
    pub batch: Option<String>,
    /// Whether it was paid at once, for a fee.
    pub instant: bool,
}

/// A numbered document about a transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DocumentStamp {
    /// Its number.
    pub number: String,
    /// When it was first requested.
    pub generated_at: DateTime<Utc>,
}

/// The line of a provider's statement in which this transaction was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReconciliationStamp {
    /// When it was reconciled.
    pub reconciled_at: DateTime<Utc>,
    /// The provider's reference of the line.
    pub reference: String,
    /// The stated amount minus the booked amount; `None` if they agree.
    pub discrepancy: Option<Money>,
}

/// Where a payment was requested.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PaymentOrigin {
    /// The address of the client.
    pub ip_address: Option<String>,
    /// The client's device.
    pub device: Option<String>,
    /// Longitude and latitude.
    pub location: Option<(f64, f64)>,
}

/// Everything that a store keeps of a transaction. A [`Transaction`] dereferences to it.
///
/// Not `#[non_exhaustive]`: a store handles all of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TransactionRecord {
    /// Its id.
    pub id: Id<Transaction>,
    /// Its number.
    #[serde(rename = "transactionNumber")]
    pub number: TransactionNumber,
    /// The purpose.
    #[serde(rename = "type")]
    pub kind: TransactionKind,
    /// The status.
    pub status: TransactionStatus,
    /// The payer; `None` for the platform.
    pub payer: Option<Id<User>>,
    /// The payee; `None` for the platform.
    pub payee: Option<Id<User>>,
    /// The booking that it is for.
    pub booking: Option<BookingId>,
    /// The payment that a refund returns.
    pub original: Option<Id<Transaction>>,
    /// The payment method.
    #[serde(rename = "paymentMethod")]
    pub method: PaymentMethod,
    /// The amount.
    pub amount: Amount,
    /// The parts of the recipients.
    pub splits: Vec<Split>,
    /// The escrow state.
    pub escrow: EscrowState,
    /// The refunds.
    pub refunds: Vec<Refund>,
    /// Its counterpart at the provider.
    pub gateway: GatewayLink,
    /// The fraud check; `None` if there was none.
    #[serde(rename = "fraudCheck")]
    pub fraud: Option<FraudCheck>,
    /// How earnings are paid out.
    pub settlement: SettlementState,
    /// The receipt.
    pub receipt: Option<DocumentStamp>,
    /// The invoice.
    pub invoice: Option<DocumentStamp>,
    /// The matching line of the provider's statement.
    pub reconciliation: Option<ReconciliationStamp>,
    /// A payment that does not match the request.
    pub mismatch: Option<Mismatch>,
    /// A charge contested with the bank.
    pub chargeback: Option<Chargeback>,
    /// Money that the provider moved back without our order.
    #[serde(default)]
    pub provider_moves: Vec<ProviderMove>,
    /// Why it failed.
    pub failure: Option<Failure>,
    /// Where it was requested.
    #[serde(rename = "metadata")]
    pub origin: PaymentOrigin,
    /// The reason, in the requester's words.
    pub reason: Option<Text<500>>,
    /// Who requested it; `None` for the system.
    pub requested_by: Option<Id<User>>,
    /// When it was requested.
    pub initiated_at: DateTime<Utc>,
    /// When the money moved.
    pub completed_at: Option<DateTime<Utc>>,
    /// When it was stored.
    pub created_at: DateTime<Utc>,
    /// When it was last written. Never decreases.
    pub updated_at: DateTime<Utc>,
}

/// A movement of money, or an attempt at one, with the fields of its [`TransactionRecord`]. Only commands
/// change it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Transaction(pub(super) Box<TransactionRecord>);

boxed_record!(Transaction(TransactionRecord));

impl Transaction {
    /// The total refunded.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`], [`MoneyError::Currencies`] for invalid stored refunds.
    pub fn refunded(&self) -> Result<Money, MoneyError> {
        Money::sum(self.amount.currency(), self.refunds.iter().map(|refund| refund.amount))
    }

    /// The amount received and not refunded; zero before the payment has arrived.
    ///
    /// # Errors
    /// As [`refunded`](Self::refunded).
    pub fn captured(&self) -> Result<Money, MoneyError> {
        if self.status.is_settled() {
            self.amount.gross.checked_sub(self.refunded()?)
        } else {
            Ok(Money::zero(self.amount.currency()))
        }
    }

    /// Each party's share, less its refunds. The shares sum exactly to [`captured`](Self::captured).
    ///
    /// # Errors
    /// As [`refunded`](Self::refunded).
    pub fn net_shares(&self) -> Result<Shares, MoneyError> {
        let refunds = self.refunds.iter().map(|refund| refund.portions);
        refunds.into_iter().try_fold(self.amount.shares(), Shares::checked_sub)
    }
}
