//! The state and the answers of the test server.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::StripeEvent;

/// A call.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) is_post: bool,
    pub(super) path: String,
    pub(super) form: Vec<(String, String)>,
    pub(super) key: Option<String>,
}

impl Call {
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        self.form.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    pub(super) fn amount(&self, name: &str) -> Option<i64> {
        self.field(name)?.parse().ok().filter(|amount| *amount > 0)
    }

    pub(super) fn metadata(&self) -> Value {
        let name = |field: &str| field.strip_prefix("metadata[")?.strip_suffix(']').map(ToOwned::to_owned);
        self.form.iter().filter_map(|(field, value)| Some((name(field)?, json!(value)))).collect()
    }
}

pub(super) type Answer = (u16, Value);

#[derive(Debug, Default)]
pub(super) struct Book {
    objects: BTreeMap<String, Value>,
    answered: BTreeMap<String, (String, Answer)>,
    pub(super) events: Vec<StripeEvent>,
    pub(super) slow_refunds: bool,
    serial: u64,
}

pub(super) fn error(kind: &str, code: &str, message: &str) -> Value {
    let mut error = json!({"type": kind, "message": message});
    if !code.is_empty() {
        error["code"] = json!(code);
    }
    json!({"error": error})
}

pub(super) fn invalid(code: &str, message: &str) -> Answer {
    (400, error("invalid_request_error", code, message))
}

impl Book {
    /// Answers a call; a repeated order gets its first answer.
    pub(super) fn answer(&mut self, call: &Call) -> Answer {
        let Some(key) = call.key.as_ref().filter(|_| call.is_post) else { return self.carry_out(call) };
        let fingerprint = format!("{} {:?}", call.path, call.form);
        if let Some((known, answer)) = self.answered.get(key) {
            if *known == fingerprint {
                return answer.clone();
            }
            let message = "Keys for idempotent requests can only be used with the same parameters they were \
                           first used with.";
            return (400, error("idempotency_error", "", message));
        }
        let answer = self.carry_out(call);
        // An answer to a call that failed before it started is not kept.
        if matches!(answer.0, 200 | 402) {
            self.answered.insert(key.clone(), (fingerprint, answer.clone()));
        }
        answer
    }

    fn carry_out(&mut self, call: &Call) -> Answer {
        let parts: Vec<_> = call.path.split('/').collect();
        match (call.is_post, parts.as_slice()) {
            (true, ["v1", "payment_intents"]) => self.create_intent(call),
            (true, ["v1", "payment_intents", id, "capture"]) => self.capture(id, call),
            (true, ["v1", "payment_intents", id, "cancel"]) => self.cancel(id),
            (true, ["v1", "refunds"]) => self.refund(call),
            (true, ["v1", "transfers"]) => self.transfer(call),
            (true, ["v1", "transfers", id, "reversals"]) => self.reverse(id, call),
            (false, ["v1", "transfers"]) => {
                let group = json!(call.field("transfer_group"));
                let of_group =
                    |object: &&Value| object["object"] == "transfer" && object["transfer_group"] == group;
                let data: Vec<_> = self.objects.values().filter(of_group).cloned().collect();
                (200, json!({"object": "list", "has_more": false, "data": data}))
            }
            (false, ["v1", "payment_intents" | "refunds" | "transfers", id]) => match self.objects.get(*id) {
                Some(object) => (200, object.clone()),
                None => missing(id),
            },
            _ => (404, error("invalid_request_error", "", "Unrecognized request URL")),
        }
    }

    pub(super) fn object(&self, id: &str) -> &Value {
        self.objects.get(id).expect("an object")
    }

    pub(super) fn find(&mut self, id: &str) -> Result<&mut Value, Answer> {
        self.objects.get_mut(id).ok_or_else(|| missing(id))
    }

    pub(super) fn count(&self, kind: &str) -> usize {
        self.objects.values().filter(|object| object["object"] == kind).count()
    }

    pub(super) fn balance(&self) -> i64 {
        let number = |value: &Value| value.as_i64().unwrap_or_default();
        let moved = |object: &Value| match (object["object"].as_str(), object["status"].as_str()) {
            (Some("payment_intent"), _) => number(&object["amount_received"]),
            (Some("refund"), Some("succeeded" | "pending"))
            | (Some("dispute"), Some("lost" | "needs_response")) => -number(&object["amount"]),
            (Some("transfer"), _) => number(&object["amount_reversed"]) - number(&object["amount"]),
            _ => 0,
        };
        self.objects.values().map(moved).sum()
    }

    pub(super) fn store(&mut self, object: &Value) {
        let id = object["id"].as_str().expect("an id").to_owned();
        self.objects.insert(id, object.clone());
    }

    pub(super) fn name(&mut self, prefix: &str) -> String {
        self.serial += 1;
        format!("{prefix}_{:012}", self.serial)
    }

    pub(super) fn tell(&mut self, kind: &str, object: &Value) {
        let id = self.name("evt");
        let body = json!({"id": id, "object": "event", "type": kind, "data": {"object": object}});
        self.events.push(StripeEvent { id, kind: kind.to_owned(), body: body.to_string().into_bytes() });
    }
}

fn missing(id: &str) -> Answer {
    (404, error("invalid_request_error", "resource_missing", &format!("No such object: {id}")))
}
