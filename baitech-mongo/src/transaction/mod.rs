//! Transactions: their documents and queries.

mod document;
mod indexes;
mod legacy;
mod parts;
mod query;
mod read;
pub(crate) mod repository;
mod write;

pub(crate) use document::TransactionDocument;

use baitech_core::transaction::Transaction;
use bson::{Document, RawDocument, RawDocumentBuf};
use mongodb::IndexModel;

use crate::codec::{Aggregate, Unreadable};
use crate::lenient::{self, Fields, Read};

/// Most fields of a transaction describe its money, the owners, and the orders at a provider.
const FIELDS: Fields = Fields::new(
    1,
    &[
        "_id",
        "transactionNumber",
        "type",
        "status",
        "payer",
        "payee",
        "booking",
        "original",
        "paymentMethod",
        "amount.**",
        "escrow",
        "escrow.held",
        "escrow.frozen",
        "refunds.**",
        "refund",
        "refund.amount",
        "refund.status",
        "gateway.**",
        "settlement",
        "settlement.settledAt",
        "settlement.payout",
        "fraudCheck.score",
        "fraudCheck.decision",
        "fraudCheck.review.**",
        "mismatch.**",
        "chargeback.**",
        "providerMoves.**",
    ],
    &[
        "splits.[]",
        "escrow",
        "gateway",
        "fraudCheck",
        "settlement",
        "receipt",
        "invoice",
        "reconciliation",
        "metadata",
        "metadata.location",
        "refund",
        "mpesaDetails",
        "stripeDetails",
    ],
);

impl Aggregate for Transaction {
    const COLLECTION: &'static str = "transactions";
    const FIELDS: Fields = FIELDS;

    fn indexes() -> Vec<IndexModel> {
        indexes::all()
    }

    fn encode_raw(&self) -> Result<RawDocumentBuf, bson::error::Error> {
        bson::serialize_to_raw_document_buf(&TransactionDocument::from(self.clone()))
    }

    fn read(document: &RawDocument) -> Result<Read<Self>, Unreadable> {
        lenient::read(document, FIELDS)?.try_map(|read: TransactionDocument| Ok(read.into_transaction()))
    }

    const DERIVES: &'static [&'static str] = &["amount"];

    /// Lines with fractions of a cent are rounded together, and a refund of the earlier application is
    /// allocated in proportion to them.
    fn forget_derived(raw: &Document, understood: &mut Document, new: &Document) {
        if understood.get("amount") != new.get("amount") {
            understood.remove("amount");
            if !raw.contains_key("refunds") {
                understood.remove("refunds");
            }
        }
    }
}
