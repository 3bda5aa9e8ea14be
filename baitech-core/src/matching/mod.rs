//! Assignment of technicians to jobs.
//!
//! [`eligibility`] decides whether a technician can do a [`Job`], with the reason if not. A [`MatchScorer`]
//! rates how well, and [`rank`] sorts the best first. This module does not read a store: a
//! [`MatchingRepository`] provides [`Card`]s, which are [`Candidate`]s with their [`Workload`]s. The search
//! asks for a growing share of the technicians' own radius, until no technician farther away can rank among
//! the best.

mod candidate;
mod job;
mod policy;
mod rank;
mod repository;
mod scorer;
#[cfg(test)]
mod tests;

pub use candidate::{Candidate, CandidateSkill, WorkingHours, Workload};
pub use job::{Exclusion, Job, eligibility};
pub use policy::{MatchingPolicy, ScoringPolicy, SkillShares, Weights, Widening};
pub use rank::{FIRST_SHARE, Ranked, first_share, is_settled, next_share, rank};
pub use repository::{CandidateQuery, Card, JobDays, MatchingRepository, Supply, SupplyQuery, days_around};
pub use scorer::{Fit, MatchScorer, Term, WeightedScorer};
