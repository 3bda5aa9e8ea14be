//! Money that came without being asked for: the payer named an account.

use super::Payments;
use crate::{
    account::User,
    booking::Context,
    decide::{Decision, breach_of, create},
    kernel::{Code, Error, Id, PhoneNumber, Result, Violation},
    payment::{
        Amount, MismatchKind, NewTransaction, News, PaymentEvent, PaymentGateway, Proof, Transaction,
        TransactionKind, TransactionNumber, TransactionStatus,
    },
    store::ClaimKey,
};

impl Payments {
    /// Money for the account that its payer has named: the number of an open transaction, which it pays; the phone number of a user,
    /// into whose wallet it goes. For anything else, and for much money in a call that is not signed, it is kept apart until a person has
    /// decided.
    pub(super) async fn take_deposit(
        &self,
        gateway: &dyn PaymentGateway,
        account: &str,
        news: &News,
        claim: ClaimKey,
    ) -> Result<Option<Id<Transaction>>> {
        let News::Deposit(proof) = news else {
            return Ok(None);
        };
        let mut named = None;
        if let Ok(number) = account.parse::<TransactionNumber>() {
            match self.take_named_deposit(&number, proof, gateway, &claim).await? {
                Named::Taken(id) => return Ok(Some(id)),
                Named::Other(payer) => named = payer,
            }
        }
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
        // Nobody can be asked about money that we have not asked for: much of it waits for a person, unless the provider has signed.
        // So does an amount in another currency than the limit's.
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
        Ok(Some(id))
    }
}

/// What a deposit that names a transaction is.
enum Named {
    /// That transaction's money.
    Taken(Id<Transaction>),
    /// Other money, of the transaction's payer where that is known.
    Other(Option<Id<User>>),
}

impl Payments {
    /// Takes a deposit in as the payment of the transaction that it names, if it is. [`Error::Conflict`] where something else has happened
    /// to that meanwhile.
    async fn take_named_deposit(
        &self,
        number: &TransactionNumber,
        proof: &Proof,
        gateway: &dyn PaymentGateway,
        claim: &ClaimKey,
    ) -> Result<Named> {
        let Some(found) = self.engine.transactions.find_transaction_by_number(number).await? else {
            return Ok(Named::Other(None));
        };
        let told = found.told_by(proof, gateway);
        if told == Told::OtherMoney {
            return Ok(Named::Other(found.payer));
        }
        // Whoever pays by naming the transaction may pay from any number.
        let proof = Proof { payer: None, reference: found.gateway.reference.clone(), ..proof.clone() };
        // What it is depends on what else has come, and so on the version that was looked at.
        let command = self.pinned_to(&found)?;
        self.decide(&command, found.id, |transaction, beside| {
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
        Ok(Named::Taken(found.id))
    }
}

/// What a deposit tells of the transaction that it names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    /// That it is paid.
    Payment,
    /// What is known: a provider may tell of one payment twice, as an answer to our question and as a deposit.
    Known,
    /// Nothing: this is other money.
    OtherMoney,
}

impl Transaction {
    fn told_by(&self, proof: &Proof, gateway: &dyn PaymentGateway) -> Told {
        // The money lies with who brought it, and nobody else's account may hold it; and what nobody knows the payer of waits for no more.
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
