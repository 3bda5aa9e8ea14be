use super::{
    fonts::Fonts,
    theme::{Colour, Style},
    wrap::wrap,
};

/// A text at its place in a line; `x` counts from the page's left edge.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Run {
    pub(super) x: f32,
    pub(super) text: String,
    pub(super) style: Style,
}

/// A horizontal rule at the lower edge of a line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Rule {
    pub(super) x: f32,
    pub(super) width: f32,
    pub(super) thickness: f32,
    pub(super) colour: Colour,
}

/// How a line behaves at page breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Part {
    /// Text outside the table.
    #[default]
    Text,
    /// A line of the table: on a new page the table's header comes before it.
    Table,
    /// White space, omitted at the top of a page.
    Gap,
}

/// One line of text over the whole page width, with space above and below. It is never split.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Line {
    pub(super) part: Part,
    pub(super) runs: Vec<Run>,
    /// The height of the text.
    pub(super) leading: f32,
    pub(super) above: f32,
    pub(super) below: f32,
    pub(super) rule: Option<Rule>,
    /// Whether a page break after this line should be avoided.
    pub(super) keeps_next: bool,
}

impl Line {
    pub(super) fn gap(height: f32) -> Self {
        Self { part: Part::Gap, above: height, ..Self::default() }
    }

    pub(super) fn height(&self) -> f32 {
        self.above + self.leading + self.below
    }

    /// The distance from the line's upper edge to its baseline.
    pub(super) fn baseline(&self) -> f32 {
        // Half the height of Noto Sans's capitals, so that they are centred.
        let largest = self.runs.iter().map(|run| run.style.size).fold(0.0, f32::max);
        self.above + self.leading / 2.0 + 0.357 * largest
    }
}

/// The position and alignment of a column.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    pub(super) x: f32,
    pub(super) width: f32,
    pub(super) is_right_aligned: bool,
}

impl Column {
    pub(super) const fn left(x: f32, width: f32) -> Self {
        Self { x, width, is_right_aligned: false }
    }

    pub(super) const fn right(x: f32, width: f32) -> Self {
        Self { x, width, is_right_aligned: true }
    }

    /// The text in lines no wider than the column; no lines for a blank text.
    pub(super) fn set(self, fonts: &Fonts, style: Style, text: &str) -> Vec<Line> {
        let measure = |text: &str| fonts.width(style, text);
        wrap(&fonts.printable(style.weight, text), self.width, measure)
            .into_iter()
            .map(|text| {
                let indent = if self.is_right_aligned { self.width - measure(&text) } else { 0.0 };
                let run = Run { x: self.x + indent, text, style };
                Line { runs: vec![run], leading: style.leading, ..Line::default() }
            })
            .collect()
    }
}

/// Two columns side by side, with common baselines.
pub(super) fn beside(left: Vec<Line>, right: Vec<Line>) -> Vec<Line> {
    let (mut left, mut right) = (left.into_iter(), right.into_iter());
    std::iter::from_fn(|| match (left.next(), right.next()) {
        (Some(mut line), Some(other)) => {
            line.runs.extend(other.runs);
            line.leading = line.leading.max(other.leading);
            line.above = line.above.max(other.above);
            line.below = line.below.max(other.below);
            Some(line)
        }
        (line, other) => line.or(other),
    })
    .collect()
}
