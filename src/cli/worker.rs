//! The command that does what is due.

use std::{error::Error, io, process::ExitCode, time::Duration};

use baitech::{Marketplace, WorkDone, Worker};

use super::print;

/// How much a worker takes at once.
const BATCH: usize = 64;
/// How long a worker waits after the store was not to be reached.
const AFTER_ERROR: Duration = Duration::from_secs(5);

pub(super) async fn run(
    market: &Marketplace,
    once: bool,
    interval: Duration,
) -> Result<ExitCode, Box<dyn Error>> {
    let worker = market.worker();
    if once {
        let work = worker.run_until_idle().await?;
        report(&work);
        return Ok(if work.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE });
    }
    let mut asked_to_end = std::pin::pin!(asked_to_end()?);
    loop {
        // What has begun is finished; the signal is looked at between two batches, also if it came during one.
        let wait = run_batch(&worker, interval).await;
        tokio::select! {
            biased;
            () = &mut asked_to_end => return Ok(ExitCode::SUCCESS),
            () = tokio::time::sleep(wait) => {}
        }
    }
}

/// Does some of what is due, and tells how long to wait then.
async fn run_batch(worker: &Worker, interval: Duration) -> Duration {
    match worker.run_due(BATCH).await {
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
    print(format_args!("done {}, skipped {}, failed {}", work.done, work.skipped, work.failed));
    for (target, error) in &work.failures {
        eprintln!("baitech: {target}: {error}");
    }
}

/// Ctrl-C, or the SIGTERM of a service manager. What comes after this call is not lost, whenever the future is polled.
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

/// Ctrl-C. What comes after this call is not lost, whenever the future is polled.
#[cfg(windows)]
fn asked_to_end() -> io::Result<impl Future<Output = ()>> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(async move { drop(interrupt.recv().await) })
}
