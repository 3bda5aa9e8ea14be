//! Measures, in points (1/72 inch), and colours.

use super::fonts::Weight;

/// A4.
pub(super) const PAGE_WIDTH: f32 = 595.28;
pub(super) const PAGE_HEIGHT: f32 = 841.89;

pub(super) const LEFT: f32 = 56.0;
pub(super) const RIGHT: f32 = PAGE_WIDTH - LEFT;
pub(super) const WIDTH: f32 = RIGHT - LEFT;
pub(super) const TOP: f32 = 56.0;
/// The height for lines, from `TOP` downwards. The footer is below.
pub(super) const BODY_HEIGHT: f32 = PAGE_HEIGHT - TOP - 76.0;
pub(super) const FOOTER_BASELINE: f32 = PAGE_HEIGHT - 42.0;

/// The space between two columns.
pub(super) const GUTTER: f32 = 28.0;
/// The left edge of the right column, and its width.
pub(super) const RIGHT_COLUMN: f32 = LEFT + WIDTH / 2.0 + GUTTER / 2.0;
pub(super) const COLUMN: f32 = (WIDTH - GUTTER) / 2.0;

/// Red, green, blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Colour(pub(super) u8, pub(super) u8, pub(super) u8);

pub(super) const INK: Colour = Colour(0x16, 0x1b, 0x22);
pub(super) const GREY: Colour = Colour(0x5c, 0x66, 0x73);
pub(super) const HAIRLINE: Colour = Colour(0xd9, 0xde, 0xe4);

/// The appearance of a text. The leading is the height of a line.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Style {
    pub(super) weight: Weight,
    pub(super) size: f32,
    pub(super) leading: f32,
    pub(super) colour: Colour,
}

const fn style(weight: Weight, size: f32, leading: f32, colour: Colour) -> Style {
    Style { weight, size, leading, colour }
}

pub(super) const TITLE: Style = style(Weight::Bold, 24.0, 30.0, INK);
pub(super) const ISSUER: Style = style(Weight::Bold, 14.0, 19.0, INK);
pub(super) const HEADING: Style = style(Weight::Bold, 8.0, 15.0, GREY);
pub(super) const STRONG: Style = style(Weight::Bold, 9.5, 14.0, INK);
pub(super) const BODY: Style = style(Weight::Regular, 9.5, 14.0, INK);
pub(super) const QUIET: Style = style(Weight::Regular, 9.5, 14.0, GREY);
pub(super) const SMALL: Style = style(Weight::Regular, 8.0, 11.5, GREY);
pub(super) const TOTAL: Style = style(Weight::Bold, 12.5, 18.0, INK);
