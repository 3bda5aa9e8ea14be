use serde::{Deserialize, Serialize};

use crate::kernel::{Currency, Money};

/// The itemised price of a booking. All lines have the same currency.
///
/// `total = service_charge + platform_fee + processing_fee + tax`. In bookings of the earlier application the
/// lines may not add up; they are read unchanged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pricing {
    /// Hours times the rate, or the price list's price.
    pub base_price: Money,
    /// The dynamic price of the service: base, surcharges, materials and additional services, less the
    /// discount.
    pub service_charge: Money,
    /// The platform's fee on the service.
    pub platform_fee: Money,
    /// The processing fee on the service.
    pub processing_fee: Money,
    /// Value added tax on service and fees.
    pub tax: Money,
    /// The amount deducted from the service.
    pub discount: Money,
    /// The amount that the customer pays.
    #[serde(rename = "totalAmount")]
    pub total: Money,
}

impl Pricing {
    /// A price of zero, for warranty work.
    #[must_use]
    pub const fn free(currency: Currency) -> Self {
        let zero = Money::zero(currency);
        Self {
            base_price: zero,
            service_charge: zero,
            platform_fee: zero,
            processing_fee: zero,
            tax: zero,
            discount: zero,
            total: zero,
        }
    }

    /// The currency of all lines.
    #[must_use]
    pub const fn currency(&self) -> Currency {
        self.total.currency()
    }
}
