//! Applies a provider's notice to its transaction.

use super::{Payments, Related, webhooks::Effect};
use crate::{
    decide::Decision,
    kernel::{Id, Money, PageRequest, Result},
    payment::{News, Notice, Subject},
    store::Stored,
    transaction::{
        Declined, MismatchKind, MoveState, Outcome, PaymentEvent, Proof, Report, Returned, Transaction,
        TransactionFilter, TransactionKind, TransactionStatus,
    },
};

impl Payments {
    /// The transaction that a notice is about, and what the notice means for it. A return of money that has
    /// its own transaction (a refund that we ordered, or one booked without our order) is about that
    /// transaction.
    pub(super) async fn subject_of(
        &self,
        found: Option<Stored<Transaction>>,
        news: &News,
    ) -> Result<Option<(Stored<Transaction>, News)>> {
        let News::Returned(Returned::One { id, amount, failed }) = news else {
            return Ok(found.map(|found| (found, news.clone())));
        };
        let mut refund = self.engine.transactions.find_by_reference(id).await?;
        if refund.is_none()
            && let Some(payment) = &found
        {
            if *failed && let Some(amount) = amount {
                self.name_move(payment, id, *amount).await?;
            }
            let payment = self.load(payment.id).await?;
            let booked = payment.move_named(id).and_then(|moved| moved.transaction);
            refund = match booked {
                Some(booked) => self.engine.transactions.load(booked).await?,
                None => None,
            };
        }
        let Some(refund) = refund.filter(|refund| refund.kind == TransactionKind::Refund) else {
            return Ok(found.map(|found| (found, news.clone())));
        };
        if *failed && let Some(payment) = &found {
            let payment = self.load(payment.id).await?;
            if !payment.is_whole_move(id, &refund) {
                return Ok(Some((payment, news.clone())));
            }
        }
        let outcome = if *failed {
            Outcome::Declined(Declined {
                code: "refund_failed".to_owned(),
                reason: "The refund did not arrive.".to_owned(),
                retry_after: None,
            })
        } else {
            let (reference, receipt) = (refund.gateway.reference.clone(), refund.gateway.receipt.clone());
            // An amount that is part of a running total is not the whole of its refund.
            let amount = amount.filter(|_| reference.as_ref() == Some(id));
            Outcome::Settled(Proof { reference, receipt, amount, payer: None })
        };
        Ok(Some((refund, News::Outcome(outcome))))
    }

    /// Assigns the id of a failed return to a return reported by a running total, so that the refund that
    /// books it is found.
    async fn name_move(&self, payment: &Stored<Transaction>, id: &str, amount: Money) -> Result<()> {
        let unnamed = payment.provider_moves.iter().any(|moved| moved.id.is_none());
        if !unnamed || payment.move_named(id).is_some() {
            return Ok(());
        }
        let command = self.pinned_to(payment)?;
        self.decide(&command, payment.id, |mut transaction, _| {
            transaction.name_move(id, amount)?;
            Ok(Decision::new(transaction))
        })
        .await
        .map(drop)
    }

    /// The part of a running total of returns that is already known: from completed refunds of our own, and
    /// from money that the provider moved without our order. `None` while the total exceeds it and a refund
    /// of our own has an unknown outcome, since the total may or may not include that refund.
    pub(super) async fn explained(&self, payment: &Transaction, total: Money) -> Result<Option<Money>> {
        if total.currency() != payment.amount.currency() {
            return Ok(Some(Money::zero(total.currency())));
        }
        let known = [MoveState::Booked, MoveState::Open, MoveState::Dismissed];
        let mut certain = payment.moved_back(&known)?;
        // A total from before a return failed includes it; one from after does not.
        let mut perhaps = payment.moved_back(&[MoveState::Failed])?;
        let mut is_unknown = false;
        if payment.kind.is_incoming() {
            for refund in self.refunds_of(payment).await? {
                let of_move =
                    payment.provider_moves.iter().find(|moved| moved.transaction == Some(refund.id));
                let gross = refund.amount.gross;
                if of_move.is_some() {
                    // A refund that failed in the end is no longer in the total.
                    if refund.status == TransactionStatus::Refunded || refund.gateway.needs_person {
                        certain = certain.checked_sub(gross)?;
                        perhaps = perhaps.checked_add(gross)?;
                    }
                } else if refund.gateway.attempts == 0 {
                    // It was never sent; a bank's chargeback is in no total of refunds.
                } else if refund.status.is_open() || refund.gateway.needs_person {
                    is_unknown = true;
                } else if refund.status == TransactionStatus::Completed {
                    certain = certain.checked_add(gross)?;
                }
            }
        }
        if !total.exceeds(certain)? {
            return Ok(Some(certain));
        }
        let most = certain.checked_add(perhaps)?;
        Ok((total.exceeds(most)? && !is_unknown).then_some(most))
    }

    /// Every refund of a payment, or of money that was held apart for it.
    pub(super) async fn refunds_of(&self, payment: &Transaction) -> Result<Vec<Stored<Transaction>>> {
        let filter = TransactionFilter {
            booking: payment.booking,
            payee: payment.payer.filter(|_| payment.booking.is_none()),
            kinds: vec![TransactionKind::Refund],
            from: Some(payment.created_at),
            ..TransactionFilter::default()
        };
        let mut found = Vec::new();
        let mut cursor = None;
        loop {
            let page = PageRequest::new(PageRequest::MAX_LIMIT, cursor)?;
            let page = self.engine.transactions.list_transactions(&filter, &page).await?;
            found.extend(page.items.into_iter().filter(|refund| refund.original == Some(payment.id)));
            cursor = page.next_cursor;
            if cursor.is_none() {
                return Ok(found);
            }
        }
    }
}

/// The effect of a decision, from the point of view of the call.
pub(super) fn effect_of(before: &Transaction, decision: &Decision<Transaction>, news: &News) -> Effect {
    let about: Option<Id<Transaction>> = Some(before.id);
    let needs_person = |event: &PaymentEvent| {
        matches!(event, PaymentEvent::PaymentNeedsPerson | PaymentEvent::PaymentMismatched { .. })
    };
    let effects = &decision.effects;
    let created = effects.created.iter().flat_map(|created| &created.events);
    if effects.events.iter().chain(created).any(needs_person) {
        return Effect::NeedsPerson(about);
    }
    let moves = !(effects.entries.is_empty() && effects.created.is_empty() && effects.attached.is_empty());
    // A return that a running total has reported before only gets its id.
    let named = matches!(news, News::Returned(_)) && !moves && effects.events.is_empty();
    if moves || (decision.next != *before && !named) {
        return Effect::Applied(about);
    }
    let is_known = match news {
        News::Outcome(Outcome::Settled(_)) | News::Deposit(_) | News::Details(_) => {
            before.status.is_settled() || before.mismatch.is_some()
        }
        News::Outcome(Outcome::Declined(_)) => !before.status.is_open() && !before.status.is_settled(),
        News::Outcome(Outcome::Accepted { reference, .. } | Outcome::Authorized { reference }) => {
            before.gateway.reference.as_ref() == Some(reference)
        }
        News::Outcome(Outcome::Pending) | News::Nothing => false,
        News::ChargebackOpened { .. } | News::ChargebackClosed { .. } | News::Returned(_) => true,
    };
    match (is_known, news) {
        // The decision on a chargeback whose return of money awaits a decision of staff.
        (true, News::ChargebackClosed { id, .. })
            if before.has_open_move() && before.move_named(id).is_some() =>
        {
            Effect::NeedsPerson(about)
        }
        (true, _) => Effect::Duplicate(about),
        (false, _) => Effect::Ignored(about),
    }
}

pub(super) fn apply_news(
    transaction: Transaction,
    notice: &Notice,
    report: &Report,
    related: &Related<'_>,
) -> Result<Decision<Transaction>> {
    let context = &related.context;
    if let (Subject::Caller { reference: Some(named) }, News::Outcome(outcome)) =
        (&notice.subject, &notice.news)
        && !matches!(outcome, Outcome::Settled(_))
    {
        if transaction.is_of_earlier_attempt(named) {
            return Ok(Decision::new(transaction));
        }
        if transaction.gateway.attempts > 1 && transaction.gateway.reference.is_none() {
            return Ok(transaction.query_current_attempt(context));
        }
    }
    if let Subject::Caller { reference: Some(named) } = &notice.subject
        && transaction.gateway.reference.as_ref().is_some_and(|known| known != named)
    {
        return transaction.mismatched(MismatchKind::Reference, None, None, context);
    }
    match &notice.news {
        News::Outcome(Outcome::Settled(proof)) | News::Deposit(proof) => {
            if !report.signed && transaction.needs_confirmation(proof, context) {
                return Ok(transaction.claimed_settled(proof, context));
            }
            transaction.settled(proof, context)
        }
        // The provider has to confirm or deny a claimed payment, in any order of its calls.
        News::Outcome(_) if transaction.gateway.awaits_confirmation => Ok(Decision::new(transaction)),
        News::Outcome(outcome) => transaction.answered(outcome, context),
        News::Details(proof) => Ok(transaction.detailed(proof)),
        News::ChargebackOpened { id, amount, reason } => transaction.contested(id, *amount, reason, context),
        News::ChargebackClosed { id, won } => {
            transaction.chargeback_closed(id, *won, report.on_credit, context)
        }
        News::Returned(returned) => apply_return(transaction, returned, report, related),
        News::Nothing => Ok(Decision::new(transaction)),
    }
}

/// Books money that the provider moved back, possibly without our order.
pub(super) fn apply_return(
    transaction: Transaction,
    returned: &Returned,
    report: &Report,
    related: &Related<'_>,
) -> Result<Decision<Transaction>> {
    let before = transaction.clone();
    let customer = related.booking.map(|booking| booking.customer);
    transaction.returned(returned, report, &related.context)?.count_moved(customer, &before)
}

impl Transaction {
    /// Whether a call arrived before the one that reports the payment or the chargeback.
    pub(super) fn is_too_early(&self, news: &News) -> bool {
        match news {
            News::ChargebackOpened { .. } => !self.status.is_settled(),
            News::ChargebackClosed { id, .. } => {
                let known = self.chargeback.as_ref().map(|chargeback| &chargeback.id) == Some(id);
                !self.status.is_settled() || !(known || self.move_named(id).is_some())
            }
            News::Returned(_) if self.kind.is_incoming() => {
                !self.status.is_settled() && !self.is_mismatched()
            }
            News::Returned(_) => self.status.is_open(),
            _ => false,
        }
    }
}
