//! Removes the contradictions from a transaction. Normalisation is idempotent.

use rust_decimal::Decimal;

use super::{OpeningLedger, difference::Notes, difference::OpeningIssue};
use crate::{
    booking::Booking,
    kernel::{Money, MoneyError},
    pricing::Shares,
    transaction::{
        Amount, PaymentMethod, Refund, Transaction, TransactionKind, TransactionRecord, TransactionStatus,
    },
};

/// A transaction from which the engine can continue.
#[derive(Debug)]
pub(super) struct Normal {
    pub(super) record: TransactionRecord,
    /// Whether its amounts can be used in calculations.
    pub(super) usable: bool,
}

pub(super) fn normalised(transaction: &Transaction, booking: Option<&Booking>, notes: &mut Notes) -> Normal {
    let mut record = transaction.clone().into_record();
    let reckoned = match unusable(&record) {
        Some(issue) => {
            notes.add(issue, Some(record.amount.gross), None);
            None
        }
        None => match reckon(&record, notes) {
            Ok(reckoned) => Some(reckoned),
            // Only overflow can fail here.
            Err(_) => {
                notes.add(OpeningIssue::TooLarge, Some(record.amount.gross), None);
                None
            }
        },
    };
    let usable = reckoned.is_some();
    if let Some(Reckoned { amount, refunds, status }) = reckoned {
        record.amount = amount;
        record.refunds = refunds;
        record.status = status;
    }
    if !record.kind.is_incoming() && record.status.is_open() {
        notes.add(OpeningIssue::OutcomeUnknown, Some(record.amount.gross), None);
        record.status = TransactionStatus::Expired;
        record.gateway.next_at = None;
    }
    let captured = Transaction::from_record(record.clone()).captured().ok().filter(|_| usable);
    settle_escrow(&mut record, captured, booking, notes);
    Normal { record, usable }
}

/// Why the amounts cannot be used in calculations.
fn unusable(record: &TransactionRecord) -> Option<OpeningIssue> {
    let Amount { gross, platform_fee, processing_fee, tax, net } = record.amount;
    let mut all = vec![gross, platform_fee, processing_fee, tax, net];
    for Refund { amount, portions, .. } in &record.refunds {
        all.extend([*amount, portions.payout, portions.platform, portions.processing, portions.withholding]);
    }
    let currency = gross.currency();
    if all.iter().any(|amount| amount.currency() != currency) {
        return Some(OpeningIssue::Currencies);
    }
    if all.iter().any(|amount| amount.amount().abs() > Decimal::from(OpeningLedger::LARGEST)) {
        return Some(OpeningIssue::TooLarge);
    }
    let negative = gross.is_negative() || record.refunds.iter().any(|refund| refund.amount.is_negative());
    negative.then_some(OpeningIssue::Negative)
}

struct Reckoned {
    amount: Amount,
    refunds: Vec<Refund>,
    status: TransactionStatus,
}

fn reckon(record: &TransactionRecord, notes: &mut Notes) -> Result<Reckoned, MoneyError> {
    let amount = shared(&record.amount, notes)?;
    let gross = amount.gross;
    let returned = record.refunds.iter().map(|refund| refund.amount.to_minor_unit());
    let returned = Money::sum(gross.currency(), returned)?;
    if !record.status.is_settled() {
        if !record.refunds.is_empty() {
            notes.add(OpeningIssue::RefundBeforePayment, Some(returned), None);
        }
        return Ok(Reckoned { amount, refunds: Vec::new(), status: record.status });
    }
    let (mut refunds, left) = given_back(&record.refunds, amount.shares())?;
    let rest = left.total()?;
    if returned.exceeds(gross)? {
        notes.add(OpeningIssue::RefundedTooMuch, Some(returned), Some(gross));
    }
    let status = match record.status {
        // No money was paid or refunded, so any status fits.
        status if gross.is_zero() => status,
        TransactionStatus::Refunded if !rest.is_zero() => {
            notes.add(OpeningIssue::RefundNotOnRecord, Some(returned), Some(gross));
            refunds.push(Refund {
                element: None,
                transaction: None,
                amount: rest,
                portions: left,
                reason: "refunded before the books were opened".to_owned(),
                refunded_at: record.updated_at,
            });
            TransactionStatus::Refunded
        }
        status => {
            let by_refunds = status_by_refunds(status, returned, rest);
            if status == TransactionStatus::PartiallyRefunded && returned.is_zero() {
                notes.add(OpeningIssue::RefundUnknown, None, Some(returned));
            } else if by_refunds != status {
                notes.add(OpeningIssue::StatusOfRefund, Some(returned), None);
            }
            by_refunds
        }
    };
    Ok(Reckoned { amount, refunds, status })
}

/// The status that matches the refunds.
fn status_by_refunds(status: TransactionStatus, returned: Money, rest: Money) -> TransactionStatus {
    if rest.is_zero() {
        TransactionStatus::Refunded
    } else if returned.is_zero() {
        status
    } else {
        TransactionStatus::PartiallyRefunded
    }
}

/// The amount in whole smallest units, with a gross that is the sum of its parts.
fn shared(stored: &Amount, notes: &mut Notes) -> Result<Amount, MoneyError> {
    let gross = stored.gross.to_minor_unit();
    let (platform, processing) = (stored.platform_fee.to_minor_unit(), stored.processing_fee.to_minor_unit());
    let (tax, net) = (stored.tax.to_minor_unit(), stored.net.to_minor_unit());
    let stated = Money::sum(gross.currency(), [platform, processing, tax, net])?;
    if stated != gross {
        notes.add(OpeningIssue::Parts, Some(stated), Some(gross));
    }
    let fees = Money::sum(gross.currency(), [platform, processing, tax])?;
    let payout = gross.checked_sub(fees)?;
    if ![platform, processing, tax, payout].into_iter().any(Money::is_negative) {
        return Ok(Amount { gross, platform_fee: platform, processing_fee: processing, tax, net: payout });
    }
    notes_of_parts(stated == gross, gross, stated, notes);
    let weights = [net, platform, processing, tax].map(weight);
    if weights.iter().all(|weight| *weight == 0) {
        return Ok(Amount::whole(gross));
    }
    let parts: [Money; 4] =
        gross.allocate(&weights)?.try_into().map_err(|_: Vec<Money>| MoneyError::NoShares)?;
    let [net, platform_fee, processing_fee, tax] = parts;
    Ok(Amount { gross, platform_fee, processing_fee, tax, net })
}

/// Also reports parts that add up although one of them is below zero.
fn notes_of_parts(summed_up: bool, gross: Money, stated: Money, notes: &mut Notes) {
    if summed_up {
        notes.add(OpeningIssue::Parts, Some(stated), Some(gross));
    }
}

fn weight(part: Money) -> u64 {
    part.minor_units().ok().and_then(|units| u64::try_from(units).ok()).unwrap_or(0)
}

/// The refunds, cut to the payment and split into portions that the parties have; and the remaining shares.
fn given_back(stored: &[Refund], shares: Shares) -> Result<(Vec<Refund>, Shares), MoneyError> {
    let mut left = shares;
    let mut refunds = Vec::with_capacity(stored.len());
    for refund in stored {
        let (asked, rest) = (refund.amount.to_minor_unit(), left.total()?);
        let amount = asked.try_min(rest)?;
        let portions = match left.checked_sub(refund.portions) {
            Ok(after) if is_whole(&refund.portions, amount)? && is_possible(&after) => refund.portions,
            _ => left.portions(amount)?,
        };
        left = left.checked_sub(portions)?;
        refunds.push(Refund { amount, portions, ..refund.clone() });
    }
    Ok((refunds, left))
}

/// Whether the portions are in smallest units and sum to `amount`.
fn is_whole(portions: &Shares, amount: Money) -> Result<bool, MoneyError> {
    let Shares { payout, platform, processing, withholding } = *portions;
    let whole =
        [payout, platform, processing, withholding].into_iter().all(|part| part == part.to_minor_unit());
    Ok(whole && portions.total()? == amount)
}

/// Whether no share is below zero.
fn is_possible(shares: &Shares) -> bool {
    let Shares { payout, platform, processing, withholding } = *shares;
    ![payout, platform, processing, withholding].into_iter().any(Money::is_negative)
}

/// Decides whether the money is in escrow.
fn settle_escrow(
    record: &mut TransactionRecord,
    captured: Option<Money>,
    booking: Option<&Booking>,
    notes: &mut Notes,
) {
    let money = captured.filter(|captured| !captured.is_zero());
    let can_be_held = record.kind == TransactionKind::BookingPayment
        && record.method != PaymentMethod::Cash
        && record.booking.is_some();
    if record.escrow.held {
        let contradiction = if money.is_none() {
            Some(OpeningIssue::HeldWithoutMoney)
        } else if !can_be_held {
            Some(OpeningIssue::NeverHeld)
        } else if record.escrow.released_at.is_some() {
            Some(OpeningIssue::HeldAndReleased)
        } else {
            None
        };
        if let Some(issue) = contradiction {
            notes.add(issue, Some(record.amount.gross), None);
            record.escrow.held = false;
        }
    }
    let Some(captured) = money else { return };
    let for_work = matches!(
        record.kind,
        TransactionKind::BookingPayment | TransactionKind::Tip | TransactionKind::CancellationFee
    );
    if for_work {
        record.payee = record.payee.or_else(|| booking.and_then(|booking| booking.technician));
    }
    if can_be_held && !record.escrow.held && record.payee.is_none() {
        notes.add(OpeningIssue::NoTechnician, Some(captured), Some(captured));
        record.escrow.held = true;
        record.escrow.held_at = record.escrow.held_at.or(record.completed_at);
        record.escrow.released_at = None;
    }
}
