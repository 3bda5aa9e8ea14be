//! Every row of a file is a movement, the fee of one, skipped, a summary, or refused.

use proptest::prelude::*;

use super::*;

#[test]
fn a_quote_that_is_never_closed_is_refused_on_the_line_where_it_opens() {
    let generic = StatementFormat::generic();
    let rows = "B,2,two\nC,3,three\n";
    for end in ["\n", "\r\n", "\r"] {
        let text = format!("reference,amount,description\nA,1,one\n\nB,2,\"two\n{rows}").replace('\n', end);
        assert_eq!(found(parse(&text, &generic)), [at("statement.4", Code::Malformed)], "{end:?}");
    }
    let first = format!("\"reference,amount,description\n{rows}");
    assert_eq!(found(parse(&first, &generic)), [at("statement.1", Code::Malformed)], "above the header, too");
    let message = parse(&first, &generic).unwrap_err().to_string();
    assert_eq!(message, "statement.1: the quote that opens here is not closed");
}

#[test]
fn a_quote_closed_by_a_later_opening_quote_is_refused() {
    let text = "reference,amount,description\nA,1,\"one\nB,2,two\nC,3,\"three\"\n";
    assert_eq!(
        found(parse(text, &StatementFormat::generic())),
        [at("statement.2", Code::Malformed)],
        "rows 3 and 4 would be read as text"
    );
}

#[test]
fn closed_quotes_are_parsed() {
    let text = "reference,amount,description\n\
        A,1,\"two\nlines, and a \"\"quote\"\"\"\n\
        B,2,a \" in the middle\n\
        C,3,\"\"\n\
        D,4,\"\"\"\"\n\
        E,5,\"closed\" late\n";
    let statement = parse(text, &StatementFormat::generic()).unwrap();
    let descriptions: Vec<_> = statement.lines.iter().map(|line| line.description.as_str()).collect();
    assert_eq!(descriptions, ["two\nlines, and a \"quote\"", "a \" in the middle", "", "\"", "closed late"]);
}

fn summaries(text: &str, format: &StatementFormat) -> Vec<(u64, Option<i64>, Option<i64>)> {
    let whole = |amount: Option<Decimal>| amount.map(|amount| i64::try_from(amount).unwrap());
    let statement = parse(text, format).unwrap();
    assert_eq!(statement.rows.accounted(), statement.rows.read);
    let summaries = statement.rows.summaries.iter();
    summaries.map(|row| (row.line, whole(row.stated), whole(row.counted))).collect()
}

#[test]
fn total_rows_are_summaries_and_not_movements() {
    let generic = StatementFormat::generic();
    let text = "reference,date,amount\nA,2026-03-02,100\nB,2026-03-02,200\nTotal,,300\n";
    assert_eq!(summaries(text, &generic), [(4, Some(300), Some(300))]);
    assert_eq!(parse(text, &generic).unwrap().lines.len(), 2);
    let text = "date,reference,amount\n2026-03-02,A,100\nGrand total,,100\n";
    assert_eq!(summaries(text, &generic), [(3, Some(100), Some(100))], "the label stands under the date");
    let bank = StatementFormat::bank();
    let text = "date,narration,debit,credit,balance\n\
        02/03/2026,Deposit,,700.00,700.00\n\
        02/03/2026,Fee,200.00,,500.00\n\
        ,TOTAL,200.00,700.00,\n\
        ,TOTAL,,700.00,500.00\n";
    assert_eq!(summaries(text, &bank), [(4, Some(500), Some(500)), (5, Some(700), Some(700))]);
}

#[test]
fn subtotals_sum_the_rows_since_the_last_one() {
    let text = "reference,amount\nA,1\nB,2\nSubtotal,3\nC,4\nSub-total,4\nTotal,7\n";
    let expected = [(4, Some(3), Some(3)), (6, Some(4), Some(4)), (7, Some(7), Some(7))];
    assert_eq!(summaries(text, &StatementFormat::generic()), expected);
}

#[test]
fn a_total_that_contradicts_its_rows_is_reported() {
    let text = "reference,amount\nA,1\nTotal,3\n";
    let statement = parse(text, &StatementFormat::generic()).unwrap();
    assert!(statement.rows.summaries[0].differs());
    assert_eq!(summaries(text, &StatementFormat::generic()), [(3, Some(3), Some(1))]);
    let mixed = "reference,amount,currency\nA,1,KES\nB,1,USD\nTotal,3,\n";
    assert_eq!(
        summaries(mixed, &StatementFormat::generic()),
        [(4, None, None)],
        "amounts of two currencies have no sum"
    );
}

#[test]
fn a_row_with_a_date_or_a_name_is_a_movement_even_if_it_says_total() {
    let text = "reference,date,amount,description\n\
        Total Energies,,100,fuel\n\
        Total,2026-03-02,200,\n\
        QK1,,300,Total\n";
    let statement = parse(text, &StatementFormat::generic()).unwrap();
    assert_eq!((statement.lines.len(), statement.rows.summaries.len()), (3, 0));
}

/// A row of an M-Pesa statement, and whether it is refused.
fn row() -> impl Strategy<Value = (String, bool)> {
    let receipt = "[A-C]";
    prop_oneof![
        (receipt, 1..500_i64)
            .prop_map(|(receipt, amount)| format!("{receipt},02-03-2026 10:30:00,Paid,Completed,{amount},")),
        (receipt, 1..500_i64).prop_map(|(receipt, amount)| format!(
            "{receipt},02-03-2026 10:30:00,Payout,Completed,,-{amount}"
        )),
        (receipt, 1..20_i64).prop_map(|(receipt, amount)| format!(
            "{receipt},02-03-2026 10:30:00,Payout Charge,Completed,,-{amount}"
        )),
        receipt.prop_map(|receipt| format!("{receipt},02-03-2026 10:30:00,Paid,Failed,5,")),
        receipt.prop_map(|receipt| format!("{receipt},02-03-2026 10:30:00,Balance,Completed,,")),
        (0..900_i64).prop_map(|amount| format!("Total,,,,{amount},")),
    ]
    .prop_map(|row| (row, false))
    .boxed()
    .prop_union(
        prop_oneof![
            Just(("A,yesterday,Paid,Completed,5,".to_owned(), true)),
            Just((",02-03-2026 10:30:00,Paid,Completed,5,".to_owned(), true)),
            Just(("A,02-03-2026 10:30:00,Paid,Completed,x,".to_owned(), true)),
        ]
        .boxed(),
    )
}

proptest! {
    #[test]
    fn every_row_is_accounted_for(rows in prop::collection::vec(row(), 0..30)) {
        let header = "Receipt No.,Completion Time,Details,Transaction Status,Paid In,Withdrawn";
        let format = StatementFormat { rows_are_unique: false, ..StatementFormat::mpesa() };
        let text = rows.iter().fold(format!("{header}\n"), |text, (row, _)| format!("{text}{row}\n"));
        match parse(&text, &format) {
            Ok(statement) => {
                prop_assert!(rows.iter().all(|(_, refused)| !refused));
                prop_assert_eq!(statement.rows.read, rows.len() as u64);
                prop_assert_eq!(statement.rows.accounted(), rows.len() as u64);
                let report = reconcile(&statement.lines, &[], None).unwrap();
                let compared = report.matched.iter().chain(&report.amount_differs);
                let placed =
                    compared.map(|compared| compared.lines.len()).sum::<usize>() + report.missing_here.len();
                prop_assert_eq!(placed as u64, statement.rows.lines);
            }
            Err(violations) => {
                let refused = rows.iter().filter(|(_, refused)| *refused).count();
                prop_assert_eq!(violations.iter().count(), refused, "each refused row is named");
            }
        }
    }
}
