//! The part of a user that matching reads.

use baitech_core::account::{self, Category, KycStatus, User, UserStatus};
use baitech_core::kernel::{Currency, Id};
use baitech_core::matching::{Candidate, CandidateSkill, Card, JobDays, Workload, days_around};
use bson::{Document, RawBsonRef, RawDocumentBuf, doc};
use chrono::NaiveDate;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_with::{DefaultOnNull, serde_as};

use crate::money::{DEFAULT_CURRENCY, money};
use crate::user::parts::{Kyc, Place, Rating, Skill, Stats};
use crate::user::{JOBS, service_radius};
use crate::value::{Finite, Iso4217, Number128, Oid};

#[serde_as]
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct CandidateDocument {
    #[serde(rename = "_id")]
    #[serde_as(as = "Oid")]
    id: Id<User>,
    status: Option<UserStatus>,
    public_place: Option<Place>,
    #[serde_as(as = "DefaultOnNull<Vec<Skill>>")]
    #[serde(default)]
    skills: Vec<account::Skill>,
    #[serde_as(as = "Option<Number128>")]
    hourly_rate: Option<Decimal>,
    #[serde_as(as = "Option<Iso4217>")]
    hourly_rate_currency: Option<Currency>,
    #[serde_as(as = "Option<Finite>")]
    service_radius: Option<f64>,
    kyc: Option<Kyc>,
    #[serde_as(as = "Option<Rating>")]
    rating: Option<account::Rating>,
    stats: Option<Stats>,
    jobs_by_day: Option<RawDocumentBuf>,
}

impl CandidateDocument {
    /// Whole fields, which the server copies faster than single days out of the counts of jobs.
    pub(super) fn projection() -> Document {
        doc! {
            "status": 1,
            "publicPlace": 1,
            "skills": 1,
            "hourlyRate": 1,
            "hourlyRateCurrency": 1,
            "serviceRadius": 1,
            "kyc": 1,
            "rating": 1,
            "stats": 1,
            JOBS: 1,
        }
    }

    /// The number of jobs on a day; a value that is not a number counts as zero.
    fn jobs(&self, day: NaiveDate) -> u32 {
        let count = self.jobs_by_day.as_ref().and_then(|jobs| jobs.get(day.to_string()).ok().flatten());
        match count {
            Some(RawBsonRef::Int32(count)) => u32::try_from(count).unwrap_or_default(),
            Some(RawBsonRef::Int64(count)) => u32::try_from(count).unwrap_or_default(),
            _ => 0,
        }
    }

    pub(super) fn into_card(self, category: Category, days: JobDays) -> Card {
        let last_week = days.week().map(|day| self.jobs(day)).fold(0, u32::saturating_add);
        let workload = Workload { that_day: self.jobs(days.day), last_week };
        let is_engaged = days_around(days.day).any(|day| self.jobs(day) > 0);
        Card { candidate: self.into_candidate(category), workload, is_engaged }
    }

    fn into_candidate(self, category: Category) -> Candidate {
        let rate_currency = self.hourly_rate_currency.unwrap_or(DEFAULT_CURRENCY);
        let in_category = self.skills.iter().filter(|skill| skill.category == category);
        let skills = in_category.map(|skill| CandidateSkill {
            verified: skill.verified,
            years_of_experience: skill.years_of_experience,
        });
        let stats = self.stats.unwrap_or_default().into_domain();
        Candidate {
            technician: self.id,
            is_active: self.status == Some(UserStatus::Active),
            is_verified: self.kyc.as_ref().is_some_and(|kyc| kyc.read_status() == KycStatus::Verified),
            skill: skills.max_by_key(|skill| (skill.verified, skill.years_of_experience)),
            point: self.public_place.and_then(|place| place.point),
            service_radius: Candidate::capped(service_radius(self.service_radius)),
            hourly_rate: self.hourly_rate.map(|amount| money(amount, rate_currency)),
            rating: self.rating.unwrap_or_default(),
            completion_rate: stats.completion_rate(),
            punctuality: stats.punctuality(),
        }
    }
}
