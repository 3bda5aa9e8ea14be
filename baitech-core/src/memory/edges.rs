use std::{cmp::Reverse, collections::HashMap};

use async_trait::async_trait;

use super::{MemoryStore, groups::Groups};
use crate::{
    kernel::{Cursor, Page, PageRequest},
    store::{AggregateRef, Edge, EdgeChange, EdgeKey, EdgeKind, Edges, StoreError},
};

/// The position in a list: newest first, then by the other end of the edge.
type Place = (Reverse<i64>, AggregateRef);

/// All edges that were ever put, and lists of the present ones.
#[derive(Debug, Default)]
pub(super) struct EdgeTable {
    rows: HashMap<EdgeKey, Edge>,
    to: Groups<(EdgeKind, AggregateRef), Place>,
    from: Groups<(EdgeKind, AggregateRef), Place>,
}

impl EdgeTable {
    pub(super) fn get(&self, key: &EdgeKey) -> Edge {
        self.rows.get(key).copied().unwrap_or(Edge::never_put(*key))
    }

    pub(super) fn apply(&mut self, change: EdgeChange) {
        let EdgeKey { kind, from, to } = change.key();
        let after = change.after();
        if let Some(before) = self.rows.insert(change.key(), after).filter(Edge::is_present) {
            self.to.remove(&(kind, to), &(time_of(&before), from));
            self.from.remove(&(kind, from), &(time_of(&before), to));
        }
        if after.is_present() {
            self.to.insert((kind, to), (time_of(&after), from));
            self.from.insert((kind, from), (time_of(&after), to));
        }
    }
}

fn time_of(edge: &Edge) -> Reverse<i64> {
    Reverse(edge.at.map_or(0, |at| at.timestamp_millis()))
}

/// One page of a list. `rows` gets the place after which the page begins, and the most edges to return.
fn page_of(
    page: &PageRequest,
    other_end: impl Fn(&Edge) -> AggregateRef,
    rows: impl FnOnce(Option<Place>, usize) -> Vec<Edge>,
) -> Result<Page<Edge>, StoreError> {
    let after = page.cursor().map(Cursor::parts).transpose().map_err(StoreError::Cursor)?;
    let after = after.map(|(millis, end)| (Reverse(millis), end));
    let rows = rows(after, page.limit().saturating_add(1));
    Ok(Page::from_overfull(rows, page.limit(), |edge| {
        let (Reverse(millis), end) = (time_of(edge), other_end(edge));
        Cursor::new(millis, format_args!("{}/{}", end.kind(), end.id_text()))
    }))
}

#[async_trait]
impl Edges for MemoryStore {
    async fn load_edge(&self, key: &EdgeKey) -> Result<Edge, StoreError> {
        Ok(self.read().edges.get(key))
    }

    async fn load_edges(&self, keys: &[EdgeKey]) -> Result<Vec<Edge>, StoreError> {
        let state = self.read();
        Ok(keys.iter().map(|key| state.edges.get(key)).collect())
    }

    async fn list_edges_to(
        &self,
        kind: EdgeKind,
        to: AggregateRef,
        page: &PageRequest,
    ) -> Result<Page<Edge>, StoreError> {
        let edges = &self.read().edges;
        page_of(
            page,
            |edge| edge.key.from,
            |after, limit| {
                let places = edges.to.page([(kind, to)], after, limit, |_| true);
                places.into_iter().map(|(_, from)| edges.get(&EdgeKey { kind, from, to })).collect()
            },
        )
    }

    async fn list_edges_from(
        &self,
        kind: EdgeKind,
        from: AggregateRef,
        page: &PageRequest,
    ) -> Result<Page<Edge>, StoreError> {
        let edges = &self.read().edges;
        page_of(
            page,
            |edge| edge.key.to,
            |after, limit| {
                let places = edges.from.page([(kind, from)], after, limit, |_| true);
                places.into_iter().map(|(_, to)| edges.get(&EdgeKey { kind, from, to })).collect()
            },
        )
    }
}
