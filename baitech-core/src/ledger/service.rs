use std::sync::Arc;

use super::Account;
use crate::{
    engine::Engine,
    kernel::{Actor, Currency, Error, Money, Result},
};

/// Reads balances.
#[derive(Debug, Clone)]
pub struct Ledger {
    pub(super) engine: Arc<Engine>,
}

impl Ledger {
    pub(crate) const fn new(engine: Arc<Engine>) -> Self {
        Self { engine }
    }

    /// The balance of an account in a currency; credit is positive.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for all actors except staff and the account's own user;
    /// [`Rule::INACTIVE_USER`](crate::kernel::Rule::INACTIVE_USER); [`Error::Unavailable`].
    pub async fn balance(&self, actor: &Actor, account: Account, currency: Currency) -> Result<Money> {
        let actor = &self.engine.reader(actor).await?;
        let owner = match account {
            Account::Wallet(id) | Account::Payable(id) | Account::Receivable(id) => Some(id),
            _ => None,
        };
        if !actor.is_staff() && !actor.is_any(&[owner]) {
            return Err(Error::forbidden("only the owner and staff can read an account"));
        }
        Ok(self.engine.ledger.balance(account, currency).await?)
    }

    /// The balance of every account with a posting; the balances of each currency sum to zero.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for all actors except staff;
    /// [`Rule::INACTIVE_USER`](crate::kernel::Rule::INACTIVE_USER); [`Error::Unavailable`].
    pub async fn trial_balance(&self, actor: &Actor) -> Result<Vec<(Account, Money)>> {
        let actor = &self.engine.reader(actor).await?;
        if !actor.is_staff() {
            return Err(Error::forbidden("only staff can read the ledger"));
        }
        Ok(self.engine.ledger.trial_balance().await?)
    }
}
