use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{AggregateRef, EdgeKey};
use crate::kernel::{Code, Kind, Violation};

/// What an event concerns, for readers who follow only a part of the log: the aggregate to which it happened,
/// and the users who take part in it. Its text form is `user:65f0…`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Topic(pub AggregateRef);

impl Topic {
    /// The topic of an aggregate.
    #[must_use]
    pub fn new(of: impl Into<AggregateRef>) -> Self {
        Self(of.into())
    }

    /// The topics of an edge: both of its ends.
    #[must_use]
    pub fn of_edge(edge: EdgeKey) -> Vec<Self> {
        Self::distinct([Self(edge.from), Self(edge.to)])
    }

    /// These topics, sorted, each once.
    pub(crate) fn distinct(topics: impl IntoIterator<Item = Self>) -> Vec<Self> {
        let mut topics: Vec<Self> = topics.into_iter().collect();
        topics.sort_unstable();
        topics.dedup();
        topics
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.0.kind(), self.0.id_text())
    }
}

impl FromStr for Topic {
    type Err = Violation;

    fn from_str(text: &str) -> Result<Self, Violation> {
        let parsed = text.split_once(':').and_then(|(kind, id)| format!("{kind}/{id}").parse().ok());
        parsed.map(Self).ok_or_else(|| {
            let kinds: Vec<&str> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
            let message = format!("must be KIND:ID, where KIND is one of {}", kinds.join(", "));
            Violation::new("topic", Code::Malformed, message)
        })
    }
}

impl Serialize for Topic {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Topic {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Id;

    #[test]
    fn a_topic_is_read_as_written() {
        for kind in Kind::ALL {
            let topic = Topic(AggregateRef::new(*kind, [7; 12]));
            assert_eq!(topic.to_string(), format!("{kind}:070707070707070707070707"));
            assert_eq!(topic.to_string().parse(), Ok(topic));
            let wire = serde_json::to_value(topic).unwrap();
            assert_eq!(serde_json::from_value::<Topic>(wire).unwrap(), topic);
        }
        for text in ["", "user", "user:7", "user/070707070707070707070707", "post:070707070707070707070707"] {
            let refused = text.parse::<Topic>().unwrap_err();
            assert_eq!((&*refused.field, refused.code), ("topic", Code::Malformed), "{text}");
        }
    }

    #[test]
    fn an_edge_from_a_user_to_itself_has_one_topic() {
        let user = AggregateRef::User(Id::from_bytes([7; 12]));
        let follow = crate::store::EdgeKind::new("follow");
        assert_eq!(Topic::of_edge(EdgeKey::new(follow, user, user)), [Topic(user)]);
    }
}
