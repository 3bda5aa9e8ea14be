//! Demand around a place: the number of open requests, and of technicians who could do them.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::Bookings;
use crate::{
    account::Category,
    kernel::{GeoPoint, Result, Zone},
    matching::{Supply, SupplyQuery},
    pricing::{Demand, DemandSurge},
    schedule::TimeSlot,
};

/// The area, category and day for which demand is counted.
pub(crate) type DemandKey = (Category, Zone, NaiveDate);

/// The counts around the centre of a zone, for jobs of a category on a day.
#[derive(Debug)]
pub(crate) struct DemandCounts {
    at: DateTime<Utc>,
    open_requests: u64,
    supply: Supply,
}

impl DemandCounts {
    /// Whether the counts are still fresh at a moment. Setting the clock back does not extend their lifetime.
    fn is_fresh(&self, now: DateTime<Utc>, surge: &DemandSurge) -> bool {
        let age = now.signed_duration_since(self.at);
        age >= TimeDelta::zero() && age < TimeDelta::seconds(surge.refresh_seconds.into())
    }
}

impl Bookings {
    /// Open requests compared with technicians of the category who are free at the time, around the zone of a
    /// place.
    pub(super) async fn demand(
        &self,
        category: Category,
        place: Option<GeoPoint>,
        slot: TimeSlot,
    ) -> Result<Demand> {
        let Some(place) = place else { return Ok(Demand::default()) };
        let counts = self.counts((category, Zone::of(place), slot.date)).await?;
        if counts.open_requests == 0 {
            return Ok(Demand { open_requests: 0, free_technicians: counts.supply.technicians });
        }
        // Technicians without a job around that day have no claims, so claims are looked up only for the
        // others.
        let busy = self.busy(&counts.supply.engaged, slot).await?.len();
        let busy = u64::try_from(busy).unwrap_or(u64::MAX);
        let free_technicians = counts.supply.technicians.saturating_sub(busy);
        Ok(Demand { open_requests: counts.open_requests, free_technicians })
    }

    async fn counts(&self, key: DemandKey) -> Result<Arc<DemandCounts>> {
        let surge = &self.engine.policy.pricing.surcharges.demand;
        let now = self.engine.clock.now();
        if let Some(counts) = self.engine.zones.demand.get(&key).filter(|counts| counts.is_fresh(now, surge))
        {
            return Ok(counts);
        }
        let (category, zone, day) = key;
        let (near, within, most) = (zone.middle(), surge.radius, surge.most_technicians);
        let supply = self.engine.matching.supply(&SupplyQuery { category, near, within, most, day }).await?;
        let open_requests = self.engine.matching.open_requests(category, near, supply.within).await?;
        let counts = Arc::new(DemandCounts { at: now, open_requests, supply });
        if surge.refresh_seconds > 0 {
            self.engine.zones.demand.insert(key, counts.clone());
        }
        Ok(counts)
    }
}
