use proptest::{collection::vec, option, prelude::*, sample::select};

use super::kernel::{actor, currency, id, moment, money, words};
use crate::{
    kernel::Currency,
    payment::{
        AmountDifference, PendingMark, PendingReversal, ReconciliationContent, ReconciliationCounts,
        ReconciliationFindings, ReconciliationPart, ReconciliationParts, ReconciliationPhase,
        ReconciliationProgress, ReconciliationRecord, ReconciliationRows, ReconciliationStatus, RefusedLine,
        StatementPreset,
        reconcile::{
            BookedMovement, CurrencyTotals, MissingHere, MissingThere, StatementLine, StatementPeriod,
            SummaryRow,
        },
    },
    transaction::{PaymentMethod, TransactionNumber},
};

fn summary_row() -> BoxedStrategy<SummaryRow> {
    let amount = || option::of(money(Currency::KES).prop_map(|money| money.amount()));
    strategy!(SummaryRow { line: 1..9_000_u64, label: words(), stated: amount(), counted: amount() })
}

fn counts() -> BoxedStrategy<ReconciliationCounts> {
    strategy!(ReconciliationCounts {
        transfers_completed: 0..100_000_u64,
        reversals_taken: 0..100_000_u64,
        refused: 0..100_000_u64,
        matched: 0..100_000_u64,
        amount_differs: 0..100_000_u64,
        missing_here: 0..100_000_u64,
        missing_there: 0..100_000_u64,
        outside_period: 0..100_000_u64,
        marked: 0..100_000_u64,
    })
}

fn rows() -> BoxedStrategy<ReconciliationRows> {
    strategy!(ReconciliationRows {
        read: 0..100_000_u64,
        lines: 0..100_000_u64,
        charges: 0..100_000_u64,
        not_completed: 0..100_000_u64,
        without_amount: 0..100_000_u64,
        summaries: 0..100_000_u64,
        contradictions: 0..100_000_u64,
    })
}

fn parts() -> BoxedStrategy<ReconciliationParts> {
    strategy!(ReconciliationParts {
        statement: vec(id(), 0..4),
        reversals: option::of(vec(id(), 0..3)),
        marks: vec(id(), 0..3),
        findings: option::of(id()),
    })
}

/// Any reconciliation, in any status.
pub fn reconciliation_record() -> BoxedStrategy<ReconciliationRecord> {
    let progress = strategy!(ReconciliationProgress {
        phase: select(&ReconciliationPhase::ALL),
        done: 0..100_000_u64,
        total: 0..100_000_u64,
    });
    let refused = strategy!(RefusedLine { line: 1..9_000_u64, transaction: id(), reason: words() });
    strategy!(ReconciliationRecord {
        id: id(),
        submitted_by: actor(),
        method: select(&PaymentMethod::ALL),
        format: select(&StatementPreset::ALL),
        period: option::of(strategy!(StatementPeriod { from: moment(), until: moment() })),
        rows: rows(),
        contradictions: vec(summary_row(), 0..3),
        takes_reversals: any::<bool>(),
        status: select(&ReconciliationStatus::ALL),
        progress: progress,
        counts: counts(),
        refused: vec(refused, 0..3),
        parts: parts(),
        next_at: option::of(moment()),
        submitted_at: moment(),
        started_at: option::of(moment()),
        finished_at: option::of(moment()),
        updated_at: moment(),
    })
}

fn line(currency: Currency) -> BoxedStrategy<StatementLine> {
    strategy!(StatementLine {
        line: 1..9_000_u64,
        reference: words(),
        at: option::of(moment()),
        amount: money(currency),
        fee: option::of(money(currency)),
        description: words(),
    })
}

fn movement(currency: Currency) -> BoxedStrategy<BookedMovement> {
    strategy!(BookedMovement {
        transaction: id(),
        number: (moment(), 1..9_000_u64).prop_map(|(at, number)| TransactionNumber::new(at, number)),
        references: vec(words(), 0..3),
        amount: money(currency),
        at: moment(),
    })
}

fn findings(currency: Currency) -> BoxedStrategy<ReconciliationFindings> {
    let differs = strategy!(AmountDifference {
        movement: movement(currency),
        lines: vec(line(currency), 0..3),
        line_count: 0..9_u64,
        booked: money(currency),
        stated: money(currency),
        discrepancy: money(currency),
    });
    let here = strategy!(MissingHere { line: line(currency), discrepancy: money(currency) });
    let there = strategy!(MissingThere { movement: movement(currency), discrepancy: money(currency) });
    let totals = strategy!(CurrencyTotals {
        currency: Just(currency),
        stated: money(currency),
        booked: money(currency),
        discrepancy: money(currency),
        fees: money(currency),
    });
    strategy!(ReconciliationFindings {
        amount_differs: vec(differs, 0..3),
        missing_here: vec(here, 0..3),
        missing_there: vec(there, 0..3),
        totals: vec(totals, 0..2),
    })
}

fn content(currency: Currency) -> BoxedStrategy<ReconciliationContent> {
    let reversal = strategy!(PendingReversal {
        line: 1..9_000_u64,
        transaction: id(),
        name: words(),
        amount: money(currency),
    });
    let mark = strategy!(PendingMark {
        transaction: id(),
        reference: words(),
        discrepancy: money(currency),
        fee: money(currency),
    });
    prop_oneof![
        vec(line(currency), 0..5).prop_map(ReconciliationContent::Lines),
        vec(reversal, 0..5).prop_map(ReconciliationContent::Reversals),
        vec(mark, 0..5).prop_map(ReconciliationContent::Marks),
        findings(currency).prop_map(|findings| ReconciliationContent::Findings(Box::new(findings))),
    ]
    .boxed()
}

/// Any large part of a reconciliation.
pub fn reconciliation_part() -> BoxedStrategy<ReconciliationPart> {
    let content = currency().prop_flat_map(content);
    strategy!(ReconciliationPart { id: id(), expires_at: moment(), content: content })
}
