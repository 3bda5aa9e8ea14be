use std::fmt;

use rust_decimal::prelude::ToPrimitive;

use super::{Candidate, Job, ScoringPolicy, Workload};
use crate::kernel::Distance;

/// A job and a technician who can do it: the input of a score.
#[derive(Debug, Clone, Copy)]
#[expect(missing_docs, reason = "the types are self-explanatory")]
pub struct Fit<'a> {
    pub job: &'a Job<'a>,
    pub candidate: &'a Candidate,
    pub distance: Distance,
    pub workload: Workload,
}

/// Rates how well a technician fits a job.
pub trait MatchScorer: Send + Sync + fmt::Debug {
    /// The name of the scoring method, stored with each match.
    fn name(&self) -> &str;

    /// The score, 0 to 1; higher is better. Values outside are clamped, and NaN counts as 0.
    ///
    /// All else equal, a longer distance must never score higher: candidates who cannot rank among the best
    /// even at their shortest possible distance are not measured exactly.
    fn score(&self, fit: &Fit<'_>) -> f64;

    /// An upper bound of the score beyond `share` times the service radius. A tight bound saves the store
    /// from reading all technicians; a scorer without one returns 1.
    fn best_beyond(&self, share: f64) -> f64 {
        let _ = share;
        1.0
    }

    /// The terms of the score; empty for a scorer that cannot split it.
    fn terms(&self, fit: &Fit<'_>) -> Vec<Term> {
        let _ = fit;
        Vec::new()
    }
}

/// One term of a score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Term {
    /// The name of the term.
    pub name: &'static str,
    /// Its contribution to the score.
    pub points: f64,
    /// Its maximum contribution.
    pub most: f64,
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:.2} of {:.2}", self.name, self.points, self.most)
    }
}

/// The default scorer: a weighted sum of skill, proximity, availability and reputation, each 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct WeightedScorer(ScoringPolicy);

impl WeightedScorer {
    /// A scorer with these weights.
    #[must_use]
    pub const fn new(policy: ScoringPolicy) -> Self {
        Self(policy)
    }

    fn weighed(&self, fit: &Fit<'_>) -> [Term; 4] {
        let term = |name, value: f64, weight: f64| Term { name, points: value * weight, most: weight };
        let weights = self.0.weights;
        [
            term("skill", self.skill(fit.candidate), weights.skill),
            term("proximity", proximity(fit.distance, fit.candidate.service_radius), weights.proximity),
            term("availability", self.availability(fit.candidate, fit.workload), weights.availability),
            term("reputation", self.reputation(fit.candidate), weights.reputation),
        ]
    }

    fn skill(&self, candidate: &Candidate) -> f64 {
        let Some(skill) = candidate.skill else { return 0.0 };
        let shares = self.0.skill;
        let cap = self.0.experience_cap_years;
        let experience = ratio(skill.years_of_experience.min(cap), cap);
        let verified = if skill.verified { shares.verified } else { 0.0 };
        shares.category + verified + shares.experience * experience
    }

    fn availability(&self, candidate: &Candidate, workload: Workload) -> f64 {
        let free = (1.0 - ratio(workload.that_day, self.0.jobs_a_day)).max(0.0);
        free * share(candidate.punctuality)
    }

    fn reputation(&self, candidate: &Candidate) -> f64 {
        let count = f64::from(candidate.rating.count);
        let prior = f64::from(self.0.prior_reviews);
        let stars = candidate.rating.average.to_f64().unwrap_or_default();
        // The mean of the actual and the prior reviews (Bayesian average), as a share of five stars.
        let rating = if count + prior > 0.0 {
            (prior * self.0.prior_rating + count * stars) / (prior + count)
        } else {
            self.0.prior_rating
        };
        let rating = (rating / 5.0).clamp(0.0, 1.0);
        rating * self.0.rating_share + share(candidate.completion_rate) * (1.0 - self.0.rating_share)
    }
}

impl MatchScorer for WeightedScorer {
    fn name(&self) -> &str {
        "weighted"
    }

    fn score(&self, fit: &Fit<'_>) -> f64 {
        self.weighed(fit).iter().map(|term| term.points).sum()
    }

    /// All terms but the proximity at their best. Returns 1 for policies with negative numbers, where the
    /// best is not the maximum.
    fn best_beyond(&self, share: f64) -> f64 {
        /// Allows for sums in another order.
        const ROUNDING: f64 = 1e-9;

        let ScoringPolicy { weights, skill, rating_share, .. } = self.0;
        let counts = [weights.skill, weights.proximity, weights.availability, weights.reputation];
        let shares = [skill.category, skill.verified, skill.experience, rating_share, 1.0 - rating_share];
        if counts.into_iter().chain(shares).any(|number| number.is_nan() || number < 0.0) {
            return 1.0;
        }
        let skill = skill.category + skill.verified + skill.experience;
        let proximity = (1.0 - share).max(0.0);
        let rest = weights.availability + weights.reputation;
        skill * weights.skill + proximity * weights.proximity + rest + ROUNDING
    }

    fn terms(&self, fit: &Fit<'_>) -> Vec<Term> {
        self.weighed(fit).to_vec()
    }
}

/// 1 at distance zero, 0 at the radius and beyond.
fn proximity(distance: Distance, radius: Distance) -> f64 {
    if distance.metres() <= 0.0 {
        return 1.0;
    }
    (1.0 - distance.metres() / radius.metres().max(f64::MIN_POSITIVE)).max(0.0)
}

/// The ratio of a part to a whole; 1 if the whole is zero.
fn ratio(part: u32, whole: u32) -> f64 {
    if whole == 0 { 1.0 } else { f64::from(part) / f64::from(whole) }
}

/// A share from the history; 1 without history.
fn share(share: Option<f64>) -> f64 {
    share.unwrap_or(1.0).clamp(0.0, 1.0)
}
