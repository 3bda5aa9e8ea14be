//! The content of receipts, invoices and statements. Layout is the renderer's responsibility.

use std::fmt;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::{kernel::Money, transaction::Addressee};

/// The kind of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentKind {
    /// Confirms a payment.
    Receipt,
    /// Lists what is, or was, to be paid, with taxes.
    Invoice,
    /// Lists what a company owes for a month.
    Statement,
}

impl DocumentKind {
    /// The heading.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Receipt => "Receipt",
            Self::Invoice => "Invoice",
            Self::Statement => "Statement",
        }
    }
}

/// A line of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DocumentLine {
    /// The description.
    pub description: String,
    /// Details, in small print.
    pub detail: Option<String>,
    /// The amount; negative for deductions.
    pub amount: Money,
}

/// A line of the totals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DocumentSum {
    /// The label: `VAT 16 %`.
    pub label: String,
    /// The amount.
    pub amount: Money,
    /// Whether it is the grand total, to be emphasized.
    pub is_total: bool,
}

/// A document, ready to be rendered. Rendering it twice yields the same bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    /// The kind.
    pub kind: DocumentKind,
    /// Its number.
    pub number: String,
    /// When it was issued.
    pub issued_at: DateTime<Utc>,
    /// The zone in which its times are shown.
    pub time_zone: Tz,
    /// The issuer.
    pub issuer: Addressee,
    /// The recipient.
    pub recipient: Addressee,
    /// Facts about it, each with a label: the booking's number, the payment method.
    pub facts: Vec<(String, String)>,
    /// The lines.
    pub lines: Vec<DocumentLine>,
    /// The totals.
    pub sums: Vec<DocumentSum>,
    /// Small print at the end.
    pub notes: Vec<String>,
}

/// The document cannot be rendered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the document cannot be rendered: {0}")]
pub struct RenderError(pub String);

/// Renders documents: to PDF, for example.
pub trait DocumentRenderer: Send + Sync + fmt::Debug {
    /// The media type of what [`render`](Self::render) makes: `application/pdf`.
    fn media_type(&self) -> &'static str;

    /// Renders the document; the same document always yields the same bytes.
    ///
    /// # Errors
    /// [`RenderError`].
    fn render(&self, document: &Document) -> Result<Vec<u8>, RenderError>;
}
