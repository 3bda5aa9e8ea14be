//! The claims of users on their e-mail addresses and phone numbers, and users who share one.

use std::collections::BTreeMap;
use std::fmt;

use baitech_core::account::User;
use baitech_core::kernel::Id;
use baitech_core::store::AggregateRef;
use futures::TryStreamExt;
use mongodb::Database;
use mongodb::error::Error;

use super::PrepareReport;
use super::batch::Batch;
use super::derive::{in_order, readable};
use crate::codec::Aggregate;
use crate::user;

/// Two stored users with the same e-mail address or phone number, in any stored form.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[non_exhaustive]
pub struct Twins {
    /// The user who has the claim, and whom a search finds.
    pub first: Id<User>,
    /// The other one.
    pub second: Id<User>,
    /// The shared fields: `email`, `phoneNumber`.
    pub fields: Vec<&'static str>,
}

impl fmt::Display for Twins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "users {} and {} have the same {}", self.first, self.second, self.fields.join(" and "))
    }
}

/// Claims every e-mail address and phone number for one user, in any stored form. Missing values are not
/// compared.
pub(super) async fn claims(database: &Database, report: &mut PrepareReport) -> Result<(), Error> {
    let others = std::mem::take(&mut report.overlaps);
    let mut batch = Batch::new(database);
    let mut users = in_order(database, User::COLLECTION).await?;
    while let Some(raw) = users.try_next().await? {
        report.users = report.users.saturating_add(1);
        let Some(user) = readable::<User>(&raw, report) else { continue };
        batch.add(user::identity_claims(&user), report).await?;
    }
    batch.flush(report).await?;
    let mut shared: BTreeMap<(Id<User>, Id<User>), Vec<&'static str>> = BTreeMap::new();
    for overlap in std::mem::replace(&mut report.overlaps, others) {
        let (AggregateRef::User(first), AggregateRef::User(second)) =
            (overlap.held.holder, overlap.wanted.holder)
        else {
            report.overlaps.push(overlap);
            continue;
        };
        shared.entry((first, second)).or_default().extend(user::claimed_field(&overlap.wanted.key));
    }
    let twins = shared.into_iter().map(|((first, second), mut fields)| {
        fields.sort_unstable();
        Twins { first, second, fields }
    });
    report.twins.extend(twins);
    Ok(())
}
