use std::ops::Deref;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{FraudCheck, TransactionKind, TransactionNumber, TransactionStatus};
use crate::{
    account::User,
    booking::{Booking, PaymentMethod},
    kernel::{Currency, ElementId, Id, Money, MoneyError, Rate, Text},
    pricing::Shares,
};

/// What a transaction moves. The gross is the sum of the other lines, exactly.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Amount {
    /// All of it.
    pub gross: Money,
    /// The platform's fee.
    pub platform_fee: Money,
    /// The fee for handling the payment.
    pub processing_fee: Money,
    /// What is withheld from the technician for the tax authority.
    pub tax: Money,
    /// What is left: the technician's.
    pub net: Money,
}

impl Amount {
    /// An amount of which nobody keeps a part.
    #[must_use]
    pub const fn whole(gross: Money) -> Self {
        let zero = Money::zero(gross.currency());
        Self { gross, platform_fee: zero, processing_fee: zero, tax: zero, net: gross }
    }

    /// An amount of which the platform keeps a fee.
    ///
    /// # Errors
    /// [`MoneyError::Currencies`], [`MoneyError::Overflow`].
    pub fn with_fee(gross: Money, fee: Money) -> Result<Self, MoneyError> {
        Ok(Self { platform_fee: fee, net: gross.checked_sub(fee)?, ..Self::whole(gross) })
    }

    /// An amount that is shared so.
    ///
    /// # Errors
    /// [`MoneyError::Currencies`], [`MoneyError::Overflow`].
    pub fn shared(shares: Shares) -> Result<Self, MoneyError> {
        let Shares { payout, platform, processing, withholding } = shares;
        let gross = shares.total()?;
        Ok(Self { gross, platform_fee: platform, processing_fee: processing, tax: withholding, net: payout })
    }

    /// Who gets which part.
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

/// One receiver of a part of the gross. The parts sum to it exactly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Split {
    /// The stored element's own id.
    #[serde(default, skip)]
    pub element: ElementId,
    /// Who; `None` for the platform and the tax authority.
    pub recipient: Option<Id<User>>,
    /// How much.
    pub amount: Money,
    /// Of the gross, rounded down to a basis point.
    pub percentage: Rate,
    /// What for.
    pub description: String,
}

/// Where the money of a payment lies.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EscrowState {
    /// Whether it is held now.
    pub held: bool,
    /// Since when it is or was held.
    pub held_at: Option<DateTime<Utc>>,
    /// When it was given to its receivers.
    pub released_at: Option<DateTime<Utc>>,
    /// What has to be for that, in words.
    pub release_condition: Option<String>,
    /// Of the technician's released share, what a dispute has taken back until it is decided.
    pub frozen: Option<Money>,
}

/// One return of money to the payer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Refund {
    /// The stored element's own id.
    #[serde(default, skip)]
    pub element: ElementId,
    /// The transaction that gives it back; `None` in transactions of the earlier application.
    pub transaction: Option<Id<Transaction>>,
    /// How much.
    pub amount: Money,
    /// What of it each party gives up.
    pub portions: Shares,
    /// Why.
    pub reason: String,
    /// When it was decided.
    pub refunded_at: DateTime<Utc>,
}

/// A transaction's counterpart at its provider.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct GatewayLink {
    /// The last part of the path at which the provider calls back: nobody else knows it.
    #[serde(skip_serializing)]
    pub token: Option<String>,
    /// The provider in whose account the money lies; `None` where it moves in our own books alone.
    pub provider: Option<PaymentMethod>,
    /// The provider's name for the operation: `CheckoutRequestID`, `pi_…`.
    pub reference: Option<String>,
    /// The number of the provider's receipt, or its charge.
    pub receipt: Option<String>,
    /// The phone number that is asked or paid.
    pub phone: Option<String>,
    /// The payer's means of payment or the payee's account, as the provider names it.
    pub account: Option<String>,
    /// How often it was sent, each time under another key.
    pub attempts: u32,
    /// When it was last sent.
    pub sent_at: Option<DateTime<Utc>>,
    /// When it is to be sent, or asked about, next.
    pub next_at: Option<DateTime<Utc>>,
    /// How often it was asked about since it was last sent.
    pub queries: u32,
    /// Only to be set aside, until somebody has looked at the payment.
    pub manual_capture: bool,
    /// Set aside by the provider since.
    pub authorized_at: Option<DateTime<Utc>>,
    /// An unsigned call claims that it is paid, and a query has to confirm it.
    pub awaits_confirmation: bool,
    /// Nobody knows what became of it, and a person has to find out.
    pub needs_person: bool,
    /// Its amount is counted among what is open, and so towards a limit.
    pub counts_as_open: bool,
}

impl std::fmt::Debug for GatewayLink {
    /// Without token, phone and account.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GatewayLink")
            .field("provider", &self.provider)
            .field("reference", &self.reference)
            .field("receipt", &self.receipt)
            .field("attempts", &self.attempts)
            .field("sent_at", &self.sent_at)
            .field("next_at", &self.next_at)
            .field("queries", &self.queries)
            .field("awaits_confirmation", &self.awaits_confirmation)
            .field("needs_person", &self.needs_person)
            .finish_non_exhaustive()
    }
}

/// Why a transaction failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// The provider's code, or ours.
    pub code: String,
    /// Why, fit for the payer's eyes.
    pub reason: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// In which way money that came is not the money that was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MismatchKind {
    /// Another amount, or another currency.
    Amount,
    /// Another payer.
    Payer,
    /// The provider names another operation.
    Reference,
    /// It is the right money, and there is no room for it in the wallet.
    Limit,
}

/// Money that came and is not what was asked for. It is kept apart until a person has decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Mismatch {
    /// In which way.
    pub kind: MismatchKind,
    /// What came; `None` where that is not known.
    pub received: Option<Money>,
    /// The provider's receipt.
    pub receipt: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
    /// When a person has decided, and who.
    pub decided: Option<(DateTime<Utc>, Id<User>)>,
}

/// A charge that the card's holder contests with the bank.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Chargeback {
    /// The provider's name for it.
    pub id: String,
    /// How much.
    pub amount: Money,
    /// Why, in the provider's words.
    pub reason: String,
    /// When it was raised.
    pub opened_at: DateTime<Utc>,
    /// Whether it was won, once it is decided.
    pub won: Option<bool>,
    /// The bank has told both verdicts: what is booked stands until a person has found out which
    /// one holds.
    #[serde(default)]
    pub contradicted: bool,
    /// The refund that books the loss.
    #[serde(default)]
    pub refund: Option<Id<Transaction>>,
}

/// Money of a transaction that its provider moved back without our order: a refund of a payment, a
/// reversal of a payout.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ProviderMove {
    /// The provider's name for it; `None` while only a running total tells of it.
    pub id: Option<String>,
    /// How much; `None` where the provider did not say.
    pub amount: Option<Money>,
    /// When it was told.
    pub at: DateTime<Utc>,
    /// What became of it in the books.
    pub state: MoveState,
    /// Why a person had to decide; `None` where nobody had to.
    pub doubt: Option<MoveDoubt>,
    /// The refund that books it, for a payment.
    pub transaction: Option<Id<Transaction>>,
    /// When a person has decided, and who.
    pub decided: Option<(DateTime<Utc>, Id<User>)>,
}

/// What became of a [`ProviderMove`] in the books.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MoveState {
    /// It is in the ledger.
    Booked,
    /// A person has to decide. Nothing of the transaction is released or given back until then.
    Open,
    /// A person has decided that it is not to be booked.
    Dismissed,
    /// The provider has told that it failed before anybody told that it was made: no money has
    /// moved.
    Failed,
}

impl MoveState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Booked, Self::Open, Self::Dismissed, Self::Failed];
}

/// Why a [`ProviderMove`] is not booked without a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MoveDoubt {
    /// The policy leaves all of them to a person.
    Policy,
    /// The provider's call is not signed.
    Unsigned,
    /// The amount is not known.
    UnknownAmount,
    /// It is of another currency than the transaction.
    Currency,
    /// It is more than is left of the transaction.
    Exceeds,
    /// The booking is disputed.
    Disputed,
    /// The payer contests the payment with the bank.
    Contested,
    /// The money never counted as the payment: it is kept apart, and waits for a person.
    KeptApart,
    /// Nobody is known to whose account it goes back.
    NoOwner,
}

impl MoveDoubt {
    /// Every reason.
    pub const ALL: [Self; 9] = [
        Self::Policy,
        Self::Unsigned,
        Self::UnknownAmount,
        Self::Currency,
        Self::Exceeds,
        Self::Disputed,
        Self::Contested,
        Self::KeptApart,
        Self::NoOwner,
    ];
}

/// How what was earned is paid out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SettlementState {
    /// When the next batch looks at it.
    pub scheduled_for: Option<DateTime<Utc>>,
    /// When a batch paid it, or found that nothing is owed any more.
    pub settled_at: Option<DateTime<Utc>>,
    /// The payout that paid it.
    pub payout: Option<Id<Transaction>>,
    /// The batch that a payout belongs to: the day of the settlement.
    pub batch: Option<String>,
    /// Paid at once for a fee.
    pub instant: bool,
}

/// A numbered document about a transaction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DocumentStamp {
    /// Its number.
    pub number: String,
    /// When it was first asked for.
    pub generated_at: DateTime<Utc>,
}

/// A line of a provider's statement that this transaction was found in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReconciliationStamp {
    /// When.
    pub reconciled_at: DateTime<Utc>,
    /// The provider's name for the line.
    pub reference: String,
    /// What the statement says above what the ledger says; `None` where they agree.
    pub discrepancy: Option<Money>,
}

/// Where a payment was asked for.
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
    /// What it is for.
    #[serde(rename = "type")]
    pub kind: TransactionKind,
    /// How far it is.
    pub status: TransactionStatus,
    /// Who pays; `None` where the platform does.
    pub payer: Option<Id<User>>,
    /// Who is paid; `None` where the platform is.
    pub payee: Option<Id<User>>,
    /// For which booking.
    pub booking: Option<Id<Booking>>,
    /// The payment that a refund gives back.
    pub original: Option<Id<Transaction>>,
    /// How.
    #[serde(rename = "paymentMethod")]
    pub method: PaymentMethod,
    /// How much.
    pub amount: Amount,
    /// Who gets which part.
    pub splits: Vec<Split>,
    /// Where the money lies.
    pub escrow: EscrowState,
    /// What was given back.
    pub refunds: Vec<Refund>,
    /// Its counterpart at the provider.
    pub gateway: GatewayLink,
    /// How far it looks like a fraud; `None` where nobody has looked.
    #[serde(rename = "fraudCheck")]
    pub fraud: Option<FraudCheck>,
    /// How what was earned is paid out.
    pub settlement: SettlementState,
    /// The receipt.
    pub receipt: Option<DocumentStamp>,
    /// The invoice.
    pub invoice: Option<DocumentStamp>,
    /// Where it stands in the provider's statement.
    pub reconciliation: Option<ReconciliationStamp>,
    /// Money that came and is not what was asked for.
    pub mismatch: Option<Mismatch>,
    /// A charge contested with the bank.
    pub chargeback: Option<Chargeback>,
    /// What the provider moved back without our order.
    #[serde(default)]
    pub provider_moves: Vec<ProviderMove>,
    /// Why it failed.
    pub failure: Option<Failure>,
    /// Where it was asked for.
    #[serde(rename = "metadata")]
    pub origin: PaymentOrigin,
    /// Why, in the words of who asked for it.
    pub reason: Option<Text<500>>,
    /// Who asked for it; `None` for the system.
    pub requested_by: Option<Id<User>>,
    /// When it was asked for.
    pub initiated_at: DateTime<Utc>,
    /// When the money moved.
    pub completed_at: Option<DateTime<Utc>>,
    /// When it was stored.
    pub created_at: DateTime<Utc>,
    /// When it was last written. Never goes back.
    pub updated_at: DateTime<Utc>,
}

/// A movement of money, or an attempt at one: reads like its [`TransactionRecord`], changes only through
/// commands.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct Transaction(pub(super) Box<TransactionRecord>);

impl Deref for Transaction {
    type Target = TransactionRecord;

    fn deref(&self) -> &TransactionRecord {
        &self.0
    }
}

impl Transaction {
    /// The transaction that a store keeps. No rule is checked: rules bind what is written, not what is
    /// stored.
    #[must_use]
    pub fn from_record(record: TransactionRecord) -> Self {
        Self(Box::new(record))
    }

    /// What a store keeps.
    #[must_use]
    pub fn into_record(self) -> TransactionRecord {
        *self.0
    }

    /// What was given back, all in all.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`], [`MoneyError::Currencies`] for stored refunds that make no sense.
    pub fn refunded(&self) -> Result<Money, MoneyError> {
        Money::sum(self.amount.currency(), self.refunds.iter().map(|refund| refund.amount))
    }

    /// What came in and was not given back; zero before the money has come.
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

    /// Each party's share, less what each has given back: exactly what [`captured`](Self::captured) is shared
    /// into.
    ///
    /// # Errors
    /// As [`refunded`](Self::refunded).
    pub fn net_shares(&self) -> Result<Shares, MoneyError> {
        let refunds = self.refunds.iter().map(|refund| refund.portions);
        refunds.into_iter().try_fold(self.amount.shares(), Shares::checked_sub)
    }
}
