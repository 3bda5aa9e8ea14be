//! Which stored element a new element came from.

use bson::Bson;

use super::merge::{merge, without_nulls};

/// The new elements, each laid over the raw element that it is paired with.
pub(super) fn merge_arrays(raw: &[Bson], understood: &[Bson], new: &[Bson]) -> Vec<Bson> {
    let pairs = pair(raw, understood, new);
    let merged = new.iter().zip(pairs).map(|(element, source)| {
        let source = source.and_then(|index| Some((raw.get(index)?, understood.get(index))));
        match source {
            Some((raw, understood)) => merge(raw, understood, element),
            None => without_nulls(element),
        }
    });
    merged.collect()
}

/// For each new element the index of its source, each source used once.
fn pair(raw: &[Bson], understood: &[Bson], new: &[Bson]) -> Vec<Option<usize>> {
    let mut sources = Sources { free: vec![true; raw.len()] };
    let mut pairs: Vec<Option<usize>> = new
        .iter()
        .map(|element| id(element).and_then(|wanted| sources.take(raw, |raw| id(raw) == Some(wanted))))
        .collect();
    // An element without an `_id` that did not change: the one at its own place first, so that a prefix stays put
    // where equal elements repeat.
    let without_id = |element: &Bson| id(element).is_none();
    for (index, (element, pair)) in new.iter().zip(&mut pairs).enumerate() {
        if pair.is_none() && without_id(element) && understood.get(index) == Some(element) {
            *pair = sources.take_at(index);
        }
    }
    for (element, pair) in new.iter().zip(&mut pairs) {
        if pair.is_none() && without_id(element) {
            *pair = sources.take(understood, |understood| understood == element);
        }
    }
    // Elements changed in place or moved. Where the length changed, a guess could hand one element's fields to another.
    if understood.len() == new.len() {
        for (index, (element, pair)) in new.iter().zip(&mut pairs).enumerate() {
            if pair.is_none() && without_id(element) && understood.get(index).is_some_and(without_id) {
                *pair = sources.take_at(index);
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
