//! For each payment: captured = refunded + held + the parties' net shares, each told by the entries and by
//! the document.

use super::{Auditor, Verdict, books::add, has_moved};
use crate::{
    booking::PaymentMethod,
    kernel::{Id, Money},
    ledger::{Account, Entry},
    payment::{Transaction, TransactionKind},
    store::AggregateRef,
};

/// What the entries that name a transaction have moved.
#[derive(Debug, Default)]
pub(super) struct Movements {
    payable: Option<Money>,
    platform: Option<Money>,
    processing: Option<Money>,
    withholding: Option<Money>,
    /// Back into the books of who paid.
    to_payer: Option<Money>,
    /// Into escrow.
    captured: Option<Money>,
    /// What a bank had taken and has given back, among the parties again.
    recovered: Option<Money>,
    /// What lies in escrow of it.
    escrow: Option<Money>,
    /// What is set aside for it: frozen by a dispute, or kept apart.
    reserved: Option<Money>,
    /// What was ever set aside for it.
    aside: Option<Money>,
    /// Into the hands of a provider.
    cleared: Option<Money>,
    releases: u32,
    /// How often it was set aside, for a transaction that goes out, and how often it left.
    set_aside: u32,
    left: u32,
}

/// How the books describe money that a bank had taken and has given back.
const RECOVERED: &str = "chargeback won after all";

fn bump(sum: &mut Option<Money>, amount: Money) -> Verdict {
    *sum = Some(match *sum {
        Some(before) => add(before, amount)?,
        None => amount,
    });
    Ok(())
}

/// Whether money leaves escrow, or what a dispute holds, for those who have earned it.
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
    /// Notes an entry that the transaction has caused.
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

    /// Notes that the money of a transaction has gone out to a provider.
    pub(super) fn note_left(&mut self, id: Id<Transaction>) -> Verdict {
        self.left += 1;
        if self.left > 1 { Err(format!("transaction {id} went out twice")) } else { Ok(()) }
    }
}

impl Auditor {
    /// The identity of one payment, as it stands after a commit.
    pub(super) fn check_payment(&self, payment: &Transaction) -> Verdict {
        let moved = self.movements.get(&payment.id);
        if !payment.kind.is_incoming() {
            let left = moved.is_some_and(|moved| moved.set_aside > 1);
            return if left { Err(format!("{} was set aside twice", payment.number)) } else { Ok(()) };
        }
        if payment.kind != TransactionKind::BookingPayment || !has_moved(payment.status) {
            return Ok(());
        }
        let currency = payment.amount.currency();
        let zero = Money::zero(currency);
        let none = Movements::default();
        let moved = moved.unwrap_or(&none);
        let told = |sum: Option<Money>| sum.unwrap_or(zero);
        let in_cash = payment.method == PaymentMethod::Cash;
        let gross = payment.amount.gross;
        let orphan = moved.captured.is_none() && !in_cash;
        let captured = if in_cash { gross } else { told(moved.captured) };
        let refunded = if payment.gateway.provider.is_some() {
            let refunds = payment.refunds.iter().filter_map(|refund| refund.transaction);
            let aside = refunds.filter_map(|refund| self.movements.get(&refund)?.aside);
            Money::sum(currency, aside).map_err(|error| error.to_string())?
        } else {
            told(moved.to_payer)
        };
        let refunded = add(refunded, told(moved.recovered).negated())?;
        let held = told(moved.escrow);
        if !payment.escrow.held && !held.is_zero() {
            return Err(format!("{} holds nothing, and {held} lies in escrow", payment.number));
        }
        // Money that is not what was asked for stays apart from the parties' until a person has decided.
        let undecided = payment.mismatch.as_ref().filter(|mismatch| mismatch.decided.is_none());
        let apart = undecided.and_then(|mismatch| mismatch.received).filter(|sum| sum.currency() == currency);
        let frozen = add(told(moved.reserved), told(apart).negated())?;
        let in_hand = if in_cash { gross } else { zero };
        let payout = Money::sum(currency, [told(moved.payable), frozen, in_hand]);
        let payout = payout.map_err(|error| error.to_string())?;
        let shares = [payout, told(moved.platform), told(moved.processing), told(moved.withholding)];
        let net = Money::sum(currency, shares).map_err(|error| error.to_string())?;
        let number = &payment.number;

        if orphan {
            // Money that nobody wanted has gone back whole.
            let whole = refunded.amount() >= gross.amount() && net.is_zero();
            return if whole {
                Ok(())
            } else {
                Err(format!("{number} came for nobody and gave back {refunded}"))
            };
        }
        if captured != gross {
            return Err(format!("{number} is {gross} and captured {captured}"));
        }
        let sum = Money::sum(currency, [refunded, held, net]).map_err(|error| error.to_string())?;
        if sum != captured {
            return Err(format!(
                "{number}: captured {captured} is not refunded {refunded} + held {held} + shares {shares:?}"
            ));
        }
        self.check_document(payment, (refunded, held, shares))
    }

    /// What the document tells is what the entries tell.
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
                "{number} says that {by_document} was given back, the entries say {refunded}"
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
                return Err(format!("{number} holds {held} of {left_sum}, and shares are {shares:?}"));
            }
        } else if left != shares {
            return Err(format!("{number}: shares are {shares:?}, the document says {left:?}"));
        }
        Ok(())
    }
}
