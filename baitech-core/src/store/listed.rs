use super::{AggregateRef, Put, Stored, Write};
use crate::kernel::{Current, Id, Kind};

/// A type of aggregate in the catalog, with its variants of the closed enums.
pub trait Listed: Sized {
    /// The kind of the aggregate.
    const KIND: Kind;

    /// Wraps an id in the [`AggregateRef`] variant.
    fn reference(id: Id<Self>) -> AggregateRef;

    /// Wraps a put in the [`Write`] variant.
    fn write(put: Put<Self>) -> Write;

    /// Wraps a stored aggregate in the [`Current`] variant.
    fn current(stored: Stored<Self>) -> Current;
}
