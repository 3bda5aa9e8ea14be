//! Checks for all text from users.

use std::borrow::Cow;

use icu_normalizer::ComposingNormalizerBorrowed;
use icu_properties::{CodePointSetData, props::DefaultIgnorableCodePoint};

use crate::kernel::{Code, Violation};

/// Why a text is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// It has no visible character.
    Blank,
    /// A control character, or one that reorders what a reader sees.
    Control(char),
}

impl Flaw {
    /// The violation for a field.
    pub(crate) fn of(self, field: impl Into<Cow<'static, str>>) -> Violation {
        match self {
            Self::Blank => Violation::new(field, Code::Required, "must have at least one visible character"),
            Self::Control(c) => {
                let code = u32::from(c);
                let message =
                    format!("must not contain control or text-direction characters (found U+{code:04X})");
                Violation::new(field, Code::Malformed, message)
            }
        }
    }
}

/// The text in NFC, without blank or invisible characters at either end.
pub(crate) fn clean(text: &str) -> Result<Cow<'_, str>, Flaw> {
    if let Some(c) = text.chars().find(|c| is_control(*c)) {
        return Err(Flaw::Control(c));
    }
    let trimmed = text.trim_matches(is_filler);
    if !trimmed.chars().any(is_visible) {
        return Err(Flaw::Blank);
    }
    Ok(composed(trimmed))
}

/// The text in NFC.
pub(super) fn composed(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        return Cow::Borrowed(text);
    }
    ComposingNormalizerBorrowed::new_nfc().normalize(text)
}

/// The text without invisible characters: the form in which references are compared.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    if text.chars().all(|c| !is_invisible(c) && !is_control(c)) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().filter(|c| !is_invisible(*c) && !is_control(*c)).collect())
}

/// Control characters other than line breaks and tabs, and the embeddings, overrides and isolates of
/// Unicode's bidirectional algorithm.
fn is_control(c: char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
        || matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Characters without a visible shape, besides blanks.
pub(super) fn is_invisible(c: char) -> bool {
    if c.is_ascii() {
        return false;
    }
    // Unicode's set lacks the blank Braille pattern, the musical null notehead and the object replacement
    // character.
    matches!(c, '\u{2800}' | '\u{1D159}' | '\u{FFFC}')
        || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
}

fn is_visible(c: char) -> bool {
    !c.is_whitespace() && !is_invisible(c)
}

/// Characters to trim from both ends. Variation selectors, joiners and tags belong to the character before
/// them.
fn is_filler(c: char) -> bool {
    let belongs = matches!(c, '\u{200C}' | '\u{200D}' | '\u{FE00}'..='\u{FE0F}' | '\u{E0000}'..='\u{E0FFF}');
    c.is_whitespace() || (is_invisible(c) && !belongs)
}
