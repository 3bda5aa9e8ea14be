use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::kernel::{Code, PolicyCheck, after};

/// The search for technicians.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MatchingPolicy {
    /// Weights of the default scorer.
    pub scoring: ScoringPolicy,
    /// How the service radius is widened while no technician is found, in order of time.
    pub widening: Vec<Widening>,
    /// The search ends after this many minutes.
    pub give_up_after_minutes: u32,
    /// Number of alternatives that are named beside the best technician.
    pub alternatives: usize,
}

/// One step of the widening.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Widening {
    /// Minutes since the search began.
    pub after_minutes: u32,
    /// Factor on the service radius.
    pub factor: f64,
}

/// Parameters of [`WeightedScorer`](super::WeightedScorer).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ScoringPolicy {
    /// Weights of the terms; they sum to 1.
    pub weights: Weights,
    /// Shares of the skill term; they sum to 1.
    pub skill: SkillShares,
    /// Experience above this many years does not raise the score.
    pub experience_cap_years: u32,
    /// Number of jobs on the day at which the availability term is zero.
    pub jobs_a_day: u32,
    /// Share of the rating in the reputation term; the rest is the completion rate.
    pub rating_share: f64,
    /// Number of prior reviews with `prior_rating` (Bayesian average).
    pub prior_reviews: u32,
    /// Rating of the prior reviews, 1 to 5 stars.
    pub prior_rating: f64,
}

/// Weights of the terms of a score.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are self-explanatory")]
pub struct Weights {
    pub skill: f64,
    pub proximity: f64,
    pub availability: f64,
    pub reputation: f64,
}

/// Shares of the skill term.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct SkillShares {
    /// For a skill in the category.
    pub category: f64,
    /// For verification by staff.
    pub verified: f64,
    /// For years of experience.
    pub experience: f64,
}

impl Default for MatchingPolicy {
    /// The own radius, 1.5 times the radius after 10 minutes, twice after 20; ends after 30. Three
    /// alternatives.
    fn default() -> Self {
        let step = |after_minutes, factor| Widening { after_minutes, factor };
        Self {
            scoring: ScoringPolicy::default(),
            widening: vec![step(0, 1.0), step(10, 1.5), step(20, 2.0)],
            give_up_after_minutes: 30,
            alternatives: 3,
        }
    }
}

impl Default for ScoringPolicy {
    /// 0.40 skill, 0.25 proximity, 0.20 availability, 0.15 reputation.
    fn default() -> Self {
        Self {
            weights: Weights { skill: 0.40, proximity: 0.25, availability: 0.20, reputation: 0.15 },
            skill: SkillShares { category: 0.6, verified: 0.2, experience: 0.2 },
            experience_cap_years: 10,
            jobs_a_day: 8,
            rating_share: 0.7,
            prior_reviews: 5,
            prior_rating: 4.0,
        }
    }
}

impl MatchingPolicy {
    /// The factor on the service radius after this duration of the search.
    #[must_use]
    pub fn radius_factor(&self, waited: TimeDelta) -> f64 {
        let reached = |step: &&Widening| waited >= TimeDelta::minutes(i64::from(step.after_minutes));
        self.widening.iter().rfind(reached).map_or(1.0, |step| step.factor)
    }

    pub(crate) fn check(&self, check: &mut PolicyCheck) {
        let Self { scoring, widening, give_up_after_minutes: _, alternatives } = self;
        scoring.check(check);
        let mut before = None;
        for (index, step) in widening.iter().enumerate() {
            let field = format!("matching.widening[{index}]");
            check.number(format!("{field}.factor"), step.factor, 0.0, 100.0);
            let rises = before.is_none_or(|before| step.after_minutes > before);
            let message = "the steps must be in order of time, the earliest first";
            check.require(rises, format!("{field}.afterMinutes"), Code::Order, message);
            before = Some(step.after_minutes);
        }
        let message = "must be at most 100";
        check.require(*alternatives <= 100, "matching.alternatives", Code::OutOfRange, message);
    }

    /// When a search that began at `requested_at` ends.
    #[must_use]
    pub fn gives_up_at(&self, requested_at: DateTime<Utc>) -> DateTime<Utc> {
        minutes_after(requested_at, self.give_up_after_minutes)
    }

    /// When to try again after an attempt that found no technician: at the next widening, and finally at the
    /// end of the search. `None` after that.
    #[must_use]
    pub fn next_attempt(
        &self,
        requested_at: DateTime<Utc>,
        attempted_at: DateTime<Utc>,
    ) -> Option<DateTime<Utc>> {
        let end = self.gives_up_at(requested_at);
        let steps = self.widening.iter().map(|step| minutes_after(requested_at, step.after_minutes));
        steps.filter(|step| *step < end).chain([end]).filter(|moment| *moment > attempted_at).min()
    }
}

impl ScoringPolicy {
    fn check(&self, check: &mut PolicyCheck) {
        let Self {
            weights: Weights { skill, proximity, availability, reputation },
            skill: SkillShares { category, verified, experience },
            experience_cap_years,
            jobs_a_day,
            rating_share,
            prior_reviews: _,
            prior_rating,
        } = *self;
        check_shares(
            check,
            "matching.scoring.weights",
            &[
                ("skill", skill),
                ("proximity", proximity),
                ("availability", availability),
                ("reputation", reputation),
            ],
        );
        check_shares(
            check,
            "matching.scoring.skill",
            &[("category", category), ("verified", verified), ("experience", experience)],
        );
        let field = |name| format!("matching.scoring.{name}");
        let message = "must be at least 1";
        check.require(experience_cap_years > 0, field("experienceCapYears"), Code::OutOfRange, message);
        check.require(jobs_a_day > 0, field("jobsADay"), Code::OutOfRange, message);
        check.number(field("ratingShare"), rating_share, 0.0, 1.0);
        check.number(field("priorRating"), prior_rating, 1.0, 5.0);
    }
}

/// Requires shares between 0 and 1 that sum to 1.
fn check_shares(check: &mut PolicyCheck, parent: &str, shares: &[(&str, f64)]) {
    for (name, share) in shares {
        check.number(format!("{parent}.{name}"), *share, 0.0, 1.0);
    }
    let sum: f64 = shares.iter().map(|(_, share)| share).sum();
    check.require((sum - 1.0).abs() < 1e-6, parent, Code::OutOfRange, "the parts must sum to 1");
}

fn minutes_after(start: DateTime<Utc>, minutes: u32) -> DateTime<Utc> {
    after(start, TimeDelta::minutes(i64::from(minutes)))
}
