use baitech::account::Category;

use crate::{Result, money, requests, stage::Stage};

/// The technician does not come: after half an hour, the customer cancels free of charge.
pub(super) async fn technician(stage: &mut Stage<'_>) -> Result<()> {
    stage.chapter("The technician does not come").await?;
    let tom = stage.cast.customer("Tom Barasa")?;
    let bookings = stage.market.bookings();

    stage.at("2026-11-25 16:00").await?;
    let request =
        requests::at_home_of(&tom, Category::Hvac, "Air conditioner service", "2026-11-26", "09:00-10:30")?;
    let id = bookings.create(&tom.actor, &request).await?.id;
    stage.at("2026-11-25 16:05").await?;
    super::accept(stage, id).await?;

    stage.at("2026-11-26 09:15").await?;
    let early = bookings.cancellation_quote(&tom.actor, id).await?;
    stage
        .say(&format!("{} waits; a cancellation now would cost {}.", tom.name, money::text(early.fee)))
        .await?;
    stage.at("2026-11-26 09:30").await?;
    let seen = stage.booking(id).await?;
    bookings.if_version(seen.version).cancel(&tom.actor, id, "the technician did not come").await?;
    Ok(())
}

/// The customer is absent: the technician waits half an hour, and the customer owes 75 % of the total.
pub(super) async fn customer(stage: &mut Stage<'_>) -> Result<()> {
    stage.chapter("The customer is absent").await?;
    let david = stage.cast.customer("David Kamau")?;
    let bookings = stage.market.bookings();

    stage.at("2026-11-26 10:00").await?;
    let request =
        requests::at_home_of(&david, Category::Painting, "Paint a gate", "2026-11-26", "14:00-16:00")?;
    let id = bookings.create(&david.actor, &request).await?.id;
    stage.at("2026-11-26 10:04").await?;
    let painter = super::accept(stage, id).await?;
    stage.at("2026-11-26 13:20").await?;
    bookings.en_route(&painter.actor, id).await?;
    stage.at("2026-11-26 13:50").await?;
    bookings.arrive(&painter.actor, id).await?;

    stage.at("2026-11-26 14:10").await?;
    let attempt = format!("{} reports the customer as absent", painter.name);
    stage.refused(&attempt, bookings.report_customer_no_show(&painter.actor, id).await).await?;
    stage.at("2026-11-26 14:30").await?;
    bookings.report_customer_no_show(&painter.actor, id).await?;
    Ok(())
}
