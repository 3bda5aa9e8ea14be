//! Noticing commits, of this process and of others, by a change stream.

use baitech_core::store::StoreError;
use bson::{RawDocumentBuf, doc};
use futures::TryStreamExt;
use tokio::sync::{Mutex, watch};

use super::COLLECTION;
use crate::MongoStore;
use crate::server_error::unavailable;

/// The change stream on events, which is opened by the first caller that waits.
#[derive(Debug, Default)]
pub(crate) struct Watch(Mutex<Option<watch::Receiver<()>>>);

impl MongoStore {
    pub(super) async fn wait_for_events(&self) -> Result<(), StoreError> {
        let mut commits = self.commits().await?;
        commits.mark_unchanged();
        // The stream is open by now, so no commit is missed between this look and the wait.
        if self.has_waiting().await? {
            return Ok(());
        }
        let ended = |_| StoreError::Unavailable("the change stream on events has ended".to_owned());
        commits.changed().await.map_err(ended)
    }

    async fn commits(&self) -> Result<watch::Receiver<()>, StoreError> {
        let mut open = self.watch.0.lock().await;
        if let Some(commits) = open.as_ref().filter(|commits| commits.has_changed().is_ok()) {
            return Ok(commits.clone());
        }
        let inserts = [doc! { "$match": { "operationType": "insert" } }, doc! { "$project": { "_id": 1 } }];
        let stream = self.raw(COLLECTION).watch().pipeline(inserts).await.map_err(unavailable)?;
        let mut stream = stream.with_type::<RawDocumentBuf>();
        let (sender, commits) = watch::channel(());
        tokio::spawn(async move {
            loop {
                let next = tokio::select! {
                    next = stream.try_next() => next,
                    // The store was dropped.
                    () = sender.closed() => return,
                };
                match next {
                    Ok(Some(_)) => drop(sender.send(())),
                    Ok(None) => return,
                    Err(error) => {
                        tracing::warn!(%error, "the change stream on events has ended");
                        return;
                    }
                }
            }
        });
        *open = Some(commits.clone());
        Ok(commits)
    }
}
