//! Checks of user profiles. Valid text is kept trimmed, and blank text becomes `None`.

use std::collections::HashSet;

use rust_decimal::Decimal;

use super::{Address, Availability, CorporateProfile, Image, TechnicianProfile, TimeOfDay};
use crate::kernel::{Code, Currency, Role, Text, Violation, Violations, document_name, web_address};

const MAX_SKILLS: usize = 30;
const MAX_DOCUMENTS: usize = 10;
const MAX_IMAGES: usize = 5;
const MAX_YEARS: u32 = 80;
/// Maximum hourly rate, in whole units of any currency.
const MAX_HOURLY_RATE: u32 = 10_000_000;

/// Trims a text of at most `MAX` characters in place.
fn tidy<const MAX: usize>(field: &'static str, text: &mut Option<String>, violations: &mut Violations) {
    let checked = Text::<MAX>::optional(field, text.as_deref());
    violations.set(text, checked.map(|text| text.map(|text| text.to_string())));
}

pub(super) fn tidy_address(address: &mut Address, violations: &mut Violations) {
    tidy::<300>("location.address", &mut address.address, violations);
    tidy::<300>("location.city", &mut address.city, violations);
    tidy::<300>("location.county", &mut address.county, violations);
    tidy::<300>("location.country", &mut address.country, violations);
}

/// Requires the profile of the role, and no profile of another role.
pub(super) fn check_profiles(role: Role, technician: bool, corporate: bool, violations: &mut Violations) {
    for (field, needed, given) in [
        ("technician", role == Role::Technician, technician),
        ("corporate", role == Role::Corporate, corporate),
    ] {
        match (needed, given) {
            (true, false) => violations.push(Violation::new(field, Code::Required, "the role requires it")),
            (false, true) => {
                violations.push(Violation::new(field, Code::Unknown, "is not allowed for this role"))
            }
            (true, true) | (false, false) => {}
        }
    }
}

pub(super) fn tidy_corporate(company: &mut CorporateProfile, violations: &mut Violations) {
    tidy::<150>("corporate.companyRegistration", &mut company.company_registration, violations);
    tidy::<150>("corporate.department", &mut company.department, violations);
    let billing = &mut company.billing;
    tidy::<150>("corporate.billing.taxId", &mut billing.tax_id, violations);
    tidy::<150>("corporate.billing.billingEmail", &mut billing.billing_email, violations);
    tidy::<300>("corporate.billing.billingAddress", &mut billing.billing_address, violations);
    tidy::<150>("corporate.billing.paymentTerms", &mut billing.payment_terms, violations);
}

pub(super) fn tidy_technician(
    profile: &mut TechnicianProfile,
    currency: Currency,
    violations: &mut Violations,
) {
    tidy_skills(profile, violations);
    let radius = profile.service_radius;
    if !(radius.metres() > 0.0 && radius <= TechnicianProfile::MAX_SERVICE_RADIUS) {
        let message = format!("must be above zero and at most {}", TechnicianProfile::MAX_SERVICE_RADIUS);
        violations.push(Violation::new("technician.serviceRadius", Code::OutOfRange, message));
    }
    if let Some(rate) = profile.hourly_rate {
        if rate.currency() != currency {
            let message = format!("must be in {}", currency.code());
            violations.push(Violation::new("technician.hourlyRate", Code::Currency, message));
        } else if rate.is_negative() || rate.is_zero() || rate.amount() > Decimal::from(MAX_HOURLY_RATE) {
            let message = format!("must be above zero and at most {MAX_HOURLY_RATE}");
            violations.push(Violation::new("technician.hourlyRate", Code::OutOfRange, message));
        }
    }
    if profile.years_of_experience.is_some_and(|years| years > MAX_YEARS) {
        violations.push(too_many_years("technician.yearsOfExperience"));
    }
    if let Some(licence) = &mut profile.licence {
        tidy::<150>("technician.licence.number", &mut licence.number, violations);
    }
    if let Some(insurance) = &mut profile.insurance {
        tidy::<150>("technician.insurance.provider", &mut insurance.provider, violations);
        tidy::<150>("technician.insurance.policyNumber", &mut insurance.policy_number, violations);
    }
    tidy_hours(&mut profile.availability, violations);
}

fn tidy_skills(profile: &mut TechnicianProfile, violations: &mut Violations) {
    if profile.skills.len() > MAX_SKILLS {
        let message = format!("must have at most {MAX_SKILLS} skills");
        violations.push(Violation::new("technician.skills", Code::TooMany, message));
    }
    if profile.skills.iter().any(|skill| skill.years_of_experience > MAX_YEARS) {
        violations.push(too_many_years("technician.skills"));
    }
    for (index, skill) in profile.skills.iter_mut().enumerate().take(MAX_SKILLS) {
        let field = |place: &str| format!("technician.skills.{index}.verificationDocuments{place}");
        if skill.verification_documents.len() > MAX_DOCUMENTS {
            let message = format!("must have at most {MAX_DOCUMENTS} documents");
            violations.push(Violation::new(field(""), Code::TooMany, message));
            continue;
        }
        for (place, document) in skill.verification_documents.iter_mut().enumerate() {
            let checked = document_name(field(&format!(".{place}")), document);
            violations.set(document, checked);
        }
    }
}

fn too_many_years(field: &'static str) -> Violation {
    Violation::new(field, Code::OutOfRange, format!("must have at most {MAX_YEARS} years of experience"))
}

/// Splits hours that cross midnight, and checks them.
pub(super) fn tidy_hours(hours: &mut Availability, violations: &mut Violations) {
    check_entered_hours(hours, violations);
    *hours = std::mem::take(hours).split_at_midnight();
    if hours.weekly.len() > 100 || hours.exceptions.len() > 400 {
        violations.push(Violation::new(
            "availability",
            Code::TooMany,
            "must have at most 100 slots and 400 exceptions; hours over midnight count as two",
        ));
    }
}

/// Checks hours as they were entered, so that a violation names the field of the request.
fn check_entered_hours(hours: &Availability, violations: &mut Violations) {
    const ORDER: &str = "the end differs from the start; an end of 00:00 or 24:00 is midnight, and an end \
                         before the start lies on the next day";
    let has_length = |start, end| TimeOfDay::split_at_midnight(start, end).is_some();
    let mut seen = HashSet::new();
    for (index, slot) in hours.weekly.iter().enumerate() {
        let field = |name: &str| format!("availability.{index}.{name}");
        if slot.day_of_week > 6 {
            violations.push(Violation::new(
                field("dayOfWeek"),
                Code::OutOfRange,
                "must be between 0 (Sunday) and 6 (Saturday)",
            ));
        }
        if !has_length(slot.start, slot.end) {
            violations.push(Violation::new(field("endTime"), Code::Order, ORDER));
        }
        if !seen.insert((slot.day_of_week, slot.start, slot.end)) {
            violations.push(Violation::new(field("startTime"), Code::Duplicate, "the slot occurs twice"));
        }
    }
    for (index, exception) in hours.exceptions.iter().enumerate() {
        if !has_length(exception.start, exception.end) {
            let field = format!("availability.exceptions.{index}.endTime");
            violations.push(Violation::new(field, Code::Order, ORDER));
        }
    }
}

impl Image {
    /// Checks the images of a text: at most five, each with a web address and a name of at most 200
    /// characters in the media store.
    pub(crate) fn check_all(images: &[Self], violations: &mut Violations) -> Vec<Self> {
        if images.len() > MAX_IMAGES {
            violations.push(Violation::new("images", Code::TooMany, "must have at most five images"));
        }
        let mut checked = Vec::with_capacity(MAX_IMAGES);
        for (index, image) in images.iter().enumerate().take(MAX_IMAGES) {
            let url = violations.check(web_address(format!("images.{index}.url"), &image.url));
            let name = image.public_id.as_deref();
            let name = violations.check(Text::<200>::optional(format!("images.{index}.publicId"), name));
            if let (Some(url), Some(name)) = (url, name) {
                checked.push(Self { url, public_id: name.map(|name| name.to_string()) });
            }
        }
        checked
    }
}
