use rust_decimal::Decimal;

use super::{
    Context, NewBooking, Recurrence, ServiceLocation, price_change::MAX_PRICE, reschedule::check_slot,
};
use crate::{
    account::{Category, Image, User},
    kernel::{Code, Error, Id, Money, Result, Text, Violation, Violations},
};
use crate::{
    schedule::{TimeSlot, Urgency},
    transaction::PaymentMethod,
};

/// A validated request, without its price and number.
#[derive(Debug, Clone, PartialEq)]
pub struct BookingDraft {
    pub(super) category: Category,
    pub(super) service_type: Text<100>,
    pub(super) description: Text<1000>,
    pub(super) urgency: Urgency,
    pub(super) images: Vec<Image>,
    pub(super) location: ServiceLocation,
    pub(super) slot: TimeSlot,
    pub(super) preferred_technician: Option<Id<User>>,
    pub(super) payment_method: PaymentMethod,
    pub(super) project: (Option<Text<150>>, Option<Text<50>>, Option<Text<100>>),
    pub(super) recurrence: Option<Recurrence>,
    pub(super) notes: Option<Text<1000>>,
    pub(super) source: String,
    pub(super) discount: Money,
}

impl NewBooking {
    /// Checks every field of the request.
    ///
    /// # Errors
    /// [`Error::Invalid`] with every violation.
    pub fn check(&self, context: &Context<'_>) -> Result<BookingDraft> {
        let policy = context.policy;
        let mut violations = Violations::new();
        let service_type = violations.check(Text::new("serviceType", &self.service_type));
        let description = violations.check(Text::new("description", &self.description));
        let location = self.service_location.check(&mut violations);
        let slot = violations.check(self.time_slot.check(policy.time_zone, policy).and_then(|slot| {
            check_slot(&slot, context)?;
            Ok(slot)
        }));
        let images = Image::check_all(&self.images, &mut violations);
        let project = self.project.clone().unwrap_or_default();
        let name = violations.check(Text::optional("project.name", project.name.as_deref())).flatten();
        let code = violations.check(Text::optional("project.code", project.code.as_deref())).flatten();
        let department =
            violations.check(Text::optional("project.department", project.department.as_deref())).flatten();
        let recurrence = match (&self.recurrence, &slot) {
            (Some(rule), Some(slot)) => violations.check(Recurrence::new(rule, slot, policy)),
            _ => None,
        };
        let notes = violations.check(Text::optional("notes", self.notes.as_deref())).flatten();
        let source = self.source.as_deref().unwrap_or("api");
        let source = violations.check(Text::<50>::new("source", source)).map(|text| text.to_string());
        let discount = violations.check(self.check_discount(context));
        match (service_type, description, location, slot, source, discount) {
            (
                Some(service_type),
                Some(description),
                Some(location),
                Some(slot),
                Some(source),
                Some(discount),
            ) => {
                violations.into_result()?;
                Ok(BookingDraft {
                    category: self.service_category,
                    service_type,
                    description,
                    urgency: self.urgency,
                    images,
                    location,
                    slot,
                    preferred_technician: self.preferred_technician,
                    payment_method: self.payment_method,
                    project: (name, code, department),
                    recurrence,
                    notes,
                    source,
                    discount,
                })
            }
            _ => Err(Error::Invalid(violations)),
        }
    }

    fn check_discount(&self, context: &Context<'_>) -> Result<Money, Violation> {
        let currency = context.policy.currency;
        let discount = self.discount.unwrap_or(Money::zero(currency));
        if discount.currency() != currency {
            let message = format!("must be in {}", currency.code());
            return Err(Violation::new("discount", Code::Currency, message));
        }
        if discount.is_negative() || discount.amount() > Decimal::from(MAX_PRICE) {
            let message = format!("must be between 0 and {MAX_PRICE}");
            return Err(Violation::new("discount", Code::OutOfRange, message));
        }
        Ok(discount)
    }
}
