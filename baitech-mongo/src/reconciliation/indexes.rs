//! The indexes of reconciliations.

use bson::doc;
use mongodb::IndexModel;

use crate::index::definition::index;

/// Lists, the last submitted first.
pub(super) fn all() -> Vec<IndexModel> {
    vec![index(doc! { "submittedAt": -1, "_id": 1 })]
}
