use baitech_core::payment::{Document, RenderError};
use chrono::{DateTime, Datelike, Timelike, Utc};
use krilla::{
    SerializeSettings,
    color::rgb,
    configure::{Archival, ConfigurationBuilder},
    geom::{PathBuilder, Point, Rect},
    metadata::{DateTime as PdfDate, Metadata},
    num::NormalizedF32,
    page::PageSettings,
    paint::Fill,
    surface::Surface,
};

use super::{
    fonts::Fonts,
    line::{Column, Rule, Run},
    paginate::Placed,
    theme::{Colour, FOOTER_BASELINE, LEFT, PAGE_HEIGHT, PAGE_WIDTH, SMALL, TOP, WIDTH},
};

/// Longer titles are cut, since PDF limits the length of strings.
const METADATA_CHARS: usize = 200;
/// Longer document numbers are omitted from the footer.
const FOOTER_CHARS: usize = 120;

/// The file of a document whose pages are laid out.
pub(super) fn draw(
    document: &Document,
    pages: &[Vec<Placed>],
    fonts: &Fonts,
) -> Result<Vec<u8>, RenderError> {
    let mut pdf = krilla::Document::new_with(settings()?);
    pdf.set_metadata(metadata(document));
    let size = PageSettings::from_wh(PAGE_WIDTH, PAGE_HEIGHT)
        .ok_or_else(|| RenderError("the page has no size".to_owned()))?;
    for (index, lines) in pages.iter().enumerate() {
        let mut page = pdf.start_page_with(size.clone());
        let mut canvas = Canvas { surface: page.surface(), fonts };
        for placed in lines {
            canvas.line(placed);
        }
        canvas.footer(document, &page_label(index, pages.len()));
    }
    pdf.finish().map_err(|error| RenderError(error.to_string()))
}

/// `Page 1 of 2`, of a page counted from zero.
pub(super) fn page_label(index: usize, pages: usize) -> String {
    format!("Page {} of {pages}", index + 1)
}

fn settings() -> Result<SerializeSettings, RenderError> {
    let configuration = ConfigurationBuilder::new()
        .with_archival_validator(Archival::A2_U)
        .finish()
        .map_err(|_| RenderError("the archival format is not supported".to_owned()))?;
    Ok(SerializeSettings { configuration, enable_tagging: false, ..SerializeSettings::default() })
}

fn metadata(document: &Document) -> Metadata {
    let bounded =
        |text: &str| text.chars().filter(|c| !c.is_control()).take(METADATA_CHARS).collect::<String>();
    let mut metadata = Metadata::new()
        .title(bounded(&format!("{} {}", document.kind.title(), document.number)))
        .creator("BaiTech".to_owned())
        .language("en".to_owned())
        .creation_date(date(document.issued_at));
    if !document.issuer.name.trim().is_empty() {
        metadata = metadata.authors(vec![bounded(&document.issuer.name)]);
    }
    metadata
}

fn date(at: DateTime<Utc>) -> PdfDate {
    let small = |number: u32| u8::try_from(number).unwrap_or(u8::MAX);
    PdfDate::new(u16::try_from(at.year().max(0)).unwrap_or(u16::MAX))
        .month(small(at.month()))
        .day(small(at.day()))
        .hour(small(at.hour()))
        .minute(small(at.minute()))
        .second(small(at.second()))
        .utc_offset_hour(0)
}

struct Canvas<'a> {
    surface: Surface<'a>,
    fonts: &'a Fonts,
}

impl Canvas<'_> {
    fn line(&mut self, placed: &Placed) {
        let top = TOP + placed.y;
        for run in &placed.line.runs {
            self.run(run, top + placed.line.baseline());
        }
        if let Some(rule) = placed.line.rule {
            self.rule(rule, top + placed.line.height());
        }
    }

    fn run(&mut self, run: &Run, baseline: f32) {
        let glyphs = self.fonts.shape(run.style.weight, &run.text);
        self.surface.set_fill(Some(fill(run.style.colour)));
        let font = self.fonts.font(run.style.weight);
        self.surface.draw_glyphs(
            Point::from_xy(run.x, baseline),
            &glyphs,
            font,
            &run.text,
            run.style.size,
            false,
        );
    }

    fn rule(&mut self, rule: Rule, y: f32) {
        let Some(rect) = Rect::from_xywh(rule.x, y - rule.thickness, rule.width, rule.thickness) else {
            return;
        };
        let mut path = PathBuilder::new();
        path.push_rect(rect);
        if let Some(path) = path.finish() {
            self.surface.set_fill(Some(fill(rule.colour)));
            self.surface.draw_path(&path);
        }
    }

    /// The document's title, its number if there is room, and the page number.
    fn footer(&mut self, document: &Document, page: &str) {
        let title = document.kind.title();
        let left = Column::left(LEFT, WIDTH * 0.75);
        let mut named = Vec::new();
        if document.number.chars().nth(FOOTER_CHARS).is_none() {
            named = left.set(self.fonts, SMALL, &format!("{title} {}", document.number));
        }
        if named.len() != 1 {
            named = left.set(self.fonts, SMALL, title);
        }
        let right = Column::right(LEFT, WIDTH).set(self.fonts, SMALL, page);
        for line in named.into_iter().chain(right) {
            for run in &line.runs {
                self.run(run, FOOTER_BASELINE);
            }
        }
    }
}

fn fill(colour: Colour) -> Fill {
    Fill {
        paint: rgb::Color::new(colour.0, colour.1, colour.2).into(),
        opacity: NormalizedF32::ONE,
        rule: krilla::paint::FillRule::NonZero,
    }
}
