//! The subset of MongoDB Extended JSON v2 that exported documents use.
//!
//! The MongoDB store does not need this: it reads BSON. The embedded store has no database library that could
//! read an export.

use chrono::DateTime;
use serde_json::{Map, Value};

use crate::Result;

/// One exported document as plain JSON: ids as text, numbers as numbers, dates as RFC 3339.
pub(crate) fn plain(line: &str) -> Result<Value> {
    convert(serde_json::from_str(line)?)
}

fn convert(value: Value) -> Result<Value> {
    match value {
        Value::Object(fields) => match wrapper(&fields) {
            Some((kind, inner)) => unwrap(kind, inner),
            None => fields.into_iter().map(|(name, inner)| Ok((name, convert(inner)?))).collect(),
        },
        Value::Array(items) => items.into_iter().map(convert).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Ok(value),
    }
}

/// `{"$numberInt": "3"}` is a value in a wrapper: an object of one field whose name begins with `$`.
fn wrapper(fields: &Map<String, Value>) -> Option<(&str, &Value)> {
    let (name, inner) = fields.iter().next()?;
    let kind = name.strip_prefix('$')?;
    (fields.len() == 1).then_some((kind, inner))
}

fn unwrap(kind: &str, inner: &Value) -> Result<Value> {
    let unreadable = || format!("${kind} of {inner} cannot be read");
    match (kind, inner) {
        ("oid" | "symbol", Value::String(_)) => Ok(inner.clone()),
        ("numberInt" | "numberLong", Value::String(digits)) => Ok(digits.parse::<i64>()?.into()),
        ("numberDouble" | "numberDecimal", Value::String(digits)) => Ok(digits.parse::<f64>()?.into()),
        ("date", Value::String(_)) => Ok(inner.clone()),
        ("date", Value::Object(_)) => {
            let millis = convert(inner.clone())?.as_i64().ok_or_else(unreadable)?;
            Ok(DateTime::from_timestamp_millis(millis).ok_or_else(unreadable)?.to_rfc3339().into())
        }
        _ => Err(unreadable().into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_unwrapped_at_any_depth() {
        let line = r#"{"_id": {"$oid": "6b02a8adffb68dbb1a224aef"}, "skills": [{"years": {"$numberInt": "2"}}],
            "rate": {"$numberDouble": "544.5"}, "born": {"$date": {"$numberLong": "0"}}, "bio": null}"#;
        let expected = json!({"_id": "6b02a8adffb68dbb1a224aef", "skills": [{"years": 2}], "rate": 544.5,
            "born": "1970-01-01T00:00:00+00:00", "bio": null});
        assert_eq!(plain(line).unwrap(), expected);
    }

    #[test]
    fn unknown_wrapper_is_an_error() {
        let error = plain(r#"{"code": {"$code": "1"}}"#).unwrap_err();
        assert!(error.to_string().contains("$code"), "{error}");
    }
}
