//! Words of a text, as search compares them.

use std::collections::BTreeSet;

use icu_normalizer::DecomposingNormalizerBorrowed;
use icu_properties::{
    CodePointMapData,
    props::{GeneralCategory, GeneralCategoryGroup},
};

/// The words of a text in the form in which search compares them: lower case, without accents, in
/// compatibility decomposition (NFKD). Apostrophes are removed: `ng'ombe` is the word `ngombe`. Any other
/// character that is not a letter, a digit or a combining mark separates words.
///
/// Words have at most [`MAX_WORD_CHARS`] characters; the rest of a longer one is ignored.
pub(crate) fn words(text: &str) -> Vec<String> {
    let categories = CodePointMapData::<GeneralCategory>::new();
    let is_accent = |c: char| !c.is_ascii() && categories.get(c) == GeneralCategory::NonspacingMark;
    let is_in_word = |c: char| {
        c.is_alphanumeric() || (!c.is_ascii() && GeneralCategoryGroup::Mark.contains(categories.get(c)))
    };
    // Before the decomposition, which takes an acute accent that stands alone apart.
    let text: String = text.chars().filter(|c| !is_apostrophe(*c)).collect();
    let decomposed = DecomposingNormalizerBorrowed::new_nfkd().normalize(&text);
    let lower = decomposed.chars().flat_map(char::to_lowercase);
    let mut words = Vec::new();
    let mut word = String::new();
    let mut length = 0_usize;
    // Lower case can bring accents back: the Turkish dotted I.
    for c in lower.filter(|c| !is_accent(*c)) {
        if !is_in_word(c) {
            length = 0;
            if !word.is_empty() {
                words.push(std::mem::take(&mut word));
            }
        } else if length < MAX_WORD_CHARS {
            length = length.saturating_add(1);
            word.push(c);
        }
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}

/// The maximum length of a word in characters.
const MAX_WORD_CHARS: usize = 40;

/// The apostrophe of ASCII, and the characters that keyboards write instead of it.
const fn is_apostrophe(c: char) -> bool {
    matches!(c, '\'' | '\u{2018}' | '\u{2019}' | '\u{02BC}' | '\u{02BB}' | '\u{00B4}' | '`')
}

/// Frequent words of English and Swahili that say nothing about what is looked for.
const STOP_WORDS: [&str; 31] = [
    "a", "an", "and", "at", "by", "for", "from", "in", "is", "my", "of", "on", "or", "the", "to", "with",
    "cha", "katika", "kwa", "la", "ma", "na", "ni", "pa", "vya", "wa", "ya", "yangu", "za", "wangu",
    "kwenye",
];

/// The different words of a query, in their order. Stop words such as `the` and `wa` are left out, unless
/// there are no others.
pub(crate) fn query_words(text: &str) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let all: Vec<String> = words(text).into_iter().filter(|word| seen.insert(word.clone())).collect();
    let telling: Vec<String> = all.iter().filter(|word| !STOP_WORDS.contains(&&***word)).cloned().collect();
    if telling.is_empty() { all } else { telling }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn accents_case_and_apostrophes_make_no_difference() {
        for (text, expected) in [
            ("Wanjikũ  KAMAU", "wanjiku kamau"),
            ("ng'ombe NG’OMBE ngʼombe ng´ombe ng`ombe", "ngombe ngombe ngombe ngombe ngombe"),
            ("Crème-brûlée", "creme brulee"),
            ("BK-2026-000123", "bk 2026 000123"),
            ("ﬁtting №5", "fitting no5"),
            ("İstanbul", "istanbul"),
            ("fundi\u{a0}wa/bomba (haraka!)", "fundi wa bomba haraka"),
            ("#repair @amina", "repair amina"),
            ("...", ""),
            ("'", ""),
        ] {
            assert_eq!(words(text).join(" "), expected, "{text}");
        }
        let long = "a".repeat(MAX_WORD_CHARS + 5);
        assert_eq!(words(&format!("{long} b")), [&long[..MAX_WORD_CHARS], "b"]);
    }

    #[test]
    fn query_ignores_frequent_words_and_repetitions() {
        assert_eq!(query_words("Fundi wa bomba, fundi"), ["fundi", "bomba"]);
        assert_eq!(query_words("The"), ["the"]);
        assert!(query_words(" - ").is_empty());
    }

    proptest! {
        #[test]
        fn words_are_their_own_form(text in "\\PC{0,60}") {
            for word in words(&text) {
                prop_assert_eq!(words(&word), vec![word.clone()]);
                prop_assert!(!word.is_empty() && word.chars().count() <= MAX_WORD_CHARS);
            }
        }

        #[test]
        fn composed_and_decomposed_text_have_the_same_words(text in "[a-zéũñçÅ' ]{0,40}") {
            use icu_normalizer::ComposingNormalizerBorrowed;

            let composed = ComposingNormalizerBorrowed::new_nfc().normalize(&text).into_owned();
            let decomposed = DecomposingNormalizerBorrowed::new_nfd().normalize(&text).into_owned();
            prop_assert_eq!(words(&composed), words(&decomposed));
        }
    }
}
