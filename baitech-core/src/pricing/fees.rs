use serde::{Deserialize, Serialize};

use super::Pricing;
use crate::kernel::{Currency, Money, MoneyError, Rate, Rounding};

/// What is added to the price of a service, and what is kept of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FeeSchedule {
    /// The platform's fee, of the service.
    pub platform: Rate,
    /// The fee for handling the payment, of the service.
    pub processing: Rate,
    /// Value added tax, of the service and both fees.
    pub vat: Rate,
    /// Income tax kept from the technician's payout, of the service.
    pub withholding: Rate,
}

impl Default for FeeSchedule {
    /// 15 % platform, 3 % processing, 16 % value added tax, 5 % withholding.
    fn default() -> Self {
        Self {
            platform: Rate::percent(15),
            processing: Rate::percent(3),
            vat: Rate::percent(16),
            withholding: Rate::percent(5),
        }
    }
}

/// Who gets what of a total. The parts always sum to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Shares {
    /// The technician's: the remainder, with the value added tax that the technician remits.
    pub payout: Money,
    /// The platform's.
    pub platform: Money,
    /// For handling the payment.
    pub processing: Money,
    /// Kept for the tax authority.
    pub withholding: Money,
}

impl FeeSchedule {
    /// The price of a service, line by line; each line is rounded as prices are, and the total is their sum.
    ///
    /// `service` is the dynamic price with the `discount` already taken off; below zero it counts as zero.
    ///
    /// # Errors
    /// [`MoneyError::Currencies`] where the three differ, [`MoneyError::Overflow`].
    pub fn price(&self, base: Money, service: Money, discount: Money) -> Result<Pricing, MoneyError> {
        let currency = service.currency();
        let line = |amount| in_currency(amount, currency).map(round);
        let service_charge = line(at_least_zero(service))?;
        let platform_fee = share(service_charge, self.platform)?;
        let processing_fee = share(service_charge, self.processing)?;
        let taxed = Money::sum(currency, [service_charge, platform_fee, processing_fee])?;
        let tax = share(taxed, self.vat)?;
        Ok(Pricing {
            base_price: line(base)?,
            service_charge,
            platform_fee,
            processing_fee,
            tax,
            discount: line(discount)?,
            total: taxed.checked_add(tax)?,
        })
    }

    /// Who gets what of a price. The payout is the remainder, so that the shares sum to the total exactly,
    /// also for a booking of the earlier application whose lines do not add up; there alone it can lie below
    /// zero.
    ///
    /// # Errors
    /// [`MoneyError::Currencies`] where the lines differ, [`MoneyError::Overflow`].
    pub fn shares(&self, pricing: &Pricing) -> Result<Shares, MoneyError> {
        Shares::withholding(share(pricing.service_charge, self.withholding)?, pricing)
    }
}

impl Shares {
    /// Who gets what of a price of which so much was withheld.
    ///
    /// # Errors
    /// As [`FeeSchedule::shares`].
    pub fn withholding(withholding: Money, pricing: &Pricing) -> Result<Self, MoneyError> {
        let (platform, processing) = (pricing.platform_fee, pricing.processing_fee);
        let kept = Money::sum(pricing.currency(), [platform, processing, withholding])?;
        Ok(Self { payout: pricing.total.checked_sub(kept)?, platform, processing, withholding })
    }

    /// All but the payout: what a technician who has the whole total in hand owes for it.
    ///
    /// # Errors
    /// As [`total`](Self::total).
    pub fn commission(&self) -> Result<Money, MoneyError> {
        Money::sum(self.payout.currency(), [self.platform, self.processing, self.withholding])
    }

    /// The sum of the parts.
    ///
    /// # Errors
    /// [`MoneyError::Currencies`] where the parts differ, [`MoneyError::Overflow`].
    pub fn total(&self) -> Result<Money, MoneyError> {
        let parts = [self.payout, self.platform, self.processing, self.withholding];
        Money::sum(self.payout.currency(), parts)
    }

    /// Each part less the other's.
    ///
    /// # Errors
    /// [`MoneyError::Currencies`] where the currencies differ, [`MoneyError::Overflow`].
    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        Ok(Self {
            payout: self.payout.checked_sub(other.payout)?,
            platform: self.platform.checked_sub(other.platform)?,
            processing: self.processing.checked_sub(other.processing)?,
            withholding: self.withholding.checked_sub(other.withholding)?,
        })
    }

    /// What each of payout, platform, processing and withholding contributes to a part of the total that goes
    /// back: in proportion to the shares, to the smallest unit, summing to `amount` exactly. A share below
    /// zero contributes nothing. Of the whole total, each gives back its share.
    ///
    /// # Errors
    /// As [`Money::allocate`].
    pub fn portions_of(&self, amount: Money) -> Result<[Money; 4], MoneyError> {
        if amount == self.total()? {
            return Ok([self.payout, self.platform, self.processing, self.withholding]);
        }
        let weight = |share: Money| {
            let units = at_least_zero(share).to_minor_unit().minor_units()?;
            u64::try_from(units).map_err(|_| MoneyError::Overflow)
        };
        let weights = [
            weight(self.payout)?,
            weight(self.platform)?,
            weight(self.processing)?,
            weight(self.withholding)?,
        ];
        let portions = amount.allocate(&weights)?;
        portions.try_into().map_err(|_| MoneyError::NoShares)
    }
}

/// A rate of an amount, as a line of a price.
pub(super) fn share(amount: Money, rate: Rate) -> Result<Money, MoneyError> {
    amount.checked_mul(rate.factor()).map(round)
}

/// An amount as a line of a price.
pub(super) fn round(amount: Money) -> Money {
    amount.round_price(Rounding::HalfAwayFromZero)
}

pub(super) fn at_least_zero(amount: Money) -> Money {
    if amount.is_negative() { Money::zero(amount.currency()) } else { amount }
}

pub(super) fn in_currency(amount: Money, currency: Currency) -> Result<Money, MoneyError> {
    if amount.currency() == currency {
        Ok(amount)
    } else {
        Err(MoneyError::Currencies(currency, amount.currency()))
    }
}
