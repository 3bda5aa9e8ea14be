//! Elements of arrays that were left out while reading.

use std::collections::{BTreeMap, BTreeSet};

use bson::{Bson, Document};

use super::path::{Path, Step};

/// The elements that were left out, by the path of their array and their places in the stored array.
///
/// A difference needs the elements of both sides one for one: [`mark`](Self::mark) puts [`Bson::Undefined`]
/// where an element was left out, and the difference keeps the raw element there.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Gaps(BTreeMap<Path, BTreeSet<usize>>);

impl Gaps {
    pub(super) fn add(&mut self, element: &Path) {
        if let Some((array, index)) = element.element() {
            self.0.entry(array).or_default().insert(index);
        }
    }

    /// The path in the stored document of a path in the one from which elements were taken out.
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

    /// Marks the places of the elements that were left out, so that the arrays have the elements of the
    /// stored ones one for one.
    pub(crate) fn mark(&self, understood: &mut Document) {
        // In the order of their paths, an array comes before those in its elements.
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
            // Where an array was left out for other reasons, too, none of it is understood.
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
