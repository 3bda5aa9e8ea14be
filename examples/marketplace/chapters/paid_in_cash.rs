use baitech::{account::Category, kernel::Currency, ledger::Account};

use crate::{Result, money, requests, stage::Stage};

/// From the request to the payment, without problems.
pub(super) async fn tell(stage: &mut Stage<'_>) -> Result<()> {
    stage.chapter("A leaking sink, from request to paid").await?;
    let wanjiru = stage.cast.customer("Wanjiru Mwangi")?;
    let bookings = stage.market.bookings();

    stage.at("2026-11-23 08:05").await?;
    let mut request = requests::at_home_of(
        &wanjiru,
        Category::Plumbing,
        "Kitchen sink repair",
        "2026-11-23",
        "10:00-12:00",
    )?;
    request.service_location.access_instructions = Some("the green gate behind the kiosk".to_owned());
    let id = bookings.create(&wanjiru.actor, &request).await?.id;
    let plumber = stage.technician_of(id).await?;

    let before = bookings.view(&plumber.actor, id).await?;
    let address = before.record.location.address.map_or("no address", |_| "the address");
    stage.say(&format!("Before acceptance, {} sees the town and {address}.", plumber.name)).await?;

    stage.at("2026-11-23 08:12").await?;
    bookings.accept(&plumber.actor, id).await?;
    let after = bookings.view(&plumber.actor, id).await?;
    let (place, contact) = (after.record.location, after.customer_contact.ok_or("no contact")?);
    let address = place.address.map(|text| text.to_string()).unwrap_or_default();
    let way_in = place.access_instructions.map(|text| text.to_string()).unwrap_or_default();
    let shown = format!("Now it is {address} ({way_in}), {}, {}.", contact.name, contact.phone_number);
    stage.say(&shown).await?;

    stage.at("2026-11-23 09:30").await?;
    bookings.en_route(&plumber.actor, id).await?;
    stage.at("2026-11-23 09:55").await?;
    bookings.arrive(&plumber.actor, id).await?;
    stage.at("2026-11-23 10:00").await?;
    bookings.start(&plumber.actor, id).await?;
    stage.at("2026-11-23 10:40").await?;
    bookings.pause(&plumber.actor, id, Some("buying a washer")).await?;
    stage.at("2026-11-23 11:05").await?;
    bookings.resume(&plumber.actor, id).await?;
    stage.at("2026-11-23 11:45").await?;
    bookings.complete(&plumber.actor, id).await?;
    stage.at("2026-11-23 11:50").await?;
    super::pay(stage, id, &wanjiru).await?;

    let owed = stage.market.ledger();
    let owed = owed.balance(&plumber.actor, Account::Payable(plumber.id), Currency::KES).await?;
    let pricing = stage.booking(id).await?.pricing;
    let shares = stage.market.policy().pricing.fees.shares(&pricing)?;
    let split = format!(
        "Of the {}, {} are for {}; with all of it in hand, the technician owes {}: {} platform fee, {} \
         processing and {} withholding tax.",
        money::text(pricing.total),
        money::number(shares.payout),
        plumber.name,
        money::number(owed.negated()),
        money::number(shares.platform),
        money::number(shares.processing),
        money::number(shares.withholding),
    );
    stage.say(&split).await
}
