//! Commands that write documents.

use std::{error::Error, fs, path::Path, process::ExitCode, str::FromStr};

use baitech::{
    Marketplace,
    account::User,
    kernel::{Actor, Id},
    payment::Document,
    transaction::TransactionNumber,
};

use super::print;

/// A month of a year: `2026-03`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct YearMonth {
    year: i32,
    month: u32,
}

impl FromStr for YearMonth {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = text.split_once('-').filter(|(year, month)| year.len() == 4 && month.len() == 2);
        let read = parts.and_then(|(year, month)| Some((year.parse().ok()?, month.parse().ok()?)));
        match read {
            Some((year, month @ 1..=12)) => Ok(Self { year, month }),
            _ => Err("must be a year and a month, such as 2026-03"),
        }
    }
}

pub(super) async fn receipt(
    market: &Marketplace,
    number: &TransactionNumber,
    file: &Path,
) -> Result<ExitCode, Box<dyn Error>> {
    let payments = market.payments();
    let transaction = payments.get_by_number(&Actor::System, number).await?.id;
    let document = payments.receipt(&Actor::System, transaction).await?;
    write(market, &document, file)
}

pub(super) async fn statement(
    market: &Marketplace,
    company: Id<User>,
    month: YearMonth,
    file: &Path,
) -> Result<ExitCode, Box<dyn Error>> {
    let document = market.payments().statement(&Actor::System, company, month.year, month.month).await?;
    write(market, &document, file)
}

fn write(market: &Marketplace, document: &Document, file: &Path) -> Result<ExitCode, Box<dyn Error>> {
    let renderer = market.documents().ok_or("no document renderer is configured")?;
    fs::write(file, renderer.render(document)?).map_err(|error| format!("{}: {error}", file.display()))?;
    print(format_args!("{} written to {}", document.number, file.display()));
    Ok(ExitCode::SUCCESS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn month_parses_from_its_display_form() {
        assert_eq!("2026-03".parse(), Ok(YearMonth { year: 2026, month: 3 }));
        for wrong in ["", "2026", "2026-3", "2026-13", "2026-00", "26-03", "2026-03-01", "x026-03", "2026/03"]
        {
            assert!(wrong.parse::<YearMonth>().is_err(), "{wrong}");
        }
    }
}
