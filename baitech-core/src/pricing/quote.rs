use serde::{Deserialize, Serialize};

use super::{
    Adjustment, Demand, FeeSchedule, Pricing, Shares, Surcharges,
    fees::{at_least_zero, in_currency, round, share},
};
use crate::{
    kernel::{Code, Money, MoneyError, PolicyCheck, Rate},
    schedule::{TimeSlot, Urgency},
};

/// The pricing policy.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PricingPolicy {
    /// Fees and taxes.
    pub fees: FeeSchedule,
    /// Surcharges on the base price.
    pub surcharges: Surcharges,
}

/// The inputs of a price. Negative amounts count as zero.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct QuoteRequest {
    /// Hours times the rate, or the price list's price.
    pub base: Money,
    /// The urgency of the job.
    pub urgency: Urgency,
    /// The time of the job.
    pub slot: TimeSlot,
    /// Demand and supply of technicians.
    pub demand: Demand,
    /// Total of the technician's materials.
    pub materials: Money,
    /// Total of additional services.
    pub services: Money,
    /// The discount, limited to the price of the service.
    pub discount: Money,
}

impl QuoteRequest {
    /// A job without demand, materials, additional services or discount.
    #[must_use]
    pub const fn new(base: Money, urgency: Urgency, slot: TimeSlot) -> Self {
        let zero = Money::zero(base.currency());
        let demand = Demand { open_requests: 0, free_technicians: 0 };
        Self { base, urgency, slot, demand, materials: zero, services: zero, discount: zero }
    }
}

/// A price with its surcharges and shares.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Quote {
    /// The itemised price.
    pub pricing: Pricing,
    /// The surcharges within the service. Base, surcharges, materials and additional services, less the
    /// discount, sum exactly to the service charge.
    pub adjustments: Vec<Adjustment>,
    /// The shares of the total.
    pub shares: Shares,
}

impl PricingPolicy {
    pub(crate) fn check(&self, check: &mut PolicyCheck) {
        let FeeSchedule { platform, processing, vat, withholding } = self.fees;
        let fees =
            [("platform", platform), ("processing", processing), ("vat", vat), ("withholding", withholding)];
        for (name, rate) in fees {
            check.rate(format!("pricing.fees.{name}"), rate, Rate::percent(100));
        }
        let Surcharges { high_urgency, emergency, weekend, weekend_days: _, peak, peak_hours, demand } =
            &self.surcharges;
        let surcharges = [
            ("highUrgency", *high_urgency),
            ("emergency", *emergency),
            ("weekend", *weekend),
            ("peak", *peak),
            ("demand.step", demand.step),
            ("demand.cap", demand.cap),
        ];
        for (name, rate) in surcharges {
            check.rate(format!("pricing.surcharges.{name}"), rate, Rate::percent(1_000));
        }
        for (index, hours) in peak_hours.iter().enumerate() {
            let field = format!("pricing.surcharges.peakHours[{index}]");
            check.require(
                hours.from < hours.until,
                field,
                Code::Order,
                "the peak hours must end after they begin",
            );
        }
        let radius = demand.radius.metres();
        check.number("pricing.surcharges.demand.radius", radius, 0.0, 20_100_000.0);
        let (field, message) = ("pricing.surcharges.demand.mostTechnicians", "must be at least 1");
        check.require(demand.most_technicians > 0, field, Code::OutOfRange, message);
    }

    /// The price of a job.
    ///
    /// Every line is rounded as prices are. The discount in the quote is the amount that was actually
    /// deducted.
    ///
    /// # Errors
    /// [`MoneyError::Currencies`] if an amount has another currency than the base, [`MoneyError::Overflow`].
    pub fn quote(&self, request: &QuoteRequest) -> Result<Quote, MoneyError> {
        let currency = request.base.currency();
        let line = |amount| in_currency(amount, currency).map(|amount| round(at_least_zero(amount)));
        let base = line(request.base)?;
        let discount = line(request.discount)?;

        let mut adjustments = Vec::new();
        let (mut rates, mut surcharge) = (Rate::ZERO, Money::zero(currency));
        for (kind, rate) in self.surcharges.applying(request.urgency, &request.slot, request.demand) {
            // Rounding the running sum makes the amounts add up to the rounded total.
            rates = Rate::from_basis_points(rates.basis_points().saturating_add(rate.basis_points()));
            let sum = share(base, rates)?;
            adjustments.push(Adjustment { kind, rate, amount: sum.checked_sub(surcharge)? });
            surcharge = sum;
        }

        let parts = [base, surcharge, line(request.materials)?, line(request.services)?];
        let gross = Money::sum(currency, parts)?;
        let discount = discount.try_min(gross)?;
        let pricing = self.fees.price(base, gross.checked_sub(discount)?, discount)?;
        let shares = self.fees.shares(&pricing)?;
        Ok(Quote { pricing, adjustments, shares })
    }
}
