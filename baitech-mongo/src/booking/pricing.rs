//! A booking's price, line by line.

use baitech_core::kernel::Currency;
use baitech_core::pricing;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_with::{serde_as, skip_serializing_none};

use crate::money::{DEFAULT_CURRENCY, money};
use crate::value::{Iso4217, Number128};

/// A missing line reads as zero; there is no price without a total.
#[skip_serializing_none]
#[serde_as]
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Pricing {
    #[serde_as(as = "Option<Number128>")]
    base_price: Option<Decimal>,
    #[serde_as(as = "Option<Number128>")]
    service_charge: Option<Decimal>,
    #[serde_as(as = "Option<Number128>")]
    platform_fee: Option<Decimal>,
    #[serde_as(as = "Option<Number128>")]
    processing_fee: Option<Decimal>,
    #[serde_as(as = "Option<Number128>")]
    tax: Option<Decimal>,
    #[serde_as(as = "Option<Number128>")]
    discount: Option<Decimal>,
    #[serde_as(as = "Number128")]
    total_amount: Decimal,
    /// ISO 4217; KES if missing.
    #[serde_as(as = "Option<Iso4217>")]
    currency: Option<Currency>,
}

impl Pricing {
    pub(super) fn into_domain(self) -> pricing::Pricing {
        let currency = self.currency.unwrap_or(DEFAULT_CURRENCY);
        let line = |amount: Option<Decimal>| money(amount.unwrap_or_default(), currency);
        pricing::Pricing {
            base_price: line(self.base_price),
            service_charge: line(self.service_charge),
            platform_fee: line(self.platform_fee),
            processing_fee: line(self.processing_fee),
            tax: line(self.tax),
            discount: line(self.discount),
            total: money(self.total_amount, currency),
        }
    }
}

impl From<pricing::Pricing> for Pricing {
    fn from(price: pricing::Pricing) -> Self {
        let currency = price.currency();
        let pricing::Pricing {
            base_price,
            service_charge,
            platform_fee,
            processing_fee,
            tax,
            discount,
            total,
        } = price;
        Self {
            base_price: Some(base_price.amount()),
            service_charge: Some(service_charge.amount()),
            platform_fee: Some(platform_fee.amount()),
            processing_fee: Some(processing_fee.amount()),
            tax: Some(tax.amount()),
            discount: Some(discount.amount()),
            total_amount: total.amount(),
            currency: Some(currency),
        }
    }
}
