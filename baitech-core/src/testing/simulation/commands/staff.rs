//! Decisions of staff.

use super::{
    super::{auditor::Auditor, task::Task, world::World},
    Commands, Request, describe_booking, describe_transaction, part_of, random_booking, random_transaction,
};
use crate::{
    booking::{BookingStatus, DisputeOutcome},
    kernel::{Currency, Money, PageRequest},
    payment::{ReconcileRequest, StatementPreset, WebhookStatus},
    testing::build::kes,
    transaction::{FraudDecision, MoveState, PaymentMethod, Transaction, TransactionStatus},
};

impl Commands {
    pub(in super::super) fn resolve(&mut self, world: &World, auditor: &Auditor) -> Option<Task> {
        let booking = random_booking(world, auditor, |booking| booking.status == BookingStatus::Disputed)?;
        let outcome = match world.chance.below(3) {
            0 => DisputeOutcome::Release,
            1 => DisputeOutcome::FullRefund,
            _ => DisputeOutcome::PartialRefund(part_of(world, booking.pricing.total)),
        };
        let keyed = world.market.bookings().idempotency_key(self.key());
        let (actor, id) = (world.support.actor(), booking.id);
        Some(Task::new(format!("{} is resolved by {outcome:?}", booking.number), async move {
            keyed.resolve_dispute(&actor, id, outcome, "heard both").await.map(describe_booking)
        }))
    }

    pub(super) fn refund(&mut self, world: &World, auditor: &mut Auditor) -> Option<Task> {
        let payment = random_transaction(world, auditor, |transaction| {
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
        let payment = random_transaction(world, auditor, |transaction| transaction.escrow.held)?;
        let (payments, actor, id) = (world.market.payments(), world.admin.actor(), payment.id);
        Some(Task::new(format!("{} is released by an admin", payment.number), async move {
            payments.release(&actor, id).await.map(describe_transaction)
        }))
    }

    /// Staff reconcile the statement of mobile money with the ledger.
    pub(in super::super) fn reconcile(world: &World) -> Task {
        let (payments, actor) = (world.market.payments(), world.support.actor());
        let (method, format) = (PaymentMethod::Mpesa, Some(StatementPreset::Generic));
        let request = ReconcileRequest { method, format, period: None };
        let statement = world.mobile.statement();
        Task::new("staff reconcile mobile money", async move {
            payments.reconcile(&actor, &request, statement.as_bytes()).await?;
            Ok("done".to_owned())
        })
    }

    /// Staff retry the dead letters: webhooks that could not be handled.
    pub(in super::super) fn retry_calls(world: &World) -> Task {
        let (payments, actor) = (world.market.payments(), world.support.actor());
        Task::new("staff retry dead letters", async move {
            let (mut page, mut retried) = (PageRequest::default(), 0);
            loop {
                let found = payments.list_webhooks(&actor, &[WebhookStatus::DeadLetter], &page).await?;
                for call in found.items {
                    payments.retry_webhook(&actor, call.id).await?;
                    retried += 1;
                }
                let Some(cursor) = found.next_cursor else { return Ok(format!("{retried} retried")) };
                page = PageRequest::new(PageRequest::DEFAULT_LIMIT, Some(cursor))?;
            }
        })
    }

    /// Staff decide on a transaction that waits for them.
    pub(in super::super) fn decide(&mut self, world: &World, auditor: &Auditor) -> Option<Task> {
        let waiting = random_transaction(world, auditor, Transaction::needs_person)?;
        let (payments, actor, id) =
            (world.market.payments().idempotency_key(self.key()), world.support.actor(), waiting.id);
        let number = waiting.number.clone();
        let provider = world.provider(waiting.gateway.provider != Some(PaymentMethod::Mpesa));
        let review = waiting
            .fraud
            .as_ref()
            .is_some_and(|fraud| fraud.decision == FraudDecision::Review && fraud.review.is_none());
        if review && (waiting.status != TransactionStatus::Failed || world.chance.is_calm()) {
            let approved = world.chance.percent(60);
            return Some(Task::new(format!("{number} is reviewed: {approved}"), async move {
                payments.review(&actor, id, approved).await.map(describe_transaction)
            }));
        }
        if let Some(contest) = waiting.chargeback.as_ref().filter(|contest| contest.contradicted) {
            let won = provider.bank_verdict(&contest.id)?;
            return Some(Task::new(
                format!("staff enter the bank's verdict on {number}, won: {won}"),
                async move { payments.decide_verdict(&actor, id, won).await.map(describe_transaction) },
            ));
        }
        if let Some(moved) = waiting.provider_moves.iter().find(|moved| moved.state == MoveState::Open) {
            // A movement that is known only from a running total has no name to look up.
            let known = moved.id.as_deref().and_then(|id| provider.has_returned(id));
            let book = known.unwrap_or(true);
            return Some(Task::new(
                format!("the provider's refund of {number} is booked: {book}"),
                async move {
                    payments.decide_provider_move(&actor, id, book, None).await.map(describe_transaction)
                },
            ));
        }
        if waiting.is_mismatched() {
            let complete = world.chance.percent(40);
            return Some(Task::new(
                format!("the mismatched money of {number} is accepted: {complete}"),
                async move { payments.decide_mismatch(&actor, id, complete).await.map(describe_transaction) },
            ));
        }
        if waiting.gateway.needs_person {
            // Staff read the provider's statement, and wait while it does not show the outcome.
            let reference = waiting.gateway.reference.as_deref();
            let moved = match reference.and_then(|reference| provider.has_returned(reference)) {
                Some(moved) => moved,
                None => provider.verdict(id)?,
            };
            return Some(Task::new(
                format!("staff find that the money of {number} moved: {moved}"),
                async move { payments.decide_outcome(&actor, id, moved, None).await.map(describe_transaction) },
            ));
        }
        None
    }
}
