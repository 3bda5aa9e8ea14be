use baitech::{
    account::Category,
    booking::{Booking, BookingFilter, BookingStatus, NewBooking},
    kernel::{Id, PageRequest},
    store::IdempotencyKey,
};

use crate::{Result, cast::Person, requests, stage::Stage};

/// A repeated request creates one booking, and a series creates its next bookings automatically.
pub(super) async fn tell(stage: &mut Stage<'_>) -> Result<()> {
    stage.chapter("A weekly series, requested twice after a lost connection").await?;
    let esther = stage.cast.customer("Esther Cheruiyot")?;
    let bookings = stage.market.bookings();

    stage.at("2026-12-16 14:00").await?;
    let job = requests::at_home_of(&esther, Category::Other, "House cleaning", "2026-12-17", "10:00-12:00")?;
    let request = NewBooking { recurrence: Some("FREQ=WEEKLY;COUNT=3".to_owned()), ..job };
    let keyed = bookings.clone().idempotency_key(IdempotencyKey::new("esther-phone-0001")?);
    let first = keyed.create(&esther.actor, &request).await?;
    let again = keyed.create(&esther.actor, &request).await?;
    if again.id != first.id {
        return Err("the repeated request must not create another booking".into());
    }
    let twice = format!(
        "The connection breaks; {}'s phone repeats the request, and the answer is {} again.",
        esther.name, again.number
    );
    stage.say(&twice).await?;
    let other = NewBooking { service_type: "Laundry".to_owned(), ..request };
    stage.refused("The same key for another request", keyed.create(&esther.actor, &other).await).await?;

    stage.at("2026-12-16 14:05").await?;
    accept_all(stage, &esther).await?;
    let cleaner = stage.technician_of(first.id).await?;
    // The third is created two weeks before its start, during the first.
    stage.at("2026-12-17 09:20").await?;
    bookings.en_route(&cleaner.actor, first.id).await?;
    stage.at("2026-12-17 09:55").await?;
    bookings.arrive(&cleaner.actor, first.id).await?;
    bookings.start(&cleaner.actor, first.id).await?;
    stage.at("2026-12-17 10:05").await?;
    accept_all(stage, &esther).await?;
    stage.at("2026-12-17 11:50").await?;
    bookings.complete(&cleaner.actor, first.id).await?;
    super::pay(stage, first.id, &esther).await?;

    stage.at("2026-12-17 13:00").await?;
    let to_come = in_status(stage, &esther, BookingStatus::Accepted).await?;
    let last = *to_come.first().ok_or("two bookings of the series must be open")?;
    let quote = bookings.cancellation_quote(&esther.actor, last).await?;
    stage
        .say(&format!(
            "A cancellation of the last booking of the series, two weeks ahead, costs {}.",
            quote.rate
        ))
        .await?;
    bookings.cancel(&esther.actor, last, "we are away over New Year").await?;
    Ok(())
}

/// Accepts all of the customer's offered bookings by their technicians.
async fn accept_all(stage: &mut Stage<'_>, customer: &Person) -> Result<()> {
    for offered in in_status(stage, customer, BookingStatus::Assigned).await? {
        super::accept(stage, offered).await?;
    }
    Ok(())
}

/// A customer's bookings in a status, the newest first.
async fn in_status(
    stage: &mut Stage<'_>,
    customer: &Person,
    status: BookingStatus,
) -> Result<Vec<Id<Booking>>> {
    stage.settle().await?;
    let filter =
        BookingFilter { customer: Some(customer.id), statuses: vec![status], ..BookingFilter::default() };
    let page = stage.market.bookings().list(&customer.actor, &filter, &PageRequest::default()).await?;
    Ok(page.items.into_iter().map(|booking| booking.id).collect())
}
