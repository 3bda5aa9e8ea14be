use idna::{AsciiDenyList, uts46};

use super::{Email, clean};
use crate::kernel::{Code, Violation};

impl Email {
    /// Parses and normalises an address. The domain must contain a dot.
    ///
    /// ```
    /// use baitech_core::kernel::Email;
    /// let email = Email::new("Info@Bücher.Example")?;
    /// assert_eq!(email.as_str(), "info@xn--bcher-kva.example");
    /// # Ok::<(), baitech_core::kernel::Violation>(())
    /// ```
    ///
    /// # Errors
    /// A [`Violation`] of `email` with [`Code::Malformed`].
    pub fn new(text: &str) -> Result<Self, Violation> {
        let malformed = || {
            Violation::new("email", Code::Malformed, "must be an e-mail address, such as name@example.com")
        };
        normal_form(text.trim()).map(Self).ok_or_else(malformed)
    }

    /// The address in a stored text: normalised if possible, otherwise unchanged.
    #[must_use]
    pub fn normalized(text: impl Into<String>) -> Self {
        let text = text.into();
        if is_plain(&text) {
            return Self(text);
        }
        Self(normal_form(text.trim()).unwrap_or(text))
    }

    /// The key for uniqueness: the normal form, or the text in lower case if it is no valid address. `None`
    /// for users of the earlier application without an address.
    #[must_use]
    pub fn claim(&self) -> Option<String> {
        if is_plain(&self.0) && !self.0.is_empty() {
            return Some(self.0.clone());
        }
        let text = self.0.trim();
        normal_form(text).or_else(|| (!text.is_empty()).then(|| text.to_lowercase()))
    }
}

/// Whether the text is certainly in normal form, so that the IDNA tables are not needed.
fn is_plain(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_graphic() && !byte.is_ascii_uppercase();
    text.bytes().all(plain) && !text.contains("xn--")
}

fn normal_form(text: &str) -> Option<String> {
    if text.chars().any(clean::is_invisible) {
        return None;
    }
    let (local, domain) = text.rsplit_once('@')?;
    let local = clean::composed(&local.to_lowercase()).into_owned();
    let domain = uts46::Uts46::new()
        .to_ascii(
            domain.as_bytes(),
            AsciiDenyList::STD3,
            uts46::Hyphens::CheckFirstLast,
            uts46::DnsLength::Verify,
        )
        .ok()?;
    let text = format!("{local}@{domain}");
    let plain =
        email_address::Options::default().with_required_tld().without_display_text().without_domain_literal();
    email_address::EmailAddress::parse_with_options(&text, plain).ok()?;
    Some(text)
}
