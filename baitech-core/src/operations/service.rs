use std::sync::Arc;

use crate::{
    engine::{Access, Engine},
    kernel::{Actor, Error, Page, PageRequest, Result},
    store::{AggregateRef, SetAsideItem},
};

/// The name of the list in cursors.
const LIST: &str = "setAside";

/// Lists due work that was set aside, and makes it due again.
#[derive(Debug, Clone)]
pub struct Operations {
    engine: Arc<Engine>,
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
        Ok(self.engine.store.list_set_aside(&page.of_list(LIST)?).await?.of_list(LIST))
    }

    /// Makes an item due again after its cause was repaired, with no attempts counted. An item that is not
    /// set aside stays unchanged, so that the command is safe to repeat.
    ///
    /// # Errors
    /// [`Error::Forbidden`] unless the actor is an admin; [`Error::NotFound`]; [`Error::Corrupt`] if the
    /// aggregate still cannot be read, so that it stays set aside; [`Error::Unavailable`].
    pub async fn retry_set_aside(&self, actor: &Actor, target: AggregateRef) -> Result<()> {
        self.engine.require_actor(actor, Access::Continue).await?;
        require_admin(actor)?;
        let engine = &self.engine;
        if engine.versions.version(target).await?.is_none() {
            return Err(Error::not_found(target.kind(), target.id_text()));
        }
        engine.store.release_due(target).await?;
        Ok(())
    }
}

fn require_admin(actor: &Actor) -> Result<()> {
    if actor.is_admin() { Ok(()) } else { Err(Error::forbidden("only admins can list and retry due work")) }
}
