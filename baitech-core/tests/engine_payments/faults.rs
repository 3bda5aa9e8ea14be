//! What the simulated marketplace has found, told shortly.

use baitech_core::{
    booking::PaymentMethod,
    payment::{Declined, NewPayment, Outcome, TransactionKind, TransactionStatus},
    store::IdempotencyKey,
};
use chrono::TimeDelta;

use crate::{
    support::{kes, run},
    till::Till,
};

#[test]
fn what_is_to_be_sent_anew_goes_back_to_no_earlier_status() {
    let till = Till::new();
    let id = till.accepted(PaymentMethod::Mpesa);
    let payment = till.pay(id).unwrap().transaction.id;
    assert_eq!(till.load(payment).status, TransactionStatus::Processing);
    let busy = Declined {
        code: "1001".to_owned(),
        reason: "busy".to_owned(),
        retry_after: Some(TimeDelta::seconds(10)),
    };
    till.mpesa.says(Ok(Outcome::Declined(busy)));
    till.world.clock.advance(TimeDelta::seconds(75));
    till.work();
    assert_eq!(till.load(payment).status, TransactionStatus::Processing);
    till.world.clock.advance(TimeDelta::seconds(10));
    till.work();
    assert_eq!(till.mpesa.count("charge"), 2, "asked again by itself");
    till.call(payment, "n1;caller:;paid;2738;SJK1;");
    assert_eq!(till.load(payment).status, TransactionStatus::Completed);
}

#[test]
fn a_request_for_money_is_the_same_request_for_good() {
    let till = Till::new();
    let top_up = || {
        let keyed = till.payments().with_key(IdempotencyKey::new("again").unwrap());
        run(keyed.top_up(&till.customer(), kes(500), &NewPayment::default())).unwrap().transaction.id
    };
    let first = top_up();
    till.world.clock.advance(TimeDelta::days(30));
    // Any later commit lets the store forget what it may.
    till.booked(PaymentMethod::Cash);
    assert_eq!(top_up(), first);
    assert_eq!(till.of_kind(TransactionKind::WalletTopup).len(), 1);
}
