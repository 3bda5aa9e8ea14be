//! Money that came without being asked for: the payer named an account.

use super::{Payments, webhooks::Effect};
use crate::{
    account::User,
    booking::{BookingNumber, Context},
    decide::{Aggregate, Decision, breach_of, create, load_payments},
    kernel::{Code, Error, Id, PhoneNumber, Result, Violation},
    payment::{
        Amount, MismatchKind, NewTransaction, News, PaymentEvent, PaymentGateway, Proof, Transaction,
        TransactionKind, TransactionNumber, TransactionStatus,
    },
    store::{ClaimKey, Stored},
};

impl Payments {
    /// Money for the account that its payer has named: the number of a transaction, or of a booking
    /// with a payment that waits, which it pays; the phone number of a user, into whose wallet it
    /// goes. Numbers are found however they are typed. For anything else, and for much money in a
    /// call that is not signed, it is kept apart until a person has
    /// decided.
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
            // The transaction has its money already: this is more of its payer's.
            (Some(payer), _) => self.engine.users.load(payer).await?,
            (None, Ok(phone)) => self.engine.users.find_by_phone(&phone).await?,
            (None, Err(_)) => None,
        };
        let amount = proof.amount.ok_or_else(|| {
            Error::from(Violation::new("amount", Code::Required, "a deposit says how much it is"))
        })?;
        let now = self.engine.clock.now();
        let context = self.engine.context(&crate::kernel::Actor::System, now);
        let new = NewTransaction {
            payer: owner.as_ref().map(|user| user.id),
            provider: Some(gateway.method()),
            phone: proof.payer.clone(),
            ..NewTransaction::new(TransactionKind::WalletTopup, gateway.method(), Amount::whole(amount))
        };
        let mut begun = Transaction::begin(new, &context)?;
        begun.next.0.gateway.sent_at = Some(now);
        // Nobody can be asked about money that we have not asked for: much of it waits for a person, unless
        // the provider has signed. So does an amount in another currency than the limit's.
        let large = amount.exceeds(self.engine.policy.payment.confirm_above).unwrap_or(true);
        let known = owner.is_some() && (gateway.capabilities().signs_webhooks || !large);
        let taken_in = |context: &Context<'_>| {
            begun.clone().and_then(|transaction| {
                if known {
                    let proof = Proof { payer: None, ..proof.clone() };
                    return transaction.settled(&proof, None, context);
                }
                transaction.mismatched(MismatchKind::Reference, Some(amount), proof.receipt.clone(), context)
            })
        };
        let mut decision = taken_in(&context)?;
        if breach_of(&self.engine, &decision.effects.entries, &decision.effects.bounds).await?.is_some() {
            decision = taken_in(&Context { wallet_full: true, ..context })?;
        }
        let id = decision.next.id;
        let decision = decision.take_all([claim]);
        create(&self.engine, &*self.engine.transactions, &self.plain_command()?, now, decision).await?;
        Ok(if known { Effect::Applied(Some(id)) } else { Effect::NeedsPerson(Some(id)) })
    }
}

/// What a deposit that names a transaction is.
enum Named {
    /// That transaction's money, and what came of it.
    Taken(Effect),
    /// Other money, of the payer of what it names where that is known.
    Other(Option<Id<User>>),
}

impl Payments {
    /// Takes a deposit in as the payment of the transaction that it names, or of a booking that it
    /// names, if it is. [`Error::Conflict`] where something else has happened to that meanwhile.
    async fn take_named_deposit(
        &self,
        account: &str,
        proof: &Proof,
        gateway: &dyn PaymentGateway,
        claim: &ClaimKey,
    ) -> Result<Named> {
        let (named, payer) = self.named_by(account).await?;
        let told: Vec<_> =
            named.iter().map(|(found, awaited)| (found.told_by(proof, gateway), awaited, found)).collect();
        let known = told.iter().find(|(told, ..)| *told == Told::Known);
        let pays = told.iter().find(|(told, awaited, _)| *told == Told::Payment && **awaited);
        let Some((told, _, found)) = known.or(pays).copied() else {
            return Ok(Named::Other(payer));
        };
        // Whoever pays by naming the transaction may pay from any number.
        let proof = Proof { payer: None, reference: found.gateway.reference.clone(), ..proof.clone() };
        // What it is depends on what else has come, and so on the version that was looked at.
        let command = self.pinned_to(found)?;
        let written = self
            .decide(&command, found.id, |transaction, beside| {
                let decision = match told {
                    Told::Payment => transaction.settled(&proof, beside.booking, &beside.context)?,
                    Told::Known | Told::OtherMoney => Decision::new(transaction),
                };
                let decision = decision.take_all([claim.clone()]);
                if decision.effects.events.is_empty() {
                    return Ok(decision.event(PaymentEvent::TransactionUpdated));
                }
                Ok(decision)
            })
            .await?;
        let about = Some(found.id);
        Ok(Named::Taken(if told != Told::Payment || written.version == found.version {
            Effect::Duplicate(about)
        } else if written.is_mismatched() && !found.is_mismatched() {
            Effect::NeedsPerson(about)
        } else {
            Effect::Applied(about)
        }))
    }

    /// The transactions that an account names by their own number or by that of their booking, each
    /// with whether a deposit can be its payment, and who pays them.
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
        let payments = load_payments(&self.engine, &booking.payments()).await?;
        let awaited = |payment: Stored<Transaction>| {
            let is_awaited = booking.awaits_payment(payment.id);
            (payment, is_awaited)
        };
        Ok((payments.into_iter().map(awaited).collect(), Some(booking.customer)))
    }
}

/// What a deposit tells of the transaction that it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    /// That it is paid.
    Payment,
    /// What is known: a provider may tell of one payment twice, as an answer to our question and as a
    /// deposit.
    Known,
    /// Nothing: this is other money.
    OtherMoney,
}

impl Transaction {
    fn told_by(&self, proof: &Proof, gateway: &dyn PaymentGateway) -> Told {
        // The money lies with who brought it, and nobody else's account may hold it; and what nobody knows
        // the payer of waits for no more.
        let of_provider = self.gateway.provider == Some(gateway.method()) && self.payer.is_some();
        if !self.kind.is_incoming() || !of_provider {
            return Told::OtherMoney;
        }
        let is_known = |receipt: &Option<String>| proof.receipt.is_some() && *receipt == proof.receipt;
        let kept = self.mismatch.as_ref();
        if is_known(&self.gateway.receipt) || kept.is_some_and(|kept| is_known(&kept.receipt)) {
            return Told::Known;
        }
        let is_right = proof.amount == Some(self.amount.gross);
        // While a call's claim waits for its confirmation, other money is not what it claims.
        let claimed = self.gateway.awaits_confirmation && self.gateway.receipt != proof.receipt;
        let waits = self.status.cause(TransactionStatus::Completed).is_some() && !claimed;
        // One wrong sum is kept apart; further ones have to lie somewhere, too.
        let pays = waits && (is_right || kept.is_none());
        // Settled by a question that told no receipt: this is the receipt.
        let completes = self.status.is_settled() && self.gateway.receipt.is_none() && is_right;
        if pays || completes { Told::Payment } else { Told::OtherMoney }
    }
}
