//! Receipts, invoices and statements: what they say. How they look is a renderer's business.

use std::fmt;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::kernel::Money;

/// What kind of document it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentKind {
    /// Money came in.
    Receipt,
    /// What is, or was, to be paid, with taxes.
    Invoice,
    /// What a company owes for a month.
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

/// One side of a document, as it is addressed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Addressee {
    /// The name.
    pub name: String,
    /// The number under which the tax authority knows it.
    pub tax_id: Option<String>,
    /// Address, phone number, mail address: a line each.
    pub lines: Vec<String>,
}

/// A line of a document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DocumentLine {
    /// What it is.
    pub description: String,
    /// More about it, in small print.
    pub detail: Option<String>,
    /// How much it is; below zero for what is taken off.
    pub amount: Money,
}

/// A line of the sums below the lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DocumentSum {
    /// What it is: `VAT 16 %`.
    pub label: String,
    /// How much.
    pub amount: Money,
    /// Whether it is the sum that counts, to be set apart.
    pub is_total: bool,
}

/// A document, ready to be rendered. The same document renders to the same bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    /// What kind it is.
    pub kind: DocumentKind,
    /// Its number.
    pub number: String,
    /// When it was issued.
    pub issued_at: DateTime<Utc>,
    /// The zone in which its times are shown.
    pub time_zone: Tz,
    /// Who issues it.
    pub issuer: Addressee,
    /// Whom it is for.
    pub recipient: Addressee,
    /// Facts about it, each with a label: the booking's number, how it was paid.
    pub facts: Vec<(String, String)>,
    /// Line by line.
    pub lines: Vec<DocumentLine>,
    /// The sums below.
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

    /// The document's bytes; the same for the same document.
    ///
    /// # Errors
    /// [`RenderError`].
    fn render(&self, document: &Document) -> Result<Vec<u8>, RenderError>;
}
