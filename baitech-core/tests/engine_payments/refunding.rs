//! Refunds: at most the captured amount, taken from each party's share, once.

use baitech_core::{
    booking::PaymentStatus,
    kernel::{Code, Currency, Money, Rule},
    ledger::Account,
    pricing::Shares,
    store::IdempotencyKey,
    transaction::{Amount, PaymentMethod, Split, TransactionKind, TransactionStatus},
};
use proptest::prelude::*;
use rust_decimal::Decimal;

use crate::{
    provider::declined,
    support::{assert_forbidden, assert_invalid, assert_refused, kes, run},
    till::Till,
};

#[test]
fn second_refund_above_the_captured_amount_is_refused() {
    let till = Till::new();
    till.fill_wallet(&till.world.customer, 1_000);
    let top_up = till.of_kind(TransactionKind::WalletTopup)[0].id;
    let support = till.world.support.actor();
    let refund = |amount| run(till.payments().refund(&support, top_up, amount, "sorry"));
    refund(kes(600)).unwrap();
    assert_refused(refund(kes(600)), Rule::EXCEEDS_CAPTURE);
    assert_invalid(refund(kes(-5)), &[("amount", Code::OutOfRange)]);
    assert_invalid(refund(kes(0)), &[("amount", Code::OutOfRange)]);
    assert_invalid(refund(Money::from_major(5, Currency::USD)), &[("amount", Code::Currency)]);
    let fraction = Money::new(Decimal::new(1_001, 3), Currency::KES);
    assert_invalid(refund(fraction), &[("amount", Code::Malformed)]);
    assert_forbidden(run(till.payments().refund(&till.customer(), top_up, kes(1), "mine")));
    refund(kes(400)).unwrap();
    assert_eq!(till.load(top_up).status, TransactionStatus::Refunded);
    assert_eq!(till.balance(Account::Wallet(till.world.customer.id)), 0);
}

#[test]
fn refund_before_the_release_is_taken_from_escrow() {
    let till = Till::new();
    let (id, payment) = till.paid(PaymentMethod::Mpesa);
    let support = till.world.support.actor();
    let refund = run(till.payments().refund(&support, payment, kes(738), "late")).unwrap();
    assert_eq!((refund.kind, refund.status), (TransactionKind::Refund, TransactionStatus::Processing));
    assert_eq!(till.balance(Account::Escrow(id)), 2_000);
    assert_eq!(till.balance(Account::Reserved(refund.id)), 738);
    assert_eq!(till.world.load(id).payment.status, PaymentStatus::PartiallyRefunded);
    till.call(refund.id, "n1;caller:;paid;738;SJR1;");
    assert_eq!(till.balance(Account::Reserved(refund.id)), 0);
    assert_eq!(till.balance(Account::Clearing(PaymentMethod::Mpesa)), -2_000);

    run(till.payments().release(&till.world.admin.actor(), payment)).unwrap();
    assert_eq!(till.balance(Account::Escrow(id)), 0);
    let shares = till.load(payment).net_shares().unwrap();
    assert_eq!(shares.total().unwrap(), kes(2_000));
}

#[test]
fn refund_that_the_provider_declines_goes_into_the_wallet() {
    let till = Till::new();
    let (_, payment) = till.paid(PaymentMethod::Mpesa);
    till.mpesa.answers_with(declined("2040"));
    let support = till.world.support.actor();
    let refund = run(till.payments().refund(&support, payment, kes(2_738), "sorry")).unwrap();
    assert_eq!(refund.status, TransactionStatus::Failed);
    assert_eq!(till.balance(Account::Wallet(till.world.customer.id)), 2_738);
    // The provider proves later that the refund succeeded after all: the ledger shows a loss of the platform.
    till.call(refund.id, "n9;caller:;paid;2738;SJR9;");
    assert_eq!(till.load(refund.id).status, TransactionStatus::Completed);
    assert_eq!(till.balance(Account::Losses), -2_738);
    assert_eq!(till.balance(Account::Clearing(PaymentMethod::Mpesa)), 0);
}

#[test]
fn refund_under_an_idempotency_key_is_made_once() {
    let till = Till::new();
    let (_, payment) = till.paid(PaymentMethod::Mpesa);
    let support = till.world.support.actor();
    let key = IdempotencyKey::new("refund-1").unwrap();
    let refund =
        || run(till.payments().idempotency_key(key.clone()).refund(&support, payment, kes(2_738), "sorry"));
    let first = refund().unwrap().id;
    assert_eq!(refund().unwrap().id, first);
    assert_eq!(till.mpesa.count("refund"), 1);
}

fn shares() -> impl Strategy<Value = Shares> {
    let part = || (0..500_000_i64).prop_map(|cents| Money::from_minor(cents, Currency::KES));
    (part(), part(), part(), part()).prop_map(|(payout, platform, processing, withholding)| Shares {
        payout,
        platform,
        processing,
        withholding,
    })
}

proptest! {
    #[test]
    fn refunds_that_sum_to_the_payment_leave_every_party_at_zero(
        shares in shares(),
        cuts in proptest::collection::vec(0.0..=1.0_f64, 0..8),
    ) {
        let total = shares.total().unwrap();
        prop_assume!(!total.is_zero());
        let mut left = shares;
        for cut in cuts {
            let rest = left.total().unwrap();
            let back = (rest.amount() * Decimal::try_from(cut).unwrap()).round_dp(2);
            if back.is_zero() {
                continue;
            }
            let portions = left.portions(Money::new(back, Currency::KES)).unwrap();
            prop_assert_eq!(portions.total().unwrap().amount(), back);
            left = left.checked_sub(portions).unwrap();
            for part in [left.payout, left.platform, left.processing, left.withholding] {
                prop_assert!(!part.is_negative(), "no party refunds more than its share: {:?}", left);
            }
        }
        let rest = left.total().unwrap();
        if !rest.is_zero() {
            left = left.checked_sub(left.portions(rest).unwrap()).unwrap();
        }
        for part in [left.payout, left.platform, left.processing, left.withholding] {
            prop_assert!(part.is_zero());
        }
    }
}

#[test]
fn splits_of_every_amount_up_to_a_thousand_sum_to_it() {
    let percent = baitech_core::kernel::Rate::percent;
    for cents in 1..=100_000 {
        let amount = Money::from_minor(cents, Currency::KES);
        let parts = Split::by_rates(amount, &[percent(85), percent(15)]).unwrap();
        assert_eq!(Money::sum(Currency::KES, parts).unwrap(), amount);
    }
}

#[test]
fn seven_and_a_half_percent_of_857_80_is_exact() {
    let rate = baitech_core::kernel::Rate::from_basis_points(750);
    let amount = Money::from_minor(85_780, Currency::KES);
    let exact = amount.checked_mul(rate.factor()).unwrap();
    assert_eq!(exact.amount(), Decimal::new(64_335, 3), "64.335, not 64.33499…");
    let fee = exact.to_minor_unit();
    let lines = Amount::with_fee(amount, fee).unwrap();
    assert_eq!(
        (fee, lines.net),
        (Money::from_minor(6_434, Currency::KES), Money::from_minor(79_346, Currency::KES))
    );
}
