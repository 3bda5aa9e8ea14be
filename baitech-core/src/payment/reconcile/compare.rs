use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
};

use super::{
    report::{
        BookedMovement, ComparedMovement, CurrencyTotals, MissingHere, MissingThere, ReconciliationReport,
    },
    statement::{RowAccount, StatementLine, StatementPeriod},
};
use crate::{
    kernel::{Currency, Money, MoneyError, visible},
    transaction::TransactionNumber,
};

/// Compares the lines of a statement with booked movements.
///
/// A line matches a movement if the line's reference is the movement's number or one of its references, in
/// the same currency; case, outer whitespace and invisible characters are ignored. A line with an unknown
/// reference matches the transactions whose numbers occur in its reference or its description, as in a bank's
/// narration.
///
/// Where several lines or several movements have one reference, each line matches at most one movement, in
/// this order, earlier movements and earlier lines first:
/// 1. a line of exactly the movement's amount;
/// 2. all lines of the movement's direction, where they sum to its amount: a payout that the provider split;
/// 3. all lines, where they sum to its amount: a payment less a part that went back, booked as one;
/// 4. all lines of its direction, with the difference that is left.
///
/// For example, an unbooked reversal of a payment is a line that is missing here, and the payment itself is
/// matched.
///
/// A movement without a line is missing there if it lies within the `period`, or if there is no period. Use
/// [`ParsedStatement::period`], or the statement's own period if it is known.
///
/// [`ParsedStatement::period`]: super::ParsedStatement::period
///
/// # Errors
/// [`MoneyError::Overflow`] for sums that overflow, [`MoneyError::Currencies`] for a fee in another currency
/// than its line. A parsed statement causes neither.
pub fn reconcile(
    lines: &[StatementLine],
    booked: &[BookedMovement],
    period: Option<StatementPeriod>,
) -> Result<ReconciliationReport, MoneyError> {
    let mut lines: Vec<_> = lines.iter().collect();
    lines.sort_by(|a, b| time_order(a, b));
    let mut booked: Vec<_> = booked.iter().collect();
    booked.sort_by(|a, b| booked_order(a, b));
    let mut statement = Statement::new(lines, &booked);

    let mut taken = vec![Vec::new(); booked.len()];
    for choose in [exact, whole_of_direction, whole, rest_of_direction] {
        for (movement, taken) in booked.iter().zip(&mut taken).filter(|(_, taken)| taken.is_empty()) {
            let chosen = choose(movement.amount, &statement.free_lines_of(movement))?;
            *taken = statement.take(chosen);
        }
    }
    report(&booked, taken, statement, period)
}

/// Normalizes a reference for comparison.
pub(super) fn normalised(reference: &str) -> String {
    visible(reference).trim().to_uppercase()
}

fn time_order(a: &StatementLine, b: &StatementLine) -> Ordering {
    let key = |line: &StatementLine| (line.at, line.line);
    key(a).cmp(&key(b)).then_with(|| file_order(a, b))
}

fn file_order(a: &StatementLine, b: &StatementLine) -> Ordering {
    let key =
        |line: &StatementLine| (line.line, line.at, line.amount.currency().code(), line.amount.amount());
    key(a)
        .cmp(&key(b))
        .then_with(|| a.reference.cmp(&b.reference))
        .then_with(|| a.description.cmp(&b.description))
        .then_with(|| a.fee.map(Money::amount).cmp(&b.fee.map(Money::amount)))
}

fn booked_order(a: &BookedMovement, b: &BookedMovement) -> Ordering {
    let currency = |movement: &BookedMovement| movement.amount.currency().code();
    a.at.cmp(&b.at)
        .then_with(|| a.number.cmp(&b.number))
        .then_with(|| a.transaction.cmp(&b.transaction))
        .then_with(|| (currency(a), a.amount.amount()).cmp(&(currency(b), b.amount.amount())))
        .then_with(|| a.references.cmp(&b.references))
}

type Key = (String, Currency);

fn keys(movement: &BookedMovement) -> BTreeSet<String> {
    let references = movement.references.iter().map(String::as_str).chain([movement.number.as_str()]);
    references.map(normalised).filter(|reference| !reference.is_empty()).collect()
}

/// The lines of a statement, and which of them are not matched yet.
struct Statement<'a> {
    lines: Vec<&'a StatementLine>,
    by_key: HashMap<Key, Vec<usize>>,
    taken: HashSet<usize>,
}

impl<'a> Statement<'a> {
    fn new(lines: Vec<&'a StatementLine>, booked: &[&BookedMovement]) -> Self {
        let known: HashSet<Key> = booked
            .iter()
            .flat_map(|movement| keys(movement).into_iter().map(|key| (key, movement.amount.currency())))
            .collect();
        let mut by_key: HashMap<Key, Vec<usize>> = HashMap::new();
        for (index, line) in lines.iter().enumerate() {
            let key = (normalised(&line.reference), line.amount.currency());
            let keys = if known.contains(&key) { BTreeSet::from([key.0]) } else { numbers_named_in(line) };
            for key in keys {
                by_key.entry((key, line.amount.currency())).or_default().push(index);
            }
        }
        Self { lines, by_key, taken: HashSet::new() }
    }

    fn free_lines_of(&self, movement: &BookedMovement) -> Vec<(usize, Money)> {
        let currency = movement.amount.currency();
        let indexes =
            keys(movement).into_iter().filter_map(|key| self.by_key.get(&(key, currency))).flatten();
        let free: BTreeSet<_> = indexes.copied().filter(|index| !self.taken.contains(index)).collect();
        free.into_iter().filter_map(|index| Some((index, self.lines.get(index)?.amount))).collect()
    }

    fn take(&mut self, indexes: Vec<usize>) -> Vec<&'a StatementLine> {
        self.taken.extend(&indexes);
        indexes.into_iter().filter_map(|index| self.lines.get(index).copied()).collect()
    }

    fn into_free_lines(self) -> Vec<&'a StatementLine> {
        let Self { lines, taken, .. } = self;
        lines
            .into_iter()
            .enumerate()
            .filter(|(index, _)| !taken.contains(index))
            .map(|(_, line)| line)
            .collect()
    }
}

fn numbers_named_in(line: &StatementLine) -> BTreeSet<String> {
    let words = [&line.reference, &line.description];
    let words = words.into_iter().flat_map(|text| text.split(|c: char| !c.is_alphanumeric()));
    words.filter_map(|word| word.parse().ok()).map(|number: TransactionNumber| number.to_string()).collect()
}

/// The free lines that match a movement of an amount; empty if the rule does not fit.
type Chosen = Result<Vec<usize>, MoneyError>;

fn exact(amount: Money, free: &[(usize, Money)]) -> Chosen {
    Ok(free.iter().find(|line| line.1 == amount).map(|line| line.0).into_iter().collect())
}

fn whole_of_direction(amount: Money, free: &[(usize, Money)]) -> Chosen {
    whole(amount, &of_direction(amount, free))
}

fn whole(amount: Money, free: &[(usize, Money)]) -> Chosen {
    let sum = Money::sum(amount.currency(), free.iter().map(|line| line.1))?;
    Ok(if sum == amount { free.iter().map(|line| line.0).collect() } else { Vec::new() })
}

fn rest_of_direction(amount: Money, free: &[(usize, Money)]) -> Chosen {
    Ok(of_direction(amount, free).into_iter().map(|line| line.0).collect())
}

fn of_direction(amount: Money, free: &[(usize, Money)]) -> Vec<(usize, Money)> {
    free.iter().copied().filter(|line| line.1.is_negative() == amount.is_negative()).collect()
}

fn report(
    booked: &[&BookedMovement],
    taken: Vec<Vec<&StatementLine>>,
    statement: Statement<'_>,
    period: Option<StatementPeriod>,
) -> Result<ReconciliationReport, MoneyError> {
    let mut totals = Totals::default();
    let count = statement.lines.len() as u64;
    let mut report = ReconciliationReport {
        period,
        matched: Vec::new(),
        amount_differs: Vec::new(),
        missing_here: Vec::new(),
        missing_there: Vec::new(),
        outside_period: 0,
        totals: Vec::new(),
        rows: RowAccount { read: count, lines: count, ..RowAccount::default() },
    };
    for (movement, mut lines) in booked.iter().copied().zip(taken) {
        let booked = movement.amount;
        if lines.is_empty() && period.is_some_and(|period| !period.contains(movement.at)) {
            report.outside_period += 1;
            continue;
        }
        lines.sort_by(|a, b| file_order(a, b));
        let stated = Money::sum(booked.currency(), lines.iter().map(|line| line.amount))?;
        let discrepancy = stated.checked_sub(booked)?;
        totals.add(booked, discrepancy, &lines)?;
        let movement = movement.clone();
        if lines.is_empty() {
            report.missing_there.push(MissingThere { movement, discrepancy });
            continue;
        }
        let lines = lines.into_iter().cloned().collect();
        let compared = ComparedMovement { movement, lines, booked, stated, discrepancy };
        let place = if discrepancy.is_zero() { &mut report.matched } else { &mut report.amount_differs };
        place.push(compared);
    }
    let mut missing = statement.into_free_lines();
    missing.sort_by(|a, b| file_order(a, b));
    for line in missing {
        totals.add(Money::zero(line.amount.currency()), line.amount, &[line])?;
        report.missing_here.push(MissingHere { line: line.clone(), discrepancy: line.amount });
    }
    report.totals = totals.0.into_values().collect();
    Ok(report)
}

/// Totals by currency code.
#[derive(Default)]
struct Totals(BTreeMap<&'static str, CurrencyTotals>);

impl Totals {
    fn add(&mut self, booked: Money, discrepancy: Money, lines: &[&StatementLine]) -> Result<(), MoneyError> {
        let currency = booked.currency();
        let zero = Money::zero(currency);
        let none = CurrencyTotals { currency, stated: zero, booked: zero, discrepancy: zero, fees: zero };
        let totals = self.0.entry(currency.code()).or_insert(none);
        totals.booked = totals.booked.checked_add(booked)?;
        totals.discrepancy = totals.discrepancy.checked_add(discrepancy)?;
        for line in lines {
            totals.stated = totals.stated.checked_add(line.amount)?;
            totals.fees = totals.fees.checked_add(line.fee.unwrap_or(zero))?;
        }
        Ok(())
    }
}
