use serde::{Deserialize, Serialize};

/// The issuer or recipient of a document, as printed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Addressee {
    /// The name.
    pub name: String,
    /// The taxpayer number.
    pub tax_id: Option<String>,
    /// Address, phone number, email address: one per line.
    pub lines: Vec<String>,
}
