//! Limits in another currency, and policies that are refused.

use std::sync::Arc;

use baitech_core::{
    Marketplace, PolicyError,
    booking::BookingPolicy,
    kernel::{Code, Currency, Money},
    ledger::Account,
    memory::MemoryStore,
    payment::{Capabilities, FraudPolicy, Limits, NewPayment, PaymentGateway, RuleFraudScorer},
    pricing::HourlyPriceList,
    store::LedgerReader,
    transaction::{PaymentMethod, PaymentTiming, TransactionStatus},
};
use rust_decimal::Decimal;

use crate::{
    provider::Provider,
    support::{assert_invalid, run},
    till::Till,
};

fn dollars(units: i64) -> Money {
    Money::from_major(units, Currency::USD)
}

fn rate() -> Decimal {
    Decimal::new(77, 4)
}

/// A marketplace in dollars with all limits converted.
fn till_in_dollars() -> (Till, Arc<Provider>) {
    let mobile = Provider::mobile(Currency::USD);
    let gateway = mobile.clone();
    let till = Till::with(|builder| {
        let fraud = FraudPolicy::default().in_currency(Currency::USD, rate()).unwrap();
        builder
            .policy(BookingPolicy::default().in_currency(Currency::USD, rate()).unwrap())
            .price_list(Arc::new(HourlyPriceList::default().in_currency(Currency::USD, rate()).unwrap()))
            .fraud_scorer(Arc::new(RuleFraudScorer::new(fraud)))
            .gateway(gateway)
    });
    (till, mobile)
}

#[test]
fn wallet_limit_in_dollars_is_enforced() {
    let (till, _) = till_in_dollars();
    let top_up = |amount| run(till.payments().top_up(&till.customer(), amount, &NewPayment::default()));
    assert_invalid(top_up(dollars(3_851)), &[("amount", Code::OutOfRange)]);
    top_up(dollars(3_850)).unwrap();
    assert_invalid(top_up(Money::from_major(1, Currency::KES)), &[("amount", Code::Currency)]);
}

#[test]
fn an_unsigned_webhook_above_the_limit_in_dollars_is_confirmed() {
    let (till, mobile) = till_in_dollars();
    let top_up = |units| {
        let started = run(till.payments().top_up(&till.customer(), dollars(units), &NewPayment::default()));
        started.unwrap().transaction.id
    };
    let balance =
        || run(till.world.store.balance(Account::Wallet(till.world.customer.id), Currency::USD)).unwrap();
    let small = top_up(77);
    till.call(small, "n1;caller:;paid;77;SJK1;");
    assert_eq!(balance(), dollars(77), "a webhook up to the limit needs no confirmation");
    let large = top_up(78);
    till.call(large, "n2;caller:;paid;78;SJK2;");
    assert_eq!(till.load(large).status, TransactionStatus::Processing);
    assert_eq!(balance(), dollars(77));
    mobile.answers_settled("SJK2");
    till.work();
    assert_eq!(mobile.count("query"), 1);
    assert_eq!(balance(), dollars(155));
}

fn violations(error: &PolicyError) -> Vec<(String, Code)> {
    error.violations().iter().map(|violation| (violation.field.to_string(), violation.code)).collect()
}

/// A provider with the capabilities that a test sets.
#[derive(Debug)]
struct Odd(Capabilities);

#[async_trait::async_trait]
impl PaymentGateway for Odd {
    fn method(&self) -> PaymentMethod {
        PaymentMethod::Mpesa
    }

    fn capabilities(&self) -> Capabilities {
        self.0.clone()
    }
}

fn with_gateway(capabilities: Capabilities) -> Vec<(String, Code)> {
    let builder = Marketplace::builder(Arc::new(MemoryStore::new())).gateway(Arc::new(Odd(capabilities)));
    violations(&builder.try_build().unwrap_err())
}

#[test]
fn engine_with_parts_in_another_currency_is_refused() {
    let policy = BookingPolicy::default().in_currency(Currency::USD, rate()).unwrap();
    let builder = || Marketplace::builder(Arc::new(MemoryStore::new())).policy(policy.clone());
    let error = builder().gateway(Provider::mpesa()).try_build().unwrap_err();
    let fields: Vec<_> = violations(&error).into_iter().map(|(field, _)| field).collect();
    for field in [
        "priceList.hourly.plumbing",
        "fraud.assumedUsualAmount",
        "gateways.mpesa.currencies",
        "gateways.mpesa.charge.most",
        "gateways.mpesa.payOut.least",
    ] {
        assert!(fields.iter().any(|found| found == field), "{field} is not among {fields:?}");
    }
    assert!(error.violations().iter().all(|violation| violation.code == Code::Currency), "{error}");
}

#[test]
fn gateway_with_invalid_payout_limits_is_refused() {
    let ledger = Capabilities::of_ledger(PaymentTiming::AtAcceptance);
    let limits = |least: i64, most: i64| {
        let kes = |cents| Some(Money::from_minor(cents, Currency::KES));
        Limits { least: kes(least), most: kes(most) }
    };
    let paying_out = |limits| Capabilities { pay_out: Some(limits), ..ledger.clone() };
    let most = |code| [("gateways.mpesa.payOut.most".to_owned(), code)];
    assert_eq!(with_gateway(paying_out(limits(0, 0))), most(Code::OutOfRange));
    assert_eq!(with_gateway(paying_out(limits(200, 100))), most(Code::Order));
    let whole = Capabilities { whole_units: true, ..paying_out(limits(100, 150)) };
    assert_eq!(with_gateway(whole), most(Code::Malformed));
}
