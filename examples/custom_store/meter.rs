//! Counts calls.

use std::{
    collections::BTreeMap,
    future::Future,
    sync::{Mutex, PoisonError},
};

use baitech::store::StoreError;

/// The number of successful and of failed calls, by name.
#[derive(Debug, Default)]
pub(crate) struct Meter(Mutex<BTreeMap<&'static str, Tally>>);

#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tally {
    pub(crate) answered: u64,
    pub(crate) refused: u64,
}

impl Meter {
    /// Waits for the answer to a call and counts it.
    pub(crate) async fn count<T>(
        &self,
        call: &'static str,
        answer: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        let answer = answer.await;
        // The lock is taken after the answer: calls never wait for each other here.
        let mut tallies = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let tally = tallies.entry(call).or_default();
        match answer {
            Ok(_) => tally.answered += 1,
            Err(_) => tally.refused += 1,
        }
        answer
    }

    /// Every call that was made, by name.
    pub(crate) fn tallies(&self) -> BTreeMap<&'static str, Tally> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
