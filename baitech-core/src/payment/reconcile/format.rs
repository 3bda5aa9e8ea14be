use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

/// The content of a statement's column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum StatementField {
    /// The provider's reference of the movement.
    Reference,
    /// When the money moved.
    Date,
    /// The amount, negative if it went out.
    Amount,
    /// The incoming amount.
    PaidIn,
    /// The outgoing amount, with or without a minus.
    PaidOut,
    /// The ISO 4217 code of the currency.
    Currency,
    /// The provider's fee.
    Fee,
    /// The description.
    Description,
    /// Whether the movement was completed.
    Status,
}

impl StatementField {
    /// The name in a violation: `statement.12.paidIn`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Reference => "reference",
            Self::Date => "date",
            Self::Amount => "amount",
            Self::PaidIn => "paidIn",
            Self::PaidOut => "paidOut",
            Self::Currency => "currency",
            Self::Fee => "fee",
            Self::Description => "description",
            Self::Status => "status",
        }
    }
}

/// The column of a field in a statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StatementColumn {
    /// The content of the column.
    pub field: StatementField,
    /// Its accepted names in the header; only letters and digits are compared, ignoring case. Where the file
    /// has several of these columns, the first non-blank one counts in each row.
    pub names: Vec<String>,
    /// Whether a file without it is refused.
    pub required: bool,
}

/// The limits on rows read and mistakes reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StatementLimits {
    /// The maximum number of rows in a statement.
    pub rows: usize,
    /// The number of rows searched for the header, since many exports put a title above it.
    pub rows_to_header: usize,
    /// The maximum number of reported violations; further ones are only counted.
    pub violations: usize,
    /// The maximum number of characters in a reference or a description.
    pub characters: usize,
}

impl Default for StatementLimits {
    /// 100,000 rows, the header among the first 30, 100 violations, 1,000 characters per cell.
    fn default() -> Self {
        Self { rows: 100_000, rows_to_header: 30, violations: 100, characters: 1_000 }
    }
}

/// How a provider writes its statements. The separator (comma, semicolon, tab) and the order of columns are
/// detected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StatementFormat {
    /// The columns. An amount is read from `Amount`, or otherwise from `PaidIn` and `PaidOut`.
    pub columns: Vec<StatementColumn>,
    /// The statuses of completed rows, ignoring case. Where the file has a status column, rows with other
    /// statuses are skipped.
    pub completed: Vec<String>,
    /// The word that marks a fee: an outgoing row with this word in its description and with the reference of
    /// another row is the fee of that row.
    pub charge_word: Option<String>,
    /// The zone of times without an offset.
    pub zone: Tz,
    /// Date formats, with or without a time, in the syntax of [`chrono::format::strftime`]. The first that
    /// fits is used; RFC 3339 is always accepted.
    pub date_formats: Vec<String>,
    /// Whether amounts are written `2.738,00` and not `2,738.00`.
    pub decimal_comma: bool,
    /// Whether a row that repeats an earlier one in every column is a mistake, as in a file joined to itself.
    /// In formats whose rows have no number, time or balance, it may be a second movement.
    pub rows_are_unique: bool,
    /// The limits.
    pub limits: StatementLimits,
}

use StatementField as Field;

impl StatementFormat {
    /// `reference, date, amount, currency, fee, description`, of which the reference and the amount are
    /// required.
    #[must_use]
    pub fn generic() -> Self {
        Self {
            columns: vec![
                required(Field::Reference, &["reference"]),
                optional(Field::Date, &["date"]),
                required(Field::Amount, &["amount"]),
                optional(Field::Currency, &["currency"]),
                optional(Field::Fee, &["fee"]),
                optional(Field::Description, &["description"]),
            ],
            completed: Vec::new(),
            charge_word: None,
            zone: Tz::Africa__Nairobi,
            date_formats: day_first(),
            decimal_comma: false,
            rows_are_unique: true,
            limits: StatementLimits::default(),
        }
    }

    /// The statement of a Safaricom organisation: `Receipt No., Completion Time, Details, Transaction Status,
    /// Paid In, Withdrawn` under a title, in Nairobi time. The fee of a payout is a separate row with the
    /// same receipt.
    #[must_use]
    pub fn mpesa() -> Self {
        Self {
            columns: vec![
                required(Field::Reference, &["Receipt No."]),
                required(Field::Date, &["Completion Time"]),
                optional(Field::Description, &["Details"]),
                required(Field::Status, &["Transaction Status"]),
                required(Field::PaidIn, &["Paid In"]),
                required(Field::PaidOut, &["Withdrawn"]),
            ],
            completed: vec!["Completed".to_owned()],
            charge_word: Some("charge".to_owned()),
            ..Self::generic()
        }
    }

    /// Stripe's export of balance transactions: `id, Source, Amount, Fee, Currency, Created (UTC)`. The
    /// source (`ch_…`, `re_…`, `po_…`) is the reference; the id (`txn_…`) where there is none.
    #[must_use]
    pub fn stripe() -> Self {
        Self {
            columns: vec![
                required(Field::Reference, &["Source", "source_id", "id", "balance_transaction_id"]),
                required(Field::Date, &["Created (UTC)", "Created"]),
                required(Field::Amount, &["Amount", "gross"]),
                required(Field::Currency, &["Currency"]),
                optional(Field::Fee, &["Fee"]),
                optional(Field::Description, &["Description"]),
            ],
            zone: Tz::UTC,
            date_formats: formats(&["%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d"]),
            ..Self::generic()
        }
    }

    /// A bank's statement: `date, narration, reference, debit, credit`. The narration is the reference of a
    /// row without one.
    #[must_use]
    pub fn bank() -> Self {
        let narration = ["narration", "narrative", "particulars", "description", "details"];
        let reference = ["reference", "reference no", "ref no", "ref", "transaction reference"];
        Self {
            columns: vec![
                required(Field::Reference, &[&reference[..], &narration[..]].concat()),
                required(Field::Date, &["date", "transaction date", "value date"]),
                optional(Field::Description, &narration),
                required(Field::PaidOut, &["debit", "withdrawal", "money out"]),
                required(Field::PaidIn, &["credit", "deposit", "money in"]),
                optional(Field::Currency, &["currency"]),
            ],
            rows_are_unique: false,
            ..Self::generic()
        }
    }
}

fn required(field: Field, names: &[&str]) -> StatementColumn {
    StatementColumn { required: true, ..optional(field, names) }
}

fn optional(field: Field, names: &[&str]) -> StatementColumn {
    StatementColumn { field, names: names.iter().map(|&name| name.to_owned()).collect(), required: false }
}

fn formats(formats: &[&str]) -> Vec<String> {
    formats.iter().map(|&format| format.to_owned()).collect()
}

/// Formats with the year first, then with the day first; with seconds, with minutes, in 12 or 24 hours, or
/// without a time.
fn day_first() -> Vec<String> {
    let dates =
        ["%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%d/%m/%y", "%d-%m-%y", "%d-%b-%Y", "%d %b %Y"];
    let times = [" %H:%M:%S", " %H:%M", " %I:%M:%S %p", " %I:%M %p", ""];
    let formats = dates.iter().flat_map(|date| times.map(|time| format!("{date}{time}")));
    formats.chain(["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M"].map(str::to_owned)).collect()
}
