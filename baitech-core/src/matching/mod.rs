//! Which technician gets a job, and why.

mod candidate;
mod repository;

pub use candidate::{Candidate, CandidateSkill, Workload};
pub use repository::MatchingRepository;
