use baitech::account::Category;

use crate::{Result, requests, stage::Stage};

/// One side proposes another time and the other approves it: the job and the claims on the technician's time
/// move in one commit.
pub(super) async fn tell(stage: &mut Stage<'_>) -> Result<()> {
    stage.chapter("Another day suits better").await?;
    let otieno = stage.cast.customer("Otieno Barasa")?;
    let bookings = stage.market.bookings();

    stage.at("2026-12-04 14:00").await?;
    let request =
        requests::at_home_of(&otieno, Category::Welding, "Broken gate", "2026-12-07", "10:00-12:00")?;
    let id = bookings.create(&otieno.actor, &request).await?.id;
    stage.at("2026-12-04 14:06").await?;
    let welder = super::accept(stage, id).await?;

    stage.at("2026-12-05 11:00").await?;
    let slot = requests::slot("2026-12-08", "14:00-16:00")?;
    let proposed = bookings.propose_slot(&otieno.actor, id, &slot, Some("a funeral on Monday")).await?;
    let attempt = format!("{} approves their own proposal", otieno.name);
    stage.refused(&attempt, bookings.approve_slot(&otieno.actor, id).await).await?;
    stage.at("2026-12-05 12:40").await?;
    bookings.clone().if_version(proposed.version).approve_slot(&welder.actor, id).await?;
    super::work(stage, id, "2026-12-08", ["13:10", "13:55", "15:30"]).await?;
    stage.at("2026-12-08 15:40").await?;
    super::pay(stage, id, &otieno).await
}
