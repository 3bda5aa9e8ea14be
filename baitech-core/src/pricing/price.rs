use serde::{Deserialize, Serialize};

use crate::kernel::{Currency, Money};

/// What a booking costs, line by line. All lines are of one currency.
///
/// `total = service_charge + platform_fee + processing_fee + tax`; in bookings of the earlier application the
/// lines may not add up, and are read as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pricing {
    /// Hours times rate, or the price list's price.
    pub base_price: Money,
    /// The dynamic price of the service: base and surcharges, materials and additional services, less the
    /// discount.
    pub service_charge: Money,
    /// The platform's fee on the service.
    pub platform_fee: Money,
    /// The processing fee on the service.
    pub processing_fee: Money,
    /// Value added tax on service and fees.
    pub tax: Money,
    /// What was taken off the service.
    pub discount: Money,
    /// What the customer pays.
    #[serde(rename = "totalAmount")]
    pub total: Money,
}

impl Pricing {
    /// A price of nothing: warranty work.
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
