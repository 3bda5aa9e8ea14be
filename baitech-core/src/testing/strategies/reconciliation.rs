use proptest::{collection::vec, option, prelude::*, sample::select};

use super::kernel::{actor, currency, id, moment, money, words};
use crate::{
    booking::PaymentMethod,
    kernel::Currency,
    payment::{
        AmountDifference, PendingMark, PendingReversal, ReconciliationContent, ReconciliationCounts,
        ReconciliationFindings, ReconciliationPart, ReconciliationParts, ReconciliationPhase,
        ReconciliationProgress, ReconciliationRecord, ReconciliationRows, ReconciliationStatus, RefusedLine,
        StatementPreset, TransactionNumber,
        reconcile::{
            BookedMovement, CurrencyTotals, MissingHere, MissingThere, StatementLine, StatementPeriod,
            SummaryRow,
        },
    },
};

fn period() -> BoxedStrategy<StatementPeriod> {
    (moment(), moment()).prop_map(|(from, until)| StatementPeriod { from, until }).boxed()
}

fn summary_row() -> BoxedStrategy<SummaryRow> {
    let amount = || option::of(money(Currency::KES).prop_map(|money| money.amount()));
    (1..9_000_u64, words(), amount(), amount())
        .prop_map(|(line, label, stated, counted)| SummaryRow { line, label, stated, counted })
        .boxed()
}

fn refused_line() -> BoxedStrategy<RefusedLine> {
    (1..9_000_u64, id(), words())
        .prop_map(|(line, transaction, reason)| RefusedLine { line, transaction, reason })
        .boxed()
}

fn counts() -> BoxedStrategy<ReconciliationCounts> {
    vec(0..100_000_u64, 9)
        .prop_map(|n| ReconciliationCounts {
            transfers_completed: n[0],
            reversals_taken: n[1],
            refused: n[2],
            matched: n[3],
            amount_differs: n[4],
            missing_here: n[5],
            missing_there: n[6],
            outside_period: n[7],
            marked: n[8],
        })
        .boxed()
}

fn rows() -> BoxedStrategy<ReconciliationRows> {
    vec(0..100_000_u64, 7)
        .prop_map(|n| ReconciliationRows {
            read: n[0],
            lines: n[1],
            charges: n[2],
            not_completed: n[3],
            without_amount: n[4],
            summaries: n[5],
            contradictions: n[6],
        })
        .boxed()
}

fn parts() -> BoxedStrategy<ReconciliationParts> {
    (vec(id(), 0..4), option::of(vec(id(), 0..3)), vec(id(), 0..3), option::of(id()))
        .prop_map(|(statement, reversals, marks, findings)| ReconciliationParts {
            statement,
            reversals,
            marks,
            findings,
        })
        .boxed()
}

/// Any reconciliation of a statement, at any point.
pub fn reconciliation_record() -> BoxedStrategy<ReconciliationRecord> {
    let statement = (
        select(PaymentMethod::ALL.to_vec()),
        select(StatementPreset::ALL.to_vec()),
        option::of(period()),
        (rows(), vec(summary_row(), 0..3)),
    );
    let progress = (select(ReconciliationPhase::ALL.to_vec()), 0..100_000_u64, 0..100_000_u64)
        .prop_map(|(phase, done, total)| ReconciliationProgress { phase, done, total });
    let course = (select(ReconciliationStatus::ALL.to_vec()), progress, counts(), vec(refused_line(), 0..3));
    let times = (option::of(moment()), moment(), option::of(moment()), option::of(moment()), moment());
    (id(), actor(), statement, any::<bool>(), course, parts(), times)
        .prop_map(|(id, submitted_by, statement, takes_reversals, course, parts, times)| {
            let (method, format, period, (rows, contradictions)) = statement;
            let (status, progress, counts, refused) = course;
            let (next_at, submitted_at, started_at, finished_at, updated_at) = times;
            ReconciliationRecord {
                id,
                submitted_by,
                method,
                format,
                period,
                rows,
                contradictions,
                takes_reversals,
                status,
                progress,
                counts,
                refused,
                parts,
                next_at,
                submitted_at,
                started_at,
                finished_at,
                updated_at,
            }
        })
        .boxed()
}

fn line(currency: Currency) -> BoxedStrategy<StatementLine> {
    let amounts = (money(currency), option::of(money(currency)));
    (1..9_000_u64, words(), option::of(moment()), amounts, words())
        .prop_map(|(line, reference, at, (amount, fee), description)| StatementLine {
            line,
            reference,
            at,
            amount,
            fee,
            description,
        })
        .boxed()
}

fn movement(currency: Currency) -> BoxedStrategy<BookedMovement> {
    (id(), 1..9_000_u64, vec(words(), 0..3), money(currency), moment())
        .prop_map(|(transaction, number, references, amount, at)| BookedMovement {
            transaction,
            number: TransactionNumber::new(at, number),
            references,
            amount,
            at,
        })
        .boxed()
}

fn findings(currency: Currency) -> BoxedStrategy<ReconciliationFindings> {
    let differs = (movement(currency), vec(line(currency), 0..3), 0..9_u64, vec(money(currency), 3));
    let differs = differs.prop_map(|(movement, lines, line_count, amounts)| AmountDifference {
        movement,
        lines,
        line_count,
        booked: amounts[0],
        stated: amounts[1],
        discrepancy: amounts[2],
    });
    let here = (line(currency), money(currency));
    let here = here.prop_map(|(line, discrepancy)| MissingHere { line, discrepancy });
    let there = (movement(currency), money(currency));
    let there = there.prop_map(|(movement, discrepancy)| MissingThere { movement, discrepancy });
    let totals = vec(money(currency), 4).prop_map(move |sums| CurrencyTotals {
        currency,
        stated: sums[0],
        booked: sums[1],
        discrepancy: sums[2],
        fees: sums[3],
    });
    (vec(differs, 0..3), vec(here, 0..3), vec(there, 0..3), vec(totals, 0..2))
        .prop_map(|(amount_differs, missing_here, missing_there, totals)| ReconciliationFindings {
            amount_differs,
            missing_here,
            missing_there,
            totals,
        })
        .boxed()
}

fn content(currency: Currency) -> BoxedStrategy<ReconciliationContent> {
    let reversal = (1..9_000_u64, id(), words(), money(currency));
    let reversal = reversal.prop_map(|(line, transaction, name, amount)| PendingReversal {
        line,
        transaction,
        name,
        amount,
    });
    let mark = (id(), words(), money(currency), money(currency));
    let mark = mark.prop_map(|(transaction, reference, discrepancy, fee)| PendingMark {
        transaction,
        reference,
        discrepancy,
        fee,
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
    (id(), moment(), currency().prop_flat_map(content))
        .prop_map(|(id, expires_at, content)| ReconciliationPart { id, expires_at, content })
        .boxed()
}
