//! What one process caches about zones of the map. The cache only saves reads: it changes no result except
//! for the age of demand counts.

use std::sync::Arc;

use quick_cache::sync::Cache;

use super::demand::{DemandCounts, DemandKey};
use crate::{account::Category, kernel::Zone};

/// The maximum number of cached zones; the least used are dropped. With 250 working technicians each, the
/// demand counts take some 25 MB.
const CAPACITY: usize = 8_192;

/// The cache of an engine.
#[derive(Debug)]
pub(crate) struct Zones {
    /// Demand counts, which may be stale.
    pub(super) demand: Cache<DemandKey, Arc<DemandCounts>>,
    /// The share of the radius within which the given number of best technicians was found. The next search
    /// begins there.
    pub(super) shares: Cache<(Category, Zone, usize), f64>,
}

impl Default for Zones {
    fn default() -> Self {
        Self { demand: Cache::new(CAPACITY), shares: Cache::new(CAPACITY) }
    }
}
