//! A custom store, checked against every guarantee that the engine relies on.
//!
//! ```sh
//! cargo run --features testing --example custom_store
//! ```
//!
//! The store is a decorator: it writes a journal of commits, counts calls, and delegates storage to another
//! store. `ports.rs` implements the commit explicitly, and the other ports from their list in
//! `baitech::ports`; a store on your own database implements the same ports. The contract suite of
//! `baitech::testing` checks it, including races and partial failure. In your own crate,
//! `baitech::contract_tests!` generates a `#[test]` for each guarantee.

mod journal;
mod meter;
mod ports;

use std::{
    io::{self, Write},
    panic::{self, AssertUnwindSafe},
    process::ExitCode,
    sync::Arc,
};

use baitech::{
    memory::MemoryStore,
    testing::contract::{Promise, Threads, block_on},
};
use comfy_table::{CellAlignment, Table, presets::NOTHING};
use journal::Journal;
use meter::Meter;

/// A store that writes a journal, counts calls, and delegates to another store.
#[derive(Debug)]
struct Observed<S> {
    inner: S,
    journal: Arc<Journal>,
    meter: Arc<Meter>,
}

fn main() -> io::Result<ExitCode> {
    let broken = run(&mut io::stdout().lock())?;
    Ok(if broken == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Checks every guarantee and prints a report; returns the number of violations.
fn run(out: &mut dyn Write) -> io::Result<usize> {
    let (journal, meter) = (Arc::new(Journal::default()), Arc::new(Meter::default()));
    // Each check starts with an empty store; all checks share one journal and one meter.
    let fixture = Threads(|| {
        let store = Observed { inner: MemoryStore::new(), journal: journal.clone(), meter: meter.clone() };
        Arc::new(store) as _
    });
    let mut broken = 0;
    for promise in Promise::ALL {
        let check = AssertUnwindSafe(|| block_on(promise.check(&fixture)));
        let kept = panic::catch_unwind(check).is_ok();
        broken += usize::from(!kept);
        writeln!(out, "{} {}", if kept { "kept  " } else { "BROKEN" }, promise.name())?;
    }
    writeln!(out, "\n{} guarantees, {broken} broken.\n", Promise::ALL.len())?;
    writeln!(out, "Calls of the store\n{}\n", table(&meter))?;
    writeln!(out, "The journal has {} commits; the last:", journal.len())?;
    journal.last(3).iter().try_for_each(|line| writeln!(out, "  {line}"))?;
    Ok(broken)
}

fn table(meter: &Meter) -> Table {
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(["Call", "Answered", "Refused"]);
    for column in [1, 2] {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    for (call, tally) in meter.tallies() {
        table.add_row([call.to_owned(), tally.answered.to_string(), tally.refused.to_string()]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_guarantee_holds_and_every_call_is_counted() {
        let mut out = Vec::new();
        let broken = run(&mut out).unwrap();
        let report = String::from_utf8(out).unwrap();
        assert_eq!(broken, 0, "{report}");
        for call in
            ["commit", "claim_due", "trial_balance", "load Booking", "account_lines", "supply", "list_users"]
        {
            assert!(report.contains(call), "the suite must call {call}:\n{report}");
        }
        assert!(report.contains("\n  writes "), "the journal must contain the writes:\n{report}");
    }
}
