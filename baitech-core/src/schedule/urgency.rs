use serde::{Deserialize, Serialize};

use crate::kernel::named;

named! {
    /// How urgent the work is, in ascending order.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, PartialOrd, Ord, Serialize, Deserialize)]
    #[expect(missing_docs, reason = "the names are self-explanatory")]
    pub enum Urgency {
        Low = "low",
        #[default]
        Medium = "medium",
        High = "high",
        Emergency = "emergency",
    }
}
