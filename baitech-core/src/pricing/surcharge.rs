use chrono::{Datelike, Weekday};
use serde::{Deserialize, Serialize};

use crate::{
    account::TimeOfDay,
    booking::{TimeSlot, Urgency},
    kernel::{Distance, Money, Rate},
};

/// Why a job costs more than its base price. Rates add up; they do not compound.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Surcharges {
    /// For [`Urgency::High`].
    pub high_urgency: Rate,
    /// For [`Urgency::Emergency`].
    pub emergency: Rate,
    /// For a job on one of the `weekend_days`.
    pub weekend: Rate,
    /// By the local date of the job.
    pub weekend_days: Vec<Weekday>,
    /// For a job that starts in one of the `peak_hours`.
    pub peak: Rate,
    /// By the local start of the job.
    pub peak_hours: Vec<PeakHours>,
    /// For more requests than technicians.
    pub demand: DemandSurge,
}

/// Hours of every day in which work is dearer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PeakHours {
    /// From.
    pub from: TimeOfDay,
    /// To, not included.
    pub until: TimeOfDay,
}

/// How scarcity raises the price: by `step` for each customer with an open request that a free technician has
/// beyond the first.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DemandSurge {
    /// For each request a technician beyond the first.
    pub step: Rate,
    /// Never more than this.
    pub cap: Rate,
    /// How far around the middle of the job's [`Zone`](crate::kernel::Zone) requests and technicians are
    /// counted: whoever books in one zone meets one demand.
    pub radius: Distance,
    /// Only the nearest so many technicians are counted. Where they live closer than `radius`, requests are
    /// counted up to the farthest of them only: demand stays local in a dense city.
    pub most_technicians: u32,
    /// Seconds for which the counts of a zone are used again before they are read anew. 0 reads them for
    /// every price.
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
    /// 25 % a step, at most 50 %; within 10 km, of 250 technicians at most; read once a minute.
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

/// How many look for work to be done and how many could do it, in one category and near one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Demand {
    /// Customers with a booking that is `pending` or `matching`.
    pub open_requests: u64,
    /// Technicians without a claim on the time.
    pub free_technicians: u64,
}

impl DemandSurge {
    /// min(`cap`, `step` × (requests ÷ technicians − 1)), rounded down to a basis point, and never below
    /// zero. With requests and nobody free, the cap.
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
    /// It is urgent.
    HighUrgency,
    /// It is an emergency.
    Emergency,
    /// It is on a weekend.
    Weekend,
    /// It starts when many want work done.
    PeakHours,
    /// There are more requests than technicians.
    Demand,
}

/// One surcharge of a quote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Adjustment {
    /// Why.
    pub kind: AdjustmentKind,
    /// Of the base price.
    pub rate: Rate,
    /// What it adds to the service.
    pub amount: Money,
}

impl Surcharges {
    /// The surcharges that hold for a job: those that have a rate above zero.
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
