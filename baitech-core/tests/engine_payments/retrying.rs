//! Webhooks that cannot be handled: they are retried, become dead letters, and are retried by staff.

use baitech_core::{
    booking::{BookingPolicy, BookingStatus},
    kernel::{Actor, PageRequest, Rule, SeededEntropy},
    ledger::Account,
    payment::{Webhook, WebhookCall, WebhookStatus},
    store::{EventKind, Stored},
    transaction::{PaymentMethod, TransactionStatus, WebhookPolicy},
};
use chrono::TimeDelta;

use crate::{
    support::{assert_forbidden, assert_refused, run},
    till::Till,
};

/// A deposit without an amount: every attempt to handle it is invalid.
const INVALID: &str = "d1;account:254712000001;deposit;;SJD1;254712000001";

fn newest(till: &Till) -> Stored<Webhook> {
    till.webhooks().pop().unwrap()
}

/// Runs all attempts until the call is settled.
fn until_settled(till: &Till) -> Vec<TimeDelta> {
    let mut waits = Vec::new();
    while let Some(at) = newest(till).next_at {
        waits.push(at - till.world.now());
        till.world.clock.set(at);
        let done = till.world.work();
        assert_eq!(done.failed, 1, "a failing call must be reported: {done:?}");
    }
    waits
}

#[test]
fn failing_webhook_backs_off_and_becomes_a_dead_letter() {
    let mut policy = BookingPolicy::default();
    policy.payment.webhooks.max_attempts = 6;
    let till = Till::with(|builder| builder.policy(policy));
    till.call_at("paybill", INVALID);
    let call = newest(&till);
    assert_eq!((call.status, call.attempts), (WebhookStatus::Received, 1));
    assert!(call.reason.as_deref().unwrap().contains("amount"), "{:?}", call.reason);
    assert!(till.world.work().is_idle(), "nothing is due before its time");

    let waits = until_settled(&till);
    for (n, wait) in waits.iter().enumerate() {
        let nominal = TimeDelta::seconds(5 << n);
        assert!(*wait <= nominal && *wait >= nominal * 3 / 4, "{n}: {wait}");
    }
    let dead = newest(&till);
    assert_eq!((dead.status, dead.attempts), (WebhookStatus::DeadLetter, 6));
    assert!(dead.reason.as_deref().unwrap().contains("amount"));
    assert_eq!(dead.expires_at, None, "it does not expire before staff have seen it");
    till.world.clock.advance(TimeDelta::days(400));
    assert!(till.world.work().is_idle());
    assert_eq!(run(till.world.market.worker().forget_expired()).unwrap(), 0);
    let events: Vec<_> = till.world.events().into_iter().map(|event| event.kind).collect();
    let names: Vec<_> = events.iter().map(EventKind::name).collect();
    assert_eq!(names, ["webhook.received", "webhook.dead_lettered"]);
    assert_eq!(till.books(), []);
}

#[test]
fn backoff_doubles_up_to_its_maximum_with_jitter() {
    let policy = WebhookPolicy::default();
    let entropy = SeededEntropy::new(3);
    let mut seen = std::collections::BTreeSet::new();
    for attempts in 1..=60 {
        let wait = policy.wait(attempts, &entropy);
        let nominal =
            (0..attempts - 1).fold(policy.first_wait, |wait, _| (wait * 2).min(policy.longest_wait));
        assert!(wait <= nominal && wait >= nominal * 3 / 4, "{attempts}: {wait}");
        seen.insert(wait);
    }
    assert!(seen.len() > 40, "{seen:?}");
}

#[test]
fn staff_can_retry_a_dead_letter_after_its_cause_is_fixed() {
    let mut policy = BookingPolicy::default();
    policy.payment.webhooks.max_attempts = 2;
    let till = Till::with(|builder| builder.policy(policy));
    till.call_at("cards", "n1;reference:ref-late;paid;2738;ch_1;");
    till.world.clock.advance(TimeDelta::seconds(5));
    till.work();
    let dead = newest(&till);
    assert_eq!(dead.status, WebhookStatus::DeadLetter);
    let support = till.world.support.actor();
    let again = run(till.payments().retry_webhook(&support, dead.id)).unwrap();
    assert_eq!((again.status, again.attempts), (WebhookStatus::Received, 1), "its attempts start again");

    let id = till.accepted(PaymentMethod::Card);
    let reference = "ref-late".to_owned();
    till.card
        .answers_with(Ok(baitech_core::transaction::Outcome::Accepted { reference, client_secret: None }));
    till.pay(id).unwrap();
    till.world.clock.advance(TimeDelta::seconds(5));
    till.work();
    assert_eq!(newest(&till).status, WebhookStatus::Applied);
    assert_eq!(till.balance(Account::Escrow(id)), 2_738);
    assert_refused(run(till.payments().retry_webhook(&support, dead.id)), Rule::ALREADY_DECIDED);
    assert_eq!(till.balance(Account::Escrow(id)), 2_738);
}

#[test]
fn retried_webhook_is_applied_at_most_once() {
    let till = Till::new();
    let id = till.accepted(PaymentMethod::Mpesa);
    let payment = till.pay(id).unwrap().transaction.id;
    till.call(payment, "forged;caller:;paid;2738;SJK1;");
    let rejected = newest(&till);
    assert_eq!(rejected.status, WebhookStatus::Rejected);
    till.call(payment, "n1;caller:;paid;2738;SJK1;");
    let support = till.world.support.actor();
    for _ in 0..3 {
        let again = run(till.payments().retry_webhook(&support, rejected.id)).unwrap();
        assert_eq!(again.status, WebhookStatus::Rejected, "it is still unverified");
    }
    assert_eq!(till.balance(Account::Escrow(id)), 2_738);
}

#[test]
fn only_staff_list_and_retry_webhooks() {
    let till = Till::new();
    till.call_at("paybill", "forged");
    let call = newest(&till);
    let page = PageRequest::new(10, None).unwrap();
    for actor in [till.customer(), till.world.technician.actor(), till.world.stranger.actor()] {
        assert_forbidden(run(till.payments().retry_webhook(&actor, call.id)));
        assert_forbidden(run(till.payments().list_webhooks(&actor, &[WebhookStatus::DeadLetter], &page)));
    }
}

#[test]
fn webhooks_under_unknown_tokens_are_counted_and_not_stored() {
    let till = Till::new();
    let long = "x".repeat(100_000);
    for token in ["no-such-token", "", long.as_str(), "\u{0}", "paybill "] {
        let call = WebhookCall {
            token: token.to_owned(),
            headers: Vec::new(),
            body: vec![b'x'; 65_000],
            received_at: till.world.now(),
        };
        assert_eq!(run(till.payments().receive_webhook(call)).unwrap(), None);
    }
    assert_eq!(till.webhooks().len(), 0);
    assert_eq!(till.world.events().len(), 0);
    assert_eq!(till.world.market.stray_webhook_calls(), 5);
}

#[test]
fn handled_webhooks_expire_and_waiting_ones_do_not() {
    let till = Till::new();
    let id = till.accepted(PaymentMethod::Mpesa);
    let payment = till.pay(id).unwrap().transaction.id;
    till.call(payment, "n1;caller:;paid;2738;SJK1;");
    till.call(payment, "n1;caller:;paid;2738;SJK1;");
    till.call_at("cards", "n2;reference:ref-never;paid;1;ch_2;");
    let worker = till.world.market.worker();
    till.world.clock.advance(TimeDelta::days(90) - TimeDelta::seconds(1));
    assert_eq!(run(worker.forget_expired()).unwrap(), 0);
    till.world.clock.advance(TimeDelta::seconds(1));
    assert_eq!(run(worker.forget_expired()).unwrap(), 2);
    let left: Vec<_> = till.webhooks().iter().map(|call| call.status).collect();
    assert_eq!(left, [WebhookStatus::Received]);
    till.call(payment, "n1;caller:;paid;2738;SJK1;");
    assert_eq!(newest(&till).status, WebhookStatus::Duplicate, "its effect remains");
    assert_eq!(till.balance(Account::Escrow(id)), 2_738);
}

#[test]
fn unverified_webhook_never_cancels_a_booking_that_may_be_paid() {
    let till = Till::new();
    let id = till.accepted(PaymentMethod::Mpesa);
    let payment = till.pay(id).unwrap().transaction.id;
    till.call(payment, "forged;caller:;paid;2738;SJK1;");
    till.world.clock.advance(TimeDelta::seconds(1));
    till.work();
    assert_eq!(till.mpesa.count("query"), 1, "the provider is queried at once");
    for _ in 0..40 {
        till.world.clock.advance(TimeDelta::hours(1));
        till.work();
    }
    let waiting = till.load(payment);
    assert!(waiting.status.is_open() && waiting.gateway.needs_person, "it waits for staff");
    assert_eq!(till.world.load(id).status, BookingStatus::Accepted);
    let support = till.world.support.actor();
    run(till.payments().decide_outcome(&support, payment, true, Some("SJK1"))).unwrap();
    assert_eq!(till.balance(Account::Escrow(id)), 2_738);
}

#[test]
fn provider_denial_settles_a_doubtful_webhook() {
    let till = Till::new();
    let id = till.accepted(PaymentMethod::Mpesa);
    let payment = till.pay(id).unwrap().transaction.id;
    till.call(payment, "forged;caller:;paid;2738;SJK1;");
    till.mpesa.answers_with(crate::provider::declined("1032"));
    till.world.clock.advance(TimeDelta::seconds(1));
    till.work();
    assert_eq!(till.load(payment).status, TransactionStatus::Failed);
    till.world.clock.advance(TimeDelta::hours(2));
    till.work();
    assert_eq!(till.world.load(id).status, BookingStatus::Cancelled);
    assert!(
        run(till.payments().list_webhooks(&Actor::System, &[], &PageRequest::new(5, None).unwrap())).is_ok()
    );
}
