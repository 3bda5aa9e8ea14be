use std::{
    cmp::Ordering,
    collections::{BinaryHeap, HashMap, HashSet},
};

use super::{Candidate, Fit, Job, MatchScorer, Term, Workload, job::standing};
use crate::{
    account::User,
    kernel::{Distance, GeoPoint, Id},
};

/// A technician in a ranking, with the score.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranked {
    /// The technician.
    pub technician: Id<User>,
    /// The score, 0 to 1.
    pub score: f64,
    /// Distance of the public place.
    pub distance: Distance,
    /// The terms of the score, if the scorer reports them.
    pub terms: Vec<Term>,
}

impl Ranked {
    /// The reason in one line: the two strongest terms, and the distance in whole kilometres.
    #[must_use]
    pub fn reason(&self) -> String {
        let mut terms: Vec<_> = self.terms.iter().collect();
        terms.sort_by(|a, b| b.points.total_cmp(&a.points));
        let strongest = terms.iter().take(2).map(|term| format!("{term}, "));
        strongest.collect::<String>() + &format!("about {} km away", self.distance.kilometres().round())
    }
}

/// The best `limit` candidates for a job, best first, without the `excluded` ones.
///
/// The preferred technician comes first, then the highest score, then fewer jobs in the last seven days, then
/// the lower id. A candidate missing in `workloads` has no jobs.
///
/// A ranking knows neither the candidates' working hours nor their other bookings: the caller looks these up
/// for the best, and ranks again without those who cannot come. That gives the same order as ranking only
/// those who can come, since the score of a candidate does not depend on the others.
///
/// The order is that of exact (geodesic) distances. They are slow to compute, so candidates are first
/// measured on a sphere. The exact distance is computed only near the edge of the radius, and for candidates
/// who could still rank among the best.
#[must_use]
pub fn rank(
    job: &Job<'_>,
    candidates: &[Candidate],
    workloads: &HashMap<Id<User>, Workload>,
    excluded: &HashSet<Id<User>>,
    scorer: &dyn MatchScorer,
    limit: usize,
) -> Vec<Ranked> {
    let contenders = candidates.iter().filter_map(|candidate| {
        let home = standing(job, candidate).ok().flatten()?;
        if excluded.contains(&candidate.technician) {
            return None;
        }
        let nearest = nearest_within(home, job.point, job.reach(candidate))?;
        let workload = workloads.get(&candidate.technician).copied().unwrap_or_default();
        let fit = Fit { job, candidate, distance: nearest, workload };
        let key = Contender::key(&fit, scorer);
        Some(Contender { key, fit, home })
    });
    let mut contenders: BinaryHeap<_> = contenders.collect();

    let mut best: Vec<Contender<'_>> = Vec::new();
    while let Some(mut next) = contenders.pop() {
        // Even at its nearest it would rank behind all of them, and so would the rest of the heap.
        if best.len() >= limit && best.last().is_none_or(|last| next.key < last.key) {
            break;
        }
        next.fit.distance = next.home.geodesic_distance(job.point);
        next.key = Contender::key(&next.fit, scorer);
        let place = best.partition_point(|other| *other > next);
        best.insert(place, next);
        best.truncate(limit);
    }
    best.into_iter().map(|contender| contender.ranked(scorer)).collect()
}

/// The share of the service radius in which the search begins. In densely populated areas the best
/// technicians are near.
pub const FIRST_SHARE: f64 = 0.25;

/// The next share to search, if a ranking of the `found` technicians within `share` [is not
/// settled](is_settled). At `radius_factor`, the search finds all technicians who can do the job.
///
/// The number of technicians grows with the square of the share. The next share should contain three times
/// the wanted number, and is at least twice as large.
#[must_use]
pub fn next_share(share: f64, found: usize, wanted: usize, radius_factor: f64) -> f64 {
    /// Above this part of the whole, it is cheaper to search the whole at once.
    const ALMOST_ALL: f64 = 0.7;

    let Ok(found) = u32::try_from(found) else { return radius_factor };
    let wanted = f64::from(u32::try_from(wanted).unwrap_or(u32::MAX)) * 3.0;
    // If no technician was found, the next share is infinite, so the whole area is searched.
    let next = share * (wanted / f64::from(found)).sqrt().max(2.0);
    if next < radius_factor * ALMOST_ALL { next } else { radius_factor }
}

/// The first share for the next search around the same place, after a search that settled within `share` with
/// the `found` technicians: the same share, or half of it if far more were found than needed.
#[must_use]
pub fn first_share(share: f64, found: usize, wanted: usize) -> f64 {
    /// Half the share should contain a quarter of them: twice the wanted number.
    const FAR_MORE: usize = 8;

    let more = found > wanted.saturating_mul(FAR_MORE);
    if more && share > FIRST_SHARE { (share / 2.0).max(FIRST_SHARE) } else { share }
}

/// Whether a ranking of the technicians within `share` of their service radius (and the preferred one) equals
/// the ranking of all technicians: no technician farther away can rank among the `limit` best.
#[must_use]
pub fn is_settled(
    job: &Job<'_>,
    ranked: &[Ranked],
    limit: usize,
    scorer: &dyn MatchScorer,
    share: f64,
) -> bool {
    if share >= job.radius_factor {
        return true;
    }
    let full = ranked.len() >= limit;
    let worst = ranked.last();
    full && worst.is_none_or(|worst| {
        job.preferred == Some(worst.technician) || worst.score > bounded(scorer.best_beyond(share))
    })
}

/// A lower bound of the distance; `None` if it is outside the radius. Exact if the sphere alone cannot
/// decide.
fn nearest_within(home: GeoPoint, job: GeoPoint, radius: Distance) -> Option<Distance> {
    /// Maximum relative error of the sphere.
    const SPHERE_ERROR: f64 = 0.006;
    /// Additional error in metres, for rounding at very short distances.
    const ROUNDING: f64 = 0.001;

    let sphere = home.haversine_distance(job).metres();
    let nearest = (sphere * (1.0 - SPHERE_ERROR) - ROUNDING).max(0.0);
    let farthest = sphere * (1.0 + SPHERE_ERROR) + ROUNDING;
    if farthest <= radius.metres() {
        return Some(Distance::from_metres(nearest));
    }
    if nearest > radius.metres() {
        return None;
    }
    Some(home.geodesic_distance(job)).filter(|distance| *distance <= radius)
}

/// A candidate in a ranking. The greatest one ranks first.
struct Contender<'a> {
    /// The score; above all scores for the preferred technician.
    key: f64,
    fit: Fit<'a>,
    home: GeoPoint,
}

impl Contender<'_> {
    fn key(fit: &Fit<'_>, scorer: &dyn MatchScorer) -> f64 {
        if fit.job.preferred == Some(fit.candidate.technician) {
            f64::INFINITY
        } else {
            bounded(scorer.score(fit))
        }
    }

    fn ranked(&self, scorer: &dyn MatchScorer) -> Ranked {
        Ranked {
            technician: self.fit.candidate.technician,
            score: bounded(scorer.score(&self.fit)),
            distance: self.fit.distance,
            terms: scorer.terms(&self.fit),
        }
    }
}

fn bounded(score: f64) -> f64 {
    if score.is_nan() { 0.0 } else { score.clamp(0.0, 1.0) }
}

impl Ord for Contender<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_score = self.key.total_cmp(&other.key);
        let by_jobs = || other.fit.workload.last_week.cmp(&self.fit.workload.last_week);
        let by_id = || other.fit.candidate.technician.cmp(&self.fit.candidate.technician);
        by_score.then_with(by_jobs).then_with(by_id)
    }
}

impl PartialOrd for Contender<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Contender<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Contender<'_> {}
