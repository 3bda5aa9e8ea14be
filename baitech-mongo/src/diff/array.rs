//! Pairs new array elements with stored ones.

use bson::Bson;

use super::merge::{is_gap, merge, same, without_nulls};

/// The new elements, each merged with its paired raw element, and the raw elements that were not understood,
/// each after the element that it followed.
pub(super) fn merge_arrays(raw: &[Bson], understood: &[Bson], new: &[Bson]) -> Vec<Bson> {
    let pairs = pair(raw, understood, new);
    let mut merged: Vec<(Option<usize>, Bson)> = Vec::with_capacity(new.len());
    for (element, source) in new.iter().zip(pairs) {
        let from = source.and_then(|index| Some((raw.get(index)?, understood.get(index))));
        let value = match from {
            Some((raw, understood)) => merge(raw, understood, element),
            None => without_nulls(element),
        };
        merged.push((source, value));
    }
    for (gap, raw) in raw.iter().enumerate() {
        if understood.get(gap).is_some_and(is_gap) {
            let before = |(source, _): &(Option<usize>, Bson)| source.is_some_and(|source| source < gap);
            let place = merged.iter().rposition(before).map_or(0, |place| place.saturating_add(1));
            merged.insert(place, (Some(gap), raw.clone()));
        }
    }
    merged.into_iter().map(|(_, value)| value).collect()
}

/// The elements that were added at the end, if nothing else about the array changed and all of it was
/// understood.
pub(super) fn added<'a>(raw: &[Bson], understood: &[Bson], new: &'a [Bson]) -> Option<&'a [Bson]> {
    let (kept, added) = new.split_at_checked(understood.len())?;
    let is_whole = raw.len() == understood.len() && !understood.iter().any(is_gap);
    let is_kept = kept.iter().zip(understood).all(|(element, before)| same(before, element));
    (is_whole && is_kept && !added.is_empty()).then_some(added)
}

/// For each new element, the index of its source; each source is used once.
fn pair(raw: &[Bson], understood: &[Bson], new: &[Bson]) -> Vec<Option<usize>> {
    let is_free = |index| !understood.get(index).is_some_and(is_gap);
    let mut sources = Sources { free: (0..raw.len()).map(is_free).collect() };
    let mut pairs: Vec<Option<usize>> = new
        .iter()
        .map(|element| id(element).and_then(|wanted| sources.take(understood, |of| id(of) == Some(wanted))))
        .collect();
    // An unchanged element without an `_id`: prefers the same position, so that a prefix stays in place if
    // equal elements repeat.
    let without_id = |element: &Bson| id(element).is_none();
    let readable: Vec<usize> = (0..understood.len()).filter(|index| is_free(*index)).collect();
    for ((element, pair), place) in new.iter().zip(&mut pairs).zip(&readable) {
        if pair.is_none() && without_id(element) && understood.get(*place).is_some_and(|of| same(of, element))
        {
            *pair = sources.take_at(*place);
        }
    }
    for (element, pair) in new.iter().zip(&mut pairs) {
        if pair.is_none() && without_id(element) {
            *pair = sources.take(understood, |of| same(of, element));
        }
    }
    // Elements that changed in place. If the length changed, a guess could give one element's fields to
    // another.
    if readable.len() == new.len() {
        for ((element, pair), place) in new.iter().zip(&mut pairs).zip(&readable) {
            if pair.is_none() && without_id(element) && understood.get(*place).is_some_and(without_id) {
                *pair = sources.take_at(*place);
            }
        }
        for (element, pair) in new.iter().zip(&mut pairs) {
            if pair.is_none() && without_id(element) {
                *pair = sources.take(understood, without_id);
            }
        }
    }
    pairs
}

fn id(element: &Bson) -> Option<&Bson> {
    element.as_document()?.get("_id")
}

struct Sources {
    free: Vec<bool>,
}

impl Sources {
    fn take(&mut self, elements: &[Bson], wanted: impl Fn(&Bson) -> bool) -> Option<usize> {
        let mut candidates = elements.iter().zip(&self.free).enumerate();
        let (found, _) = candidates.find(|(_, (element, free))| **free && wanted(element))?;
        self.take_at(found)
    }

    fn take_at(&mut self, index: usize) -> Option<usize> {
        let free = self.free.get_mut(index)?;
        std::mem::replace(free, false).then_some(index)
    }
}
