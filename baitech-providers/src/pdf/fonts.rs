use std::{cell::RefCell, rc::Rc};

use baitech_core::payment::RenderError;
use krilla::text::{Font, GlyphId, KrillaGlyph};
use rustybuzz::{Direction, Face, Feature, Script, ShapePlan, UnicodeBuffer, ttf_parser::Tag};

use super::theme::Style;

static REGULAR: &[u8] = include_bytes!("../../fonts/NotoSans-Regular.ttf");
static BOLD: &[u8] = include_bytes!("../../fonts/NotoSans-Bold.ttf");

/// How heavy the letters are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Weight {
    Regular,
    Bold,
}

struct Typeface {
    font: Font,
    face: Face<'static>,
    /// Cached shape plans by script: making a plan takes longer than shaping a line.
    plans: RefCell<Vec<(Script, Rc<ShapePlan>)>>,
}

impl Typeface {
    fn load(data: &'static [u8]) -> Result<Self, RenderError> {
        let unreadable = || RenderError("a bundled font cannot be read".to_owned());
        let font = Font::new(data.into(), 0).ok_or_else(unreadable)?;
        let face = Face::from_slice(data, 0).ok_or_else(unreadable)?;
        Ok(Self { font, face, plans: RefCell::default() })
    }

    fn plan(&self, script: Script) -> Rc<ShapePlan> {
        let mut plans = self.plans.borrow_mut();
        if let Some((_, plan)) = plans.iter().find(|(known, _)| *known == script) {
            return Rc::clone(plan);
        }
        // Without ligatures, every PDF reader finds "office" in a search.
        let no_ligatures = Feature::new(Tag::from_bytes(b"liga"), 0, ..);
        let plan =
            Rc::new(ShapePlan::new(&self.face, Direction::LeftToRight, Some(script), None, &[no_ligatures]));
        plans.push((script, Rc::clone(&plan)));
        plan
    }
}

/// The bundled fonts.
pub(super) struct Fonts {
    regular: Typeface,
    bold: Typeface,
}

impl Fonts {
    pub(super) fn load() -> Result<Self, RenderError> {
        Ok(Self { regular: Typeface::load(REGULAR)?, bold: Typeface::load(BOLD)? })
    }

    fn typeface(&self, weight: Weight) -> &Typeface {
        match weight {
            Weight::Regular => &self.regular,
            Weight::Bold => &self.bold,
        }
    }

    pub(super) fn font(&self, weight: Weight) -> Font {
        self.typeface(weight).font.clone()
    }

    /// The glyphs of a text in one line; their advances are in ems.
    pub(super) fn shape(&self, weight: Weight, text: &str) -> Vec<KrillaGlyph> {
        let typeface = self.typeface(weight);
        let mut buffer = UnicodeBuffer::new();
        buffer.push_str(text);
        buffer.guess_segment_properties();
        buffer.set_direction(Direction::LeftToRight);
        let shaped = rustybuzz::shape_with_plan(&typeface.face, &typeface.plan(buffer.script()), buffer);

        let em = typeface.face.units_per_em() as f32;
        let mut glyphs = Vec::with_capacity(shaped.len());
        let (mut cluster, mut end) = (text.len(), text.len());
        for (info, position) in shaped.glyph_infos().iter().zip(shaped.glyph_positions()).rev() {
            let start = info.cluster as usize;
            // Glyphs of one cluster share its text; the next cluster begins where this one ends.
            if start != cluster {
                (end, cluster) = (cluster, start);
            }
            glyphs.push(KrillaGlyph::new(
                GlyphId::new(info.glyph_id),
                position.x_advance as f32 / em,
                position.x_offset as f32 / em,
                position.y_offset as f32 / em,
                position.y_advance as f32 / em,
                start..end,
                None,
            ));
        }
        glyphs.reverse();
        glyphs
    }

    /// The width of a text in points.
    pub(super) fn width(&self, style: Style, text: &str) -> f32 {
        self.shape(style.weight, text).iter().map(|glyph| glyph.x_advance).sum::<f32>() * style.size
    }

    /// The printable form of a text: line breaks as `\n`, other white space as spaces, without invisible
    /// marks, and `�` for characters that the font lacks.
    pub(super) fn printable(&self, weight: Weight, text: &str) -> String {
        let face = &self.typeface(weight).face;
        let mut shown = String::with_capacity(text.len());
        let mut chars = text.chars().peekable();
        while let Some(c) = chars.next() {
            match c {
                '\r' if chars.peek() == Some(&'\n') => {}
                '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => shown.push('\n'),
                NO_BREAK_SPACE => shown.push(NO_BREAK_SPACE),
                _ if c.is_whitespace() => shown.push(' '),
                _ if is_invisible(c) => {}
                _ if !c.is_control() && !is_private(c) && face.glyph_index(c).is_some() => shown.push(c),
                _ => shown.push(char::REPLACEMENT_CHARACTER),
            }
        }
        shown
    }
}

const NO_BREAK_SPACE: char = '\u{a0}';

/// Invisible marks that control the shape or order of text.
const fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

/// Characters without an agreed meaning, which PDF/A-2u refuses.
const fn is_private(c: char) -> bool {
    matches!(c, '\u{e000}'..='\u{f8ff}' | '\u{f0000}'..='\u{ffffd}' | '\u{100000}'..='\u{10fffd}')
}
