use super::{Aggregate, Context, Decision, search_change, topics_of};
use crate::store::{
    Bound, Claim, CounterDelta, EdgeChange, Entry, EventKind, Guard, Put, SearchChange, Stored, Tally, Topic,
    Write,
};

/// A new aggregate of the same kind that a decision creates: the booking made from a warranty, the refund of
/// a payment.
#[derive(Debug, Clone)]
pub struct Created<A: Aggregate> {
    /// The new aggregate.
    pub value: A,
    /// The events of its creation.
    pub events: Vec<A::Event>,
}

/// The write of another aggregate in the same commit, and its events.
#[derive(Debug, Clone)]
pub struct Attached {
    /// The write.
    pub write: Write,
    /// The events of that aggregate.
    pub events: Vec<EventKind>,
    /// The topics of these events.
    pub topics: Vec<Topic>,
    /// The change of its search entry. That of a new aggregate follows at the commit, when it has its number.
    pub search: Option<SearchChange>,
}

/// The change of an edge in the same commit, and its events.
#[derive(Debug, Clone)]
pub struct EdgeEffect {
    /// The change.
    pub change: EdgeChange,
    /// The events of the edge.
    pub events: Vec<EventKind>,
}

/// All changes in the commit of a decision, besides the aggregate itself.
///
/// [`merge`](Self::merge) appends: both sides keep all their elements, in the order of the decisions.
#[derive(Debug, Clone)]
pub struct Effects<A: Aggregate> {
    /// Events of the aggregate itself.
    pub events: Vec<A::Event>,
    /// New aggregates of the same kind.
    pub created: Vec<Created<A>>,
    /// Writes of other aggregates.
    pub attached: Vec<Attached>,
    /// Claims to take, each for its own holder.
    pub take: Vec<Claim>,
    /// Claims to release, each of its own holder.
    pub free: Vec<Claim>,
    /// Counts to add to other aggregates.
    pub tallies: Vec<Tally>,
    /// Edges to put or remove.
    pub edges: Vec<EdgeEffect>,
    /// Amounts to add to counters; the commit sums those of the same counter.
    pub counters: Vec<CounterDelta>,
    /// Balanced entries for the ledger.
    pub entries: Vec<Entry>,
    /// Bounds that the entries must respect.
    pub bounds: Vec<Bound>,
    /// State that the decision relies on without writing it.
    pub guards: Vec<Guard>,
}

impl<A: Aggregate> Effects<A> {
    /// No effects.
    #[must_use]
    pub const fn none() -> Self {
        Self {
            events: Vec::new(),
            created: Vec::new(),
            attached: Vec::new(),
            take: Vec::new(),
            free: Vec::new(),
            tallies: Vec::new(),
            edges: Vec::new(),
            counters: Vec::new(),
            entries: Vec::new(),
            bounds: Vec::new(),
            guards: Vec::new(),
        }
    }

    /// These effects, followed by those of a later decision. Associative, and keeps every element.
    #[must_use]
    pub fn merge(mut self, later: Self) -> Self {
        let Self { events, created, attached, take, free, tallies, edges, counters, entries, bounds, guards } =
            later;
        self.events.extend(events);
        self.created.extend(created);
        self.attached.extend(attached);
        self.take.extend(take);
        self.free.extend(free);
        self.tallies.extend(tallies);
        self.edges.extend(edges);
        self.counters.extend(counters);
        self.entries.extend(entries);
        self.bounds.extend(bounds);
        self.guards.extend(guards);
        self
    }

    /// Whether the commit would change nothing but the aggregate itself. Claims, bounds and guards only
    /// accompany a change.
    pub(crate) const fn changes_nothing(&self) -> bool {
        let Self {
            events,
            created,
            attached,
            take: _,
            free: _,
            tallies,
            edges,
            counters,
            entries,
            bounds: _,
            guards: _,
        } = self;
        events.is_empty()
            && created.is_empty()
            && attached.is_empty()
            && tallies.is_empty()
            && edges.is_empty()
            && counters.is_empty()
            && entries.is_empty()
    }

    /// Converts the effects of a decision on another aggregate: its writes become attached writes.
    pub(super) fn attaching<B: Aggregate, I>(
        over: Option<&Stored<B>>,
        other: Decision<B>,
        context: &Context<'_, B::Policy, I>,
    ) -> Self {
        let Decision { mut next, effects } = other;
        let Effects {
            events,
            created,
            mut attached,
            take,
            free,
            tallies,
            edges,
            counters,
            entries,
            bounds,
            guards,
        } = effects;
        next.touch(context.now.max(next.updated_at()));
        let due_at = next.due_at(context.policy);
        let changed = |stored: &Stored<B>| search_change(Some(&stored.value), &next, stored.version.next());
        let search = over.and_then(changed);
        let topics = topics_of(over.map(|stored| &stored.value), &next);
        let put = match over {
            Some(stored) => Put::over(stored, next),
            None => Put::new(next),
        };
        let mut writes = vec![attach(put.due_at(due_at), events, topics, search)];
        for Created { value, events } in created {
            let due_at = value.due_at(context.policy);
            let topics = topics_of(None, &value);
            writes.push(attach(Put::new(value).due_at(due_at), events, topics, None));
        }
        writes.append(&mut attached);
        Self {
            events: Vec::new(),
            created: Vec::new(),
            attached: writes,
            take,
            free,
            tallies,
            edges,
            counters,
            entries,
            bounds,
            guards,
        }
    }
}

fn attach<B: Aggregate>(
    put: Put<B>,
    events: Vec<B::Event>,
    topics: Vec<Topic>,
    search: Option<SearchChange>,
) -> Attached {
    let events = events.into_iter().map(Into::into).collect();
    Attached { write: B::write(put), events, topics, search }
}
