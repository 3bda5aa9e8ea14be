//! Money that came without being asked for: the payer named an account.

use super::Payments;
use crate::{
    booking::Context,
    decide::{Attempts, draw_transaction_number},
    kernel::{Code, Error, Id, PhoneNumber, Result, Violation},
    payment::{
        Amount, MismatchKind, NewTransaction, News, PaymentGateway, Proof, Transaction, TransactionKind,
        TransactionNumber,
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
        if let Ok(number) = account.parse::<TransactionNumber>()
            && let Some(found) = self.engine.transactions.find_transaction_by_number(&number).await?
            && found.kind.is_incoming()
            && found.status.cause(crate::payment::TransactionStatus::Completed).is_some()
        {
            // Whoever pays by naming the transaction may pay from any number.
            let proof = Proof { payer: None, reference: found.gateway.reference.clone(), ..proof.clone() };
            self.decide(&self.plain_command()?, found.id, false, |transaction, beside| {
                let mut decision = transaction.settled(&proof, beside.booking, &beside.context)?;
                decision.take.push(claim.clone());
                Ok(decision)
            })
            .await?;
            return Ok(Some(found.id));
        }
        let owner = match PhoneNumber::new(account) {
            Ok(phone) => self.engine.users.find_by_phone(&phone).await?,
            Err(_) => None,
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
