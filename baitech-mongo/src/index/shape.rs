//! Comparison of existing indexes with their definitions.

use bson::{Bson, Document};
use mongodb::IndexModel;

/// The properties that an existing index must share with its definition. Other options are not compared.
#[derive(Debug)]
pub(super) struct Shape {
    pub(super) keys: Vec<(String, String)>,
    unique: bool,
    filter: Option<Document>,
    /// Whether its documents expire. The lifetime is not compared.
    expires: bool,
}

impl Shape {
    pub(super) fn of_model(model: &IndexModel) -> Self {
        let options = model.options.clone().unwrap_or_default();
        Self {
            keys: keys(&model.keys),
            unique: options.unique.unwrap_or(false),
            filter: options.partial_filter_expression,
            expires: options.expire_after.is_some(),
        }
    }

    pub(super) fn of_listing(listed: &Document) -> Self {
        let empty = Document::new();
        Self {
            keys: keys(listed.get_document("key").unwrap_or(&empty)),
            unique: listed.get_bool("unique").unwrap_or(false),
            filter: listed.get_document("partialFilterExpression").ok().cloned(),
            expires: listed.contains_key("expireAfterSeconds"),
        }
    }

    /// The differences from an existing index, as text; `None` if there are none.
    pub(super) fn differs_from(&self, existing: &Self) -> Option<String> {
        let mut reasons = Vec::new();
        let mut compare = |what: &str, wanted: String, found: String| {
            if wanted != found {
                reasons.push(format!("{what} is {found} but should be {wanted}"));
            }
        };
        compare("the keys", format!("{:?}", self.keys), format!("{:?}", existing.keys));
        compare("unique", self.unique.to_string(), existing.unique.to_string());
        compare("the partial filter", text_of(&self.filter), text_of(&existing.filter));
        compare("expiry", self.expires.to_string(), existing.expires.to_string());
        (!reasons.is_empty()).then(|| reasons.join("; "))
    }
}

fn text_of(filter: &Option<Document>) -> String {
    filter.as_ref().map_or_else(|| "none".to_owned(), Document::to_string)
}

fn keys(keys: &Document) -> Vec<(String, String)> {
    // The shell stores directions as doubles; drivers store them as integers.
    let kind = |kind: &Bson| match kind {
        Bson::Double(direction) => format!("{direction:.0}"),
        Bson::String(kind) => kind.clone(),
        other => other.to_string(),
    };
    keys.iter().map(|(field, value)| (field.clone(), kind(value))).collect()
}
