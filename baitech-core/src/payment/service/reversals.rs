//! Money that a provider moved back without our order, as its statement shows it. Mobile money providers
//! report it nowhere else.

use std::collections::HashMap;

use super::{
    Payments, Related,
    news::apply_return,
    reconciling::{Effect, effect_of},
};
use crate::{
    kernel::{Actor, Id, Money, Result},
    payment::{
        PendingReversal,
        reconcile::{BookedMovement, StatementLine},
    },
    store::Stored,
    transaction::{MoveState, OF_SAME_RECEIPT, Report, Returned, Transaction, TransactionStatus},
};

/// The lines that may be reversals of transactions: a line that has the receipt of a transaction but the
/// opposite direction, or one that speaks of a reversal and names the transaction.
pub(super) fn reversals_in(lines: &[StatementLine], booked: &[BookedMovement]) -> Vec<PendingReversal> {
    let mut by_reference: HashMap<String, Vec<&BookedMovement>> = HashMap::new();
    for movement in booked {
        for reference in movement.references.iter().map(|reference| normal(reference)) {
            by_reference.entry(reference).or_default().push(movement);
        }
    }
    let pending = |line: &StatementLine| {
        let movement = reversed_by(line, &by_reference)?;
        let is_same_receipt =
            movement.references.iter().any(|known| normal(known) == normal(&line.reference));
        let suffix = if is_same_receipt { OF_SAME_RECEIPT } else { "" };
        let amount = if line.amount.is_negative() { line.amount.negated() } else { line.amount };
        let name = format!("{}{suffix}", line.reference);
        Some(PendingReversal { line: line.line, transaction: movement.transaction, name, amount })
    };
    lines.iter().filter_map(pending).collect()
}

impl Payments {
    /// The transaction that a reversal takes back. `None` if the reversal is known already, may be a refund
    /// of our own, or is of the actor's own money; the last two are left to staff.
    pub(super) async fn untaken_reversal(
        &self,
        actor: &Actor,
        reversal: &PendingReversal,
    ) -> Result<Option<Stored<Transaction>>> {
        let found = self.load(reversal.transaction).await?;
        let booking = self.load_booking(found.booking).await?;
        let has_stake = found.require_disinterested(actor, booking.map(|booking| booking.as_paid())).is_err();
        let is_known = has_stake || found.move_named(&reversal.name).is_some();
        if is_known || self.can_be_ours(&found, reversal.amount).await? {
            return Ok(None);
        }
        Ok(Some(found))
    }

    /// Books a reversal of a transaction as it was read, or leaves it to staff; fails with a conflict where
    /// the transaction has changed since.
    pub(super) async fn reversal_taken(
        &self,
        found: &Stored<Transaction>,
        reversal: &PendingReversal,
        on_credit: bool,
    ) -> Result<Option<Effect>> {
        let PendingReversal { line: _, transaction: _, name, amount } = reversal;
        let returned = Returned::One { id: name.clone(), amount: Some(*amount), failed: false };
        let command = self.pinned_to(found)?;
        let decide = |transaction: Transaction, related: &Related<'_>| {
            let explained = Money::zero(transaction.amount.currency());
            // The statement that staff submit comes from the provider.
            let report = Report { signed: true, on_credit, explained };
            apply_return(transaction, &returned, &report, related)
        };
        Ok(effect_of(self.decide_once(&command, found.id, &decide).await?))
    }

    /// Whether a line may be a refund that we ordered: one with an unknown outcome, or one of the same amount
    /// with an unknown receipt.
    async fn can_be_ours(&self, found: &Stored<Transaction>, amount: Money) -> Result<bool> {
        if !found.kind.is_incoming() {
            return Ok(false);
        }
        let refunds = self.refunds_of(found).await?;
        let of_move = |id: Id<Transaction>| {
            found
                .provider_moves
                .iter()
                .any(|moved| moved.transaction == Some(id) && moved.state == MoveState::Booked)
        };
        Ok(refunds.iter().filter(|refund| !of_move(refund.id) && refund.gateway.attempts > 0).any(|refund| {
            let unnamed = refund.gateway.receipt.is_none() && refund.reconciliation.is_none();
            let settled = refund.status == TransactionStatus::Completed;
            refund.status.is_open() || (settled && unnamed && refund.amount.gross == amount)
        }))
    }
}

fn normal(reference: &str) -> String {
    reference.trim().to_uppercase()
}

/// The movement that a line reverses, if any.
fn reversed_by<'a>(
    line: &StatementLine,
    by_reference: &HashMap<String, Vec<&'a BookedMovement>>,
) -> Option<&'a BookedMovement> {
    let same_direction =
        |movement: &&&BookedMovement| movement.amount.is_negative() == line.amount.is_negative();
    let against = |movements: &Vec<&'a BookedMovement>| {
        let of_currency = movements.iter().filter(|one| one.amount.currency() == line.amount.currency());
        let mut of_currency = of_currency.copied();
        of_currency.find(|movement| !same_direction(&movement))
    };
    let speaks_of_it = line.description.to_lowercase().contains("revers");
    if let Some(movements) = by_reference.get(&normal(&line.reference)) {
        // It is a separate movement that is booked already.
        if movements.iter().any(|movement| same_direction(&movement)) {
            return None;
        }
        let whole = |movement: &&BookedMovement| movement.amount == line.amount.negated();
        return against(movements).filter(|movement| speaks_of_it || whole(movement));
    }
    if !speaks_of_it {
        return None;
    }
    let mut words =
        line.description.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| word.len() >= 8);
    words.find_map(|word| against(by_reference.get(&normal(word))?))
}
