//! Deposits: payments that were not requested, with an account named by the payer.

use super::{Payments, webhooks::Effect};
use crate::{
    account::User,
    booking::BookingNumber,
    decide::{Decision, breach_of, create},
    kernel::{Code, Error, Id, PhoneNumber, Result, Violation},
    payment::{News, PaymentGateway},
    store::{ClaimKey, Stored},
    transaction::{
        Amount, Context, Inputs, MismatchKind, NewTransaction, PaymentEvent, Proof, Transaction,
        TransactionKind, TransactionNumber, TransactionStatus,
    },
};

impl Payments {
    /// Books a deposit for the account that its payer named. The number of a transaction, or of a booking
    /// with an open payment, pays that payment; a user's phone number credits the user's wallet. Numbers are
    /// recognised with any separators. A deposit for any other account, or for a large amount in an unsigned
    /// call, is held apart until staff decide.
    pub(super) async fn take_deposit(
        &self,
        gateway: &dyn PaymentGateway,
        account: &str,
        news: &News,
        claim: ClaimKey,
    ) -> Result<Effect> {
        let News::Deposit(proof) = news else {
            return Ok(Effect::Nothing);
        };
        let named = match self.take_named_deposit(account, proof, gateway, &claim).await? {
            Named::Taken(effect) => return Ok(effect),
            Named::Other(payer) => payer,
        };
        let owner = match (named, PhoneNumber::new(account)) {
            // The transaction is already paid, so this is additional money of its payer.
            (Some(payer), _) => self.engine.users.load(payer).await?,
            (None, Ok(phone)) => self.engine.users.find_by_phone(&phone).await?,
            (None, Err(_)) => None,
        };
        let amount = proof.amount.ok_or_else(|| {
            Error::from(Violation::new("amount", Code::Required, "a deposit must have an amount"))
        })?;
        let now = self.engine.clock.now();
        let context = self.engine.transaction_context(&crate::kernel::Actor::System, now);
        let new = NewTransaction {
            payer: owner.as_ref().map(|user| user.id),
            provider: Some(gateway.method()),
            phone: proof.payer.clone(),
            ..NewTransaction::new(TransactionKind::WalletTopup, gateway.method(), Amount::whole(amount))
        };
        let mut begun = Transaction::begin(new, &context)?;
        begun.next.mark_sent(now);
        // An unrequested payment cannot be verified by a query. Large amounts therefore await a decision of
        // staff, unless the provider has signed the call; so do amounts in another currency than the limit's.
        let large = amount.exceeds(self.engine.policy.payment.confirm_above).unwrap_or(true);
        let known = owner.is_some() && (gateway.capabilities().signs_webhooks || !large);
        let taken_in = |context: &Context<'_>| {
            begun.clone().and_then(|transaction| {
                if known {
                    let proof = Proof { payer: None, ..proof.clone() };
                    return transaction.settled(&proof, context);
                }
                transaction.mismatched(MismatchKind::Reference, Some(amount), proof.receipt.clone(), context)
            })
        };
        let mut decision = taken_in(&context)?;
        if breach_of(&self.engine, &decision.effects.entries, &decision.effects.bounds).await?.is_some() {
            let inputs = Inputs { wallet_full: true, ..context.inputs };
            decision = taken_in(&Context { inputs, ..context })?;
        }
        let id = decision.next.id;
        let decision = decision.take_all([claim]);
        create(&self.engine, &*self.engine.transactions, &self.plain_command()?, now, decision).await?;
        Ok(if known { Effect::Applied(Some(id)) } else { Effect::NeedsPerson(Some(id)) })
    }
}

/// The result of a deposit that names a transaction.
enum Named {
    /// The deposit was handled as the transaction's money.
    Taken(Effect),
    /// It is other money; of the named transaction's payer, if known.
    Other(Option<Id<User>>),
}

impl Payments {
    /// Books a deposit as the payment of the transaction or the booking that it names, if it is that payment.
    /// [`Error::Conflict`] if that has changed in the meantime.
    async fn take_named_deposit(
        &self,
        account: &str,
        proof: &Proof,
        gateway: &dyn PaymentGateway,
        claim: &ClaimKey,
    ) -> Result<Named> {
        let (named, payer) = self.named_by(account).await?;
        let meanings: Vec<_> =
            named.iter().map(|(found, awaited)| (found.meaning_of(proof, gateway), awaited, found)).collect();
        let known = meanings.iter().find(|(meaning, ..)| *meaning == DepositMeaning::Known);
        let pays =
            meanings.iter().find(|(meaning, awaited, _)| *meaning == DepositMeaning::Payment && **awaited);
        let Some((meaning, _, found)) = known.or(pays).copied() else {
            return Ok(Named::Other(payer));
        };
        // A payer who names the transaction may pay from any phone number.
        let proof = Proof { payer: None, reference: found.gateway.reference.clone(), ..proof.clone() };
        // The decision depends on what else has arrived, and so on the version that was read.
        let command = self.pinned_to(found)?;
        let written = self
            .decide(&command, found.id, |transaction, related| {
                let decision = match meaning {
                    DepositMeaning::Payment => transaction.settled(&proof, &related.context)?,
                    DepositMeaning::Known | DepositMeaning::OtherMoney => Decision::new(transaction),
                };
                let decision = decision.take_all([claim.clone()]);
                if decision.effects.events.is_empty() {
                    return Ok(decision.event(PaymentEvent::TransactionUpdated));
                }
                Ok(decision)
            })
            .await?;
        let about = Some(found.id);
        Ok(Named::Taken(if meaning != DepositMeaning::Payment || written.version == found.version {
            Effect::Duplicate(about)
        } else if written.is_mismatched() && !found.is_mismatched() {
            Effect::NeedsPerson(about)
        } else {
            Effect::Applied(about)
        }))
    }

    /// The transactions that an account names, by their own number or by that of their booking, each with
    /// whether a deposit can be its payment; and their payer.
    async fn named_by(&self, account: &str) -> Result<(Vec<(Stored<Transaction>, bool)>, Option<Id<User>>)> {
        if let Some(number) = TransactionNumber::typed(account) {
            let found = self.engine.transactions.find_transaction_by_number(&number).await?;
            let payer = found.as_ref().and_then(|found| found.payer);
            return Ok((found.into_iter().map(|found| (found, true)).collect(), payer));
        }
        let Some(number) = BookingNumber::typed(account) else {
            return Ok((Vec::new(), None));
        };
        let Some(booking) = self.engine.bookings.find_by_number(&number).await? else {
            return Ok((Vec::new(), None));
        };
        let payments = self.engine.payments_of(&booking).await?;
        let awaited = |payment: Stored<Transaction>| {
            let is_awaited = booking.awaits_payment(payment.id);
            (payment, is_awaited)
        };
        Ok((payments.into_iter().map(awaited).collect(), Some(booking.customer)))
    }
}

/// What a deposit means for the transaction that it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum DepositMeaning {
    /// It pays the transaction.
    Payment,
    /// It is known already: a provider may report one payment twice, as the answer to a query and as a
    /// deposit.
    Known,
    /// It is other money.
    OtherMoney,
}

impl Transaction {
    fn meaning_of(&self, proof: &Proof, gateway: &dyn PaymentGateway) -> DepositMeaning {
        // The money is at the provider that reported it and cannot be booked to another provider's account; a
        // transaction without a known payer awaits no payment.
        let of_provider = self.gateway.provider == Some(gateway.method()) && self.payer.is_some();
        if !self.kind.is_incoming() || !of_provider {
            return DepositMeaning::OtherMoney;
        }
        let is_known = |receipt: &Option<String>| proof.receipt.is_some() && *receipt == proof.receipt;
        let kept = self.mismatch.as_ref();
        if is_known(&self.gateway.receipt) || kept.is_some_and(|kept| is_known(&kept.receipt)) {
            return DepositMeaning::Known;
        }
        let is_right = proof.amount == Some(self.amount.gross);
        // While a call's claim awaits confirmation, a payment with another receipt is not the claimed one.
        let claimed = self.gateway.awaits_confirmation && self.gateway.receipt != proof.receipt;
        let waits = self.status.cause(TransactionStatus::Completed).is_some() && !claimed;
        // One mismatched payment is held apart; further ones need a transaction of their own.
        let pays = waits && (is_right || kept.is_none());
        // The payment was settled by a status query that returned no receipt; this is its receipt.
        let completes = self.status.is_settled() && self.gateway.receipt.is_none() && is_right;
        if pays || completes { DepositMeaning::Payment } else { DepositMeaning::OtherMoney }
    }
}
