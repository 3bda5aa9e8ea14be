//! Commands on a user, as pure decisions.

use chrono::{DateTime, Utc};

use super::{
    AccountEvent, AccountPolicy, Availability, Category, CorporateProfile, Kyc, KycDecision, KycDocuments,
    KycStatus, NewUser, ProfileChange, Rating, TechnicianProfile, User, UserRecord, UserStats, UserStatus,
    check::{check_profiles, tidy_address, tidy_corporate, tidy_hours, tidy_technician},
};
use crate::{
    decide::{Aggregate, Decision, fields_of_record},
    kernel::{
        Actor, Code, Currency, Email, Entropy, Error, Id, PhoneNumber, Result, Rule, Text, Username,
        Violation, Violations, document_name,
    },
    store::{AggregateRef, ClaimKey, Searchable},
};

impl User {
    /// Creates an active, unverified user. A technician's price must be in `currency`, and the public place
    /// of the home is drawn at random.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every violation.
    pub fn register(
        new: &NewUser,
        id: Id<Self>,
        currency: Currency,
        now: DateTime<Utc>,
        entropy: &dyn Entropy,
    ) -> Result<Decision<Self>> {
        let mut violations = Violations::new();
        let first_name = violations.check(Text::new("firstName", &new.first_name));
        let last_name = violations.check(Text::new("lastName", &new.last_name));
        let email = violations.check(Email::new(&new.email));
        let phone = violations.check(PhoneNumber::new(&new.phone_number));
        let username = new.username.as_deref().and_then(|name| violations.check(Username::new(name)));
        let bio = violations.check(Text::optional("bio", new.bio.as_deref())).flatten();
        let (mut location, mut technician, mut corporate) =
            (new.location.clone(), new.technician.clone(), new.corporate.clone());
        tidy_address(&mut location, &mut violations);
        check_profiles(new.role, technician.is_some(), corporate.is_some(), &mut violations);
        if let Some(profile) = &mut technician {
            tidy_technician(profile, currency, &mut violations);
        }
        if let Some(company) = &mut corporate {
            tidy_corporate(company, &mut violations);
        }
        let (Some(first_name), Some(last_name), Some(email), Some(phone)) =
            (first_name, last_name, email, phone)
        else {
            return Err(Error::Invalid(violations));
        };
        violations.into_result()?;
        let mut user = Self(UserRecord {
            id,
            role: new.role,
            status: UserStatus::Active,
            first_name,
            last_name,
            email,
            phone,
            username,
            bio,
            gender: None,
            date_of_birth: None,
            picture: None,
            location,
            public_place: None,
            technician: technician.map(TechnicianProfile::unverified),
            corporate,
            kyc: Kyc::default(),
            rating: Rating::default(),
            stats: UserStats::default(),
            created_at: now,
            updated_at: now,
        });
        user.keep_public_place(entropy);
        let take = user.claims();
        Ok(Decision::new(user).event(AccountEvent::UserRegistered { role: new.role }).take_all(take))
    }

    /// Changes the user's profile. A technician's price must be in this currency, and the public place
    /// follows the home ([`PublicPlace::follow`](super::PublicPlace::follow)).
    ///
    /// # Errors
    /// [`Error::Invalid`] with every violation.
    pub fn change_profile(
        mut self,
        change: &ProfileChange,
        currency: Currency,
        now: DateTime<Utc>,
        entropy: &dyn Entropy,
    ) -> Result<Decision<Self>> {
        let mut violations = Violations::new();
        let before = self.claims();
        let user = &mut self.0;
        if let Some(name) = &change.first_name {
            violations.set(&mut user.first_name, Text::new("firstName", name));
        }
        if let Some(name) = &change.last_name {
            violations.set(&mut user.last_name, Text::new("lastName", name));
        }
        if let Some(email) = &change.email {
            violations.set(&mut user.email, Email::new(email));
        }
        if let Some(phone) = &change.phone_number {
            violations.set(&mut user.phone, PhoneNumber::new(phone));
        }
        if let Some(name) = &change.username {
            violations.set(&mut user.username, Username::new(name).map(Some));
        }
        if let Some(bio) = &change.bio {
            violations.set(&mut user.bio, Text::optional("bio", Some(bio)));
        }
        if let Some(date) = change.date_of_birth {
            if date > now.date_naive() {
                violations.push(Violation::new("dateOfBirth", Code::OutOfRange, "must not be in the future"));
            }
            user.date_of_birth = Some(date);
        }
        user.gender = change.gender.or(user.gender);
        if let Some(mut location) = change.location.clone() {
            tidy_address(&mut location, &mut violations);
            user.location = location;
        }
        if change.technician.is_some() || change.corporate.is_some() {
            let technician = change.technician.is_some() || user.technician.is_some();
            let corporate = change.corporate.is_some() || user.corporate.is_some();
            check_profiles(user.role, technician, corporate, &mut violations);
        }
        if let Some(mut profile) = change.technician.clone() {
            tidy_technician(&mut profile, currency, &mut violations);
            user.technician = Some(profile.verified_as(user.technician.as_ref()));
        }
        if let Some(mut company) = change.corporate.clone() {
            tidy_corporate(&mut company, &mut violations);
            // Only the company decides who works for it, not the user.
            let administrator = user.corporate.as_ref().and_then(|company| company.administrator);
            user.corporate = Some(CorporateProfile { administrator, ..company });
        }
        violations.into_result()?;
        self.keep_public_place(entropy);
        let after = self.claims();
        let free: Vec<_> = before.iter().filter(|key| !after.contains(key)).cloned().collect();
        let take: Vec<_> = after.into_iter().filter(|key| !before.contains(key)).collect();
        Ok(Decision::new(self).event(AccountEvent::UserProfileChanged).free_all(free).take_all(take))
    }

    /// Sets a technician's working hours. Hours across midnight are split
    /// ([`Availability::split_at_midnight`]).
    ///
    /// # Errors
    /// Violations of `availability…`; [`Error::Forbidden`] for a user who is not a technician.
    pub fn set_availability(mut self, mut hours: Availability) -> Result<Decision<Self>> {
        let mut violations = Violations::new();
        tidy_hours(&mut hours, &mut violations);
        violations.into_result()?;
        let profile = self.0.technician.as_mut();
        profile.ok_or_else(|| Error::forbidden("only technicians can have working hours"))?.availability =
            hours;
        Ok(Decision::new(self).event(AccountEvent::UserProfileChanged))
    }

    /// Submits identity documents.
    ///
    /// # Errors
    /// Violations of `idNumber`, `frontImage` and `backImage`; [`Rule::ALREADY_DECIDED`] after verification.
    pub fn submit_kyc(mut self, documents: &KycDocuments) -> Result<Decision<Self>> {
        if self.kyc.status == KycStatus::Verified {
            return Err(Error::refused(Rule::ALREADY_DECIDED, "the identity is already verified"));
        }
        let mut violations = Violations::new();
        let id_number = violations.check(Text::<50>::new("idNumber", &documents.id_number));
        let front_image = violations.check(document_name("frontImage", &documents.front_image));
        let back_image = documents.back_image.as_deref().filter(|name| !name.trim().is_empty());
        let back_image = back_image.and_then(|name| violations.check(document_name("backImage", name)));
        violations.into_result()?;
        self.0.kyc = Kyc {
            status: KycStatus::Submitted,
            id_type: Some(documents.id_type),
            id_number: id_number.map(|text| text.to_string()),
            front_image,
            back_image,
            rejection_reason: None,
            verified_by: None,
            verified_at: None,
        };
        Ok(Decision::new(self).event(AccountEvent::UserKycChanged { status: KycStatus::Submitted }))
    }

    /// Accepts or rejects the identity documents.
    ///
    /// # Errors
    /// [`Rule::ALREADY_DECIDED`] unless documents are pending; a violation of `reason`.
    pub fn decide_kyc(
        mut self,
        decision: &KycDecision,
        actor: &Actor,
        now: DateTime<Utc>,
    ) -> Result<Decision<Self>> {
        if !self.kyc.is_waiting() {
            return Err(Error::refused(
                Rule::ALREADY_DECIDED,
                "the user has no documents that await a decision",
            ));
        }
        let kyc = &mut self.0.kyc;
        match decision {
            KycDecision::Verify => {
                kyc.status = KycStatus::Verified;
                kyc.verified_by = actor.id();
                kyc.verified_at = Some(now);
            }
            KycDecision::Reject(reason) => {
                kyc.rejection_reason = Some(Text::new("reason", reason)?);
                kyc.status = KycStatus::Rejected;
            }
        }
        let status = kyc.status;
        Ok(Decision::new(self).event(AccountEvent::UserKycChanged { status }))
    }

    /// Records whether staff has verified the skill with this category and name (case-insensitive).
    ///
    /// # Errors
    /// A violation of `skill` if the technician does not list it.
    pub fn verify_skill(mut self, skill: (Category, &str), verified: bool) -> Result<Decision<Self>> {
        let key = |name: &str| name.trim().to_lowercase();
        let (category, name) = (skill.0, key(skill.1));
        let mut found = false;
        let skills = self.0.technician.iter_mut().flat_map(|profile| &mut profile.skills);
        for skill in skills.filter(|skill| skill.category == category && key(skill.name.as_str()) == name) {
            skill.verified = verified;
            found = true;
        }
        if !found {
            return Err(Violation::new(
                "skill",
                Code::Unknown,
                "the technician has no skill with this category and name",
            )
            .into());
        }
        Ok(Decision::new(self).event(AccountEvent::UserProfileChanged))
    }

    /// Sets the status of the account: suspends, bans, restores or deactivates it.
    pub fn set_status(mut self, status: UserStatus) -> Decision<Self> {
        let from = std::mem::replace(&mut self.0.status, status);
        Decision::new(self).event(AccountEvent::UserStatusChanged { from, to: status })
    }

    /// The user's unique fields: address, number and name, each in its normal form. Users of the earlier
    /// application may have none.
    #[must_use]
    pub fn claims(&self) -> Vec<ClaimKey> {
        let email = self.email.claim().map(|email| ClaimKey::new("user.email", email));
        let phone = self.phone.claim().map(|phone| ClaimKey::new("user.phoneNumber", phone));
        let username = self.username.as_ref().map(|name| ClaimKey::new("user.username", name));
        [email, phone, username].into_iter().flatten().collect()
    }
}

impl TechnicianProfile {
    /// The profile of a new user, with nothing verified.
    fn unverified(mut self) -> Self {
        self.skills.iter_mut().for_each(|skill| skill.verified = false);
        self.licence.iter_mut().for_each(|licence| licence.verified = false);
        self.insurance.iter_mut().for_each(|insurance| insurance.verified = false);
        self
    }

    /// The profile after its owner changed it: unchanged parts stay verified.
    fn verified_as(self, before: Option<&Self>) -> Self {
        let mut after = self.unverified();
        let Some(before) = before else {
            return after;
        };
        for skill in &mut after.skills {
            let same = |old: &&super::Skill| old.name == skill.name && old.category == skill.category;
            if let Some(old) = before.skills.iter().find(same) {
                skill.verified = old.verified && old.years_of_experience >= skill.years_of_experience;
                skill.element = old.element;
            }
        }
        if let (Some(new), Some(old)) = (&mut after.licence, &before.licence) {
            new.verified = old.verified && new.number == old.number;
        }
        if let (Some(new), Some(old)) = (&mut after.insurance, &before.insurance) {
            new.verified =
                old.verified && (&new.provider, &new.policy_number) == (&old.provider, &old.policy_number);
        }
        after
    }
}

impl Aggregate for User {
    type Event = AccountEvent;
    type Stage = UserStatus;
    type Policy = AccountPolicy;

    fields_of_record!();

    fn due_at(&self, _: &AccountPolicy) -> Option<DateTime<Utc>> {
        None
    }

    fn participants(&self) -> Vec<AggregateRef> {
        vec![self.id.into()]
    }

    fn searchable(&self) -> Option<Searchable<'_>> {
        Some(self.search_texts())
    }
}
