//! Currencies by their codes.

use baitech_core::kernel::Currency;
use bson::Bson;
use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::Serializer;
use serde_with::{DeserializeAs, SerializeAs};

/// A currency stored by its ISO 4217 code. Read case-insensitively; common names of Kenyan shillings are read
/// as KES.
#[derive(Debug)]
pub(crate) struct Iso4217;

impl SerializeAs<Currency> for Iso4217 {
    fn serialize_as<S: Serializer>(value: &Currency, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(value.code())
    }
}

impl<'de> DeserializeAs<'de, Currency> for Iso4217 {
    fn deserialize_as<D: Deserializer<'de>>(deserializer: D) -> Result<Currency, D::Error> {
        let value = Bson::deserialize(deserializer)?;
        let currency = value.as_str().and_then(currency_named);
        currency.ok_or_else(|| D::Error::custom(format!("{value} is not a currency code of ISO 4217")))
    }
}

/// The currency of a code, or of a common name of Kenyan shillings.
pub(crate) fn currency_named(text: &str) -> Option<Currency> {
    let code = text.trim().trim_end_matches(['.', '/', '=']).to_ascii_uppercase();
    match code.as_str() {
        "KSH" | "KSHS" | "SH" | "SHS" | "KENYA SHILLINGS" | "KENYAN SHILLINGS" => Some(Currency::KES),
        code => Currency::from_code(code),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kenyan_shillings_are_read_under_all_their_names() {
        for text in ["KES", "kes", "Ksh", "KSh.", "KSHS", " Ksh/=", "Sh"] {
            assert_eq!(currency_named(text), Some(Currency::KES), "{text}");
        }
        assert_eq!(currency_named("usd"), Some(Currency::USD));
        for text in ["", "shillings", "XYZ", "KE"] {
            assert_eq!(currency_named(text), None, "{text}");
        }
    }
}
