use chrono::{DateTime, Utc};

use crate::kernel::{Actor, Entropy, Id};

/// What a decision depends on besides the aggregate itself. The same aggregate and context always give the
/// same decision.
///
/// A feature defines a type alias with its own policy and inputs.
#[derive(Debug)]
pub struct Context<'a, P, I> {
    /// Who gives the command.
    pub actor: Actor,
    /// The present moment.
    pub now: DateTime<Utc>,
    /// The rules and limits.
    pub policy: &'a P,
    /// The source of new ids.
    pub entropy: &'a dyn Entropy,
    /// What the command has read besides the aggregate.
    pub inputs: I,
}

// Derived implementations would require that the policy can be copied as well.
impl<P, I: Clone> Clone for Context<'_, P, I> {
    fn clone(&self) -> Self {
        Self { inputs: self.inputs.clone(), ..*self }
    }
}

impl<P, I: Copy> Copy for Context<'_, P, I> {}

impl<'a, P, I> Context<'a, P, I> {
    /// The same context with the system as the actor.
    #[must_use]
    pub fn as_system(self) -> Self {
        Self { actor: Actor::System, ..self }
    }

    /// The same context with a part of the policy, and without inputs: for a decision on another aggregate in
    /// the same commit.
    #[must_use]
    pub fn part<Q, J: Default>(&self) -> Context<'a, Q, J>
    where
        P: AsRef<Q>,
    {
        let Self { actor, now, policy, entropy, .. } = *self;
        Context { actor, now, policy: policy.as_ref(), entropy, inputs: J::default() }
    }

    /// A new id.
    #[must_use]
    pub fn id<T>(&self) -> Id<T> {
        Id::generate(self.now, self.entropy)
    }
}
