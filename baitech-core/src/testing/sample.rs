use std::fmt;

use chrono::{DateTime, Utc};
#[cfg(feature = "testing")]
use proptest::prelude::*;

use super::build;
#[cfg(feature = "testing")]
use super::strategies;
use crate::{
    account::{AccountEvent, User},
    booking::{Booking, BookingEvent, BookingStatus},
    decide::Aggregate,
    for_each_aggregate,
    kernel::Kind,
    payment::{Reconciliation, Webhook},
    store::{AggregateRef, EventKind, Put, Write},
    transaction::{PaymentEvent, Transaction, TransactionKind, TransactionStatus},
};

/// Sample values of a kind of aggregate. Every kind implements this trait, so that generic tests cover all.
pub trait Sample: Aggregate + fmt::Debug {
    /// The `n`-th plain value. It shares no id, number or unique field with the values of other numbers.
    fn sample(n: u64) -> Self;

    /// A plain event.
    fn sample_event() -> Self::Event;

    /// Any value.
    #[cfg(feature = "testing")]
    fn any() -> BoxedStrategy<Self>;

    /// Any event.
    #[cfg(feature = "testing")]
    fn any_event() -> BoxedStrategy<Self::Event>;
}

/// Writes that create the `n`-th plain value of every kind with the given due time.
pub fn sample_writes(n: u64, due_at: impl Fn(Kind) -> Option<DateTime<Utc>>) -> Vec<Write> {
    macro_rules! writes {
        ($($Arm:ident($name:literal, $list:ident, $what:literal): $Type:ty;)+) => {
            vec![$(Put::new(<$Type>::sample(n)).due_at(due_at(Kind::$Arm)).into()),+]
        };
    }
    for_each_aggregate!(writes)
}

/// A plain event of the kind of an aggregate.
pub(super) fn sample_event(of: AggregateRef) -> EventKind {
    macro_rules! event {
        ($($Arm:ident($name:literal, $list:ident, $what:literal): $Type:ty;)+) => {
            match of { $(AggregateRef::$Arm(_) => <$Type>::sample_event().into(),)+ }
        };
    }
    for_each_aggregate!(event)
}

/// [`Sample::any`] and [`Sample::any_event`] by the strategies of the records and of the events.
macro_rules! any {
    ($record:ident, $event:ident) => {
        #[cfg(feature = "testing")]
        fn any() -> BoxedStrategy<Self> {
            strategies::$record().prop_map(Self::from_record).boxed()
        }

        #[cfg(feature = "testing")]
        fn any_event() -> BoxedStrategy<Self::Event> {
            strategies::$event().boxed()
        }
    };
}

impl Sample for User {
    fn sample(n: u64) -> Self {
        build::customer(n)
    }

    fn sample_event() -> AccountEvent {
        AccountEvent::UserProfileChanged
    }

    any!(user_record, account_event);
}

impl Sample for Booking {
    fn sample(n: u64) -> Self {
        Self::from_record(build::booking(n, &build::customer(n), None, BookingStatus::Pending))
    }

    fn sample_event() -> BookingEvent {
        BookingEvent::BookingUpdated
    }

    any!(booking_record, booking_event);
}

impl Sample for Transaction {
    fn sample(n: u64) -> Self {
        let (kind, status) = (TransactionKind::Tip, TransactionStatus::Initiated);
        Self::from_record(build::transaction(n, &build::customer(n), kind, status, build::kes(5)))
    }

    fn sample_event() -> PaymentEvent {
        PaymentEvent::TransactionUpdated
    }

    any!(transaction_record, payment_event);
}

impl Sample for Webhook {
    fn sample(n: u64) -> Self {
        build::webhook(n)
    }

    fn sample_event() -> PaymentEvent {
        PaymentEvent::WebhookReceived
    }

    any!(webhook_record, payment_event);
}

impl Sample for Reconciliation {
    fn sample(n: u64) -> Self {
        build::reconciliation(n)
    }

    fn sample_event() -> PaymentEvent {
        PaymentEvent::ReconciliationCompleted { agrees: true }
    }

    any!(reconciliation_record, payment_event);
}
