use serde::{Deserialize, Serialize};

use super::KycCaseStatus;
use crate::{account::User, kernel::Id, store::events};

events! {
    /// Events of an identity check.
    pub enum KycCaseEvent {
        /// A user submitted documents.
        KycCaseOpened("kyc_case.opened") {
            /// The user.
            user: Id<User>,
        },
        /// The user submitted other documents before staff decided.
        KycCaseDocumentsReplaced("kyc_case.documents_replaced") {
            /// The user.
            user: Id<User>,
        },
        /// Staff are reminded of an open case.
        KycCaseReminded("kyc_case.reminded") {
            /// The user.
            user: Id<User>,
            /// How often staff were reminded, counting this time.
            reminders: u32,
        },
        /// Staff decided.
        KycCaseClosed("kyc_case.closed") {
            /// The user.
            user: Id<User>,
            /// The decision.
            status: KycCaseStatus,
        },
    }
}
