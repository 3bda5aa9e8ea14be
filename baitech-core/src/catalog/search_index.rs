use serde::{Deserialize, Serialize};

use crate::kernel::named;

named! {
    /// A text index: each searches one kind of thing.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
    pub enum SearchIndex {
        /// People, by their names, business, skills and description.
        Users = "users",
        /// Posts of the feed.
        Posts = "posts",
        /// Reviews.
        Reviews = "reviews",
        /// Messages of conversations.
        Messages = "messages",
        /// Bookings.
        Bookings = "bookings",
    }
}

impl SearchIndex {
    /// The fields that the index searches, with the weight of a word in each: a word in a name says more
    /// about a person than the same word in the description.
    #[must_use]
    pub const fn fields(self) -> &'static [(&'static str, u16)] {
        match self {
            Self::Users => {
                &[("firstName", 3), ("lastName", 3), ("businessName", 3), ("skills.name", 2), ("bio", 1)]
            }
            Self::Posts => &[("portfolioDetails.title", 3), ("hashtags", 2), ("caption", 1)],
            Self::Reviews => &[("title", 2), ("comment", 1)],
            Self::Messages => &[("text", 1)],
            Self::Bookings => &[("bookingNumber", 3), ("serviceType", 2), ("description", 1)],
        }
    }

    /// The weight of a field; 0 for a field that the index does not search.
    #[must_use]
    pub fn weight(self, field: &str) -> u16 {
        self.fields().iter().find(|(name, _)| *name == field).map_or(0, |(_, weight)| *weight)
    }
}

impl std::str::FromStr for SearchIndex {
    type Err = crate::kernel::Violation;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|index| index.as_str() == text).ok_or_else(|| {
            let names = Self::ALL.map(Self::as_str).join(", ");
            let message = format!("must be one of {names}");
            crate::kernel::Violation::new("index", crate::kernel::Code::Unknown, message)
        })
    }
}
