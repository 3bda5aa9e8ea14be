//! The users of the story: documents of the earlier application, stored through the engine's store.

use std::collections::BTreeMap;

use baitech::{
    account::{Address, Category, User},
    kernel::{Actor, Id, Role},
    store::{AggregateRef, ChangeSet, Claim, Commit, Put},
};

use crate::{Result, documents};

const USERS: &str = include_str!("../data/users.json");

/// A person of the story.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) id: Id<User>,
    pub(crate) name: String,
    pub(crate) actor: Actor,
    pub(crate) home: Address,
    /// The work that a technician does.
    trades: Vec<Category>,
}

impl Person {
    fn new(user: &User) -> Self {
        let skills = user.technician.iter().flat_map(|profile| &profile.skills);
        Self {
            id: user.id,
            name: user.full_name(),
            actor: user.actor(),
            home: user.location.clone(),
            trades: skills.map(|skill| skill.category).collect(),
        }
    }
}

/// All users by id.
#[derive(Debug, Default)]
pub(crate) struct Cast(BTreeMap<Id<User>, Person>);

impl Cast {
    /// Reads the exported users and stores each with its claims, so that their addresses and numbers stay
    /// unique.
    pub(crate) async fn store_in(store: &dyn Commit) -> Result<Self> {
        let mut cast = Self::default();
        for user in documents::users(USERS)? {
            let holder = AggregateRef::User(user.id);
            let take = user.claims().into_iter().map(|key| Claim { key, holder }).collect();
            cast.add(&user);
            let _applied = store.commit(ChangeSet { take, ..ChangeSet::new().write(Put::new(user)) }).await?;
        }
        Ok(cast)
    }

    /// Adds a user who joins during the story.
    pub(crate) fn add(&mut self, user: &User) -> Person {
        let person = Person::new(user);
        self.0.insert(user.id, person.clone());
        person
    }

    /// The number of people with this role.
    pub(crate) fn count(&self, role: Role) -> usize {
        self.0.values().filter(|person| person.actor.role() == Some(role)).count()
    }

    /// The person with an id.
    pub(crate) fn by_id(&self, id: Id<User>) -> Result<&Person> {
        self.0.get(&id).ok_or_else(|| format!("no user of the cast has the id {id}").into())
    }

    /// The name of the person with an id, for sentences.
    pub(crate) fn name(&self, id: Id<User>) -> &str {
        self.0.get(&id).map_or("somebody", |person| &person.name)
    }

    /// The customer with this name; if several have it, the one who joined first.
    pub(crate) fn customer(&self, name: &str) -> Result<Person> {
        self.find(name, |person| person.actor.role() == Some(Role::Customer))
    }

    /// The technician with this name and trade, since several share a name.
    pub(crate) fn technician(&self, name: &str, trade: Category) -> Result<Person> {
        self.find(name, |person| person.trades.contains(&trade))
    }

    /// Any person with this role.
    pub(crate) fn one(&self, role: Role) -> Result<Person> {
        let found = self.0.values().find(|person| person.actor.role() == Some(role));
        found.cloned().ok_or_else(|| format!("the cast has no {}", role.as_str()).into())
    }

    fn find(&self, name: &str, fits: impl Fn(&Person) -> bool) -> Result<Person> {
        let found = self.0.values().find(|person| person.name == name && fits(person));
        found.cloned().ok_or_else(|| format!("the cast has no {name} with this role or trade").into())
    }
}
