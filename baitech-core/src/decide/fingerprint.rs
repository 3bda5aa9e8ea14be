//! The fingerprint of a request: equal for equal requests, also across versions of this program.
//!
//! A request type gains optional fields with time. A client that repeats a request after an upgrade has not
//! named them, so a field that says nothing (`null`) does not count. A new field whose default is something
//! else than `null` has to be left out of the serialised form while it has its default
//! (`skip_serializing_if`).

use serde::Serialize;
use serde_json::Value;

use crate::{
    kernel::{Code, Error, Result, Violation},
    store::Fingerprint,
};

/// Begins what is hashed, so that another canonical form never has the same fingerprints by chance.
const FORM: &str = "2\n";

/// The fingerprint of a request in its canonical form: fields sorted by name, those without a value left out.
pub(super) fn canonical(arguments: &impl Serialize) -> Result<Fingerprint> {
    let value = serde_json::to_value(arguments).map_err(malformed)?;
    let mut text = FORM.to_owned();
    write(&value, &mut text);
    Ok(Fingerprint::of(text.as_bytes()))
}

/// The fingerprint as the first version computed it, of everything in the order of its fields.
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
        // The places of a list count, so that what says nothing stays in it.
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
