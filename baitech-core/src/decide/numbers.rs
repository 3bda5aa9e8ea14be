//! Serial numbers, drawn just before a commit.

use chrono::{DateTime, Utc};

use super::Runtime;
use crate::store::{StoreError, Write};

/// The readable number of an aggregate, from a series.
pub trait SerialNumber: Send {
    /// Whether no number has been assigned yet.
    fn is_pending(&self) -> bool;

    /// The name of the series that numbers of a moment are drawn from.
    fn series(&self, at: DateTime<Utc>) -> String;

    /// Assigns a number of the series of a moment.
    fn assign(&mut self, at: DateTime<Utc>, sequence: u64);
}

/// For a number that is text and has functions `new` and `series`: the placeholder, the conversions,
/// `Display` and [`SerialNumber`].
macro_rules! serial_number {
    ($Number:ident) => {
        impl $Number {
            /// A placeholder until the first commit assigns the number.
            #[must_use]
            pub const fn pending() -> Self {
                Self(String::new())
            }

            /// Whether no number has been assigned yet.
            #[must_use]
            pub const fn is_pending(&self) -> bool {
                self.0.is_empty()
            }

            /// The number as the store has it.
            #[must_use]
            pub fn from_stored(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The number.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl $crate::decide::SerialNumber for $Number {
            fn is_pending(&self) -> bool {
                self.is_pending()
            }

            fn series(&self, at: chrono::DateTime<chrono::Utc>) -> String {
                Self::series(at)
            }

            fn assign(&mut self, at: chrono::DateTime<chrono::Utc>, sequence: u64) {
                *self = Self::new(at, sequence);
            }
        }

        impl std::fmt::Display for $Number {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

pub(crate) use serial_number;

#[derive(Debug, Clone)]
struct Drawn {
    series: String,
    at: DateTime<Utc>,
    sequence: u64,
}

/// The numbers that one command has drawn. Its next attempt uses them again.
#[derive(Debug, Default)]
pub(super) struct DrawnNumbers(Vec<Drawn>);

impl DrawnNumbers {
    /// Assigns a number to each of these that has none yet.
    pub(super) async fn assign<P>(
        &mut self,
        runtime: &Runtime<P>,
        pending: Vec<&mut dyn SerialNumber>,
    ) -> Result<(), StoreError> {
        let mut unused = self.0.clone();
        for number in pending {
            let Drawn { at, sequence, .. } =
                match unused.iter().position(|drawn| number.series(drawn.at) == drawn.series) {
                    Some(place) => unused.remove(place),
                    None => {
                        let at = runtime.clock.now();
                        self.draw(runtime, at, number.series(at)).await?
                    }
                };
            number.assign(at, sequence);
        }
        Ok(())
    }

    async fn draw<P>(
        &mut self,
        runtime: &Runtime<P>,
        at: DateTime<Utc>,
        series: String,
    ) -> Result<Drawn, StoreError> {
        let sequence = runtime.counters.next(&series).await?;
        let drawn = Drawn { series, at, sequence };
        self.0.push(drawn.clone());
        Ok(drawn)
    }
}

/// The number of what a write stores.
pub(super) fn number_of(write: &mut Write) -> Option<&mut dyn SerialNumber> {
    use super::Aggregate;
    macro_rules! number {
        ($($Arm:ident($name:literal, $list:ident, $what:literal): $Type:ty;)+) => {
            match write { $(Write::$Arm(put) => put.value.serial_number(),)+ }
        };
    }
    crate::for_each_aggregate!(number)
}
