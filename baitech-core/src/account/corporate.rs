use serde::{Deserialize, Serialize};

use super::User;
use crate::kernel::{Id, Text};

/// How a company is billed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
#[expect(missing_docs, reason = "the names are self-explanatory")]
pub struct BillingInfo {
    pub tax_id: Option<String>,
    pub billing_email: Option<String>,
    pub billing_address: Option<String>,
    pub payment_terms: Option<String>,
}

/// The company that a corporate user acts for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CorporateProfile {
    /// The company's name.
    pub company_name: Text<150>,
    /// Its company registration number.
    #[serde(default)]
    pub company_registration: Option<String>,
    /// The department of this user.
    #[serde(default)]
    pub department: Option<String>,
    /// Number of employees.
    #[serde(default)]
    pub employee_count: Option<u32>,
    /// The user who administers the company and approves its bookings; `None` for the administrator.
    #[serde(default, rename = "corporateAdmin")]
    pub administrator: Option<Id<User>>,
    /// How the company is billed.
    #[serde(default)]
    pub billing: BillingInfo,
}
