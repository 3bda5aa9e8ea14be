//! Money that a provider moved back without our order: a refund made or a payout reversed on the provider's
//! own page.

use super::Context;
use super::{
    Cause, MoveDoubt, MoveState, OnProviderMove, PaymentEvent, ProviderMove, Transaction, TransactionKind,
    TransactionStatus,
};
use crate::{
    account::User,
    decide::Decision,
    kernel::{Code, Error, Id, Money, Result, Rule, Violation},
    ledger::Account,
};

/// The reason of a refund that books money moved back by the provider.
const REASON: &str = "refunded at the provider";

/// The suffix of the id of a return that has the same receipt as its payment.
pub(crate) const OF_SAME_RECEIPT: &str = "/reversal";

/// A reported return of money that is not recorded yet.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewMove<'a> {
    /// The provider's id; `None` if only a running total reports it.
    pub(crate) id: Option<&'a str>,
    /// The amount; `None` if it is unknown.
    pub(crate) amount: Option<Money>,
    /// Whether the report is known to come from the provider.
    pub(crate) proven: bool,
    /// Whether the owner of an empty wallet owes the amount.
    pub(crate) on_credit: bool,
}

impl Transaction {
    /// Whether staff have to decide on money that the provider moved back without our order.
    #[must_use]
    pub fn has_open_move(&self) -> bool {
        self.provider_moves.iter().any(|moved| moved.state == MoveState::Open)
    }

    /// Whether the provider has taken back money of the transaction, or may have. Until that is decided, no
    /// more of its money is moved.
    #[must_use]
    pub fn is_blocked(&self) -> bool {
        self.is_contested() || self.has_open_move()
    }

    /// The recorded return of money with this provider id.
    pub(crate) fn move_named(&self, id: &str) -> Option<&ProviderMove> {
        self.provider_moves.iter().find(|moved| moved.id.as_deref() == Some(id))
    }

    /// The total that the provider moved back without our order, in these states.
    pub(crate) fn moved_back(&self, states: &[MoveState]) -> Result<Money> {
        let currency = self.amount.currency();
        let counted = self.provider_moves.iter().filter(|moved| states.contains(&moved.state));
        let amounts = counted.filter_map(|moved| moved.amount).filter(|sum| sum.currency() == currency);
        Ok(Money::sum(currency, amounts)?)
    }

    /// Assigns a provider's id to a return that a running total has reported before. Returns the part of the
    /// amount that no total has reported.
    pub(crate) fn name_move(&mut self, id: &str, amount: Money) -> Result<Money> {
        let mut left = amount;
        let mut named = Vec::new();
        for moved in &mut self.0.provider_moves {
            let Some(reported) =
                moved.amount.filter(|_| moved.id.is_none() && moved.state != MoveState::Failed)
            else {
                continue;
            };
            if left.is_zero() || reported.currency() != left.currency() {
                continue;
            }
            if !reported.exceeds(left)? {
                moved.id = Some(id.to_owned());
                left = left.checked_sub(reported)?;
            } else {
                moved.amount = Some(reported.checked_sub(left)?);
                named.push(ProviderMove { id: Some(id.to_owned()), amount: Some(left), ..moved.clone() });
                left = Money::zero(left.currency());
            }
        }
        self.0.provider_moves.extend(named);
        Ok(left)
    }

    /// Records that a return of money failed before its success was reported. A later report of it is not
    /// counted.
    pub(super) fn move_failed(
        mut self,
        id: &str,
        amount: Option<Money>,
        context: &Context<'_>,
    ) -> Decision<Self> {
        self.0.provider_moves.push(ProviderMove {
            id: Some(id.to_owned()),
            amount,
            at: context.now,
            state: MoveState::Failed,
            doubt: None,
            transaction: None,
            decided: None,
        });
        Decision::new(self).event(PaymentEvent::TransactionUpdated)
    }

    /// Records the failure of the parts of a return that await a decision of staff.
    pub(super) fn open_move_failed(mut self, id: &str, context: &Context<'_>) -> Result<Decision<Self>> {
        let is_open =
            |moved: &&mut ProviderMove| moved.id.as_deref() == Some(id) && moved.state == MoveState::Open;
        let mut any = false;
        for open in self.0.provider_moves.iter_mut().filter(is_open) {
            open.state = MoveState::Failed;
            any = true;
        }
        let decision = Decision::new(self);
        if !any {
            return Ok(decision);
        }
        decision.event(PaymentEvent::TransactionUpdated).unfreeze_unless_blocked(context)
    }

    /// Whether a refund books exactly the return with an id, so that the refund fails if the return fails. It
    /// does not if a running total has reported several returns as one, if a return was reported in parts, or
    /// if a part was the platform's loss.
    pub(crate) fn is_whole_move(&self, id: &str, refund: &Transaction) -> bool {
        let is_of_it =
            |moved: &&ProviderMove| moved.id.as_deref() == Some(id) || moved.transaction == Some(refund.id);
        let mut of_it = self.provider_moves.iter().filter(is_of_it);
        match (of_it.next(), of_it.next()) {
            (Some(moved), None) => moved.amount == Some(refund.amount.gross),
            // It is a refund of our own.
            (None, _) => true,
            (Some(_), Some(_)) => false,
        }
    }

    /// Books the failure of a return that was booked as a part of a refund, or as a loss: the platform has
    /// the money. The refunded part goes into the payer's wallet, as after a failed refund; the loss is
    /// reversed.
    pub(super) fn booked_move_failed(mut self, id: &str, context: &Context<'_>) -> Result<Decision<Self>> {
        let Some(provider) = self.gateway.provider.filter(|_| self.kind.is_incoming()) else {
            return Ok(Decision::new(self));
        };
        let zero = Money::zero(self.amount.currency());
        let (mut all, mut given_back) = (zero, zero);
        let refunds = &self.0.refunds;
        for moved in &mut self.0.provider_moves {
            if moved.id.as_deref() != Some(id) || moved.state != MoveState::Booked {
                continue;
            }
            let part = refunds
                .iter()
                .find(|part| moved.transaction.is_some() && part.transaction == moved.transaction);
            let amount = moved.amount.unwrap_or(zero);
            all = all.checked_add(amount)?;
            given_back = given_back.checked_add(part.map_or(zero, |part| part.amount).try_min(amount)?)?;
            moved.state = MoveState::Failed;
        }
        if all.is_zero() {
            return Ok(Decision::new(self));
        }
        let wallet = self.payer.map_or(Account::Losses, Account::Wallet);
        let postings = [
            (Account::Clearing(provider), all.negated()),
            (wallet, given_back),
            (Account::Losses, all.checked_sub(given_back)?),
        ];
        let failed = Decision::new(self).event(PaymentEvent::TransactionUpdated);
        failed.post("refund that did not arrive", context, postings)
    }

    /// Books a return of money, or leaves it to staff.
    ///
    /// # Errors
    /// Errors of the ledger.
    pub(super) fn moved_by_provider(
        self,
        reported: &NewMove<'_>,
        context: &Context<'_>,
    ) -> Result<Decision<Self>> {
        match (self.doubt(reported, context)?, reported.amount) {
            (None, Some(amount)) if self.kind.is_incoming() => {
                let id = reported.id.map(str::to_owned);
                self.book_refund(amount, id, reported.on_credit, context)
            }
            (None, Some(amount)) => self.book_return(amount, reported.id, context),
            (doubt, _) => self.leave_to_staff(reported, doubt.unwrap_or(MoveDoubt::UnknownAmount), context),
        }
    }

    /// The reason why a return cannot be booked without a decision of staff, if any.
    fn doubt(&self, reported: &NewMove<'_>, context: &Context<'_>) -> Result<Option<MoveDoubt>> {
        let Some(amount) = reported.amount else {
            return Ok(Some(MoveDoubt::UnknownAmount));
        };
        if amount.currency() != self.amount.currency() {
            return Ok(Some(MoveDoubt::Currency));
        }
        if !reported.proven {
            return Ok(Some(MoveDoubt::Unsigned));
        }
        if context.policy.on_provider_move == OnProviderMove::AskPerson {
            return Ok(Some(MoveDoubt::Policy));
        }
        if !self.kind.is_incoming() {
            let left =
                self.amount.net.checked_sub(self.moved_back(&[MoveState::Booked, MoveState::Open])?)?;
            if amount.exceeds(left)? {
                return Ok(Some(MoveDoubt::Exceeds));
            }
            return Ok(self.set_aside_from().is_none().then_some(MoveDoubt::NoOwner));
        }
        if !self.status.is_settled() {
            return Ok(Some(MoveDoubt::KeptApart));
        }
        if self.is_contested() {
            return Ok(Some(MoveDoubt::Contested));
        }
        if context.inputs.is_disputed() {
            return Ok(Some(MoveDoubt::Disputed));
        }
        Ok(amount.exceeds(self.captured()?)?.then_some(MoveDoubt::Exceeds))
    }

    fn leave_to_staff(
        mut self,
        reported: &NewMove<'_>,
        doubt: MoveDoubt,
        context: &Context<'_>,
    ) -> Result<Decision<Self>> {
        self.0.provider_moves.push(ProviderMove {
            id: reported.id.map(str::to_owned),
            amount: reported.amount,
            at: context.now,
            state: MoveState::Open,
            doubt: Some(doubt),
            transaction: None,
            decided: None,
        });
        let decision = Decision::new(self).event(PaymentEvent::PaymentNeedsPerson);
        if decision.next.kind == TransactionKind::BookingPayment {
            return decision.and_then(|transaction| transaction.freeze(context));
        }
        Ok(decision)
    }

    /// Books a refund that the provider made without our order, out of the parties' shares, like a refund of
    /// our own. The refund is a transaction, completed from the beginning, with the provider's id as its
    /// reference.
    fn book_refund(
        mut self,
        amount: Money,
        id: Option<String>,
        on_credit: bool,
        context: &Context<'_>,
    ) -> Result<Decision<Self>> {
        let provider = self.gateway.provider;
        let provider =
            provider.ok_or_else(|| self.refuse(Rule::PAYMENT_METHOD, "the money is not at a provider"))?;
        let reference = self.reference_of(id.as_deref());
        self.0.provider_moves.push(ProviderMove {
            id,
            amount: Some(amount),
            at: context.now,
            state: MoveState::Booked,
            doubt: None,
            transaction: None,
            decided: None,
        });
        let zero = Money::zero(amount.currency());
        self.refund_carried_out(amount, zero, provider, (REASON, reference), on_credit, context)
    }

    /// The provider's id of a return, as the reference of the refund that books it. If a return was reported
    /// in parts, only the first part gets the reference.
    fn reference_of(&self, id: Option<&str>) -> Option<String> {
        let has_it = |moved: &ProviderMove| moved.id.as_deref() == id && moved.transaction.is_some();
        id.filter(|_| !self.provider_moves.iter().any(has_it)).map(str::to_owned)
    }

    /// Books a refund that the provider has already carried out: `amount` out of the parties' shares, and
    /// `beyond` as the platform's loss.
    pub(super) fn refund_carried_out(
        self,
        amount: Money,
        beyond: Money,
        provider: crate::transaction::PaymentMethod,
        (reason, name): (&str, Option<String>),
        on_credit: bool,
        context: &Context<'_>,
    ) -> Result<Decision<Self>> {
        let before = self.clone();
        let mut decision = if amount.is_zero() {
            Decision::new(self)
        } else {
            let portions = self.net_shares()?.portions(amount)?;
            let sources = self.sources_of(&portions, on_credit)?;
            Decision::new(self).refund_from(amount, Some(portions), sources, reason, context)?
        };
        let gone = amount.checked_add(beyond)?;
        let mut postings = vec![(Account::Losses, beyond.negated()), (Account::Clearing(provider), gone)];
        if let Some(created) = decision.effects.created.last_mut() {
            let refund = &mut created.value;
            // The payer has the money already, so nothing is sent.
            refund.0.status = TransactionStatus::Completed;
            refund.0.completed_at = Some(context.now);
            refund.0.gateway.next_at = None;
            let receipt = name.as_deref().map(|name| name.strip_suffix(OF_SAME_RECEIPT).unwrap_or(name));
            refund.0.gateway.receipt = receipt.map(str::to_owned);
            refund.0.gateway.reference = name;
            postings.push((Account::Reserved(refund.id), amount.negated()));
            let (id, original) = (refund.id, Some(before.id));
            created.events.push(PaymentEvent::RefundProcessed { original, amount, to_wallet: false });
            let last = decision.next.0.provider_moves.last_mut();
            if let Some(moved) = last.filter(|moved| moved.state == MoveState::Booked && reason == REASON) {
                moved.transaction = Some(id);
            }
        }
        decision.post(reason, context, postings)
    }

    /// Books a full or partial return of a payout; the amount is owed again. The fee is returned with the
    /// last part.
    fn book_return(
        mut self,
        amount: Money,
        id: Option<&str>,
        context: &Context<'_>,
    ) -> Result<Decision<Self>> {
        let (Some(account), Some(provider)) = (self.set_aside_from(), self.gateway.provider) else {
            return Err(
                self.refuse(Rule::TRANSITION, "the transaction has no outgoing money that could be returned")
            );
        };
        self.0.provider_moves.push(ProviderMove {
            id: id.map(str::to_owned),
            amount: Some(amount),
            at: context.now,
            state: MoveState::Booked,
            doubt: None,
            transaction: None,
            decided: None,
        });
        let whole = self.moved_back(&[MoveState::Booked])? == self.amount.net;
        let to = if whole { TransactionStatus::Refunded } else { TransactionStatus::PartiallyRefunded };
        if self.status != to {
            self.transition_to(to, Cause::GivenBack)?;
        }
        if self.kind == TransactionKind::TechnicianPayout {
            self.schedule_settlement(context);
        }
        let zero = Money::zero(amount.currency());
        let fee = if whole { self.amount.platform_fee } else { zero };
        let postings = [
            (Account::Clearing(provider), amount.negated()),
            (Account::PlatformRevenue, fee.negated()),
            (account, amount.checked_add(fee)?),
        ];
        let returned = PaymentEvent::PayoutReturned { amount, whole };
        Decision::new(self).event(returned).post("payout that came back", context, postings)
    }

    /// Staff decide on the oldest open return of money: it is booked, or it is dismissed. The amount is
    /// booked up to what is left of the transaction; anything beyond is the platform's loss. `amount` is what
    /// staff have found out if the provider did not report it.
    ///
    /// # Errors
    /// [`Error::Forbidden`] unless the actor is a member of staff and neither the payer nor the payee;
    /// [`Rule::ALREADY_DECIDED`] if no decision is pending; violations of `amount`; [`Rule::UNDER_REVIEW`]
    /// while a bank has to decide; errors of the ledger.
    pub fn decide_provider_move(
        mut self,
        book: bool,
        amount: Option<Money>,
        on_credit: bool,
        context: &Context<'_>,
    ) -> Result<Decision<Self>> {
        Self::require_staff(&context.actor)?;
        self.require_disinterested(&context.actor, context.inputs.booking)?;
        let by = context.actor.id().ok_or_else(|| Error::forbidden("only a user can decide this"))?;
        let Some(index) = self.provider_moves.iter().position(|moved| moved.state == MoveState::Open) else {
            return Err(self.refuse(Rule::ALREADY_DECIDED, "no decision is pending"));
        };
        // It is moved to the end of the list.
        let mut moved = self.0.provider_moves.remove(index);
        moved.decided = Some((context.now, by));
        if !book {
            moved.state = MoveState::Dismissed;
            self.0.provider_moves.push(moved);
            return Decision::new(self)
                .event(PaymentEvent::TransactionUpdated)
                .unfreeze_unless_blocked(context);
        }
        let amount = self.decided_amount(moved.amount, amount)?;
        let doubt = (moved.doubt, moved.decided);
        let decided = if self.kind.is_incoming() {
            self.book_decided_refund(amount, moved, on_credit, context)?
        } else {
            let left = self.amount.net.checked_sub(self.moved_back(&[MoveState::Booked])?)?;
            if amount.exceeds(left)? {
                let message = format!("must be at most {left}, the rest of the payout");
                return Err(Violation::new("amount", Code::OutOfRange, message).into());
            }
            let mut booked = self.book_return(amount, moved.id.as_deref(), context)?;
            if let Some(last) = booked.next.0.provider_moves.last_mut() {
                (last.doubt, last.decided) = doubt;
            }
            booked
        };
        decided.unfreeze_unless_blocked(context)
    }

    /// The amount that staff book: the amount that the provider reported, or the amount found out where the
    /// report cannot be booked.
    fn decided_amount(&self, reported: Option<Money>, found: Option<Money>) -> Result<Money> {
        let violation = |code, message: String| Error::from(Violation::new("amount", code, message));
        let currency = self.amount.currency();
        let reported = reported.filter(|reported| reported.currency() == currency);
        let amount = found.or(reported).ok_or_else(|| {
            violation(Code::Required, "is required, since the provider did not report it".to_owned())
        })?;
        if amount.currency() != currency {
            return Err(violation(Code::Currency, format!("must be in {}", currency.code())));
        }
        if reported.is_some_and(|reported| reported != amount) {
            return Err(violation(
                Code::OutOfRange,
                format!("must be {}, which the provider reported", reported.unwrap_or(amount)),
            ));
        }
        if amount.is_zero() || amount.is_negative() || amount != amount.to_minor_unit() {
            return Err(violation(
                Code::OutOfRange,
                "must be above zero, without a fraction of the smallest unit".to_owned(),
            ));
        }
        Ok(amount)
    }

    fn book_decided_refund(
        mut self,
        amount: Money,
        moved: ProviderMove,
        on_credit: bool,
        context: &Context<'_>,
    ) -> Result<Decision<Self>> {
        if self.is_contested() {
            return Err(self.refuse(Rule::UNDER_REVIEW, "the payer's bank must decide first"));
        }
        let provider = self.gateway.provider;
        let provider =
            provider.ok_or_else(|| self.refuse(Rule::PAYMENT_METHOD, "the money is not at a provider"))?;
        let (id, name) = (self.id, self.reference_of(moved.id.as_deref()));
        let kept = self.mismatch.as_ref().filter(|mismatch| mismatch.decided.is_none());
        let kept = kept.and_then(|mismatch| mismatch.received);
        let decided = moved.decided;
        self.0.provider_moves.push(ProviderMove { amount: Some(amount), state: MoveState::Booked, ..moved });
        if kept == Some(amount) {
            // The money never counted as the payment: it was held apart, and has been returned from there.
            if let Some(mismatch) = self.0.mismatch.as_mut() {
                mismatch.decided = decided;
            }
            let postings = [(Account::Reserved(id), amount.negated()), (Account::Clearing(provider), amount)];
            let resolved = PaymentEvent::PaymentMismatchResolved { completed: false };
            return self.fail_received(context)?.event(resolved).post(REASON, context, postings);
        }
        let left = self.captured()?;
        let back = amount.try_min(left)?;
        let beyond = amount.checked_sub(back)?;
        self.refund_carried_out(back, beyond, provider, (REASON, name), on_credit, context)
    }
}

impl Decision<Transaction> {
    /// Releases the frozen share, unless the booking is disputed or something else still blocks it.
    pub(super) fn unfreeze_unless_blocked(self, context: &Context<'_>) -> Result<Self> {
        if context.inputs.is_disputed() || self.next.is_blocked() {
            return Ok(self);
        }
        self.and_then(|transaction| transaction.unfreeze(context))
    }

    /// Deducts what a provider gave back from the statistics of customer and technician.
    pub(crate) fn count_moved(self, customer: Option<Id<User>>, before: &Transaction) -> Result<Self> {
        let after = self.next.clone();
        if before.kind.is_incoming() { self.count_returned(customer, (before, &after)) } else { Ok(self) }
    }
}
