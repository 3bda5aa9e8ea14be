use proptest::prelude::*;

use super::*;

#[test]
fn columns_come_in_any_order_and_any_case() {
    let text = "DESCRIPTION,Amount,reference,ignored,Fee,date,Currency\n\
        \"Pipes, valves\",\"2,738.00\",QK1,x,12.5,2026-03-02 10:30,usd\n\
        ,-5,QK2,,,,\n";
    let statement = parse(text, &StatementFormat::generic()).unwrap();
    let dollars = |minor| Money::from_minor(minor, Currency::USD);
    assert_eq!(
        statement.lines,
        [
            StatementLine {
                line: 2,
                reference: "QK1".to_owned(),
                at: Some(moment("2026-03-02T07:30:00Z")),
                amount: dollars(273_800),
                fee: Some(dollars(1_250)),
                description: "Pipes, valves".to_owned(),
            },
            StatementLine {
                line: 3,
                reference: "QK2".to_owned(),
                at: None,
                amount: kes("-5"),
                fee: None,
                description: String::new(),
            },
        ]
    );
    assert_eq!(statement.rows.skipped, SkippedRows::default());
}

#[test]
fn encoding_separators_and_quoting_do_not_matter() {
    let plain = "reference,amount,description\nQK1,10,one\nQK2,20,two\n";
    let expected = parse(plain, &StatementFormat::generic()).unwrap();
    for text in [
        format!("\u{feff}{plain}"),
        plain.replace('\n', "\r\n"),
        plain.replace('\n', "\r"),
        plain.replace(',', ";"),
        plain.replace(',', "\t"),
        plain.trim_end().to_owned(),
        plain.replace("one", "\"one\""),
        plain.replace("QK2", "  QK2 "),
    ] {
        assert_eq!(parse(&text, &StatementFormat::generic()).as_ref(), Ok(&expected), "{text:?}");
    }
}

#[test]
fn lines_are_numbered_as_an_editor_numbers_them() {
    for end in ["\n", "\r\n", "\r"] {
        let text =
            ["Title", "", "", "reference,amount,description", "", "A,1,\"two", "lines\"", "", "B,2,", "C,x,"]
                .join(end);
        let lines = |text: &str| {
            let statement = parse(text, &StatementFormat::generic()).unwrap();
            statement.lines.iter().map(|line| line.line).collect::<Vec<_>>()
        };
        assert_eq!(lines(&text.replace(",x,", ",3,")), [6, 9, 10], "{end:?}");
        let wrong = found(parse(&text, &StatementFormat::generic()));
        assert_eq!(wrong, [at("statement.10.amount", Code::Malformed)]);
    }
}

#[test]
fn every_mistake_is_reported_at_once() {
    let text = "reference,date,amount,currency,fee\n\
        A,2026-03-02,1,KES,\n\
        ,2026-03-02,1,KES,\n\
        B,tomorrow,x,XYZ,y\n\
        C,,,,\n\
        D,,1.005,KES,0.001\n\
        E,,9999999999999999,,\n\
        F,,500,UGX,0.5\n";
    assert_eq!(
        found(parse(text, &StatementFormat::generic())),
        [
            at("statement.3.reference", Code::Required),
            at("statement.4.amount", Code::Malformed),
            at("statement.4.currency", Code::Unknown),
            at("statement.4.fee", Code::Malformed),
            at("statement.4.date", Code::Malformed),
            at("statement.5.amount", Code::Required),
            at("statement.6.amount", Code::Malformed),
            at("statement.6.fee", Code::Malformed),
            at("statement.7.amount", Code::OutOfRange),
            at("statement.8.fee", Code::Malformed),
        ]
    );
}

#[test]
fn mistakes_beyond_the_limit_are_counted() {
    let text = format!("reference,amount\n{}", "A,x\n".repeat(137));
    let violations = parse(&text, &StatementFormat::generic()).unwrap_err();
    assert_eq!(violations.iter().count(), 101);
    let last = violations.iter().last().unwrap();
    assert_eq!((&*last.field, last.code), ("statement", Code::TooMany));
    assert_eq!(last.message, "37 more violations");
}

#[test]
fn files_that_are_not_statements_are_refused() {
    let generic = StatementFormat::generic();
    for empty in ["", "\u{feff}", " \r\n\n"] {
        assert_eq!(found(parse(empty, &generic)), [at("statement", Code::Required)], "{empty:?}");
    }
    let latin1 = parse_statement(b"reference,amount,description\nA,1,caf\xe9\n", &generic, Currency::KES);
    assert_eq!(found(latin1), [at("statement", Code::Malformed)]);
    assert_eq!(found(parse("reference;date\nA;1\n", &generic)), [at("statement.amount", Code::Required)]);
    let missing = [at("statement.reference", Code::Required), at("statement.amount", Code::Required)];
    assert_eq!(found(parse("hello", &generic)), missing);
    let no_columns = StatementFormat { columns: Vec::new(), ..generic };
    assert_eq!(found(parse("hello", &no_columns)), [at("statement", Code::Malformed)]);
}

#[test]
fn a_header_alone_is_an_empty_statement() {
    let statement = parse("reference,amount\n", &StatementFormat::generic()).unwrap();
    assert_eq!((statement.lines.len(), statement.period), (0, None));
}

#[test]
fn a_statement_is_parsed_up_to_its_limit() {
    let mut format = StatementFormat::generic();
    assert_eq!(format.limits.rows, 100_000);
    format.limits.rows = 3;
    let rows =
        |count| (0..count).fold("reference,amount\n".to_owned(), |text, row| format!("{text}A{row},1\n"));
    assert_eq!(parse(&rows(3), &format).unwrap().lines.len(), 3);
    assert_eq!(found(parse(&rows(4), &format)), [at("statement", Code::TooMany)]);
    format.limits.characters = 3;
    assert_eq!(
        found(parse("reference,amount\nABCD,1\n", &format)),
        [at("statement.2.reference", Code::TooLong)]
    );
}

#[test]
fn a_repeated_row_is_a_mistake_but_a_repeated_reference_is_not() {
    let text = "reference,amount\nA,10\nA,-10\nB,1\n A ,10\n";
    let result = parse(text, &StatementFormat::generic());
    assert_eq!(
        result.as_ref().unwrap_err().to_string(),
        "statement.5.reference: the row repeats line 2 in every column"
    );
    assert_eq!(found(result), [at("statement.5.reference", Code::Duplicate)]);
    let format = StatementFormat { rows_are_unique: false, ..StatementFormat::generic() };
    assert_eq!(parse(text, &format).unwrap().lines.len(), 4);
}

#[test]
fn rows_without_an_amount_are_counted() {
    let text = "reference,amount\nA,0.00\n,\nB,1\n";
    let statement = parse(text, &StatementFormat::generic()).unwrap();
    assert_eq!(statement.rows.skipped, SkippedRows { not_completed: 0, without_amount: 2 });
    assert_eq!(statement.lines.len(), 1);
}

#[test]
fn the_period_goes_from_the_first_line_to_the_last() {
    let text = "reference,amount,date\nA,1,2026-03-03 08:00:00\nB,1,2026-03-02 08:00:00\nC,1,\n";
    let period = parse(text, &StatementFormat::generic()).unwrap().period.unwrap();
    assert_eq!((period.from, period.until), (moment("2026-03-02T05:00:00Z"), moment("2026-03-03T05:00:01Z")));
    let text = "reference,amount,date\nA,1,02/03/2026\nB,1,05/03/2026\n";
    let period = parse(text, &StatementFormat::generic()).unwrap().period.unwrap();
    assert_eq!((period.from, period.until), (moment("2026-03-01T21:00:00Z"), moment("2026-03-05T21:00:00Z")));
    assert!(period.contains(period.from) && !period.contains(period.until));
}

fn formats() -> [StatementFormat; 4] {
    [StatementFormat::generic(), StatementFormat::mpesa(), StatementFormat::stripe(), StatementFormat::bank()]
}

/// A file that begins like a statement, followed by arbitrary bytes.
fn nearly_a_statement() -> impl Strategy<Value = Vec<u8>> {
    let headers = [
        "reference,date,amount,currency,fee,description\n",
        "Receipt No.,Completion Time,Details,Transaction Status,Paid In,Withdrawn\n",
        "id,Source,Amount,Fee,Currency,Created (UTC)\n",
        "date;narration;reference;debit;credit\r\n",
    ];
    let cells = "[A-Z]{0,3}|[-(]?[0-9,.]{0,9}|2026-0[0-9]-[0-3][0-9]|Completed|KES|charge|\"|\\PC{0,3}";
    let rows = prop::collection::vec(prop::collection::vec(cells, 0..8), 0..12);
    (prop::sample::select(headers.to_vec()), rows, "[,;\t]", "\n|\r\n|\r").prop_map(
        |(header, rows, comma, end)| {
            let rows: Vec<_> = rows.iter().map(|row| row.join(&comma)).collect();
            format!("{header}{}", rows.join(&end)).into_bytes()
        },
    )
}

proptest! {
    #[test]
    fn no_bytes_panic(
        bytes in prop_oneof![prop::collection::vec(any::<u8>(), 0..200), nearly_a_statement()],
    ) {
        for format in formats() {
            match parse_statement(&bytes, &format, Currency::KES) {
                Ok(statement) => {
                    for line in &statement.lines {
                        prop_assert!(
                            !line.amount.is_zero() && !line.reference.trim().is_empty() && line.line > 1
                        );
                        let covered = line
                            .at
                            .is_none_or(|at| statement.period.is_some_and(|period| period.contains(at)));
                        prop_assert!(covered);
                    }
                    prop_assert!(reconcile(&statement.lines, &[], statement.period).is_ok());
                }
                Err(violations) => {
                    prop_assert!(violations.iter().next().is_some());
                    prop_assert!(violations.iter().all(|violation| violation.field.starts_with("statement")));
                }
            }
        }
    }

    #[test]
    fn a_written_statement_round_trips(
        rows in prop::collection::vec(("[A-Z0-9]{1,10}", -1_000_000_000_i64..1_000_000_000, "[a-z,\"; \n]{0,12}"), 0..20),
    ) {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(["reference", "amount", "description"]).unwrap();
        for (reference, minor, description) in &rows {
            let amount = Decimal::new(*minor, 2).to_string();
            writer.write_record([reference, amount.as_str(), description]).unwrap();
        }
        let bytes = writer.into_inner().unwrap();
        let format = StatementFormat { rows_are_unique: false, ..StatementFormat::generic() };
        let statement = parse_statement(&bytes, &format, Currency::KES).unwrap();
        let read: Vec<_> = statement.lines.iter()
            .map(|line| (line.reference.clone(), line.amount, line.description.clone()))
            .collect();
        let written: Vec<_> = rows.iter().filter(|row| row.1 != 0)
            .map(|(reference, minor, description)| {
                (reference.clone(), Money::from_minor(*minor, Currency::KES), description.trim().to_owned())
            })
            .collect();
        prop_assert_eq!(read, written);
    }
}
