//! Queries of transactions and accounts, and what each actor may see.

use serde::Serialize;

use super::Payments;
use crate::{
    account::User,
    kernel::{Actor, Currency, Error, Id, Kind, Money, Page, PageRequest, Result},
    ledger::{Account, AccountLine},
    store::Stored,
    transaction::{Transaction, TransactionFilter, TransactionNumber, TransactionTotal, TransactionView},
};

/// The balances of a user's accounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WalletView {
    /// The balance of the wallet.
    pub balance: Money,
    /// Earnings not paid out yet; negative if the user owes the platform.
    pub payable: Money,
    /// The commission of accepted cash jobs that are not paid yet. It counts towards the user's debt limit.
    pub reserved_commission: Money,
    /// The debt to the platform, or to technicians through it.
    pub debt: Money,
}

impl Payments {
    /// A transaction, for its payer, its payee and staff.
    ///
    /// # Errors
    /// [`Error::NotFound`], also for a transaction that this actor may not see.
    pub async fn get(&self, actor: &Actor, id: Id<Transaction>) -> Result<Stored<Transaction>> {
        let actor = &self.engine.reader(actor).await?;
        self.visible(actor, id).await
    }

    /// A transaction, if an actor whose access was checked may see it.
    pub(super) async fn visible(&self, actor: &Actor, id: Id<Transaction>) -> Result<Stored<Transaction>> {
        let stored = self.engine.transactions.load(id).await?;
        let visible = stored.filter(|transaction| transaction.is_visible_to(actor));
        visible.ok_or_else(|| Error::not_found(Kind::Transaction, id))
    }

    /// A transaction by its number.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn get_by_number(
        &self,
        actor: &Actor,
        number: &TransactionNumber,
    ) -> Result<Stored<Transaction>> {
        let actor = &self.engine.reader(actor).await?;
        self.visible_by_number(actor, number).await
    }

    /// As [`visible`](Self::visible), by number.
    async fn visible_by_number(
        &self,
        actor: &Actor,
        number: &TransactionNumber,
    ) -> Result<Stored<Transaction>> {
        let stored = self.engine.transactions.find_transaction_by_number(number).await?;
        let visible = stored.filter(|transaction| transaction.is_visible_to(actor));
        visible.ok_or_else(|| Error::not_found(Kind::Transaction, number))
    }

    /// The view of a transaction for this actor.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn view(&self, actor: &Actor, id: Id<Transaction>) -> Result<TransactionView> {
        let actor = &self.engine.reader(actor).await?;
        view_as(actor, &self.visible(actor, id).await?)
    }

    /// The view for this actor of the transaction with a number.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn view_by_number(&self, actor: &Actor, number: &TransactionNumber) -> Result<TransactionView> {
        let actor = &self.engine.reader(actor).await?;
        view_as(actor, &self.visible_by_number(actor, number).await?)
    }

    /// The view for this actor of a transaction as a command returned it, even if it has changed since.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn view_of(&self, actor: &Actor, transaction: &Stored<Transaction>) -> Result<TransactionView> {
        view_as(&self.engine.viewer(actor).await?, transaction)
    }

    /// The transactions of a filter, newest first: their own for payers and payees, all for staff.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for a filter on another user; a violation of `cursor`.
    pub async fn list(
        &self,
        actor: &Actor,
        filter: &TransactionFilter,
        page: &PageRequest,
    ) -> Result<Page<Stored<Transaction>>> {
        let actor = &self.engine.reader(actor).await?;
        self.list_as(actor, filter, page).await
    }

    /// The views of the same transactions for this actor.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    pub async fn list_views(
        &self,
        actor: &Actor,
        filter: &TransactionFilter,
        page: &PageRequest,
    ) -> Result<Page<TransactionView>> {
        let actor = &self.engine.reader(actor).await?;
        let Page { items, next_cursor } = self.list_as(actor, filter, page).await?;
        let items = items.iter().filter_map(|transaction| TransactionView::new(transaction, actor));
        Ok(Page { items: items.collect(), next_cursor })
    }

    async fn list_as(
        &self,
        actor: &Actor,
        filter: &TransactionFilter,
        page: &PageRequest,
    ) -> Result<Page<Stored<Transaction>>> {
        require_own(actor, filter)?;
        Ok(self
            .engine
            .transactions
            .list_transactions(filter, &page.of_list("transactions")?)
            .await?
            .of_list("transactions"))
    }

    /// Counts and sums over the transactions of a filter.
    ///
    /// # Errors
    /// As [`list`](Self::list).
    pub async fn totals(&self, actor: &Actor, filter: &TransactionFilter) -> Result<Vec<TransactionTotal>> {
        let actor = &self.engine.reader(actor).await?;
        require_own(actor, filter)?;
        Ok(self.engine.transactions.total_transactions(filter).await?)
    }

    /// The balances of a user's accounts, for that user and staff.
    ///
    /// # Errors
    /// [`Error::Forbidden`]; [`Error::Unavailable`].
    pub async fn wallet(&self, actor: &Actor, user: Id<User>, currency: Currency) -> Result<WalletView> {
        self.require_own_account(actor, user).await?;
        let ledger = &self.engine.ledger;
        Ok(WalletView {
            balance: ledger.balance(Account::Wallet(user), currency).await?,
            payable: ledger.balance(Account::Payable(user), currency).await?,
            reserved_commission: ledger.balance(Account::OpenCashJobs(user), currency).await?.negated(),
            debt: ledger.balance(Account::Receivable(user), currency).await?.negated(),
        })
    }

    /// The movements of a user's wallet, newest first.
    ///
    /// # Errors
    /// [`Error::Forbidden`]; a violation of `cursor`.
    pub async fn wallet_lines(
        &self,
        actor: &Actor,
        user: Id<User>,
        page: &PageRequest,
    ) -> Result<Page<AccountLine>> {
        self.require_own_account(actor, user).await?;
        Ok(self
            .engine
            .ledger
            .account_lines(Account::Wallet(user), &page.of_list("wallet")?)
            .await?
            .of_list("wallet"))
    }

    /// A technician's earnings and payouts, newest first.
    ///
    /// # Errors
    /// [`Error::Forbidden`]; a violation of `cursor`.
    pub async fn earning_lines(
        &self,
        actor: &Actor,
        user: Id<User>,
        page: &PageRequest,
    ) -> Result<Page<AccountLine>> {
        self.require_own_account(actor, user).await?;
        Ok(self
            .engine
            .ledger
            .account_lines(Account::Payable(user), &page.of_list("earnings")?)
            .await?
            .of_list("earnings"))
    }

    async fn require_own_account(&self, actor: &Actor, user: Id<User>) -> Result<()> {
        let actor = &self.engine.reader(actor).await?;
        if actor.is_staff() || actor.is_any(&[Some(user)]) {
            return Ok(());
        }
        Err(Error::forbidden("only the owner and staff can read an account"))
    }
}

fn view_as(actor: &Actor, transaction: &Stored<Transaction>) -> Result<TransactionView> {
    let view = TransactionView::new(transaction, actor);
    view.ok_or_else(|| Error::not_found(Kind::Transaction, transaction.id))
}

fn require_own(actor: &Actor, filter: &TransactionFilter) -> Result<()> {
    if actor.is_staff() || actor.is_any(&[filter.payer, filter.payee]) {
        return Ok(());
    }
    Err(Error::forbidden(
        "the filter must name the actor as payer or payee; only staff can list other transactions",
    ))
}
