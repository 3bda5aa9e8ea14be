use baitech::{account::Category, booking::NewBooking, pricing::AdjustmentKind, schedule::Urgency};

use crate::{Result, money, requests, stage::Stage};

/// Surcharges are shown before booking, and the work is verified automatically after a day.
pub(super) async fn tell(stage: &mut Stage<'_>) -> Result<()> {
    stage.chapter("An emergency in the peak hours, and a customer who does not verify").await?;
    let james = stage.cast.customer("James Njoroge")?;
    let bookings = stage.market.bookings();

    stage.at("2026-11-23 17:40").await?;
    let service = "No light in the clinic";
    let job = requests::at_home_of(&james, Category::Electrical, service, "2026-11-24", "08:15-09:45")?;
    let request = NewBooking { urgency: Urgency::Emergency, ..job };
    let quote = bookings.quote(&james.actor, &request).await?;
    let pricing = quote.pricing;
    let surcharges: Vec<String> = quote
        .adjustments
        .iter()
        .map(|a| format!("{} +{} = {}", reason(a.kind), a.rate, money::number(a.amount)))
        .collect();
    let lines = format!(
        "{} is quoted: base {}; {}; service {}. With platform fee {}, processing {} and VAT {}: {}.",
        james.name,
        money::number(pricing.base_price),
        surcharges.join("; "),
        money::number(pricing.service_charge),
        money::number(pricing.platform_fee),
        money::number(pricing.processing_fee),
        money::number(pricing.tax),
        money::text(pricing.total),
    );
    stage.say(&lines).await?;
    let id = bookings.create(&james.actor, &request).await?.id;
    stage.at("2026-11-23 17:42").await?;
    let electrician = super::accept(stage, id).await?;
    super::work(stage, id, "2026-11-24", ["07:50", "08:10", "09:25"]).await?;

    // After a day, the worker verifies the work for the customer.
    stage.at("2026-11-25 09:30").await?;
    bookings.confirm_cash(&electrician.actor, id).await?;
    Ok(())
}

fn reason(kind: AdjustmentKind) -> &'static str {
    match kind {
        AdjustmentKind::HighUrgency => "urgent",
        AdjustmentKind::Emergency => "emergency",
        AdjustmentKind::Weekend => "weekend",
        AdjustmentKind::PeakHours => "peak hours",
        AdjustmentKind::Demand => "demand",
        _ => "other",
    }
}
