//! A store of one's own, held to every promise that the engine relies on.
//!
//! ```sh
//! cargo run --features testing --example custom_store
//! ```
//!
//! The store is a decorator: it keeps a journal of what was committed and counts what is asked, and leaves
//! the keeping to another store. `ports.rs` implements each port by itself, so it shows all that a store has
//! to do; one on a database of yours looks the same from outside. The contract suite of `baitech::testing`
//! checks it, races and partial failure included. In a crate of your own, let `baitech::contract_tests!` make
//! a `#[test]` of each promise instead.

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

/// A store that keeps a journal, counts, and asks another store to do the work.
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

/// Checks every promise and reports; how many are broken.
fn run(out: &mut dyn Write) -> io::Result<usize> {
    let (journal, meter) = (Arc::new(Journal::default()), Arc::new(Meter::default()));
    // Each check begins with an empty store; all of them share one journal and one meter.
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
    writeln!(out, "\n{} promises, {broken} broken.\n", Promise::ALL.len())?;
    writeln!(out, "What the store was asked meanwhile\n{}\n", table(&meter))?;
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
    fn every_promise_is_kept_and_every_call_counted() {
        let mut out = Vec::new();
        let broken = run(&mut out).unwrap();
        let report = String::from_utf8(out).unwrap();
        assert_eq!(broken, 0, "{report}");
        for call in
            ["commit", "claim_due", "trial_balance", "load booking", "account_lines", "supply", "list_users"]
        {
            assert!(report.contains(call), "the suite asks for {call}:\n{report}");
        }
        assert!(report.contains("\n  writes "), "the journal tells what was written:\n{report}");
    }
}
