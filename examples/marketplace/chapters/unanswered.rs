use baitech::{account::Category, kernel::Error};

use crate::{Result, money, requests, stage::Stage};

/// An offer expires and the next technician gets it, and no customer pays a fee that was not shown.
pub(super) async fn tell(stage: &mut Stage<'_>) -> Result<()> {
    stage.chapter("An unanswered offer, a second technician, and a late cancellation").await?;
    let sam = stage.cast.customer("Sam Kiptoo")?;
    let bookings = stage.market.bookings();

    stage.at("2026-11-25 10:00").await?;
    let request =
        requests::at_home_of(&sam, Category::Carpentry, "Wardrobe doors", "2026-11-25", "15:00-16:30")?;
    let id = bookings.create(&sam.actor, &request).await?.id;
    // The offer is not answered for a quarter of an hour; then the next technician is asked.
    stage.at("2026-11-25 10:20").await?;
    let carpenter = super::accept(stage, id).await?;

    stage.at("2026-11-25 11:30").await?;
    let seen = stage.booking(id).await?;
    let quote = bookings.cancellation_quote(&sam.actor, id).await?;
    let fee = money::text(quote.fee);
    stage.say(&format!("{} checks the cancellation fee: {}, {fee}.", sam.name, quote.rate)).await?;

    stage.at("2026-11-25 11:31").await?;
    bookings.note(&carpenter.actor, id, "I have bought the hinges already").await?;
    let as_seen = bookings.clone().if_version(seen.version);
    let Err(Error::Conflict(_)) = as_seen.cancel(&sam.actor, id, "I found the screws").await else {
        return Err("the booking changed in the meantime".into());
    };
    let looks = "The cancellation was for the booking as it had been; it has changed, so nothing happens and \
                 the customer looks again.";
    stage.say(looks).await?;

    stage.at("2026-11-25 11:33").await?;
    let seen = stage.booking(id).await?;
    bookings.if_version(seen.version).cancel(&sam.actor, id, "I found the screws").await?;
    stage.settle().await
}
