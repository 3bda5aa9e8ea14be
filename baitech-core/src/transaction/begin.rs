//! New transactions and their shares.

use super::Context;
use super::{
    Amount, EscrowState, FraudCheck, GatewayLink, PaymentEvent, PaymentOrigin, SettlementState, Split,
    Transaction, TransactionKind, TransactionNumber, TransactionRecord, TransactionStatus,
};
use crate::{
    account::User,
    catalog::BookingId,
    decide::Decision,
    kernel::{Id, Money, MoneyError, Rate, Text},
    transaction::PaymentMethod,
};

/// A validated transaction to begin.
#[derive(Debug, Clone, PartialEq)]
pub struct NewTransaction {
    /// The kind of transaction.
    pub kind: TransactionKind,
    /// The payer; `None` for the platform.
    pub payer: Option<Id<User>>,
    /// The payee; `None` for the platform.
    pub payee: Option<Id<User>>,
    /// The booking that it is for.
    pub booking: Option<BookingId>,
    /// The payment that a refund returns.
    pub original: Option<Id<Transaction>>,
    /// The payment method.
    pub method: PaymentMethod,
    /// The provider that carries it out; `None` if the money moves only in the ledger.
    pub provider: Option<PaymentMethod>,
    /// The amount and its shares.
    pub amount: Amount,
    /// The phone number that is charged or paid.
    pub phone: Option<String>,
    /// The payer's means of payment or the payee's account, as the provider names it.
    pub account: Option<String>,
    /// The reason.
    pub reason: Option<Text<500>>,
    /// Where it was requested.
    pub origin: PaymentOrigin,
    /// The fraud check.
    pub fraud: Option<FraudCheck>,
}

impl NewTransaction {
    /// A transaction of an amount, with no payer or payee yet.
    #[must_use]
    pub fn new(kind: TransactionKind, method: PaymentMethod, amount: Amount) -> Self {
        Self {
            kind,
            payer: None,
            payee: None,
            booking: None,
            original: None,
            method,
            provider: None,
            amount,
            phone: None,
            account: None,
            reason: None,
            origin: PaymentOrigin::default(),
            fraud: None,
        }
    }
}

impl Transaction {
    /// Begins a transaction. Nothing is sent to a provider yet; a worker does that, if it has a
    /// provider.
    ///
    /// # Errors
    /// [`MoneyError`] for lines in several currencies, or amounts that overflow.
    pub fn begin(new: NewTransaction, context: &Context<'_>) -> Result<Decision<Self>, MoneyError> {
        let NewTransaction {
            kind,
            payer,
            payee,
            booking,
            original,
            method,
            provider,
            amount,
            phone,
            account,
            reason,
            origin,
            fraud,
        } = new;
        let manual_capture = fraud.as_ref().is_some_and(FraudCheck::is_open);
        let gateway = GatewayLink {
            token: provider.map(|_| callback_token(context)),
            provider,
            phone,
            account,
            next_at: provider.map(|_| context.now),
            manual_capture,
            ..GatewayLink::default()
        };
        let record = TransactionRecord {
            id: context.id(),
            number: TransactionNumber::pending(),
            kind,
            status: TransactionStatus::Initiated,
            payer,
            payee,
            booking,
            original,
            method,
            amount,
            splits: splits_of(&amount, payee, context)?,
            escrow: EscrowState::default(),
            refunds: Vec::new(),
            gateway,
            fraud,
            settlement: SettlementState::default(),
            receipt: None,
            invoice: None,
            reconciliation: None,
            mismatch: None,
            chargeback: None,
            provider_moves: Vec::new(),
            failure: None,
            origin,
            reason,
            requested_by: context.actor.id(),
            initiated_at: context.now,
            completed_at: None,
            created_at: context.now,
            updated_at: context.now,
        };
        let initiated = PaymentEvent::TransactionInitiated { kind, amount: amount.gross, booking };
        Ok(Decision::new(Self(Box::new(record))).event(initiated))
    }
}

/// Sixteen random bytes in hexadecimal: hard to guess, and free of words that a provider refuses in a URL.
fn callback_token(context: &Context<'_>) -> String {
    let mut bytes = [0; 16];
    context.entropy.fill(&mut bytes);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn splits_of(
    amount: &Amount,
    payee: Option<Id<User>>,
    context: &Context<'_>,
) -> Result<Vec<Split>, MoneyError> {
    let Amount { gross, platform_fee, processing_fee, tax, net } = *amount;
    let parts = [
        (payee, net, "payout"),
        (None, platform_fee, "platform fee"),
        (None, processing_fee, "processing fee"),
        (None, tax, "withholding tax"),
    ];
    let parts = parts.into_iter().filter(|(_, amount, _)| !amount.is_zero());
    parts
        .map(|(recipient, part, description)| {
            Ok(Split {
                element: Some(context.id()),
                recipient,
                amount: part,
                percentage: share_of(part, gross),
                description: description.to_owned(),
            })
        })
        .collect()
}

/// A part as a rate of the whole, rounded down to a basis point; zero where no rate can be computed.
fn share_of(part: Money, whole: Money) -> Rate {
    use rust_decimal::{Decimal, prelude::ToPrimitive};
    let points = part.amount().checked_mul(Decimal::from(10_000)).and_then(|n| n.checked_div(whole.amount()));
    Rate::from_basis_points(points.and_then(|n| n.floor().to_u32()).unwrap_or_default())
}

impl Split {
    /// Divides an amount by rates, in smallest units and without a remainder: the parts always sum to the
    /// whole (largest remainder method). Rates that do not sum to 100 % count in proportion.
    ///
    /// ```
    /// use baitech_core::{kernel::{Currency, Money, Rate}, transaction::Split};
    ///
    /// let rates = [Rate::from_basis_points(9_250), Rate::from_basis_points(750)];
    /// let parts = Split::by_rates(Money::from_minor(85_780, Currency::KES), &rates)?;
    /// assert_eq!(parts.iter().map(ToString::to_string).collect::<Vec<_>>(), ["793.47 KES", "64.33 KES"]);
    /// # Ok::<(), baitech_core::kernel::MoneyError>(())
    /// ```
    ///
    /// # Errors
    /// As [`Money::allocate`].
    pub fn by_rates(amount: Money, rates: &[Rate]) -> Result<Vec<Money>, MoneyError> {
        let weights: Vec<u64> = rates.iter().map(|rate| u64::from(rate.basis_points())).collect();
        amount.allocate(&weights)
    }
}
