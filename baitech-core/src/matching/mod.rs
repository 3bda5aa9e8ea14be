//! Which technician gets a job, and why.
//!
//! [`eligibility`] says who can do a [`Job`] and else why not; a [`MatchScorer`] says how well; [`rank`] puts the best first.
//! Nothing here reads a store: a [`MatchingRepository`] hands over [`Candidate`]s and [`Workload`]s.

mod candidate;
mod job;
mod policy;
mod rank;
mod repository;
mod scorer;
#[cfg(test)]
mod tests;

pub use candidate::{Candidate, CandidateSkill, Workload};
pub use job::{Exclusion, Job, eligibility};
pub use policy::{MatchingPolicy, ScoringPolicy, SkillShares, Weights, Widening};
pub use rank::{Ranked, rank};
pub use repository::MatchingRepository;
pub use scorer::{Fit, MatchScorer, Term, WeightedScorer};
