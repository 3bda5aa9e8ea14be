use baitech::account::Category;

use crate::{Result, requests, stage::Stage};

/// An invalid request stores nothing, and the error lists all violations.
pub(super) async fn tell(stage: &mut Stage<'_>) -> Result<()> {
    stage.chapter("A request with several errors").await?;
    let customer = stage.cast.customer("Esther Barasa")?;
    let bookings = stage.market.bookings();

    stage.at("2026-11-23 12:30").await?;
    let mut request =
        requests::at_home_of(&customer, Category::Painting, "Two rooms", "2026-11-20", "10:00-12:00")?;
    request.description = "white ".repeat(200);
    request.service_location.coordinates = (36.8, -91.3);
    let attempt = format!("{} requests the painting of two rooms", customer.name);
    stage.refused(&attempt, bookings.create(&customer.actor, &request).await).await
}
