//! Array elements that were omitted while reading.

use std::collections::{BTreeMap, BTreeSet};

use bson::{Bson, Document};

use super::path::{Path, Step};

/// The omitted elements, by the path of their array and their indexes in the stored array.
///
/// A difference needs arrays with corresponding elements: [`mark`](Self::mark) inserts [`Bson::Undefined`]
/// for each omitted element, and the difference keeps the raw element there.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Gaps(BTreeMap<Path, BTreeSet<usize>>);

impl Gaps {
    pub(super) fn add(&mut self, element: &Path) {
        if let Some((array, index)) = element.element() {
            self.0.entry(array).or_default().insert(index);
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The path in the stored document for a path in the copy without the omitted elements.
    pub(super) fn original(&self, path: &Path) -> Path {
        let mut original: Vec<Step> = Vec::with_capacity(path.steps().len());
        for step in path.steps() {
            let step = match step {
                Step::Key(key) => Step::Key(key.clone()),
                Step::Index(index) => {
                    let gone = self.0.get(&Path::from_steps(&original));
                    let mut index = *index;
                    for gap in gone.into_iter().flatten() {
                        if *gap <= index {
                            index = index.saturating_add(1);
                        }
                    }
                    Step::Index(index)
                }
            };
            original.push(step);
        }
        Path::from_steps(&original)
    }

    /// Inserts a mark for each omitted element, so that the arrays have the same indexes as the stored ones.
    pub(crate) fn mark(&self, understood: &mut Document) {
        // The order of paths puts an array before the arrays in its elements.
        for (array, gaps) in &self.0 {
            let Some((last, parents)) = array.steps().split_last() else { continue };
            let (Step::Key(last), Some(parent)) = (last, document_at(understood, parents)) else { continue };
            let mut elements = match parent.get(last) {
                Some(Bson::Array(elements)) => elements.clone(),
                Some(_) => continue,
                None => Vec::new(),
            };
            for gap in gaps {
                if *gap <= elements.len() {
                    elements.insert(*gap, Bson::Undefined);
                }
            }
            // If the whole array was omitted for another reason, none of it is understood.
            if gaps.iter().all(|gap| elements.get(*gap) == Some(&Bson::Undefined)) {
                parent.insert(last.clone(), elements);
            }
        }
    }
}

fn document_at<'a>(document: &'a mut Document, path: &[Step]) -> Option<&'a mut Document> {
    let Some((Step::Key(first), rest)) = path.split_first() else {
        return path.is_empty().then_some(document);
    };
    let value = rest.iter().try_fold(document.get_mut(first)?, |value, step| match step {
        Step::Key(key) => value.as_document_mut()?.get_mut(key),
        Step::Index(index) => value.as_array_mut()?.get_mut(*index),
    })?;
    value.as_document_mut()
}
