use baitech_core::{
    payment::{Document, DocumentKind, DocumentLine, DocumentSum},
    transaction::Addressee,
};

use super::{
    amount::money,
    fonts::Fonts,
    line::{Column, Line, Part, Rule, beside},
    paginate::Flow,
    theme::{
        BODY, COLUMN, GUTTER, HAIRLINE, HEADING, INK, ISSUER, LEFT, QUIET, RIGHT, RIGHT_COLUMN, SMALL,
        STRONG, Style, TITLE, TOTAL, WIDTH,
    },
};

const FULL: Column = Column::left(LEFT, WIDTH);
/// An upper bound of the rounding error of summed widths, in points.
const ROUNDING: f32 = 0.1;
/// Labels of sums wider than this are wrapped, in points.
const SUM_LABEL: f32 = 200.0;

/// Converts a document to lines.
pub(super) fn compose(document: &Document, fonts: &Fonts, tax_label: &str) -> Flow {
    let composer = Composer { document, fonts, tax_label };
    let mut flow = Flow { lines: composer.head(), table_header: composer.table_header() };
    flow.lines.extend(composer.parties());
    flow.lines.extend(composer.table(&flow.table_header));
    flow.lines.extend(composer.sums());
    flow.lines.extend(composer.notes());
    flow
}

struct Composer<'a> {
    document: &'a Document,
    fonts: &'a Fonts,
    tax_label: &'a str,
}

impl Composer<'_> {
    fn set(&self, column: Column, style: Style, text: &str) -> Vec<Line> {
        column.set(self.fonts, style, text)
    }

    /// The width of a column in which no text is wrapped.
    fn widest(&self, texts: impl Iterator<Item = (Style, String)>) -> f32 {
        let widths =
            texts.map(|(style, text)| self.fonts.width(style, &self.fonts.printable(style.weight, &text)));
        widths.fold(0.0, f32::max) + ROUNDING
    }

    /// The issuer at the left, the document's title and number at the right.
    fn head(&self) -> Vec<Line> {
        let left = self.addressee(&self.document.issuer, Column::left(LEFT, COLUMN), ISSUER);
        let column = Column::right(RIGHT_COLUMN, COLUMN);
        let issued = self.document.issued_at.with_timezone(&self.document.time_zone);
        let mut right = self.set(column, TITLE, self.document.kind.title());
        right.extend(self.set(column, STRONG, &self.document.number));
        right.extend(self.set(column, QUIET, &issued.format("%-d %B %Y, %H:%M %Z").to_string()));

        let mut lines = beside(left, right);
        if let Some(last) = lines.last_mut() {
            last.below = 16.0;
            last.rule = Some(Rule { x: LEFT, width: WIDTH, thickness: 1.5, colour: INK });
        }
        lines
    }

    fn addressee(&self, addressee: &Addressee, column: Column, name_style: Style) -> Vec<Line> {
        let mut lines = self.set(column, name_style, &addressee.name);
        for line in &addressee.lines {
            lines.extend(self.set(column, QUIET, line));
        }
        if let Some(tax_id) = addressee.tax_id.as_deref().filter(|id| !id.trim().is_empty()) {
            lines.extend(self.set(column, QUIET, &format!("{} {tax_id}", self.tax_label)));
        }
        lines
    }

    /// The recipient at the left, the facts at the right; one of them alone has the left.
    fn parties(&self) -> Vec<Line> {
        let mut recipient = self.addressee(&self.document.recipient, Column::left(LEFT, COLUMN), STRONG);
        if !recipient.is_empty() {
            let label = match self.document.kind {
                DocumentKind::Receipt => "Received from",
                DocumentKind::Invoice => "Billed to",
                DocumentKind::Statement => "Prepared for",
            };
            recipient.splice(0..0, self.set(FULL, HEADING, label));
        }
        let column = if recipient.is_empty() { FULL } else { Column::left(RIGHT_COLUMN, COLUMN) };
        let mut facts = self.facts(column);
        if !facts.is_empty() {
            facts.splice(0..0, self.set(column, HEADING, "Details"));
        }
        let mut lines = beside(recipient, facts);
        if !lines.is_empty() {
            lines.insert(0, Line::gap(18.0));
        }
        lines
    }

    fn facts(&self, column: Column) -> Vec<Line> {
        let facts = &self.document.facts;
        let labels = self.widest(facts.iter().map(|(label, _)| (QUIET, label.clone())));
        let label_width = labels.min(column.width * 0.45);
        let indent = if label_width > ROUNDING { label_width + 14.0 } else { 0.0 };
        let labels = Column::left(column.x, label_width);
        let values = Column::left(column.x + indent, column.width - indent);
        facts
            .iter()
            .flat_map(|(label, value)| beside(self.set(labels, QUIET, label), self.set(values, BODY, value)))
            .collect()
    }

    /// As wide as the widest amount of the table.
    fn amounts(&self) -> Column {
        let amounts = self.document.lines.iter().map(|line| (BODY, money(line.amount)));
        let width = self.widest(amounts.chain([(HEADING, "Amount".to_owned())]));
        Column::right(RIGHT - width, width)
    }

    fn descriptions(&self) -> Column {
        Column::left(LEFT, WIDTH - self.amounts().width - GUTTER)
    }

    fn table_header(&self) -> Vec<Line> {
        let mut lines = beside(
            self.set(self.descriptions(), HEADING, "Description"),
            self.set(self.amounts(), HEADING, "Amount"),
        );
        for line in &mut lines {
            line.below = 3.0;
            line.keeps_next = true;
            line.rule = Some(Rule { x: LEFT, width: WIDTH, thickness: 0.75, colour: INK });
        }
        lines
    }

    fn table(&self, header: &[Line]) -> Vec<Line> {
        let mut lines = Vec::new();
        if self.document.lines.is_empty() {
            return lines;
        }
        lines.push(Line { keeps_next: true, ..Line::gap(26.0) });
        lines.extend_from_slice(header);
        let (descriptions, amounts) = (self.descriptions(), self.amounts());
        for line in &self.document.lines {
            lines.extend(self.table_line(line, descriptions, amounts));
        }
        // A sum alone on a page would have no context.
        if let Some(last) = lines.last_mut().filter(|_| !self.document.sums.is_empty()) {
            last.keeps_next = true;
        }
        lines
    }

    fn table_line(&self, line: &DocumentLine, descriptions: Column, amounts: Column) -> Vec<Line> {
        let mut lines = self.set(descriptions, BODY, &line.description);
        if let Some(detail) = &line.detail {
            lines.extend(self.set(descriptions, SMALL, detail));
        }
        let mut lines = beside(lines, self.set(amounts, BODY, &money(line.amount)));
        for line in &mut lines {
            line.part = Part::Table;
            line.keeps_next = true;
        }
        if let Some(first) = lines.first_mut() {
            first.above = 4.5;
        }
        if let Some(last) = lines.last_mut() {
            last.below = 4.5;
            last.keeps_next = false;
            last.rule = Some(Rule { x: LEFT, width: WIDTH, thickness: 0.5, colour: HAIRLINE });
        }
        lines
    }

    /// The sums at the right, all of them on one page; the total is larger and has a rule above.
    fn sums(&self) -> Vec<Line> {
        let sums = &self.document.sums;
        if sums.is_empty() {
            return Vec::new();
        }
        let label_style = |sum: &DocumentSum| if sum.is_total { TOTAL } else { QUIET };
        let amount_style = |sum: &DocumentSum| if sum.is_total { TOTAL } else { BODY };
        let amounts = self.widest(sums.iter().map(|sum| (amount_style(sum), money(sum.amount))));
        let amounts = Column::right(RIGHT - amounts, amounts);
        let label = self.widest(sums.iter().map(|sum| (label_style(sum), sum.label.clone())));
        // Under the facts, unless the labels need more room.
        let x = RIGHT_COLUMN.min(amounts.x - GUTTER - label.min(SUM_LABEL)).max(LEFT);
        let labels = Column::left(x, amounts.x - GUTTER - x);

        let mut lines = vec![Line { keeps_next: true, ..Line::gap(8.0) }];
        for sum in sums {
            let label = self.set(labels, label_style(sum), &sum.label);
            let mut set = beside(label, self.set(amounts, amount_style(sum), &money(sum.amount)));
            if sum.is_total {
                if let Some(before) = lines.last_mut() {
                    before.below += 6.0;
                    before.rule = Some(Rule { x, width: RIGHT - x, thickness: 1.5, colour: INK });
                }
                if let Some(first) = set.first_mut() {
                    first.above = 6.0;
                }
            } else if let Some(first) = set.first_mut() {
                first.above = 2.0;
            }
            lines.extend(set);
        }
        for line in &mut lines {
            line.keeps_next = true;
        }
        if let Some(last) = lines.last_mut() {
            last.keeps_next = false;
        }
        lines
    }

    fn notes(&self) -> Vec<Line> {
        let mut lines = Vec::new();
        for note in &self.document.notes {
            let set = self.set(FULL, SMALL, note);
            if !set.is_empty() {
                lines.push(Line::gap(if lines.is_empty() { 30.0 } else { 4.0 }));
                lines.extend(set);
            }
        }
        lines
    }
}
