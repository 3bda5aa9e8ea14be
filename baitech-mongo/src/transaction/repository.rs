//! Queries on transactions.

use std::collections::BTreeSet;

use async_trait::async_trait;
use baitech_core::kernel::{Money, Page, PageRequest};
use baitech_core::store::{StoreError, Stored};
use baitech_core::transaction::{
    HistoryQuery, PaymentHistory, Transaction, TransactionFilter, TransactionKind, TransactionNumber,
    TransactionRepository, TransactionStatus, TransactionTotal,
};
use bson::oid::ObjectId;
use chrono::{DateTime, Utc};
use futures::TryStreamExt;
use mongodb::options::Hint;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_with::serde_as;

use super::parts::Amount;
use super::query::{self, CREATED_AT};
use crate::MongoStore;
use crate::codec::Aggregate;
use crate::money::{DEFAULT_CURRENCY, currency, money};
use crate::page::{ListByTime, newest_first};
use crate::server_error::unavailable;
use crate::value::{Lenient, Millis, Number128, Whole};

#[async_trait]
impl TransactionRepository for MongoStore {
    async fn find_transaction_by_number(
        &self,
        number: &TransactionNumber,
    ) -> Result<Option<Stored<Transaction>>, StoreError> {
        self.find_one(query::by_number(number)).await
    }

    async fn find_by_token(&self, token: &str) -> Result<Option<Stored<Transaction>>, StoreError> {
        self.find_one(query::by_token(token)).await
    }

    async fn find_by_reference(&self, reference: &str) -> Result<Option<Stored<Transaction>>, StoreError> {
        if let Some(found) = self.find_one(query::by_reference(reference)).await? {
            return Ok(Some(found));
        }
        self.find_one(query::by_legacy_reference(reference)).await
    }

    async fn list_transactions(
        &self,
        filter: &TransactionFilter,
        page: &PageRequest,
    ) -> Result<Page<Stored<Transaction>>, StoreError> {
        let hint = Some(Hint::Keys(query::index_of(filter)));
        ListByTime { query: query::matched(filter), field: CREATED_AT, hint }.page(self, page).await
    }

    async fn total_transactions(
        &self,
        filter: &TransactionFilter,
    ) -> Result<Vec<TransactionTotal>, StoreError> {
        let transactions = self.raw(Transaction::COLLECTION);
        let totals = transactions.aggregate(query::totals(filter)).with_type::<Total>().await;
        let totals: Vec<Total> = totals.map_err(unavailable)?.try_collect().await.map_err(unavailable)?;
        let mut totals: Vec<TransactionTotal> = totals.into_iter().filter_map(Total::into_domain).collect();
        totals.sort_by_key(|total| (total.kind, total.status, total.gross.currency().code()));
        Ok(totals)
    }

    async fn payment_history(&self, query: &HistoryQuery) -> Result<PaymentHistory, StoreError> {
        let mut history = self.history_of_payer(query).await?;
        let mut sharing = BTreeSet::new();
        let origins = [("metadata.ipAddress", &query.ip_address), ("metadata.device", &query.device)];
        for (field, value) in origins {
            if let Some(value) = value {
                sharing.extend(self.payers_sharing(field, value, query).await?);
            }
        }
        history.payers_sharing_origin = u32::try_from(sharing.len()).unwrap_or(u32::MAX);
        Ok(history)
    }
}

impl MongoStore {
    async fn history_of_payer(&self, query: &HistoryQuery) -> Result<PaymentHistory, StoreError> {
        let payments = self.database().collection::<Past>(Transaction::COLLECTION);
        let found = payments.find(query::history(query)).sort(newest_first(CREATED_AT));
        let of_payer = TransactionFilter { payer: Some(query.payer), ..TransactionFilter::default() };
        let found = found.hint(Hint::Keys(query::index_of(&of_payer)));
        let mut found = found.projection(query::history_fields()).await.map_err(unavailable)?;
        let mut history = PaymentHistory::default();
        while let Some(payment) = found.try_next().await.map_err(unavailable)? {
            payment.count_into(&mut history, query);
        }
        Ok(history)
    }

    async fn payers_sharing(
        &self,
        field: &str,
        value: &str,
        query: &HistoryQuery,
    ) -> Result<Vec<ObjectId>, StoreError> {
        let stages = query::sharing(field, value, query.payer, query.settled_since);
        let transactions = self.raw(Transaction::COLLECTION);
        let found = transactions.aggregate(stages).with_type::<Payer>().await.map_err(unavailable)?;
        found.map_ok(|payer| payer.id).try_collect().await.map_err(unavailable)
    }
}

#[derive(Debug, Deserialize)]
struct Payer {
    #[serde(rename = "_id")]
    id: ObjectId,
}

/// A payment in the history.
#[serde_as]
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Past {
    /// `None` for an unknown status.
    #[serde_as(deserialize_as = "Lenient")]
    #[serde(default)]
    status: Option<TransactionStatus>,
    #[serde_as(as = "Millis")]
    created_at: DateTime<Utc>,
    #[serde_as(deserialize_as = "Lenient")]
    #[serde(default)]
    amount: Option<Amount>,
}

impl Past {
    fn count_into(self, history: &mut PaymentHistory, query: &HistoryQuery) {
        if self.created_at >= query.attempts_since {
            history.attempts = history.attempts.saturating_add(1);
        }
        let failed = self.status == Some(TransactionStatus::Failed);
        if failed && self.created_at >= query.failures_since {
            history.failures = history.failures.saturating_add(1);
        }
        let settled = self.status.is_some_and(TransactionStatus::is_settled);
        if settled
            && self.created_at >= query.settled_since
            && let Some(gross) = self.gross()
        {
            // Amounts in another currency than the newest payment's cannot be compared.
            let before = history.settled_gross.unwrap_or(Money::zero(gross.currency()));
            if let Ok(sum) = before.checked_add(gross) {
                history.settled = history.settled.saturating_add(1);
                history.settled_gross = Some(sum);
            }
        }
    }

    fn gross(&self) -> Option<Money> {
        let amount = self.amount.as_ref()?;
        Some(money(amount.gross, amount.currency.unwrap_or(DEFAULT_CURRENCY)))
    }
}

#[serde_as]
#[derive(Debug, Deserialize)]
struct Total {
    #[serde(rename = "_id")]
    of: TotalKey,
    #[serde_as(as = "Whole")]
    count: u64,
    #[serde_as(as = "Number128")]
    gross: Decimal,
}

/// `None` for an unknown value.
#[serde_as]
#[derive(Debug, Deserialize)]
struct TotalKey {
    #[serde_as(deserialize_as = "Lenient")]
    #[serde(default)]
    kind: Option<TransactionKind>,
    #[serde_as(deserialize_as = "Lenient")]
    #[serde(default)]
    status: Option<TransactionStatus>,
    #[serde_as(deserialize_as = "Lenient")]
    #[serde(default)]
    currency: Option<String>,
}

impl Total {
    fn into_domain(self) -> Option<TransactionTotal> {
        let Self { of: TotalKey { kind, status, currency: code }, count, gross } = self;
        let gross = money(gross, currency(&code?).ok()?);
        Some(TransactionTotal { kind: kind?, status: status?, count, gross })
    }
}
