//! Commands and queries about accounts.

mod kyc_cases;

use std::{future::Future, sync::Arc};

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use crate::account::{
    Availability, Category, Kyc, KycStatus, NewUser, ProfileChange, User, UserFilter, UserStamps, UserStatus,
};
use crate::{
    decide::{Decision, Step, change_looking, drive},
    engine::{Access, Command, Engine},
    kernel::{Actor, Email, Error, Id, Kind, Page, PageRequest, PhoneNumber, Result, Role, Rule, Username},
    store::{Guard, IdempotencyKey, Origin, Stored, Version},
    worker::{DueTask, TaskOutcome},
};

/// Commands and queries about accounts. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Accounts {
    pub(super) engine: Arc<Engine>,
    pinned: Option<Version>,
    key: Option<IdempotencyKey>,
}

impl Accounts {
    pub(crate) const fn new(engine: Arc<Engine>) -> Self {
        Self { engine, pinned: None, key: None }
    }

    /// Makes commands require this version of the user (of the identity check, for
    /// [`decide_kyc_case`](Self::decide_kyc_case)); otherwise they fail with [`Error::Conflict`].
    #[must_use]
    pub const fn if_version(mut self, version: Version) -> Self {
        self.pinned = Some(version);
        self
    }

    /// Sets the idempotency key of the next command: a repetition has no effect and returns the same answer.
    #[must_use]
    pub fn idempotency_key(mut self, key: IdempotencyKey) -> Self {
        self.key = Some(key);
        self
    }

    /// Registers a user. Customers, technicians and corporate users may register themselves, as
    /// [`Actor::Anonymous`]; an admin, or the system at set-up, creates admin and support accounts.
    ///
    /// The key of an anonymous caller applies to one e-mail address. A repetition returns the user as it was
    /// registered, without any later changes.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every violation; [`Code::Duplicate`](crate::kernel::Code::Duplicate) of
    /// `email`, `phoneNumber` or `username`; [`Error::Forbidden`]; [`Rule::INACTIVE_USER`], also for members
    /// of a company whose administrator is not active; [`Rule::NOT_ELIGIBLE`] if the administrator that a
    /// member names has no company.
    pub async fn register(&self, actor: &Actor, user: &NewUser) -> Result<Stored<User>> {
        let caller = match actor {
            Actor::Anonymous => None,
            Actor::System | Actor::User { .. } => self.engine.require_actor(actor, Access::Begin).await?,
        };
        if user.role.is_staff() && !actor.is_admin() {
            return Err(Error::forbidden("only admins can create staff accounts"));
        }
        let now = self.engine.clock.now();
        let id = Id::generate(now, &*self.engine.entropy);
        let decision = User::register(user, id, self.engine.policy.currency, now, &*self.engine.entropy)?;
        let company = decision.next.corporate.as_ref().and_then(|company| company.administrator);
        // Users cannot add themselves to a company: its administrator, or staff, adds members.
        if company.is_some() && !actor.is_staff() && !actor.is_any(&[company]) {
            return Err(Error::forbidden("only the company's administrator and staff can add members"));
        }
        let (users, email) = (&*self.engine.users, decision.next.email.to_string());
        let key = self.key.as_ref();
        let command = Command::about(Some(&email), actor, self.pinned, key, "register", user)?;
        let command = command.by(caller);
        let decision = &decision;
        let step = |_| async move {
            let mut decision = decision.clone();
            if let Some(administrator) = company {
                decision.effects.guards.push(self.require_company(administrator).await?);
            }
            Ok(Step::create(now, decision))
        };
        let registered = drive(&self.engine, users, &command, step).await?;
        match actor {
            Actor::Anonymous => self.as_registered(user, &registered),
            Actor::System | Actor::User { .. } => Ok(registered),
        }
    }

    /// The user as it was registered: a repeated request proves only that it knows the key, and may see no
    /// more.
    fn as_registered(&self, new: &NewUser, registered: &Stored<User>) -> Result<Stored<User>> {
        let (id, created_at) = (registered.id, registered.created_at);
        let (currency, entropy) = (self.engine.policy.currency, &*self.engine.entropy);
        let mut record = User::register(new, id, currency, created_at, entropy)?.next.into_record();
        // The original place, unless the home has moved since; several places would reveal the home.
        let home = record.location.point;
        record.public_place = registered.public_place.filter(|place| Some(place.home()) == home);
        let value = User::from_record(record);
        Ok(Stored { value, version: Version::FIRST, origin: Origin::none() })
    }

    /// Returns a user, to itself and to staff.
    ///
    /// # Errors
    /// [`Error::NotFound`], also for other callers; [`Error::Forbidden`] for a role that the actor does not
    /// have; [`Rule::INACTIVE_USER`].
    pub async fn get(&self, actor: &Actor, id: Id<User>) -> Result<Stored<User>> {
        let actor = &self.engine.reader(actor).await?;
        let visible = actor.is_staff() || actor.is_any(&[Some(id)]);
        let stored = if visible { self.engine.users.load(id).await? } else { None };
        stored.ok_or_else(|| Error::not_found(Kind::User, id))
    }

    /// The user with this e-mail address; for staff, and for the sign-in service.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for all actors except staff and the system; [`Rule::INACTIVE_USER`].
    pub async fn find_by_email(&self, actor: &Actor, email: &Email) -> Result<Option<Stored<User>>> {
        self.require_reader(actor).await?;
        Ok(self.engine.users.find_by_email(email).await?)
    }

    /// The user with this phone number; for staff, and for the sign-in service.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for all actors except staff and the system; [`Rule::INACTIVE_USER`].
    pub async fn find_by_phone(&self, actor: &Actor, phone: &PhoneNumber) -> Result<Option<Stored<User>>> {
        self.require_reader(actor).await?;
        Ok(self.engine.users.find_by_phone(phone).await?)
    }

    /// The user with this user name.
    ///
    /// # Errors
    /// [`Error::Forbidden`] for all actors except staff and the system; [`Rule::INACTIVE_USER`].
    pub async fn find_by_username(&self, actor: &Actor, username: &Username) -> Result<Option<Stored<User>>> {
        self.require_reader(actor).await?;
        Ok(self.engine.users.find_by_username(username).await?)
    }

    /// Lists users, oldest first; for staff.
    ///
    /// # Errors
    /// [`Error::Forbidden`]; [`Rule::INACTIVE_USER`]; a violation of `cursor`.
    pub async fn list(
        &self,
        actor: &Actor,
        filter: UserFilter,
        page: &PageRequest,
    ) -> Result<Page<Stored<User>>> {
        self.require_reader(actor).await?;
        Ok(self.engine.users.list_users(filter, &page.of_list("users")?).await?.of_list("users"))
    }

    /// Changes the user's profile. A field that staff verified stays verified only while it is unchanged.
    ///
    /// # Errors
    /// As [`register`](Self::register); [`Error::Forbidden`] if support changes a technician's phone number;
    /// [`Error::Conflict`].
    pub async fn change_profile(
        &self,
        actor: &Actor,
        id: Id<User>,
        edit: &ProfileChange,
    ) -> Result<Stored<User>> {
        let currency = self.engine.policy.currency;
        self.change(actor, id, ("change_profile", edit), |user, now| {
            let by_support = actor.id() != Some(id) && actor.role() == Some(Role::Support);
            if by_support && user.role == Role::Technician && edit.phone_number.is_some() {
                return Err(Error::forbidden(
                    "only admins can change the phone number to which a technician is paid",
                ));
            }
            user.change_profile(edit, currency, now, &*self.engine.entropy)
        })
        .await
    }

    /// Sets a technician's working hours.
    ///
    /// # Errors
    /// Violations of `availability…`; [`Error::Forbidden`]; [`Error::Conflict`].
    pub async fn set_availability(
        &self,
        actor: &Actor,
        id: Id<User>,
        hours: &Availability,
    ) -> Result<Stored<User>> {
        self.change(actor, id, ("set_availability", hours), |user, _| user.set_availability(hours.clone()))
            .await
    }

    /// Marks the technician's skill with this category and name as verified or unverified; for staff.
    ///
    /// # Errors
    /// [`Error::Forbidden`]; a violation of `skill`; [`Error::Conflict`].
    pub async fn verify_skill(
        &self,
        actor: &Actor,
        id: Id<User>,
        skill: (Category, &str),
        verified: bool,
    ) -> Result<Stored<User>> {
        require_staff(actor)?;
        require_other(actor, id)?;
        let arguments = &(skill, verified);
        self.change(actor, id, ("verify_skill", arguments), |user, _| user.verify_skill(skill, verified))
            .await
    }

    /// Sets the status of an account: staff suspends, bans or restores it; users may deactivate their own.
    ///
    /// # Errors
    /// [`Error::Forbidden`]; [`Error::Conflict`].
    pub async fn set_status(&self, actor: &Actor, id: Id<User>, status: UserStatus) -> Result<Stored<User>> {
        let leaves = actor.id() == Some(id) && status == UserStatus::Deactivated;
        if !leaves {
            require_staff(actor)?;
            require_other(actor, id)?;
        }
        self.change(actor, id, ("set_status", &status), |user, _| Ok(user.set_status(status))).await
    }

    pub(super) fn command(
        &self,
        actor: &Actor,
        name: &'static str,
        arguments: &impl serde::Serialize,
    ) -> Result<Command> {
        Command::new(actor, self.pinned, self.key.as_ref(), name, arguments)
    }

    /// Runs one command on one user.
    async fn change<F>(
        &self,
        actor: &Actor,
        id: Id<User>,
        request: (&'static str, &(impl serde::Serialize + Sync)),
        decide: F,
    ) -> Result<Stored<User>>
    where
        F: Fn(User, DateTime<Utc>) -> Result<Decision<User>> + Send + Sync,
    {
        let look = || std::future::ready(Ok(()));
        self.change_looking(actor, id, request, look, |user, (), now| decide(user, now)).await
    }

    /// Like [`change`](Self::change), for a decision that depends on more than the user. Each attempt calls
    /// `look` to read it.
    pub(super) async fn change_looking<X, L, Looked, F>(
        &self,
        actor: &Actor,
        id: Id<User>,
        (name, arguments): (&'static str, &(impl serde::Serialize + Sync)),
        look: L,
        decide: F,
    ) -> Result<Stored<User>>
    where
        X: Send,
        L: Fn() -> Looked + Send + Sync,
        Looked: Future<Output = Result<X>> + Send,
        F: Fn(User, X, DateTime<Utc>) -> Result<Decision<User>> + Send + Sync,
    {
        if !actor.is_staff() && actor.id() != Some(id) {
            return Err(Error::not_found(Kind::User, id));
        }
        let caller = self.engine.require_actor(actor, Access::Begin).await?;
        let command = self.command(actor, name, &(id, arguments))?.by(caller);
        let users = &*self.engine.users;
        let look = |_, _| look();
        change_looking(&self.engine, users, &command, id, look, |user: User, seen, now| {
            require_may_change(actor, &user)?;
            decide(user, seen, now)
        })
        .await
    }

    /// Fails unless the actor may search for other users.
    pub(super) async fn require_reader(&self, actor: &Actor) -> Result<()> {
        require_staff(&self.engine.reader(actor).await?)
    }

    /// Fails unless the user is active and administers a company. Returns the guard for the commit that
    /// relies on it.
    async fn require_company(&self, administrator: Id<User>) -> Result<Guard> {
        let user = self.engine.users.load(administrator).await?;
        let Some(user) = user.filter(|user| user.company() == Some(administrator)) else {
            let message = "the user is not the administrator of a company";
            return Err(Error::refused(Rule::NOT_ELIGIBLE, message));
        };
        if user.status != UserStatus::Active {
            let message = format!("the account of the company's administrator is {}", user.status.as_str());
            return Err(Error::refused(Rule::INACTIVE_USER, message));
        }
        Ok(Guard::User { id: administrator, stamps: UserStamps::of(&user) })
    }
}

/// Fails if support would change the account of other staff: support that can change an admin's address could
/// take over that account.
pub(super) fn require_may_change(actor: &Actor, user: &User) -> Result<()> {
    if user.role.is_staff() && actor.id() != Some(user.id) && actor.role() == Some(Role::Support) {
        return Err(Error::forbidden("only admins can change accounts of staff"));
    }
    Ok(())
}

/// Fails if staff decides on its own account.
pub(super) fn require_other(actor: &Actor, id: Id<User>) -> Result<()> {
    if actor.is_any(&[Some(id)]) {
        return Err(Error::forbidden("staff cannot decide on their own account"));
    }
    Ok(())
}

pub(super) fn require_staff(actor: &Actor) -> Result<()> {
    if actor.is_staff() { Ok(()) } else { Err(Error::forbidden("only staff can do this")) }
}

impl Kyc {
    /// Whether documents wait for a decision.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        self.status == KycStatus::Submitted
    }
}

/// Users have no tasks of their own.
#[async_trait]
impl DueTask for User {
    async fn run_due_task(_: &Arc<Engine>, _: Id<Self>) -> Result<TaskOutcome> {
        Ok(TaskOutcome::NotDue)
    }
}
