use chrono::{Datelike, Weekday};
use serde::{Deserialize, Serialize};

use crate::{
    account::TimeOfDay,
    kernel::{Distance, Money, Rate},
    schedule::{TimeSlot, Urgency},
};

/// Surcharges on the base price. The rates are added, not compounded.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Surcharges {
    /// For [`Urgency::High`].
    pub high_urgency: Rate,
    /// For [`Urgency::Emergency`].
    pub emergency: Rate,
    /// For a job on one of the `weekend_days`.
    pub weekend: Rate,
    /// Weekend days, by the local date of the job.
    pub weekend_days: Vec<Weekday>,
    /// For a job that starts in one of the `peak_hours`.
    pub peak: Rate,
    /// Peak hours, by the local start of the job.
    pub peak_hours: Vec<PeakHours>,
    /// For more requests than technicians.
    pub demand: DemandSurge,
}

/// Hours of every day with a surcharge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PeakHours {
    /// Start.
    pub from: TimeOfDay,
    /// End, exclusive.
    pub until: TimeOfDay,
}

/// How scarcity raises the price: by `step` for each customer with an open request per free technician,
/// beyond the first.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DemandSurge {
    /// For each request per technician beyond the first.
    pub step: Rate,
    /// Maximum of the surcharge.
    pub cap: Rate,
    /// Radius around the centre of the job's [`Zone`](crate::kernel::Zone) in which requests and technicians
    /// are counted: all bookings of one zone see the same demand.
    pub radius: Distance,
    /// Maximum number of technicians to count, nearest first. If they are all closer than `radius`, requests
    /// are counted only up to the farthest of them, so that demand stays local in a dense city.
    pub most_technicians: u32,
    /// Seconds for which the counts of a zone are cached. 0 reads them for every price.
    pub refresh_seconds: u32,
}

impl Default for Surcharges {
    /// High urgency 20 %, emergency 50 %, Saturday and Sunday 10 %, start within 07–09 or 17–20 15 %.
    fn default() -> Self {
        let hours = |from: u8, until: u8| {
            Some(PeakHours { from: TimeOfDay::new(from, 0)?, until: TimeOfDay::new(until, 0)? })
        };
        Self {
            high_urgency: Rate::percent(20),
            emergency: Rate::percent(50),
            weekend: Rate::percent(10),
            weekend_days: vec![Weekday::Sat, Weekday::Sun],
            peak: Rate::percent(15),
            peak_hours: [hours(7, 9), hours(17, 20)].into_iter().flatten().collect(),
            demand: DemandSurge::default(),
        }
    }
}

impl Default for DemandSurge {
    /// 25 % a step, at most 50 %; within 10 km, with at most 250 technicians; cached for a minute.
    fn default() -> Self {
        Self {
            step: Rate::percent(25),
            cap: Rate::percent(50),
            radius: Distance::from_kilometres(10.0),
            most_technicians: 250,
            refresh_seconds: 60,
        }
    }
}

/// Demand and supply in one category near one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Demand {
    /// Customers with a booking that is `pending` or `matching`.
    pub open_requests: u64,
    /// Technicians without a claim on that time.
    pub free_technicians: u64,
}

impl DemandSurge {
    /// min(`cap`, `step` × (requests ÷ technicians − 1)), rounded down to a basis point, and never below
    /// zero. The cap if there are requests but no free technicians.
    #[must_use]
    pub fn rate(&self, demand: Demand) -> Rate {
        let excess = u128::from(demand.open_requests.saturating_sub(demand.free_technicians));
        let points = u128::from(self.step.basis_points()) * excess;
        let points = match points.checked_div(u128::from(demand.free_technicians)) {
            Some(points) => points,
            None if demand.open_requests > 0 => return self.cap,
            None => 0,
        };
        u32::try_from(points).map_or(self.cap, |points| self.cap.min(Rate::from_basis_points(points)))
    }
}

/// The reason of a surcharge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AdjustmentKind {
    /// The job is urgent.
    HighUrgency,
    /// The job is an emergency.
    Emergency,
    /// The job is on a weekend.
    Weekend,
    /// The job starts in peak hours.
    PeakHours,
    /// There are more requests than technicians.
    Demand,
}

/// One surcharge of a quote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Adjustment {
    /// The reason.
    pub kind: AdjustmentKind,
    /// The rate on the base price.
    pub rate: Rate,
    /// The amount added to the service.
    pub amount: Money,
}

impl Surcharges {
    /// The surcharges that apply to a job: those with a rate above zero.
    pub fn applying(
        &self,
        urgency: Urgency,
        slot: &TimeSlot,
        demand: Demand,
    ) -> impl Iterator<Item = (AdjustmentKind, Rate)> + use<> {
        let urgency = match urgency {
            Urgency::Low | Urgency::Medium => None,
            Urgency::High => Some((AdjustmentKind::HighUrgency, self.high_urgency)),
            Urgency::Emergency => Some((AdjustmentKind::Emergency, self.emergency)),
        };
        let is_weekend = self.weekend_days.contains(&slot.date.weekday());
        let is_peak = self.peak_hours.iter().any(|peak| (peak.from..peak.until).contains(&slot.start));
        let candidates = [
            urgency,
            is_weekend.then_some((AdjustmentKind::Weekend, self.weekend)),
            is_peak.then_some((AdjustmentKind::PeakHours, self.peak)),
            Some((AdjustmentKind::Demand, self.demand.rate(demand))),
        ];
        candidates.into_iter().flatten().filter(|(_, rate)| *rate > Rate::ZERO)
    }
}
