use super::*;

/// Reference, amount, fee and description of every line.
fn lines_of(statement: &ParsedStatement) -> Vec<(&str, String, Option<String>, &str)> {
    let amounts = |line: &StatementLine| (line.amount.to_string(), line.fee.map(|fee| fee.to_string()));
    let lines = statement.lines.iter();
    lines.map(|line| (&*line.reference, amounts(line).0, amounts(line).1, &*line.description)).collect()
}

#[test]
fn an_organisation_statement_of_m_pesa() {
    let text = "\u{feff}Organization Statement,,,\r\n\
        Short Code:,600123,,\r\n\
        \r\n\
        Receipt No.,Completion Time,Initiation Time,Details,Transaction Status,\
        Paid In,Withdrawn,Balance,Other Party Info\r\n\
        TFA0000001,02-03-2026 10:30:00,02-03-2026 10:29:55,Pay Bill Online,Completed,\
        \"2,738.00\",,\"12,738.00\",254712***678\r\n\
        TFB0000002,02-03-2026 11:00:00,02-03-2026 11:00:00,Business Payment,Completed,\
        ,\"-2,278.00\",\"10,460.00\",\r\n\
        TFB0000002,02-03-2026 11:00:00,02-03-2026 11:00:00,Business Payment Charge,Completed,\
        ,-13.00,\"10,447.00\",\r\n\
        TFC0000003,02-03-2026 12:00:00,02-03-2026 12:00:00,Pay Bill Online,Failed,500.00,,\"10,447.00\",\r\n\
        TFD0000004,02-03-2026 13:00:00,02-03-2026 13:00:00,Settlement Charge,Completed,\
        ,-45.00,\"10,402.00\",\r\n";
    let statement = parse(text, &StatementFormat::mpesa()).unwrap();
    let kes = |text: &str| format!("{text} KES");
    assert_eq!(
        lines_of(&statement),
        [
            ("TFA0000001", kes("2738.00"), None, "Pay Bill Online"),
            ("TFB0000002", kes("-2278.00"), Some(kes("13.00")), "Business Payment"),
            ("TFD0000004", kes("-45.00"), None, "Settlement Charge"),
        ]
    );
    assert_eq!(statement.rows.skipped, SkippedRows { not_completed: 1, without_amount: 0 });
    assert_eq!(statement.lines[0].at, Some(moment("2026-03-02T07:30:00Z")));
    assert_eq!(statement.lines.iter().map(|line| line.line).collect::<Vec<_>>(), [5, 6, 9]);
}

#[test]
fn a_statement_of_m_pesa_without_its_status_is_refused() {
    let text = "Receipt No.,Completion Time,Details,Paid In,Withdrawn\nTFA1,02-03-2026 10:30:00,,5,\n";
    assert_eq!(found(parse(text, &StatementFormat::mpesa())), [at("statement.status", Code::Required)]);
}

#[test]
fn balance_transactions_of_stripe() {
    let text = "id,Type,Source,Amount,Fee,Net,Currency,Created (UTC),Available On (UTC),Description\n\
        txn_1,charge,ch_1,120.00,3.78,116.22,usd,2026-03-02 14:03,2026-03-04 00:00,Booking\n\
        txn_2,refund,re_1,-20.00,0.00,-20.00,usd,2026-03-02 14:05,2026-03-04 00:00,Refund\n\
        txn_3,stripe_fee,,-2.00,0.00,-2.00,usd,2026-03-02 15:00,2026-03-04 00:00,Radar\n";
    let statement = parse(text, &StatementFormat::stripe()).unwrap();
    let usd = |text: &str| format!("{text} USD");
    assert_eq!(
        lines_of(&statement),
        [
            ("ch_1", usd("120.00"), Some(usd("3.78")), "Booking"),
            ("re_1", usd("-20.00"), Some(usd("0.00")), "Refund"),
            ("txn_3", usd("-2.00"), Some(usd("0.00")), "Radar"),
        ]
    );
    assert_eq!(statement.lines[0].at, Some(moment("2026-03-02T14:03:00Z")));
    let blank = text.replace("120.00,3.78,116.22,usd", "120.00,3.78,116.22,");
    assert_eq!(
        found(parse(&blank, &StatementFormat::stripe())),
        [at("statement.2.currency", Code::Required)]
    );
}

#[test]
fn a_statement_of_a_bank() {
    let text = "Account:;0123456789\n\
        Date;Narration;Reference;Debit;Credit;Balance\n\
        01/03/2026;Opening balance;;;;1,000.00\n\
        02/03/2026;TXN260302000001 JANE;FT2606100001;;2,738.00;3,738.00\n\
        02/03/2026;Ledger fee;;50.00;0.00;3,688.00\n";
    let statement = parse(text, &StatementFormat::bank()).unwrap();
    assert_eq!(
        lines_of(&statement),
        [
            ("FT2606100001", "2738.00 KES".to_owned(), None, "TXN260302000001 JANE"),
            ("Ledger fee", "-50.00 KES".to_owned(), None, "Ledger fee"),
        ]
    );
    assert_eq!(statement.rows.skipped.without_amount, 1);
    assert_eq!(statement.lines[0].at, Some(moment("2026-03-01T21:00:00Z")));
}

#[test]
fn a_row_is_either_incoming_or_outgoing() {
    let text = "date,narration,reference,debit,credit\n\
        02/03/2026,,A,5,5\n\
        02/03/2026,,B,,-5\n\
        02/03/2026,,C,-5,\n";
    assert_eq!(
        found(parse(text, &StatementFormat::bank())),
        [at("statement.2.paidOut", Code::Malformed), at("statement.3.paidIn", Code::OutOfRange),]
    );
}

#[test]
fn two_rows_of_a_bank_may_be_identical() {
    let row = "02/03/2026,Cash deposit,,,500\n";
    let text = format!("date,narration,reference,debit,credit\n{row}{row}");
    assert_eq!(parse(&text, &StatementFormat::bank()).unwrap().lines.len(), 2);
}

#[test]
fn a_format_round_trips_through_json() {
    for format in [StatementFormat::mpesa(), StatementFormat::bank()] {
        let text = serde_json::to_string(&format).unwrap();
        assert_eq!(serde_json::from_str::<StatementFormat>(&text).unwrap(), format);
    }
}
