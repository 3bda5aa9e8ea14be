//! The only source of randomness: the same seed gives the same run.

use std::{
    future::poll_fn,
    sync::{Mutex, MutexGuard, PoisonError},
    task::Poll,
};

/// The seeded random generator of a run. Once it is calm, it produces no more faults.
#[derive(Debug)]
pub(super) struct Chance(Mutex<State>);

#[derive(Debug)]
struct State {
    rng: fastrand::Rng,
    calm: bool,
}

impl Chance {
    pub(super) fn new(seed: u64) -> Self {
        Self(Mutex::new(State { rng: fastrand::Rng::with_seed(seed), calm: false }))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends all faults.
    pub(super) fn calm_down(&self) {
        self.state().calm = true;
    }

    pub(super) fn is_calm(&self) -> bool {
        self.state().calm
    }

    /// Whether a fault with a probability of one in `times` happens.
    pub(super) fn fault(&self, one_in: u32) -> bool {
        let mut state = self.state();
        !state.calm && state.rng.u32(0..one_in) == 0
    }

    /// Whether an event with this probability in percent happens.
    pub(super) fn percent(&self, percent: u32) -> bool {
        self.state().rng.u32(0..100) < percent
    }

    /// A number below `end`.
    pub(super) fn below(&self, end: u64) -> u64 {
        self.state().rng.u64(0..end.max(1))
    }

    /// A number from `from` to `to`.
    pub(super) fn between(&self, from: i64, to: i64) -> i64 {
        self.state().rng.i64(from..=to)
    }

    /// A random item; `None` if there are no items.
    pub(super) fn pick<'a, T>(&self, of: &'a [T]) -> Option<&'a T> {
        if of.is_empty() {
            return None;
        }
        let index = self.state().rng.usize(0..of.len());
        of.get(index)
    }

    /// Yields to other tasks now and then. A process can crash at such a point.
    pub(super) async fn maybe_yield(&self) {
        if self.is_calm() || !self.percent(50) {
            return;
        }
        let mut waited = false;
        poll_fn(|context| {
            if std::mem::replace(&mut waited, true) {
                return Poll::Ready(());
            }
            context.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }
}
