//! Money that a provider moved back without our order: a refund made on the provider's own page, a
//! payout reversed there.

use super::{
    Cause, MoveDoubt, MoveState, OnProviderMove, PaymentEvent, ProviderMove, Transaction, TransactionKind,
    TransactionStatus,
};
use crate::{
    account::User,
    booking::{Booking, BookingStatus, Context},
    decide::Decision,
    kernel::{Code, Error, Id, Money, Result, Rule, Violation},
    ledger::Account,
};

/// Why money went back, in the books.
const REASON: &str = "refunded at the provider";

/// What follows the receipt of a payment in the name of a return of money that bears the same
/// receipt.
pub(super) const OF_SAME_RECEIPT: &str = "/reversal";

/// One return of money that is certain, and that nobody has counted yet.
#[derive(Debug, Clone, Copy)]
pub(super) struct NewMove<'a> {
    /// The provider's name for it; `None` where only a running total tells of it.
    pub(super) id: Option<&'a str>,
    /// How much; `None` where nobody has said.
    pub(super) amount: Option<Money>,
    /// Whether whoever tells of it is known to be the provider.
    pub(super) proven: bool,
    /// Whether the booking is disputed.
    pub(super) disputed: bool,
    /// Whether a wallet that is empty by now makes its owner owe the sum.
    pub(super) on_credit: bool,
}

impl Transaction {
    /// Whether a person has to decide on money that the provider moved back without our order.
    #[must_use]
    pub fn has_open_move(&self) -> bool {
        self.provider_moves.iter().any(|moved| moved.state == MoveState::Open)
    }

    /// Whether the provider has taken money of it back, or may have, so that nothing more of it may
    /// go anywhere.
    #[must_use]
    pub fn is_blocked(&self) -> bool {
        self.is_contested() || self.has_open_move()
    }

    /// What is noted of a return of money under the provider's name for it.
    pub(super) fn move_named(&self, id: &str) -> Option<&ProviderMove> {
        self.provider_moves.iter().find(|moved| moved.id.as_deref() == Some(id))
    }

    /// The return of money under a name that waits for a person.
    pub(super) fn open_move_mut(&mut self, id: &str) -> Option<&mut ProviderMove> {
        let is_it =
            |moved: &&mut ProviderMove| moved.id.as_deref() == Some(id) && moved.state == MoveState::Open;
        self.0.provider_moves.iter_mut().find(is_it)
    }

    /// What the provider moved back without our order, as far as it is booked or waits for a
    /// person.
    pub(super) fn moved_back(&self, states: &[MoveState]) -> Result<Money> {
        let currency = self.amount.currency();
        let counted = self.provider_moves.iter().filter(|moved| states.contains(&moved.state));
        let amounts = counted.filter_map(|moved| moved.amount).filter(|sum| sum.currency() == currency);
        Ok(Money::sum(currency, amounts)?)
    }

    /// Gives the provider's name for a return of money to what a running total has told of it
    /// before. Answers with what of the amount no total has told.
    pub(super) fn name_move(&mut self, id: &str, amount: Money) -> Result<Money> {
        let mut left = amount;
        let mut named = Vec::new();
        for moved in &mut self.0.provider_moves {
            let Some(told) = moved.amount.filter(|_| moved.id.is_none() && moved.state != MoveState::Failed)
            else {
                continue;
            };
            if left.is_zero() || told.currency() != left.currency() {
                continue;
            }
            if !told.exceeds(left)? {
                moved.id = Some(id.to_owned());
                left = left.checked_sub(told)?;
            } else {
                moved.amount = Some(told.checked_sub(left)?);
                named.push(ProviderMove { id: Some(id.to_owned()), amount: Some(left), ..moved.clone() });
                left = Money::zero(left.currency());
            }
        }
        self.0.provider_moves.extend(named);
        Ok(left)
    }

    /// Notes that a return of money has failed before anybody told that it was made: it is not
    /// counted when that is told.
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

    /// Whether a refund is the whole of the booked return under a name: then what becomes of the return
    /// becomes of the refund. It is not where a running total has told of several returns as one, where a
    /// name was told in parts, and where a part was the platform's loss.
    pub(super) fn is_whole_move(&self, id: &str, refund: &Transaction) -> bool {
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

    /// Books that a return of money has failed which is booked as a part of a refund, or as a loss: the money
    /// is with us. What counts as given back goes into the payer's wallet, as a refund does that fails; a
    /// loss is none any more.
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

    /// Takes in a return of money: it is booked, or put before a person.
    ///
    /// # Errors
    /// Those of the ledger.
    pub(super) fn moved_by_provider(
        self,
        told: &NewMove<'_>,
        context: &Context<'_>,
    ) -> Result<Decision<Self>> {
        match (self.doubt(told, context)?, told.amount) {
            (None, Some(amount)) if self.kind.is_incoming() => {
                let id = told.id.map(str::to_owned);
                self.book_refund(amount, id, told.on_credit, context)
            }
            (None, Some(amount)) => self.book_return(amount, told.id, context),
            (doubt, _) => self.ask_person(told, doubt.unwrap_or(MoveDoubt::UnknownAmount), context),
        }
    }

    /// Why it cannot be booked without a person, if so.
    fn doubt(&self, told: &NewMove<'_>, context: &Context<'_>) -> Result<Option<MoveDoubt>> {
        let Some(amount) = told.amount else {
            return Ok(Some(MoveDoubt::UnknownAmount));
        };
        if amount.currency() != self.amount.currency() {
            return Ok(Some(MoveDoubt::Currency));
        }
        if !told.proven {
            return Ok(Some(MoveDoubt::Unsigned));
        }
        if context.policy.payment.on_provider_move == OnProviderMove::AskPerson {
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
        if told.disputed {
            return Ok(Some(MoveDoubt::Disputed));
        }
        Ok(amount.exceeds(self.captured()?)?.then_some(MoveDoubt::Exceeds))
    }

    fn ask_person(
        mut self,
        told: &NewMove<'_>,
        doubt: MoveDoubt,
        context: &Context<'_>,
    ) -> Result<Decision<Self>> {
        self.0.provider_moves.push(ProviderMove {
            id: told.id.map(str::to_owned),
            amount: told.amount,
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

    /// Books a refund that the provider has carried out without our order, out of the parties'
    /// shares, as a refund of our own is. The refund is a transaction, complete from the beginning,
    /// under the provider's name.
    fn book_refund(
        mut self,
        amount: Money,
        id: Option<String>,
        on_credit: bool,
        context: &Context<'_>,
    ) -> Result<Decision<Self>> {
        let provider = self.gateway.provider;
        let provider =
            provider.ok_or_else(|| self.refuse(Rule::PAYMENT_METHOD, "no provider has this money"))?;
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

    /// The provider's name for a return, as the reference of the refund that books it: of a name that was
    /// told in parts, the first part has it.
    fn reference_of(&self, id: Option<&str>) -> Option<String> {
        let has_it = |moved: &ProviderMove| moved.id.as_deref() == id && moved.transaction.is_some();
        id.filter(|_| !self.provider_moves.iter().any(has_it)).map(str::to_owned)
    }

    /// A refund that whoever holds the money has carried out already: `amount` out of the parties'
    /// shares, and `beyond` at the platform's loss.
    pub(super) fn refund_carried_out(
        self,
        amount: Money,
        beyond: Money,
        provider: crate::booking::PaymentMethod,
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
            Decision::new(self).give_back(amount, Some(portions), sources, reason, context)?
        };
        let gone = amount.checked_add(beyond)?;
        let mut postings = vec![(Account::Losses, beyond.negated()), (Account::Clearing(provider), gone)];
        if let Some(created) = decision.effects.created.last_mut() {
            let refund = &mut created.value;
            // The money is with the payer already: nobody is asked to send it.
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

    /// Books a payout, or a part of one, that came back: it is owed again. With the last of it the
    /// fee comes back, too.
    fn book_return(
        mut self,
        amount: Money,
        id: Option<&str>,
        context: &Context<'_>,
    ) -> Result<Decision<Self>> {
        let (Some(account), Some(provider)) = (self.set_aside_from(), self.gateway.provider) else {
            return Err(self.refuse(Rule::TRANSITION, "nothing could come back of this"));
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
            self.go(to, Cause::GivenBack)?;
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

    /// A person decides on the oldest return of money that waits for it: it is booked, or it is
    /// not. Booked is what is left of the transaction; what the provider moved beyond that is the
    /// platform's loss. `amount` is what the person has found out where the provider did not say.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for others than staff, and for who pays or is paid by it;
    /// [`Rule::ALREADY_DECIDED`] where there is nothing to decide; violations of `amount`;
    /// [`Rule::UNDER_REVIEW`] while a bank has to decide; those of the ledger.
    pub fn decide_provider_move(
        mut self,
        book: bool,
        amount: Option<Money>,
        booking: Option<&Booking>,
        on_credit: bool,
        context: &Context<'_>,
    ) -> Result<Decision<Self>> {
        Self::require_staff(&context.actor)?;
        self.require_disinterested(&context.actor, booking)?;
        let disputed = booking.is_some_and(|booking| booking.status == BookingStatus::Disputed);
        let by = context.actor.id().ok_or_else(|| Error::forbidden("a person decides this"))?;
        let Some(index) = self.provider_moves.iter().position(|moved| moved.state == MoveState::Open) else {
            return Err(self.refuse(Rule::ALREADY_DECIDED, "there is nothing to decide"));
        };
        // It is taken out, decided, and put at the end.
        let mut moved = self.0.provider_moves.remove(index);
        moved.decided = Some((context.now, by));
        if !book {
            moved.state = MoveState::Dismissed;
            self.0.provider_moves.push(moved);
            return Decision::new(self)
                .event(PaymentEvent::TransactionUpdated)
                .thaw_unless(disputed, context);
        }
        let amount = self.decided_amount(moved.amount, amount)?;
        let doubt = (moved.doubt, moved.decided);
        let decided = if self.kind.is_incoming() {
            self.book_decided_refund(amount, moved, on_credit, context)?
        } else {
            let left = self.amount.net.checked_sub(self.moved_back(&[MoveState::Booked])?)?;
            if amount.exceeds(left)? {
                let message = format!("{left} of this payout can have come back");
                return Err(Violation::new("amount", Code::OutOfRange, message).into());
            }
            let mut booked = self.book_return(amount, moved.id.as_deref(), context)?;
            if let Some(last) = booked.next.0.provider_moves.last_mut() {
                (last.doubt, last.decided) = doubt;
            }
            booked
        };
        decided.thaw_unless(disputed, context)
    }

    /// What a person books: what the provider told, or, where it told nothing that can be booked,
    /// what the person has found out.
    fn decided_amount(&self, told: Option<Money>, found: Option<Money>) -> Result<Money> {
        let violation = |code, message: String| Error::from(Violation::new("amount", code, message));
        let currency = self.amount.currency();
        let told = told.filter(|told| told.currency() == currency);
        let amount = found.or(told).ok_or_else(|| {
            violation(
                Code::Required,
                "the provider did not say how much moved: say how much it was".to_owned(),
            )
        })?;
        if amount.currency() != currency {
            return Err(violation(Code::Currency, format!("this was paid in {}", currency.code())));
        }
        if told.is_some_and(|told| told != amount) {
            return Err(violation(
                Code::OutOfRange,
                format!("the provider moved {}", told.unwrap_or(amount)),
            ));
        }
        if amount.is_zero() || amount.is_negative() || amount != amount.to_minor_unit() {
            return Err(violation(
                Code::OutOfRange,
                "this is above zero, without a fraction of a cent".to_owned(),
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
            return Err(self.refuse(Rule::UNDER_REVIEW, "the payer's bank has to decide first"));
        }
        let provider = self.gateway.provider;
        let provider =
            provider.ok_or_else(|| self.refuse(Rule::PAYMENT_METHOD, "no provider has this money"))?;
        let (id, name) = (self.id, self.reference_of(moved.id.as_deref()));
        let kept = self.mismatch.as_ref().filter(|mismatch| mismatch.decided.is_none());
        let kept = kept.and_then(|mismatch| mismatch.received);
        let decided = moved.decided;
        self.0.provider_moves.push(ProviderMove { amount: Some(amount), state: MoveState::Booked, ..moved });
        if kept == Some(amount) {
            // The money never counted as the payment: it lies apart, and has gone back from there.
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
    /// Gives back what was frozen, unless something still holds it.
    pub(super) fn thaw_unless(self, disputed: bool, context: &Context<'_>) -> Result<Self> {
        if disputed || self.next.is_blocked() {
            return Ok(self);
        }
        self.and_then(|transaction| transaction.thaw(context))
    }

    /// Counts what its customer and technician lose by what a provider gave back.
    pub(super) fn count_moved(self, customer: Option<Id<User>>, before: &Transaction) -> Result<Self> {
        let after = self.next.clone();
        if before.kind.is_incoming() { self.count_returned(customer, (before, &after)) } else { Ok(self) }
    }
}
