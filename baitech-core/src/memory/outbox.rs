use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};

use crate::{
    kernel::Id,
    store::{Event, Subject},
};

/// The sort key: by time; within an aggregate or edge, whose times never decrease, by version or revision, and
/// by position.
type Place = (DateTime<Utc>, Subject, u32);

/// The unacknowledged events.
#[derive(Debug, Default)]
pub(super) struct EventQueue {
    events: BTreeMap<Place, Event>,
    places: HashMap<Id<Event>, Place>,
}

impl EventQueue {
    pub(super) fn push(&mut self, event: Event) {
        let place = (event.at, event.subject, event.n);
        self.places.insert(event.id, place);
        self.events.insert(place, event);
    }

    pub(super) fn first(&self, limit: usize) -> Vec<Event> {
        self.events.values().take(limit).cloned().collect()
    }

    pub(super) fn remove(&mut self, id: Id<Event>) {
        if let Some(place) = self.places.remove(&id) {
            self.events.remove(&place);
        }
    }
}
