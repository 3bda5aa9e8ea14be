use baitech::account::Category;

use crate::{Result, requests, stage::Stage};

/// The search radius grows after 10 and 20 minutes, and the search ends after 30; the reason why a technician
/// was not asked can be queried.
pub(super) async fn tell(stage: &mut Stage<'_>) -> Result<()> {
    stage.chapter("No technician in range").await?;
    let brian = stage.cast.customer("Brian Cheruiyot")?;
    let welder = stage.cast.technician("Ruth Njoroge", Category::Welding)?;
    let bookings = stage.market.bookings();

    stage.at("2026-12-18 08:00").await?;
    let request =
        requests::at_home_of(&brian, Category::Welding, "Burglar bars", "2026-12-21", "10:00-13:00")?;
    let id = bookings.create(&brian.actor, &request).await?.id;
    for minutes in ["05", "15", "25"] {
        stage.at(&format!("2026-12-18 08:{minutes}")).await?;
        let reason = bookings.why_not(&brian.actor, id, welder.id).await?;
        let reason =
            reason.map_or("the technician is eligible".to_owned(), |exclusion| exclusion.to_string());
        stage.say(&format!("Why not {}? {reason}.", welder.name)).await?;
    }
    stage.at("2026-12-18 08:30").await
}
