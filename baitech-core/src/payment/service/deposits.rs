//! Money that came without being asked for: the payer named an account.

use super::Payments;
use crate::{
    booking::Context,
    decide::{Attempts, draw_transaction_number},
    kernel::{Code, Error, Id, PhoneNumber, Result, Violation},
    payment::{
        Amount, MismatchKind, NewTransaction, News, PaymentEvent, PaymentGateway, Proof, Transaction,
        TransactionKind, TransactionNumber, TransactionStatus,
    },
    store::ClaimKey,
};

impl Payments {
    /// Money for the account that its payer has named: the number of an open transaction, which it pays; the phone number of a user,
    /// into whose wallet it goes. For anything else it is kept apart until a person has decided.
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
        let named = match account.parse::<TransactionNumber>() {
            Ok(number) => self.engine.transactions.find_transaction_by_number(&number).await?,
            Err(_) => None,
        };
        if let Some(found) = named.as_ref().filter(|found| is_payment_of(found, proof, gateway)) {
            // Whoever pays by naming the transaction may pay from any number.
            let proof = Proof { payer: None, reference: found.gateway.reference.clone(), ..proof.clone() };
            self.decide(&self.plain_command()?, found.id, false, |transaction, beside| {
                let mut decision = transaction.settled(&proof, beside.booking, &beside.context)?;
                decision.take.push(claim.clone());
                if decision.events.is_empty() {
                    decision = decision.event(PaymentEvent::TransactionUpdated);
                }
                Ok(decision)
            })
            .await?;
            return Ok(Some(found.id));
        }
        let owner = match (named.and_then(|named| named.payer), PhoneNumber::new(account)) {
            // The transaction has its money already: this is more of its payer's.
            (Some(payer), _) => self.engine.users.load(payer).await?,
            (None, Ok(phone)) => self.engine.users.find_by_phone(&phone).await?,
            (None, Err(_)) => None,
        };
        let amount = proof.amount.ok_or_else(|| {
            Error::from(Violation::new("amount", Code::Required, "a deposit says how much it is"))
        })?;
        let number = draw_transaction_number(&self.engine).await?;
        let now = self.engine.clock.now();
        let context =
            Context { number: Some(&number), ..self.engine.context(&crate::kernel::Actor::System, now) };
        let new = NewTransaction {
            payer: owner.as_ref().map(|user| user.id),
            provider: Some(gateway.method()),
            phone: proof.payer.clone(),
            ..NewTransaction::new(
                number.clone(),
                TransactionKind::WalletTopup,
                gateway.method(),
                Amount::whole(amount),
            )
        };
        let mut begun = Transaction::begin(new, &context)?;
        begun.next.0.gateway.sent_at = Some(now);
        let known = owner.is_some();
        let mut decision = begun.and_then(|transaction| {
            if known {
                let proof = Proof { payer: None, ..proof.clone() };
                return transaction.settled(&proof, None, &context);
            }
            transaction.mismatched(MismatchKind::Reference, Some(amount), proof.receipt.clone(), &context)
        })?;
        let id = decision.next.id;
        decision.take.push(claim);
        let command = self.plain_command()?;
        let mut attempts = Attempts::new(&self.engine, &command);
        attempts.commit(&*self.engine.transactions, now, None, decision).await?;
        Ok(Some(id))
    }
}

/// Whether a deposit is the payment of the transaction that it names: one that still waits for it from this provider, or has it without a
/// receipt, or under this very receipt. A provider may tell of one payment twice, as an answer to our question and as a deposit.
fn is_payment_of(transaction: &Transaction, proof: &Proof, gateway: &dyn PaymentGateway) -> bool {
    // The money lies with who brought it, and nobody else's account may hold it; and what nobody knows the payer of waits for no more.
    if transaction.gateway.provider != Some(gateway.method()) || transaction.payer.is_none() {
        return false;
    }
    // While a call's claim waits for its confirmation, other money is not what it claims.
    let claimed = transaction.gateway.awaits_confirmation && transaction.gateway.receipt != proof.receipt;
    let waits = transaction.status.cause(TransactionStatus::Completed).is_some() && !claimed;
    let as_asked = proof.amount == Some(transaction.amount.gross);
    let receipt = &transaction.gateway.receipt;
    let same = (receipt.is_none() && as_asked) || (receipt.is_some() && *receipt == proof.receipt);
    transaction.kind.is_incoming() && (waits || (transaction.status.is_settled() && same))
}
