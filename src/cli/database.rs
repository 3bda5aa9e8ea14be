//! Commands that look after a database.

use std::{error::Error, process::ExitCode};

use baitech::mongo::{self, MongoStore};

use super::print;

pub(super) async fn prepare(store: &MongoStore) -> Result<ExitCode, Box<dyn Error>> {
    let report = store.prepare().await?;
    if report.already {
        print("prepared before; nothing was done");
        return Ok(ExitCode::SUCCESS);
    }
    print(format_args!(
        "read {} users and {} bookings, made {} claims",
        report.users, report.bookings, report.claims
    ));
    for (series, last) in &report.series {
        print(format_args!("numbers of {series} go on after {last}"));
    }
    for (series, last) in &report.nearly_full {
        print(format_args!("nearly full: {series} goes on after {last} of 999999"));
    }
    for overlap in &report.overlaps {
        let (wanted, held) = (&overlap.wanted, &overlap.held);
        print(format_args!("overlap: {} wanted by {}, held by {}", wanted.key, wanted.holder, held.holder));
    }
    for document in &report.unreadable {
        print(format_args!("unreadable: {document}"));
    }
    let clean = report.overlaps.is_empty() && report.unreadable.is_empty() && report.nearly_full.is_empty();
    print(if clean { "prepared" } else { "prepared; somebody has to look at what is listed above" });
    Ok(ExitCode::SUCCESS)
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
