//! Writes the receipt of a booking as PDF: `cargo run -p baitech-providers --example receipt -- receipt.pdf`.
//!
//! With a number as second argument, it writes a company's statement with this number of lines instead.

use std::{env, error::Error, fs};

use baitech_core::{
    kernel::{Currency, Money},
    payment::{Document, DocumentKind, DocumentLine, DocumentRenderer, DocumentSum},
    transaction::Addressee,
};
use baitech_providers::pdf::PdfRenderer;
use chrono::{DateTime, Utc};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let path = arguments.next().ok_or("the path of the output file is missing")?;
    let document = match arguments.next() {
        None => receipt()?,
        Some(lines) => statement(lines.parse()?)?,
    };
    fs::write(path, PdfRenderer::new().render(&document)?)?;
    Ok(())
}

fn shillings(amount: i64) -> Money {
    Money::from_major(amount, Currency::KES)
}

fn line(description: impl Into<String>, detail: Option<&str>, amount: i64) -> DocumentLine {
    DocumentLine {
        description: description.into(),
        detail: detail.map(str::to_owned),
        amount: shillings(amount),
    }
}

fn sum(label: &str, amount: i64, is_total: bool) -> DocumentSum {
    DocumentSum { label: label.to_owned(), amount: shillings(amount), is_total }
}

fn fact(label: &str, value: &str) -> (String, String) {
    (label.to_owned(), value.to_owned())
}

fn issuer() -> Addressee {
    Addressee {
        name: "BaiTech Services Ltd".to_owned(),
        tax_id: Some("P051234567X".to_owned()),
        lines: ["Ngong Road, Nairobi", "P.O. Box 4521-00100", "+254 700 123 456", "accounts@baitech.example"]
            .map(str::to_owned)
            .to_vec(),
    }
}

fn receipt() -> Result<Document, Box<dyn Error>> {
    Ok(Document {
        kind: DocumentKind::Receipt,
        number: "RCP-2026-000417".to_owned(),
        issued_at: "2026-03-14T07:32:10Z".parse::<DateTime<Utc>>()?,
        time_zone: chrono_tz::Africa::Nairobi,
        issuer: issuer(),
        recipient: Addressee {
            name: "Wanjikũ Kamau".to_owned(),
            tax_id: None,
            lines: ["Kilimani, Nairobi", "+254 712 345 678"].map(str::to_owned).to_vec(),
        },
        facts: vec![
            fact("Booking", "BK-2026-018834"),
            fact("Technician", "Otieno Odhiambo"),
            fact("Paid by", "M-Pesa, +254 712 ••• 678"),
            fact("M-Pesa receipt", "SJK4H7L2QW"),
            fact("Paid on", "14 March 2026, 10:31 EAT"),
        ],
        lines: vec![
            line("Plumbing: kitchen sink repair", Some("13 March 2026, 09:00 to 11:00, Kilimani"), 2_000),
            line("Platform fee", None, 300),
            line("Processing fee", None, 60),
        ],
        sums: vec![
            sum("Subtotal", 2_360, false),
            sum("VAT 16 %", 378, false),
            sum("Total paid", 2_738, true),
        ],
        notes: vec![
            "The payment is held until 24 hours after the work was verified, and is then released to the \
             technician. A dispute can be opened until then."
                .to_owned(),
            "Questions about this receipt: accounts@baitech.example, with its number.".to_owned(),
        ],
    })
}

fn statement(count: u32) -> Result<Document, Box<dyn Error>> {
    let lines = (1..=count).map(|number| {
        let amount = 1_850 + i64::from(number * 7_919 % 12_000);
        match number % 9 {
            0 => line(
                format!("Refund for booking BK-2026-{number:06}"),
                Some("Work was not finished"),
                -amount,
            ),
            4 => line(
                format!(
                    "Air conditioning maintenance, all floors of the Westlands office, BK-2026-{number:06}"
                ),
                Some(
                    "Ordered by the facilities desk under cost centre 4410; two technicians, parts included, \
                     with the report of the inspection",
                ),
                amount,
            ),
            _ => line(format!("Office cleaning, BK-2026-{number:06}"), None, amount),
        }
    });
    let lines: Vec<_> = lines.collect();
    let total = Money::sum(Currency::KES, lines.iter().map(|line| line.amount))?;
    Ok(Document {
        kind: DocumentKind::Statement,
        number: "STM-2026-03-0012".to_owned(),
        issued_at: "2026-03-31T21:30:00Z".parse::<DateTime<Utc>>()?,
        time_zone: chrono_tz::Africa::Nairobi,
        issuer: issuer(),
        recipient: Addressee {
            name: "Savannah Insurance Brokers (East Africa) Limited".to_owned(),
            tax_id: Some("P052345678Y".to_owned()),
            lines: ["Westlands, Nairobi", "procurement@savannah.example"].map(str::to_owned).to_vec(),
        },
        facts: vec![fact("Period", "1 to 31 March 2026"), fact("Bookings", &count.to_string())],
        lines,
        sums: vec![DocumentSum { label: "Amount due".to_owned(), amount: total, is_total: true }],
        notes: vec!["Payable within 30 days of the date of this statement.".to_owned()],
    })
}
