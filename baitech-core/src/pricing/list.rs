use std::{collections::BTreeMap, fmt};

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{
    account::Category,
    kernel::{Code, Currency, Money, MoneyError, Rounding, Violation, Violations},
};

/// The embedder's prices, for jobs whose technician names no hourly rate or is not known yet.
pub trait PriceList: Send + Sync + fmt::Debug {
    /// The base price of a service of a category that takes so many minutes; `None` for one that is not
    /// offered.
    fn base_price(&self, category: Category, service_type: &str, minutes: u32) -> Option<Money>;

    /// What speaks against using the list in an engine of this currency; nothing by default.
    fn violations(&self, currency: Currency) -> Violations {
        let _ = currency;
        Violations::new()
    }
}

/// Hours times a rate, rounded as prices are.
///
/// # Errors
/// [`MoneyError::Overflow`].
pub fn hourly(rate: Money, minutes: u32) -> Result<Money, MoneyError> {
    let price = rate.checked_mul(Decimal::from(minutes))?;
    let amount = price.amount().checked_div(Decimal::from(60)).ok_or(MoneyError::Overflow)?;
    Ok(Money::new(amount, rate.currency()).round_price(Rounding::HalfAwayFromZero))
}

/// A rate an hour for each category, and fixed prices for services that have one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HourlyPriceList {
    hourly: BTreeMap<Category, Money>,
    #[serde(default)]
    fixed: BTreeMap<String, Money>,
}

impl HourlyPriceList {
    /// A list that offers nothing yet.
    #[must_use]
    pub const fn empty() -> Self {
        Self { hourly: BTreeMap::new(), fixed: BTreeMap::new() }
    }

    /// The same list in another currency, each price rounded to its smallest unit. `rate` is what one unit of
    /// the present currency is worth in the other.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn in_currency(mut self, currency: Currency, rate: Decimal) -> Result<Self, MoneyError> {
        for price in self.hourly.values_mut().chain(self.fixed.values_mut()) {
            *price = price.convert(currency, rate)?;
        }
        Ok(self)
    }

    /// With the price of an hour of a category.
    #[must_use]
    pub fn with_hourly(mut self, category: Category, rate: Money) -> Self {
        self.hourly.insert(category, rate);
        self
    }

    /// With a price for a service, however long it takes. Case and surrounding blanks of its name do not
    /// matter.
    #[must_use]
    pub fn with_fixed(mut self, service_type: &str, price: Money) -> Self {
        self.fixed.insert(normal(service_type), price);
        self
    }
}

impl Default for HourlyPriceList {
    /// Every category, between 700 and 1,500 KES an hour; no fixed prices.
    fn default() -> Self {
        let rate = |category| match category {
            Category::Plumbing => 1_000,
            Category::Electrical => 1_200,
            Category::Carpentry | Category::Masonry => 900,
            Category::Painting => 800,
            Category::Hvac => 1_500,
            Category::Welding => 1_100,
            Category::Other => 700,
        };
        Category::ALL.into_iter().fold(Self::empty(), |list, category| {
            list.with_hourly(category, Money::from_major(rate(category), Currency::KES))
        })
    }
}

impl PriceList for HourlyPriceList {
    fn base_price(&self, category: Category, service_type: &str, minutes: u32) -> Option<Money> {
        if let Some(price) = self.fixed.get(&normal(service_type)) {
            return Some(*price);
        }
        hourly(*self.hourly.get(&category)?, minutes).ok()
    }

    fn violations(&self, currency: Currency) -> Violations {
        let hourly =
            self.hourly.iter().map(|(category, price)| (format!("hourly.{}", category.as_str()), *price));
        let fixed = self.fixed.iter().map(|(service, price)| (format!("fixed.{service}"), *price));
        let mut found = Violations::new();
        for (field, price) in hourly.chain(fixed) {
            if price.currency() != currency {
                let message = format!("the price is {price}; the policy's currency is {}", currency.code());
                found.push(Violation::new(field, Code::Currency, message));
            } else if price.is_negative() {
                found.push(Violation::new(field, Code::OutOfRange, "a price is not below zero"));
            }
        }
        found
    }
}

fn normal(service_type: &str) -> String {
    service_type.trim().to_lowercase()
}
