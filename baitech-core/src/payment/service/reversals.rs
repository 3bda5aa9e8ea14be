//! Money that a provider moved back without our order, as its statement shows it: mobile money
//! tells of it nowhere else.

use std::collections::HashMap;

use super::{
    Payments,
    news::{Told, take_return},
};
use crate::{
    kernel::{Actor, Id, Money, Result, Rule},
    payment::{
        MoveState, Returned, Transaction, TransactionStatus,
        provider_move::OF_SAME_RECEIPT,
        reconcile::{BookedMovement, StatementLine},
    },
    store::Stored,
};

impl Payments {
    /// Books the reversals that a statement shows and nobody has ordered: a line against the
    /// direction of a transaction of ours that has that transaction's receipt, or that speaks of a
    /// reversal and names it. Answers with whether anything was booked or put before a person.
    ///
    /// A line that can be a refund of our own is left to a person, as is what the actor pays or is
    /// paid by.
    pub(super) async fn take_reversals(
        &self,
        actor: &Actor,
        lines: &[StatementLine],
        booked: &[BookedMovement],
    ) -> Result<bool> {
        let mut by_reference: HashMap<String, Vec<&BookedMovement>> = HashMap::new();
        for movement in booked {
            for reference in movement.references.iter().map(|reference| normal(reference)) {
                by_reference.entry(reference).or_default().push(movement);
            }
        }
        let mut taken = false;
        for line in lines {
            if let Some(movement) = reversed_by(line, &by_reference) {
                taken |= self.take_reversal(actor, line, movement).await?;
            }
        }
        Ok(taken)
    }

    async fn take_reversal(
        &self,
        actor: &Actor,
        line: &StatementLine,
        movement: &BookedMovement,
    ) -> Result<bool> {
        let found = self.load(movement.transaction).await?;
        let amount = if line.amount.is_negative() { line.amount.negated() } else { line.amount };
        let id = if movement.references.iter().any(|known| normal(known) == normal(&line.reference)) {
            format!("{}{OF_SAME_RECEIPT}", line.reference)
        } else {
            line.reference.clone()
        };
        let booking = self.load_booking(found.booking).await?;
        let has_stake = found.require_disinterested(actor, booking.as_deref()).is_err();
        let is_known = has_stake || found.move_named(&id).is_some();
        if is_known || self.can_be_ours(&found, amount).await? {
            return Ok(false);
        }
        let returned = Returned::One { id, amount: Some(amount), failed: false };
        let (command, transaction_id) = (self.pinned_to(&found)?, found.id);
        let take = |on_credit: bool| {
            let (command, returned) = (&command, &returned);
            async move {
                self.decide(command, transaction_id, |transaction, beside| {
                    let explained = Money::zero(transaction.amount.currency());
                    // Staff has the statement from the provider.
                    let told = Told { signed: true, on_credit, explained };
                    take_return(transaction, returned, &told, beside)
                })
                .await
            }
        };
        let written = match take(false).await {
            Err(error) if error.rule() == Some(Rule::InsufficientFunds) => take(true).await?,
            written => written?,
        };
        Ok(written.version != found.version)
    }

    /// Whether a line can be a refund that we have ordered: one of which nobody knows whether it is
    /// carried out, or one of the same amount whose receipt nobody knows.
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

/// The movement that a line takes back, if it takes one back.
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
        // It is a movement of its own that is booked already.
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
