//! What staff decides.

use super::{
    super::{auditor::Auditor, task::Task, world::World},
    Commands, Request, part_of, some_booking, some_transaction, told, told_of,
};
use crate::{
    booking::{BookingStatus, DisputeOutcome, PaymentMethod},
    kernel::{Currency, Money},
    payment::{FraudDecision, Transaction, TransactionStatus},
    testing::build::kes,
};

impl Commands {
    pub(in super::super) fn resolve(&mut self, world: &World, auditor: &Auditor) -> Option<Task> {
        let booking = some_booking(world, auditor, |booking| booking.status == BookingStatus::Disputed)?;
        let outcome = match world.chance.below(3) {
            0 => DisputeOutcome::Release,
            1 => DisputeOutcome::FullRefund,
            _ => DisputeOutcome::PartialRefund(part_of(world, booking.pricing.total)),
        };
        let keyed = world.market.bookings().with_key(self.key());
        let (actor, id) = (world.support.actor(), booking.id);
        Some(Task::new(format!("{} is resolved by {outcome:?}", booking.number), async move {
            keyed.resolve_dispute(&actor, id, outcome, "heard both").await.map(told)
        }))
    }

    pub(super) fn refund(&mut self, world: &World, auditor: &mut Auditor) -> Option<Task> {
        let payment = some_transaction(world, auditor, |transaction| {
            transaction.kind.is_incoming() && transaction.status.is_settled()
        })?;
        let left = payment.captured().ok()?;
        let amount = match world.chance.below(6) {
            0 => left,
            1 => payment.amount.gross,
            2 => Money::from_major(10, Currency::USD),
            3 => kes(-5),
            _ => part_of(world, left),
        };
        Some(self.ask(world, Request::Refund(world.support.actor(), payment.id, amount)))
    }

    pub(super) fn release(&mut self, world: &World, auditor: &mut Auditor) -> Option<Task> {
        let payment = some_transaction(world, auditor, |transaction| transaction.escrow.held)?;
        let (payments, actor, id) = (world.market.payments(), world.admin.actor(), payment.id);
        Some(Task::new(format!("{} is released by an admin", payment.number), async move {
            payments.release(&actor, id).await.map(told_of)
        }))
    }

    /// Staff looks at what waits for a person.
    pub(in super::super) fn decide(&mut self, world: &World, auditor: &Auditor) -> Option<Task> {
        let waiting = some_transaction(world, auditor, Transaction::needs_person)?;
        let (payments, actor, id) =
            (world.market.payments().with_key(self.key()), world.support.actor(), waiting.id);
        let number = waiting.number.clone();
        let review = waiting
            .fraud
            .as_ref()
            .is_some_and(|fraud| fraud.decision == FraudDecision::Review && fraud.review.is_none());
        if review && (waiting.status != TransactionStatus::Failed || world.chance.is_calm()) {
            let approved = world.chance.percent(60);
            return Some(Task::new(format!("{number} is reviewed: {approved}"), async move {
                payments.review(&actor, id, approved).await.map(told_of)
            }));
        }
        if waiting.is_mismatched() {
            let complete = world.chance.percent(40);
            return Some(Task::new(format!("what came for {number} counts: {complete}"), async move {
                payments.decide_mismatch(&actor, id, complete).await.map(told_of)
            }));
        }
        if waiting.gateway.needs_person {
            // Staff looks into the provider's statement, and waits as long as that does not tell.
            let card = waiting.gateway.provider != Some(PaymentMethod::Mpesa);
            let moved = world.provider(card).verdict(id)?;
            return Some(Task::new(format!("staff finds that {number} moved: {moved}"), async move {
                payments.decide_outcome(&actor, id, moved, None).await.map(told_of)
            }));
        }
        None
    }
}
