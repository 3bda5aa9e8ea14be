//! Counts a technician's jobs by day, outside of the user's value, in the commits that change bookings.

use std::collections::BTreeMap;

use baitech_core::account::User;
use baitech_core::booking::Booking;
use baitech_core::kernel::Id;
use bson::{Document, doc};
use chrono::{DateTime, Days, NaiveDate, Utc};

use crate::value::oid;

/// The field: a day (`2026-03-02`) to the number of jobs on it. Days without jobs are omitted.
pub(crate) const JOBS: &str = "jobsByDay";

/// Older days are dropped with the next change: matching asks for the last seven.
const KEPT_DAYS: u64 = 60;

/// How the counts of technicians change.
#[derive(Debug, Default)]
pub(crate) struct JobMoves {
    moves: BTreeMap<(Id<User>, NaiveDate), i32>,
    latest: Option<DateTime<Utc>>,
}

impl JobMoves {
    /// Replaces the count of a booking's old state by that of its new state.
    pub(crate) fn of(&mut self, before: Option<&Booking>, after: &Booking) {
        self.add(before.and_then(Booking::job), -1);
        self.add(after.job(), 1);
        self.latest = self.latest.max(Some(after.updated_at));
    }

    fn add(&mut self, job: Option<(Id<User>, NaiveDate)>, more: i32) {
        if let Some(job) = job {
            let count = self.moves.entry(job).or_default();
            *count = count.saturating_add(more);
        }
    }

    /// One update for each technician whose counts change, by technician.
    pub(crate) fn updates(self) -> Vec<JobsUpdate> {
        let oldest = self.latest.map_or(NaiveDate::MIN, |now| oldest_kept(now.date_naive()));
        let mut technicians: BTreeMap<Id<User>, Document> = BTreeMap::new();
        for ((technician, day), more) in self.moves.into_iter().filter(|(_, more)| *more != 0) {
            let key = day.to_string();
            let stored = format!("${JOBS}.{key}");
            let sum = doc! { "$add": [{ "$ifNull": [stored, 0] }, more] };
            technicians.entry(technician).or_default().insert(key, sum);
        }
        let update = |(technician, changed)| JobsUpdate {
            filter: doc! { "_id": oid(technician) },
            update: vec![doc! { "$set": { JOBS: kept(changed, oldest) } }],
        };
        technicians.into_iter().map(update).collect()
    }
}

/// The first day that is kept on a given day.
pub(crate) fn oldest_kept(today: NaiveDate) -> NaiveDate {
    today.checked_sub_days(Days::new(KEPT_DAYS)).unwrap_or(NaiveDate::MIN)
}

/// The stored counts with their changes, without old days and days without jobs.
fn kept(changed: Document, oldest: NaiveDate) -> Document {
    let all = doc! { "$objectToArray": { "$mergeObjects": [format!("${JOBS}"), changed] } };
    let wanted = doc! { "$and": [{ "$gt": ["$$day.v", 0] }, { "$gte": ["$$day.k", oldest.to_string()] }] };
    doc! { "$arrayToObject": { "$filter": { "input": all, "as": "day", "cond": wanted } } }
}

/// The new counts of one technician; it changes neither the user's version nor any other field.
#[derive(Debug)]
pub(crate) struct JobsUpdate {
    pub(crate) filter: Document,
    pub(crate) update: Vec<Document>,
}
