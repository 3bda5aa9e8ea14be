//! Tests of the files with another PDF reader.

use baitech_core::payment::{Document, DocumentKind, DocumentRenderer};
use chrono::{DateTime, Utc};
use proptest::prelude::*;

use super::{
    super::{PdfRenderer, draw::page_label},
    bare, document, receipt, statement,
};

fn render(document: &Document) -> Vec<u8> {
    PdfRenderer::new().render(document).unwrap()
}

fn read(file: &[u8]) -> lopdf::Document {
    lopdf::Document::load_mem(file).unwrap()
}

fn page_text(pdf: &lopdf::Document, page: u32) -> String {
    pdf.extract_text(&[page]).unwrap()
}

#[test]
fn a_receipt_is_one_page_whose_text_can_be_searched() {
    let pdf = read(&render(&receipt()));
    assert_eq!(pdf.get_pages().len(), 1);
    let text = page_text(&pdf, 1);
    for part in ["Receipt", "RCP-2026-000417", "Wanjikũ Kamau", "SJK4H7L2QW", "KES 2,738.00", "Page 1 of 1"]
    {
        assert!(text.contains(part), "{part} is not in {text}");
    }
}

#[test]
fn a_statement_of_500_lines_numbers_its_pages() {
    let pdf = read(&render(&statement(500)));
    let pages = pdf.get_pages().len();
    assert!((15..30).contains(&pages), "{pages}");
    let texts: Vec<String> = (1..=pages).map(|page| page_text(&pdf, u32::try_from(page).unwrap())).collect();
    for (index, text) in texts.iter().enumerate() {
        assert!(text.contains(&page_label(index, pages)), "{text}");
        assert!(text.contains("Description"), "{text}");
    }
    let all = texts.concat();
    for number in 1..=500 {
        assert_eq!(all.matches(&format!("Booking {number:04}.")).count(), 1);
    }
    assert!(texts.last().unwrap().contains("KES 750,000.00"));
}

#[test]
fn pages_are_counted_from_one() {
    assert_eq!(page_label(0, 2), "Page 1 of 2");
}

#[test]
fn same_document_has_the_same_bytes_in_every_thread() {
    let document = statement(80);
    let first = render(&document);
    std::thread::scope(|scope| {
        let others: Vec<_> = (0..8).map(|_| scope.spawn(|| render(&document))).collect();
        for other in others {
            assert!(other.join().unwrap() == first);
        }
    });
    let mut later = document.clone();
    later.issued_at += chrono::TimeDelta::seconds(1);
    assert!(render(&later) != first);
}

#[test]
fn issue_time_is_the_only_time_in_the_file() {
    let pdf = read(&render(&receipt()));
    let info = pdf.trailer.get(b"Info").unwrap().as_reference().unwrap();
    let info = pdf.get_dictionary(info).unwrap();
    for key in [b"CreationDate".as_slice(), b"ModDate"] {
        let date = info.get(key).unwrap().as_str().unwrap();
        assert!(date.starts_with(b"D:20260314073210"), "{}", String::from_utf8_lossy(date));
    }
    let catalog = pdf.catalog().unwrap();
    let metadata = catalog.get(b"Metadata").unwrap().as_reference().unwrap();
    let xmp =
        String::from_utf8(pdf.get_object(metadata).unwrap().as_stream().unwrap().content.clone()).unwrap();
    assert!(xmp.contains("2026-03-14T07:32:10"));
    assert!(xmp.contains("pdfaid:part"));
}

#[test]
fn dates_at_the_ends_of_the_calendar_are_rendered() {
    for issued_at in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
        for time_zone in [chrono_tz::Pacific::Kiritimati, chrono_tz::Pacific::Pago_Pago] {
            let document = Document { issued_at, time_zone, ..bare(DocumentKind::Receipt) };
            assert!(render(&document).starts_with(b"%PDF-"));
        }
    }
}

#[test]
fn number_of_any_length_fits() {
    let mut document = receipt();
    document.number = "RCP-2026-000417/".repeat(600);
    let pdf = read(&render(&document));
    assert!(pdf.get_pages().len() > 4);
}

#[test]
fn fonts_are_noto_sans_and_may_be_redistributed() {
    assert!(include_str!("../../../fonts/OFL.txt").contains("SIL OPEN FONT LICENSE Version 1.1"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn every_document_can_be_rendered_and_read(document in document()) {
        let file = PdfRenderer::new().render(&document);
        prop_assert!(file.is_ok(), "{file:?}");
        let file = file.unwrap();
        prop_assert!(!read(&file).get_pages().is_empty());
        prop_assert!(PdfRenderer::new().render(&document).unwrap() == file);
    }
}
