use chrono::TimeDelta;

use super::*;
use crate::{
    kernel::Actor,
    payment::{
        StatementPreset,
        reconcile::{MissingHere, ReconciliationReport, RowAccount, StatementLine, SummaryRow},
    },
    testing::build::{id, kes, start, statement_line},
    transaction::{PaymentEvent, PaymentMethod},
};

fn pace(minutes: i64) -> Pace {
    let now = start() + TimeDelta::minutes(minutes);
    Pace { now, next_at: now + TimeDelta::minutes(1) }
}

fn submitted(method: PaymentMethod, lines: u64, takes_reversals: bool) -> Reconciliation {
    let new = NewReconciliation {
        id: id(1),
        submitted_by: Actor::System,
        method,
        format: StatementPreset::of(method),
        period: None,
        rows: RowAccount { read: lines, lines, ..RowAccount::default() },
        takes_reversals,
        statement: vec![id(1)],
    };
    Reconciliation::submit(new, start()).next
}

fn compared(to_mark: u64, missing_here: u64) -> Compared {
    let counts = ReconciliationCounts { matched: to_mark, missing_here, ..ReconciliationCounts::default() };
    Compared { counts, findings: id(9), marks: vec![id(8)], to_mark }
}

fn at(job: &Reconciliation) -> (ReconciliationPhase, u64, u64) {
    let ReconciliationProgress { phase, done, total } = job.progress;
    (phase, done, total)
}

#[test]
fn a_job_goes_through_its_phases_in_order() {
    use ReconciliationPhase::{Comparison, Marks, Reversals, Transfers};
    let job = submitted(PaymentMethod::BankTransfer, 700, true);
    assert_eq!((at(&job), job.status), ((Transfers, 0, 700), ReconciliationStatus::Queued));
    let job = job.passed(500, pace(1)).next;
    assert_eq!((at(&job), job.status), ((Transfers, 500, 700), ReconciliationStatus::Running));
    assert_eq!((job.started_at, job.next_at), (Some(pace(1).now), Some(pace(1).next_at)));
    let job = job.took_effect(700, pace(2)).next;
    assert_eq!((at(&job), job.counts.transfers_completed), ((Reversals, 0, 700), 1));
    let job = job.found_reversals(vec![id(7)], 2, pace(3)).next;
    assert_eq!(at(&job), (Reversals, 0, 2));
    let refused = RefusedLine { line: 4, transaction: id(3), reason: "x".repeat(900) };
    let job = job.was_refused(1, refused, pace(4)).next;
    let job = job.took_effect(2, pace(5)).next;
    assert_eq!((at(&job), job.counts.reversals_taken), ((Comparison, 0, 700), 1));
    assert_eq!((job.counts.refused, job.refused[0].reason.len()), (1, 200));
    let job = job.compared(compared(60, 0), pace(6)).next;
    assert_eq!((at(&job), job.counts.transfers_completed), ((Marks, 0, 60), 1));
    let job = job.marked(50, 40, pace(7));
    assert!(job.effects.events.is_empty() && !job.next.is_done());
    let job = job.next.marked(60, 10, pace(8));
    assert_eq!(job.effects.events, [PaymentEvent::ReconciliationCompleted { agrees: true }]);
    let job = job.next;
    assert!(job.is_done() && job.agrees());
    assert_eq!((job.counts.marked, job.next_at, job.finished_at), (50, None, Some(pace(8).now)));
}

#[test]
fn phases_without_work_are_skipped() {
    use ReconciliationPhase::{Comparison, Marks, Reversals};
    assert_eq!(at(&submitted(PaymentMethod::Mpesa, 3, true)), (Reversals, 0, 3));
    assert_eq!(at(&submitted(PaymentMethod::Card, 3, false)), (Comparison, 0, 3));
    let empty = submitted(PaymentMethod::BankTransfer, 0, false);
    assert_eq!(at(&empty), (Comparison, 0, 0));
    let done = empty.compared(compared(0, 2), pace(1));
    assert_eq!((at(&done.next), done.next.is_done()), ((Marks, 0, 0), true));
    assert_eq!(done.effects.events, [PaymentEvent::ReconciliationCompleted { agrees: false }]);
}

#[test]
fn lists_of_a_job_are_bounded_but_counts_are_not() {
    let mut job = submitted(PaymentMethod::BankTransfer, 10_000, true);
    for line in 1..=150 {
        let refused = RefusedLine { line, transaction: id(3), reason: "no".to_owned() };
        job = job.was_refused(line, refused, pace(1)).next;
    }
    assert_eq!((job.refused.len(), job.counts.refused), (Reconciliation::MAX_REFUSED, 150));

    let label = "Total ".repeat(100);
    let summary = SummaryRow { line: 1, label, stated: None, counted: Some(kes(1).amount()) };
    let agreeing = SummaryRow { counted: None, ..summary.clone() };
    let mut summaries = vec![summary; 150];
    summaries.push(agreeing);
    let rows = RowAccount { read: 151, summaries, ..RowAccount::default() };
    let new = NewReconciliation {
        id: id(1),
        submitted_by: Actor::System,
        method: PaymentMethod::Mpesa,
        format: StatementPreset::Mpesa,
        period: None,
        rows,
        takes_reversals: true,
        statement: Vec::new(),
    };
    let job = Reconciliation::submit(new, start()).next;
    assert_eq!((job.rows.summaries, job.rows.contradictions), (151, 150));
    assert_eq!(job.contradictions.len(), Reconciliation::MAX_CONTRADICTIONS);
    assert!(job.contradictions.iter().all(|row| row.label.len() == 200) && !job.agrees());
}

fn report(missing: impl Iterator<Item = StatementLine>) -> ReconciliationReport {
    ReconciliationReport {
        period: None,
        matched: Vec::new(),
        amount_differs: Vec::new(),
        missing_here: missing.map(|line| MissingHere { discrepancy: line.amount, line }).collect(),
        missing_there: Vec::new(),
        outside_period: 5,
        totals: Vec::new(),
        rows: RowAccount::default(),
    }
}

#[test]
fn findings_are_bounded_in_number_and_in_bytes() {
    let (findings, counts) = bounded_findings(report((0..1_500).map(|_| statement_line("R", 1))));
    assert_eq!((findings.missing_here.len(), counts.missing_here), (Reconciliation::MAX_FINDINGS, 1_500));
    assert_eq!(counts.outside_period, 5);

    let wide = "\u{1f4b0}".repeat(1_000);
    let line = StatementLine { description: wide.clone(), ..statement_line(&wide, 1) };
    let (findings, counts) = bounded_findings(report((0..1_500).map(|_| line.clone())));
    assert_eq!(counts.missing_here, 1_500);
    let kept = serde_json::to_vec(&findings).unwrap().len();
    assert!((1_000_000..2_200_000).contains(&kept), "{kept} bytes");
}
