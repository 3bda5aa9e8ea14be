//! `Idempotency-Key`, `Agreed-Total`, `If-Match` and `If-None-Match`.

use axum::http::{HeaderMap, HeaderName, header};
use baitech_core::{
    kernel::{Code, Money, Violation},
    store::{IdempotencyKey, Version},
};

use crate::problem::{Answer, Problem};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

const AGREED_TOTAL: HeaderName = HeaderName::from_static("agreed-total");

/// The version of a foreign tag, which no document ever reaches, so that it never matches.
const NEVER: Version = Version::new(u64::MAX);

/// The client's name for this request, if it has one.
pub(super) fn idempotency_key(headers: &HeaderMap) -> Answer<Option<IdempotencyKey>> {
    let Some(text) = single(headers, &IDEMPOTENCY_KEY, "Idempotency-Key")? else { return Ok(None) };
    IdempotencyKey::new(text).map(Some).map_err(|violation| Problem::malformed([violation]))
}

/// The maximum that the client agrees to pay.
pub(super) fn agreed_total(headers: &HeaderMap) -> Answer<Option<Money>> {
    let Some(text) = single(headers, &AGREED_TOTAL, "Agreed-Total")? else { return Ok(None) };
    let money = text.split_once(' ').and_then(|(amount, currency)| {
        serde_json::from_value(serde_json::json!({ "amount": amount, "currency": currency })).ok()
    });
    money.map(Some).ok_or_else(|| malformed("Agreed-Total", "must be an amount, such as 925.00 KES"))
}

/// The version that the client saw: the part of the tag before the dash, if it has one. Commands do not
/// change the rest, so they do not fail because of it. `*` only requires that the aggregate exists, which
/// every command does anyway. A weak tag never matches (RFC 9110, section 8.8.3.2), and neither does an
/// unknown tag.
pub(super) fn if_match(headers: &HeaderMap) -> Answer<Option<Version>> {
    let Some(text) = single(headers, &header::IF_MATCH, "If-Match")? else { return Ok(None) };
    if text == "*" {
        return Ok(None);
    }
    let strong = text.strip_prefix("W/").unwrap_or(text);
    let opaque = strong.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    let Some(opaque) = opaque.filter(|opaque| !opaque.contains('"')) else {
        return Err(malformed("If-Match", "must be a single entity tag or *"));
    };
    let is_weak = text.starts_with("W/");
    let version = opaque.split_once('-').map_or(opaque, |(version, _)| version);
    Ok(Some(version.parse().ok().filter(|_| !is_weak).map_or(NEVER, Version::new)))
}

/// Whether the client already has the representation with this entity tag. The comparison is weak (RFC 9110,
/// section 13.1.2).
pub(crate) fn none_match(headers: &HeaderMap, tag: &str) -> bool {
    let values = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let mut tags = values.flat_map(|value| value.split(',')).map(str::trim);
    tags.any(|seen| seen == "*" || seen.strip_prefix("W/").unwrap_or(seen) == tag)
}

fn single<'a>(headers: &'a HeaderMap, name: &HeaderName, field: &'static str) -> Answer<Option<&'a str>> {
    let mut values = headers.get_all(name).iter();
    match (values.next(), values.next()) {
        (None, _) => Ok(None),
        (Some(value), None) => {
            let text =
                value.to_str().map_err(|_| malformed(field, "must have only visible ASCII characters"))?;
            Ok(Some(text.trim()))
        }
        (Some(_), Some(_)) => Err(malformed(field, "must be given at most once")),
    }
}

fn malformed(field: &'static str, message: &'static str) -> Problem {
    Problem::malformed([Violation::new(field, Code::Malformed, message)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: HeaderName, value: &'static str) -> HeaderMap {
        [(name, axum::http::HeaderValue::from_static(value))].into_iter().collect()
    }

    #[test]
    fn if_match_names_one_version() {
        let read = |value| if_match(&with(header::IF_MATCH, value)).unwrap();
        assert_eq!(read("\"7\""), Some(Version::new(7)));
        assert_eq!(read("\"7-00c0ffee00c0ffee\""), Some(Version::new(7)));
        assert_eq!(read("*"), None);
        assert_eq!(read("W/\"7\""), Some(NEVER));
        assert_eq!(read("\"abc\""), Some(NEVER));
        for broken in ["7", "\"7", "\"7\", \"8\"", ""] {
            assert!(if_match(&with(header::IF_MATCH, broken)).is_err(), "{broken}");
        }
    }

    #[test]
    fn if_none_match_takes_lists_and_weak_tags() {
        let matches = |value| none_match(&with(header::IF_NONE_MATCH, value), "\"7\"");
        for value in ["\"7\"", "W/\"7\"", "\"1\", \"7\"", "*"] {
            assert!(matches(value), "{value}");
        }
        for value in ["\"8\"", "\"7-00c0ffee00c0ffee\"", "7", ""] {
            assert!(!matches(value), "{value}");
        }
    }
}
