//! In which ways a field makes its document unreadable.

use super::documents::Way;
use super::documents::Way::{Array, Blank, Date, Missing, Nan, Null, Number, Object, Text};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Readable,
    Unreadable,
    /// Depends on what else the document holds.
    Either,
}

/// Something that must be there, and is none of the ways.
const REQUIRED: &[Way] = &[Missing, Null, Text, Blank, Number, Nan, Array, Object, Date];
/// A text that must be there.
const REQUIRED_TEXT: &[Way] = &[Missing, Null, Number, Nan, Array, Object, Date];
/// An amount that must be there.
const REQUIRED_AMOUNT: &[Way] = &[Missing, Null, Text, Blank, Nan, Array, Object, Date];
/// An amount that may be missing.
const AMOUNT: &[Way] = &[Text, Nan, Array, Object, Date];
/// An id, a name of an enumeration, a list or a yes or no that may be missing.
const NAME: &[Way] = &[Text, Number, Nan, Array, Object, Date];
/// A document of optional fields that may be missing.
const PART: &[Way] = &[Text, Number, Nan, Array, Date];
/// An instant that may be missing.
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

/// Parts that only the engine writes, and in which nothing may be odd: what is required in them depends on
/// the part.
const ENGINE_ONLY: &[&str] =
    &["refunds", "gateway", "fraudCheck.review", "mismatch", "chargeback", "providerMoves"];

pub(super) fn outcome(collection: &str, shape: &str, way: Way) -> Outcome {
    let rows = match collection {
        "users" => USERS,
        "bookings" => BOOKINGS,
        "transactions" => TRANSACTIONS,
        other => panic!("no table of {other}"),
    };
    let is_in =
        |part: &str| shape.strip_prefix(part).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    if collection == "transactions" && ENGINE_ONLY.iter().any(|part| is_in(part)) {
        return Outcome::Either;
    }
    let row = rows.iter().find(|(path, _)| *path == shape);
    if row.is_some_and(|(_, ways)| ways.contains(&way)) { Outcome::Unreadable } else { Outcome::Readable }
}
