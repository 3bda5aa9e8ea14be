//! Queries on identity checks.

use async_trait::async_trait;
use baitech_core::account::{KycCase, KycCaseFilter, KycCaseRepository, KycCaseStatus};
use baitech_core::kernel::{Cursor, Id, Page, PageRequest};
use baitech_core::store::{StoreError, Stored};
use bson::{DateTime, Document, RawDocument, doc};

use crate::MongoStore;
use crate::codec::Aggregate;
use crate::load::Pageful;
use crate::page::{id_of, limit_of};
use crate::server_error::unavailable;
use crate::value::oid;

/// The sort key of lists of identity checks.
const SUBMITTED_AT: &str = "submittedAt";

#[async_trait]
impl KycCaseRepository for MongoStore {
    async fn list_kyc_cases(
        &self,
        filter: KycCaseFilter,
        page: &PageRequest,
    ) -> Result<Page<Stored<KycCase>>, StoreError> {
        let after = page.cursor().map(Cursor::parts).transpose().map_err(StoreError::Cursor)?;
        let cases = self.raw(KycCase::COLLECTION);
        let found = cases.find(listed(filter, after)).sort(doc! { SUBMITTED_AT: 1, "_id": 1 });
        let found = found.limit(limit_of(page)).await.map_err(unavailable)?;
        Ok(Pageful::new(page).read(found, cursor_of).await?.into_page())
    }
}

/// "Any status" is written as a list of all statuses, for the index on the status.
fn listed(filter: KycCaseFilter, after: Option<(i64, Id<KycCase>)>) -> Document {
    let statuses = KycCaseStatus::ALL.into_iter();
    let statuses = statuses.filter(|status| filter.status.is_none_or(|wanted| wanted == *status));
    let names: Vec<&str> = statuses.map(KycCaseStatus::as_str).collect();
    let mut query = doc! { "status": { "$in": names } };
    if let Some((millis, id)) = after {
        let time = DateTime::from_millis(millis);
        // Implied by what follows, this bounds the index scan.
        query.insert(SUBMITTED_AT, doc! { "$gte": time });
        let later = doc! { SUBMITTED_AT: { "$gt": time } };
        let same_time = doc! { SUBMITTED_AT: time, "_id": { "$gt": oid(id) } };
        query.insert("$or", [later, same_time]);
    }
    query
}

/// The position of a case in a list: its time of submission, then its id.
fn cursor_of(raw: &RawDocument) -> Cursor {
    let millis = raw.get_datetime(SUBMITTED_AT).map_or(0, DateTime::timestamp_millis);
    Cursor::new(millis, id_of::<KycCase>(raw))
}
