//! New transactions, and who gets which part of them.

use super::{
    Amount, EscrowState, FraudCheck, GatewayLink, PaymentEvent, PaymentOrigin, SettlementState, Split,
    Transaction, TransactionKind, TransactionNumber, TransactionRecord, TransactionStatus,
};
use crate::{
    account::User,
    booking::{Booking, Context, PaymentMethod},
    decide::Decision,
    kernel::{Id, Money, MoneyError, Rate, Text},
};

/// A transaction that somebody wants, checked.
#[derive(Debug, Clone, PartialEq)]
pub struct NewTransaction {
    /// What it is for.
    pub kind: TransactionKind,
    /// Who pays; `None` for the platform.
    pub payer: Option<Id<User>>,
    /// Who is paid; `None` for the platform.
    pub payee: Option<Id<User>>,
    /// For which booking.
    pub booking: Option<Id<Booking>>,
    /// The payment that a refund gives back.
    pub original: Option<Id<Transaction>>,
    /// How.
    pub method: PaymentMethod,
    /// The provider that carries it out; `None` where the money moves in our own books alone.
    pub provider: Option<PaymentMethod>,
    /// How much, and who gets which part.
    pub amount: Amount,
    /// The phone number that is asked or paid.
    pub phone: Option<String>,
    /// The payer's means of payment or the payee's account, as the provider names it.
    pub account: Option<String>,
    /// Why.
    pub reason: Option<Text<500>>,
    /// Where it was asked for.
    pub origin: PaymentOrigin,
    /// How far it looks like a fraud.
    pub fraud: Option<FraudCheck>,
}

impl NewTransaction {
    /// A movement of so much, between nobody yet.
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
    /// A transaction that somebody wants. Nobody has been asked for anything yet: a worker will, where there
    /// is a provider.
    ///
    /// # Errors
    /// [`MoneyError`] for lines of several currencies, or of amounts that do not fit.
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

/// Sixteen random bytes in hexadecimal: hard to guess, and without any word that a provider refuses in an
/// address.
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

/// A part as a rate of the whole, rounded down to a basis point; zero where that makes no sense.
fn share_of(part: Money, whole: Money) -> Rate {
    use rust_decimal::{Decimal, prelude::ToPrimitive};
    let points = part.amount().checked_mul(Decimal::from(10_000)).and_then(|n| n.checked_div(whole.amount()));
    Rate::from_basis_points(points.and_then(|n| n.floor().to_u32()).unwrap_or_default())
}

impl Split {
    /// Divides an amount by rates, to the smallest unit and exactly: the parts always sum to the whole
    /// (largest remainders). Rates that do not sum to 100 % count in proportion.
    ///
    /// ```
    /// use baitech_core::{kernel::{Currency, Money, Rate}, payment::Split};
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
