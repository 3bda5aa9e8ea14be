use async_trait::async_trait;

use super::{KycCase, KycCaseStatus};
use crate::{
    kernel::{Page, PageRequest},
    store::{Load, StoreError, Stored},
};

/// A filter for identity checks. All fields that are set must match.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct KycCaseFilter {
    /// In this status.
    pub status: Option<KycCaseStatus>,
}

/// Reads identity checks.
#[async_trait]
pub trait KycCaseRepository: Load<KycCase> {
    /// Lists identity checks, first submitted first, then by id.
    ///
    /// # Errors
    /// [`StoreError::Cursor`], [`StoreError::Unavailable`].
    async fn list_kyc_cases(
        &self,
        filter: KycCaseFilter,
        page: &PageRequest,
    ) -> Result<Page<Stored<KycCase>>, StoreError>;
}
