//! Requests as an application would send them.

use baitech::{
    account::Category,
    booking::{NewBooking, NewLocation, NewTimeSlot},
    schedule::Urgency,
    transaction::PaymentMethod,
};
use chrono::NaiveDate;

use crate::{Result, cast::Person};

/// A job at a person's home, paid in cash: `hours` are written `10:00-12:00`.
pub(crate) fn at_home_of(
    person: &Person,
    category: Category,
    service: &str,
    day: &str,
    hours: &str,
) -> Result<NewBooking> {
    let home = person.home.point.ok_or_else(|| format!("{} has no home on the map", person.name))?;
    Ok(NewBooking {
        service_category: category,
        service_type: service.to_owned(),
        description: format!("{service}, please bring what it takes"),
        urgency: Urgency::Medium,
        images: Vec::new(),
        service_location: NewLocation {
            coordinates: home.into(),
            address: person.home.address.clone(),
            city: person.home.city.clone(),
            county: person.home.county.clone(),
            ..NewLocation::default()
        },
        time_slot: slot(day, hours)?,
        preferred_technician: None,
        payment_method: PaymentMethod::Cash,
        project: None,
        recurrence: None,
        notes: None,
        source: Some("story".to_owned()),
        on_behalf_of: None,
        discount: None,
    })
}

/// Hours of a day: `2026-11-23`, `10:00-12:00`.
pub(crate) fn slot(day: &str, hours: &str) -> Result<NewTimeSlot> {
    let (start, end) = hours.split_once('-').ok_or("hours are written 10:00-12:00")?;
    let date: NaiveDate = day.parse()?;
    Ok(NewTimeSlot {
        date,
        start_time: start.to_owned(),
        end_time: end.to_owned(),
        estimated_duration: None,
        time_zone: None,
    })
}
