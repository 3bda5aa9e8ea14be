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
    /// The rate for [`Urgency::High`].
    pub high_urgency: Rate,
    /// The rate for [`Urgency::Emergency`].
    pub emergency: Rate,
    /// The rate for a job on one of the `weekend_days`.
    pub weekend: Rate,
    /// The days that count as weekend. They are compared with the local date of the job.
    pub weekend_days: Vec<Weekday>,
    /// The rate for a job that starts in one of the `peak_hours`.
    pub peak: Rate,
    /// The periods that count as peak hours. They are compared with the local start of the job.
    pub peak_hours: Vec<PeakHours>,
    /// The surcharge for more open requests than free technicians.
    pub demand: DemandSurge,
}

/// A period of the day with a surcharge; it applies to every day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PeakHours {
    /// Start.
    pub from: TimeOfDay,
    /// End, exclusive.
    pub until: TimeOfDay,
}

/// The surcharge for demand. It grows with the ratio of customers with open requests to free technicians:
/// [`rate`](Self::rate) has the formula.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DemandSurge {
    /// The rate for each unit of the ratio above 1.
    pub step: Rate,
    /// The maximum rate.
    pub cap: Rate,
    /// The radius around the centre of the job's [`Zone`](crate::kernel::Zone) in which requests and
    /// technicians are counted. All bookings of one zone use the same centre.
    pub radius: Distance,
    /// The maximum number of technicians to count, nearest first. If `radius` contains that many, requests
    /// are counted only up to the distance of the farthest counted technician. So demand stays local in a
    /// dense city.
    pub most_technicians: u32,
    /// The time in seconds for which the counts of a zone are cached. 0 disables the cache.
    pub refresh_seconds: u32,
}

impl Default for Surcharges {
    /// - High urgency: 20 %.
    /// - Emergency: 50 %.
    /// - Saturday and Sunday: 10 %.
    /// - Start from 07:00 to 09:00, or from 17:00 to 20:00: 15 %.
    /// - Demand: the default of [`DemandSurge`].
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
    /// The step is 25 %, the cap 50 %, the radius 10 km. At most 250 technicians are counted. The counts are
    /// cached for 60 seconds.
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
    /// The number of customers with a booking that is `pending` or `matching`. Each customer counts once.
    pub open_requests: u64,
    /// The number of technicians who have no claim on the time of the job.
    pub free_technicians: u64,
}

impl DemandSurge {
    /// The rate for a demand: min(`cap`, `step` × (`open_requests` ÷ `free_technicians` − 1)), rounded down
    /// to a basis point, and at least zero. Without free technicians, the rate is `cap` if there are open
    /// requests, else zero.
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

/// The reason for a surcharge.
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
    /// The amount that it adds to the price of the service.
    pub amount: Money,
}

impl Surcharges {
    /// The surcharges that apply to a job. Surcharges with a rate of zero are left out.
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
