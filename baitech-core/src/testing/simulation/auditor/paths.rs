//! Statuses change only by the transitions of their tables.

use super::Verdict;
use crate::{
    booking::{Booking, Transition},
    transaction::{Cause, Transaction, TransactionStatus, TransactionStep},
};

/// Checks that a history only grows, that each of its steps is a transition, and that it ends in the
/// current status.
pub(super) fn check_booking(before: Option<&Booking>, after: &Booking) -> Verdict {
    let known = before.map_or(0, |booking| booking.history.len());
    if let Some(before) = before
        && after.history.get(..known) != Some(before.history.as_slice())
    {
        return Err(format!("the history of {} was rewritten", after.number));
    }
    let new = after.history.get(known.saturating_sub(1)..).unwrap_or_default();
    for pair in new.windows(2) {
        let (from, to) = (pair[0].status, pair[1].status);
        if !Transition::TABLE.iter().any(|arrow| arrow.from == from && arrow.to == to) {
            return Err(format!("{} went from {from} to {to}", after.number));
        }
        if pair[1].changed_at < pair[0].changed_at {
            return Err(format!("the history of {} goes back in time", after.number));
        }
    }
    match after.history.last() {
        Some(last) if last.status == after.status => Ok(()),
        _ => Err(format!("{} is {}, but its history ends in another status", after.number, after.status)),
    }
}

/// Checks that a transaction changed by transitions. One commit may take several, such as initiated, paid and
/// refunded. Staff decide if a bank pays money back after its first verdict.
pub(super) fn check_transaction(before: Option<&Transaction>, after: &Transaction) -> Verdict {
    let from = before.map_or(TransactionStatus::Initiated, |transaction| transaction.status);
    let contradicted = |of: &Transaction| of.chargeback.as_ref().is_some_and(|contest| contest.contradicted);
    let recovered = before.is_some_and(contradicted) && !contradicted(after);
    let recovers = |to| {
        let is_it = |step: &&TransactionStep| step.cause == Cause::Recovered && step.from == from;
        TransactionStep::TABLE.iter().filter(is_it).any(|step| step.to == to)
    };
    if is_reachable(from, after.status) || (recovered && recovers(after.status)) {
        return Ok(());
    }
    Err(format!("{} went from {from} to {}", after.number, after.status))
}

fn is_reachable(from: TransactionStatus, to: TransactionStatus) -> bool {
    let is_next = move |step: &&TransactionStep| step.from == from && step.cause != Cause::Recovered;
    let next = || TransactionStep::TABLE.iter().filter(is_next);
    from == to || next().any(|step| is_reachable(step.to, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chained_transitions_are_accepted() {
        use TransactionStatus::{Completed, Failed, Initiated, Pending, Processing, Refunded};
        for (from, to) in [(Initiated, Refunded), (Failed, Completed), (Pending, Pending)] {
            assert!(is_reachable(from, to), "{from} to {to}");
        }
        for (from, to) in [(Completed, Failed), (Processing, Pending), (Refunded, Completed)] {
            assert!(!is_reachable(from, to), "{from} to {to}");
        }
    }
}
