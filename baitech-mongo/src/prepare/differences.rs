//! Contradictions in transactions, stored permanently: the documents are corrected afterwards and no longer
//! show them.

use baitech_core::kernel::{Currency, Money};
use baitech_core::opening::{OpeningDifference, OpeningIssue};
use bson::doc;
use futures::TryStreamExt;
use mongodb::Database;
use mongodb::error::Error;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_with::{serde_as, skip_serializing_none};

use super::PrepareReport;
use crate::aggregate_ref::StoredRef;
use crate::server_error::only_duplicates;
use crate::value::Number128;

const COLLECTION: &str = "openingDifferences";
/// The number of documents in one command.
const SIZE: usize = 1_000;
/// The maximum number in the report.
const LISTED: usize = 1_000;

/// All differences of one subject.
#[derive(Debug, Serialize, Deserialize)]
struct DifferencesDocument {
    #[serde(rename = "_id")]
    subject: StoredRef,
    differences: Vec<Difference>,
}

#[skip_serializing_none]
#[serde_as]
#[derive(Debug, Serialize, Deserialize)]
struct Difference {
    what: OpeningIssue,
    #[serde_as(as = "Option<Number128>")]
    #[serde(default)]
    stated: Option<Decimal>,
    #[serde_as(as = "Option<Number128>")]
    #[serde(default)]
    derived: Option<Decimal>,
    /// ISO 4217.
    currency: Option<String>,
}

impl From<&OpeningDifference> for Difference {
    fn from(difference: &OpeningDifference) -> Self {
        let OpeningDifference { subject: _, what, stated, derived } = *difference;
        let currency = stated.or(derived).map(|money| money.currency().code().to_owned());
        Self { what, stated: stated.map(Money::amount), derived: derived.map(Money::amount), currency }
    }
}

impl Difference {
    fn into_domain(self, subject: StoredRef) -> OpeningDifference {
        let Self { what, stated, derived, currency } = self;
        let currency = currency.and_then(|code| Currency::from_code(&code)).unwrap_or(Currency::KES);
        let money = |amount: Option<Decimal>| amount.map(|amount| Money::new(amount, currency));
        OpeningDifference { subject: subject.into(), what, stated: money(stated), derived: money(derived) }
    }
}

/// A batch of differences.
#[derive(Debug, Default)]
pub(super) struct Differences(Vec<DifferencesDocument>);

impl Differences {
    /// Adds the differences of one subject.
    pub(super) async fn add(
        &mut self,
        database: &Database,
        differences: &[OpeningDifference],
    ) -> Result<(), Error> {
        if let Some(first) = differences.first() {
            let subject = first.subject.into();
            let differences = differences.iter().map(Difference::from).collect();
            self.0.push(DifferencesDocument { subject, differences });
        }
        if self.0.len() < SIZE { Ok(()) } else { self.flush(database).await }
    }

    /// Differences from an earlier run stay.
    pub(super) async fn flush(&mut self, database: &Database) -> Result<(), Error> {
        let documents = std::mem::take(&mut self.0);
        if documents.is_empty() {
            return Ok(());
        }
        let collection = database.collection::<DifferencesDocument>(COLLECTION);
        match collection.insert_many(documents).ordered(false).await {
            Ok(_) => Ok(()),
            Err(error) => only_duplicates(error).map(drop),
        }
    }
}

/// Adds the differences of this run and earlier ones to the report.
pub(super) async fn report(database: &Database, report: &mut PrepareReport) -> Result<(), Error> {
    let collection = database.collection::<DifferencesDocument>(COLLECTION);
    let mut found = collection.find(doc! {}).sort(doc! { "_id": 1 }).await?;
    while let Some(DifferencesDocument { subject, differences }) = found.try_next().await? {
        let count = u64::try_from(differences.len()).unwrap_or(u64::MAX);
        report.difference_count = report.difference_count.saturating_add(count);
        let room = LISTED.saturating_sub(report.differences.len());
        report.differences.extend(differences.into_iter().take(room).map(|one| one.into_domain(subject)));
    }
    Ok(())
}
