//! Counting numbers that must not be confused with each other.

/// Defines a public number type that only counts up.
macro_rules! number {
    ($(#[$doc:meta])+ $Name:ident { $(#[$start_doc:meta])+ $START:ident }) => {
        $(#[$doc])+
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, serde::Serialize, serde::Deserialize,
        )]
        #[serde(transparent)]
        pub struct $Name(u64);

        impl $Name {
            $(#[$start_doc])+
            pub const $START: Self = Self(0);

            /// Creates it from its number.
            #[must_use]
            pub const fn new(number: u64) -> Self {
                Self(number)
            }

            /// The number.
            #[must_use]
            pub const fn get(self) -> u64 {
                self.0
            }

            /// The next number.
            #[must_use]
            pub const fn next(self) -> Self {
                Self(self.0.saturating_add(1))
            }
        }

        impl std::fmt::Display for $Name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Display::fmt(&self.0, f)
            }
        }
    };
}

pub(super) use number;
