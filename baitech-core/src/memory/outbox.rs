use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};

use crate::{
    kernel::Id,
    store::{AggregateRef, Event, Version},
};

/// The sort key: by time; within an aggregate, whose times never decrease, by version and position.
type Place = (DateTime<Utc>, AggregateRef, Version, u32);

/// The unacknowledged events.
#[derive(Debug, Default)]
pub(super) struct EventQueue {
    events: BTreeMap<Place, Event>,
    places: HashMap<Id<Event>, Place>,
}

impl EventQueue {
    pub(super) fn push(&mut self, event: Event) {
        let place = (event.at, event.aggregate, event.version, event.n);
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
