//! What one process remembers of the zones of the map. All of it can be read again: it saves reads, and
//! changes no answer but for the age of demand.

use std::sync::Arc;

use quick_cache::sync::Cache;

use super::demand::{DemandCounts, DemandKey};
use crate::{account::Category, kernel::Zone};

/// How many zones are remembered at most; those that are asked for least are dropped. With 250 technicians
/// each, all of them at work, the counts of demand take some 25 MB.
const CAPACITY: usize = 8_192;

/// The memory of an engine.
#[derive(Debug)]
pub(crate) struct Zones {
    /// The counts of demand, of the last minute or older.
    pub(super) demand: Cache<DemandKey, Arc<DemandCounts>>,
    /// The share of their own radius within which so many best technicians were found: the next search begins
    /// there.
    pub(super) shares: Cache<(Category, Zone, usize), f64>,
}

impl Default for Zones {
    fn default() -> Self {
        Self { demand: Cache::new(CAPACITY), shares: Cache::new(CAPACITY) }
    }
}
