use super::{AggregateRef, Put, Stored, Write};
use crate::kernel::{Current, Id, Kind};

/// A type of aggregate that the catalog lists: its arms of the closed enums.
pub trait Listed: Sized {
    /// What kind of thing it is.
    const KIND: Kind;

    /// Its arm of [`AggregateRef`].
    fn reference(id: Id<Self>) -> AggregateRef;

    /// Its arm of [`Write`].
    fn write(put: Put<Self>) -> Write;

    /// Its arm of [`Current`].
    fn current(stored: Stored<Self>) -> Current;
}
