//! The outbox: a worker relays events to a sink and acknowledges those that the sink has accepted.

use std::sync::Mutex;

use baitech_core::{
    EventSink, LogSink, SinkError, Worker, kernel::Error, store::Event, transaction::PaymentMethod,
};

use crate::{support::run, till::Till};

/// Keeps all events, and fails the given number of times.
#[derive(Debug, Default)]
struct Keeper {
    batches: Mutex<Vec<Vec<Event>>>,
    failures: Mutex<usize>,
}

impl Keeper {
    fn events(&self) -> Vec<Event> {
        self.batches.lock().unwrap().concat()
    }
}

#[async_trait::async_trait]
impl EventSink for Keeper {
    async fn deliver(&self, events: &[Event]) -> Result<(), SinkError> {
        let mut failures = self.failures.lock().unwrap();
        if *failures > 0 {
            *failures -= 1;
            return Err(SinkError::new("the broker is down"));
        }
        self.batches.lock().unwrap().push(events.to_vec());
        Ok(())
    }
}

#[test]
fn every_event_is_relayed_once_in_order_and_leaves_the_outbox() {
    let till = Till::new();
    let (_, payment) = till.released(PaymentMethod::Mpesa);
    for _ in 0..300 {
        till.call(payment, "n1;caller:;paid;2738;SJK1;");
    }
    let expected = till.world.events();
    assert!(expected.len() > Worker::RELAYED_AT_ONCE);
    let keeper = Keeper::default();
    let worker = till.world.market.worker();
    assert_eq!(run(worker.relay_events(&keeper)).unwrap(), expected.len());
    assert_eq!(keeper.events(), expected);
    let sizes: Vec<_> = keeper.batches.lock().unwrap().iter().map(Vec::len).collect();
    assert!(sizes.iter().all(|size| *size <= Worker::RELAYED_AT_ONCE), "{sizes:?}");
    assert_eq!(till.world.events(), []);
    assert_eq!(run(worker.relay_events(&keeper)).unwrap(), 0);
}

#[test]
fn unacknowledged_events_are_relayed_again() {
    let till = Till::new();
    till.held(PaymentMethod::Mpesa);
    let expected = till.world.events();
    let keeper = Keeper::default();
    *keeper.failures.lock().unwrap() = 2;
    let worker = till.world.market.worker();
    for _ in 0..2 {
        let failed = run(worker.relay_events(&keeper));
        assert!(matches!(failed, Err(Error::Unavailable { .. })), "{failed:?}");
        assert_eq!(till.world.events(), expected, "nothing is acknowledged");
    }
    run(worker.relay_events(&keeper)).unwrap();
    assert_eq!(keeper.events(), expected);
    assert_eq!(till.world.events(), []);
}

#[test]
fn without_a_consumer_the_log_keeps_the_outbox_small() {
    let till = Till::new();
    till.held(PaymentMethod::Mpesa);
    assert!(run(till.world.market.worker().relay_events(&LogSink)).unwrap() > 0);
    assert_eq!(till.world.events(), []);
}
