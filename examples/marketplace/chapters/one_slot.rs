use baitech::{
    account::Category,
    booking::{Booking, NewBooking, NewLocation},
    kernel::Id,
};

use crate::{Result, cast::Person, requests, stage::Stage};

const DAY: &str = "2026-12-16";
/// Both jobs are in Karen, a kilometre apart.
const PLACES: [(f64, f64); 2] = [(36.690, -1.350), (36.700, -1.345)];

/// Two bookings compete for one technician, the second right after the first: the travel time is claimed too,
/// so the store refuses the second, even if both are accepted concurrently.
pub(super) async fn tell(stage: &mut Stage<'_>) -> Result<()> {
    stage.chapter("Two jobs, one technician").await?;
    let amina = stage.cast.customer("Amina Odhiambo")?;
    let peter = stage.cast.customer("Peter Wafula")?;
    let bookings = stage.market.bookings();

    stage.at("2026-12-15 11:00").await?;
    let [first_place, second_place] = PLACES;
    let first = ask(stage, &amina, "Socket in the kitchen", "10:00-12:00", first_place).await?;
    let second = ask(stage, &peter, "Doorbell", "12:00-13:00", second_place).await?;
    let electrician = super::accept(stage, first).await?;
    if electrician.id != stage.technician_of(second).await?.id {
        return Err("both jobs must be offered to the same technician".into());
    }
    let attempt = format!("{} accepts the second job, from 12:00", electrician.name);
    stage.refused(&attempt, bookings.accept(&electrician.actor, second).await).await?;

    stage.at("2026-12-15 11:04").await?;
    bookings.reject(&electrician.actor, second, "no time for the travel").await?;
    stage.at("2026-12-15 11:10").await?;
    super::accept(stage, second).await?;

    super::work(stage, first, DAY, ["09:20", "09:50", "11:40"]).await?;
    super::pay(stage, first, &amina).await?;
    super::work(stage, second, DAY, ["11:45", "12:00", "12:40"]).await?;
    super::pay(stage, second, &peter).await
}

async fn ask(
    stage: &Stage<'_>,
    customer: &Person,
    service: &str,
    hours: &str,
    place: (f64, f64),
) -> Result<Id<Booking>> {
    let job = requests::at_home_of(customer, Category::Electrical, service, DAY, hours)?;
    let service_location = NewLocation {
        coordinates: place,
        address: Some("Karen Road".to_owned()),
        ..job.service_location.clone()
    };
    let request = NewBooking { service_location, ..job };
    Ok(stage.market.bookings().create(&customer.actor, &request).await?.id)
}
