use super::line::{Line, Part};

/// The lines to lay out, from top to bottom.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Flow {
    pub(super) lines: Vec<Line>,
    /// The table's header, repeated on each page on which the table continues.
    pub(super) table_header: Vec<Line>,
}

/// A placed line; `y` counts from the upper edge of the page's body.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Placed {
    pub(super) y: f32,
    pub(super) line: Line,
}

/// Splits a flow into pages, at least one. A line with `keeps_next` stays with the next line, unless together
/// they are higher than a page.
pub(super) fn paginate(flow: Flow, height: f32) -> Vec<Vec<Placed>> {
    let mut pages = Pages { done: Vec::new(), page: Vec::new(), y: 0.0, is_fresh: true, height };
    let header = &flow.table_header;
    let header_height = total(header);

    let mut lines = flow.lines.into_iter().peekable();
    while lines.peek().is_some() {
        let mut group = Vec::new();
        for line in lines.by_ref() {
            let is_last = !line.keeps_next;
            group.push(line);
            if is_last {
                break;
            }
        }
        let repeated = if begins_in_table(&group) { header_height } else { 0.0 };
        if !pages.fits(total(&group)) && repeated + total(&group) <= height {
            pages.turn();
        }
        for line in group {
            if !pages.fits(line.height()) {
                pages.turn();
            }
            if pages.is_fresh && line.part == Part::Gap {
                continue;
            }
            if pages.page.is_empty() && line.part == Part::Table {
                header.iter().cloned().for_each(|line| pages.place(line));
            }
            pages.place(line);
            pages.is_fresh = false;
        }
    }
    pages.finish()
}

fn total(lines: &[Line]) -> f32 {
    lines.iter().map(Line::height).sum()
}

fn begins_in_table(group: &[Line]) -> bool {
    group.first().is_some_and(|line| line.part == Part::Table)
}

struct Pages {
    done: Vec<Vec<Placed>>,
    page: Vec<Placed>,
    y: f32,
    /// Whether the page has no line of its own yet.
    is_fresh: bool,
    height: f32,
}

impl Pages {
    /// A fresh page accepts any line: a line that is too high for it is too high for every page.
    fn fits(&self, height: f32) -> bool {
        self.is_fresh || self.y + height <= self.height
    }

    fn place(&mut self, line: Line) {
        let y = self.y;
        self.y += line.height();
        self.page.push(Placed { y, line });
    }

    fn turn(&mut self) {
        self.done.push(std::mem::take(&mut self.page));
        self.y = 0.0;
        self.is_fresh = true;
    }

    fn finish(mut self) -> Vec<Vec<Placed>> {
        if self.done.is_empty() || !self.page.is_empty() {
            self.done.push(self.page);
        }
        self.done
    }
}
