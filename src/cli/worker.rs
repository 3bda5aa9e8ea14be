//! The command that does what is due.

use std::{error::Error, process::ExitCode, sync::Arc, time::Duration};

use baitech::{Marketplace, WorkDone, mongo::MongoStore};

use super::print;

/// How much a worker takes at once.
const BATCH: usize = 64;
/// How long a worker waits after the store was not to be reached.
const AFTER_ERROR: Duration = Duration::from_secs(5);

pub(super) async fn run(
    store: MongoStore,
    once: bool,
    interval: Duration,
) -> Result<ExitCode, Box<dyn Error>> {
    let worker = Marketplace::builder(Arc::new(store)).build().worker();
    if once {
        report(worker.run_until_idle().await?);
        return Ok(ExitCode::SUCCESS);
    }
    loop {
        let wait = match worker.run_due(BATCH).await {
            Ok(work) if work.done > 0 => {
                report(work);
                Duration::ZERO
            }
            Ok(_) => interval,
            Err(error) => {
                eprintln!("baitech: {error}");
                AFTER_ERROR
            }
        };
        // What has begun is finished; the signal is looked at between two batches.
        tokio::select! {
            signal = tokio::signal::ctrl_c() => {
                signal?;
                return Ok(ExitCode::SUCCESS);
            }
            () = tokio::time::sleep(wait) => {}
        }
    }
}

fn report(work: WorkDone) {
    print(format_args!("done {}, skipped {}, failed {}", work.done, work.skipped, work.failed));
}
