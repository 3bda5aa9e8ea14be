//! What happens when a provider proves that money has moved.

use chrono::{DateTime, Utc};

use super::{
    Amount, Cause, Mismatch, MismatchKind, NewTransaction, OnSecondReceipt, PaymentEvent, Proof, Transaction,
    TransactionKind, TransactionStatus,
};
use crate::{
    booking::{Booking, Context, PaymentMethod},
    decide::Decision,
    kernel::{Error, Money, Result, Rule, Text},
    ledger::Account,
    store::{Bound, ClaimKey, Stored},
};

/// The space of claims on receipts of money that came in: each counts once, and as one thing.
pub(crate) const RECEIPT_CLAIMS: &str = "receipt";

/// The claims on pieces of news that providers have told.
pub(crate) const NEWS_CLAIMS: &str = "news";

impl Transaction {
    /// Whether a proof of this payment would find no booking that wants it, so that its money has to go back.
    #[must_use]
    pub fn is_orphan(&self, booking: Option<&Booking>) -> bool {
        self.kind == TransactionKind::BookingPayment
            && !self.status.is_settled()
            && booking.is_none_or(|booking| !booking.awaits_payment(self.id))
    }

    /// Takes in a proof that the money has moved. The money goes where it belongs, in the same commit: into escrow, a wallet, a
    /// technician's account. Money for a booking that wants none (any more) goes back by itself, as the transaction of this number.
    ///
    /// Money that is not what was asked for completes nothing: it is kept apart until a person has decided.
    ///
    /// # Errors
    /// Those of the ledger; [`Error::Unavailable`] where money has to go back and no number was drawn for it.
    pub fn settled(
        self,
        proof: &Proof,
        booking: Option<&Stored<Booking>>,
        context: &Context<'_>,
    ) -> Result<Decision<Self>> {
        if let (Some(known), Some(told)) = (&self.gateway.reference, &proof.reference)
            && known != told
        {
            return self.mismatched(MismatchKind::Reference, None, None, context);
        }
        if self.status.is_settled() {
            return if self.is_another(proof) { self.another(proof, context) } else { Ok(self.noted(proof)) };
        }
        if self.is_mismatched() {
            return self.settled_after_all(proof, booking, context);
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
        self.take_in(proof, booking, context)
    }

    /// Takes in a proof after something was told that did not fit. Only what fits in every way counts: then the right money has come, and
    /// what was kept apart is either the same money, wrongly told before, or other money, which still waits for a person. More money that
    /// does not fit is a second receipt, of which the policy decides.
    fn settled_after_all(
        mut self,
        proof: &Proof,
        booking: Option<&Stored<Booking>>,
        context: &Context<'_>,
    ) -> Result<Decision<Self>> {
        let Some(mismatch) = self.mismatch.clone() else {
            return Ok(Decision::new(self));
        };
        let says_so = |amount| proof.amount.map_or(mismatch.received.is_none(), |told| told == amount);
        let fits =
            says_so(self.amount_at_provider()) && (!self.kind.is_incoming() || self.can_be_payer(proof));
        let same = mismatch.receipt == proof.receipt || !self.kind.is_incoming();
        // That another payer was named is contradicted by a name alone.
        let named = mismatch.kind != MismatchKind::Payer || !same || proof.payer.is_some();
        if !fits || !named {
            let another = self.is_another(proof);
            return if another { self.another(proof, context) } else { Ok(Decision::new(self)) };
        }
        let kept = mismatch.received.filter(|_| self.kind.is_incoming());
        match (kept, self.gateway.provider) {
            (Some(amount), Some(provider)) if same => {
                self.0.mismatch = None;
                let back =
                    [(Account::Reserved(self.id), amount.negated()), (Account::Clearing(provider), amount)];
                let corrected = Decision::new(self).post("correction of what was told", context, back)?;
                // The receipt is claimed already, for what was told wrongly.
                corrected.and_then(|transaction| transaction.take_in(proof, booking, context)).map(unclaimed)
            }
            (Some(_), _) => self.take_in(proof, booking, context),
            (None, _) => {
                self.0.mismatch = None;
                self.take_in(proof, booking, context)
            }
        }
    }

    fn take_in(
        mut self,
        proof: &Proof,
        booking: Option<&Stored<Booking>>,
        context: &Context<'_>,
    ) -> Result<Decision<Self>> {
        if context.wallet_full && self.kind == TransactionKind::WalletTopup {
            return if self.is_mismatched() {
                self.send_back_another(proof, context)
            } else {
                let (received, receipt) = (self.amount_at_provider(), proof.receipt.clone());
                self.mismatched(MismatchKind::Limit, Some(received), receipt, context)
            };
        }
        let before = self.status;
        self.take_proof(proof, context.now);
        let arrived = self.gateway.provider.map(Account::Clearing);
        let claim = self.receipt_claim(proof.receipt.as_deref());
        Ok(self.complete(before, arrived, booking, context)?.take_all(claim))
    }

    /// The claim on the receipt of money that comes in.
    fn receipt_claim(&self, receipt: Option<&str>) -> Option<ClaimKey> {
        let provider = self.gateway.provider.filter(|_| self.kind.is_incoming())?;
        Some(ClaimKey::new(RECEIPT_CLAIMS, format_args!("{}/{}", provider.as_str(), receipt?)))
    }

    /// Completes a transaction that moves money in our own books alone.
    ///
    /// # Errors
    /// Those of the ledger. The commit may be refused with [`Rule::InsufficientFunds`], and with [`Rule::DebtLimit`] where a company would
    /// owe more than it may.
    pub fn settled_in_ledger(
        self,
        booking: Option<&Stored<Booking>>,
        context: &Context<'_>,
    ) -> Result<Decision<Self>> {
        let from = match (self.method, self.payer) {
            (PaymentMethod::Wallet, Some(payer)) => Account::Wallet(payer),
            // On credit: the company owes it, and pays by bank transfer.
            (PaymentMethod::BankTransfer, Some(company)) => Account::Receivable(company),
            _ => return Err(self.refuse(Rule::PaymentMethod, "this method needs a provider")),
        };
        let before = self.status;
        let mut decision = self.complete(before, Some(from), booking, context)?;
        if matches!(from, Account::Receivable(_)) {
            let most = context.policy.payment.credit_limit;
            decision.effects.bounds.push(Bound::at_least(from, most.negated()));
        }
        if decision.next.kind == TransactionKind::CancellationFee {
            decision.effects.bounds.extend(decision.next.limit_of_receipts(context));
        }
        Ok(decision)
    }

    /// Whether the payer that a proof shows can be the one that was asked.
    fn can_be_payer(&self, proof: &Proof) -> bool {
        let shown = proof.payer.as_deref().zip(self.gateway.phone.as_deref());
        shown.is_none_or(|(told, asked)| is_same_number(told, asked))
    }

    /// What of it passes through the provider: a payout's fee stays with us.
    fn amount_at_provider(&self) -> Money {
        if self.kind.is_incoming() { self.amount.gross } else { self.amount.net }
    }

    /// Whether money came that is not what was asked for, and nobody has decided on it.
    #[must_use]
    pub fn is_mismatched(&self) -> bool {
        self.mismatch.as_ref().is_some_and(|mismatch| mismatch.decided.is_none())
    }

    /// Whether a proof is of other money than has come already, counted or kept apart: its payer has paid twice. Receipts alone tell that.
    fn is_another(&self, proof: &Proof) -> bool {
        let kept_apart = self.mismatch.as_ref().and_then(|mismatch| mismatch.receipt.as_ref());
        let counted = self.gateway.receipt.as_ref();
        // What has come without a receipt may be this.
        let first = if self.status.is_settled() { counted } else { kept_apart };
        let told = proof.receipt.as_ref();
        let is_new = first.is_some() && told.is_some() && told != counted && told != kept_apart;
        is_new && self.kind.is_incoming() && self.gateway.provider.is_some()
    }

    /// Whether a proof is of money that a person has sent back.
    fn is_decided(&self, proof: &Proof) -> bool {
        let decided = self.mismatch.as_ref().filter(|mismatch| mismatch.decided.is_some());
        decided.is_some_and(|mismatch| mismatch.receipt.is_some() && mismatch.receipt == proof.receipt)
    }

    /// Money that came besides, under a receipt of its own: the policy says what is done with it.
    fn another(self, proof: &Proof, context: &Context<'_>) -> Result<Decision<Self>> {
        match context.policy.payment.on_second_receipt {
            OnSecondReceipt::Hold => self.hold_another(proof, context),
            OnSecondReceipt::Refund => self.send_back_another(proof, context),
        }
    }

    /// Keeps money that came besides apart, as a payment of its own that waits for a person. Nobody
    /// is sent money on the word of a call that may not be the provider's.
    fn hold_another(self, proof: &Proof, context: &Context<'_>) -> Result<Decision<Self>> {
        let amount = proof.amount.unwrap_or(self.amount_at_provider());
        let new = NewTransaction {
            payer: self.payer,
            provider: self.gateway.provider,
            phone: proof.payer.clone().or_else(|| self.gateway.phone.clone()),
            account: self.gateway.account.clone(),
            reason: Some(Text::from_stored(format!("second receipt of {}", self.number))),
            ..NewTransaction::new(TransactionKind::WalletTopup, self.method, Amount::whole(amount))
        };
        let mut begun = Self::begin(new, context)?;
        begun.next.0.gateway.sent_at = Some(context.now);
        let receipt = proof.receipt.clone();
        let held = begun.and_then(|besides| {
            besides.mismatched(MismatchKind::Reference, Some(amount), receipt, context)
        })?;
        Ok(Decision::new(self).create(held))
    }

    /// Money that came besides goes back at once, as a transaction of its own.
    fn send_back_another(self, proof: &Proof, context: &Context<'_>) -> Result<Decision<Self>> {
        let amount = proof.amount.unwrap_or(self.amount_at_provider());
        let (Some(provider), Some(receipt)) = (self.gateway.provider, &proof.receipt) else {
            return Ok(Decision::new(self));
        };
        let refund = self.refund_of(amount, "paid twice", context)?;
        let postings =
            [(Account::Clearing(provider), amount.negated()), (Account::Reserved(refund.next.id), amount)];
        let refund = refund.post("payment that came twice", context, postings)?;
        let claim = self.receipt_claim(Some(receipt));
        let requested = PaymentEvent::RefundRequested { original: self.id, amount };
        Ok(Decision::new(self).event(requested).take_all(claim).create(refund))
    }

    fn take_proof(&mut self, proof: &Proof, now: DateTime<Utc>) {
        let link = &mut self.0.gateway;
        link.reference = link.reference.take().or_else(|| proof.reference.clone());
        link.receipt = link.receipt.take().or_else(|| proof.receipt.clone());
        // Who was settled by a question that told no receipt asks for the receipt.
        link.next_at = (self.0.kind.is_incoming() && link.receipt.is_none()).then_some(now);
        link.awaits_confirmation = false;
        self.0.gateway.needs_person = self.is_mismatched();
    }

    /// A repeated proof tells at most a receipt that was not known. One that contradicts what is
    /// booked (the same receipt with another amount, money that went out under two receipts) is for
    /// a person to look into.
    fn noted(mut self, proof: &Proof) -> Decision<Self> {
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

    fn complete(
        mut self,
        before: TransactionStatus,
        at: Option<Account>,
        booking: Option<&Stored<Booking>>,
        context: &Context<'_>,
    ) -> Result<Decision<Self>> {
        let Some(outside) = at else {
            return Err(self.refuse(Rule::PaymentMethod, "this transaction has no counterpart"));
        };
        let orphan = self.is_orphan(booking.map(|stored| &stored.value));
        self.go(TransactionStatus::Completed, Cause::Settled)?;
        self.0.completed_at = Some(context.now);
        self.0.failure = None;
        let late = !before.is_open();
        let rejected = self.kind.is_incoming() && self.is_rejected();
        match self.kind {
            _ if rejected => self.send_back(outside, "the payment was not approved", context),
            TransactionKind::BookingPayment if orphan => {
                self.send_back(outside, "the booking wants no payment any more", context)
            }
            TransactionKind::BookingPayment => self.hold(outside, booking, context),
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
            | TransactionKind::Refund => self.go_out(outside, late, context),
            TransactionKind::Penalty | TransactionKind::Subscription => {
                Err(self.refuse(Rule::Transition, "this kind of transaction has no rules yet"))
            }
        }
    }

    pub(super) fn required<T>(&self, party: Option<T>) -> Result<T> {
        party.ok_or_else(|| self.refuse(Rule::Transition, "this transaction names nobody whose money it is"))
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

    /// The booking's money goes into escrow, and the booking learns of it.
    fn hold(
        mut self,
        from: Account,
        booking: Option<&Stored<Booking>>,
        context: &Context<'_>,
    ) -> Result<Decision<Self>> {
        let Some(stored) = booking else {
            return Err(self.refuse(Rule::Transition, "there is no booking to hold this for"));
        };
        self.0.escrow.held = true;
        self.0.escrow.held_at = Some(context.now);
        self.0.escrow.release_condition = Some("customer_verified".to_owned());
        let (id, amount) = (stored.id, self.amount.gross);
        let held = stored.value.clone().payment_held(&self, context)?;
        Ok(self
            .receive(from, Account::Escrow(id), "payment held", context)?
            .event(PaymentEvent::EscrowHeld { booking: id, amount })
            .with(Some(stored), held, context))
    }

    /// Whether a person has looked at it before its money came, and does not want it.
    fn is_rejected(&self) -> bool {
        let review = self.fraud.as_ref().and_then(|fraud| fraud.review.as_ref());
        review.is_some_and(|review| !review.approved)
    }

    /// Money that nobody wants: it is set aside and goes back at once.
    fn send_back(self, from: Account, why: &str, context: &Context<'_>) -> Result<Decision<Self>> {
        let (id, gross) = (self.id, self.amount.gross);
        let received =
            PaymentEvent::PaymentReceived { kind: self.kind, amount: gross, booking: self.booking };
        let postings = [(from, gross.negated()), (Account::Reserved(id), gross)];
        let (shares, from) = (self.net_shares()?, [(Account::Reserved(id), gross)]);
        let kept =
            Decision::new(self).event(received).post("payment without a booking", context, postings)?;
        kept.give_back(gross, Some(shares), from, why, context)
    }

    /// Money leaves. What was set aside for it is used up; where it had been given up before, somebody has it twice.
    fn go_out(self, outside: Account, late: bool, context: &Context<'_>) -> Result<Decision<Self>> {
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

    /// Keeps money apart that is not what was asked for. It is posted, since it is there.
    pub(super) fn mismatched(
        mut self,
        kind: MismatchKind,
        received: Option<Money>,
        receipt: Option<String>,
        context: &Context<'_>,
    ) -> Result<Decision<Self>> {
        if self.is_mismatched() {
            return Ok(Decision::new(self));
        }
        // Who speaks of another operation stops no question about this one.
        if kind != MismatchKind::Reference {
            self.0.gateway.next_at = None;
        }
        self.0.gateway.needs_person = true;
        let claim = self.receipt_claim(receipt.as_deref().filter(|_| received.is_some()));
        self.0.mismatch = Some(Mismatch { kind, received, receipt, at: context.now, decided: None });
        let (id, arrived) = (self.id, self.gateway.provider.map(Account::Clearing));
        let came_in = self.kind.is_incoming();
        let told = PaymentEvent::PaymentMismatched { mismatch: kind, received };
        let decision = Decision::new(self).event(told).take_all(claim);
        match (arrived, received.filter(|amount| came_in && !amount.is_zero() && !amount.is_negative())) {
            (Some(clearing), Some(amount)) => {
                let postings = [(clearing, amount.negated()), (Account::Reserved(id), amount)];
                decision.post("payment kept apart", context, postings)
            }
            _ => Ok(decision),
        }
    }

    /// A person decides on money that is not what was asked for: it goes back to its payer, or counts as the payment. What is missing is
    /// then the platform's discount, and what is too much goes into the payer's wallet.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for others than staff, and for who pays or is paid by it; [`Rule::AlreadyDecided`] where there is nothing to
    /// decide; [`Rule::Transition`] where the booking wants no payment (any more), and where too little came for anything but a booking.
    pub fn decide_mismatch(
        mut self,
        complete: bool,
        booking: Option<&Stored<Booking>>,
        context: &Context<'_>,
    ) -> Result<Decision<Self>> {
        Self::require_staff(&context.actor)?;
        self.require_disinterested(&context.actor, booking.map(|stored| &stored.value))?;
        let by = context.actor.id().ok_or_else(|| Error::forbidden("a person decides this"))?;
        let received = match self.0.mismatch.as_mut().filter(|mismatch| mismatch.decided.is_none()) {
            Some(mismatch) => {
                mismatch.decided = Some((context.now, by));
                mismatch.received
            }
            None => return Err(self.refuse(Rule::AlreadyDecided, "there is nothing to decide")),
        };
        self.0.gateway.needs_person = false;
        let event = PaymentEvent::PaymentMismatchResolved { completed: complete };
        let Some(received) = received else {
            // Nothing is known to have come: it is asked about again.
            self.0.gateway.next_at = Some(context.now);
            return Ok(Decision::new(self).event(event));
        };
        if !complete {
            let ended = self.fail_received(context)?;
            let from = [(Account::Reserved(ended.next.id), received)];
            return Ok(ended
                .give_back(received, None, from, "not what was asked for", context)?
                .event(event));
        }
        if self.status.is_settled() {
            return Err(
                self.refuse(Rule::Transition, "the payment has come otherwise; this can only go back")
            );
        }
        let gross = self.amount.gross;
        if received.currency() != gross.currency() {
            return Err(self.refuse(Rule::Transition, "money of another currency can only go back"));
        }
        if self.is_orphan(booking.map(|stored| &stored.value)) {
            return Err(self.refuse(Rule::Transition, "the booking wants no payment any more"));
        }
        let (id, payer) = (self.id, self.required(self.payer)?);
        let receipt = self.mismatch.as_ref().and_then(|mismatch| mismatch.receipt.clone());
        self.0.gateway.receipt = self.0.gateway.receipt.take().or(receipt);
        let before = self.status;
        let rest = received.checked_sub(gross)?;
        // A booking's price is the platform's to lower. Into a wallet or to a technician goes what has come, and no more.
        if rest.is_negative() && self.kind != TransactionKind::BookingPayment {
            return Err(self.refuse(Rule::Transition, "too little has come; it can only go back"));
        }
        let completed = self.complete(before, Some(Account::Reserved(id)), booking, context)?.event(event);
        let counterpart = if rest.is_negative() { Account::Discounts } else { Account::Wallet(payer) };
        completed.post(
            "difference of a payment",
            context,
            [(Account::Reserved(id), rest.negated()), (counterpart, rest)],
        )
    }

    /// The wrong money came; the right money did not.
    pub(super) fn fail_received(mut self, context: &Context<'_>) -> Result<Decision<Self>> {
        if self.status.is_open() {
            let end = (TransactionStatus::Failed, Cause::Declined);
            return self.fail("mismatch", "another amount or payer than was asked for", end, context);
        }
        self.0.gateway.next_at = None;
        Ok(Decision::new(self))
    }
}

/// The decision without a claim on a receipt.
fn unclaimed(mut decision: Decision<Transaction>) -> Decision<Transaction> {
    decision.effects.take.retain(|claim| claim.key.space() != RECEIPT_CLAIMS);
    decision
}

/// Whether a number that a provider shows, perhaps masked (`2547****5678`) or without its country code, can be the one that was asked.
fn is_same_number(told: &str, asked: &str) -> bool {
    let digits = |text: &str| -> Vec<char> {
        text.chars().filter(|c| c.is_ascii_digit() || matches!(c, '*' | 'x' | 'X')).collect()
    };
    let (told, asked) = (digits(told), digits(asked));
    // Hashes and names prove nothing, and so contradict nothing.
    if told.len() < 9 || told.len() > 15 {
        return true;
    }
    let same = |(told, asked): (&char, &char)| !told.is_ascii_digit() || told == asked;
    told.iter().rev().zip(asked.iter().rev()).take(9).all(same)
}

#[cfg(test)]
mod tests {
    use super::is_same_number;

    #[test]
    fn numbers_are_compared_by_what_is_shown_of_them() {
        for told in ["254712345678", "+254712345678", "0712345678", "2547****5678", "07XXXX5678", "a1b2c3"] {
            assert!(is_same_number(told, "+254712345678"), "{told}");
        }
        for told in ["254712345679", "2547****5679", "0722345678"] {
            assert!(!is_same_number(told, "+254712345678"), "{told}");
        }
    }
}
