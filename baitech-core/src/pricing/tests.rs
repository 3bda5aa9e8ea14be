use chrono::NaiveDate;
use chrono_tz::Tz;
use proptest::prelude::*;
use rust_decimal::Decimal;

use super::*;
use crate::{
    account::{Category, TimeOfDay},
    kernel::{Currency, Money, MoneyError, Rate},
    schedule::{TimeSlot, Urgency},
};

fn kes(units: i64) -> Money {
    Money::from_major(units, Currency::KES)
}

/// A slot of an hour; 2026-03-02 is a Monday.
fn slot(day: u32, start: &str) -> TimeSlot {
    let date = NaiveDate::from_ymd_opt(2026, 3, day).unwrap();
    let start: TimeOfDay = start.parse().unwrap();
    let end = TimeOfDay::new((start.minutes() / 60 + 1) as u8, (start.minutes() % 60) as u8).unwrap();
    TimeSlot::new(date, start, end, Tz::Africa__Nairobi).unwrap()
}

fn quiet() -> TimeSlot {
    slot(2, "12:00")
}

fn quote(request: &QuoteRequest) -> Quote {
    PricingPolicy::default().quote(request).unwrap()
}

#[test]
fn service_of_two_thousand() {
    let quote = quote(&QuoteRequest::new(kes(2_000), Urgency::Medium, quiet()));
    let Pricing { base_price, service_charge, platform_fee, processing_fee, tax, discount, total } =
        quote.pricing;
    assert_eq!([base_price, service_charge], [kes(2_000); 2]);
    assert_eq!([platform_fee, processing_fee, tax, discount], [kes(300), kes(60), kes(378), kes(0)]);
    assert_eq!(total, kes(2_738));
    let Shares { payout, platform, processing, withholding } = quote.shares;
    assert_eq!([payout, platform, processing, withholding], [kes(2_278), kes(300), kes(60), kes(100)]);
    assert!(quote.adjustments.is_empty());
}

#[test]
fn surcharges_add_up_and_do_not_compound() {
    let quote = quote(&QuoteRequest::new(kes(2_000), Urgency::High, slot(7, "08:00")));
    assert_eq!(quote.pricing.service_charge, kes(2_900));
    let lines: Vec<_> = quote.adjustments.iter().map(|a| (a.kind, a.rate, a.amount)).collect();
    assert_eq!(
        lines,
        [
            (AdjustmentKind::HighUrgency, Rate::percent(20), kes(400)),
            (AdjustmentKind::Weekend, Rate::percent(10), kes(200)),
            (AdjustmentKind::PeakHours, Rate::percent(15), kes(300)),
        ]
    );
}

#[test]
fn each_surcharge_applies_alone() {
    let service = |urgency, slot| quote(&QuoteRequest::new(kes(1_000), urgency, slot)).pricing.service_charge;
    assert_eq!(service(Urgency::Low, quiet()), kes(1_000));
    assert_eq!(service(Urgency::Emergency, quiet()), kes(1_500));
    for (day, expected) in [(6, 1_000), (7, 1_100), (8, 1_100), (9, 1_000)] {
        assert_eq!(service(Urgency::Medium, slot(day, "12:00")), kes(expected), "day {day}");
    }
    let peaks = [
        ("06:45", 1_000),
        ("07:00", 1_150),
        ("08:45", 1_150),
        ("09:00", 1_000),
        ("16:45", 1_000),
        ("17:00", 1_150),
        ("19:45", 1_150),
        ("20:00", 1_000),
    ];
    for (start, expected) in peaks {
        assert_eq!(service(Urgency::Medium, slot(2, start)), kes(expected), "{start}");
    }
}

#[test]
fn demand_surges_up_to_its_cap() {
    let rate = |open_requests, free_technicians| {
        DemandSurge::default().rate(Demand { open_requests, free_technicians }).basis_points()
    };
    assert_eq!(rate(0, 0), 0);
    assert_eq!(rate(1, 0), 5_000);
    assert_eq!(rate(0, 4), 0);
    assert_eq!(rate(4, 4), 0);
    assert_eq!(rate(6, 4), 1_250);
    assert_eq!(rate(8, 4), 2_500);
    assert_eq!(rate(12, 4), 5_000);
    assert_eq!(rate(400, 4), 5_000);
    assert_eq!(rate(4, 3), 833);
    assert_eq!(rate(u64::MAX, 1), 5_000);
}

#[test]
fn materials_and_services_are_not_surcharged() {
    let mut request = QuoteRequest::new(kes(2_000), Urgency::Emergency, quiet());
    request.materials = kes(350);
    request.services = kes(150);
    request.discount = kes(500);
    let quote = quote(&request);
    assert_eq!(quote.pricing.service_charge, kes(3_000));
    assert_eq!(quote.pricing.discount, kes(500));
}

#[test]
fn discount_is_limited_to_the_service() {
    let mut request = QuoteRequest::new(kes(2_000), Urgency::Medium, quiet());
    request.discount = kes(5_000);
    let quote = quote(&request);
    assert_eq!(quote.pricing.total, kes(0));
    assert_eq!(quote.pricing.discount, kes(2_000));
    assert_eq!(quote.shares.payout, kes(0));
}

#[test]
fn other_currencies_round_to_their_smallest_unit() {
    let price = |amount: &str, currency| {
        let amount = Money::new(amount.parse().unwrap(), currency);
        let pricing = FeeSchedule::default().price(amount, amount, Money::zero(currency)).unwrap();
        [pricing.platform_fee, pricing.processing_fee, pricing.tax, pricing.total]
            .map(|line| line.amount().to_string())
    };
    assert_eq!(price("19.99", Currency::USD), ["3.00", "0.60", "3.77", "27.36"]);
    assert_eq!(price("1999", Currency::JPY), ["300", "60", "377", "2736"]);
    assert_eq!(price("1999.50", Currency::KES), ["300", "60", "378", "2738"]);
}

#[test]
fn foreign_money_is_refused() {
    let foreign = Money::from_major(0, Currency::USD);
    let base = QuoteRequest::new(kes(2_000), Urgency::Medium, quiet());
    let requests = [
        QuoteRequest { materials: foreign, ..base },
        QuoteRequest { services: foreign, ..base },
        QuoteRequest { discount: foreign, ..base },
    ];
    for request in requests {
        let error = PricingPolicy::default().quote(&request).unwrap_err();
        assert_eq!(error, MoneyError::Currencies(Currency::KES, Currency::USD));
    }
}

#[test]
fn amounts_too_large_are_refused() {
    let huge = Money::new(Decimal::MAX, Currency::KES);
    let request = QuoteRequest::new(huge, Urgency::Emergency, quiet());
    assert_eq!(PricingPolicy::default().quote(&request), Err(MoneyError::Overflow));
    assert_eq!(hourly(huge, 90), Err(MoneyError::Overflow));
}

#[test]
fn legacy_lines_need_not_add_up() {
    let mut pricing = Pricing::free(Currency::KES);
    pricing.service_charge = kes(1_000);
    pricing.platform_fee = kes(120);
    pricing.total = kes(1_000);
    let shares = FeeSchedule::default().shares(&pricing).unwrap();
    assert_eq!((shares.payout, shares.withholding), (kes(830), kes(50)));
    assert_eq!(shares.total(), Ok(kes(1_000)));
}

#[test]
fn hours_times_rate() {
    assert_eq!(hourly(kes(1_000), 90), Ok(kes(1_500)));
    assert_eq!(hourly(kes(1_000), 50), Ok(kes(833)));
    assert_eq!(hourly(Money::from_major(20, Currency::USD), 50).unwrap().to_string(), "16.67 USD");
    assert_eq!(hourly(kes(1_000), 0), Ok(kes(0)));
}

#[test]
fn fixed_prices_come_before_hours() {
    let list = HourlyPriceList::default().with_fixed("Drain cleaning", kes(3_500));
    assert_eq!(list.base_price(Category::Plumbing, " drain CLEANING ", 600), Some(kes(3_500)));
    assert_eq!(list.base_price(Category::Plumbing, "leak", 120), Some(kes(2_000)));
    assert_eq!(HourlyPriceList::empty().base_price(Category::Plumbing, "leak", 120), None);
    for category in Category::ALL {
        let price = list.base_price(category, "", 60).unwrap();
        assert!((700..=1_500).contains(&i64::try_from(price.amount()).unwrap()), "{category:?}");
    }
}

fn currencies() -> impl Strategy<Value = Currency> {
    prop::sample::select(vec![Currency::KES, Currency::USD, Currency::JPY, Currency::BHD])
}

prop_compose! {
    fn requests()(
        currency in currencies(),
        amounts in prop::array::uniform4(-100_000_i64..10_000_000),
        urgency in prop::sample::select(Urgency::ALL.to_vec()),
        day in 1_u32..29,
        hour in 0_u32..23,
        open_requests in 0_u64..50,
        free_technicians in 0_u64..20,
    ) -> QuoteRequest {
        let [base, materials, services, discount] =
            amounts.map(|units| Money::new(Decimal::new(units, 3), currency));
        QuoteRequest {
            base,
            urgency,
            slot: slot(day, &format!("{hour:02}:00")),
            demand: Demand { open_requests, free_technicians },
            materials,
            services,
            discount,
        }
    }
}

fn positive(money: Money) -> Decimal {
    money.round_price(crate::kernel::Rounding::HalfAwayFromZero).amount().max(Decimal::ZERO)
}

#[test]
fn refund_portions_are_weighted_in_the_smallest_unit() {
    let dinars = |fils| Money::from_minor(fils, Currency::KWD);
    let shares =
        Shares { payout: dinars(1_005), platform: dinars(2), processing: dinars(1), withholding: dinars(1) };
    assert_eq!(shares.portions_of(dinars(1_009)), Ok([1_005, 2, 1, 1].map(dinars)));
    assert_eq!(shares.portions_of(dinars(500)), Ok([498, 1, 1, 0].map(dinars)));
}

#[test]
fn full_refund_returns_each_share_even_if_one_is_negative() {
    let shillings = |cents| Money::from_minor(cents, Currency::KES);
    let shares = Shares {
        payout: shillings(-500),
        platform: shillings(30_050),
        processing: shillings(6_000),
        withholding: shillings(10_000),
    };
    let total = shares.total().unwrap();
    assert_eq!(shares.portions_of(total), Ok([-500, 30_050, 6_000, 10_000].map(shillings)));
}

proptest! {
    #[test]
    fn quotes_add_up(request in requests()) {
        let Quote { pricing, adjustments, shares } = quote(&request);
        let lines = [pricing.service_charge, pricing.platform_fee, pricing.processing_fee, pricing.tax];
        prop_assert_eq!(Money::sum(pricing.currency(), lines), Ok(pricing.total));
        prop_assert_eq!(shares.total(), Ok(pricing.total));
        let surcharges: Decimal = adjustments.iter().map(|a| a.amount.amount()).sum();
        let gross = pricing.base_price.amount()
            + surcharges
            + positive(request.materials)
            + positive(request.services);
        prop_assert_eq!(pricing.service_charge.amount(), gross - pricing.discount.amount());
        prop_assert!(pricing.discount.amount() <= positive(request.discount));
    }

    #[test]
    fn nothing_is_below_zero(request in requests()) {
        let Quote { pricing, adjustments, shares } = quote(&request);
        let Pricing { base_price, service_charge, platform_fee, processing_fee, tax, discount, total } =
            pricing;
        let Shares { payout, platform, processing, withholding } = shares;
        let lines = [base_price, service_charge, platform_fee, processing_fee, tax, discount, total];
        prop_assert!(lines.iter().all(|line| !line.is_negative()));
        prop_assert!([payout, platform, processing, withholding].iter().all(|share| !share.is_negative()));
        prop_assert!(adjustments.iter().all(|adjustment| !adjustment.amount.is_negative()));
    }

    #[test]
    fn lines_are_rounded_to_payable_units(request in requests()) {
        let Quote { pricing, shares, .. } = quote(&request);
        let digits = match pricing.currency() { Currency::USD => 2, Currency::BHD => 3, _ => 0 };
        for line in [pricing.service_charge, pricing.tax, pricing.total, shares.payout, shares.withholding] {
            prop_assert_eq!(line.amount(), line.amount().trunc_with_scale(digits));
        }
    }

    #[test]
    fn dearer_base_is_never_cheaper(request in requests(), more in 0_i64..1_000_000) {
        let base =
            request.base.checked_add(Money::new(Decimal::new(more, 3), request.base.currency())).unwrap();
        let (less, more) = (quote(&request), quote(&QuoteRequest { base, ..request }));
        prop_assert!(more.pricing.total.amount() >= less.pricing.total.amount());
        prop_assert!(more.shares.payout.amount() >= less.shares.payout.amount());
    }

    #[test]
    fn larger_discount_is_never_dearer(request in requests(), more in 0_i64..1_000_000) {
        let more = Money::new(Decimal::new(more, 3), request.base.currency());
        let discount = request.discount.checked_add(more).unwrap();
        let (dear, cheap) = (quote(&request), quote(&QuoteRequest { discount, ..request }));
        prop_assert!(cheap.pricing.total.amount() <= dear.pricing.total.amount());
    }

    #[test]
    fn scarcity_never_lowers_the_price(open in 0_u64..1_000, free in 0_u64..1_000) {
        let rate = |open_requests, free_technicians| {
            DemandSurge::default().rate(Demand { open_requests, free_technicians })
        };
        prop_assert!(rate(open + 1, free) >= rate(open, free));
        prop_assert!(rate(open, free + 1) <= rate(open, free));
        prop_assert!(rate(open, free) <= Rate::percent(50));
    }
}
