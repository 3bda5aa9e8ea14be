use unicode_segmentation::UnicodeSegmentation as _;

/// An upper bound of the characters in a line of the widest column.
const LONGEST_LINE: usize = 400;

/// Breaks a text at spaces and line breaks into lines of at most `width`, measured by `measure`. A word that
/// is wider than a line is broken between grapheme clusters. Empty lines are omitted.
pub(super) fn wrap(text: &str, width: f32, measure: impl Fn(&str) -> f32) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.split('\n') {
        let mut line = String::new();
        for mut word in paragraph.split(' ').filter(|word| !word.is_empty()) {
            if !line.is_empty() {
                let longer = format!("{line} {word}");
                if measure(&longer) <= width {
                    line = longer;
                    continue;
                }
                lines.push(std::mem::take(&mut line));
            }
            while is_long(word) || measure(word) > width {
                let (head, tail) = word.split_at(fitting(word, width, &measure));
                if tail.is_empty() {
                    break;
                }
                lines.push(head.to_owned());
                word = tail;
            }
            line.push_str(word);
        }
        if !line.is_empty() {
            lines.push(line);
        }
    }
    lines
}

/// Whether a word has more characters than any line, so that it need not be measured completely.
fn is_long(word: &str) -> bool {
    word.chars().nth(LONGEST_LINE).is_some()
}

/// The number of bytes of a word that fit: whole grapheme clusters if one fits, and at least one `char`.
fn fitting(word: &str, width: f32, measure: impl Fn(&str) -> f32) -> usize {
    let fits = |end: &usize| word.get(..*end).is_some_and(|head| measure(head) <= width);
    let graphemes: Vec<usize> =
        word.grapheme_indices(true).skip(1).map(|(start, _)| start).take(LONGEST_LINE).collect();
    let chars = || word.char_indices().skip(1).map(|(start, _)| start).take(LONGEST_LINE).collect::<Vec<_>>();
    let first_char = word.chars().next().map_or(0, char::len_utf8);
    longest(&graphemes, fits).or_else(|| longest(&chars(), fits)).unwrap_or(first_char)
}

/// The last of `ends` that fits. Widths grow with the text except for kerning, for which the search steps
/// back.
fn longest(ends: &[usize], fits: impl Fn(&usize) -> bool) -> Option<usize> {
    let count = ends.partition_point(&fits);
    ends.iter().take(count).rev().find(|end| fits(end)).copied()
}
