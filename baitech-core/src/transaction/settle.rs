//! Applies a provider's proof that money has moved.

use chrono::{DateTime, Utc};

use super::Context;
use super::{
    Cause, MismatchKind, PaidBooking, PaymentEvent, Proof, Transaction, TransactionKind, TransactionStatus,
};
use crate::{
    decide::Decision,
    kernel::{Money, Result, Rule},
    ledger::Account,
    store::{Bound, ClaimKey},
    transaction::PaymentMethod,
};

/// The namespace of claims on receipts of incoming money: each receipt counts once, for one purpose.
pub(crate) const RECEIPT_CLAIMS: &str = "receipt";

/// The namespace of claims on providers' notices.
pub(crate) const NEWS_CLAIMS: &str = "news";

impl Transaction {
    /// Whether the payment's booking does not await it, so that its money would be refunded.
    #[must_use]
    pub fn is_orphan(&self, booking: Option<PaidBooking>) -> bool {
        self.kind == TransactionKind::BookingPayment
            && !self.status.is_settled()
            && booking.and_then(|booking| booking.awaits) != Some(self.id)
    }

    /// Applies a proof that money has moved. The same commit books the money to escrow, a wallet or a
    /// technician's account. Money for a booking that does not await it (any more) is refunded automatically,
    /// in a new transaction.
    ///
    /// Money that does not match the request does not complete the transaction: it is held apart until staff
    /// decide.
    ///
    /// # Errors
    /// Errors of the ledger; [`Error::Unavailable`](crate::kernel::Error::Unavailable) if a refund is
    /// needed and no number was drawn for it.
    pub fn settled(self, proof: &Proof, context: &Context<'_>) -> Result<Decision<Self>> {
        if let (Some(known), Some(reported)) = (&self.gateway.reference, &proof.reference)
            && known != reported
        {
            return self.mismatched(MismatchKind::Reference, None, None, context);
        }
        if self.status.is_settled() {
            return if self.is_second_payment(proof) {
                self.second_payment(proof, context)
            } else {
                Ok(self.repeated(proof))
            };
        }
        if self.is_mismatched() {
            return self.settled_after_mismatch(proof, context);
        }
        if self.is_decided(proof) {
            return Ok(Decision::new(self));
        }
        let expected = self.amount_at_provider();
        let receipt = proof.receipt.clone();
        if proof.amount.is_some_and(|amount| amount != expected) {
            return self.mismatched(MismatchKind::Amount, proof.amount, receipt, context);
        }
        if self.kind.is_incoming() && !self.can_be_payer(proof) {
            return self.mismatched(MismatchKind::Payer, Some(expected), receipt, context);
        }
        self.take_in(proof, context)
    }

    pub(super) fn take_in(mut self, proof: &Proof, context: &Context<'_>) -> Result<Decision<Self>> {
        if context.inputs.wallet_full && self.kind == TransactionKind::WalletTopup {
            return if self.is_mismatched() {
                self.refund_second_payment(proof, context)
            } else {
                let (received, receipt) = (self.amount_at_provider(), proof.receipt.clone());
                self.mismatched(MismatchKind::Limit, Some(received), receipt, context)
            };
        }
        let before = self.status;
        self.take_proof(proof, context.now);
        let arrived = self.gateway.provider.map(Account::Clearing);
        let claim = self.receipt_claim(proof.receipt.as_deref());
        Ok(self.complete(before, arrived, context)?.take_all(claim))
    }

    /// The claim on the receipt of incoming money.
    pub(super) fn receipt_claim(&self, receipt: Option<&str>) -> Option<ClaimKey> {
        let provider = self.gateway.provider.filter(|_| self.kind.is_incoming())?;
        Some(ClaimKey::new(RECEIPT_CLAIMS, format_args!("{}/{}", provider.as_str(), receipt?)))
    }

    /// Completes a transaction that moves money only in the ledger.
    ///
    /// # Errors
    /// Errors of the ledger. The commit may be refused with [`Rule::INSUFFICIENT_FUNDS`], and with
    /// [`Rule::DEBT_LIMIT`] if a company's debt would exceed its limit.
    pub fn settled_in_ledger(self, context: &Context<'_>) -> Result<Decision<Self>> {
        let from = match (self.method, self.payer) {
            (PaymentMethod::Wallet, Some(payer)) => Account::Wallet(payer),
            // On credit: the company owes the amount, and pays by bank transfer.
            (PaymentMethod::BankTransfer, Some(company)) => Account::Receivable(company),
            _ => return Err(self.refuse(Rule::PAYMENT_METHOD, "the payment method needs a provider")),
        };
        let before = self.status;
        let mut decision = self.complete(before, Some(from), context)?;
        if matches!(from, Account::Receivable(_)) {
            let most = context.policy.credit_limit;
            decision.effects.bounds.push(Bound::at_least(from, most.negated()));
        }
        if decision.next.kind == TransactionKind::CancellationFee {
            decision.effects.bounds.extend(decision.next.limit_of_receipts(context));
        }
        Ok(decision)
    }

    /// The amount that passes through the provider: a payout's fee stays with the platform.
    pub(super) fn amount_at_provider(&self) -> Money {
        if self.kind.is_incoming() { self.amount.gross } else { self.amount.net }
    }

    fn take_proof(&mut self, proof: &Proof, now: DateTime<Utc>) {
        let link = &mut self.0.gateway;
        link.reference = link.reference.take().or_else(|| proof.reference.clone());
        link.receipt = link.receipt.take().or_else(|| proof.receipt.clone());
        // A payment settled by a status query without a receipt requests the receipt.
        link.next_at = (self.0.kind.is_incoming() && link.receipt.is_none()).then_some(now);
        link.awaits_confirmation = false;
        self.0.gateway.needs_person = self.is_mismatched();
    }

    /// Handles a repeated proof, which adds at most a missing receipt. A proof that contradicts the books
    /// (the same receipt with another amount, outgoing money with two receipts) needs manual review.
    fn repeated(mut self, proof: &Proof) -> Decision<Self> {
        let known = self.gateway.receipt.as_ref();
        let same = known.is_some() && known == proof.receipt.as_ref();
        let other = known.is_some() && proof.receipt.is_some() && !same;
        let wrong_amount = same && proof.amount.is_some_and(|amount| amount != self.amount_at_provider());
        let gone_twice = other && !self.kind.is_incoming();
        if (wrong_amount || gone_twice) && self.mismatch.is_none() && !self.gateway.needs_person {
            self.0.gateway.needs_person = true;
            return Decision::new(self).event(PaymentEvent::PaymentNeedsPerson);
        }
        if self.gateway.receipt.is_none() && proof.receipt.is_some() {
            self.0.gateway.receipt.clone_from(&proof.receipt);
            self.0.gateway.next_at = None;
        }
        Decision::new(self)
    }

    pub(super) fn complete(
        mut self,
        before: TransactionStatus,
        at: Option<Account>,
        context: &Context<'_>,
    ) -> Result<Decision<Self>> {
        let Some(outside) = at else {
            return Err(
                self.refuse(Rule::PAYMENT_METHOD, "this kind of transaction has no counterpart account")
            );
        };
        let orphan = self.is_orphan(context.inputs.booking);
        self.transition_to(TransactionStatus::Completed, Cause::Settled)?;
        self.0.completed_at = Some(context.now);
        self.0.failure = None;
        let late = !before.is_open();
        let rejected = self.kind.is_incoming() && self.is_rejected();
        match self.kind {
            _ if rejected => self.refund_unawaited(outside, "the payment was not approved", context),
            TransactionKind::BookingPayment if orphan => {
                self.refund_unawaited(outside, "the booking no longer awaits a payment", context)
            }
            TransactionKind::BookingPayment => self.hold(outside, context),
            TransactionKind::Tip => {
                let payee = self.required(self.payee)?;
                self.schedule_settlement(context);
                self.receive(outside, Account::Payable(payee), "tip", context)
            }
            TransactionKind::WalletTopup => {
                let owner = self.required(self.payer)?;
                let received = self.receive(outside, Account::Wallet(owner), "wallet top-up", context)?;
                Ok(received.within_limit(context))
            }
            TransactionKind::CancellationFee => {
                let debtor = self.required(self.payer)?;
                self.receive(outside, Account::Receivable(debtor), "debt paid", context)
            }
            TransactionKind::TechnicianPayout
            | TransactionKind::WalletWithdrawal
            | TransactionKind::Refund => self.complete_outgoing(outside, late, context),
            TransactionKind::Penalty | TransactionKind::Subscription => {
                Err(self.refuse(Rule::TRANSITION, "this kind of transaction has no rules"))
            }
        }
    }

    pub(super) fn required<T>(&self, party: Option<T>) -> Result<T> {
        party.ok_or_else(|| self.refuse(Rule::TRANSITION, "the transaction lacks a required party"))
    }

    fn receive(
        self,
        from: Account,
        to: Account,
        what: &str,
        context: &Context<'_>,
    ) -> Result<Decision<Self>> {
        let gross = self.amount.gross;
        let event = PaymentEvent::PaymentReceived { kind: self.kind, amount: gross, booking: self.booking };
        Decision::new(self).event(event).post(what, context, [(from, gross.negated()), (to, gross)])
    }

    /// Puts the booking's payment into escrow.
    fn hold(mut self, from: Account, context: &Context<'_>) -> Result<Decision<Self>> {
        let Some(booking) = self.booking else {
            return Err(self.refuse(Rule::TRANSITION, "the transaction has no booking"));
        };
        self.0.escrow.held = true;
        self.0.escrow.held_at = Some(context.now);
        self.0.escrow.release_condition = Some("customer_verified".to_owned());
        let amount = self.amount.gross;
        let held = self.receive(from, Account::Escrow(booking), "payment held", context)?;
        Ok(held.event(PaymentEvent::EscrowHeld { booking, amount }))
    }

    /// Whether staff rejected it before its money arrived.
    fn is_rejected(&self) -> bool {
        let review = self.fraud.as_ref().and_then(|fraud| fraud.review.as_ref());
        review.is_some_and(|review| !review.approved)
    }

    /// Refunds money that nothing awaits: reserves it and returns it at once.
    fn refund_unawaited(self, from: Account, why: &str, context: &Context<'_>) -> Result<Decision<Self>> {
        let (id, gross) = (self.id, self.amount.gross);
        let received =
            PaymentEvent::PaymentReceived { kind: self.kind, amount: gross, booking: self.booking };
        let postings = [(from, gross.negated()), (Account::Reserved(id), gross)];
        let (shares, from) = (self.net_shares()?, [(Account::Reserved(id), gross)]);
        let kept =
            Decision::new(self).event(received).post("payment without a booking", context, postings)?;
        kept.refund_from(gross, Some(shares), from, why, context)
    }

    /// Books outgoing money. Its reservation is used up; if the reservation had been voided before, the
    /// recipient has the money twice.
    fn complete_outgoing(
        self,
        outside: Account,
        late: bool,
        context: &Context<'_>,
    ) -> Result<Decision<Self>> {
        let (id, gross, net) = (self.id, self.amount.gross, self.amount.net);
        let source = match (late, self.kind, self.payee) {
            (false, ..) => Account::Reserved(id),
            (true, TransactionKind::TechnicianPayout, Some(technician)) => Account::Payable(technician),
            (true, ..) => Account::Losses,
        };
        let (what, event) = match self.kind {
            TransactionKind::Refund => (
                "refund",
                PaymentEvent::RefundProcessed { original: self.original, amount: gross, to_wallet: false },
            ),
            TransactionKind::WalletWithdrawal => {
                ("wallet withdrawal", PaymentEvent::PayoutProcessed { amount: gross, net })
            }
            _ => ("payout", PaymentEvent::PayoutProcessed { amount: gross, net }),
        };
        let fee = self.amount.platform_fee;
        let postings = [(source, gross.negated()), (outside, net), (Account::PlatformRevenue, fee)];
        Decision::new(self).event(event).post(what, context, postings)
    }
}
