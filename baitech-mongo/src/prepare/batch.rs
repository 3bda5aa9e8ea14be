//! Taking many claims in batches.

use baitech_core::store::Claim;
use bson::RawDocumentBuf;
use mongodb::Database;
use mongodb::error::Error;

use super::{Overlap, PrepareReport};
use crate::claims;
use crate::server_error::only_duplicates;

/// The number of claims in one command.
const SIZE: usize = 1_000;

/// A batch of claims. An existing claim is not an error: one of the same holder is done, one of another
/// holder is reported.
#[derive(Debug)]
pub(super) struct Batch<'a> {
    database: &'a Database,
    wanted: Vec<Claim>,
}

impl<'a> Batch<'a> {
    pub(super) fn new(database: &'a Database) -> Self {
        Self { database, wanted: Vec::new() }
    }

    pub(super) async fn add(
        &mut self,
        claims: impl IntoIterator<Item = Claim>,
        report: &mut PrepareReport,
    ) -> Result<(), Error> {
        self.wanted.extend(claims);
        if self.wanted.len() < SIZE { Ok(()) } else { self.flush(report).await }
    }

    pub(super) async fn flush(&mut self, report: &mut PrepareReport) -> Result<(), Error> {
        let wanted = std::mem::take(&mut self.wanted);
        if wanted.is_empty() {
            return Ok(());
        }
        let documents = wanted.iter().map(claims::encode).collect::<Result<Vec<_>, _>>()?;
        let collection = self.database.collection::<RawDocumentBuf>(claims::COLLECTION);
        let refused = match collection.insert_many(documents).ordered(false).await {
            Ok(_) => Vec::new(),
            Err(error) => only_duplicates(error)?,
        };
        let made = wanted.len().saturating_sub(refused.len());
        report.claims = report.claims.saturating_add(u64::try_from(made).unwrap_or(u64::MAX));
        for claim in refused.into_iter().filter_map(|index| wanted.get(index)) {
            let held = claims::find(self.database, &claim.key).await?;
            if let Some(held) = held.filter(|held| held.holder != claim.holder) {
                report.overlaps.push(Overlap { wanted: claim.clone(), held });
            }
        }
        Ok(())
    }
}
