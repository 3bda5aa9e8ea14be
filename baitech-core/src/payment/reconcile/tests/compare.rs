use proptest::{option, prelude::*};

use super::*;
use crate::{
    kernel::{Id, MoneyError},
    transaction::TransactionNumber,
};

fn booked(n: u8, references: &[&str], amount: &str) -> BookedMovement {
    let at = moment("2026-03-02T07:00:00Z") + chrono::TimeDelta::minutes(i64::from(n));
    BookedMovement {
        transaction: Id::from_bytes([n; 12]),
        number: TransactionNumber::new(at, u64::from(n)),
        references: references.iter().map(|&reference| reference.to_owned()).collect(),
        amount: kes(amount),
        at,
    }
}

fn line(n: u64, reference: &str, amount: &str) -> StatementLine {
    StatementLine {
        line: n,
        reference: reference.to_owned(),
        at: Some(moment("2026-03-02T07:00:00Z") + chrono::TimeDelta::seconds(n.cast_signed())),
        amount: kes(amount),
        fee: None,
        description: String::new(),
    }
}

/// The report in short: line numbers and discrepancy of each stated movement, then the unmatched lines and
/// transactions.
#[derive(Debug, PartialEq, Default)]
struct ShortReport {
    matched: Vec<(u8, Vec<u64>)>,
    differs: Vec<(u8, Vec<u64>, String)>,
    missing_here: Vec<u64>,
    missing_there: Vec<u8>,
}

fn shorten(report: &ReconciliationReport) -> ShortReport {
    let id = |movement: &BookedMovement| movement.transaction.to_bytes()[0];
    let lines = |compared: &ComparedMovement| compared.lines.iter().map(|line| line.line).collect::<Vec<_>>();
    ShortReport {
        matched: report.matched.iter().map(|c| (id(&c.movement), lines(c))).collect(),
        differs: report
            .amount_differs
            .iter()
            .map(|c| (id(&c.movement), lines(c), c.discrepancy.amount().normalize().to_string()))
            .collect(),
        missing_here: report.missing_here.iter().map(|missing| missing.line.line).collect(),
        missing_there: report.missing_there.iter().map(|missing| id(&missing.movement)).collect(),
    }
}

fn compare(lines: &[StatementLine], booked: &[BookedMovement]) -> ShortReport {
    shorten(&reconcile(lines, booked, None).unwrap())
}

#[test]
fn the_four_outcomes() {
    let lines = [line(2, "qk1 ", "2738"), line(3, "QK2", "990"), line(4, "QK3", "5")];
    let books =
        [booked(1, &["ws_CO_1", "QK1"], "2738"), booked(2, &["QK2"], "1000"), booked(3, &["QK9"], "-70")];
    let report = reconcile(&lines, &books, None).unwrap();
    assert_eq!(
        shorten(&report),
        ShortReport {
            matched: vec![(1, vec![2])],
            differs: vec![(2, vec![3], "-10".to_owned())],
            missing_here: vec![4],
            missing_there: vec![3],
        }
    );
    assert_eq!(report.missing_here[0].discrepancy, kes("5"));
    assert_eq!(report.missing_there[0].discrepancy, kes("70"));
    let (booked, stated) = (report.amount_differs[0].booked, report.amount_differs[0].stated);
    assert_eq!((booked, stated), (kes("1000"), kes("990")));
    let [totals] = report.totals[..] else { panic!("{:?}", report.totals) };
    assert_eq!((totals.stated, totals.booked, totals.discrepancy), (kes("3733"), kes("3668"), kes("65")));
}

#[test]
fn a_split_payout_is_matched_by_all_of_its_lines() {
    let lines = [line(2, "B1", "-250000"), line(3, "B1", "-250000"), line(4, "B2", "-100000")];
    let short = compare(&lines, &[booked(1, &["B1", "B2"], "-600000")]);
    assert_eq!(short, ShortReport { matched: vec![(1, vec![2, 3, 4])], ..ShortReport::default() });
    let short = compare(&lines[..2], &[booked(1, &["B1", "B2"], "-600000")]);
    assert_eq!(
        short,
        ShortReport { differs: vec![(1, vec![2, 3], "100000".to_owned())], ..ShortReport::default() }
    );
}

#[test]
fn a_reversal_that_is_not_booked_is_missing_here() {
    let lines = [line(2, "QK1", "100"), line(3, "QK1", "-100")];
    let short = compare(&lines, &[booked(1, &["QK1"], "100")]);
    assert_eq!(
        short,
        ShortReport { matched: vec![(1, vec![2])], missing_here: vec![3], ..ShortReport::default() }
    );
    let both = [booked(2, &["QK1"], "-100"), booked(1, &["QK1"], "100")];
    let short = compare(&lines, &both);
    assert_eq!(short, ShortReport { matched: vec![(1, vec![2]), (2, vec![3])], ..ShortReport::default() });
    let short = compare(&lines[1..], &both);
    assert_eq!(
        short,
        ShortReport { matched: vec![(2, vec![3])], missing_there: vec![1], ..ShortReport::default() }
    );
}

#[test]
fn a_payment_and_its_partial_refund_may_be_booked_as_one() {
    let lines = [line(2, "QK1", "100"), line(3, "QK1", "-40")];
    let short = compare(&lines, &[booked(1, &["QK1"], "60")]);
    assert_eq!(short, ShortReport { matched: vec![(1, vec![2, 3])], ..ShortReport::default() });
}

#[test]
fn each_direction_is_compared_separately() {
    let lines = [line(2, "QK1", "90"), line(3, "QK1", "-30")];
    let short = compare(&lines, &[booked(1, &["QK1"], "100"), booked(2, &["QK1"], "-40")]);
    let differs = vec![(1, vec![2], "-10".to_owned()), (2, vec![3], "10".to_owned())];
    assert_eq!(short, ShortReport { differs, ..ShortReport::default() });
}

#[test]
fn one_line_never_matches_two_movements() {
    let twice = [booked(1, &["QK1"], "100"), booked(2, &["QK1"], "100")];
    let short = compare(&[line(2, "QK1", "100")], &twice);
    assert_eq!(
        short,
        ShortReport { matched: vec![(1, vec![2])], missing_there: vec![2], ..ShortReport::default() }
    );
    let short = compare(&[line(2, "QK1", "100"), line(3, "QK1", "100")], &twice);
    assert_eq!(short, ShortReport { matched: vec![(1, vec![2]), (2, vec![3])], ..ShortReport::default() });
}

#[test]
fn a_narration_names_the_transaction() {
    let named =
        StatementLine { description: "RTGS/txn260302000001/JANE".to_owned(), ..line(2, "FT1", "100") };
    let (one, two) = (booked(1, &[], "100"), booked(2, &["FT1"], "100"));
    let short = compare(std::slice::from_ref(&named), std::slice::from_ref(&one));
    assert_eq!(short, ShortReport { matched: vec![(1, vec![2])], ..ShortReport::default() });
    // The bank's own reference takes precedence over the narration.
    let short = compare(&[named], &[one.clone(), two]);
    assert_eq!(
        short,
        ShortReport { matched: vec![(2, vec![2])], missing_there: vec![1], ..ShortReport::default() }
    );
    let short = compare(&[line(2, "TXN260302000001", "100"), line(3, "", "7")], &[one]);
    assert_eq!(
        short,
        ShortReport { matched: vec![(1, vec![2])], missing_here: vec![3], ..ShortReport::default() }
    );
}

#[test]
fn currencies_are_compared_separately() {
    let dollars = StatementLine { amount: Money::from_major(100, Currency::USD), ..line(2, "QK1", "0") };
    let report = reconcile(&[dollars], &[booked(1, &["QK1"], "100")], None).unwrap();
    assert_eq!(
        shorten(&report),
        ShortReport { missing_here: vec![2], missing_there: vec![1], ..ShortReport::default() }
    );
    let codes: Vec<_> = report.totals.iter().map(|totals| totals.currency).collect();
    assert_eq!(codes, [Currency::KES, Currency::USD]);
}

#[test]
fn only_movements_of_the_period_can_be_missing_there() {
    let books =
        [booked(1, &["A"], "1"), booked(2, &["B"], "1"), booked(3, &["C"], "1"), booked(9, &["D"], "1")];
    let period = StatementPeriod { from: books[1].at, until: books[2].at };
    let report = reconcile(&[line(2, "D", "1")], &books, Some(period)).unwrap();
    let expected =
        ShortReport { matched: vec![(9, vec![2])], missing_there: vec![2], ..ShortReport::default() };
    assert_eq!((shorten(&report), report.outside_period), (expected, 2));
    assert_eq!(report.totals[0].booked, kes("2"));
}

#[test]
fn overflowing_sums_are_an_error() {
    let most = |n| StatementLine { amount: Money::new(Decimal::MAX, Currency::KES), ..line(n, "A", "0") };
    assert_eq!(reconcile(&[most(2), most(3)], &[], None), Err(MoneyError::Overflow));
}

#[test]
fn a_report_has_this_wire_format() {
    let fee = StatementLine { fee: Some(kes("1.5")), ..line(2, "QK1", "100") };
    let report = reconcile(&[fee, line(3, "QK2", "-5")], &[booked(1, &["QK1"], "100")], None).unwrap();
    let expected = serde_json::json!({
        "period": null,
        "matched": [{
            "movement": {
                "transaction": "010101010101010101010101",
                "number": "TXN260302000001",
                "references": ["QK1"],
                "amount": {"amount": "100.00", "currency": "KES"},
                "at": "2026-03-02T07:01:00Z",
            },
            "lines": [{
                "line": 2,
                "reference": "QK1",
                "at": "2026-03-02T07:00:02Z",
                "amount": {"amount": "100.00", "currency": "KES"},
                "fee": {"amount": "1.50", "currency": "KES"},
                "description": "",
            }],
            "booked": {"amount": "100.00", "currency": "KES"},
            "stated": {"amount": "100.00", "currency": "KES"},
            "discrepancy": {"amount": "0.00", "currency": "KES"},
        }],
        "amountDiffers": [],
        "missingHere": [{
            "line": {
                "line": 3,
                "reference": "QK2",
                "at": "2026-03-02T07:00:03Z",
                "amount": {"amount": "-5.00", "currency": "KES"},
                "fee": null,
                "description": "",
            },
            "discrepancy": {"amount": "-5.00", "currency": "KES"},
        }],
        "missingThere": [],
        "outsidePeriod": 0,
        "totals": [{
            "currency": "KES",
            "stated": {"amount": "95.00", "currency": "KES"},
            "booked": {"amount": "100.00", "currency": "KES"},
            "discrepancy": {"amount": "-5.00", "currency": "KES"},
            "fees": {"amount": "1.50", "currency": "KES"},
        }],
        "rows": {
            "read": 2,
            "lines": 2,
            "charges": 0,
            "skipped": {"notCompleted": 0, "withoutAmount": 0},
            "summaries": [],
        },
    });
    assert_eq!(serde_json::to_value(&report).unwrap(), expected);
}

/// Few references, amounts and moments, so that collisions are frequent.
fn reference() -> impl Strategy<Value = String> {
    prop_oneof![8 => "[AaBbCc]", 1 => "TXN26030200000[0-9]", 1 => " ?", 1 => "x TXN26030200000[0-9]/y"]
}

fn amount() -> impl Strategy<Value = Money> {
    (-4..=4_i64, prop_oneof![9 => Just(Currency::KES), 1 => Just(Currency::USD)])
        .prop_map(|(units, currency)| Money::from_major(units, currency))
}

fn some_moment() -> impl Strategy<Value = DateTime<Utc>> {
    (0..5_i64).prop_map(|hours| moment("2026-03-02T07:00:00Z") + chrono::TimeDelta::hours(hours))
}

prop_compose! {
    fn some_line()(
        line in 0..6_u64, reference in reference(), at in option::of(some_moment()), amount in amount(),
        fee in option::of(0..3_i64), description in "x?|TXN26030200000[0-9]",
    ) -> StatementLine {
        let fee = fee.map(|fee| Money::from_major(fee, amount.currency()));
        StatementLine { line, reference, at, amount, fee, description }
    }
}

prop_compose! {
    fn some_movement()(
        n in 0..8_u8,
        references in prop::collection::vec(reference(), 0..3),
        amount in amount(),
        at in some_moment(),
    ) -> BookedMovement {
        BookedMovement { references, amount, at, ..booked(n, &[], "0") }
    }
}

prop_compose! {
    fn some_period()(from in some_moment(), until in some_moment()) -> StatementPeriod {
        StatementPeriod { from, until }
    }
}

fn compared(report: &ReconciliationReport) -> impl Iterator<Item = &ComparedMovement> {
    report.matched.iter().chain(&report.amount_differs)
}

fn sorted<T: std::fmt::Debug>(values: impl IntoIterator<Item = T>) -> Vec<String> {
    let mut debug: Vec<_> = values.into_iter().map(|value| format!("{value:?}")).collect();
    debug.sort();
    debug
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn stated_equals_booked_plus_discrepancies(
        lines in prop::collection::vec(some_line(), 0..12),
        books in prop::collection::vec(some_movement(), 0..8),
        period in option::of(some_period()),
    ) {
        let report = reconcile(&lines, &books, period).unwrap();
        for currency in [Currency::KES, Currency::USD] {
            let of = |amounts: Vec<Money>| {
                Money::sum(currency, amounts.into_iter().filter(|amount| amount.currency() == currency))
                    .unwrap()
            };
            let stated = of(lines.iter().map(|line| line.amount).collect());
            let booked_in_report = compared(&report).map(|c| c.booked)
                .chain(report.missing_there.iter().map(|missing| missing.movement.amount));
            let booked_in_report = of(booked_in_report.collect());
            let discrepancies = compared(&report).map(|c| c.discrepancy)
                .chain(report.missing_here.iter().map(|missing| missing.discrepancy))
                .chain(report.missing_there.iter().map(|missing| missing.discrepancy));
            let discrepancies = of(discrepancies.collect());
            prop_assert_eq!(stated, booked_in_report.checked_add(discrepancies).unwrap());
            match report.totals.iter().find(|totals| totals.currency == currency) {
                Some(totals) => {
                    prop_assert_eq!((totals.stated, totals.booked), (stated, booked_in_report));
                    prop_assert_eq!(totals.discrepancy, discrepancies);
                    prop_assert_eq!(totals.fees, of(lines.iter().filter_map(|line| line.fee).collect()));
                }
                None => prop_assert!(stated.is_zero() && booked_in_report.is_zero() && discrepancies.is_zero()),
            }
        }
    }

    #[test]
    fn every_line_and_every_movement_is_reported_exactly_once(
        lines in prop::collection::vec(some_line(), 0..12),
        books in prop::collection::vec(some_movement(), 0..8),
        period in option::of(some_period()),
    ) {
        let report = reconcile(&lines, &books, period).unwrap();
        let lines_in_report =
            compared(&report).flat_map(|c| &c.lines).chain(report.missing_here.iter().map(|m| &m.line));
        prop_assert_eq!(sorted(lines_in_report), sorted(&lines));
        let outside =
            books.iter().filter(|movement| period.is_some_and(|period| !period.contains(movement.at)));
        let movements =
            compared(&report).map(|c| &c.movement).chain(report.missing_there.iter().map(|m| &m.movement));
        let movements: Vec<_> = movements.collect();
        prop_assert_eq!(movements.len() as u64 + report.outside_period, books.len() as u64);
        prop_assert!(report.outside_period <= outside.count() as u64);
        prop_assert!(movements.iter().all(|movement| books.contains(movement)));
        prop_assert!(
            report.missing_there.iter().all(|m| period.is_none_or(|period| period.contains(m.movement.at)))
        );
    }

    #[test]
    fn each_outcome_is_correct(
        lines in prop::collection::vec(some_line(), 0..12),
        books in prop::collection::vec(some_movement(), 0..8),
    ) {
        let report = reconcile(&lines, &books, None).unwrap();
        prop_assert!(report.matched.iter().all(|c| c.discrepancy.is_zero()));
        prop_assert!(report.amount_differs.iter().all(|c| !c.discrepancy.is_zero()));
        for c in compared(&report) {
            prop_assert!(!c.lines.is_empty());
            let stated = Money::sum(c.booked.currency(), c.lines.iter().map(|line| line.amount)).unwrap();
            prop_assert_eq!((c.booked, c.stated), (c.movement.amount, stated));
            prop_assert_eq!(c.discrepancy, stated.checked_sub(c.booked).unwrap());
            let known: Vec<_> = c
                .movement
                .references
                .iter()
                .map(String::as_str)
                .chain([c.movement.number.as_str()])
                .map(|reference| reference.trim().to_uppercase())
                .collect();
            for line in &c.lines {
                let text = format!("{} {}", line.reference, line.description);
                let named = known.iter().any(|known| known.starts_with("TXN") && text.contains(known));
                prop_assert!(named || known.contains(&line.reference.trim().to_uppercase()));
            }
        }
    }

    #[test]
    fn the_order_of_lines_and_movements_does_not_matter(
        (lines, shuffled_lines) in prop::collection::vec(some_line(), 0..12)
            .prop_flat_map(|lines| (Just(lines.clone()), Just(lines).prop_shuffle())),
        (books, shuffled_books) in prop::collection::vec(some_movement(), 0..8)
            .prop_flat_map(|books| (Just(books.clone()), Just(books).prop_shuffle())),
        period in option::of(some_period()),
    ) {
        let report = reconcile(&lines, &books, period).unwrap();
        prop_assert_eq!(&reconcile(&shuffled_lines, &books, period).unwrap(), &report);
        prop_assert_eq!(&reconcile(&shuffled_lines, &shuffled_books, period).unwrap(), &report);
    }
}
