use std::sync::Arc;

use serde::Serialize;

use crate::{
    engine::{Access, Engine},
    kernel::{Actor, Error, Page, PageRequest, Result, Rule},
    store::{AggregateRef, ConsumerCursor, ConsumerName, LogState, ParkedEvent, Seq, SetAsideItem},
};

/// The name of the list of due work that is set aside, in cursors.
const SET_ASIDE: &str = "setAside";
/// The name of the list of parked events, in cursors.
const PARKED: &str = "parked";

/// The rules of operations.
impl Rule {
    /// The consumer has not parked this event.
    pub const NOT_PARKED: Self = Self::new("not_parked");
    /// No consumer with this name has a cursor.
    pub const NO_SUCH_CONSUMER: Self = Self::new("no_such_consumer");
}

/// Operator tasks: due work that was set aside, consumers of the log, and the events that they parked.
#[derive(Debug, Clone)]
pub struct Operations {
    engine: Arc<Engine>,
}

/// A consumer of the log, and how far it is behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ConsumerState {
    /// Its cursor.
    #[serde(flatten)]
    pub cursor: ConsumerCursor,
    /// Number of events with a number that it has not finished.
    pub lag: u64,
}

impl Operations {
    pub(crate) const fn new(engine: Arc<Engine>) -> Self {
        Self { engine }
    }

    /// Due work that is no longer attempted, newest first: its aggregate cannot be read, or too many attempts
    /// failed. The reasons may contain stored data.
    ///
    /// # Errors
    /// [`Error::Forbidden`] unless the actor is an admin; a violation of `cursor`; [`Error::Unavailable`].
    pub async fn list_set_aside(&self, actor: &Actor, page: &PageRequest) -> Result<Page<SetAsideItem>> {
        require_admin(&self.engine.reader(actor).await?)?;
        Ok(self.engine.store.list_set_aside(&page.of_list(SET_ASIDE)?).await?.of_list(SET_ASIDE))
    }

    /// Makes an item due again after its cause was repaired, with no attempts counted. An item that is not
    /// set aside stays unchanged, so that the command is safe to repeat.
    ///
    /// # Errors
    /// [`Error::Forbidden`] unless the actor is an admin; [`Error::NotFound`]; [`Error::Corrupt`] if the
    /// aggregate still cannot be read, so that it stays set aside; [`Error::Unavailable`].
    pub async fn retry_set_aside(&self, actor: &Actor, target: AggregateRef) -> Result<()> {
        let engine = self.by_admin(actor).await?;
        if engine.versions.version(target).await?.is_none() {
            return Err(Error::not_found(target.kind(), target.id_text()));
        }
        engine.store.release_due(target).await?;
        Ok(())
    }

    /// All consumers of the log, by name.
    ///
    /// # Errors
    /// [`Error::Forbidden`] unless the actor is an admin; [`Error::Unavailable`].
    pub async fn list_consumers(&self, actor: &Actor) -> Result<Vec<ConsumerState>> {
        require_admin(&self.engine.reader(actor).await?)?;
        // The cursors first: they never pass the end that is read afterwards.
        let cursors = self.engine.store.list_consumers().await?;
        let LogState { last, .. } = self.engine.store.log_state().await?;
        let state = |cursor: ConsumerCursor| ConsumerState {
            cursor,
            lag: last.get().saturating_sub(cursor.seq.get()),
        };
        Ok(cursors.into_iter().map(state).collect())
    }

    /// Deletes the cursor of a consumer that no longer runs, with the events that it has parked. Until then,
    /// the log keeps every event that it has not read. A consumer that still runs begins anew.
    ///
    /// # Errors
    /// [`Error::Forbidden`] unless the actor is an admin; [`Error::Refused`] by [`Rule::NO_SUCH_CONSUMER`];
    /// [`Error::Unavailable`].
    pub async fn remove_consumer(&self, actor: &Actor, consumer: ConsumerName) -> Result<()> {
        if self.by_admin(actor).await?.store.remove_consumer(consumer).await? {
            return Ok(());
        }
        Err(Error::refused(Rule::NO_SUCH_CONSUMER, format!("there is no consumer with the name {consumer}")))
    }

    /// The events that consumers could not handle, by consumer and number. The reasons may contain stored
    /// data.
    ///
    /// # Errors
    /// [`Error::Forbidden`] unless the actor is an admin; a violation of `cursor`; [`Error::Unavailable`].
    pub async fn list_parked(&self, actor: &Actor, page: &PageRequest) -> Result<Page<ParkedEvent>> {
        require_admin(&self.engine.reader(actor).await?)?;
        Ok(self.engine.store.list_parked(&page.of_list(PARKED)?).await?.of_list(PARKED))
    }

    /// Requests that the consumer handles a parked event again, when it next runs. If it fails again, the
    /// event stays parked, and the retry can be requested again.
    ///
    /// # Errors
    /// [`Error::Forbidden`] unless the actor is an admin; [`Error::Refused`] by [`Rule::NOT_PARKED`];
    /// [`Error::Unavailable`].
    pub async fn retry_parked(&self, actor: &Actor, consumer: ConsumerName, seq: Seq) -> Result<()> {
        if self.by_admin(actor).await?.store.retry_parked(consumer, seq).await? {
            return Ok(());
        }
        Err(Error::refused(Rule::NOT_PARKED, format!("{consumer} has not parked an event {seq}")))
    }

    /// Begins a new epoch of the log, so that readers outside the store read everything again: call it once
    /// after a backup was restored. Consumers continue, because their cursors were restored as well.
    ///
    /// # Errors
    /// [`Error::Forbidden`] unless the actor is an admin; [`Error::Unavailable`].
    pub async fn restart_log(&self, actor: &Actor) -> Result<LogState> {
        Ok(self.by_admin(actor).await?.store.restart_log().await?)
    }

    async fn by_admin(&self, actor: &Actor) -> Result<&Engine> {
        self.engine.require_actor(actor, Access::Continue).await?;
        require_admin(actor)?;
        Ok(&self.engine)
    }
}

fn require_admin(actor: &Actor) -> Result<()> {
    if actor.is_admin() {
        Ok(())
    } else {
        Err(Error::forbidden("only admins can see and repair background work"))
    }
}
