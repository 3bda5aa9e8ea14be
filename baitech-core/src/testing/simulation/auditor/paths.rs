//! Statuses go along the arrows of their tables, and nowhere else.

use super::Verdict;
use crate::{
    booking::{Booking, Transition},
    payment::{Cause, Transaction, TransactionStatus, TransactionStep},
};

/// A history only grows, each of its steps is an arrow, and it ends where the booking is.
pub(super) fn check_booking(before: Option<&Booking>, after: &Booking) -> Verdict {
    let known = before.map_or(0, |booking| booking.history.len());
    if let Some(before) = before
        && after.history.get(..known) != Some(before.history.as_slice())
    {
        return Err(format!("{} has another history than before", after.number));
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
        _ => Err(format!("{} is {}, and its history does not say so", after.number, after.status)),
    }
}

/// One commit may take several arrows: begun, paid and given back. What a bank has given back after all was
/// decided by a person.
pub(super) fn check_transaction(before: Option<&Transaction>, after: &Transaction) -> Verdict {
    let from = before.map_or(TransactionStatus::Initiated, |transaction| transaction.status);
    let contradicted = |of: &Transaction| of.chargeback.as_ref().is_some_and(|contest| contest.contradicted);
    let recovered = before.is_some_and(contradicted) && !contradicted(after);
    let recovers = |to| {
        let is_it = |step: &&TransactionStep| step.cause == Cause::Recovered && step.from == from;
        TransactionStep::TABLE.iter().filter(is_it).any(|step| step.to == to)
    };
    if leads(from, after.status) || (recovered && recovers(after.status)) {
        return Ok(());
    }
    Err(format!("{} went from {from} to {}", after.number, after.status))
}

fn leads(from: TransactionStatus, to: TransactionStatus) -> bool {
    let is_next = move |step: &&TransactionStep| step.from == from && step.cause != Cause::Recovered;
    let next = || TransactionStep::TABLE.iter().filter(is_next);
    from == to || next().any(|step| leads(step.to, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_arrows_lead_where_one_after_another_does() {
        use TransactionStatus::{Completed, Failed, Initiated, Pending, Processing, Refunded};
        for (from, to) in [(Initiated, Refunded), (Failed, Completed), (Pending, Pending)] {
            assert!(leads(from, to), "{from} to {to}");
        }
        for (from, to) in [(Completed, Failed), (Processing, Pending), (Refunded, Completed)] {
            assert!(!leads(from, to), "{from} to {to}");
        }
    }
}
