//! The indexes of transactions.

use bson::doc;
use mongodb::IndexModel;

use crate::index::definition::{index, unique, where_exists};

pub(super) fn all() -> Vec<IndexModel> {
    vec![
        unique(doc! { "transactionNumber": 1 }),
        index(doc! { "payer": 1, "status": 1, "completedAt": -1 }),
        index(doc! { "payee": 1, "status": 1, "completedAt": -1 }),
        index(doc! { "status": 1, "completedAt": 1 }),
        // A provider's reference of a transaction, and the token of its callbacks.
        where_exists(unique(doc! { "gateway.reference": 1 }), "gateway.reference"),
        where_exists(index(doc! { "gateway.token": 1 }), "gateway.token"),
        // References of the earlier application, which stored them by provider.
        where_exists(index(doc! { "mpesaDetails.checkoutRequestId": 1 }), "mpesaDetails.checkoutRequestId"),
        where_exists(index(doc! { "stripeDetails.paymentIntentId": 1 }), "stripeDetails.paymentIntentId"),
        // Lists, the newest first; the id makes the order total, so that a page begins where the last one
        // ended.
        index(doc! { "payer": 1, "createdAt": -1, "_id": 1 }),
        index(doc! { "payee": 1, "createdAt": -1, "_id": 1 }),
        index(doc! { "booking": 1, "createdAt": -1, "_id": 1 }),
        index(doc! { "status": 1, "createdAt": -1, "_id": 1 }),
        index(doc! { "paymentMethod": 1, "status": 1, "createdAt": -1, "_id": 1 }),
        where_exists(index(doc! { "needsPerson": 1, "createdAt": -1, "_id": 1 }), "needsPerson"),
        // Other payers from an address or a device: answered from the index alone.
        where_exists(
            index(doc! { "metadata.ipAddress": 1, "createdAt": -1, "type": 1, "payer": 1 }),
            "metadata.ipAddress",
        ),
        where_exists(
            index(doc! { "metadata.device": 1, "createdAt": -1, "type": 1, "payer": 1 }),
            "metadata.device",
        ),
    ]
}
