use super::Aggregate;
use crate::store::Topic;

/// The topics of events of an aggregate: itself, and who took part before or takes part now. A technician who
/// leaves a booking is still told that it happened.
pub(super) fn topics_of<A: Aggregate>(before: Option<&A>, after: &A) -> Vec<Topic> {
    let before = before.into_iter().flat_map(A::participants);
    let participants = before.chain(after.participants()).map(Topic);
    Topic::distinct(participants.chain([Topic(A::reference(after.id()))]))
}
