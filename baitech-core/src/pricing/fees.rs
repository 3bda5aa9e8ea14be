use serde::{Deserialize, Serialize};

use super::Pricing;
use crate::kernel::{Currency, Money, MoneyError, Rate, Rounding};

/// Fees and taxes on the price of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FeeSchedule {
    /// The platform's fee, as a rate of the service.
    pub platform: Rate,
    /// The fee for processing the payment, as a rate of the service.
    pub processing: Rate,
    /// Value added tax, as a rate of the service and both fees.
    pub vat: Rate,
    /// Income tax withheld from the technician's payout, as a rate of the service.
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

/// The shares of a total. They always sum to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Shares {
    /// The technician's share: the remainder, including the value added tax that the technician remits.
    pub payout: Money,
    /// The platform's fee.
    pub platform: Money,
    /// The fee for processing the payment.
    pub processing: Money,
    /// Tax withheld for the tax authority.
    pub withholding: Money,
}

impl FeeSchedule {
    /// The price of a service, itemised. Each line is rounded as prices are, and the total is their sum.
    ///
    /// `service` is the dynamic price after `discount`; a negative value counts as zero.
    ///
    /// # Errors
    /// [`MoneyError::Currencies`] if the currencies differ, [`MoneyError::Overflow`].
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

    /// Divides a price into shares. The payout is the remainder, so that the shares sum to the total exactly,
    /// even for bookings of the earlier application whose lines do not add up. Only for those can the payout
    /// be negative.
    ///
    /// # Errors
    /// [`MoneyError::Currencies`] if the currencies of the lines differ, [`MoneyError::Overflow`].
    pub fn shares(&self, pricing: &Pricing) -> Result<Shares, MoneyError> {
        Shares::withholding(share(pricing.service_charge, self.withholding)?, pricing)
    }
}

impl Shares {
    /// Divides a price into shares, with a given withheld amount.
    ///
    /// # Errors
    /// As [`FeeSchedule::shares`].
    pub fn withholding(withholding: Money, pricing: &Pricing) -> Result<Self, MoneyError> {
        let (platform, processing) = (pricing.platform_fee, pricing.processing_fee);
        let kept = Money::sum(pricing.currency(), [platform, processing, withholding])?;
        Ok(Self { payout: pricing.total.checked_sub(kept)?, platform, processing, withholding })
    }

    /// All shares but the payout: the debt of a technician who received the whole total in cash.
    ///
    /// # Errors
    /// As [`total`](Self::total).
    pub fn commission(&self) -> Result<Money, MoneyError> {
        Money::sum(self.payout.currency(), [self.platform, self.processing, self.withholding])
    }

    /// The sum of the parts.
    ///
    /// # Errors
    /// [`MoneyError::Currencies`] if the currencies of the shares differ, [`MoneyError::Overflow`].
    pub fn total(&self) -> Result<Money, MoneyError> {
        let parts = [self.payout, self.platform, self.processing, self.withholding];
        Money::sum(self.payout.currency(), parts)
    }

    /// Subtracts each share of `other`.
    ///
    /// # Errors
    /// [`MoneyError::Currencies`] if the currencies differ, [`MoneyError::Overflow`].
    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        Ok(Self {
            payout: self.payout.checked_sub(other.payout)?,
            platform: self.platform.checked_sub(other.platform)?,
            processing: self.processing.checked_sub(other.processing)?,
            withholding: self.withholding.checked_sub(other.withholding)?,
        })
    }

    /// The portions of payout, platform, processing and withholding in a refund of `amount`: in proportion to
    /// the shares, in smallest units, summing to `amount` exactly. A negative share contributes nothing. A
    /// refund of the whole total takes each share in full.
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

/// A rate of an amount, rounded as a price line.
pub(super) fn share(amount: Money, rate: Rate) -> Result<Money, MoneyError> {
    amount.checked_mul(rate.factor()).map(round)
}

/// An amount rounded as a price line.
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
