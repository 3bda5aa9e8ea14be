//! What a piece of news does to the transaction that it is about.

use super::{Beside, Payments, webhooks::Effect};
use crate::{
    booking::BookingStatus,
    decide::Decision,
    kernel::{Id, Money, PageRequest, Result},
    payment::{
        Declined, MismatchKind, MoveState, News, Notice, Outcome, PaymentEvent, Proof, Returned, Subject,
        Transaction, TransactionFilter, TransactionKind, TransactionStatus, provider_move::NewMove,
    },
    store::Stored,
};

/// How a piece of news came, and what is known beside the transaction.
#[derive(Debug, Clone, Copy)]
pub(super) struct Told {
    /// Whether the provider has signed the call.
    pub(super) signed: bool,
    /// Whether a wallet that is empty by now makes its owner owe the sum.
    pub(super) on_credit: bool,
    /// How much of a running total of returns is known.
    pub(super) explained: Money,
}

impl Payments {
    /// The transaction that a piece of news is about, and what it says of that. A return of money
    /// that is a transaction already (a refund that we have ordered, or one that was booked without
    /// our order) is about that one.
    pub(super) async fn what_it_is_about(
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
            // A part of what a running total has told is not the whole of its refund.
            let amount = amount.filter(|_| reference.as_ref() == Some(id));
            Outcome::Settled(Proof { reference, receipt, amount, payer: None })
        };
        Ok(Some((refund, News::Outcome(outcome))))
    }

    /// Gives a failed return its name where a running total has told of it, so that the refund that
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

    /// How much of a running total of returns is known: by refunds of our own that are carried out,
    /// and by what the provider moved without our order. `None` while the rest can be a refund of
    /// our own of which nobody knows whether it is carried out.
    pub(super) async fn explained(&self, payment: &Transaction, total: Money) -> Result<Option<Money>> {
        if total.currency() != payment.amount.currency() {
            return Ok(Some(Money::zero(total.currency())));
        }
        let known = [MoveState::Booked, MoveState::Open, MoveState::Dismissed];
        let mut certain = payment.moved_back(&known)?;
        // A total from before a return failed counts it, and one from after does not.
        let mut perhaps = payment.moved_back(&[MoveState::Failed])?;
        if payment.kind.is_incoming() {
            for refund in self.refunds_of(payment).await? {
                let of_move =
                    payment.provider_moves.iter().find(|moved| moved.transaction == Some(refund.id));
                let gross = refund.amount.gross;
                if of_move.is_some() {
                    // One that failed after all is in the total no longer.
                    if refund.status == TransactionStatus::Refunded || refund.gateway.needs_person {
                        certain = certain.checked_sub(gross)?;
                        perhaps = perhaps.checked_add(gross)?;
                    }
                } else if refund.gateway.attempts == 0 {
                    // Nobody has been asked for it; a loss that a bank has taken is in no total of
                    // refunds.
                } else if refund.status.is_open() || refund.gateway.needs_person {
                    perhaps = perhaps.checked_add(gross)?;
                } else if refund.status == TransactionStatus::Completed {
                    certain = certain.checked_add(gross)?;
                }
            }
        }
        let most = certain.checked_add(perhaps)?;
        if total.exceeds(most)? {
            return Ok(Some(most));
        }
        Ok((!total.exceeds(certain)?).then_some(certain))
    }

    /// Every refund that gives a payment back, or money that was kept apart for it.
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

/// What a decision on a piece of news is, seen from the call that told it.
pub(super) fn effect_of(before: &Transaction, decision: &Decision<Transaction>, news: &News) -> Effect {
    let about: Option<Id<Transaction>> = Some(before.id);
    let asks = |event: &PaymentEvent| {
        matches!(event, PaymentEvent::PaymentNeedsPerson | PaymentEvent::PaymentMismatched { .. })
    };
    let effects = &decision.effects;
    let created = effects.created.iter().flat_map(|created| &created.events);
    if effects.events.iter().chain(created).any(asks) {
        return Effect::NeedsPerson(about);
    }
    let moves = !(effects.entries.is_empty() && effects.created.is_empty() && effects.attached.is_empty());
    // Money that a running total has told before has only got its name.
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
        // A verdict on a contest that a person decides on.
        (true, News::ChargebackClosed { id, .. })
            if before.has_open_move() && before.move_named(id).is_some() =>
        {
            Effect::NeedsPerson(about)
        }
        (true, _) => Effect::Duplicate(about),
        (false, _) => Effect::Ignored(about),
    }
}

pub(super) fn take_news(
    transaction: Transaction,
    notice: &Notice,
    told: &Told,
    beside: &Beside<'_>,
) -> Result<Decision<Transaction>> {
    let context = &beside.context;
    if let (Subject::Caller { reference: Some(named) }, News::Outcome(outcome)) =
        (&notice.subject, &notice.news)
        && !matches!(outcome, Outcome::Settled(_))
    {
        if transaction.is_of_earlier_attempt(named) {
            return Ok(Decision::new(transaction));
        }
        if transaction.gateway.attempts > 1 && transaction.gateway.reference.is_none() {
            return Ok(transaction.asked_which(context));
        }
    }
    if let Subject::Caller { reference: Some(named) } = &notice.subject
        && transaction.gateway.reference.as_ref().is_some_and(|known| known != named)
    {
        return transaction.mismatched(MismatchKind::Reference, None, None, context);
    }
    let disputed = beside.booking.is_some_and(|booking| booking.status == BookingStatus::Disputed);
    match &notice.news {
        News::Outcome(Outcome::Settled(proof)) | News::Deposit(proof) => {
            if !told.signed && transaction.needs_confirmation(proof, context) {
                return Ok(transaction.claimed_settled(proof, context));
            }
            transaction.settled(proof, beside.booking, context)
        }
        // A claim that the money came is for the provider to confirm or deny, in whatever order its
        // calls come.
        News::Outcome(_) if transaction.gateway.awaits_confirmation => Ok(Decision::new(transaction)),
        News::Outcome(outcome) => transaction.answered(outcome, context),
        News::Details(proof) => Ok(transaction.detailed(proof)),
        News::ChargebackOpened { id, amount, reason } => transaction.contested(id, *amount, reason, context),
        News::ChargebackClosed { id, won } => {
            transaction.chargeback_closed(id, *won, (disputed, told.on_credit), context)
        }
        News::Returned(returned) => take_return(transaction, returned, told, beside),
        News::Nothing => Ok(Decision::new(transaction)),
    }
}

/// Takes in money that the provider moved back, perhaps without our order.
pub(super) fn take_return(
    transaction: Transaction,
    returned: &Returned,
    told: &Told,
    beside: &Beside<'_>,
) -> Result<Decision<Transaction>> {
    let before = transaction.clone();
    let customer = beside.booking.map(|booking| booking.customer);
    let disputed = beside.booking.is_some_and(|booking| booking.status == BookingStatus::Disputed);
    transaction.returned(returned, disputed, told, &beside.context)?.count_moved(customer, &before)
}

impl Transaction {
    /// Whether a call has overtaken the one that tells of the money, or of the contest.
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

    /// Takes in money that the provider moved back, perhaps without our order.
    fn returned(
        mut self,
        returned: &Returned,
        disputed: bool,
        told: &Told,
        context: &crate::booking::Context<'_>,
    ) -> Result<Decision<Self>> {
        let known_to_have_moved = self.status.is_settled() || self.is_mismatched();
        if !known_to_have_moved {
            // It counts as not carried out, so that its money lies where it came from already.
            return Ok(Decision::new(self));
        }
        let new =
            NewMove { id: None, amount: None, proven: told.signed, disputed, on_credit: told.on_credit };
        match returned {
            Returned::Total { amount } => {
                let left = amount.checked_sub(told.explained)?;
                if left.is_zero() || left.is_negative() {
                    return Ok(Decision::new(self));
                }
                self.moved_by_provider(&NewMove { amount: Some(left), ..new }, context)
            }
            Returned::One { id, amount, failed: true } => {
                if self.move_named(id).is_none() {
                    return Ok(self.move_failed(id, *amount, context));
                }
                let Some(open) = self.open_move_mut(id) else {
                    // A call that nobody has signed puts nothing into a wallet.
                    return if told.signed {
                        self.booked_move_failed(id, context)
                    } else {
                        Ok(Decision::new(self))
                    };
                };
                open.state = MoveState::Failed;
                let noted = Decision::new(self).event(PaymentEvent::TransactionUpdated);
                noted.thaw_unless(disputed, context)
            }
            Returned::One { id, .. } if self.move_named(id).is_some() => Ok(Decision::new(self)),
            Returned::One { id, amount, failed: false } => {
                let left = match amount {
                    Some(amount) => Some(self.name_move(id, *amount)?),
                    None => None,
                };
                if left.is_some_and(Money::is_zero) {
                    return Ok(Decision::new(self));
                }
                self.moved_by_provider(&NewMove { id: Some(id), amount: left, ..new }, context)
            }
        }
    }

    /// Whether a proof that anybody could have sent is about so much money that the provider is
    /// asked before it counts.
    fn needs_confirmation(&self, proof: &Proof, context: &crate::booking::Context<'_>) -> bool {
        let gross = self.amount.gross;
        // A limit in another currency says nothing of this amount: then the provider is asked.
        let large = gross.exceeds(context.policy.payment.confirm_above).unwrap_or(true);
        let as_asked = proof.amount.is_none_or(|amount| amount == gross);
        large && as_asked && self.kind.is_incoming() && !self.status.is_settled() && !self.is_mismatched()
    }

    /// Asks the provider about a payment that an unverified call may tell of.
    pub(super) fn doubted(mut self, context: &crate::booking::Context<'_>) -> Decision<Self> {
        let is_asked = self.status.is_open() && !self.wants_sending() && !self.is_mismatched();
        if self.kind.is_incoming() && is_asked && !self.gateway.awaits_confirmation {
            self.0.gateway.awaits_confirmation = true;
            self.0.gateway.next_at = Some(context.now);
        }
        Decision::new(self)
    }

    /// Notes what an unsigned call claims, and asks the provider about it.
    fn claimed_settled(mut self, proof: &Proof, context: &crate::booking::Context<'_>) -> Decision<Self> {
        let link = &mut self.0.gateway;
        link.awaits_confirmation = true;
        link.next_at = Some(context.now);
        link.reference = link.reference.take().or_else(|| proof.reference.clone());
        link.receipt = link.receipt.take().or_else(|| proof.receipt.clone());
        Decision::new(self)
    }

    /// Takes in the receipt of a payment that is settled. Details that contradict it are for a
    /// person.
    fn detailed(mut self, proof: &Proof) -> Decision<Self> {
        if !self.status.is_settled() {
            return Decision::new(self);
        }
        if proof.amount.is_some_and(|amount| amount != self.amount.gross) {
            self.0.gateway.needs_person = true;
            return Decision::new(self).event(crate::payment::PaymentEvent::PaymentNeedsPerson);
        }
        let known = self.gateway.receipt.as_ref();
        if known.is_some() && proof.receipt.is_some() && known != proof.receipt.as_ref() {
            // One operation has one receipt: which of two it is, the provider's own page shows.
            self.0.gateway.needs_person = true;
            return Decision::new(self).event(crate::payment::PaymentEvent::PaymentNeedsPerson);
        }
        if self.gateway.receipt.is_none() {
            self.0.gateway.receipt.clone_from(&proof.receipt);
        }
        Decision::new(self)
    }
}
