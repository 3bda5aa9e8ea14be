//! The corruptions of each field that make its document unreadable.

use super::documents::Way;
use super::documents::Way::{Array, Blank, Date, Missing, Nan, Null, Number, Object, Text};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Readable,
    Unreadable,
    /// Depends on the rest of the document.
    Either,
}

/// A required value of a type that no corruption produces.
const REQUIRED: &[Way] = &[Missing, Null, Text, Blank, Number, Nan, Array, Object, Date];
/// A required text.
const REQUIRED_TEXT: &[Way] = &[Missing, Null, Number, Nan, Array, Object, Date];
/// A required amount.
const REQUIRED_AMOUNT: &[Way] = &[Missing, Null, Text, Blank, Nan, Array, Object, Date];
/// An optional amount.
const AMOUNT: &[Way] = &[Text, Nan, Array, Object, Date];
/// An optional id, enum name, list or boolean.
const NAME: &[Way] = &[Text, Number, Nan, Array, Object, Date];
/// An optional document with optional fields.
const PART: &[Way] = &[Text, Number, Nan, Array, Date];
/// An optional instant.
const INSTANT: &[Way] = &[Text, Number, Nan, Array, Object];

type Row = (&'static str, &'static [Way]);

const USERS: &[Row] = &[("_id", REQUIRED)];

const BOOKINGS: &[Row] = &[
    ("_id", REQUIRED),
    ("bookingNumber", REQUIRED_TEXT),
    ("customer", REQUIRED),
    ("technician", NAME),
    ("status", REQUIRED),
    ("pricing", REQUIRED),
    ("pricing.basePrice", AMOUNT),
    ("pricing.serviceCharge", AMOUNT),
    ("pricing.platformFee", AMOUNT),
    ("pricing.processingFee", AMOUNT),
    ("pricing.tax", AMOUNT),
    ("pricing.discount", AMOUNT),
    ("pricing.totalAmount", REQUIRED_AMOUNT),
    ("pricing.currency", NAME),
    ("payment", PART),
    ("payment.status", NAME),
    ("payment.transactionId", NAME),
    ("payment.supplements", NAME),
    ("payment.supplements.[]", NAME),
    ("payment.paid", AMOUNT),
    ("payment.withholding", AMOUNT),
    ("payment.reservedCommission", AMOUNT),
    ("payment.held", NAME),
    ("payment.onHold", NAME),
    ("corporateDetails", PART),
    ("corporateDetails.company", NAME),
];

const TRANSACTIONS: &[Row] = &[
    ("_id", REQUIRED),
    ("transactionNumber", REQUIRED_TEXT),
    ("type", REQUIRED),
    ("status", REQUIRED),
    ("paymentMethod", REQUIRED),
    ("payer", NAME),
    ("payee", NAME),
    ("booking", NAME),
    ("original", NAME),
    ("amount", REQUIRED),
    ("amount.gross", REQUIRED_AMOUNT),
    ("amount.platformFee", AMOUNT),
    ("amount.processingFee", AMOUNT),
    ("amount.tax", AMOUNT),
    ("amount.net", AMOUNT),
    ("amount.currency", NAME),
    ("escrow", PART),
    ("escrow.held", NAME),
    ("escrow.frozen", AMOUNT),
    ("refund", PART),
    ("refund.amount", AMOUNT),
    ("refund.status", &[Number, Nan, Array, Object, Date]),
    ("settlement", PART),
    ("settlement.settledAt", INSTANT),
    ("settlement.payout", NAME),
    ("fraudCheck.score", AMOUNT),
    ("fraudCheck.decision", NAME),
];

/// Parts that only the engine writes, which are read strictly: the required fields depend on the part.
const ENGINE_ONLY: &[&str] =
    &["refunds", "gateway", "fraudCheck.review", "mismatch", "chargeback", "providerMoves"];

pub(super) fn outcome(collection: &str, shape: &str, way: Way) -> Outcome {
    let rows = match collection {
        "users" => USERS,
        "bookings" => BOOKINGS,
        "transactions" => TRANSACTIONS,
        other => panic!("no table for {other}"),
    };
    let is_in =
        |part: &str| shape.strip_prefix(part).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    if collection == "transactions" && ENGINE_ONLY.iter().any(|part| is_in(part)) {
        return Outcome::Either;
    }
    let row = rows.iter().find(|(path, _)| *path == shape);
    if row.is_some_and(|(_, ways)| ways.contains(&way)) { Outcome::Unreadable } else { Outcome::Readable }
}
