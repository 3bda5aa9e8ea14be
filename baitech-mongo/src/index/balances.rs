use super::definition::Collection;
use crate::ledger::BALANCES;

/// Running balances, found by `_id` alone.
pub(super) fn collection() -> Collection {
    Collection { name: BALANCES, indexes: Vec::new() }
}
