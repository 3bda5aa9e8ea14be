use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{Reconciliation, ReconciliationPart, Webhook, WebhookStatus};
use crate::{
    kernel::{Id, Page, PageRequest},
    store::{Load, StoreError, Stored},
};

/// Reads providers' calls.
#[async_trait]
pub trait WebhookRepository: Load<Webhook> {
    /// Lists calls in one of these statuses (in any if empty), newest first.
    ///
    /// # Errors
    /// [`StoreError::Cursor`], [`StoreError::Unavailable`].
    async fn list_webhooks(
        &self,
        statuses: &[WebhookStatus],
        page: &PageRequest,
    ) -> Result<Page<Stored<Webhook>>, StoreError>;

    /// Deletes up to `limit` calls whose [`expires_at`](super::WebhookRecord::expires_at) is at or before
    /// `now`, longest expired first, and returns their number. Calls without an expiry stay forever.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; some may be deleted already.
    async fn forget_expired_webhooks(&self, now: DateTime<Utc>, limit: usize) -> Result<usize, StoreError>;
}

/// Reads reconciliations, and keeps their large parts.
#[async_trait]
pub trait ReconciliationRepository: Load<Reconciliation> {
    /// Lists all reconciliations, latest submitted first.
    ///
    /// # Errors
    /// [`StoreError::Cursor`], [`StoreError::Unavailable`].
    async fn list_reconciliations(
        &self,
        page: &PageRequest,
    ) -> Result<Page<Stored<Reconciliation>>, StoreError>;

    /// Stores parts. A part whose id exists already stays unchanged, so that storing parts again has no
    /// effect.
    ///
    /// # Errors
    /// [`StoreError::NotPrepared`]; [`StoreError::Malformed`] for a part that the store cannot represent;
    /// [`StoreError::Unavailable`], after which some may be stored.
    async fn put_parts(&self, parts: Vec<ReconciliationPart>) -> Result<(), StoreError>;

    /// The part with this id.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], [`StoreError::Unavailable`].
    async fn load_part(&self, id: Id<ReconciliationPart>) -> Result<Option<ReconciliationPart>, StoreError>;

    /// Deletes up to `limit` parts that [expire](ReconciliationPart::expires_at) at or before `now`, longest
    /// expired first, and returns their number.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`]; some may be deleted already.
    async fn forget_expired_parts(&self, now: DateTime<Utc>, limit: usize) -> Result<usize, StoreError>;
}
