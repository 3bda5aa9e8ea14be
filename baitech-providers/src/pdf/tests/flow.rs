//! Tests of the layout: lines, columns and pages.

use baitech_core::payment::{Document, DocumentKind};
use proptest::prelude::*;

use super::{
    super::{
        compose::compose,
        fonts::Fonts,
        line::{Column, Line, Part, beside},
        paginate::{Flow, paginate},
        theme::{BODY, BODY_HEIGHT, LEFT, QUIET, RIGHT, TITLE, WIDTH},
    },
    bare, document, receipt, statement,
};

fn texts(lines: &[Line]) -> Vec<&str> {
    lines.iter().flat_map(|line| &line.runs).map(|run| run.text.as_str()).collect()
}

fn composed(document: &Document) -> Flow {
    compose(document, &Fonts::load().unwrap(), "KRA PIN")
}

#[test]
fn receipt_lists_everything_in_order() {
    let flow = composed(&receipt());
    let said = texts(&flow.lines);
    let expected = [
        "BaiTech Services Ltd",
        "Receipt",
        "Ngong Road, Nairobi",
        "RCP-2026-000417",
        "KRA PIN P051234567X",
        "14 March 2026, 10:32 EAT",
        "Received from",
        "Details",
        "Wanjikũ Kamau",
        "Paid by",
        "M-Pesa",
        "M-Pesa receipt",
        "SJK4H7L2QW",
        "Description",
        "Amount",
        "Service",
        "KES 2,000.00",
        "Platform fee",
        "KES 300.00",
        "Processing fee",
        "KES 60.00",
        "VAT 16 %",
        "KES 378.00",
        "Total",
        "KES 2,738.00",
        "Keep this receipt.",
    ];
    assert_eq!(said, expected);
}

#[test]
fn tax_number_has_the_configured_name() {
    let flow = compose(&receipt(), &Fonts::load().unwrap(), "TIN");
    assert!(texts(&flow.lines).contains(&"TIN P051234567X"));
}

#[test]
fn missing_fields_leave_no_gap() {
    let mut document = bare(DocumentKind::Invoice);
    document.recipient.lines = vec![String::new(), "  ".to_owned()];
    document.issuer.tax_id = Some(" ".to_owned());
    document.notes = vec![String::new()];
    let flow = composed(&document);
    assert_eq!(texts(&flow.lines), ["Invoice", "X-1", "14 March 2026, 10:32 EAT"]);
    assert!(flow.lines.iter().all(|line| line.part != Part::Gap));
}

#[test]
fn facts_without_a_recipient_are_at_the_left() {
    let mut document = receipt();
    document.recipient = Default::default();
    let flow = composed(&document);
    let fact = flow.lines.iter().flat_map(|line| &line.runs).find(|run| run.text == "Paid by").unwrap();
    assert_eq!(fact.x, LEFT);
}

#[test]
fn amounts_end_at_the_right_edge_and_the_total_is_larger() {
    let fonts = Fonts::load().unwrap();
    let flow = composed(&receipt());
    let amounts: Vec<_> =
        flow.lines.iter().flat_map(|line| &line.runs).filter(|run| run.text.starts_with("KES")).collect();
    assert_eq!(amounts.len(), 5);
    for run in &amounts {
        assert!((run.x + fonts.width(run.style, &run.text) - RIGHT).abs() < 0.01, "{run:?}");
    }
    let total = amounts.last().unwrap();
    assert!(amounts.iter().filter(|run| run.text != total.text).all(|run| run.style.size < total.style.size));
}

#[test]
fn columns_side_by_side_share_their_baseline() {
    let fonts = Fonts::load().unwrap();
    let left = Column::left(LEFT, 100.0).set(&fonts, QUIET, "one\ntwo\nthree");
    let right = Column::left(200.0, 100.0).set(&fonts, TITLE, "big");
    let lines = beside(left, right);
    assert_eq!(lines.len(), 3);
    assert_eq!(texts(&lines), ["one", "big", "two", "three"]);
    assert_eq!(lines[0].leading, TITLE.leading);
}

#[test]
fn the_table_header_is_repeated_and_the_total_is_never_alone() {
    for count in [1, 2, 25, 26, 27, 28, 29, 30, 31, 60, 500] {
        let pages = paginate(composed(&statement(count)), BODY_HEIGHT);
        let mut seen = Vec::new();
        for (index, page) in pages.iter().enumerate() {
            let lines: Vec<Line> = page.iter().map(|placed| placed.line.clone()).collect();
            let said = texts(&lines);
            if index > 0 {
                assert_eq!(said[..2], ["Description", "Amount"], "page {index} of {count} lines");
            }
            let bookings: Vec<_> =
                said.iter().filter(|text| text.starts_with("Booking")).map(|t| t.to_string()).collect();
            assert!(!bookings.is_empty(), "page {index} of {count} lines");
            seen.extend(bookings);
        }
        let expected: Vec<_> = (1..=count).map(|number| format!("Booking {number:04}.")).collect();
        assert_eq!(seen, expected);
        let total = pages
            .last()
            .unwrap()
            .iter()
            .filter(|placed| texts(std::slice::from_ref(&placed.line)).contains(&"Amount due"));
        assert_eq!(total.count(), 1);
    }
}

#[test]
fn no_page_is_left_empty() {
    assert_eq!(paginate(Flow::default(), 100.0), [vec![]]);
    let line = |height| Line { leading: height, ..Line::default() };
    let flow = Flow { lines: vec![line(60.0), line(40.0), Line::gap(30.0)], ..Flow::default() };
    assert_eq!(paginate(flow, 100.0).len(), 1);
    let flow = Flow { lines: vec![line(60.0), Line::gap(50.0), line(40.0)], ..Flow::default() };
    let pages = paginate(flow, 100.0);
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [1, 1]);
    assert_eq!(pages[1][0].y, 0.0);
}

fn any_line() -> impl Strategy<Value = Line> {
    let part = prop_oneof![3 => Just(Part::Table), 2 => Just(Part::Text), 1 => Just(Part::Gap)];
    (part, 1.0_f32..40.0, 0.0_f32..10.0, any::<bool>()).prop_map(|(part, leading, above, keeps_next)| Line {
        part,
        leading,
        above,
        keeps_next,
        ..Line::default()
    })
}

/// The lines, each with a distinct run.
fn numbered(lines: Vec<Line>) -> Vec<Line> {
    let fonts = Fonts::load().unwrap();
    let number =
        |index: usize| Column::left(LEFT, WIDTH).set(&fonts, BODY, &index.to_string()).remove(0).runs;
    lines.into_iter().enumerate().map(|(index, line)| Line { runs: number(index), ..line }).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn every_line_is_on_exactly_one_page(lines in proptest::collection::vec(any_line(), 0..120)) {
        let header = Line { leading: 17.0, keeps_next: true, ..Line::default() };
        let lines = numbered(lines);
        let height = 200.0;
        let pages = paginate(Flow { lines: lines.clone(), table_header: vec![header.clone()] }, height);

        let mut placed = Vec::new();
        for page in &pages {
            let mut y = 0.0;
            for placed in page {
                prop_assert_eq!(placed.y, y);
                y += placed.line.height();
            }
            prop_assert!(y <= height + 0.001);
            let is_header = |line: &Line| line.runs.is_empty();
            prop_assert!(page.iter().skip(1).all(|placed| !is_header(&placed.line)));
            if let Some(first) = page.iter().find(|placed| !is_header(&placed.line)) {
                prop_assert_eq!(is_header(&page[0].line), first.line.part == Part::Table);
                prop_assert!(first.line.part != Part::Gap);
            }
            placed.extend(page.iter().map(|placed| &placed.line).filter(|line| !is_header(line)).cloned());
        }
        let without_gaps =
            |lines: &[Line]| lines.iter().filter(|line| line.part != Part::Gap).cloned().collect::<Vec<_>>();
        prop_assert_eq!(without_gaps(&placed), without_gaps(&lines));
        prop_assert!(pages.len() == 1 || pages.iter().all(|page| !page.is_empty()));
    }

    #[test]
    fn lines_that_belong_together_stay_together(heights in proptest::collection::vec(5.0_f32..40.0, 1..200)) {
        // Groups of four: at most 160 and a header, on pages of 200.
        let lines = heights.into_iter().enumerate().map(|(index, leading)| Line {
            part: Part::Table,
            leading,
            keeps_next: index % 4 != 3,
            ..Line::default()
        });
        let header = Line { leading: 17.0, ..Line::default() };
        let flow = Flow { lines: numbered(lines.collect()), table_header: vec![header] };
        for page in paginate(flow, 200.0) {
            let first = page.iter().find_map(|placed| placed.line.runs.first()).unwrap();
            prop_assert_eq!(first.text.parse::<usize>().unwrap() % 4, 0);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn nothing_leaves_the_margins_or_overlaps(document in document()) {
        let fonts = Fonts::load().unwrap();
        let flow = compose(&document, &fonts, "KRA PIN");
        for page in paginate(flow, BODY_HEIGHT) {
            for placed in &page {
                prop_assert!(placed.y + placed.line.height() <= BODY_HEIGHT + 0.01);
                prop_assert!(placed.line.runs.iter().all(|run| run.style.size <= placed.line.leading));
                let mut runs: Vec<_> = placed.line.runs.iter().collect();
                runs.sort_by(|a, b| a.x.total_cmp(&b.x));
                let mut end = LEFT - 0.01;
                for run in runs {
                    prop_assert!(run.x >= end, "{run:?} begins before {end}");
                    end = run.x + fonts.width(run.style, &run.text);
                }
                prop_assert!(end <= RIGHT + 0.01, "{:?}", placed.line);
            }
        }
    }
}
