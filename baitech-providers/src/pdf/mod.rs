//! Receipts, invoices and statements as PDF, on A4.
//!
//! A document becomes *lines* (`compose`), the lines become *pages* (`paginate`), and only then are pages
//! drawn (`draw`), so the layout is plain data. Texts are measured with the same shaping that draws them, so
//! that nothing overflows. The fonts are part of the crate, and the machine and its clock are not used: the
//! same document has the same bytes everywhere, with the same crate versions. The files conform to PDF/A-2u,
//! the archival format with text that can be searched and copied.

mod amount;
mod compose;
mod draw;
mod fonts;
mod line;
mod paginate;
mod theme;
mod wrap;

#[cfg(test)]
mod tests;

use baitech_core::payment::{Document, DocumentRenderer, RenderError};

use self::fonts::Fonts;

/// Renders documents as PDF.
///
/// Characters that the fonts lack (Noto Sans: Latin, Greek, Cyrillic, Devanagari) are shown as `�`.
///
/// ```
/// use baitech_core::payment::DocumentRenderer;
/// use baitech_providers::pdf::PdfRenderer;
/// assert_eq!(PdfRenderer::new().media_type(), "application/pdf");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PdfRenderer {
    tax_label: String,
}

impl PdfRenderer {
    /// A renderer with the Kenyan name of tax numbers: `KRA PIN`.
    #[must_use]
    pub fn new() -> Self {
        Self::with_tax_label("KRA PIN")
    }

    /// A renderer with another name of tax numbers, such as `TIN` or `VAT number`.
    #[must_use]
    pub fn with_tax_label(label: impl Into<String>) -> Self {
        Self { tax_label: label.into() }
    }
}

impl Default for PdfRenderer {
    fn default() -> Self {
        Self::new()
    }
}

impl DocumentRenderer for PdfRenderer {
    fn media_type(&self) -> &'static str {
        "application/pdf"
    }

    fn render(&self, document: &Document) -> Result<Vec<u8>, RenderError> {
        let fonts = Fonts::load()?;
        let flow = compose::compose(document, &fonts, &self.tax_label);
        let pages = paginate::paginate(flow, theme::BODY_HEIGHT);
        draw::draw(document, &pages, &fonts)
    }
}
