use std::collections::{BTreeSet, HashMap};

use chrono::{DateTime, Utc};

use crate::store::{Fingerprint, Idempotency, IdempotencyKey, StoreError};

type Name = (String, String);

/// Stored answers to repeated requests, until the store's time passes their expiry.
#[derive(Debug, Default)]
pub(super) struct Answers {
    kept: HashMap<Name, Idempotency>,
    by_expiry: BTreeSet<(DateTime<Utc>, Name)>,
}

impl Answers {
    /// The answer for a key.
    pub(super) fn find(
        &self,
        scope: &str,
        key: &IdempotencyKey,
        fingerprint: Fingerprint,
    ) -> Result<Option<&[u8]>, StoreError> {
        match self.kept.get(&(scope.to_owned(), key.as_str().to_owned())) {
            Some(kept) if kept.fingerprint == fingerprint => Ok(Some(&kept.answer)),
            Some(_) => Err(StoreError::KeyReused),
            None => Ok(None),
        }
    }

    pub(super) fn keep(&mut self, answered: Idempotency) {
        let name = (answered.scope.clone(), answered.key.as_str().to_owned());
        if let Some(at) = answered.expires_at {
            self.by_expiry.insert((at, name.clone()));
        }
        self.kept.insert(name, answered);
    }

    /// Deletes the answers that have expired by `now`.
    pub(super) fn expire(&mut self, now: DateTime<Utc>) {
        while self.by_expiry.first().is_some_and(|(at, _)| *at <= now) {
            if let Some((_, name)) = self.by_expiry.pop_first() {
                self.kept.remove(&name);
            }
        }
    }
}
