//! The fingerprint of a request: equal for equal requests, even across versions of this program.
//!
//! Request types gain optional fields over time. A client that repeats a request after an upgrade does not
//! send the new fields, so fields that are `null` do not count. A new field whose default is not `null` must
//! be omitted from the serialised form while it has its default (`skip_serializing_if`).

use serde::Serialize;
use serde_json::Value;

use crate::{
    kernel::{Code, Error, Result, Violation},
    store::Fingerprint,
};

/// Prefix of the hashed text, so that two canonical forms never share a fingerprint by chance.
const FORM: &str = "2\n";

/// Fingerprint of the canonical form of a request: fields sorted by name, without `null` fields.
pub(super) fn canonical(arguments: &impl Serialize) -> Result<Fingerprint> {
    let value = serde_json::to_value(arguments).map_err(malformed)?;
    let mut text = FORM.to_owned();
    write(&value, &mut text);
    Ok(Fingerprint::of(text.as_bytes()))
}

/// Fingerprint as the first version computed it: of all fields in their declared order.
pub(super) fn first_form(arguments: &impl Serialize) -> Result<Fingerprint> {
    serde_json::to_vec(arguments).map(|body| Fingerprint::of(&body)).map_err(malformed)
}

#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn malformed(error: serde_json::Error) -> Error {
    Violation::new("body", Code::Malformed, error.to_string()).into()
}

fn write(value: &Value, text: &mut String) {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            text.push_str(&value.to_string());
        }
        // Positions in a list matter, so `null` items stay.
        Value::Array(items) => {
            text.push('[');
            for item in items {
                write(item, text);
                text.push(',');
            }
            text.push(']');
        }
        Value::Object(fields) => {
            let mut named: Vec<_> = fields.iter().filter(|(_, value)| !value.is_null()).collect();
            named.sort_unstable_by_key(|(name, _)| *name);
            text.push('{');
            for (name, value) in named {
                text.push_str(&Value::from(name.as_str()).to_string());
                text.push(':');
                write(value, text);
                text.push(',');
            }
            text.push('}');
        }
    }
}
