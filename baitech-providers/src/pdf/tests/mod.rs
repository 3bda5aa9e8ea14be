mod file;
mod flow;
mod text;

use baitech_core::{
    kernel::{Currency, Money},
    payment::{Document, DocumentKind, DocumentLine, DocumentSum},
    transaction::Addressee,
};
use chrono::DateTime;
use proptest::{collection::vec, prelude::*};

/// A document of a kind without any content.
fn bare(kind: DocumentKind) -> Document {
    Document {
        kind,
        number: "X-1".to_owned(),
        issued_at: DateTime::from_timestamp(1_773_473_530, 0).unwrap(),
        time_zone: chrono_tz::Africa::Nairobi,
        issuer: Addressee::default(),
        recipient: Addressee::default(),
        facts: Vec::new(),
        lines: Vec::new(),
        sums: Vec::new(),
        notes: Vec::new(),
    }
}

fn shillings(amount: i64) -> Money {
    Money::from_major(amount, Currency::KES)
}

fn line(description: &str, amount: i64) -> DocumentLine {
    DocumentLine { description: description.to_owned(), detail: None, amount: shillings(amount) }
}

/// Paid by M-Pesa: 2,000 for the service, 300 and 60 of fees, 378 of VAT.
fn receipt() -> Document {
    let sum = |label: &str, amount, is_total| DocumentSum {
        label: label.to_owned(),
        amount: shillings(amount),
        is_total,
    };
    Document {
        number: "RCP-2026-000417".to_owned(),
        issuer: Addressee {
            name: "BaiTech Services Ltd".to_owned(),
            tax_id: Some("P051234567X".to_owned()),
            lines: vec!["Ngong Road, Nairobi".to_owned()],
        },
        recipient: Addressee { name: "Wanjikũ Kamau".to_owned(), ..Addressee::default() },
        facts: vec![
            ("Paid by".to_owned(), "M-Pesa".to_owned()),
            ("M-Pesa receipt".to_owned(), "SJK4H7L2QW".to_owned()),
        ],
        lines: vec![line("Service", 2_000), line("Platform fee", 300), line("Processing fee", 60)],
        sums: vec![sum("VAT 16 %", 378, false), sum("Total", 2_738, true)],
        notes: vec!["Keep this receipt.".to_owned()],
        ..bare(DocumentKind::Receipt)
    }
}

/// A statement of `count` lines, each with a distinct description.
fn statement(count: usize) -> Document {
    let lines = (1..=count).map(|number| line(&format!("Booking {number:04}."), 1_500)).collect();
    let total = shillings(1_500 * i64::try_from(count).unwrap());
    let sums = vec![DocumentSum { label: "Amount due".to_owned(), amount: total, is_total: true }];
    Document { number: "STM-7".to_owned(), lines, sums, ..bare(DocumentKind::Statement) }
}

/// Texts of any script, with long words, odd spaces and control characters.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[A-Za-z0-9 ,.@-]{0,60}",
        2 => "\\PC{0,80}",
        1 => vec(any::<char>(), 0..80).prop_map(String::from_iter),
        1 => "[A-ZÀ-ỹ0-9]{80,300}",
        1 => "([a-z]{1,12}[ \\n]{1,3}){0,150}",
    ]
}

fn amount() -> impl Strategy<Value = Money> {
    let currency =
        prop_oneof![Just(Currency::KES), Just(Currency::UGX), Just(Currency::USD), Just(Currency::KWD)];
    let decimal = (any::<i128>(), 0_u32..=28, 0_u32..128).prop_map(|(number, scale, shift)| {
        let bounded = (number >> shift) % (1 << 96);
        rust_decimal::Decimal::from_i128_with_scale(bounded, scale)
    });
    (decimal, currency).prop_map(|(decimal, currency)| Money::new(decimal, currency))
}

fn addressee() -> impl Strategy<Value = Addressee> {
    (text(), proptest::option::of(text()), vec(text(), 0..5)).prop_map(|(name, tax_id, lines)| Addressee {
        name,
        tax_id,
        lines,
    })
}

fn document() -> impl Strategy<Value = Document> {
    let kind =
        prop_oneof![Just(DocumentKind::Receipt), Just(DocumentKind::Invoice), Just(DocumentKind::Statement)];
    let line = (text(), proptest::option::of(text()), amount())
        .prop_map(|(description, detail, amount)| DocumentLine { description, detail, amount });
    let sum = (text(), amount(), any::<bool>()).prop_map(|(label, amount, is_total)| DocumentSum {
        label,
        amount,
        is_total,
    });
    (
        (kind, text(), addressee(), addressee()),
        vec((text(), text()), 0..6),
        vec(line, 0..30),
        vec(sum, 0..5),
        vec(text(), 0..4),
    )
        .prop_map(|((kind, number, issuer, recipient), facts, lines, sums, notes)| Document {
            number,
            issuer,
            recipient,
            facts,
            lines,
            sums,
            notes,
            ..bare(kind)
        })
}
