use baitech::{
    account::Category,
    booking::{BookingFilter, BookingStatus, NewMaterial, NewPriceChange, NewService, Supplier},
    kernel::{Currency, Money, PageRequest},
};

use crate::{Result, cast::Person, requests, stage::Stage};

/// Additional work needs the customer's approval before it costs anything.
pub(super) async fn job(stage: &mut Stage<'_>) -> Result<()> {
    stage.chapter("A new cistern: a higher price, and a warranty").await?;
    let hassan = customer(stage)?;
    let bookings = stage.market.bookings();

    stage.at("2026-12-03 17:30").await?;
    let request =
        requests::at_home_of(&hassan, Category::Plumbing, "Running toilet", "2026-12-04", "10:00-12:00")?;
    let id = bookings.create(&hassan.actor, &request).await?.id;
    stage.at("2026-12-03 17:33").await?;
    let plumber = super::accept(stage, id).await?;
    stage.at("2026-12-04 09:20").await?;
    bookings.en_route(&plumber.actor, id).await?;
    stage.at("2026-12-04 09:50").await?;
    bookings.arrive(&plumber.actor, id).await?;
    stage.at("2026-12-04 10:00").await?;
    bookings.start(&plumber.actor, id).await?;

    stage.at("2026-12-04 10:25").await?;
    let shillings = |amount| Money::from_major(amount, Currency::KES);
    let change = NewPriceChange {
        reason: "the cistern is cracked and has to be replaced".to_owned(),
        materials: vec![NewMaterial {
            name: "Cistern".to_owned(),
            quantity: 1.into(),
            unit_price: shillings(2_400),
            provided_by: Supplier::Technician,
        }],
        services: vec![NewService { name: "Replacing it".to_owned(), price: shillings(500) }],
    };
    let proposed = bookings.propose_price_change(&plumber.actor, id, &change).await?;
    stage.at("2026-12-04 10:30").await?;
    bookings.clone().if_version(proposed.version).approve_price_change(&hassan.actor, id).await?;
    stage.at("2026-12-04 11:50").await?;
    bookings.offer_warranty(&plumber.actor, id, 30, Some("the cistern and its joints")).await?;
    stage.settle().await?;
    bookings.complete(&plumber.actor, id).await?;
    stage.at("2026-12-04 12:00").await?;
    super::pay(stage, id, &hassan).await
}

/// The customer claims the warranty: the same technician comes again, free of charge.
pub(super) async fn warranty(stage: &mut Stage<'_>) -> Result<()> {
    stage.chapter("The cistern drips: the warranty is claimed").await?;
    let hassan = customer(stage)?;
    let bookings = stage.market.bookings();
    let his = BookingFilter {
        customer: Some(hassan.id),
        statuses: vec![BookingStatus::Paid],
        ..BookingFilter::default()
    };
    let paid = bookings.list(&hassan.actor, &his, &PageRequest::default()).await?;
    let covered = paid.items.first().ok_or("Hassan has no paid booking")?.id;

    stage.at("2026-12-09 18:00").await?;
    let slot = requests::slot("2026-12-10", "09:00-10:00")?;
    let id = bookings.claim_warranty(&hassan.actor, covered, &slot, "A joint drips").await?.id;
    stage.at("2026-12-09 18:05").await?;
    super::accept(stage, id).await?;
    super::work(stage, id, "2026-12-10", ["08:30", "08:55", "09:20"]).await?;
    stage.at("2026-12-10 09:25").await?;
    bookings.verify(&hassan.actor, id).await?;
    Ok(())
}

fn customer(stage: &Stage<'_>) -> Result<Person> {
    stage.cast.customer("Hassan Kiptoo")
}
