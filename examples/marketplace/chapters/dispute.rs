use baitech::{
    account::Category,
    booking::{DisputeCategory, DisputeOutcome},
    kernel::{Currency, Money, Role},
    ledger::Account,
};

use crate::{Result, money, requests, stage::Stage};

/// A paid booking is disputed and resolved: a part of the money is refunded to the customer's wallet.
pub(super) async fn tell(stage: &mut Stage<'_>) -> Result<()> {
    stage.chapter("A crooked wall: a dispute with a partial refund").await?;
    let cate = stage.cast.customer("Cate Njoroge")?;
    let irene = stage.cast.one(Role::Support)?;
    let bookings = stage.market.bookings();

    stage.at("2026-11-26 17:00").await?;
    let request = requests::at_home_of(&cate, Category::Masonry, "Garden wall", "2026-11-27", "09:30-12:30")?;
    let id = bookings.create(&cate.actor, &request).await?.id;
    stage.at("2026-11-26 17:09").await?;
    let mason = super::accept(stage, id).await?;
    super::work(stage, id, "2026-11-27", ["09:00", "09:25", "12:20"]).await?;
    stage.at("2026-11-27 12:30").await?;
    super::pay(stage, id, &cate).await?;

    stage.at("2026-11-30 10:00").await?;
    let crooked = "The wall leans towards the neighbour";
    bookings.dispute(&cate.actor, id, DisputeCategory::Quality, crooked).await?;
    stage.at("2026-11-30 11:15").await?;
    bookings.add_evidence(&mason.actor, id, "The ground gave way after the rain", Vec::new()).await?;
    stage.at("2026-11-30 14:00").await?;
    bookings.investigate_dispute(&irene.actor, id).await?;
    stage.at("2026-12-01 09:00").await?;
    let part = DisputeOutcome::PartialRefund(Money::from_major(1_000, Currency::KES));
    let reason = "the foundation is too shallow, but the wall is stable";
    bookings.resolve_dispute(&irene.actor, id, part, reason).await?;

    let wallet = Account::Wallet(cate.id);
    let wallet = stage.market.ledger().balance(&cate.actor, wallet, Currency::KES).await?;
    let text = format!(
        "{} has {} in the wallet; each party returned a part of its share.",
        cate.name,
        money::text(wallet)
    );
    stage.say(&text).await?;
    stage.at("2026-12-01 09:05").await?;
    bookings.close_dispute(&irene.actor, id).await?;
    Ok(())
}
