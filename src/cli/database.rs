//! Commands that look after a database.

use std::{error::Error, process::ExitCode};

use baitech::mongo::{self, MongoStore, PrepareReport};

use super::print;

pub(super) async fn prepare(store: &MongoStore) -> Result<ExitCode, Box<dyn Error>> {
    let report = store.prepare().await?;
    if report.already {
        print("prepared before; nothing was done");
        return Ok(ExitCode::SUCCESS);
    }
    print(format_args!(
        "read {} users, {} bookings and {} transactions, made {} claims",
        report.users, report.bookings, report.transactions, report.claims
    ));
    print(format_args!(
        "drew the public places of {} technicians and counted {} recent jobs",
        report.public_places, report.jobs
    ));
    for (series, last) in &report.series {
        print(format_args!("numbers of {series} go on after {last}"));
    }
    for overlap in &report.overlaps {
        let (wanted, held) = (&overlap.wanted, &overlap.held);
        print(format_args!("overlap: {} wanted by {}, held by {}", wanted.key, wanted.holder, held.holder));
    }
    for document in &report.unreadable {
        print(format_args!("unreadable: {document}"));
    }
    print_opening(&report);
    let clean = report.overlaps.is_empty() && report.unreadable.is_empty() && report.differences.is_empty();
    print(if clean { "prepared" } else { "prepared; somebody has to look at what is listed above" });
    Ok(ExitCode::SUCCESS)
}

/// What the books open with, and where the transactions contradict them.
fn print_opening(report: &PrepareReport) {
    print(format_args!(
        "opened the books with {} entries; corrected {} transactions, and named the payment of {} bookings",
        report.opened, report.corrected, report.linked
    ));
    for (account, sum) in &report.opening {
        print(format_args!("opening: {account} {sum}"));
    }
    for difference in &report.differences {
        print(format_args!("difference: {difference}"));
    }
    let listed = u64::try_from(report.differences.len()).unwrap_or(u64::MAX);
    let more = report.difference_count.saturating_sub(listed);
    if more > 0 {
        print(format_args!("difference: {more} more are kept in openingDifferences"));
    }
}

/// Only looks: opening a store would create what is missing, and then there would be nothing to tell.
pub(super) async fn indexes(uri: &str) -> Result<ExitCode, Box<dyn Error>> {
    let report = mongo::index_report(&mongo::connect(uri).await?).await?;
    for difference in &report.differences {
        print(difference);
    }
    if report.differences.is_empty() {
        print("all indexes are as the engine wants them");
        return Ok(ExitCode::SUCCESS);
    }
    Ok(ExitCode::FAILURE)
}
