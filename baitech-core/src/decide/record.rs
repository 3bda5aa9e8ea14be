//! What aggregates that wrap a record have in common.

/// For an aggregate that is a box around its record: the fields of the record, and the conversions.
macro_rules! boxed_record {
    ($Aggregate:ident($Record:ident)) => {
        impl std::ops::Deref for $Aggregate {
            type Target = $Record;

            fn deref(&self) -> &$Record {
                &self.0
            }
        }

        impl $Aggregate {
            /// Rebuilds the aggregate from its stored record. No rule is checked: rules apply to what is
            /// written, not to what is stored.
            #[must_use]
            pub fn from_record(record: $Record) -> Self {
                Self(Box::new(record))
            }

            /// The record to store.
            #[must_use]
            pub fn into_record(self) -> $Record {
                *self.0
            }
        }
    };
}

/// The methods of [`Aggregate`](crate::decide::Aggregate) that are fields of the record: `id`, `status` (the
/// stage) and `updated_at`.
macro_rules! fields_of_record {
    () => {
        fn id(&self) -> $crate::kernel::Id<Self> {
            self.id
        }

        fn stage(&self) -> Self::Stage {
            self.status
        }

        fn updated_at(&self) -> chrono::DateTime<chrono::Utc> {
            self.updated_at
        }

        fn touch(&mut self, now: chrono::DateTime<chrono::Utc>) {
            self.0.updated_at = now;
        }
    };
}

pub(crate) use {boxed_record, fields_of_record};
