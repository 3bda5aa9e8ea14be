//! Reconciliation of a provider's statement with the ledger, as a job in batches.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use baitech_core::{
    Marketplace,
    kernel::{Actor, Clock, Code, Error, Id, ManualClock, PageRequest, Rule, SeededEntropy},
    ledger::Account,
    payment::{
        NewPayment, PaymentGateway, ReconcileRequest, Reconciliation, ReconciliationCounts,
        ReconciliationPhase, ReconciliationState, ReconciliationView, StatementPreset,
        reconcile::{BookedMovement, ReconciliationReport, StatementPeriod, parse_statement, reconcile},
    },
    store::{ChangeSet, Commit, EventKind, IdempotencyKey, Put},
    testing::build,
    transaction::{PaymentEvent, PaymentMethod, Transaction, TransactionStatus},
};
use chrono::{DateTime, TimeDelta, Utc};

use crate::{
    support::{assert_forbidden, assert_invalid, assert_not_found, assert_refused, kes, run},
    till::Till,
};

const PAYMENTS: usize = 120;

/// Many top-ups, and a statement with all of them, each with a charge of one shilling.
fn topped_up(till: &Till) -> String {
    let mut statement = "reference,amount,fee\n".to_owned();
    for n in 0..PAYMENTS {
        till.mpesa.answers_settled(&format!("SJK{n}"));
        run(till.payments().top_up(&till.customer(), kes(10), &NewPayment::default())).unwrap();
        statement += &format!("SJK{n},10,1\n");
        till.world.clock.advance(TimeDelta::days(3));
    }
    assert_eq!(till.balance(Account::Wallet(till.world.customer.id)), 1_200);
    statement
}

/// Awaited transfers of a company, and a statement with all of them and with unrelated lines.
fn transferred(till: &Till, transfers: usize) -> String {
    let company = build::company(1);
    till.world.add(&company);
    let day = till.world.now().date_naive();
    let mut statement = "date,narration,reference,debit,credit\n".to_owned();
    for n in 0..transfers {
        let by_transfer = NewPayment { method: Some(PaymentMethod::BankTransfer), ..NewPayment::default() };
        let started = run(till.payments().top_up(&company.actor(), kes(100), &by_transfer)).unwrap();
        let number = &started.transaction.number;
        statement += &format!("{day},Rent,X{n},,7.00\n{day},Transfer {number},FT{n},,100.00\n");
    }
    statement
}

fn request(method: PaymentMethod) -> ReconcileRequest {
    let format = (method == PaymentMethod::Mpesa).then_some(StatementPreset::Generic);
    ReconcileRequest { method, format, period: None }
}

const MPESA: PaymentMethod = PaymentMethod::Mpesa;
const BANK: PaymentMethod = PaymentMethod::BankTransfer;

fn submit(till: &Till, method: PaymentMethod, statement: &str) -> Id<Reconciliation> {
    run(till.payments().reconcile(&Actor::System, &request(method), statement.as_bytes())).unwrap().id
}

fn view(till: &Till, id: Id<Reconciliation>) -> ReconciliationView {
    run(till.payments().reconciliation(&Actor::System, id)).unwrap()
}

fn reconciled(till: &Till, method: PaymentMethod, statement: &str) -> ReconciliationView {
    let view = till.reconcile(&Actor::System, &request(method), statement).unwrap();
    assert_eq!(view.state, ReconciliationState::Done);
    view
}

#[test]
fn statement_is_processed_in_batches_and_marks_each_transaction_once() {
    let till = Till::new();
    let statement = topped_up(&till);
    let id = submit(&till, MPESA, &statement);
    let queued = view(&till, id);
    assert_eq!((queued.state, queued.rows.lines), (ReconciliationState::Queued, 120));
    assert_eq!((queued.findings, queued.started_at), (None, None));
    till.work();
    let done = view(&till, id);
    assert_eq!(done.state, ReconciliationState::Done);
    let expected = ReconciliationCounts { matched: 120, marked: 120, ..ReconciliationCounts::default() };
    assert_eq!(done.counts, expected);
    assert_eq!((done.progress.phase, done.progress.done), (ReconciliationPhase::Marks, 120));
    assert_eq!(done.findings.unwrap().totals.len(), 1);
    assert_eq!(till.balance(Account::GatewayCharges), -120);

    let books = till.books();
    let again = reconciled(&till, MPESA, &statement);
    assert_eq!((again.counts.matched, again.counts.marked), (120, 0), "the same statement again");
    assert_eq!(till.books(), books);
    let of_transactions = |events: Vec<baitech_core::store::Event>| {
        events
            .into_iter()
            .filter(|event| matches!(event.kind, EventKind::Payment(PaymentEvent::TransactionUpdated)))
            .count()
    };
    assert_eq!(of_transactions(till.world.events()), 120, "each is marked once");
}

#[test]
fn progress_is_committed_with_each_batch() {
    use ReconciliationPhase::{Marks, Transfers};
    use ReconciliationState::{Done, Running};
    let till = Till::new();
    let id = submit(&till, BANK, &transferred(&till, 40));
    let mut seen = Vec::new();
    loop {
        let job = run(till.payments().advance_reconciliation(&Actor::System, id)).unwrap();
        let shown = view(&till, id);
        assert_eq!((shown.progress, shown.version), (job.progress, job.version));
        seen.push((shown.state, shown.progress.phase, shown.progress.done, shown.counts.transfers_completed));
        if job.is_done() {
            break;
        }
    }
    let expected = [(Running, Transfers, 32, 16), (Running, Transfers, 64, 32), (Done, Marks, 40, 40)];
    assert_eq!(seen, expected);
    let again = run(till.payments().advance_reconciliation(&Actor::System, id)).unwrap();
    assert_eq!(again.version, view(&till, id).version, "a finished job does not change");
    assert_eq!(till.balance(Account::Wallet(build::company(1).id)), 4_000);
}

/// The clock of a process that is killed at the first read of the time above the allowed number.
#[derive(Debug)]
struct LastMinutes {
    clock: Arc<ManualClock>,
    left: AtomicU32,
}

impl Clock for LastMinutes {
    fn now(&self) -> DateTime<Utc> {
        let take = |left: u32| left.checked_sub(1);
        let left = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, take);
        assert!(left.is_ok(), "the process is killed");
        self.clock.now()
    }
}

/// Another process on the same store, with its own clock and source of ids.
fn process(till: &Till, clock: Arc<dyn Clock>, seed: u64) -> Marketplace {
    let gateways: [Arc<dyn PaymentGateway>; 2] = [till.mpesa.clone(), till.card.clone()];
    let builder = Marketplace::builder(till.world.store.clone());
    let builder = gateways.into_iter().fold(builder, baitech_core::Builder::gateway);
    builder.clock(clock).entropy(Arc::new(SeededEntropy::new(seed))).build()
}

/// A job with every phase: awaited transfers and unknown lines, or many marks and
/// a reversal.
fn whole_job(till: &Till, method: PaymentMethod) -> Id<Reconciliation> {
    let statement = if method == BANK {
        transferred(till, 12)
    } else {
        let (booking, receipt) = (till.accepted(MPESA), "SJK1BBBBBB");
        till.mpesa.answers_settled(receipt);
        till.pay(booking).unwrap();
        let mut statement = "reference,amount,fee,description\n".to_owned();
        for n in 0..55 {
            till.mpesa.answers_settled(&format!("SJK{n}"));
            run(till.payments().top_up(&till.customer(), kes(10), &NewPayment::default())).unwrap();
            statement += &format!("SJK{n},10,1,\n");
        }
        statement + &format!("{receipt},2738,,in\nREV1,-2738,,Reversal of {receipt} by operator\nQ,5,,\n")
    };
    submit(till, method, &statement)
}

/// The findings and counts of a job, and the ledger after it.
fn outcome(till: &Till, id: Id<Reconciliation>) -> (ReconciliationCounts, Vec<(Account, i64)>, String) {
    let view = view(till, id);
    assert_eq!(view.state, ReconciliationState::Done);
    (view.counts, till.books(), serde_json::to_string(&view.findings).unwrap())
}

#[test]
fn job_killed_at_any_moment_resumes_with_the_same_result() {
    for method in [MPESA, BANK] {
        let reference = Till::new();
        let id = whole_job(&reference, method);
        reference.work();
        let expected = outcome(&reference, id);
        let (counts, ..) = &expected;
        let effects = (counts.transfers_completed, counts.reversals_taken, counts.missing_here);
        assert_eq!(effects, if method == BANK { (12, 0, 12) } else { (0, 1, 1) });

        let (mut killed, mut allowed) = (0, 0);
        loop {
            let till = Till::new();
            let id = whole_job(&till, method);
            let left = AtomicU32::new(allowed);
            let clock = LastMinutes { clock: till.world.clock.clone(), left };
            let market = process(&till, Arc::new(clock), 99);
            let worked = catch_unwind(AssertUnwindSafe(|| run(market.worker().run_until_idle())));
            let was_killed = worked.is_err();
            // Lets the lease of the killed process expire.
            till.world.clock.advance(TimeDelta::minutes(2));
            till.work();
            let (counts, books, findings) = outcome(&till, id);
            assert_eq!(
                (&counts, &books),
                (&expected.0, &expected.1),
                "killed after {allowed} reads of the clock"
            );
            assert_eq!(findings.len(), expected.2.len(), "findings after {allowed} reads of the clock");
            if !was_killed {
                break;
            }
            killed += 1;
            allowed += 1;
        }
        assert!(killed > 10, "killed {killed} times");
    }
}

#[test]
fn concurrent_workers_and_repeated_statements_book_each_effect_once() {
    let till = Till::new();
    let marked = topped_up(&till);
    let transfers = transferred(&till, 20);
    let jobs: Vec<_> = [(MPESA, &marked), (BANK, &transfers), (MPESA, &marked), (BANK, &transfers)]
        .map(|(method, statement)| submit(&till, method, statement))
        .to_vec();
    std::thread::scope(|scope| {
        for seed in 0..4 {
            let (till, jobs) = (&till, &jobs);
            scope.spawn(move || {
                let market = process(till, till.world.clock.clone(), 100 + seed);
                for id in jobs {
                    let advance = || run(market.payments().advance_reconciliation(&Actor::System, *id));
                    while !advance().unwrap().is_done() {}
                    run(market.worker().run_until_idle()).unwrap();
                }
            });
        }
    });
    let sum = |count: fn(&ReconciliationCounts) -> u64| {
        jobs.iter().map(|id| count(&view(&till, *id).counts)).sum::<u64>()
    };
    assert_eq!(sum(|counts| counts.transfers_completed), 20, "each transfer is completed by one of the jobs");
    assert_eq!(sum(|counts| counts.marked), 120 + 20, "each transaction is marked by one of the jobs");
    assert_eq!(sum(|counts| counts.matched), 2 * (120 + 20));
    assert_eq!(till.balance(Account::GatewayCharges), -120);
    assert_eq!(till.balance(Account::Wallet(build::company(1).id)), 2_000);
    till.books();
}

/// The result of the pure comparison of a statement with the current ledger.
fn compared(till: &Till, statement: &str, period: Option<StatementPeriod>) -> ReconciliationReport {
    let format = StatementPreset::Generic.format();
    let parsed = parse_statement(statement.as_bytes(), &format, till.world.market.policy().currency).unwrap();
    let settled =
        till.transactions().into_iter().filter(|found| found.status == TransactionStatus::Completed);
    let booked: Vec<_> = settled
        .map(|found| BookedMovement {
            transaction: found.id,
            number: found.number.clone(),
            references: found.gateway.receipt.iter().chain(&found.gateway.reference).cloned().collect(),
            amount: found.amount.gross,
            at: found.completed_at.unwrap(),
        })
        .collect();
    reconcile(&parsed.lines, &booked, period.or(parsed.period)).unwrap()
}

#[test]
fn findings_equal_those_of_a_comparison_in_one_step() {
    for seed in 0..24_u64 {
        let till = Till::new();
        let mut state = seed;
        let mut draw = |sides: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % sides
        };
        let mut statement = "reference,date,amount,fee\n".to_owned();
        for n in 0..70 {
            till.mpesa.answers_settled(&format!("SJK{n}"));
            run(till.payments().top_up(&till.customer(), kes(10), &NewPayment::default())).unwrap();
            let at = till.world.now().format("%Y-%m-%d %H:%M");
            till.world.clock.advance(TimeDelta::minutes(7));
            statement += &match draw(6) {
                0 => String::new(),
                1 => format!("SJK{n},{at},9,1\n"),
                2 => format!("SJK{n},{at},4,\nSJK{n},{at},6,1\n"),
                3 => format!("UNKNOWN{n},{at},10,\n"),
                _ => format!("sjk{n} ,{at},10,1\n"),
            };
        }
        let expected = compared(&till, &statement, None);
        let job = reconciled(&till, MPESA, &statement);
        let counts = ReconciliationCounts {
            matched: expected.matched.len() as u64,
            amount_differs: expected.amount_differs.len() as u64,
            missing_here: expected.missing_here.len() as u64,
            missing_there: expected.missing_there.len() as u64,
            outside_period: expected.outside_period,
            marked: (expected.matched.len() + expected.amount_differs.len()) as u64,
            ..ReconciliationCounts::default()
        };
        assert_eq!(job.counts, counts, "seed {seed}");
        let found = job.findings.unwrap();
        assert_eq!(found.totals, expected.totals);
        assert_eq!(found.missing_here, expected.missing_here);
        assert_eq!(found.missing_there, expected.missing_there);
        let differs =
            found.amount_differs.into_iter().map(|found| (found.movement, found.lines, found.discrepancy));
        let expected =
            expected.amount_differs.into_iter().map(|found| (found.movement, found.lines, found.discrepancy));
        assert!(differs.eq(expected), "seed {seed}");
    }
}

#[test]
fn refused_file_creates_no_job() {
    let till = Till::new();
    let admin = till.world.admin.actor();
    let submit = |actor: &Actor, request: &ReconcileRequest, statement: &[u8]| {
        run(till.payments().reconcile(actor, request, statement)).map(drop)
    };
    let bad = submit(&admin, &request(MPESA), b"reference,amount\nR1,abc\n");
    assert_invalid(bad, &[("statement.2.amount", Code::Malformed)]);
    let large = vec![b'\n'; Reconciliation::MAX_STATEMENT_BYTES + 1];
    assert_invalid(submit(&admin, &request(MPESA), &large), &[("statement", Code::TooLong)]);
    assert_invalid(submit(&admin, &request(PaymentMethod::Cash), b""), &[("method", Code::Unknown)]);
    let now = till.world.now();
    let backwards =
        ReconcileRequest { period: Some(StatementPeriod { from: now, until: now }), ..request(MPESA) };
    assert_invalid(submit(&admin, &backwards, b"reference,amount\n"), &[("period", Code::Order)]);
    assert_forbidden(submit(&till.customer(), &request(MPESA), b"reference,amount\n"));
    let all = run(till.payments().list_reconciliations(&admin, &PageRequest::default())).unwrap();
    assert!(all.items.is_empty());
    assert_not_found(run(till.payments().reconciliation(&admin, build::id(7))));
    assert_not_found(run(till.payments().advance_reconciliation(&admin, build::id(7))));
}

#[test]
fn idempotency_key_covers_one_statement() {
    let till = Till::new();
    let keyed = |statement: &str| {
        let payments = till.payments().idempotency_key(IdempotencyKey::new("march").unwrap());
        run(payments.reconcile(&Actor::System, &request(MPESA), statement.as_bytes()))
    };
    let first = keyed("reference,amount\nR1,1\n").unwrap();
    till.work();
    let again = keyed("reference,amount\nR1,1\n").unwrap();
    assert_eq!((again.id, again.is_done()), (first.id, true), "the current state of the job");
    assert_refused(keyed("reference,amount\nR1,2\n"), Rule::IDEMPOTENCY_KEY_REUSED);
    let all = run(till.payments().list_reconciliations(&Actor::System, &PageRequest::default())).unwrap();
    assert_eq!(all.items.len(), 1);
}

#[test]
fn jobs_are_listed_in_pages_without_their_findings() {
    let till = Till::new();
    let ids: Vec<_> = (0..5)
        .map(|n| {
            till.world.pass(1);
            submit(&till, MPESA, &format!("reference,amount\nR{n},1\n"))
        })
        .collect();
    till.work();
    let (mut found, mut cursor) = (Vec::new(), None);
    loop {
        let page = PageRequest::new(2, cursor).unwrap();
        let page = run(till.payments().list_reconciliations(&till.world.support.actor(), &page)).unwrap();
        found.extend(page.items);
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert!(found.iter().all(|job| job.findings.is_none() && job.state == ReconciliationState::Done));
    let found: Vec<_> = found.into_iter().rev().map(|job| job.id).collect();
    assert_eq!(found, ids);
}

#[test]
fn job_that_cannot_continue_is_set_aside_with_a_reason() {
    let till = Till::new();
    let id = submit(&till, MPESA, "reference,amount\nR1,1\n");
    till.world.clock.advance(TimeDelta::days(91));
    assert_eq!(run(till.world.market.worker().forget_expired()).unwrap(), 1, "the lines have expired");
    let work = till.world.work();
    assert_eq!((work.failed, work.set_aside), (1, 1));
    assert!(matches!(work.failures[0].1, Error::Corrupt { .. }));
    let seen_by = |actor: &Actor| run(till.payments().reconciliation(actor, id)).unwrap();
    for (actor, knows) in [(till.world.admin.actor(), true), (till.world.support.actor(), false)] {
        let shown = seen_by(&actor);
        assert_eq!(shown.state, ReconciliationState::Failed);
        let failure = shown.failure.unwrap();
        assert_eq!((failure.at, failure.attempts, failure.reason.is_some()), (till.world.now(), 1, knows));
        let listed = run(till.payments().list_reconciliations(&actor, &PageRequest::default())).unwrap();
        assert_eq!(listed.items[0].state, ReconciliationState::Failed);
    }
    let operations = till.world.market.operations();
    run(operations.retry_set_aside(&till.world.admin.actor(), id.into())).unwrap();
    assert_eq!(seen_by(&Actor::System).state, ReconciliationState::Queued, "until it fails again");
    assert_eq!(till.world.work().set_aside, 1);
}

#[test]
fn refused_line_is_noted_and_does_not_stop_the_others() {
    let till = Till::new();
    let statement = transferred(&till, 3);
    // Without a payer, no wallet can receive the money.
    let awaited = till.transactions().into_iter().nth(1).unwrap();
    let mut record = awaited.value.clone().into_record();
    record.payer = None;
    let changes = ChangeSet::new().write(Put::over(&awaited, Transaction::from_record(record)));
    let _ = run(till.world.store.commit(changes)).unwrap();

    let job = reconciled(&till, BANK, &statement);
    assert_eq!((job.counts.transfers_completed, job.counts.refused), (2, 1));
    let [refused] = job.refused.as_slice() else { panic!("{:?}", job.refused) };
    assert_eq!((refused.line, refused.transaction), (5, awaited.id));
    assert!(!refused.reason.is_empty());
    assert_eq!(till.load(awaited.id).status, TransactionStatus::Processing);
    assert_eq!(till.balance(Account::Wallet(build::company(1).id)), 200);
    let listed = run(till.payments().list_reconciliations(&Actor::System, &PageRequest::default())).unwrap();
    assert_eq!((listed.items[0].counts.refused, listed.items[0].refused.len()), (1, 0));
}

#[test]
fn counts_are_kept_after_the_findings_expire() {
    let till = Till::new();
    let job = reconciled(&till, MPESA, "reference,amount\nR1,1\n");
    assert_eq!(job.findings.unwrap().missing_here.len(), 1);
    till.world.clock.advance(TimeDelta::days(89));
    assert_eq!(run(till.world.market.worker().forget_expired()).unwrap(), 0);
    till.world.clock.advance(TimeDelta::days(1));
    assert_eq!(run(till.world.market.worker().forget_expired()).unwrap(), 2);
    let later = view(&till, job.id);
    assert_eq!((later.state, later.counts.missing_here), (ReconciliationState::Done, 1));
    assert_eq!(later.findings, None);
}
