use super::PhoneNumber;
use crate::kernel::{Code, Violation};

/// Maximum number of digits: 15 of E.164, `00` or `000` before them, and one that is dialled only within the
/// country.
const MAX_DIGITS: usize = 19;

/// The country code of numbers without one.
const HOME: &str = "254";

/// The digits of a number as written, and whether they begin with a country code.
#[derive(Debug)]
struct Written {
    digits: String,
    is_international: bool,
}

impl PhoneNumber {
    /// Parses a number with its country code, or a Kenyan one without it (`0712 345 678`).
    ///
    /// Only blanks, hyphens, dots, parentheses and slashes may stand between the digits, and `+` or `00`
    /// before them. The parser does not guess: the result has exactly the digits that were written, apart
    /// from such a prefix and the `0` that is dialled only within a country.
    ///
    /// # Errors
    /// A [`Violation`] of `phoneNumber` with [`Code::Malformed`] for any other character, and for a number
    /// that no network assigns.
    pub fn new(text: &str) -> Result<Self, Violation> {
        let malformed = |message: String| Violation::new("phoneNumber", Code::Malformed, message);
        let written = Written::read(text).map_err(|c| malformed(unknown_character(c)))?;
        written.number().map(Self).ok_or_else(|| {
            malformed("must be a valid phone number, such as +254 712 345 678 or 0712 345 678".to_owned())
        })
    }

    /// The number in a stored text or in a provider's answer: normalised if possible, otherwise unchanged.
    ///
    /// A text that already has the form of E.164 is trusted, because only this form is written.
    #[must_use]
    pub fn normalized(text: impl Into<String>) -> Self {
        let text = text.into();
        if has_normal_form(&text) {
            return Self(text);
        }
        match Self::new(&text) {
            Ok(number) => number,
            Err(_) => Self(text),
        }
    }

    /// The key for uniqueness: the number in its normal form. `None` for a stored text that is no number,
    /// such as a blank one.
    #[must_use]
    pub fn claim(&self) -> Option<String> {
        if has_normal_form(&self.0) {
            return Some(self.0.clone());
        }
        Self::new(&self.0).ok().map(|number| number.0)
    }
}

/// `+` and 8 to 15 digits. A Kenyan number has no `0` after the country code.
fn has_normal_form(text: &str) -> bool {
    let Some(digits) = text.strip_prefix('+') else { return false };
    (8..=15).contains(&digits.len())
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && !digits.starts_with('0')
        && !digits.strip_prefix(HOME).is_some_and(|national| national.starts_with('0'))
}

fn unknown_character(c: char) -> String {
    let shown = if c.is_alphanumeric() || c.is_ascii_graphic() {
        format!("\"{c}\"")
    } else {
        format!("U+{:04X}", u32::from(c))
    };
    format!(
        "a phone number has digits, blanks, hyphens, dots, parentheses and slashes, and begins with + or 00 \
         or 0; {shown} is none of these"
    )
}

impl Written {
    /// Fails at the first character that cannot be part of a number.
    fn read(text: &str) -> Result<Self, char> {
        let mut digits = String::with_capacity(text.len().min(32));
        let mut has_plus = false;
        for c in text.trim().chars() {
            match half_width(c) {
                digit @ '0'..='9' => digits.push(digit),
                '+' if digits.is_empty() && !has_plus => has_plus = true,
                c if is_separator(c) => {}
                _ => return Err(c),
            }
        }
        if has_plus {
            return Ok(Self { digits, is_international: true });
        }
        // The international prefix is 00, or 000 from Kenya; no country code begins with 0.
        let dialled = digits.strip_prefix("000").or_else(|| digits.strip_prefix("00")).map(str::to_owned);
        match dialled {
            Some(digits) => Ok(Self { digits, is_international: true }),
            None => Ok(Self { digits, is_international: false }),
        }
    }

    /// The number in E.164, if it is valid, with exactly these digits.
    fn number(&self) -> Option<String> {
        let digits = self.digits.as_str();
        if digits.len() > MAX_DIGITS {
            return None;
        }
        let parsed = if self.is_international {
            phonenumber::parse(None, format!("+{digits}"))
        } else {
            phonenumber::parse(Some(phonenumber::country::KE), digits)
        };
        let parsed = parsed.ok().filter(phonenumber::PhoneNumber::is_valid)?;
        let number = parsed.format().mode(phonenumber::Mode::E164).to_string();
        let code = parsed.code().value().to_string();
        let trunk = |national: &str| national.strip_prefix('0').map(|rest| format!("+{code}{rest}"));
        let from_abroad = number == format!("+{digits}")
            || digits.strip_prefix(code.as_str()).and_then(trunk).as_ref() == Some(&number);
        let at_home = !self.is_international
            && code == HOME
            && (number == format!("+{HOME}{digits}") || trunk(digits).as_ref() == Some(&number));
        (from_abroad || at_home).then_some(number)
    }
}

/// East Asian keyboards produce full-width digits and plus signs.
fn half_width(c: char) -> char {
    match c {
        '\u{FF10}'..='\u{FF19}' => char::from_digit(u32::from(c).saturating_sub(0xFF10), 10).unwrap_or(c),
        '\u{FF0B}' => '+',
        c => c,
    }
}

/// Blanks of any width, hyphens and dashes, dots, parentheses, slashes.
fn is_separator(c: char) -> bool {
    matches!(
        c,
        ' ' | '\u{A0}' | '\u{2002}'..='\u{200A}' | '\u{202F}' | '\u{3000}' | '-' | '\u{2010}'..='\u{2015}'
            | '.' | '(' | ')' | '/'
    )
}
