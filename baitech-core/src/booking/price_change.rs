use rust_decimal::Decimal;
use serde::Deserialize;

use super::{
    AdditionalService, ApprovalStatus, Booking, BookingEvent, Context, Material, Party, PriceChange, Supplier,
};
use crate::{
    decide::Decision,
    kernel::{Code, Currency, Error, Money, Result, Rounding, Rule, Text, Violation, Violations},
    pricing::Pricing,
};

/// A technician's proposed additions to the job, not yet validated.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, serde::Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct NewPriceChange {
    /// The reason.
    pub reason: String,
    /// Materials to add.
    pub materials: Vec<NewMaterial>,
    /// Services to add.
    pub services: Vec<NewService>,
}

/// A material, not yet validated.
#[derive(Debug, Clone, PartialEq, Deserialize, serde::Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewMaterial {
    /// The name.
    pub name: String,
    /// The quantity: above 0 and up to 100,000, with at most 6 digits after the point.
    #[serde(deserialize_with = "crate::kernel::decimal::deserialize")]
    pub quantity: Decimal,
    /// The price per unit; ignored for what the customer supplies.
    pub unit_price: Money,
    /// Who supplies it.
    pub provided_by: Supplier,
}

/// Additional work, not yet validated.
#[derive(Debug, Clone, PartialEq, Deserialize, serde::Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NewService {
    /// The name.
    pub name: String,
    /// What it adds to the price of the service.
    pub price: Money,
}

/// The maximum number of items in one proposal.
const MAX_ITEMS: usize = 50;

/// The maximum number of materials and additional services in a booking.
const MAX_ITEMS_OF_BOOKING: usize = 200;

/// The maximum price of one line of a booking, in whole units of any currency.
pub(super) const MAX_PRICE: u32 = 10_000_000;

/// The maximum price of a booking, in whole units of any currency.
const MAX_TOTAL: u32 = 20_000_000;

impl Booking {
    /// The technician proposes materials or services that raise the price, replacing any undecided proposal.
    /// Nothing changes for the customer before [`approve_price_change`](Self::approve_price_change).
    ///
    /// # Errors
    /// [`Rule::TRANSITION`] unless the technician holds the job; violations of `reason`, `materials…` and
    /// `services…`: at most 50 items in a proposal and 200 in a booking, 10,000,000 for a line and 20,000,000
    /// for the booking. The commit of a cash job may be refused with [`Rule::DEBT_LIMIT`].
    pub fn propose_price_change(
        mut self,
        change: &NewPriceChange,
        context: &Context<'_>,
    ) -> Result<Decision<Self>> {
        self.require_party(&[Party::Technician], &context.actor)?;
        if !self.status.holds_time() {
            return Err(self.refuse(
                Rule::TRANSITION,
                "the price can change only before the work is done",
                &context.actor,
            ));
        }
        self.require_settled(context)?;
        let (reason, materials, services) = check(change, self.pricing.currency(), context)?;
        self.check_items(materials.len().saturating_add(services.len()))?;
        let pricing = self.raised_price(&materials, &services, context)?;
        if pricing.total.amount() > Decimal::from(MAX_TOTAL) {
            let message = format!("the booking would cost {}; the maximum is {MAX_TOTAL}", pricing.total);
            return Err(Violation::new("materials", Code::OutOfRange, message).into());
        }
        let Some(proposed_by) = context.actor.id() else {
            return Err(Error::forbidden("only a user can propose a price"));
        };
        self.0.price_change = Some(PriceChange {
            proposed_by,
            proposed_at: context.now,
            reason,
            materials,
            services,
            pricing,
            status: ApprovalStatus::Pending,
            decided_at: None,
        });
        Decision::new(self)
            .event(BookingEvent::BookingPriceChangeRequested { total: pricing.total })
            .adjust_commission(context)
    }

    /// The customer approves the proposed price, which takes effect at once. If a company's total rises above
    /// the limit of automatic approval, the company's administrator has to approve it.
    ///
    /// # Errors
    /// [`Rule::APPROVAL_REQUIRED`] for a member of a company who may not approve it alone;
    /// [`Rule::ALREADY_DECIDED`] if no proposal is open; [`Rule::TRANSITION`] once the work is done.
    pub fn approve_price_change(self, context: &Context<'_>) -> Result<Decision<Self>> {
        let total = self.price_change.as_ref().map_or(self.pricing.total, |change| change.pricing.total);
        if self.needs_new_approval(total, context)? && context.actor.id() != Some(self.payer()) {
            let message = "only the company's administrator can approve a price above the limit";
            return Err(self.refuse(Rule::APPROVAL_REQUIRED, message, &context.actor));
        }
        self.require_settled(context)?;
        let mut decision = self.decide_price_change(ApprovalStatus::Approved, context)?;
        let booking = &mut decision.next.0;
        if let Some(change) = booking.price_change.clone() {
            booking.materials.extend(change.materials);
            booking.additional_services.extend(change.services);
            booking.pricing = change.pricing;
        }
        decision.adjust_commission(context)
    }

    /// The customer declines the higher price; the old one stays.
    ///
    /// # Errors
    /// As [`approve_price_change`](Self::approve_price_change).
    pub fn decline_price_change(self, context: &Context<'_>) -> Result<Decision<Self>> {
        self.decide_price_change(ApprovalStatus::Declined, context)?.adjust_commission(context)
    }

    /// Fails if the booking would have more items than allowed.
    fn check_items(&self, added: usize) -> Result<(), Violation> {
        let present = self.materials.len().saturating_add(self.additional_services.len());
        if present.saturating_add(added) > MAX_ITEMS_OF_BOOKING {
            let message = format!(
                "a booking can have at most {MAX_ITEMS_OF_BOOKING} items, and this one has {present}"
            );
            return Err(Violation::new("materials", Code::TooMany, message));
        }
        Ok(())
    }

    /// Fails while a payment is in progress, because it is for the present price.
    fn require_settled(&self, context: &Context<'_>) -> Result<()> {
        if context.inputs.has_open_payment() {
            let message = "a payment of the current price is in progress";
            return Err(self.refuse(Rule::UNDECIDED, message, &context.actor));
        }
        Ok(())
    }

    fn decide_price_change(
        mut self,
        status: ApprovalStatus,
        context: &Context<'_>,
    ) -> Result<Decision<Self>> {
        self.require_party(&[Party::Customer], &context.actor)?;
        if !self.status.holds_time() {
            return Err(self.refuse(
                Rule::TRANSITION,
                "the price can change only before the work is done",
                &context.actor,
            ));
        }
        let open = self.0.price_change.as_mut().filter(|change| change.status == ApprovalStatus::Pending);
        let Some(change) = open else {
            return Err(self.refuse(
                Rule::ALREADY_DECIDED,
                "no price change awaits a decision",
                &context.actor,
            ));
        };
        change.status = status;
        change.decided_at = Some(context.now);
        let (approved, total) = (status == ApprovalStatus::Approved, change.pricing.total);
        Ok(Decision::new(self).event(BookingEvent::BookingPriceChangeDecided { approved, total }))
    }

    fn raised_price(
        &self,
        materials: &[Material],
        services: &[AdditionalService],
        context: &Context<'_>,
    ) -> Result<Pricing> {
        let old = self.pricing;
        let by_technician = materials.iter().filter(|material| material.provided_by == Supplier::Technician);
        let added =
            by_technician.map(|material| material.total_price).chain(services.iter().map(|s| s.price));
        let service = Money::sum(old.currency(), added)?.checked_add(old.service_charge)?;
        Ok(context.policy.pricing.fees.price(old.base_price, service, old.discount)?)
    }
}

type Checked = (Text<500>, Vec<Material>, Vec<AdditionalService>);

fn check(change: &NewPriceChange, currency: Currency, context: &Context<'_>) -> Result<Checked> {
    let mut violations = Violations::new();
    let reason = violations.check(Text::new("reason", &change.reason));
    let count = change.materials.len().saturating_add(change.services.len());
    if count == 0 {
        violations.push(Violation::new(
            "materials",
            Code::Required,
            "must have at least one material or service",
        ));
    }
    if count > MAX_ITEMS {
        let field = if change.materials.len() > MAX_ITEMS { "materials" } else { "services" };
        let message = format!("must have at most {MAX_ITEMS} materials and services together");
        violations.push(Violation::new(field, Code::TooMany, message));
    }
    let mut materials = Vec::new();
    for (index, material) in change.materials.iter().enumerate().take(MAX_ITEMS) {
        let field = |name: &str| format!("materials.{index}.{name}");
        let name = violations.check(Text::new(field("name"), &material.name));
        let in_range = material.quantity > Decimal::ZERO
            && material.quantity <= Decimal::from(100_000)
            && material.quantity.normalize().scale() <= 6;
        if !in_range {
            let message = "must be above 0 and at most 100,000, with at most 6 digits after the point";
            violations.push(Violation::new(field("quantity"), Code::OutOfRange, message));
        }
        let price = violations.check(check_price(field("unitPrice"), material.unit_price, currency));
        if let (Some(name), true, Some(unit_price)) = (name, in_range, price) {
            let total_price = match material.provided_by {
                Supplier::Technician => {
                    unit_price.checked_mul(material.quantity)?.round_price(Rounding::HalfAwayFromZero)
                }
                Supplier::Customer => Money::zero(currency),
            };
            if total_price.amount() > Decimal::from(MAX_PRICE) {
                let message = format!("the total of the line is {total_price}; the maximum is {MAX_PRICE}");
                violations.push(Violation::new(field("quantity"), Code::OutOfRange, message));
            }
            materials.push(Material {
                element: Some(context.id()),
                name,
                quantity: material.quantity,
                unit_price,
                total_price,
                provided_by: material.provided_by,
            });
        }
    }
    let mut services = Vec::new();
    for (index, service) in change.services.iter().enumerate().take(MAX_ITEMS) {
        let name = violations.check(Text::new(format!("services.{index}.name"), &service.name));
        let price = violations.check(check_price(format!("services.{index}.price"), service.price, currency));
        if let (Some(name), Some(price)) = (name, price) {
            services.push(AdditionalService { element: Some(context.id()), name, price });
        }
    }
    match reason {
        Some(reason) => violations.into_result().map(|()| (reason, materials, services)),
        None => Err(Error::Invalid(violations)),
    }
}

fn check_price(field: String, price: Money, currency: Currency) -> Result<Money, Violation> {
    if price.currency() != currency {
        let message = format!("must be in {}", currency.code());
        return Err(Violation::new(field, Code::Currency, message));
    }
    if price.is_negative() || price.amount() > Decimal::from(MAX_PRICE) {
        let message = format!("must be between 0 and {MAX_PRICE}");
        return Err(Violation::new(field, Code::OutOfRange, message));
    }
    Ok(price)
}
