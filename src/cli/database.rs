//! Commands that maintain a database.

use std::{
    error::Error,
    fs::{File, OpenOptions},
    io::{self, BufWriter, IsTerminal, Write},
    path::Path,
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use baitech::mongo::{self, MongoStore, PrepareProgress, PrepareReport};
use indicatif::{ProgressBar, ProgressStyle};

use super::print;

/// The number of findings of each kind that are printed; the file contains all.
const PRINTED: usize = 10;

pub(super) async fn prepare(store: &MongoStore, details: &Path) -> Result<ExitCode, Box<dyn Error>> {
    let progress = Arc::new(PrepareProgress::default());
    let keep = |report: &PrepareReport| write_details(report, details);
    let work = store.prepare_with(Arc::clone(&progress), keep);
    let report = watched(work, &progress).await?;
    if report.already {
        print("the database is already prepared; nothing was done");
        return Ok(ExitCode::SUCCESS);
    }
    print(format_args!(
        "read {} users, {} bookings and {} transactions, created {} claims",
        report.users, report.bookings, report.transactions, report.claims
    ));
    print(format_args!(
        "drew the public places of {} technicians and counted {} recent jobs",
        report.public_places, report.jobs
    ));
    print(format_args!("built the search entries of {} documents", report.searchable));
    for (series, last) in &report.series {
        print(format_args!("numbers of {series} continue after {last}"));
    }
    print_opening(&report);
    let found = print_findings(&report);
    if found == 0 {
        print("prepared");
    } else {
        let file = details.display();
        print(format_args!("prepared; check the {found} findings in {file}"));
    }
    Ok(ExitCode::SUCCESS)
}

/// Shows the progress of the work on the standard error, if that is a terminal.
pub(super) async fn watched<T>(work: impl Future<Output = T>, progress: &PrepareProgress) -> T {
    if !io::stderr().is_terminal() {
        return work.await;
    }
    let bar = ProgressBar::new(0);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {human_pos}/{human_len} documents, {eta} left")
    {
        bar.set_style(style);
    }
    let mut work = std::pin::pin!(work);
    loop {
        tokio::select! {
            done = &mut work => {
                bar.finish_and_clear();
                return done;
            }
            () = tokio::time::sleep(Duration::from_millis(100)) => {
                bar.set_length(progress.total());
                bar.set_position(progress.done());
            }
        }
    }
}

/// Writes one JSON object per line, one line per finding.
fn write_details(report: &PrepareReport, path: &Path) -> io::Result<()> {
    let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    let mut file = BufWriter::new(private(path).map_err(named)?);
    for finding in report.findings() {
        serde_json::to_writer(&mut file, &finding)?;
        file.write_all(b"\n").map_err(named)?;
    }
    file.flush().map_err(named)
}

/// A file that only its owner can read: values of odd fields may be personal data.
fn private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Prints the first findings of each kind and the number of the others; returns the total number.
fn print_findings(report: &PrepareReport) -> usize {
    let lines: Vec<String> = report.findings().map(|finding| finding.to_string()).collect();
    let kind = |line: &str| line.split_once(':').map_or(String::new(), |(kind, _)| kind.to_owned());
    for same in lines.chunk_by(|one, next| kind(one) == kind(next)) {
        for line in same.iter().take(PRINTED) {
            print(line);
        }
        let more = same.len().saturating_sub(PRINTED);
        if let (Some(first), 1..) = (same.first(), more) {
            print(format_args!("{}: {more} more", kind(first)));
        }
    }
    lines.len()
}

/// Prints the opening balances.
fn print_opening(report: &PrepareReport) {
    print(format_args!(
        "posted {} opening entries, corrected {} transactions, linked {} bookings to their payments",
        report.opened, report.corrected, report.linked
    ));
    for (account, sum) in &report.opening {
        print(format_args!("opening: {account} {sum}"));
    }
    let listed = u64::try_from(report.differences.len()).unwrap_or(u64::MAX);
    let more = report.difference_count.saturating_sub(listed);
    if more > 0 {
        print(format_args!("difference: {more} more in the collection openingDifferences"));
    }
}

/// Compares the indexes without opening a store, since that would create missing ones.
pub(super) async fn indexes(uri: &str) -> Result<ExitCode, Box<dyn Error>> {
    let report = mongo::index_report(&mongo::connect(uri).await?).await?;
    for difference in &report.differences {
        print(difference);
    }
    if report.differences.is_empty() {
        print("all indexes match their definitions");
        return Ok(ExitCode::SUCCESS);
    }
    Ok(ExitCode::FAILURE)
}
