//! Sample values for tests.

#[cfg(feature = "testing")]
use proptest::{option, prelude::*, sample::select};

use super::{KycCase, KycCaseEvent, KycCaseRecord, KycCaseStatus};
#[cfg(feature = "testing")]
use crate::testing::strategies::{id, moment, text, words};
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
        let id_type = select(vec![IdType::NationalId, IdType::Passport, IdType::DriversLicense]);
        let documents = (id_type, words(), words(), option::of(words())).prop_map(
            |(id_type, id_number, front_image, back_image)| KycDocuments {
                id_type,
                id_number,
                front_image,
                back_image,
            },
        );
        let reminders = (option::of(moment()), any::<u32>());
        let decision = (option::of(id()), option::of(moment()), option::of(text()));
        let times = (moment(), moment());
        (id(), id(), documents, select(KycCaseStatus::ALL.to_vec()), reminders, decision, times)
            .prop_map(|(id, user, documents, status, (reminded_at, reminders), decision, times)| {
                let (decided_by, decided_at, reason) = decision;
                let (submitted_at, updated_at) = times;
                Self::from_record(KycCaseRecord {
                    id,
                    user,
                    documents,
                    status,
                    submitted_at,
                    reminded_at,
                    reminders,
                    decided_by,
                    decided_at,
                    reason,
                    updated_at,
                })
            })
            .boxed()
    }

    #[cfg(feature = "testing")]
    fn any_event() -> BoxedStrategy<KycCaseEvent> {
        prop_oneof![
            id().prop_map(|user| KycCaseEvent::KycCaseOpened { user }),
            id().prop_map(|user| KycCaseEvent::KycCaseDocumentsReplaced { user }),
            (id(), any::<u32>())
                .prop_map(|(user, reminders)| KycCaseEvent::KycCaseReminded { user, reminders }),
            (id(), select(KycCaseStatus::ALL.to_vec()))
                .prop_map(|(user, status)| KycCaseEvent::KycCaseClosed { user, status }),
        ]
        .boxed()
    }
}
