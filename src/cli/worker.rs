//! The command that runs due work.

use std::{error::Error, io, process::ExitCode, time::Duration};

use baitech::{BlockedItem, Marketplace, WorkDone, Worker, kernel::Kind};
use tokio::{sync::watch, task::JoinSet};

use super::print;

/// The number of loops for each kind of due work: a provider that does not answer stops only the loops of its
/// kind.
const LANES: usize = 2;
/// The number of items that a loop takes at once.
const BATCH: usize = 32;
/// The wait after the store could not be reached.
const AFTER_ERROR: Duration = Duration::from_secs(5);
/// The longest wait before events are numbered, where the store does not report new ones.
const NUMBER_EVERY: Duration = Duration::from_secs(1);
/// The interval between deletions of old events and provider calls.
const FORGET_EVERY: Duration = Duration::from_secs(10 * 60);

pub(super) async fn run(
    market: &Marketplace,
    once: bool,
    interval: Duration,
) -> Result<ExitCode, Box<dyn Error>> {
    let worker = market.worker();
    if once {
        let work = worker.run_until_idle().await?;
        report(&work);
        let numbered = worker.number_events().await?;
        let trimmed = worker.trim_log().await?;
        let forgotten = worker.forget_expired().await?;
        print(format_args!(
            "numbered {numbered} events, deleted {trimmed} old events and {forgotten} expired calls of providers"
        ));
        return Ok(if work.is_complete() { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    let asked_to_end = asked_to_end()?;
    let (stop, stopped) = watch::channel(false);
    let mut lanes = JoinSet::new();
    for kind in Kind::ALL {
        for _ in 0..LANES {
            lanes.spawn(run_lane(worker.clone(), *kind, interval, stopped.clone()));
        }
    }
    let _numbering = AbortOnDrop(tokio::spawn(number_events(worker.clone())));
    let _forgetting = AbortOnDrop(tokio::spawn(forget(worker)));
    asked_to_end.await;
    // Started batches are finished.
    stop.send_replace(true);
    while let Some(ended) = lanes.join_next().await {
        ended?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs due items of one kind until the program is asked to end.
async fn run_lane(worker: Worker, kind: Kind, interval: Duration, mut stopped: watch::Receiver<bool>) {
    loop {
        let wait = run_batch(&worker, kind, interval).await;
        tokio::select! {
            biased;
            _ = stopped.wait_for(|stopped| *stopped) => return,
            () = tokio::time::sleep(wait) => {}
        }
    }
}

/// Deletes old events and provider calls from time to time.
async fn forget(worker: Worker) {
    loop {
        for forgotten in [worker.forget_expired().await, worker.trim_log().await] {
            if let Err(error) = forgotten {
                eprintln!("baitech: {error}");
            }
        }
        tokio::time::sleep(FORGET_EVERY).await;
    }
}

/// A task that ends with its owner.
struct AbortOnDrop(tokio::task::JoinHandle<()>);

impl Drop for AbortOnDrop {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Numbers events as soon as they are committed, so that consumers see them.
async fn number_events(worker: Worker) {
    loop {
        if let Err(error) = worker.number_events().await {
            eprintln!("baitech: {error}");
            tokio::time::sleep(AFTER_ERROR).await;
        }
        match tokio::time::timeout(NUMBER_EVERY, worker.events_committed()).await {
            Ok(Ok(())) | Err(_) => {}
            Ok(Err(error)) => {
                eprintln!("baitech: new events are numbered once a second: {error}");
                tokio::time::sleep(NUMBER_EVERY).await;
            }
        }
    }
}

/// Runs one batch of due work, and returns how long to wait afterwards.
async fn run_batch(worker: &Worker, kind: Kind, interval: Duration) -> Duration {
    match worker.run_due_of(&[kind], BATCH).await {
        Ok(work) => {
            if !work.is_idle() {
                report(&work);
            }
            if work.done > 0 { Duration::ZERO } else { interval }
        }
        Err(error) => {
            eprintln!("baitech: {error}");
            AFTER_ERROR
        }
    }
}

fn report(work: &WorkDone) {
    let WorkDone { done, skipped, failed, blocked, set_aside, .. } = work;
    print(format_args!("done {done}, skipped {skipped}, failed {failed}, blocked {blocked}"));
    if *set_aside > 0 {
        eprintln!("baitech: {set_aside} due items were set aside: see `baitech set-aside`");
    }
    for (target, error) in &work.failures {
        eprintln!("baitech: {target}: {error}");
    }
    for (method, count) in &work.blocked_by_method {
        let method = method.as_str();
        eprintln!(
            "baitech: {count} due items need {method}, which is not configured for this worker; they stay due"
        );
    }
    for BlockedItem { target, reason, .. } in &work.blocks {
        eprintln!("baitech: {target}: {reason}");
    }
}

/// Waits for Ctrl-C or SIGTERM. A signal after this call is not lost, even before the future is polled.
#[cfg(unix)]
fn asked_to_end() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};

    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

/// Waits for Ctrl-C. A signal after this call is not lost, even before the future is polled.
#[cfg(windows)]
fn asked_to_end() -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(async move { drop(interrupt.recv().await) })
}
