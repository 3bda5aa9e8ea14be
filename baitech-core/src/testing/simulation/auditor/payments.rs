//! For each payment: captured = refunded + held + the parties' net shares, by the entries and by the
//! document.

use super::{Auditor, Verdict, books::add, has_moved};
use crate::{
    kernel::{Id, Money},
    ledger::{Account, Entry},
    store::AggregateRef,
    transaction::{PaymentMethod, Transaction, TransactionKind},
};

/// The sums that the entries of a transaction have moved.
#[derive(Debug, Default)]
pub(super) struct Movements {
    payable: Option<Money>,
    platform: Option<Money>,
    processing: Option<Money>,
    withholding: Option<Money>,
    /// Credited to the payer's accounts.
    to_payer: Option<Money>,
    /// Into escrow.
    captured: Option<Money>,
    /// Taken by a bank, paid back, and distributed to the parties again.
    recovered: Option<Money>,
    /// The part in escrow.
    escrow: Option<Money>,
    /// The part on its `reserved` account, such as money frozen by a dispute.
    reserved: Option<Money>,
    /// All credits of its `reserved` account.
    aside: Option<Money>,
    /// Moved to a provider.
    cleared: Option<Money>,
    releases: u32,
    /// For an outgoing transaction: how often money was reserved for it, and how often it was paid out.
    set_aside: u32,
    left: u32,
}

/// The entry description for money that a bank had taken and has paid back.
const RECOVERED: &str = "chargeback won after all";

fn bump(sum: &mut Option<Money>, amount: Money) -> Verdict {
    *sum = Some(match *sum {
        Some(before) => add(before, amount)?,
        None => amount,
    });
    Ok(())
}

/// Whether an entry moves money from escrow, or from a dispute's reserve, to those who have earned it.
pub(super) fn is_release(entry: &Entry) -> bool {
    let AggregateRef::Transaction(cause) = entry.cause else { return false };
    let down = |posting: &crate::ledger::Posting| match posting.account {
        Account::Escrow(_) => posting.amount.is_negative(),
        Account::Reserved(id) => id == cause && posting.amount.is_negative(),
        _ => false,
    };
    let up = |posting: &crate::ledger::Posting| {
        matches!(posting.account, Account::Payable(_)) && !posting.amount.is_negative()
    };
    let bank = |posting: &crate::ledger::Posting| matches!(posting.account, Account::Clearing(_));
    entry.postings.iter().any(down) && entry.postings.iter().any(up) && !entry.postings.iter().any(bank)
}

impl Movements {
    /// Notes an entry that the transaction caused.
    pub(super) fn note(&mut self, id: Id<Transaction>, entry: &Entry) -> Verdict {
        let into_escrow = entry
            .postings
            .iter()
            .any(|posting| matches!(posting.account, Account::Escrow(_)) && !posting.amount.is_negative());
        let from_escrow = entry
            .postings
            .iter()
            .any(|posting| matches!(posting.account, Account::Escrow(_)) && posting.amount.is_negative());
        let recovers = entry.description == RECOVERED;
        for posting in &entry.postings {
            let amount = posting.amount;
            let is_party = match posting.account {
                Account::Escrow(_)
                | Account::Payable(_)
                | Account::PlatformRevenue
                | Account::ProcessingRevenue
                | Account::WithholdingPayable => true,
                Account::Reserved(of) => of == id,
                _ => false,
            };
            if recovers && is_party {
                bump(&mut self.recovered, amount)?;
            }
            match posting.account {
                Account::Escrow(_) => {
                    bump(&mut self.escrow, amount)?;
                    if into_escrow && !recovers {
                        bump(&mut self.captured, amount)?;
                    }
                }
                Account::Clearing(_) => bump(&mut self.cleared, amount)?,
                Account::Payable(_) => bump(&mut self.payable, amount)?,
                Account::PlatformRevenue => bump(&mut self.platform, amount)?,
                Account::ProcessingRevenue => bump(&mut self.processing, amount)?,
                Account::WithholdingPayable => bump(&mut self.withholding, amount)?,
                Account::Reserved(other) if other == id => bump(&mut self.reserved, amount)?,
                Account::Wallet(_) | Account::Receivable(_) if !amount.is_negative() => {
                    bump(&mut self.to_payer, amount)?;
                }
                _ => {}
            }
        }
        if from_escrow && is_release(entry) {
            self.releases += 1;
            if self.releases > 1 {
                return Err(format!("transaction {id} was released twice"));
            }
        }
        Ok(())
    }

    pub(super) const fn cleared(&self) -> Option<Money> {
        self.cleared
    }

    pub(super) fn note_set_aside(&mut self, amount: Money) -> Verdict {
        self.set_aside += 1;
        bump(&mut self.aside, amount)
    }

    /// Notes that the money of a transaction was paid out to a provider.
    pub(super) fn note_left(&mut self, id: Id<Transaction>) -> Verdict {
        self.left += 1;
        if self.left > 1 { Err(format!("transaction {id} was paid out twice")) } else { Ok(()) }
    }
}

impl Auditor {
    /// Checks the identity of one payment after a commit.
    pub(super) fn check_payment(&self, payment: &Transaction) -> Verdict {
        let moved = self.movements.get(&payment.id);
        if !payment.kind.is_incoming() {
            let left = moved.is_some_and(|moved| moved.set_aside > 1);
            return if left {
                Err(format!("money was reserved twice for {}", payment.number))
            } else {
                Ok(())
            };
        }
        if payment.kind != TransactionKind::BookingPayment || !has_moved(payment.status) {
            return Ok(());
        }
        let currency = payment.amount.currency();
        let zero = Money::zero(currency);
        let none = Movements::default();
        let moved = moved.unwrap_or(&none);
        let or_zero = |sum: Option<Money>| sum.unwrap_or(zero);
        let in_cash = payment.method == PaymentMethod::Cash;
        let gross = payment.amount.gross;
        let orphan = moved.captured.is_none() && !in_cash;
        let captured = if in_cash { gross } else { or_zero(moved.captured) };
        let refunded = if payment.gateway.provider.is_some() {
            let refunds = payment.refunds.iter().filter_map(|refund| refund.transaction);
            let aside = refunds.filter_map(|refund| self.movements.get(&refund)?.aside);
            Money::sum(currency, aside).map_err(|error| error.to_string())?
        } else {
            or_zero(moved.to_payer)
        };
        let refunded = add(refunded, or_zero(moved.recovered).negated())?;
        let held = or_zero(moved.escrow);
        if !payment.escrow.held && !held.is_zero() {
            return Err(format!("{} holds no money, but {held} is in escrow", payment.number));
        }
        // Money that differs from the request stays reserved until staff decide.
        let undecided = payment.mismatch.as_ref().filter(|mismatch| mismatch.decided.is_none());
        let apart = undecided.and_then(|mismatch| mismatch.received).filter(|sum| sum.currency() == currency);
        let frozen = add(or_zero(moved.reserved), or_zero(apart).negated())?;
        let in_hand = if in_cash { gross } else { zero };
        let payout = Money::sum(currency, [or_zero(moved.payable), frozen, in_hand]);
        let payout = payout.map_err(|error| error.to_string())?;
        let shares = [payout, or_zero(moved.platform), or_zero(moved.processing), or_zero(moved.withholding)];
        let net = Money::sum(currency, shares).map_err(|error| error.to_string())?;
        let number = &payment.number;

        if orphan {
            // Unrequested money was refunded completely.
            let whole = refunded.amount() >= gross.amount() && net.is_zero();
            return if whole {
                Ok(())
            } else {
                Err(format!("{number} was not requested and refunded only {refunded}"))
            };
        }
        if captured != gross {
            return Err(format!("{number} has the amount {gross} but captured {captured}"));
        }
        let sum = Money::sum(currency, [refunded, held, net]).map_err(|error| error.to_string())?;
        if sum != captured {
            return Err(format!(
                "{number}: captured {captured} is not refunded {refunded} + held {held} + shares {shares:?}"
            ));
        }
        self.check_document(payment, (refunded, held, shares))
    }

    /// Checks that the document agrees with the entries.
    fn check_document(
        &self,
        payment: &Transaction,
        (refunded, held, shares): (Money, Money, [Money; 4]),
    ) -> Verdict {
        let currency = payment.amount.currency();
        let number = &payment.number;
        let returns = payment.refunds.iter().map(|refund| refund.amount);
        let by_document = Money::sum(currency, returns).map_err(|error| error.to_string())?;
        if by_document != refunded {
            return Err(format!(
                "{number} has refunded {by_document} by its document and {refunded} by the entries"
            ));
        }
        let mut left = [
            payment.amount.net,
            payment.amount.platform_fee,
            payment.amount.processing_fee,
            payment.amount.tax,
        ];
        for refund in &payment.refunds {
            let portions = &refund.portions;
            let parts = [portions.payout, portions.platform, portions.processing, portions.withholding];
            for (left, part) in left.iter_mut().zip(parts) {
                *left = add(*left, part.negated())?;
            }
        }
        let left_sum = Money::sum(currency, left).map_err(|error| error.to_string())?;
        if payment.escrow.held {
            if held != left_sum || shares.iter().any(|share| !share.is_zero()) {
                return Err(format!("{number} holds {held} of {left_sum}, and its shares are {shares:?}"));
            }
        } else if left != shares {
            return Err(format!(
                "{number}: the shares are {shares:?} by the entries and {left:?} by the document"
            ));
        }
        Ok(())
    }
}
