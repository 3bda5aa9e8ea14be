//! People and companies: users of all roles, technician profiles, availability, identity checks (KYC).

mod availability;
mod check;
mod commands;
mod corporate;
mod event;
mod kyc;
mod kyc_case;
mod local_span;
mod policy;
mod public_place;
mod repository;
mod rules;
mod search;
mod service;
mod stamps;
mod stats;
mod technician;
mod user;

pub use availability::{Availability, AvailabilityException, TimeOfDay, WeeklySlot};
pub use corporate::{BillingInfo, CorporateProfile};
pub use event::AccountEvent;
pub use kyc::{IdType, Kyc, KycDecision, KycDocuments, KycStatus};
pub use kyc_case::{
    KycCase, KycCaseEvent, KycCaseFilter, KycCaseRecord, KycCaseRepository, KycCaseStatus, KycCaseView,
};
pub use policy::{AccountPolicy, Context};
pub use public_place::PublicPlace;
pub use repository::{UserFilter, UserRepository};
pub use service::Accounts;
pub use stamps::UserStamps;
pub use stats::{StatsDelta, UserStats};
pub use technician::{Category, Insurance, Licence, Skill, TechnicianProfile};
pub use user::{Address, Gender, Image, NewUser, ProfileChange, Rating, User, UserRecord, UserStatus};
