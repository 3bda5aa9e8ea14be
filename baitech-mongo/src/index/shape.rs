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
    /// The default language; compared only for text indexes.
    language: Option<String>,
}

impl Shape {
    pub(super) fn of_model(model: &IndexModel) -> Self {
        let options = model.options.clone().unwrap_or_default();
        Self {
            keys: keys(&model.keys),
            unique: options.unique.unwrap_or(false),
            filter: options.partial_filter_expression,
            expires: options.expire_after.is_some(),
            language: options.default_language,
        }
    }

    pub(super) fn of_listing(listed: &Document) -> Self {
        let empty = Document::new();
        // For a text index, the server lists internal keys. The indexed fields are the keys of `weights`, in
        // alphabetical order.
        let text = listed.get_document("weights").ok().map(|weights| text_keys(weights.keys()));
        Self {
            keys: text.unwrap_or_else(|| keys(listed.get_document("key").unwrap_or(&empty))),
            unique: listed.get_bool("unique").unwrap_or(false),
            filter: listed.get_document("partialFilterExpression").ok().cloned(),
            expires: listed.contains_key("expireAfterSeconds"),
            language: listed.get_str("default_language").ok().map(str::to_owned),
        }
    }

    pub(super) fn is_text(&self) -> bool {
        self.keys.iter().any(|(_, kind)| kind == "text")
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
        if self.is_text() {
            compare("the language", format!("{:?}", self.language), format!("{:?}", existing.language));
        }
        (!reasons.is_empty()).then(|| reasons.join("; "))
    }
}

fn text_of(filter: &Option<Document>) -> String {
    filter.as_ref().map_or_else(|| "none".to_owned(), Document::to_string)
}

fn keys(keys: &Document) -> Vec<(String, String)> {
    if keys.values().any(|kind| kind.as_str() == Some("text")) {
        return text_keys(keys.keys());
    }
    // The shell stores directions as doubles; drivers store them as integers.
    let kind = |kind: &Bson| match kind {
        Bson::Double(direction) => format!("{direction:.0}"),
        Bson::String(kind) => kind.clone(),
        other => other.to_string(),
    };
    keys.iter().map(|(field, value)| (field.clone(), kind(value))).collect()
}

fn text_keys<'a>(fields: impl Iterator<Item = &'a String>) -> Vec<(String, String)> {
    let mut keys: Vec<_> = fields.map(|field| (field.clone(), "text".to_owned())).collect();
    keys.sort();
    keys
}
