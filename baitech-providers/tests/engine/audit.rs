use std::collections::BTreeMap;

use baitech_core::{ledger::Account, store::LedgerReader, transaction::PaymentMethod};

use super::Shop;

impl Shop {
    /// Checks the ledger: every currency sums to zero, the running balances equal a recount, no account that
    /// holds users' money is negative, and the account of a provider equals the provider's own balance.
    /// Returns the balances.
    pub(crate) async fn audit(&self, provider: PaymentMethod, at_provider: i64) -> Vec<(Account, i64)> {
        let balances = LedgerReader::trial_balance(&*self.store).await.unwrap();
        assert_eq!(
            balances,
            LedgerReader::recount(&*self.store).await.unwrap(),
            "the recount must equal the balances"
        );
        let mut sums: BTreeMap<_, rust_decimal::Decimal> = BTreeMap::new();
        for (account, amount) in &balances {
            *sums.entry(amount.currency().code()).or_default() += amount.amount();
            assert!(!account.is_bounded() || !amount.is_negative(), "{account:?} is at {amount}");
        }
        for (currency, sum) in sums {
            assert_eq!(sum, rust_decimal::Decimal::ZERO, "{currency}: {balances:?}");
        }
        let books: Vec<_> = balances
            .into_iter()
            .filter(|(_, amount)| !amount.is_zero())
            .map(|(account, amount)| (account, i64::try_from(amount.amount()).expect("whole shillings")))
            .collect();
        let clearing = self.balance(Account::Clearing(provider)).await;
        assert_eq!(-clearing, at_provider, "the provider's balance differs: {books:?}");
        books
    }
}
