//! Which technician gets a job, and why.
//!
//! [`eligibility`] says who can do a [`Job`] and else why not; a [`MatchScorer`] says how well; [`rank`] puts
//! the best first. Nothing here reads a store: a [`MatchingRepository`] hands over [`Card`]s: [`Candidate`]s
//! with their [`Workload`]s. It is asked for a growing share of the technicians' own radius, until nobody
//! farther away can come among the best.

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
pub use rank::{FIRST_SHARE, Ranked, first_share, is_settled, next_share, rank};
pub use repository::{CandidateQuery, Card, JobDays, MatchingRepository, Supply, SupplyQuery, days_around};
pub use scorer::{Fit, MatchScorer, Term, WeightedScorer};
