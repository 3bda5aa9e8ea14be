use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

/// What a column of a statement holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum StatementField {
    /// The provider's name for the movement.
    Reference,
    /// When the money moved.
    Date,
    /// How much, below zero where it went out.
    Amount,
    /// How much came in.
    PaidIn,
    /// How much went out, with a minus or without.
    PaidOut,
    /// The ISO 4217 code of the currency.
    Currency,
    /// What the provider took for it.
    Fee,
    /// What it was for.
    Description,
    /// Whether the movement was completed.
    Status,
}

impl StatementField {
    /// Its name in a violation: `statement.12.paidIn`.
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

/// Where a field stands in a statement.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StatementColumn {
    /// What the column holds.
    pub field: StatementField,
    /// What it may be called in the header; only letters and digits count, in any case. Where the file has
    /// several of them, the first that is not blank counts, row by row.
    pub names: Vec<String>,
    /// Whether a file without it is refused.
    pub required: bool,
}

/// How many rows are read, and how many mistakes are reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StatementLimits {
    /// A statement with more rows is refused.
    pub rows: usize,
    /// The header is looked for among so many first rows, since many exports put a title above it.
    pub rows_to_header: usize,
    /// More violations than these are only counted.
    pub violations: usize,
    /// Characters of a reference or a description.
    pub characters: usize,
}

impl Default for StatementLimits {
    /// 100,000 rows, the header among the first 30, 100 violations, 1,000 characters a cell.
    fn default() -> Self {
        Self { rows: 100_000, rows_to_header: 30, violations: 100, characters: 1_000 }
    }
}

/// How a provider writes its statements. Separators (comma, semicolon, tab) and the order of the columns are
/// found in the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StatementFormat {
    /// The columns. An amount is read from `Amount`, or else from `PaidIn` and `PaidOut`.
    pub columns: Vec<StatementColumn>,
    /// Statuses of rows that moved money, in any case; where the file has a status, other rows are skipped.
    pub completed: Vec<String>,
    /// A row that pays out, has this word in its description and shares its reference with another row is the
    /// fee of that row.
    pub charge_word: Option<String>,
    /// The zone of times without an offset.
    pub zone: Tz,
    /// Dates with a time or without, as of [`chrono::format::strftime`], the first that fits; RFC 3339 is
    /// always read.
    pub date_formats: Vec<String>,
    /// Whether amounts are written `2.738,00` and not `2,738.00`.
    pub decimal_comma: bool,
    /// Whether a row that repeats an earlier one in every column is a mistake, as of a file joined to itself.
    /// Where rows have neither a number of their own nor a time nor a balance, it may be a second movement.
    pub rows_are_unique: bool,
    /// How much is read.
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

    /// The statement of a Safaricom organisation:
    /// `Receipt No., Completion Time, Details, Transaction Status, Paid In, Withdrawn` under a title, in the
    /// time of Nairobi. What a payout costs stands in a row of its own under the same receipt.
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

    /// A bank's: `date, narration, reference, debit, credit`. The narration is the reference of a row without
    /// one.
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

/// Years first, or else days first, with seconds, with minutes, in twelve hours or twenty-four, or
/// without a time.
fn day_first() -> Vec<String> {
    let dates =
        ["%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%d/%m/%y", "%d-%m-%y", "%d-%b-%Y", "%d %b %Y"];
    let times = [" %H:%M:%S", " %H:%M", " %I:%M:%S %p", " %I:%M %p", ""];
    let formats = dates.iter().flat_map(|date| times.map(|time| format!("{date}{time}")));
    formats.chain(["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M"].map(str::to_owned)).collect()
}
