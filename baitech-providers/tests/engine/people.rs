use baitech_core::{
    account::{Category, User},
    booking::{NewBooking, NewLocation, NewTimeSlot},
    schedule::Urgency,
    store::{AggregateRef, ChangeSet, Claim, Commit, Put},
    transaction::{FraudCheck, FraudDecision, FraudScorer, FraudSignals, PaymentMethod},
};
use chrono::{DateTime, Days, NaiveDate, Utc};

use super::Shop;

impl Shop {
    /// Stores a user.
    pub(crate) async fn let_in(&self, user: &User) {
        let mut changes = ChangeSet::new().write(Put::new(user.clone()));
        let holder = AggregateRef::User(user.id);
        changes.take = user.claims().into_iter().map(|key| Claim { key, holder }).collect();
        let _ = self.store.commit(changes).await.unwrap();
    }
}

/// A plumbing job of two hours in the centre of Nairobi, the given number of days after the first: 2,000 of
/// work, 2,738 in total.
pub(crate) fn request(method: PaymentMethod, day: u64) -> NewBooking {
    NewBooking {
        service_category: Category::Plumbing,
        service_type: "tap repair".to_owned(),
        description: "The tap in the kitchen drips.".to_owned(),
        urgency: Urgency::Medium,
        images: Vec::new(),
        service_location: NewLocation {
            coordinates: (36.8219, -1.2921),
            address: Some("Moi Avenue 12".to_owned()),
            city: Some("Nairobi".to_owned()),
            ..NewLocation::default()
        },
        time_slot: NewTimeSlot {
            date: NaiveDate::from_ymd_opt(2026, 3, 2).unwrap() + Days::new(day),
            start_time: "10:00".to_owned(),
            end_time: "12:00".to_owned(),
            estimated_duration: None,
            time_zone: None,
        },
        preferred_technician: None,
        payment_method: method,
        project: None,
        recurrence: None,
        notes: None,
        source: None,
        on_behalf_of: None,
        discount: None,
    }
}

/// A fraud check that sends every payment to review.
#[derive(Debug)]
pub(crate) struct Suspicion;

impl FraudScorer for Suspicion {
    fn score(&self, _: &FraudSignals, now: DateTime<Utc>) -> FraudCheck {
        let decision = FraudDecision::Review;
        FraudCheck { score: 50, decision, reasons: Vec::new(), checked_at: now, review: None }
    }
}
