//! Sample values for tests.

#[cfg(feature = "testing")]
use proptest::{option, prelude::*, sample::select};

use super::{KycCase, KycCaseEvent, KycCaseRecord, KycCaseStatus};
#[cfg(feature = "testing")]
use crate::testing::strategies::{id, id_type, moment, strategy, text, words};
use crate::{
    account::{IdType, KycDocuments},
    testing::{Sample, build},
};

impl Sample for KycCase {
    /// The open case of customer `n`, who has just submitted a passport.
    fn sample(n: u64) -> Self {
        Self::from_record(KycCaseRecord {
            id: build::id(n),
            user: build::customer(n).id,
            documents: KycDocuments {
                id_type: IdType::Passport,
                id_number: format!("A{n:07}"),
                front_image: format!("front-{n}.jpg"),
                back_image: None,
            },
            status: KycCaseStatus::Open,
            submitted_at: build::start(),
            reminded_at: None,
            reminders: 0,
            decided_by: None,
            decided_at: None,
            reason: None,
            updated_at: build::start(),
        })
    }

    fn sample_event() -> KycCaseEvent {
        KycCaseEvent::KycCaseOpened { user: build::id(1) }
    }

    #[cfg(feature = "testing")]
    fn any() -> BoxedStrategy<Self> {
        let documents = strategy!(KycDocuments {
            id_type: id_type(),
            id_number: words(),
            front_image: words(),
            back_image: option::of(words()),
        });
        strategy!(KycCaseRecord {
            id: id(),
            user: id(),
            documents: documents,
            status: select(&KycCaseStatus::ALL),
            submitted_at: moment(),
            reminded_at: option::of(moment()),
            reminders: any::<u32>(),
            decided_by: option::of(id()),
            decided_at: option::of(moment()),
            reason: option::of(text()),
            updated_at: moment(),
        })
        .prop_map(Self::from_record)
        .boxed()
    }

    #[cfg(feature = "testing")]
    fn any_event() -> BoxedStrategy<KycCaseEvent> {
        use KycCaseEvent::{KycCaseClosed, KycCaseDocumentsReplaced, KycCaseOpened, KycCaseReminded};
        prop_oneof![
            strategy!(KycCaseOpened { user: id() }),
            strategy!(KycCaseDocumentsReplaced { user: id() }),
            strategy!(KycCaseReminded { user: id(), reminders: any::<u32>() }),
            strategy!(KycCaseClosed { user: id(), status: select(&KycCaseStatus::ALL) }),
        ]
        .boxed()
    }
}
