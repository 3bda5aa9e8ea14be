use std::{collections::BTreeMap, fmt};

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::{
    account::Category,
    kernel::{Code, Currency, Money, MoneyError, Rounding, Violation, Violations},
};

/// The embedder's prices, for jobs without a technician or whose technician has no hourly rate.
pub trait PriceList: Send + Sync + fmt::Debug {
    /// The base price of a service of this duration; `None` if the service is not offered.
    fn base_price(&self, category: Category, service_type: &str, minutes: u32) -> Option<Money>;

    /// Reasons why an engine with this currency cannot use the list; empty by default.
    fn violations(&self, currency: Currency) -> Violations {
        let _ = currency;
        Violations::new()
    }
}

/// The price of a duration at an hourly rate, rounded as prices are.
///
/// # Errors
/// [`MoneyError::Overflow`].
pub fn hourly(rate: Money, minutes: u32) -> Result<Money, MoneyError> {
    let price = rate.checked_mul(Decimal::from(minutes))?;
    let amount = price.amount().checked_div(Decimal::from(60)).ok_or(MoneyError::Overflow)?;
    Ok(Money::new(amount, rate.currency()).round_price(Rounding::HalfAwayFromZero))
}

/// Hourly rates by category, and fixed prices for some services.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HourlyPriceList {
    hourly: BTreeMap<Category, Money>,
    #[serde(default)]
    fixed: BTreeMap<String, Money>,
}

impl HourlyPriceList {
    /// Creates an empty list.
    #[must_use]
    pub const fn empty() -> Self {
        Self { hourly: BTreeMap::new(), fixed: BTreeMap::new() }
    }

    /// Converts the list to another currency, with each price rounded to its smallest unit. `rate` is the
    /// value of one unit of the current currency in the other one.
    ///
    /// # Errors
    /// [`MoneyError::Overflow`].
    pub fn in_currency(mut self, currency: Currency, rate: Decimal) -> Result<Self, MoneyError> {
        for price in self.hourly.values_mut().chain(self.fixed.values_mut()) {
            *price = price.convert(currency, rate)?;
        }
        Ok(self)
    }

    /// Sets the hourly rate of a category.
    #[must_use]
    pub fn with_hourly(mut self, category: Category, rate: Money) -> Self {
        self.hourly.insert(category, rate);
        self
    }

    /// Sets a fixed price for a service of any duration. Its name is matched without regard to case and
    /// surrounding blanks.
    #[must_use]
    pub fn with_fixed(mut self, service_type: &str, price: Money) -> Self {
        self.fixed.insert(normal(service_type), price);
        self
    }
}

impl Default for HourlyPriceList {
    /// All categories at 700 to 1,500 KES an hour; no fixed prices.
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
                let message = format!(
                    "the price is {price}, but must be in the policy's currency, {}",
                    currency.code()
                );
                found.push(Violation::new(field, Code::Currency, message));
            } else if price.is_negative() {
                found.push(Violation::new(field, Code::OutOfRange, "a price must not be below zero"));
            }
        }
        found
    }
}

fn normal(service_type: &str) -> String {
    service_type.trim().to_lowercase()
}
