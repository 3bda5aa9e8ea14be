//! Every port that the engine needs of a store.

use std::time::Duration;

use async_trait::async_trait;
use baitech::{for_each_port, ports::*};

use crate::{Observed, journal};

/// The only write operation: all or nothing.
#[async_trait]
impl<S: Store> Commit for Observed<S> {
    async fn commit(&self, changes: ChangeSet) -> Result<Committed, StoreError> {
        let line = journal::line(&changes);
        let committed = self.meter.count("commit", self.inner.commit(changes)).await?;
        // A replayed answer changed nothing, so the journal omits it.
        if committed == Committed::Applied {
            self.journal.append(line);
        }
        Ok(committed)
    }

    async fn answered(
        &self,
        scope: &str,
        key: &IdempotencyKey,
        fingerprint: Fingerprint,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        self.meter.count("answered", self.inner.answered(scope, key, fingerprint)).await
    }
}

/// The store implements the engine's pauses between attempts, since only it knows its runtime.
#[async_trait]
impl<S: Store> Pause for Observed<S> {
    async fn pause(&self, time: Duration) {
        self.inner.pause(time).await;
    }
}

/// Any other port: each call is counted under its name and passed on.
macro_rules! count_and_pass_on {
    ($Port:ident $(: Load<$Loaded:ident>)? {
        $(fn $method:ident($($name:ident: $Type:ty),*) -> $Answer:ty;)+
    }) => {
        $(#[async_trait]
        impl<S: Store> Load<$Loaded> for Observed<S> {
            async fn load(&self, id: Id<$Loaded>) -> Result<Option<Stored<$Loaded>>, StoreError> {
                self.meter.count(concat!("load ", stringify!($Loaded)), self.inner.load(id)).await
            }

            // Without this, the aggregates would be loaded one by one.
            async fn load_many(&self, ids: &[Id<$Loaded>]) -> Result<Vec<Stored<$Loaded>>, StoreError> {
                let loaded = Load::<$Loaded>::load_many(&self.inner, ids);
                self.meter.count(concat!("load_many ", stringify!($Loaded)), loaded).await
            }
        })?

        #[async_trait]
        impl<S: Store> $Port for Observed<S> {
            $(async fn $method(&self, $($name: $Type),*) -> Result<$Answer, StoreError> {
                self.meter.count(stringify!($method), self.inner.$method($($name),*)).await
            })+
        }
    };
}

for_each_port!(count_and_pass_on);
