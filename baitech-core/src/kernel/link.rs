use std::borrow::Cow;

use url::Url;

use super::{Code, Text, Violation};

/// Maximum length of a web address, in characters.
const MAX_CHARS: usize = 500;

/// Checks the web address of an image or a document, and normalises it as the URL standard defines.
///
/// # Errors
/// A [`Violation`] of `field` for anything but an absolute `http` or `https` address of at most 500
/// characters, without blanks and without a user name or password.
pub(crate) fn web_address(field: impl Into<Cow<'static, str>>, text: &str) -> Result<String, Violation> {
    let message = "must be an http or https address without blanks, such as https://example.com/tap.jpg";
    let field = field.into();
    let malformed = |code| Violation::new(field.clone(), code, message);
    if text.is_empty() {
        return Err(malformed(Code::Required));
    }
    if text.chars().count() > MAX_CHARS {
        let message = format!("must have at most {MAX_CHARS} characters");
        return Err(Violation::new(field, Code::TooLong, message));
    }
    if text.chars().any(|c| c.is_whitespace() || c.is_control() || c == '\\') {
        return Err(malformed(Code::Malformed));
    }
    let url = Url::parse(text).map_err(|_| malformed(Code::Malformed))?;
    let is_plain = url.username().is_empty() && url.password().is_none();
    if !is_web(&url) || !is_plain {
        return Err(malformed(Code::Malformed));
    }
    let address = String::from(url);
    if address.chars().count() > MAX_CHARS {
        let message = format!("must have at most {MAX_CHARS} characters in the escaped form of an address");
        return Err(Violation::new(field, Code::TooLong, message));
    }
    Ok(address)
}

/// Checks the name of a stored document: a web address, or a name in the media store.
///
/// # Errors
/// As [`Text::new`], for at most 500 characters; [`Code::Malformed`] for an address that is neither `http`
/// nor `https`.
pub(crate) fn document_name(field: impl Into<Cow<'static, str>>, text: &str) -> Result<String, Violation> {
    let field = field.into();
    let text = Text::<MAX_CHARS>::new(field.clone(), text)?;
    if Url::parse(text.as_str()).is_ok_and(|url| !is_web(&url)) {
        let message = "must be the name of a stored document, or an http or https address";
        return Err(Violation::new(field, Code::Malformed, message));
    }
    Ok(text.to_string())
}

fn is_web(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https") && url.has_host()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_web_addresses_are_accepted() {
        for (text, address) in [
            ("https://cdn.example.ke/tap.jpg", "https://cdn.example.ke/tap.jpg"),
            ("HTTP://Example.KE/a?b=c#d", "http://example.ke/a?b=c#d"),
            ("https://example.ke/\"><script>", "https://example.ke/%22%3E%3Cscript%3E"),
        ] {
            assert_eq!(web_address("url", text).as_deref(), Ok(address));
        }
        for wrong in [
            "",
            " ",
            "x",
            "/tap.jpg",
            "//example.ke/tap.jpg",
            "javascript:alert(1)",
            "JavaScript:alert(1)",
            "java\nscript:alert(1)",
            " https://example.ke/tap.jpg",
            "https://example.ke/a tap.jpg",
            "https://example.ke/tap.jpg\0",
            "https:\\\\example.ke",
            "https://",
            "data:image/png;base64,AAAA",
            "file:///etc/passwd",
            "ftp://example.ke/tap.jpg",
            "https://user:secret@example.ke/tap.jpg",
        ] {
            assert!(web_address("url", wrong).is_err(), "{wrong:?}");
        }
        let long = format!("https://example.ke/{}", "x".repeat(500));
        assert_eq!(web_address("url", &long).unwrap_err().code, Code::TooLong);
        let escaped = format!("https://example.ke/{}", "ü".repeat(400));
        assert_eq!(web_address("url", &escaped).unwrap_err().code, Code::TooLong);
    }

    #[test]
    fn documents_have_a_name_or_an_address() {
        for text in ["https://cdn.example.ke/front.jpg", "kyc/front_7", "front.jpg"] {
            assert_eq!(document_name("frontImage", text).as_deref(), Ok(text));
        }
        for wrong in ["", "javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "\u{200B}"] {
            assert!(document_name("frontImage", wrong).is_err(), "{wrong:?}");
        }
    }
}
