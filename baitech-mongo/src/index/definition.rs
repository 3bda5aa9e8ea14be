//! Definitions of indexes.

use std::time::Duration;

use baitech_core::booking::BookingStatus;
use bson::{Bson, Document};
use mongodb::IndexModel;
use mongodb::options::IndexOptions;

/// A collection and the indexes that its queries need.
#[derive(Debug)]
pub(crate) struct Collection {
    pub(crate) name: &'static str,
    pub(crate) indexes: Vec<IndexModel>,
}

/// An index with the name that Mongoose would give it.
pub(crate) fn index(keys: Document) -> IndexModel {
    let name = default_name(&keys);
    IndexModel::builder().keys(keys).options(IndexOptions::builder().name(name).build()).build()
}

pub(crate) fn unique(keys: Document) -> IndexModel {
    with(index(keys), |options| options.unique = Some(true))
}

/// Only documents that have the field are in the index.
pub(crate) fn where_exists(index: IndexModel, field: &str) -> IndexModel {
    let filter = bson::doc! { field: { "$exists": true } };
    with(index, |options| options.partial_filter_expression = Some(filter))
}

/// Only documents whose field is a text are in the index: an earlier application may have left a null in
/// many.
pub(crate) fn where_text(index: IndexModel, field: &str) -> IndexModel {
    let filter = bson::doc! { field: { "$type": "string" } };
    with(index, |options| options.partial_filter_expression = Some(filter))
}

/// Only documents whose field is a date are in the index.
pub(crate) fn where_date(index: IndexModel, field: &str) -> IndexModel {
    let filter = bson::doc! { field: { "$type": "date" } };
    with(index, |options| options.partial_filter_expression = Some(filter))
}

/// Only bookings of a status are in the index.
pub(crate) fn where_status(index: IndexModel, status: BookingStatus) -> IndexModel {
    let filter = bson::doc! { "status": status.as_str() };
    with(index, |options| options.partial_filter_expression = Some(filter))
}

/// The server removes documents when the date in the field is older than `after`.
pub(crate) fn expiring(field: &str, after: Duration) -> IndexModel {
    with(index(bson::doc! { field: 1 }), |options| options.expire_after = Some(after))
}

/// The default name of the server and Mongoose: `field_1_other_-1`.
pub(crate) fn default_name(keys: &Document) -> String {
    let parts: Vec<String> = keys
        .iter()
        .map(|(field, kind)| match kind {
            Bson::String(kind) => format!("{field}_{kind}"),
            kind => format!("{field}_{kind}"),
        })
        .collect();
    parts.join("_")
}

pub(crate) fn name_of(index: &IndexModel) -> &str {
    index.options.as_ref().and_then(|options| options.name.as_deref()).unwrap_or_default()
}

fn with(mut index: IndexModel, change: impl FnOnce(&mut IndexOptions)) -> IndexModel {
    change(index.options.get_or_insert_with(IndexOptions::default));
    index
}
